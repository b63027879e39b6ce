"""What of an area's incidents a list shows: read from the address, and said in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from flask import request
from flask_babel import gettext

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.exchange.filters import read_day
from gridmap.exchange.narrowed import Narrowed
from gridmap.incidents.records import Narrowing
from gridmap.incidents.statistics import Span
from webui.language import named, say
from webui.words import WEEKDAYS

_LARGEST = (1 << 63) - 1


def read_narrowing() -> Narrowing:
    """Read what is wanted; a name may stand in the address several times.

    Raises
    ------
    GridmapError
        If a number cannot be read.
    """
    return Narrowing(
        categories=_texts("category"),
        without=_texts("without"),
        weekdays=_wholes("weekday", 1, 7),
        hours=_wholes("hour", 0, 23),
        without_cells=_wholes("without_cell", 0, _LARGEST),
        outside=request.args.get("outside") == "1",
        building=whole("building", 0, _LARGEST),
    )


def read_against() -> Span | None:
    """Read the days that the period is compared with.

    Raises
    ------
    GridmapError
        If a day cannot be read, one of the two is left out, or they are in the wrong order.
    """
    first, last = (read_day(request.args.get(f"against_{side}")) for side in ("from", "to"))
    if first is None and last is None:
        return None
    if first is None or last is None:
        raise GridmapError(
            Message("Give both days of the period to compare with: against_from and against_to.")
        )
    if last < first:
        raise GridmapError(
            Message("The last day {last} lies before the first {first}.", first=first, last=last)
        )
    return Span(first, last)


def without_units() -> tuple[str, ...]:
    """Return the codes of the units that are left out."""
    return _texts("without_unit")


def whole(name: str, least: int, most: int) -> int | None:
    """Read a whole number that may be left out.

    Raises
    ------
    GridmapError
        If it is none, or out of range.
    """
    found = _wholes(name, least, most)
    return found[0] if found else None


def said(of: Narrowed) -> list[str]:
    """Say in the reader's language what a list is narrowed to, in short pieces."""
    narrowing = of.narrowing
    pieces = []
    if of.categories:
        pieces.append(gettext("Category %(names)s", names=_names(of.categories)))
    if of.without:
        pieces.append(gettext("without category %(names)s", names=_names(of.without)))
    if narrowing.weekdays:
        pieces.append(_joined(say(WEEKDAYS[day - 1]) for day in sorted(set(narrowing.weekdays))))
    if narrowing.hours:
        pieces.append(_joined(_stretches(narrowing.hours)))
    if of.units:
        pieces.append(gettext("without %(names)s", names=_names(of.units)))
    if of.cells:
        pieces.append(gettext("without cell %(names)s", names=_names(of.cells)))
    if narrowing.outside:
        pieces.append(gettext("Outside all units"))
    return pieces


def _texts(name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in request.args.getlist(name) if text))


def _wholes(name: str, least: int, most: int) -> tuple[int, ...]:
    found = []
    for text in _texts(name):
        if not (text.isascii() and text.isdigit() and least <= int(text[:20]) <= most):
            raise GridmapError(
                Message(
                    "{name} must be a number from {low} to {high}.", name=name, low=least, high=most
                )
            )
        found.append(int(text))
    return tuple(dict.fromkeys(found))


def _names(rows: Sequence[Any]) -> str:
    return _joined(named(row) for row in rows)


def _joined(words: Iterable[str]) -> str:
    comma: str = gettext(", ")
    return comma.join(words)


def _stretches(hours: Sequence[int]) -> list[str]:
    """Say hours of the day, those that follow each other as one stretch."""
    ordered = sorted(set(hours))
    starts = [ordered[0], *(b for a, b in pairwise(ordered) if b != a + 1)]
    ends = [*(a for a, b in pairwise(ordered) if b != a + 1), ordered[-1]]
    return [f"{a}:00–{b}:59" for a, b in zip(starts, ends, strict=True)]
