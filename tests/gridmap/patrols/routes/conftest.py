"""A field with a planner, a team, and ways to draw on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy.orm import Session

from gridmap.patrols.routes.drafts import Draft, read_draft
from gridmap.territory.models import Unit
from gridmap.territory.scope import Scope
from gridmap.workforce.models import Team
from gridmap.workforce.rights import Actor, Role
from tests.gridmap.conftest import SOUTH, STEP, WEST, Field, field

__all__ = ["field"]

Given = dict[str, Any]
Spot = tuple[float, float]


def at(x: float, y: float) -> list[float]:
    """Longitude and latitude of a point of the field, in its steps of about 100 m."""
    return [round(WEST + x * STEP, 7), round(SOUTH + y * STEP, 7)]


def sent(*spots: Spot, **values: Any) -> Given:
    """What the editor sends of clicks with straight legs between them."""
    points = [at(*spot) for spot in spots]
    return {
        "name": "东街巡线",
        "waypoints": [
            {"lon": lon, "lat": lat, "free": number > 0, "streets": ["东街"] if number else []}
            for number, (lon, lat) in enumerate(points)
        ],
        "legs": [list(pair) for pair in pairwise(points)],
        **values,
    }


def stop(x: float, y: float, **values: Any) -> Given:
    lon, lat = at(x, y)
    return {"lon": lon, "lat": lat, **values}


def draft(*spots: Spot, stops: Sequence[Given] = (), **values: Any) -> Draft:
    return read_draft(sent(*(spots or ((0.5, 1), (3.5, 1))), stops=list(stops), **values))


@pytest.fixture
def planner(field: Field) -> Actor:
    """A planner of the field's community alone."""
    unit = field.community.id
    return Actor(None, "巡防专员", Role.PLANNER, Scope((unit,)), frozenset({unit}))


@pytest.fixture
def team(session: Session, field: Field) -> Team:
    made = Team(name="一队", kind="patrol", unit_id=field.community.id)
    session.add(made)
    session.flush()
    return made


@pytest.fixture
def other_unit(session: Session, field: Field) -> Unit:
    """A community beside the field, which the planner does not see."""
    from tests.gridmap.conftest import rectangle, wkb

    made = Unit(
        code="990001001002", level="community", name="平安社区",
        parent_id=field.community.parent_id, geom=wkb(rectangle(4, 0, 8, 2)),
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


Make = Callable[..., Draft]
