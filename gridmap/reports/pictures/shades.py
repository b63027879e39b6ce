"""Which class of a map a value belongs to, and how classes look in colour and without."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from geodata.classes import class_of, round_breaks
from geodata.messages import N_, Message
from gridmap.i18n import translate
from gridmap.reports.pictures.figures import shown
from gridmap.reports.pictures.style import GREY

#: ColorBrewer's YlOrRd and RdBu: lighter is less in a print without colour too.
_RISING = ("#ffffb2", "#fecc5c", "#fd8d3c", "#f03b20", "#bd0026")
_DIVERGING = ("#2166ac", "#92c5de", "#f2f2f2", "#f4a582", "#b2182b")
_UNCHANGED = N_("unchanged")
#: Fewer is dotted, since dark blue and dark red are one grey.
_DOTS = ("....", "....", "", "", "")
NO_DATA: dict[str, Any] = {"facecolor": "#ffffff", "hatch": "////", "hatchcolor": "#9a9a9a"}
TOO_FEW: dict[str, Any] = {"facecolor": "#d0d0d0"}


@dataclass(frozen=True)
class Shades:
    """Classes of a map.

    Attributes
    ----------
    fills : list of dict
        How each class is painted, as matplotlib names it.
    words : list of str
        What its values are.
    of : mapping of int to int
        The class of each area that has a value.
    """

    fills: list[dict[str, Any]]
    words: list[str]
    of: Mapping[int, int]


def shades(values: Mapping[int, float], language: str, *, diverging: bool) -> Shades:
    """Divide values into classes with round breaks."""
    if not values:
        return Shades([], [], {})
    if diverging:
        return _diverging(values, language)
    breaks = round_breaks(list(values.values()))
    of = {key: class_of(value, breaks) for key, value in values.items()}
    classes = len(breaks) + 1
    # Few classes take light, middle and dark shades, not neighbours.
    chosen = np.linspace(0, len(_RISING) - 1, classes).round().astype(int) if classes > 1 else [2]
    fills = [{"facecolor": _RISING[int(shade)]} for shade in chosen]
    return Shades(fills, _ranges(values.values(), breaks), of)


def _diverging(values: Mapping[int, float], language: str) -> Shades:
    breaks = round_breaks([abs(value) for value in values.values() if value], 2)
    of = {
        key: 2 + int(np.sign(value)) * (1 + class_of(abs(value), breaks)) if value else 2
        for key, value in values.items()
    }
    fills = [
        {"facecolor": colour, "hatch": dots, "hatchcolor": "#ffffff" if number == 0 else GREY}
        for number, (colour, dots) in enumerate(zip(_DIVERGING, _DOTS, strict=True))
    ]
    same = translate(_UNCHANGED, language)
    if not breaks:
        over, under = (
            translate(Message(text, value="0"), language)
            for text in ("over {value}", "under {value}")
        )
        return Shades(fills[1:4], [under, same, over], {key: c - 1 for key, c in of.items()})
    far, near = shown(breaks[0], signed=True), shown(-breaks[0], signed=True)
    words = [
        translate(Message("under {value}", value=near), language),
        translate(Message("{value} to {other}", value=near, other="0"), language),
        same,
        translate(Message("{value} to {other}", value="0", other=far), language),
        translate(Message("over {value}", value=far), language),
    ]
    return Shades(fills, words, of)


def _ranges(values: Iterable[float], breaks: list[float]) -> list[str]:
    """Return what each class holds; a break belongs to the class below it."""
    known = list(values)
    if not breaks:
        return [shown(known[0])]
    whole = all(float(value).is_integer() for value in known)
    words = [f"≤ {shown(np.floor(breaks[0]) if whole else breaks[0])}"]
    for low, high in pairwise(breaks):
        first, last = (np.floor(low) + 1, np.floor(high)) if whole else (low, high)
        words.append(shown(first) if first == last else f"{shown(first)}–{shown(last)}")
    words.append(f"> {shown(np.floor(breaks[-1]) if whole else breaks[-1])}")
    return words
