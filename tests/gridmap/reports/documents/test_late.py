"""What came late to a report, seen by two connections, and what was changed after it was made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from gridmap.incidents.models import Category
from gridmap.reports.documents import queries
from gridmap.reports.documents.late import Late, forget_changes, late_records, marks
from gridmap.reports.documents.models import RecordChange, Report
from gridmap.reports.documents.service import ask_report
from tests.gridmap.conftest import STEP, rectangle, wkb
from tests.gridmap.reports.documents.conftest import Place

Make = Callable[[], int]
MARCH = date(2026, 3, 3)


def made(place: Place, make: Make, **changes: object) -> int:
    report = ask_report(place.session, place.people["planner"], place.order(**changes))
    place.session.commit()
    assert make() == 1
    return report.id


def late(place: Place, report_id: int) -> dict[str, Late]:
    session, planner = place.session, place.people["planner"]
    session.commit()
    row = queries.find_report(session, planner, report_id)
    marked = session.scalars(select(Report.data["marks"]).where(Report.id == report_id)).one()
    return {each.kind: each for each in late_records(session, planner, row, marked)}


def told(found: Late) -> dict[int, str]:
    assert found.total == len(found.rows)
    return {row.id: row.how for row in found.rows}


def test_what_was_written_before_and_committed_after_is_late(
    own_engine: Engine, own_place: Place, make: Make
) -> None:
    session, field = own_place.session, own_place.field
    before = field.incident(1, 1, MARCH)
    session.commit()
    with Session(own_engine) as slow:
        draw = text("""
            INSERT INTO incident (occurred_at, category_id, geom)
            SELECT occurred_at, category_id, geom FROM incident WHERE id = :id RETURNING id
        """)
        first = slow.execute(draw, {"id": before.id}).scalar_one()
        # Another one draws a higher id and is there at once; of a year of its own, for the counts
        # of the map are kept by year, and who writes the same waits.
        field.incident(1, 1, date(2025, 12, 5))
        session.commit()
        report_id = made(own_place, make, first=date(2025, 7, 1))
        assert told_ids(late(own_place, report_id)) == []
        slow.commit()
    assert told_ids(late(own_place, report_id)) == [first]
    # And what draws a lower id than the highest is none if it was rolled back.
    assert first < max(session.scalars(text("SELECT id FROM incident")))


def other_category(session: Session) -> Category:
    category = Category(code="Z", name="其他", name_en="Others")
    session.add(category)
    session.flush()
    return category


def told_ids(found: dict[str, Late]) -> list[int]:
    return [row.id for row in found["incident"].rows]


def test_what_was_changed_before_and_committed_after_is_late(
    own_engine: Engine, own_place: Place, make: Make
) -> None:
    session, field = own_place.session, own_place.field
    field.cell(1, rectangle(0, 0, 2, 2))
    field.cell(2, rectangle(2, 0, 4, 2))
    slowly, gone = field.incident(1, 1, MARCH).id, field.incident(1, 1, MARCH).id
    quickly = field.incident(3, 1, date(2025, 12, 5)).id
    session.commit()
    move = "UPDATE incident SET occurred_at = occurred_at + interval '{}' WHERE id = :id"
    with Session(own_engine) as slow:
        slow.execute(text(move.format("120 days")), {"id": slowly})
        slow.execute(text("DELETE FROM incident WHERE id = :id"), {"id": gone})
        session.execute(text(move.format("-300 days")), {"id": quickly})
        session.commit()
        report_id = made(own_place, make, first=date(2025, 7, 1))
        assert told(late(own_place, report_id)["incident_changed"]) == {}
        slow.commit()
    found = late(own_place, report_id)
    assert told(found["incident_changed"]) == {slowly: "left", gone: "deleted"}
    assert told_ids(found) == []


def test_a_case_that_was_closed_before_and_committed_after_is_late(
    own_engine: Engine, own_place: Place, make: Make
) -> None:
    session = own_place.session
    case = add_case(own_place, "2026-03-05 10:00+08")
    session.commit()
    with Session(own_engine) as slow:
        # Its time lies before that of the report.
        slow.execute(text("UPDATE incident_case SET step = 'closed', ended_at = now()"))
        report_id = made(own_place, make)
        slow.commit()
    found = late(own_place, report_id)
    assert told(found["case_changed"]) == {case: "closed"}
    ended = session.scalars(text("SELECT ended_at FROM incident_case")).one()
    assert ended < session.get_one(Report, report_id).frozen_at


def test_what_was_done_to_incidents_is_said(own_place: Place, make: Make) -> None:
    session, field = own_place.session, own_place.field
    field.cell(1, rectangle(0, 0, 2, 2))
    field.cell(2, rectangle(2, 0, 4, 2))
    other = other_category(session)
    names = ["deleted", "left", "year", "category", "moved", "day", "there_and_back", "stays"]
    ids = {name: field.incident(1, 1, MARCH).id for name in names}
    ids["came"] = field.incident(50, 50, MARCH).id
    ids["came_year"] = field.incident(1, 1, date(2025, 3, 3)).id
    ids["elsewhere"] = field.incident(50, 50, MARCH).id
    report_id = made(own_place, make)
    ids["later_and_gone"] = field.incident(1, 1, MARCH).id
    session.commit()
    step = session.scalars(
        text("SELECT ST_X(b.geom) - ST_X(a.geom) FROM incident a, incident b "
             "WHERE a.id = :a AND b.id = :b"),
        {"a": ids["stays"], "b": ids["came"]},
    ).one()  # fmt: skip
    at = "UPDATE incident SET occurred_at = :at WHERE id = :id"
    to = "UPDATE incident SET geom = (SELECT geom FROM incident WHERE id = :like) WHERE id = :id"
    assert step > 0
    for statement, values in (
        ("DELETE FROM incident WHERE id = :id", {"id": ids["deleted"]}),
        ("DELETE FROM incident WHERE id = :id", {"id": ids["later_and_gone"]}),
        ("DELETE FROM incident WHERE id = :id", {"id": ids["elsewhere"]}),
        (to, {"id": ids["left"], "like": ids["came"]}),
        (at, {"id": ids["year"], "at": "2025-03-03 04:00+00"}),
        ("UPDATE incident SET category_id = :to WHERE id = :id",
         {"id": ids["category"], "to": other.id}),
        (at, {"id": ids["day"], "at": "2026-03-04 04:00+00"}),
        # An hour later on the same day no figure by days is another.
        (at, {"id": ids["stays"], "at": "2026-03-03 05:00+00"}),
        (at, {"id": ids["there_and_back"], "at": "2025-03-03 04:00+00"}),
        (at, {"id": ids["there_and_back"], "at": "2026-03-03 04:00+00"}),
        (to, {"id": ids["came"], "like": ids["stays"]}),
        (at, {"id": ids["came_year"], "at": "2026-03-03 04:00+00"}),
        ("UPDATE incident SET geom = ST_Translate(geom, :x, 0) WHERE id = :id",
         {"id": ids["moved"], "x": field_step(session)}),
    ):  # fmt: skip
        session.execute(text(statement), values)
    found = late(own_place, report_id)
    assert told(found["incident_changed"]) == {
        ids["deleted"]: "deleted", ids["left"]: "left", ids["year"]: "left",
        ids["category"]: "category", ids["day"]: "moved", ids["moved"]: "moved",
        ids["came"]: "came", ids["came_year"]: "came",
    }  # fmt: skip
    assert told_ids(found) == []
    moved = next(row for row in found["incident_changed"].rows if row.id == ids["category"])
    assert (moved.what, moved.what_en, moved.unit) == ("其他", "Others", "幸福社区")


def test_where_an_incident_went_that_left_is_not_told(own_place: Place, make: Make) -> None:
    session, field = own_place.session, own_place.field
    own_place.other.geom = wkb(rectangle(4, 0, 8, 2))
    session.flush()
    other = other_category(session)
    moved, later, gone = (field.incident(1, 1, MARCH).id for _ in range(3))
    report_id = made(own_place, make)
    away = "UPDATE incident SET occurred_at = '2025-03-02 17:00+00' WHERE id = :id"
    for statement, values in (
        ("UPDATE incident SET category_id = :to, geom = ST_Translate(geom, :x, 0) WHERE id = :id",
         {"id": moved, "x": 4 * STEP, "to": other.id}),
        (away, {"id": later}),
        (away, {"id": gone}),
        ("DELETE FROM incident WHERE id = :id", {"id": gone}),
    ):  # fmt: skip
        session.execute(text(statement), values)
    rows = {row.id: row for row in late(own_place, report_id)["incident_changed"].rows}
    names = session.scalars(
        text("SELECT u.name FROM incident i JOIN unit u ON u.id = i.community_id WHERE i.id = :id"),
        {"id": moved},
    ).all()
    assert names == ["邻居社区"]
    assert {row.how for row in rows.values()} == {"left"}
    assert {row.unit for row in rows.values()} == {"幸福社区"}
    assert {row.what for row in rows.values()} == {"邻里纠纷"}
    # In the territory's time zone the second of March was over.
    assert {each: (row.here, row.day, row.lon is None) for each, row in rows.items()} == {
        moved: (False, None, True), later: (True, date(2025, 3, 3), False),
        gone: (True, None, True),
    }  # fmt: skip


def field_step(session: Session) -> float:
    """Return the degrees from the western to the eastern cell."""
    return session.scalars(
        text("SELECT max(ST_X(ST_Centroid(geom))) - min(ST_X(ST_Centroid(geom))) FROM cell")
    ).one()


def add_case(place: Place, due: str, opened: str = "2026-03-01 10:00+08") -> int:
    """Open a case of an incident of the community; return its id."""
    incident = place.field.incident(1, 1, MARCH)
    session = place.session
    session.execute(text("INSERT INTO case_rules (deadlines) VALUES ('{}') ON CONFLICT DO NOTHING"))
    return session.execute(
        text("""
            INSERT INTO incident_case (incident_id, occurred_at, category_version_id, rules_id,
                description, reporter, step, opened_at, step_entered_at, due_at)
            SELECT i.id, i.occurred_at, v.id, (SELECT min(id) FROM case_rules), 'x', 'patrol',
                'handling', CAST(:opened AS timestamptz), CAST(:opened AS timestamptz),
                CAST(:due AS timestamptz)
            FROM incident i JOIN category_version v USING (category_id) WHERE i.id = :id
            RETURNING id
        """),
        {"id": incident.id, "opened": opened, "due": due},
    ).scalar_one()


def test_what_was_done_to_cases_is_said(own_place: Place, make: Make) -> None:
    session = own_place.session
    closed, reopened, withdrawn, extended, received, outside = (
        add_case(own_place, due, opened)
        for due, opened in (
            ("2026-03-05 10:00+08", "2026-03-01 10:00+08"),
            ("2026-03-05 10:00+08", "2025-12-01 10:00+08"),
            ("2026-03-05 10:00+08", "2026-03-01 10:00+08"),
            ("2026-06-30 10:00+08", "2025-12-30 10:00+08"),
            ("2026-07-05 10:00+08", "2026-06-30 10:00+08"),
            ("2026-07-05 10:00+08", "2026-07-01 10:00+08"),
        )
    )
    close = text("UPDATE incident_case SET step = 'closed', ended_at = now() WHERE id = :id")
    session.execute(close, {"id": reopened})
    report_id = made(own_place, make)
    for case in (closed, received, outside):
        session.execute(close, {"id": case})
    for statement in (
        f"UPDATE incident_case SET step = 'handling', ended_at = NULL WHERE id = {reopened}",
        f"UPDATE incident_case SET step = 'withdrawn', ended_at = now() WHERE id = {withdrawn}",
        f"UPDATE incident_case SET due_at = due_at + interval '1 day' WHERE id = {extended}",
        # A step on the way is no change of a figure.
        f"UPDATE incident_case SET step_entered_at = now(), returned = 1 WHERE id = {closed}",
    ):
        session.execute(text(statement))
    new = add_case(own_place, "2026-06-29 10:00+08")
    found = late(own_place, report_id)
    assert told(found["case_changed"]) == {
        closed: "closed", reopened: "reopened", withdrawn: "withdrawn", extended: "left",
        received: "closed",
    }  # fmt: skip
    assert [row.id for row in found["case"].rows] == [new]


def test_what_was_done_to_activities_is_said(own_place: Place, make: Make) -> None:
    session = own_place.session
    add = text("""
        INSERT INTO activity (kind, day, unit_id, participants, recorded_name)
        VALUES ('meeting', :day, :unit, 5, 'x') RETURNING id
    """)
    changed, moved, gone, noted = (
        session.execute(add, {"day": MARCH, "unit": own_place.unit.id}).scalar_one()
        for _ in range(4)
    )
    report_id = made(own_place, make)
    for statement in (
        f"UPDATE activity SET participants = 6 WHERE id = {changed}",
        f"UPDATE activity SET day = '2026-07-01' WHERE id = {moved}",
        f"DELETE FROM activity WHERE id = {gone}",
        f"UPDATE activity SET note = 'y', version = 2 WHERE id = {noted}",
    ):
        session.execute(text(statement))
    found = late(own_place, report_id)["activity_changed"]
    assert told(found) == {changed: "counts", moved: "left", gone: "deleted"}
    assert {row.what for row in found.rows} == {"meeting"}


def test_the_only_county_hears_of_what_lies_outside_all_units(own_place: Place, make: Make) -> None:
    session = own_place.session
    county = session.scalars(text("SELECT id FROM unit WHERE level = 'county'")).one()
    admin, gone = own_place.people["admin"], own_place.field.incident(50, 50, MARCH).id
    report = ask_report(session, admin, own_place.order(unit_id=county))
    session.commit()
    make()
    added = own_place.field.incident(50, 50, MARCH).id
    session.execute(text("DELETE FROM incident WHERE id = :id"), {"id": gone})
    session.commit()
    row = queries.find_report(session, admin, report.id)
    marked = session.scalars(select(Report.data["marks"]).where(Report.id == report.id)).one()
    found = {each.kind: each for each in late_records(session, admin, row, marked)}
    assert (told_ids(found), told(found["incident_changed"])) == ([added], {gone: "deleted"})


@pytest.mark.usefixtures("place")
def test_the_marks_are_the_ids_that_are_missing(session: Session, place: Place) -> None:
    ids = [place.field.incident(1, 1, MARCH).id for _ in range(5)]
    session.execute(text("DELETE FROM incident WHERE id = ANY(:ids)"), {"ids": ids[1:3]})
    there = text("SELECT array_agg(n ORDER BY n) "
                 "FROM generate_series(CAST(:low AS bigint), :high) AS n "
                 "WHERE n <@ CAST(:marks AS int8multirange)")  # fmt: skip
    found = session.scalars(
        there,
        {"low": ids[0], "high": ids[4] + 1, "marks": marks(session.connection())["incident"]},
    ).one()
    assert found == [ids[1], ids[2], ids[4] + 1]


def test_changes_that_no_report_tells_of_are_forgotten(own_place: Place, make: Make) -> None:
    session, field = own_place.session, own_place.field
    kept, before, elsewhere = (field.incident(1, 1, day).id
                               for day in (MARCH, MARCH, date(2024, 3, 3)))  # fmt: skip
    session.execute(text("DELETE FROM incident WHERE id = :id"), {"id": before})
    session.execute(text("UPDATE record_change SET at = now() - interval '200 days'"))
    made(own_place, make)
    for each in (kept, elsewhere):
        session.execute(text("DELETE FROM incident WHERE id = :id"), {"id": each})
    session.execute(text("UPDATE report SET frozen_at = now() - interval '150 days'"))
    session.execute(
        text("UPDATE record_change SET at = at - interval '120 days' WHERE record_id <> :id"),
        {"id": before},
    )
    assert forget_changes(session, 90) == 2
    assert session.scalars(select(RecordChange.record_id)).all() == [kept]
    assert forget_changes(session, 90) == 0
