"""A community drawn by hand: a field of 4 by 2 squares, each about 100 m wide."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from geoalchemy2.shape import from_shape
from shapely.geometry import MultiPolygon, Point, Polygon, box
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from gridmap.db import make_engine
from gridmap.embedded import Cluster
from gridmap.incidents.models import Category, Incident
from gridmap.territory.models import Cell, Unit
from tests.conftest import AUTUMN, small_town

STEP = 0.001
WEST, SOUTH = 116.0, 28.0


def rectangle(x0: float, y0: float, x1: float, y1: float) -> Polygon:
    """A rectangle in steps of the field; (0, 0) is its south-western corner."""
    return box(WEST + x0 * STEP, SOUTH + y0 * STEP, WEST + x1 * STEP, SOUTH + y1 * STEP)


def point(x: float, y: float) -> Point:
    return Point(WEST + x * STEP, SOUTH + y * STEP)


def wkb(shape: Polygon | Point) -> object:
    return from_shape(MultiPolygon([shape]) if isinstance(shape, Polygon) else shape, srid=4326)


@dataclass
class Field:
    """The community, and a short way to put things into it."""

    session: Session
    community: Unit
    category: Category

    def cell(self, number: int, outline: Polygon, **columns: object) -> Cell:
        columns = {"kind": "basic", "code": f"990001001001{number:03d}", **columns}
        cell = Cell(community_id=self.community.id, geom=wkb(outline), **columns)
        self.session.add(cell)
        self.session.flush()
        return cell

    def incident(self, x: float, y: float, day: date, **columns: object) -> Incident:
        noon = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
        incident = Incident(
            occurred_at=noon, category_id=self.category.id, geom=wkb(point(x, y)), **columns
        )
        self.session.add(incident)
        self.session.flush()
        self.session.refresh(incident)
        return incident

    def cell_of(self, thing: object) -> int | None:
        """The cell a thing is linked to now, as the triggers left it."""
        self.session.flush()
        self.session.refresh(thing)
        cell: int | None = thing.cell_id  # type: ignore[attr-defined]
        return cell


def add_units(session: Session, outline: Polygon | None) -> Unit:
    county = Unit(code="990001000000", level="county", name="试验县")
    session.add(county)
    session.flush()
    town = Unit(code="990001001000", level="town", name="试验镇", parent_id=county.id)
    session.add(town)
    session.flush()
    community = Unit(
        code="990001001001",
        level="community",
        name="幸福社区",
        parent_id=town.id,
        geom=None if outline is None else wkb(outline),
    )
    session.add(community)
    session.flush()
    return community


@pytest.fixture
def field(session: Session) -> Field:
    return open_field(session)


def open_field(session: Session) -> Field:
    """The community without cells, and one category; a test that commits calls this itself."""
    community = add_units(session, rectangle(0, 0, 4, 2))
    category = Category(code="B1", name="邻里纠纷", name_en="Neighbours")
    session.add(category)
    session.flush()
    return Field(session, community, category)


@pytest.fixture
def halves(field: Field) -> Callable[[], tuple[Cell, Cell]]:
    """Make the western and the eastern half of the field two cells."""

    def make() -> tuple[Cell, Cell]:
        return (
            field.cell(1, rectangle(0, 0, 2, 2), name="西"),
            field.cell(2, rectangle(2, 0, 4, 2), name="东"),
        )

    return make


@pytest.fixture(scope="module")
def demo_town(cluster: Cluster) -> Iterator[Engine]:
    """The small demo town as it stands today."""
    with small_town(cluster) as url:
        engine = make_engine(url)
        yield engine
        engine.dispose()


@pytest.fixture(scope="module")
def autumn_town(cluster: Cluster) -> Iterator[Engine]:
    """The small demo town as it stands at the end of November 2026."""
    with small_town(cluster, AUTUMN) as url:
        engine = make_engine(url)
        yield engine
        engine.dispose()
