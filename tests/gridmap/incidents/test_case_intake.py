from __future__ import annotations

from datetime import date, timedelta

import pytest
from geoalchemy2.shape import from_shape
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from gridmap.errors import (
    ConflictError,
    ForbiddenError,
    GridmapError,
    NotFoundError,
    from_database,
)
from gridmap.incidents.cases.categories import (
    add_local,
    change_category,
    change_settings,
    rules_for,
    tree,
    versions,
)
from gridmap.incidents.cases.contacts import Contact, contact
from gridmap.incidents.cases.deadlines import Allowance
from gridmap.incidents.cases.duplicates import likely_duplicates
from gridmap.incidents.cases.intake import Hit, open_case
from gridmap.incidents.cases.models import Case, CaseRules
from gridmap.incidents.cases.workflow import Act
from gridmap.incidents.models import Category, Incident
from gridmap.territory.models import Building
from gridmap.territory.service import redraw
from gridmap.workforce.models import AuditEntry
from tests.gridmap.conftest import SOUTH, STEP, WEST, point, rectangle, wkb
from tests.gridmap.incidents.conftest import MONDAY, Desk, at


def test_a_report_becomes_an_incident_and_a_case(desk: Desk) -> None:
    case = desk.take(0.5, 0.5, contact_name="张先生", contact_phone="10012345678")
    incident = desk.session.scalars(select(Incident).where(Incident.id == case.incident_id)).one()
    assert incident.cell_id == case.cell_id == desk.office.cells["a"]
    assert case.community_id == desk.office.here
    assert (case.step, case.version, case.level) == ("filing", 1, "cell")
    # Two work hours for filing; seven workdays for the whole, without Qingming on Friday.
    assert case.step_due_at == at("2025-03-31 11:00")
    assert case.due_at == at("2025-04-10 18:00")
    assert case.next_due_at == case.step_due_at
    entry = desk.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert entry.act == "case.report"
    assert "张" not in str(entry.after)


def test_an_address_hit_tells_the_place(desk: Desk) -> None:
    building = Building(
        name="3幢", address="滨江路18号3幢", geom=wkb(rectangle(1.2, 0.2, 1.4, 0.4))
    )
    desk.session.add(building)
    desk.session.flush()
    case = desk.take(place=Hit("building", building.id))
    assert case.cell_id == desk.office.cells["b"]
    assert case.address == "滨江路18号3幢"
    with pytest.raises(NotFoundError):
        desk.take(place=Hit("building", building.id), actor=desk.stranger)
    with pytest.raises(NotFoundError):
        desk.take(place=Hit("place", 1))


def test_what_cannot_be_taken_in_is_refused(desk: Desk) -> None:
    with pytest.raises(GridmapError, match="Describe"):
        desk.take(description="  ")
    with pytest.raises(GridmapError, match="longitude"):
        desk.take(place=(float("nan"), 0.0))
    with pytest.raises(GridmapError, match="longitude"):
        desk.take(place=(WEST, 91.0))
    with pytest.raises(GridmapError, match="future"):
        desk.take(occurred_at=MONDAY + timedelta(hours=1))
    with pytest.raises(GridmapError, match="who reported"):
        desk.take(reporter="neighbour")
    with pytest.raises(NotFoundError, match="no category Z9"):
        desk.take(category="Z9")
    with pytest.raises(GridmapError, match="outside your area"):
        desk.take(5, 0.5)
    with pytest.raises(GridmapError, match="outside your area"):
        desk.take(50, 50)
    assert desk.take(50, 50, actor=desk.admin).community_id is None
    change_category(desk.session, desk.admin, "B2", active=False)
    with pytest.raises(ConflictError, match="no longer used"):
        desk.take(category="B2")


def test_a_contact_is_for_who_needs_it(desk: Desk) -> None:
    case = desk.handled(contact_name="张先生", contact_phone="10012345678")
    wanted = Contact("张先生", "10012345678")
    assert contact(desk.session, desk.supervisor, case.id) == wanted
    assert contact(desk.session, desk.cadre, case.id) == wanted
    with pytest.raises(ForbiddenError):
        contact(desk.session, desk.analyst, case.id)
    with pytest.raises(NotFoundError):
        contact(desk.session, desk.stranger, case.id)
    looks = desk.session.scalars(select(AuditEntry).where(AuditEntry.act == "case.contact")).all()
    assert [entry.user_id for entry in looks] == [desk.supervisor.user_id, desk.cadre.user_id]
    desk.do(case, desk.cadre, Act.RETURN, "不在本网格")
    with pytest.raises(ForbiddenError):
        contact(desk.session, desk.cadre, case.id)
    assert contact(desk.session, desk.supervisor, desk.take().id) is None


