"""Numbers as pages write them; it loads no page, so that all of them may have it."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel.numbers import format_decimal
from flask_babel import format_decimal as format_here
from flask_babel import get_locale
from flask_babel import gettext as _


def number(value: float) -> str:
    """Write a number with thousands separators and at most one digit behind the point."""
    return _number(round(value, 1), str(get_locale()))


def tenths(value: float) -> str:
    """Write a number with exactly one digit behind the point, so that those of a column align."""
    return _number(round(value, 1), str(get_locale()), "#,##0.0")


@lru_cache(maxsize=4096)
def _number(value: float, language: str, form: str | None = None) -> str:
    # A page has some hundreds of them, many alike, and Babel takes its time for each.
    return str(format_decimal(value, format=form, locale=language))


def percent(part: float, whole: float) -> str:
    """Write a share rounded half up to a tenth of a per cent, or a dash where there is no whole."""
    if not whole:
        return "–"
    share = Decimal(100 * part) / Decimal(whole)
    return f"{share.quantize(Decimal('0.1'), ROUND_HALF_UP)} %"


def length(metres: float | None) -> str:
    """Write a length: metres below a kilometre, else kilometres, or a dash where there is none."""
    if metres is None:
        return "–"
    if round(metres) < 1000:
        return str(_("%(m)s m", m=format_here(round(metres))))
    return str(_("%(km)s km", km=format_here(metres / 1000, format="#,##0.0")))
