from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import text

from gridmap.incidents.cases.departments import departments, save_department
from gridmap.incidents.cases.filters import Wanted
from gridmap.incidents.cases.inbox import list_cases
from gridmap.incidents.cases.workflow import Act
from gridmap.incidents.models import Category
from gridmap.incidents.statistics import Span
from gridmap.reports.measures import MEASURES, measured, records_of
from gridmap.territory.scope import EVERYTHING, Scope
from gridmap.workforce.assignments import assign
from gridmap.workforce.rights import SYSTEM
from tests.gridmap.incidents.conftest import Desk, at
from tests.gridmap.incidents.test_case_rates import add

JANUARY = Span(date(2025, 1, 1), date(2025, 1, 31))
RATES = ("cases.due", "cases.closed", "cases.on_time")


def of(found: pd.DataFrame, member: int, key: str) -> dict[str, Any]:
    [row] = found[(found["member"] == member) & (found["measure"] == key)].to_dict("records")
    return {name: None if pd.isna(row[name]) else row[name]
            for name in ("numerator", "denominator", "value")}  # fmt: skip


def cover(desk: Desk, *rows: tuple[str, int, int, int]) -> None:
    """Write for cells and months of 2025 the incidents, and near how many of them somebody was."""
    desk.session.execute(
        text("""
            INSERT INTO patrol_coverage (cell_id, month, community_id, incidents, walked,
                walked_in_hour, planned, planned_in_hour, street_m, walked_m)
            SELECT id, make_date(2025, :month, 1), community_id, :incidents, :walked,
                least(:walked, 1), 0, 0, 500, CASE WHEN :walked > 0 THEN 200 ELSE 0 END
            FROM cell WHERE id = :cell
        """),
        [
            {"cell": desk.office.cells[cell], "month": month, "incidents": incidents,
             "walked": walked}
            for cell, month, incidents, walked in rows
        ],
    )  # fmt: skip


def test_of_972_cases_due_911_are_closed_and_737_on_time(desk: Desk) -> None:
    add(desk, 737, 0.5, "2025-01-15 18:00", "2025-01-10 10:00", "closed")
    add(desk, 911 - 737, 0.5, "2025-01-15 18:00", "2025-02-01 10:00", "closed")
    add(desk, 972 - 911, 0.5, "2025-01-20 18:00", None, "handling")
    # Withdrawn, or due in another month.
    add(desk, 4, 0.5, "2025-01-15 18:00", "2025-01-10 10:00", "withdrawn")
    add(desk, 5, 0.5, "2025-02-01 00:00", "2025-01-31 10:00", "closed")
    office = desk.office
    for group, member in (
        ("cell", office.cells["a"]), ("community", office.here), ("town", office.town), ("all", 0),
        ("cadre", office.cadres["wang"]),
    ):  # fmt: skip
        found = measured(desk.session, RATES, JANUARY, group, EVERYTHING)  # type: ignore[arg-type]
        assert of(found, member, "cases.due") == {
            "numerator": 972, "denominator": None, "value": 972,
        }, group  # fmt: skip
        assert of(found, member, "cases.closed") == {
            "numerator": 911, "denominator": 972, "value": Decimal("93.72"),
        }, group  # fmt: skip
        assert of(found, member, "cases.on_time")["value"] == Decimal("75.82"), group


def test_members_without_records_have_no_rate(desk: Desk) -> None:
    add(desk, 3, 0.5, "2025-01-15 18:00", None, "handling")
    found = measured(desk.session, MEASURES, JANUARY, "cell", EVERYTHING)
    assert set(found["member"]) == set(desk.office.cells.values())
    assert set(found["measure"]) == {key for key, m in MEASURES.items() if "cell" in m.groups}
    empty = desk.office.cells["d"]
    assert of(found, empty, "cases.closed") == {
        "numerator": 0, "denominator": 0, "value": None,
    }  # fmt: skip
    assert of(found, empty, "incidents.count")["value"] == 0
    assert of(found, empty, "cases.to_close_p50")["value"] is None
    assert of(found, desk.office.cells["a"], "cases.closed")["value"] == Decimal("0.00")


def test_a_scope_counts_nothing_of_others(desk: Desk) -> None:
    add(desk, 2, 0.5, "2025-01-15 18:00", None, "handling")
    add(desk, 3, 5, "2025-01-15 18:00", None, "handling")
    scope = Scope((desk.office.there,))
    assert of(measured(desk.session, RATES, JANUARY, "all", scope), 0, "cases.due")["value"] == 3
    found = measured(desk.session, RATES, JANUARY, "community", scope)
    assert set(found["member"]) == {desk.office.there}
    found = measured(desk.session, RATES, JANUARY, "town", scope)
    assert of(found, desk.office.town, "cases.due")["value"] == 3


