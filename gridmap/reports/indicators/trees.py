"""The units of an area as a tree, along which counts are rolled up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from gridmap.workforce.areas import unit_condition, unit_params
from gridmap.workforce.rights import SYSTEM, Actor

#: From the top.
LEVELS = ("county", "town", "community")


@dataclass(frozen=True)
class Tree:
    """Units by level from the top and by code, with their parents.

    Attributes
    ----------
    units : sequence of rows
        ``id``, ``code``, ``level``, ``name``, ``name_en``, ``parent_id``.
    """

    units: Sequence[Row[Any]]

    @property
    def levels(self) -> tuple[str, ...]:
        """Return the levels of which there are units, from the top."""
        there = {unit.level for unit in self.units}
        return tuple(level for level in LEVELS if level in there)

    def of_level(self, level: str) -> list[Row[Any]]:
        """Return the units of a level."""
        return [unit for unit in self.units if unit.level == level]

    def below(self, unit_id: int | None) -> Tree:
        """Return a unit with all below it; the whole tree without one."""
        if unit_id is None:
            return self
        inside = {unit_id}
        # A unit comes after the one it belongs to.
        for unit in self.units:
            if unit.parent_id in inside:
                inside.add(unit.id)
        return Tree([unit for unit in self.units if unit.id in inside])

    def levels_above(self, level: str) -> tuple[str, ...]:
        """Return the levels that can be ranked where counts are entered for one, from it upwards.

        A single unit is ranked with nobody, unless it is all there is.
        """
        rising = [each for each in self.levels[::-1] if LEVELS.index(each) <= LEVELS.index(level)]
        several = tuple(each for each in rising if len(self.of_level(each)) > 1)
        return several or tuple(rising[:1])

    def groups(self, level: str, above: str) -> dict[int, int]:
        """Return the unit of a level above, or of the same, in which each unit of a level lies."""
        parents = {unit.id: unit.parent_id for unit in self.units}
        steps = LEVELS.index(level) - LEVELS.index(above)
        members = {unit.id for unit in self.of_level(above)}
        found = {}
        for unit in self.of_level(level):
            group = unit.id
            for _ in range(steps):
                group = parents.get(group)
            if group in members:
                found[unit.id] = group
        return found


def find_tree(session: Session, actor: Actor, unit_id: int | None = None) -> Tree:
    """Return a unit with all below it, as far as they lie in the actor's areas.

    Parameters
    ----------
    session : Session
    actor : Actor
    unit_id : int, optional
        Without it all that the actor sees.
    """
    rows = session.execute(
        text(f"""
            SELECT id, code, level, name, name_en, parent_id FROM unit
            WHERE {unit_condition(actor, "id")} ORDER BY level = 'community', level = 'town', code
        """),
        unit_params(actor),
    ).all()
    return Tree(rows).below(unit_id)


def siblings(session: Session, unit_id: int) -> Tree:
    """Return the units beside one in the tree, itself among them, with all below them."""
    parent = session.scalar(text("SELECT parent_id FROM unit WHERE id = :id"), {"id": unit_id})
    return find_tree(session, SYSTEM, parent or unit_id)