def imported(desk: Desk, x: float, y: float, day: str, category: str = "B1") -> int:
    kind = desk.session.scalars(select(Category.id).where(Category.code == category)).one()
    incident = Incident(occurred_at=at(day), category_id=kind, geom=from_shape(point(x, y), 4326))
    desk.session.add(incident)
    desk.session.flush()
    return incident.id


def test_an_imported_incident_gets_a_case_when_asked(desk: Desk) -> None:
    incident = imported(desk, 0.5, 0.5, "2025-03-01 10:00")
    case = open_case(desk.session, desk.supervisor, incident, "旧案重查", now=MONDAY)
    assert (case.incident_id, case.opened_at) == (incident, MONDAY)
    with pytest.raises(ConflictError, match=f"already has case {case.id}"):
        open_case(desk.session, desk.supervisor, incident, "again")
    with pytest.raises(ForbiddenError):
        open_case(desk.session, desk.analyst, incident, "no")
    with pytest.raises(NotFoundError):
        open_case(desk.session, desk.stranger, incident, "no")
    with pytest.raises(NotFoundError):
        open_case(desk.session, desk.supervisor, 10**12, "no")


def test_a_case_follows_its_incident(desk: Desk) -> None:
    case = desk.take(0.5, 0.5)
    session = desk.session
    a, b = desk.office.ids("ab")
    redraw(session, {a: rectangle(0, 0, 0.4, 2), b: rectangle(0.4, 0, 2, 2)}, date(2025, 3, 1))
    session.expire_all()
    incident = session.scalars(select(Incident).where(Incident.id == case.incident_id)).one()
    assert case.cell_id == incident.cell_id
    assert case.cell_id not in (a, b)
    incident.geom = from_shape(point(4.5, 0.5), 4326)  # type: ignore[assignment]
    incident.occurred_at = at("2024-12-01 10:00")
    session.flush()
    session.refresh(case)
    assert case.community_id == desk.office.there
    assert case.occurred_at == at("2024-12-01 10:00")
    # By another program, one row at a time or all, also into a year opened later.
    session.execute(text("SELECT open_incident_year(2024)"))
    session.execute(text("UPDATE incident SET category_id = category_id"))
    session.execute(text("UPDATE incident SET occurred_at = occurred_at + interval '1 year'"))
    session.refresh(case)
    assert case.occurred_at == at("2025-12-01 10:00")
    savepoint = session.begin_nested()
    with pytest.raises(DBAPIError) as refused:
        session.execute(text("DELETE FROM incident"))
    savepoint.rollback()
    assert "which therefore stays" in str(from_database(refused.value))
    with pytest.raises(DBAPIError, match="there is no incident"), session.begin_nested():
        session.execute(text("UPDATE incident_case SET occurred_at = now()"))


def test_steps_never_change(desk: Desk) -> None:
    desk.take()
    for statement in ("UPDATE case_step SET note = 'x'", "DELETE FROM case_step"):
        with pytest.raises(DBAPIError, match="append-only"), desk.session.begin_nested():
            desk.session.execute(text(statement))


def test_deadlines_come_from_the_nearest_category_above(desk: Desk) -> None:
    session = desk.session
    ids = {row.code: row.id for row in tree(session)}
    change_category(
        session, desk.admin, "B",
        deadlines={"handling": Allowance(5, "days"), "filing": Allowance(1, "hours")},
    )  # fmt: skip
    change_category(session, desk.admin, "B1", deadlines={"handling": Allowance(2, "days")})
    found = rules_for(session, ids["B1"]).deadlines
    assert found["handling"] == Allowance(2, "days")
    assert found["filing"] == Allowance(1, "hours")
    assert found["whole"] == Allowance(7, "days")
    assert rules_for(session, ids["B2"]).deadlines["handling"] == Allowance(5, "days")
    assert rules_for(session, ids["D1"]).deadlines["handling"] == Allowance(3, "days")
    assert rules_for(session, ids["B1"]).rules_id == rules_for(session, ids["B1"]).rules_id


