from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, func, select

from geodata.town import make_town
from gridmap.db import make_sessions
from gridmap.demo import database_name, load
from gridmap.incidents.models import Category, Incident
from gridmap.territory.models import Building, BuildingCount, Cell, Ground, Place, Road, Unit


def test_the_small_town_is_loaded_once_and_linked(own_engine: Engine) -> None:
    noon = datetime(2026, 7, 15, 4, tzinfo=UTC)
    assert load(own_engine, "small", 7, noon)
    town = make_town("small", 7, date(2026, 7, 31))
    happened = town.incidents[town.incidents["occurred_at"] <= noon]
    assert 0 < len(happened) < len(town.incidents)
    with make_sessions(own_engine).begin() as session:
        for model, frame in [
            (Unit, town.units),
            (Cell, town.cells),
            (Building, town.buildings),
            (BuildingCount, town.building_counts),
            (Place, town.places),
            (Road, town.roads),
            (Ground, town.ground),
            (Category, town.categories),
            (Incident, happened),
        ]:
            stored = session.scalar(select(func.count()).select_from(model))
            assert stored == len(frame), model
        residents = session.scalar(
            select(func.sum(BuildingCount.residents)).where(
                BuildingCount.month == select(func.max(BuildingCount.month)).scalar_subquery()
            )
        )
        assert residents == town.buildings["residents"].sum()
        unlinked = select(func.count()).where(Building.cell_id.is_(None))
        assert session.scalar(unlinked) == 0
        no_parent = select(func.count()).where(Category.parent_id.is_(None))
        assert session.scalar(no_parent) == town.categories["parent_code"].isna().sum()
    assert not load(own_engine, "small", 7)


@pytest.mark.parametrize(
    ("size", "seed", "name"), [("town", 1, "gridmap_demo"), ("city", 2, "gridmap_demo_city_2")]
)
def test_each_town_has_its_database(size: str, seed: int, name: str) -> None:
    assert database_name(size, seed) == name