def test_a_case_counts_for_who_answered_when_it_was_due(desk: Desk) -> None:
    office = desk.office
    # Wang holds cell a until Li takes it over in the middle of the month.
    assign(
        desk.session, SYSTEM, [office.cells["a"]], office.cadres["li"], "responsible",
        date(2025, 1, 16),
    )  # fmt: skip
    add(desk, 2, 0.5, "2025-01-15 23:59", "2025-01-10 10:00", "closed")
    add(desk, 5, 0.5, "2025-01-16 00:00", None, "handling")
    found = measured(desk.session, RATES, JANUARY, "cadre", EVERYTHING)
    assert of(found, office.cadres["wang"], "cases.due")["value"] == 2
    assert of(found, office.cadres["li"], "cases.due")["value"] == 5
    assert of(found, office.cadres["li"], "cases.closed")["value"] == Decimal("0.00")


def test_times_are_the_median_and_nine_in_ten_by_the_clock(desk: Desk) -> None:
    # Five cases, sent after 1, 2, 3, 4 and 5 hours; one of them sent on again later.
    for hours in range(1, 6):
        case = desk.take(now=at("2025-04-01 09:00"))
        desk.do(case, desk.supervisor, Act.FILE, now=at("2025-04-01 09:30"))
        desk.do(case, desk.supervisor, Act.DISPATCH, now=at(f"2025-04-01 {9 + hours:02}:00"))
        case.due_at = at("2025-04-10 18:00")
    desk.do(
        case, desk.supervisor, Act.REASSIGN, "换人", now=at("2025-04-05 09:00"),
        assignee_id=desk.office.cadres["li"],
    )  # fmt: skip
    desk.session.flush()
    april = Span(date(2025, 4, 1), date(2025, 4, 30))
    keys = ("cases.to_dispatch_p50", "cases.to_dispatch_p90", "cases.to_close_p50")
    found = measured(desk.session, keys, april, "all", EVERYTHING)
    assert of(found, 0, keys[0]) == {
        "numerator": 5, "denominator": None, "value": Decimal("3.00"),
    }  # fmt: skip
    # Between the fourth and the fifth, by proportion: 4 + 0.6.
    assert of(found, 0, keys[1])["value"] == Decimal("4.60")
    assert of(found, 0, keys[2]) == {"numerator": 0, "denominator": None, "value": None}


def test_returned_and_reopened_cases_are_shares_of_those_due(desk: Desk) -> None:
    add(desk, 8, 0.5, "2025-01-15 18:00", "2025-01-10 10:00", "closed")
    ids = desk.session.scalars(text("SELECT id FROM incident_case ORDER BY id LIMIT 3")).all()
    statement = text("UPDATE incident_case SET returned = 2 WHERE id = ANY(:ids)")
    desk.session.execute(statement, {"ids": ids})
    desk.session.execute(
        text("UPDATE incident_case SET reopened = 1 WHERE id = :id"), {"id": ids[0]}
    )
    found = measured(desk.session, ("cases.returned", "cases.reopened"), JANUARY, "all", EVERYTHING)
    assert of(found, 0, "cases.returned")["value"] == Decimal("37.50")
    assert of(found, 0, "cases.reopened")["value"] == Decimal("12.50")


def test_a_department_has_the_categories_below_unless_another_has_them(desk: Desk) -> None:
    codes = {row.code: row.id for row in desk.session.query(Category)}
    justice = save_department(
        desk.session, SYSTEM, None, name="司法所", name_en="Justice", categories=[codes["B"]]
    )
    add(desk, 4, 0.5, "2025-01-15 18:00", "2025-01-10 10:00", "closed")
    found = measured(desk.session, RATES, JANUARY, "department", EVERYTHING)
    assert of(found, justice.id, "cases.due")["value"] == 4
    police = save_department(desk.session, SYSTEM, None, name="派出所", categories=[codes["B1"]])
    found = measured(desk.session, RATES, JANUARY, "department", EVERYTHING)
    assert of(found, justice.id, "cases.due")["value"] == 0
    assert of(found, police.id, "cases.closed")["value"] == Decimal("100.00")
    listed = {row.name: row.categories for row in departments(desk.session)}
    assert listed == {"司法所": [codes["B"]], "派出所": [codes["B1"]]}


