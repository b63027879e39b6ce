"""The map beside the figures: what each part of an area is worth, its class and its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from flask import url_for

from geodata.classes import CHANGE_BREAKS, SHARE_BREAKS, class_of, round_breaks
from gridmap.exchange.area import Area, Part
from gridmap.exchange.dashboard import Figures
from webui.dashboard import words
from webui.language import say
from webui.numbers import number

_PER_CENT = ("change", "patrols")
#: What is said where there is nothing to divide by.
_NOTHING = {"rate": "no_data", "patrols": "no_patrols"}


def coloured_parts(
    area: Area, figures: Mapping[int, Figures], figure: str, query: Mapping[str, Any], english: bool
) -> tuple[list[dict[str, Any]], list[float]]:
    """Return the parts of an area as the map and the table show them, and the class breaks.

    Parameters
    ----------
    area : Area
    figures : mapping of int to Figures
    figure : {"total", "rate", "change", "patrols"}
    query : mapping
        The period, as in the address, for the way to each part.
    english : bool
        Whether English names are wanted.
    """
    to_part = _ways(area, query)
    values = {key: _value(one, figure) for key, one in figures.items()}
    known = [value for value in values.values() if value is not None]
    breaks = list(CHANGE_BREAKS) if figure == "change" else round_breaks(known)
    if figure == "patrols" and not breaks:
        breaks = list(SHARE_BREAKS)
    parts = [
        {
            "id": part.id,
            "code": part.code,
            "name": name_of(part, english),
            "url": to_part(part),
            "n": figures[part.id].n,
            "before": figures[part.id].before,
            "text": _text(values[part.id], figures[part.id], figure),
            "class": _class(values[part.id], figures[part.id], figure, breaks),
        }
        for part in area.parts
    ]
    return parts, breaks


def name_of(part: Part, english: bool) -> str:
    """Return what people call a unit or a cell."""
    return (part.name_en if english else None) or part.name or part.code


def part_url(area: Area, part: Part, query: Mapping[str, Any]) -> str:
    """Return the way down to a part."""
    return _ways(area, query)(part)


def address(page: str, values: Mapping[str, Any]) -> str:
    """Return the address of a page, which may have values already, with those that are not None."""
    given = {name: value for name, value in values.items() if value is not None}
    return f"{page}{'&' if '?' in page else '?'}{urlencode(given, doseq=True)}" if given else page


def _ways(area: Area, query: Mapping[str, Any]) -> Callable[[Part], str]:
    """Return how to make the way down to any part; each by its route would take long."""
    if area.parts_are_cells:
        cells = url_for("cell_page.show", cell_id=0).removesuffix("0")
        return lambda part: f"{cells}{part.id}"
    page = address(url_for("dashboard.show"), query)
    return lambda part: address(page, {"unit": part.code})


def _value(figures: Figures, figure: str) -> float | None:
    if figure == "rate":
        return figures.rate
    if figure == "change":
        return figures.change
    if figure == "patrols":
        return figures.covered
    return float(figures.n)


def _class(value: float | None, figures: Figures, figure: str, breaks: list[float]) -> str:
    if value is not None:
        return f"c{class_of(value, breaks)}"
    return "none" if _unknown(figures, figure) else "few"


def _unknown(figures: Figures, figure: str) -> bool:
    """Tell whether there is nothing to divide by, rather than too little."""
    return (figure == "rate" and not figures.households) or (
        figure == "patrols" and figures.coverage is None
    )


def _text(value: float | None, figures: Figures, figure: str) -> str:
    if value is not None:
        sign = "+" if figure == "change" and value > 0 else ""
        return sign + number(value) + (" %" if figure in _PER_CENT else "")
    if _unknown(figures, figure):
        return say(words.SCRIPT[_NOTHING[figure]])
    return say(words.SCRIPT["few"])


def legend(figure: str, breaks: list[float]) -> list[tuple[str, str]]:
    """Return the class and the words of each line of the legend."""
    unit = " %" if figure in _PER_CENT else ""
    marks = [number(value) + unit for value in breaks]
    lines: list[tuple[str, str]] = []
    for i in range(len(marks) + 1):
        if not marks:
            break
        if i == 0:
            line = say(words.SCRIPT["up_to"]).format(value=marks[0])
        elif i == len(marks):
            line = say(words.SCRIPT["above"]).format(value=marks[-1])
        else:
            line = say(words.SCRIPT["between"]).format(low=marks[i - 1], high=marks[i])
        lines.append((f"c{i}", line))
    if figure != "total":
        lines.append(("few", say(words.SCRIPT["few"])))
    if figure in _NOTHING:
        lines.append(("none", say(words.SCRIPT[_NOTHING[figure]])))
    return lines
