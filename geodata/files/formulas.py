"""Text that goes into files which a spreadsheet opens."""

from __future__ import annotations

_BEGINS = ("=", "+", "-", "@", "\t", "\r")


def harmless(value: object) -> object:
    """Return a value of a CSV file so that no spreadsheet takes a text for a formula.

    A text that begins like one gets an apostrophe before it; all else stays as it is. See OWASP,
    CSV Injection.
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_BEGINS) else value
