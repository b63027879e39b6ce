from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from gridmap.errors import ConflictError, ForbiddenError, GridmapError, NotFoundError
from gridmap.i18n import translate
from gridmap.incidents.cases.deadlines import Allowance
from gridmap.incidents.cases.inbox import case_file
from gridmap.incidents.cases.models import CaseExtension, CaseStep
from gridmap.incidents.cases.steps import Doing, allowed_acts, dispatch_many, perform
from gridmap.incidents.cases.workflow import Act
from gridmap.territory.service import redraw
from gridmap.workforce.cadres import add_absence
from gridmap.workforce.models import AuditEntry
from gridmap.workforce.rights import SYSTEM
from tests.gridmap.conftest import rectangle
from tests.gridmap.incidents.conftest import MONDAY, Desk, at

TUESDAY = at("2025-04-01 10:00")


def test_a_case_from_the_telephone_to_its_closing(desk: Desk) -> None:
    case = desk.handled()
    assert case.assignee_id == desk.office.cadres["wang"]
    # Three workdays after Monday.
    assert case.step_due_at == at("2025-04-03 18:00")
    desk.do(
        case, desk.cadre, Act.REQUEST_EXTENSION, "等施工队", TUESDAY,
        extension=Allowance(2, "days"),
    )  # fmt: skip
    desk.do(case, desk.supervisor, Act.GRANT_EXTENSION, now=TUESDAY)
    assert case.step_due_at == at("2025-04-08 18:00")
    assert case.due_at == at("2025-04-14 18:00")
    desk.do(case, desk.cadre, Act.FINISH, "已修", TUESDAY)
    desk.do(case, desk.cadre, Act.FEED_BACK, now=TUESDAY)
    desk.do(case, desk.supervisor, Act.RETURN, "照片不清", TUESDAY)
    assert (case.step, case.returned, case.assignee_id) == (
        "handling", 1, desk.office.cadres["wang"],
    )  # fmt: skip
    desk.do(case, desk.cadre, Act.FINISH, now=TUESDAY)
    desk.do(case, desk.cadre, Act.FEED_BACK, now=TUESDAY)
    desk.do(case, desk.supervisor, Act.VERIFY, now=TUESDAY)
    desk.do(case, desk.supervisor, Act.CLOSE, now=TUESDAY)
    assert (case.step, case.ended_at, case.step_due_at) == ("closed", TUESDAY, None)
    desk.do(case, desk.supervisor, Act.REOPEN, "又漏了", at("2025-04-20 10:00"))
    assert (case.step, case.ended_at, case.reopened) == ("dispatch", None, 1)
    assert case.due_at == at("2025-04-28 18:00")
    assert case.assignee_id is None

    told = case_file(desk.session, desk.supervisor, case.id)
    assert [step.act for step in told.steps] == [
        "report", "file", "dispatch", "request_extension", "grant_extension", "finish", "feed_back",
        "return", "finish", "feed_back", "verify", "close", "reopen",
    ]  # fmt: skip
    assert [step.user_name for step in told.steps[:4]] == ["Sun", "Sun", "Sun", "Wang"]
    assert told.steps[7].note == "照片不清"
    assert [step.late for step in told.steps[1:3]] == [False, False]
    assert [row.granted for row in told.extensions] == [True]
    assert told.row.version == case.version == 13
    entries = desk.session.scalars(
        select(AuditEntry.act).where(AuditEntry.subject == "incident_case").order_by(AuditEntry.id)
    ).all()
    assert entries == [f"case.{step.act}" for step in told.steps]


def test_two_people_at_once_are_told_of_each_other(desk: Desk) -> None:
    case = desk.take()
    seen = case.version
    desk.do(case, desk.town, Act.FILE)
    with pytest.raises(ConflictError) as refused:
        perform(desk.session, desk.supervisor, case.id, seen, Doing(Act.FILE), now=MONDAY)
    assert str(refused.value) == (
        f"Case {case.id} was changed by Town at 03-31 09:00 (filed). "
        "Look at it again before you go on."
    )
    assert translate(refused.value.message, "en") == str(refused.value)
    assert case.version == 2


