"""The area somebody looks at: a unit of his with the units below it, or all he has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.territory.scope import EVERYTHING, Scope
from gridmap.workforce.areas import unit_condition, unit_params
from gridmap.workforce.rights import Actor


@dataclass(frozen=True)
class Part:
    """A unit, or a cell."""

    id: int
    code: str
    level: str
    name: str
    name_en: str | None
    parent_id: int | None


@dataclass(frozen=True)
class Area:
    """What is looked at.

    Attributes
    ----------
    path : tuple of Part
        From the topmost unit the reader may see down to the one looked at; empty where that is
        all of several units.
    parts : tuple of Part
        The next lower units, or the cells of a community, by code.
    part_of : mapping of int to int
        The part that each community belongs to; itself where the parts are communities.
    scope : Scope
        For every query.
    """

    path: tuple[Part, ...]
    parts: tuple[Part, ...]
    part_of: Mapping[int, int]
    scope: Scope

    @property
    def unit(self) -> Part | None:
        """Return the unit looked at; None where that is several."""
        return self.path[-1] if self.path else None

    @property
    def parts_are_cells(self) -> bool:
        """Tell whether the parts are cells and not units."""
        return self.unit is not None and self.unit.level == "community"


def find_area(session: Session, actor: Actor, code: str | None, day: date) -> Area:
    """Return a unit of the actor's area, or all of it, with the level below.

    Parameters
    ----------
    session : Session
    actor : Actor
    code : str, optional
        The unit's code; without it all the actor may see.
    day : date
        The day on which the cells are valid.

    Raises
    ------
    NotFoundError
        If the unit does not exist or lies outside the actor's area.
    """
    units = _units(session, actor)
    below: dict[int | None, list[Part]] = {}
    for unit in units.values():
        # What lies above the actor's areas is not told.
        below.setdefault(unit.parent_id if unit.parent_id in units else None, []).append(unit)
    tops = below.get(None, [])
    chosen = _chosen(units, tops, code)
    parts = tops if chosen is None else below.get(chosen.id, [])
    part_of = {
        unit.id: part.id
        for part in parts
        for unit in _all_below(part, below)
        if unit.level == "community"
    }
    if chosen is not None and chosen.level == "community":
        communities = [chosen.id]
        parts = _cells(session, chosen, day)
    else:
        communities = sorted(part_of)
    everything = actor.scope.communities is None and (chosen is None or tops == [chosen])
    return Area(
        path=_path(units, chosen),
        parts=tuple(parts),
        part_of=part_of,
        scope=EVERYTHING if everything else Scope(tuple(communities)),
    )


def _units(session: Session, actor: Actor) -> dict[int, Part]:
    rows = session.execute(
        text(f"""
            SELECT id, code, level, name, name_en, parent_id FROM unit
            WHERE {unit_condition(actor, "id")} ORDER BY code
        """),
        unit_params(actor),
    ).all()
    return {row.id: Part(*row) for row in rows}


def _cells(session: Session, community: Part, day: date) -> list[Part]:
    rows = session.execute(
        text("""
            SELECT id, code, kind, name, NULL, community_id FROM cell
            WHERE community_id = :community AND kind <> 'micro'
              AND (valid @> CAST(:day AS date)) IS TRUE
            ORDER BY code
        """),
        {"community": community.id, "day": day},
    ).all()
    return [Part(*row) for row in rows]


def _chosen(units: Mapping[int, Part], tops: list[Part], code: str | None) -> Part | None:
    if code is None:
        return tops[0] if len(tops) == 1 else None
    found = next((unit for unit in units.values() if unit.code == code), None)
    if found is None:
        raise NotFoundError(Message("There is no unit with the code {code}.", code=code))
    return found


def _all_below(unit: Part, below: Mapping[int | None, list[Part]]) -> list[Part]:
    found = [unit]
    for lower in below.get(unit.id, []):
        found += _all_below(lower, below)
    return found


def _path(units: Mapping[int, Part], unit: Part | None) -> tuple[Part, ...]:
    path: list[Part] = []
    while unit is not None:
        path.append(unit)
        unit = units.get(unit.parent_id) if unit.parent_id is not None else None
    return tuple(reversed(path))
