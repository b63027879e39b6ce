"""Figures and units as pictures print them, in both languages."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from geodata.messages import N_
from gridmap.i18n import translate

MINUS = "\N{MINUS SIGN}"
_UNITS = {"m2": N_("m²"), "h": N_("hours"), "%": "%"}


def shown(value: float, *, digits: int = 2, signed: bool = False) -> str:
    """Return a figure with thousands separators, rounded half up, without idle zeros."""
    exact = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    text = f"{abs(exact):,.{digits}f}"
    text = text.rstrip("0").rstrip(".") if digits else text
    if exact == 0:
        return text
    return f"{MINUS}{text}" if exact < 0 else f"+{text}" if signed else text


def unit_name(unit: str, language: str) -> str:
    """Return what a unit is called beside a heading."""
    return translate(_UNITS[unit], language) if unit in _UNITS else unit


def with_unit(title: str, unit: str, language: str) -> str:
    """Return a heading with its unit in brackets."""
    if not unit:
        return title
    name = unit_name(unit, language)
    return f"{title}（{name}）" if language == "zh" else f"{title} ({name})"