@pytest.mark.parametrize("group", ["cell", "cadre", "community", "town", "department", "all"])
@pytest.mark.parametrize(
    "key", ["cases.due", "cases.closed", "cases.on_time", "cases.returned", "disputes.settled"]
)
def test_each_count_leads_to_as_many_cases(desk: Desk, group: Any, key: str) -> None:
    codes = {row.code: row.id for row in desk.session.query(Category)}
    justice = save_department(desk.session, SYSTEM, None, name="司法所", categories=[codes["B"]])
    office = desk.office
    add(desk, 3, 0.5, "2025-01-15 18:00", "2025-01-10 10:00", "closed")
    add(desk, 2, 0.5, "2025-01-31 23:59", "2025-02-01 00:01", "closed")
    add(desk, 4, 0.5, "2025-01-01 00:00", None, "handling")
    add(desk, 1, 0.5, "2025-01-15 18:00", "2025-01-10 10:00", "withdrawn")
    add(desk, 6, 5, "2025-01-15 18:00", None, "handling")
    desk.session.execute(text("UPDATE incident_case SET returned = 1 WHERE id % 2 = 0"))
    member = {
        "cell": office.cells["a"], "cadre": office.cadres["wang"], "community": office.here,
        "town": office.town, "department": justice.id, "all": 0,
    }[group]  # fmt: skip
    measure = MEASURES[key]
    if group not in measure.groups:
        assert measured(desk.session, [key], JANUARY, group, EVERYTHING).empty
        return
    counted = of(measured(desk.session, [key], JANUARY, group, EVERYTHING), member, key)
    for numerator in (True, False):
        wanted = counted["numerator"] if numerator else counted["denominator"]
        if wanted is None:
            continue
        found = records_of(measure, JANUARY, group, member, "990001001001", numerator=numerator)
        assert found is not None
        endpoint, arguments = found
        assert endpoint == "cases.index"
        rows = list_cases(desk.session, desk.admin, read(arguments), limit=100).rows
        assert len(rows) == wanted > 0


def read(arguments: dict[str, Any]) -> Wanted:
    """Read what a link asks of the list of cases, as `webui.cases.choices` does."""
    given = {name: value for name, value in arguments.items() if name not in ("state", "sort")}
    for name in ("due_since", "due_until"):
        given[name] = date.fromisoformat(given[name])
    if "returned" in given:
        given["returned"] = True
    if "category" in given:
        given["categories"] = (given.pop("category"),)
    return Wanted(**given)


def test_people_are_those_of_the_last_count_before_the_end(desk: Desk) -> None:
    desk.session.execute(
        text("""
            WITH b AS (
                INSERT INTO building (name, geom)
                VALUES ('1号楼', ST_SetSRID(ST_MakePoint(116.0005, 28.001), 4326)) RETURNING id
            )
            INSERT INTO building_count (building_id, month, households, residents)
            SELECT id, m, h, 3 * h FROM b,
                (VALUES (date '2024-12-01', 20), (date '2025-02-01', 24)) AS v (m, h)
        """)
    )
    keys = ("people.buildings", "people.households", "people.residents")
    cell = desk.office.cells["a"]
    for last, households in ((date(2025, 1, 31), 20), (date(2025, 2, 28), 24)):
        span = Span(date(2025, 1, 1), last)
        found = measured(desk.session, keys, span, "cell", EVERYTHING)
        assert [of(found, cell, key)["value"] for key in keys] == [1, households, 3 * households]
    early = Span(date(2024, 1, 1), date(2024, 11, 30))
    # Nothing was counted by then: that is not known, and not none.
    found = measured(desk.session, keys, early, "cell", EVERYTHING)
    assert [of(found, cell, key)["value"] for key in keys] == [None, None, None]


def test_a_building_that_was_first_counted_later_is_not_known_before(desk: Desk) -> None:
    desk.session.execute(
        text("""
            WITH b AS (
                INSERT INTO building (name, geom)
                SELECT n, ST_SetSRID(ST_MakePoint(116.0005, 28.001), 4326)
                FROM unnest(ARRAY['1', '2']) AS n RETURNING id, name
            )
            INSERT INTO building_count (building_id, month, households)
            SELECT id, m, h FROM b JOIN (VALUES ('1', date '2024-12-01', 20),
                ('1', date '2025-03-01', 21), ('2', date '2025-03-01', 5)) AS v (n, m, h)
                ON v.n = b.name
        """)
    )
    keys = ("people.buildings", "people.households")
    told = []
    for last in (date(2025, 1, 31), date(2025, 3, 31)):
        found = measured(desk.session, keys, Span(date(2025, 1, 1), last), "all", EVERYTHING)
        told.append([of(found, 0, key)["value"] for key in keys])
    assert told == [[1, 20], [2, 26]]


def test_patrols_cover_the_months_that_were_walked(desk: Desk) -> None:
    office = desk.office
    cover(desk, ("a", 1, 8, 3), ("b", 1, 2, 0), ("a", 2, 9, 0))
    span = Span(date(2025, 1, 1), date(2025, 2, 28))
    found = measured(desk.session, ["patrols.covered"], span, "community", EVERYTHING)
    # Nobody recorded a patrol in February.
    assert of(found, office.here, "patrols.covered") == {
        "numerator": 3, "denominator": 10, "value": Decimal("30.00"),
    }  # fmt: skip
    found = measured(desk.session, ["patrols.covered"], span, "cell", EVERYTHING)
    assert of(found, office.cells["b"], "patrols.covered")["value"] == Decimal("0.00")
    assert of(found, office.cells["c"], "patrols.covered")["value"] is None