def test_who_may_do_which_step(desk: Desk) -> None:
    case = desk.take(actor=desk.analyst)
    acts = {
        name: allowed_acts(desk.session, getattr(desk, name), case)
        for name in ("supervisor", "analyst", "cadre")
    }
    assert acts == {
        "supervisor": [Act.FILE, Act.RETURN, Act.WITHDRAW],
        "analyst": [Act.WITHDRAW],
        "cadre": [],
    }
    with pytest.raises(ForbiddenError, match="somebody else's"):
        desk.do(case, desk.cadre, Act.FILE)
    with pytest.raises(ConflictError, match="at the step Filing: it cannot be closed now"):
        desk.do(case, desk.supervisor, Act.CLOSE)
    desk.do(case, desk.supervisor, Act.RETURN, "哪一幢?")
    desk.do(case, desk.analyst, Act.SUBMIT, "三幢")
    desk.do(case, desk.supervisor, Act.FILE)
    desk.do(case, desk.supervisor, Act.DISPATCH, assignee_id=desk.office.cadres["li"])
    assert allowed_acts(desk.session, desk.cadre, case) == []
    assert allowed_acts(desk.session, desk.supervisor, case) == [Act.REASSIGN, Act.ESCALATE]
    entered = case.step_due_at
    desk.do(
        case, desk.supervisor, Act.REASSIGN, assignee_id=desk.office.cadres["wang"], now=TUESDAY
    )
    assert case.step_due_at == entered
    assert allowed_acts(desk.session, desk.cadre, case) == [
        Act.FINISH, Act.RETURN, Act.ESCALATE, Act.REQUEST_EXTENSION,
    ]  # fmt: skip


def test_a_guessed_number_finds_nothing_in_another_area(desk: Desk) -> None:
    case = desk.take()
    for guess in (case.id, 10**12):
        with pytest.raises(NotFoundError, match="no case with the number"):
            perform(desk.session, desk.stranger, guess, 1, Doing(Act.FILE))
        with pytest.raises(NotFoundError):
            dispatch_many(desk.session, desk.stranger, {guess: 1})
        with pytest.raises(NotFoundError):
            case_file(desk.session, desk.stranger, guess)
    desk.do(case, desk.supervisor, Act.FILE)
    with pytest.raises(NotFoundError, match="no cadre"):
        desk.do(case, desk.supervisor, Act.DISPATCH, assignee_id=desk.office.cadres["chen"])
    with pytest.raises(NotFoundError, match="no unit"):
        desk.do(case, desk.supervisor, Act.DISPATCH, unit_id=desk.office.there)


def test_some_acts_need_a_note(desk: Desk) -> None:
    case = desk.handled()
    for act in (Act.RETURN, Act.ESCALATE, Act.REQUEST_EXTENSION):
        with pytest.raises(GridmapError, match="note"):
            desk.do(case, desk.cadre, act, "  ")
    with pytest.raises(GridmapError, match="how much more"):
        desk.do(case, desk.cadre, Act.REQUEST_EXTENSION, "人手不足")


def test_a_dispute_goes_on_the_spot_then_to_the_community_then_to_the_town(desk: Desk) -> None:
    case = desk.handled()
    desk.do(case, desk.cadre, Act.ESCALATE, "当事人不同意", TUESDAY)
    assert (case.level, case.unit_id, case.assignee_id) == ("community", desk.office.here, None)
    assert case.step_due_at == at("2025-04-07 18:00")
    assert Act.FINISH in allowed_acts(desk.session, desk.supervisor, case)
    assert allowed_acts(desk.session, desk.cadre, case) == []
    desk.do(case, desk.supervisor, Act.ESCALATE, "调解不成", TUESDAY)
    assert (case.level, case.unit_id) == ("town", desk.office.town)
    # The community's supervisor does not lead the town's mediation room.
    assert allowed_acts(desk.session, desk.supervisor, case) == []
    assert Act.ESCALATE not in allowed_acts(desk.session, desk.town, case)
    desk.do(case, desk.town, Act.FINISH, "已签协议", TUESDAY)
    assert case.step == "feedback"


