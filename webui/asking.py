"""Values that people send, read with a sentence for each that cannot be."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from flask import request
from flask_babel import gettext as _

from geodata.messages import Message
from gridmap.errors import GridmapError

#: The largest id that the database takes.
LARGEST = (1 << 63) - 1


def day_of(value: object) -> date:
    """Read a day as a date field sends it.

    Raises
    ------
    GridmapError
        If it is none.
    """
    try:
        day = date.fromisoformat(str(value or ""))
    except ValueError:
        day = None
    if not value:
        raise GridmapError(Message("Choose a day."))
    if day is None:
        raise GridmapError(Message("{value} is not a day. Write it as 2026-03-31.", value=value))
    # Days beyond these are slips of the hand, and some cannot be counted on from.
    if not 1900 <= day.year <= 2200:
        raise GridmapError(Message("{value} is not in the years 1900 to 2200.", value=day))
    return day


def optional_day(value: object) -> date | None:
    """Read a day that may be left out."""
    return day_of(value) if value else None


def id_of(value: object, what: str) -> int:
    """Read an id; ``what`` names it in the sentence.

    Raises
    ------
    GridmapError
        If it is none.
    """
    try:
        number = int(str(value))
    except ValueError:
        number = 0
    if not 0 < number <= LARGEST:
        raise GridmapError(Message("Choose a value for {name}.", name=what))
    return number


def optional_id(value: object, what: str) -> int | None:
    """Read an id that may be left out."""
    return id_of(value, what) if value else None


def body() -> Mapping[str, Any]:
    """Return the JSON object that a script sent.

    Raises
    ------
    GridmapError
        If it is none.
    """
    content = request.get_json(silent=True)
    if not isinstance(content, dict):
        raise GridmapError(Message("The request cannot be understood."))
    return content


def versions(value: object) -> dict[int, int]:
    """Read cells with the version that the person saw, as ``{"17": 4}``.

    Raises
    ------
    GridmapError
        If there are none.
    """
    if not isinstance(value, dict) or not value:
        raise GridmapError(Message("Choose at least one cell."))
    try:
        return {id_of(cell, _("Cell")): int(version) for cell, version in value.items()}
    except (TypeError, ValueError):
        raise GridmapError(Message("The request cannot be understood.")) from None


def one_of(name: str, allowed: Collection[str], default: str) -> str:
    """Return a value of the address if it is one of those allowed, or else the default."""
    given = request.args.get(name, default)
    return given if given in allowed else default


def page_number() -> int:
    """Return the page that the address names, the first being 1."""
    given = request.args.get("page", "1")
    return min(max(int(given), 1), 100_000) if given.isdecimal() and len(given) < 9 else 1
