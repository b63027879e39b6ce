"""A county of two towns and four communities, and a short way to define and enter."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from gridmap.incidents.statistics import Span
from gridmap.reports.indicators.entry import Entered, Saved, save_values
from gridmap.reports.indicators.models import Indicator
from gridmap.reports.indicators.service import Wish, create_indicator
from gridmap.reports.indicators.trees import find_tree
from gridmap.territory.models import Unit
from gridmap.territory.scope import Scope
from gridmap.workforce.rights import SYSTEM, Actor, Role

JUNE = Span(date(2025, 6, 1), date(2025, 6, 30))
MAY = Span(date(2025, 5, 1), date(2025, 5, 31))
WISH = Wish(
    "homes", "建成率", "Homes built", "已建成", "Built", "计划", "Planned", within=True,
    over_time="last", target=Decimal(20),
)  # fmt: skip


@dataclass
class County:
    """The units by name: ``county``, towns ``a`` and ``b``, communities ``a1`` to ``b2``."""

    session: Session
    ids: dict[str, int]

    def define(self, **changes: object) -> Indicator:
        return create_indicator(self.session, SYSTEM, replace(WISH, **changes))

    def enter(
        self,
        indicator: Indicator,
        span: Span,
        actor: Actor = SYSTEM,
        reason: str = "",
        version: int = 0,
        **counts: tuple[object, object],
    ) -> Saved:
        """Enter counts by the names of units, as ``a1=(1, 2)``."""
        entered = [
            Entered(self.ids[name], _count(part), _count(whole), version)
            for name, (part, whole) in counts.items()
        ]
        return save_values(self.session, actor, indicator.id, span, entered, reason)

    def actor(self, name: str, role: Role = Role.SUPERVISOR) -> Actor:
        """Somebody whose area is a unit with all below it."""
        tree = find_tree(self.session, SYSTEM, self.ids[name])
        communities = tuple(unit.id for unit in tree.of_level("community"))
        return Actor(
            None, name, role, Scope(communities), frozenset(unit.id for unit in tree.units)
        )


def _count(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


@pytest.fixture
def county(session: Session) -> County:
    ids: dict[str, int] = {}

    def add(name: str, code: str, level: str, parent: str | None) -> None:
        unit = Unit(code=code, level=level, name=name, name_en=name.upper(),
                    parent_id=None if parent is None else ids[parent])  # fmt: skip
        session.add(unit)
        session.flush()
        ids[name] = unit.id

    add("county", "990001000000", "county", None)
    for number, town in enumerate("ab", start=1):
        add(town, f"99000100{number}000", "town", "county")
        for serial in (1, 2):
            add(f"{town}{serial}", f"99000100{number}00{serial}", "community", town)
    return County(session, ids)