def test_dispatch_finds_who_answers_that_day(desk: Desk) -> None:
    session, cadres = desk.session, desk.office.cadres
    add_absence(
        session, SYSTEM, cadres["wang"], date(2025, 3, 31), date(2025, 4, 1),
        substitute_id=cadres["zhao"],
    )  # fmt: skip
    assert desk.handled().assignee_id == cadres["zhao"]
    assert desk.handled(now=TUESDAY).assignee_id == cadres["wang"]
    # The cell was redrawn after the incident: who has its successor answers.
    old = desk.take(now=TUESDAY)
    a, b = desk.office.ids("ab")
    redraw(session, {a: rectangle(0, 0, 0.4, 2), b: rectangle(0.4, 0, 2, 2)}, date(2025, 4, 2))
    wednesday = at("2025-04-02 10:00")
    desk.do(old, desk.supervisor, Act.FILE, now=wednesday)
    desk.do(old, desk.supervisor, Act.DISPATCH, now=wednesday)
    assert old.assignee_id == cadres["wang"]
    nobody = desk.take(3.5, 0.5)
    desk.do(nobody, desk.supervisor, Act.FILE)
    with pytest.raises(GridmapError, match="Nobody answers for cell 990001001001004"):
        desk.do(nobody, desk.supervisor, Act.DISPATCH)
    desk.do(nobody, desk.supervisor, Act.DISPATCH, unit_id=desk.office.here)
    assert (nobody.level, nobody.unit_id) == ("community", desk.office.here)
    outside = desk.take(50, 50, actor=desk.admin)
    desk.do(outside, desk.admin, Act.FILE)
    with pytest.raises(GridmapError, match="lies in no cell"):
        desk.do(outside, desk.admin, Act.DISPATCH)
    desk.do(outside, desk.admin, Act.DISPATCH, assignee_id=cadres["wang"])
    with pytest.raises(ConflictError, match="no community"):
        desk.do(outside, desk.admin, Act.ESCALATE, "x")


def test_many_cases_go_at_once_or_none(desk: Desk) -> None:
    cases = [desk.take(x + 0.5) for x in range(3)]
    for case in cases:
        desk.do(case, desk.supervisor, Act.FILE)
    seen = {case.id: case.version for case in cases}
    with pytest.raises(ConflictError), desk.session.begin_nested():
        dispatch_many(desk.session, desk.supervisor, seen | {cases[0].id: 1})
    assert {case.step for case in cases} == {"dispatch"}
    with pytest.raises(ForbiddenError):
        dispatch_many(desk.session, desk.cadre, seen)
    done = dispatch_many(desk.session, desk.supervisor, seen, note="今日办结", now=TUESDAY)
    assert {(case.step, case.assignee_id) for case in done} == {
        ("handling", desk.office.cadres["wang"])
    }
    notes = desk.session.scalars(select(CaseStep.note).where(CaseStep.act == "dispatch")).all()
    assert notes == ["今日办结"] * 3
    with pytest.raises(GridmapError, match="up to 500"):
        dispatch_many(desk.session, desk.supervisor, dict.fromkeys(range(501), 1))
    assert dispatch_many(desk.session, desk.supervisor, {}) == []


def test_more_time_may_be_refused_and_ends_with_the_step(desk: Desk) -> None:
    case = desk.handled()
    due = case.step_due_at
    more = {"extension": Allowance(4, "hours")}
    desk.do(case, desk.cadre, Act.REQUEST_EXTENSION, "等待", **more)
    with pytest.raises(ConflictError):
        desk.do(case, desk.cadre, Act.REQUEST_EXTENSION, "再等", **more)
    with pytest.raises(ForbiddenError):
        desk.do(case, desk.cadre, Act.GRANT_EXTENSION)
    desk.do(case, desk.supervisor, Act.REFUSE_EXTENSION, "不同意")
    assert (case.step_due_at, case.extended) == (due, 0)
    desk.do(case, desk.cadre, Act.REQUEST_EXTENSION, "再等", **more)
    desk.do(case, desk.cadre, Act.FINISH)
    found = desk.session.scalars(select(CaseExtension).order_by(CaseExtension.id)).all()
    assert [row.granted for row in found] == [False, False]


def test_time_granted_late_counts_from_now(desk: Desk) -> None:
    case = desk.handled()
    late = at("2025-05-12 10:00")
    desk.do(case, desk.cadre, Act.REQUEST_EXTENSION, "忘了", late, extension=Allowance(1, "hours"))
    desk.do(case, desk.supervisor, Act.GRANT_EXTENSION, now=late)
    assert case.step_due_at == case.due_at == at("2025-05-12 11:00")