def test_the_coverage_of_a_community_is_the_same_in_every_evaluation(desk: Desk) -> None:
    office = desk.office
    cover(desk, ("a", 1, 8, 3), ("x", 1, 4, 0), ("a", 2, 9, 0), ("x", 2, 6, 0))
    span = Span(date(2025, 1, 1), date(2025, 2, 28))
    # In January the town recorded a walk, so that not walked is not walked; in February nobody.
    wanted = {"numerator": 0, "denominator": 4, "value": Decimal("0.00")}
    for scope in (Scope((office.there,)), Scope((office.here, office.there)), EVERYTHING):
        found = measured(desk.session, ["patrols.covered"], span, "community", scope)
        assert of(found, office.there, "patrols.covered") == wanted, scope
        found = measured(desk.session, ["patrols.covered"], span, "cell", scope)
        assert of(found, office.cells["x"], "patrols.covered") == wanted, scope
    found = measured(desk.session, ["patrols.covered"], span, "town", EVERYTHING)
    assert of(found, office.town, "patrols.covered")["value"] == Decimal("25.00")


def test_a_department_closed_since_keeps_the_cases_that_were_due_before(desk: Desk) -> None:
    codes = {row.code: row.id for row in desk.session.query(Category)}
    old = save_department(desk.session, SYSTEM, None, name="司法所", categories=[codes["B"]])
    add(desk, 4, 0.5, "2025-01-15 18:00", "2025-01-10 10:00", "closed")
    add(desk, 2, 0.5, "2025-02-15 18:00", None, "handling")
    # It was entered long ago, and answers until the last day of January.
    desk.session.execute(text("UPDATE department_category SET entered_on = '2024-06-01'"))
    save_department(desk.session, SYSTEM, old.id, name="司法所", active=False)
    ended = text("UPDATE department_category SET ends = '2025-02-01' WHERE ends IS NOT NULL")
    assert desk.session.execute(ended).rowcount == 1  # type: ignore[attr-defined]
    new = save_department(desk.session, SYSTEM, None, name="法治办", categories=[codes["B"]])
    begun = text("UPDATE department_category SET starts = '2025-02-01' WHERE starts IS NOT NULL")
    assert desk.session.execute(begun).rowcount == 1  # type: ignore[attr-defined]
    listed = {row.name: row.categories for row in departments(desk.session)}
    assert listed == {"法治办": [codes["B"]], "司法所": []}

    found = measured(desk.session, RATES, JANUARY, "department", EVERYTHING)
    assert of(found, old.id, "cases.closed") == {
        "numerator": 4, "denominator": 4, "value": Decimal("100.00"),
    }  # fmt: skip
    assert of(found, new.id, "cases.due")["value"] == 0
    february = Span(date(2025, 2, 1), date(2025, 2, 28))
    found = measured(desk.session, RATES, february, "department", EVERYTHING)
    assert set(found["member"]) == {new.id}
    assert of(found, new.id, "cases.due")["value"] == 2
    for span, department, count in ((JANUARY, old, 4), (JANUARY, new, 0), (february, new, 2)):
        asked = records_of(MEASURES["cases.due"], span, "department", department.id, "")
        assert asked is not None
        rows = list_cases(desk.session, desk.admin, read(asked[1]), limit=100).rows
        assert len(rows) == count
    # Without a day it is who answers today.
    for department, count in ((old, 0), (new, 6)):
        wanted = Wanted(department=department.id)
        assert len(list_cases(desk.session, desk.admin, wanted, limit=100).rows) == count


def test_a_category_given_by_mistake_leaves_no_trace(desk: Desk) -> None:
    codes = {row.code: row.id for row in desk.session.query(Category)}
    police = save_department(desk.session, SYSTEM, None, name="派出所", categories=[codes["B"]])
    add(desk, 4, 0.5, "2025-01-15 18:00", "2025-01-10 10:00", "closed")
    save_department(desk.session, SYSTEM, police.id, name="派出所", categories=[codes["D1"]])
    justice = save_department(desk.session, SYSTEM, None, name="司法所", categories=[codes["B"]])
    found = measured(desk.session, RATES, JANUARY, "department", EVERYTHING)
    assert of(found, justice.id, "cases.due")["value"] == 4
    assert of(found, police.id, "cases.due")["value"] == 0


def test_an_unknown_measure_is_a_fault(desk: Desk) -> None:
    with pytest.raises(KeyError):
        measured(desk.session, ["cases.lost"], JANUARY, "all", EVERYTHING)
