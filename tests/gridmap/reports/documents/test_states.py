from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from gridmap.errors import ConflictError, ForbiddenError, GridmapError, NotFoundError
from gridmap.jobs.models import Job
from gridmap.reports.documents import acts, queries, service
from gridmap.reports.documents.models import STATES, Report, ReportEvent
from gridmap.workforce.models import AuditEntry
from tests.gridmap.reports.documents.conftest import Place

#: Who may bring a report of the planner's from where to where.
ALLOWED = {
    ("settle", "planner"), ("settle", "supervisor"), ("settle", "admin"),
    ("approve", "supervisor"), ("approve", "admin"),
    ("publish", "supervisor"), ("publish", "admin"),
    ("withdraw", "supervisor"), ("withdraw", "admin"),
}  # fmt: skip


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("act", acts.WAYS)
@pytest.mark.parametrize("login", ["planner", "supervisor", "admin", "cadre", "foreign"])
def test_who_may_bring_a_report_where(place: Place, login: str, act: acts.Act, state: str) -> None:
    report, actor = place.finished(state=state), place.people[login]
    way = acts.WAYS[act]
    allowed = (act, login) in ALLOWED and state in way.origin
    readable = login != "foreign" and (login != "cadre" or state == "published")
    if allowed:
        assert act in acts.acts_for(actor, report)
        acts.act_on(place.session, actor, report.id, act, "有误")
        assert report.state == way.state
        return
    if readable:
        assert act not in acts.acts_for(actor, report)
    refused = (NotFoundError, ForbiddenError, ConflictError)
    with pytest.raises(refused) as told:
        acts.act_on(place.session, actor, report.id, act, "有误")
    if not readable:
        assert isinstance(told.value, NotFoundError)
    elif (act, login) in ALLOWED:
        assert isinstance(told.value, ConflictError)
    else:
        assert isinstance(told.value, ForbiddenError)
    assert report.state == state


def test_nobody_approves_what_he_ordered_but_an_administrator(place: Place) -> None:
    own, second = place.people["supervisor"], place.people["second"]
    report = place.finished("supervisor")
    assert "approve" not in acts.acts_for(own, report)
    assert acts.why_not_approve(own, report) is not None
    assert acts.why_not_approve(second, report) is None
    with pytest.raises(ForbiddenError, match="You ordered this report yourself"):
        acts.act_on(place.session, own, report.id, "approve")
    acts.act_on(place.session, second, report.id, "approve")
    of_admin = place.finished("admin")
    acts.act_on(place.session, place.people["admin"], of_admin.id, "approve")
    assert (report.state, of_admin.state) == ("approved", "approved")


def test_approval_asks_for_the_files_and_each_state_is_in_the_history(place: Place) -> None:
    report, actor = place.finished(), place.people["supervisor"]
    acts.comment(place.session, place.people["second"], report.id, "少了一件")
    acts.act_on(place.session, place.people["planner"], report.id, "settle")
    for act in ("approve", "publish"):
        acts.act_on(place.session, actor, report.id, act)  # type: ignore[arg-type]
    acts.act_on(place.session, actor, report.id, "withdraw", "数字有误")
    events = queries.events_of(place.session, report.id)
    assert [(event.state, event.person, event.note) for event in events] == [
        ("commented", "second", ""), ("draft", "planner", ""), ("approved", "supervisor", ""),
        ("published", "supervisor", ""), ("withdrawn", "supervisor", "数字有误"),
    ]  # fmt: skip
    jobs = place.session.scalars(select(Job)).all()
    assert [(job.kind, job.parameters) for job in jobs] == [
        (service.KIND_FILES, {"report": report.id})
    ]
    told = place.session.scalars(
        select(AuditEntry.act).where(AuditEntry.subject == "report").order_by(AuditEntry.id)
    ).all()
    assert told == [f"report.{act}" for act in
                    ("comment", "settle", "approve", "publish", "withdraw")]  # fmt: skip


def test_nobody_approves_words_that_came_after_the_page(place: Place) -> None:
    report, actor = place.finished(), place.people["supervisor"]
    acts.remark(place.session, place.people["planner"], report.id, "incidents", "zh", "问题")
    with pytest.raises(ConflictError, match="Look at it again"):
        acts.act_on(place.session, actor, report.id, "approve", edition=0)
    acts.act_on(place.session, actor, report.id, "approve", edition=1)
    assert report.state == "approved"