def test_new_deadlines_never_change_old_cases(desk: Desk) -> None:
    session = desk.session
    old = desk.take()
    change_category(session, desk.admin, "B1", deadlines={"dispatch": Allowance(1, "hours")})
    change_settings(
        session, desk.admin,
        deadlines={
            step: Allowance(9, "days")
            for step in ("intake", "filing", "dispatch", "handling", "feedback", "verification",
                         "closing", "whole")
        },
    )  # fmt: skip
    new = desk.take()
    for case in (old, new):
        desk.do(case, desk.supervisor, Act.FILE)
    assert old.step_due_at == at("2025-03-31 11:00")
    assert new.step_due_at == at("2025-03-31 10:00")
    assert old.due_at < new.due_at
    assert session.get_one(CaseRules, old.rules_id).deadlines["dispatch"]["amount"] == 2
    with pytest.raises(GridmapError, match="every step"):
        change_settings(session, desk.admin, deadlines={"whole": Allowance(1, "days")})
    with pytest.raises(ForbiddenError):
        change_settings(session, desk.supervisor, duplicate_metres=50)


def test_versions_are_kept_for_whoever_writes(own_session: Session) -> None:
    def run(statement: str) -> None:
        own_session.execute(text(statement))
        own_session.commit()

    run("INSERT INTO category (code, name) VALUES ('K', '旧')")
    run("UPDATE category SET name = '旧' WHERE code = 'K'")
    run("UPDATE category SET name = '新' WHERE code = 'K'")
    assert [(v.number, v.name) for v in versions(own_session, "K")] == [(2, "新"), (1, "旧")]


@pytest.fixture
def own_session(own_engine):  # type: ignore[no-untyped-def]
    with Session(own_engine) as session:
        yield session


def test_local_categories_hang_below_national_ones(desk: Desk) -> None:
    session = desk.session
    added = add_local(session, desk.admin, "B1", "B1-01", "楼道堆物纠纷", name_en="Corridors")
    assert [row.code for row in tree(session)] == ["B", "B1", "B1-01", "B2", "D1"]
    assert [row.depth for row in tree(session)] == [0, 1, 2, 1, 0]
    assert added.local
    assert desk.take(category="B1-01").category_id == added.id
    change_category(session, desk.admin, "B1-01", name="楼道纠纷")
    with pytest.raises(ConflictError, match="import its name"):
        change_category(session, desk.admin, "B1", name="别名")
    with pytest.raises(GridmapError, match="begins with"):
        add_local(session, desk.admin, "B1", "C77", "x")
    with pytest.raises(ConflictError, match="already"):
        add_local(session, desk.admin, "B1", "B1-01", "x")
    with pytest.raises(GridmapError, match="no step nap"):
        change_category(session, desk.admin, "B1", deadlines={"nap": Allowance(1, "days")})
    with pytest.raises(ForbiddenError):
        add_local(session, desk.supervisor, "B1", "B1-02", "x")


def test_likely_duplicates_are_near_in_place_time_and_kind(desk: Desk) -> None:
    session = desk.session
    same = desk.take(0.5, 0.5)
    kin = imported(desk, 0.6, 0.5, "2025-03-30 10:00", "B2")
    without_case = imported(desk, 0.6, 0.6, "2025-03-31 08:00")
    imported(desk, 0.5, 0.5, "2025-03-20 10:00")
    imported(desk, 0.5, 0.5, "2025-03-31 08:00", "D1")
    imported(desk, 3.9, 1.9, "2025-03-31 08:00")
    place = (WEST + 0.5 * STEP, SOUTH + 0.5 * STEP)
    found = likely_duplicates(session, desk.cadre, "B1", *place, at=MONDAY)
    assert [row.incident_id for row in found] == [same.incident_id, without_case, kin]
    assert [row.case_id for row in found] == [same.id, None, None]
    assert [row.same_category for row in found] == [True, True, False]
    assert found[0].metres == 0
    assert likely_duplicates(session, desk.stranger, "B1", *place, at=MONDAY) == []
    change_settings(session, desk.admin, duplicate_metres=5)
    [only] = likely_duplicates(session, desk.cadre, "B1", *place, at=MONDAY)
    assert only.case_id == same.id
    desk.do(same, desk.supervisor, Act.WITHDRAW, "重复")
    assert likely_duplicates(session, desk.cadre, "B1", *place, at=MONDAY) == []


def test_cases_are_stored_without_a_foreign_key_and_once(desk: Desk) -> None:
    case = desk.take()
    with (
        pytest.raises(DBAPIError, match="uq_incident_case_incident_id"),
        desk.session.begin_nested(),
    ):
        desk.session.execute(
            text("""
                INSERT INTO incident_case (incident_id, occurred_at, category_version_id, rules_id,
                    description, reporter, step, opened_at, step_entered_at, due_at)
                SELECT incident_id, occurred_at, category_version_id, rules_id, 'x', 'patrol',
                    'filing', now(), now(), now() FROM incident_case
            """)
        )
    assert desk.session.get(Case, case.id) is case
