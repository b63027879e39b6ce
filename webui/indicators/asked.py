"""What an address of indicators asks for: the area, the period and the units ranked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request
from sqlalchemy import Row
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError, NotFoundError
from gridmap.exchange.filters import read_day
from gridmap.incidents.statistics import Span
from gridmap.reports.indicators.boards import Look
from gridmap.reports.indicators.trees import Tree, find_tree
from gridmap.workforce.cell_list import today
from gridmap.workforce.rights import Actor
from webui.asking import optional_day


@dataclass(frozen=True)
class Ground:
    """All that the reader sees, and the part of it that is looked at.

    Attributes
    ----------
    unit : row or None
        The unit looked at; None for all of several.
    several : bool
        Whether what the reader sees is no single unit with all below it.
    choices : list of rows
        The units to choose from: communities only within the town that is chosen.
    """

    all: Tree
    tree: Tree
    unit: Row[Any] | None
    choices: list[Row[Any]]
    several: bool


def ground_of(session: Session, actor: Actor) -> Ground:
    """Read the area of the address.

    Raises
    ------
    NotFoundError
        If the unit does not exist or lies outside the actor's areas.
    """
    everything = find_tree(session, actor)
    code = request.args.get("unit")
    unit = next((one for one in everything.units if one.code == code), None) if code else None
    if code and unit is None:
        raise NotFoundError(Message("There is no unit with the code {code}.", code=code))
    known = {one.id for one in everything.units}
    tops = [one for one in everything.units if one.parent_id not in known]
    if unit is None and len(tops) == 1:
        unit = tops[0]
    higher = [one for one in everything.units if one.level != "community"]
    near = {unit.id, unit.parent_id} if unit is not None else set()
    choices = sorted(
        (one for one in everything.units
         if one.level != "community" or one.parent_id in near or not higher),
        key=lambda one: one.code,
    )  # fmt: skip
    return Ground(
        everything, everything.below(unit.id if unit else None), unit, choices, len(tops) > 1
    )


def look_of(session: Session) -> Look:
    """Read what is looked at from the address.

    Raises
    ------
    GridmapError
        If a day cannot be read, or the last lies before the first.
    """
    return Look(
        today(session),
        request.args.get("period"),
        optional_day(request.args.get("on")),
        request.args.get("level"),
        _days(),
    )


def _days() -> Span | None:
    """Read the days that a report is of, if they are no period of the calendar."""
    first, last = (read_day(request.args.get(name)) for name in ("from", "to"))
    if first is None or last is None:
        return None
    if last < first:
        raise GridmapError(
            Message("The last day {last} lies before the first {first}.", first=first, last=last)
        )
    return Span(first, last)
