"""The visits of a tour as its table shows them, and what a person decided of each of its lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.patrols.plans.wishes import Keep

Visit = Mapping[str, Any]


def together(visits: Sequence[Visit]) -> list[list[tuple[int, Visit]]]:
    """Return visits with their numbers from 1, the segments of a street that follow in one list."""

    def line(numbered: tuple[int, Visit]) -> object:
        number, visit = numbered
        # Streets without a name that follow need not be one.
        return (visit["kind"] == "street" and visit["name"]) or number

    return [list(group) for _, group in groupby(enumerate(visits, start=1), line)]


def decided(visits: Sequence[Visit], team: int, form: Mapping[str, str]) -> list[Keep]:
    """Return what a form says of the visits of a team's tour, line by line.

    Raises
    ------
    GridmapError
        If a line is given to what is no team.
    """
    found = []
    for line in together(visits):
        first = line[0][1]
        act = form.get(f"visit-{first['of']}-{first['number']}", "")
        if act and first["kind"] != "break":
            found += [_keep(visit, act, team) for _, visit in line]
    return found


def _keep(visit: Visit, act: str, team: int) -> Keep:
    which = {"of": visit["of"], "number": visit["number"]}
    if act == "pin":
        return Keep(**which, act="pin", team=team, begins_s=visit["begins"])
    if act == "out":
        return Keep(**which, act="out")
    if not (act.isdecimal() and len(act) < 4):
        raise GridmapError(Message("The request cannot be understood."))
    return Keep(**which, act="team", team=int(act))