def test_a_withdrawal_says_why(place: Place) -> None:
    report = place.finished(state="published")
    with pytest.raises(GridmapError, match="Say why"):
        acts.act_on(place.session, place.people["supervisor"], report.id, "withdraw", "  ")
    assert report.state == "published"


def test_a_report_that_is_not_made_yet_goes_nowhere(place: Place) -> None:
    report = place.finished(frozen_at=None)
    assert acts.acts_for(place.people["admin"], report) == ()
    with pytest.raises(ConflictError):
        acts.act_on(place.session, place.people["admin"], report.id, "approve")
    with pytest.raises(ConflictError, match="not finished"):
        acts.comment(place.session, place.people["planner"], report.id, "x")


def test_comments_are_told_of_sections_that_there_are(place: Place) -> None:
    report, planner = place.finished(), place.people["planner"]
    acts.comment(place.session, planner, report.id, " 好 \r\n第二行", "incidents")
    acts.comment(place.session, planner, report.id, "整体")
    said = queries.comments_of(place.session, report.id)
    assert [(each.section, each.text, each.author) for each in said] == [
        ("incidents", "好 \n第二行", "planner"), ("", "整体", "planner"),
    ]  # fmt: skip
    # The second comment does not change the state again.
    assert [each.state for each in queries.events_of(place.session, report.id)] == ["commented"]
    for section, words, sentence in (
        ("no such", "x", "no such section"), ("", " ", "Write something"),
        ("", "x" * 4001, "at most 4000"), ("", "证件 11010519491231002X", "identity-card"),
    ):  # fmt: skip
        with pytest.raises(GridmapError, match=sentence):
            acts.comment(place.session, planner, report.id, words, section)


@pytest.mark.parametrize("state", ["approved", "published", "withdrawn"])
def test_what_is_approved_takes_no_words_any_more(place: Place, state: str) -> None:
    report = place.finished(state=state)
    admin = place.people["admin"]
    assert not acts.may_edit(admin, report)
    with pytest.raises(ConflictError, match="no longer be changed"):
        acts.comment(place.session, admin, report.id, "x")
    with pytest.raises(ConflictError, match="no longer be changed"):
        acts.remark(place.session, admin, report.id, "incidents", "zh", "x")
    with pytest.raises(ConflictError, match="kept for good"):
        service.delete(place.session, admin, report.id)


def test_a_remark_is_changed_by_who_saw_the_last_one(place: Place) -> None:
    report, planner = place.finished(), place.people["planner"]
    acts.remark(place.session, planner, report.id, "incidents", "zh", "问题")
    (first,) = queries.remarks_of(place.session, report.id)
    assert (first.text, report.edition) == ("问题", 1)
    with pytest.raises(ConflictError, match="Somebody else"):
        acts.remark(place.session, planner, report.id, "incidents", "zh", "别的")
    with pytest.raises(ConflictError, match="Somebody else"):
        acts.remark(place.session, planner, report.id, "incidents", "zh", "别的", datetime.now(UTC))
    seen = first.at
    acts.remark(place.session, planner, report.id, "incidents", "zh", "问题", seen)
    assert report.edition == 1
    acts.remark(place.session, place.people["second"], report.id, "incidents", "zh", "下一步", seen)
    (second,) = queries.remarks_of(place.session, report.id)
    assert (second.text, second.author, report.edition) == ("下一步", "second", 2)
    acts.remark(place.session, planner, report.id, "incidents", "zh", "", second.at)
    assert (queries.remarks_of(place.session, report.id), report.edition) == ([], 3)
    with pytest.raises(GridmapError, match="no such section"):
        acts.remark(place.session, planner, report.id, "", "zh", "x")


def test_a_draft_is_deleted_by_its_owner_or_who_manages_reports(place: Place) -> None:
    report = place.finished("supervisor")
    with pytest.raises(ForbiddenError, match="belongs to somebody else"):
        service.delete(place.session, place.people["planner"], report.id)
    acts.comment(place.session, place.people["planner"], report.id, "x")
    service.delete(place.session, place.people["second"], report.id)
    assert place.session.get(Report, report.id) is None
    assert place.session.scalars(select(ReportEvent)).all() == []
