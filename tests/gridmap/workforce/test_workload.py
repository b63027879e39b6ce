"""The load of each cadre, counted by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from gridmap.incidents.models import Category, Incident
from gridmap.incidents.tasks import recent_incidents
from gridmap.territory.models import Building, BuildingCount
from gridmap.workforce.assignments import assign
from gridmap.workforce.rights import Role
from gridmap.workforce.workload import Band, load_band, workload
from tests.gridmap.conftest import point, wkb
from tests.gridmap.workforce.conftest import DAY, Office


def house(office: Office, x: float, households: int, residents: int) -> None:
    building = Building(geom=wkb(point(x, 1)))
    office.session.add(building)
    office.session.flush()
    for month, factor in ((date(2025, 2, 1), 100), (date(2025, 3, 1), 1)):
        office.session.add(
            BuildingCount(
                building_id=building.id, month=month, households=households * factor,
                residents=residents * factor,
            )
        )  # fmt: skip
    office.session.flush()


@pytest.fixture
def loaded(office: Office) -> Office:
    """Wang holds a and b with 300 + 250 households, Li holds c with 40; x is Chen's."""
    for x, households, residents in ((0.5, 300, 700), (1.5, 250, 600), (2.5, 40, 100), (5, 9, 20)):
        house(office, x, households, residents)
    category = Category(code="B1", name="邻里纠纷")
    office.session.add(category)
    office.session.flush()
    for x, day in ((0.5, date(2025, 4, 1)), (0.6, date(2025, 3, 3)), (0.7, date(2025, 3, 2)),
                   (1.5, date(2025, 4, 2)), (2.5, date(2025, 3, 20)), (5, DAY)):  # fmt: skip
        office.session.add(
            Incident(
                occurred_at=datetime(day.year, day.month, day.day, 4, tzinfo=UTC),
                category_id=category.id, geom=wkb(point(x, 1)),
            )
        )  # fmt: skip
    office.session.flush()
    boss = office.user("boss", Role.ADMINISTRATOR)
    for cells, cadre in (("ab", "wang"), ("c", "li"), ("x", "chen")):
        assign(
            office.session, boss, office.ids(cells), office.cadres[cadre], "responsible", DAY
        )  # fmt: skip
    return office


def test_loads_are_counted(loaded: Office) -> None:
    assert load_band(loaded.session) == (300, 500)
    loads = workload(loaded.session, loaded.supervisor, DAY, recent_incidents(DAY))
    assert [
        (load.name, load.cells, load.households, load.residents, load.tasks, load.band)
        for load in loads
    ] == [
        # The thirty days to the first of April begin on the third of March.
        ("Li", 1, 40, 100, 1, Band.BELOW),
        ("Wang", 2, 550, 1300, 2, Band.ABOVE),
        ("Zhao", 0, 0, 0, 0, Band.NONE),
    ]
    # A cell is 0.001° by 0.002° at 28° north.
    assert loads[0].area_m2 == pytest.approx(98.4 * 221.7, rel=0.01)
    assert loads[1].area_m2 == pytest.approx(2 * loads[0].area_m2, rel=0.001)


def test_the_band_can_be_set(loaded: Office) -> None:
    loaded.session.execute(text("UPDATE workforce_settings SET band_low = 30, band_high = 600"))
    bands = [load.band for load in workload(loaded.session, loaded.supervisor, DAY)]
    assert bands == [Band.WITHIN, Band.WITHIN, Band.NONE]


def test_only_the_area_is_counted(loaded: Office) -> None:
    names = [load.name for load in workload(loaded.session, loaded.supervisor, DAY)]
    assert "Chen" not in names
    town = loaded.user("town", Role.ANALYST, loaded.town)
    loads = {load.name: load.cells for load in workload(loaded.session, town, DAY)}
    assert loads == {"Wang": 2, "Li": 1, "Zhao": 0, "Chen": 1}
    # Wang also helps in the next community, which the supervisor does not see.
    boss = loaded.user("chief", Role.ADMINISTRATOR)
    assign(
        loaded.session, boss, loaded.ids("x"), loaded.cadres["wang"], "responsible", DAY
    )  # fmt: skip
    loads = {load.name: load.cells for load in workload(loaded.session, loaded.supervisor, DAY)}
    assert loads["Wang"] == 2
