from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from gridmap.errors import ConflictError, ForbiddenError, GridmapError, NotFoundError
from gridmap.reports.evaluation import queries, service
from gridmap.reports.evaluation.access import find_evaluation, reader_of
from gridmap.reports.evaluation.filling import fill
from gridmap.reports.evaluation.models import Evaluation
from gridmap.reports.evaluation.queries import MembersWanted
from gridmap.reports.evaluation.scoring import Part
from gridmap.reports.evaluation.weights import current, parts_of, save_weights, versions
from gridmap.workforce.rights import SYSTEM, Actor
from tests.gridmap.incidents.conftest import Desk
from tests.gridmap.incidents.test_case_rates import add


def made(desk: Desk, unit: int | None = None) -> Evaluation:
    """January of the town, counted: 20 cases due here of which 15 are closed, 4 there."""
    add(desk, 15, 0.5, "2025-01-15 18:00", "2025-01-10 10:00", "closed")
    add(desk, 5, 0.5, "2025-01-15 18:00", None, "handling")
    add(desk, 4, 5, "2025-01-15 18:00", None, "handling")
    evaluation = service.make_evaluation(
        desk.session, desk.town, unit or desk.office.town, "month", date(2025, 1, 9)
    )
    fill(desk.session, evaluation)
    return evaluation


def seen(desk: Desk, actor: Actor, evaluation: Evaluation, group: str) -> dict[int, object]:
    reader = reader_of(desk.session, actor)
    rows, total = queries.list_members(
        desk.session, reader, evaluation.id, None, MembersWanted(group)
    )
    assert total == len(rows)
    return {row.member_id: row for row in rows}


def test_an_evaluation_tells_of_all_groups_and_ranks_no_person(desk: Desk) -> None:
    evaluation = made(desk)
    office = desk.office
    assert (evaluation.first, evaluation.last) == (date(2025, 1, 1), date(2025, 1, 31))
    communities = seen(desk, desk.town, evaluation, "community")
    here, there = communities[office.here], communities[office.there]
    assert (here.due, here.rank, here.parts["cases.closed"]["v"]) == (20, 1, "75.00")  # type: ignore[attr-defined]
    # Four cases are too few to compare.
    assert (there.due, there.rank) == (4, None)  # type: ignore[attr-defined]
    for group in ("cell", "cadre"):
        members = seen(desk, desk.town, evaluation, group)
        assert members
        assert {row.rank for row in members.values()} == {None}  # type: ignore[attr-defined]
    assert seen(desk, desk.town, evaluation, "town")[office.town].due == 24  # type: ignore[attr-defined]


def test_it_goes_from_draft_to_comments_to_published(desk: Desk) -> None:
    evaluation = made(desk)
    session, office = desk.session, desk.office
    # Nobody whom it evaluates sees a draft.
    with pytest.raises(NotFoundError):
        find_evaluation(session, reader_of(session, desk.supervisor), evaluation.id)
    with pytest.raises(ConflictError):
        service.publish_evaluation(session, desk.town, evaluation.id)
    with pytest.raises(ConflictError):
        service.comment(session, desk.town, evaluation.id, "community", office.here, "x")
    service.open_evaluation(session, desk.town, evaluation.id)

    said = "两件案件属于其他部门"
    service.comment(session, desk.supervisor, evaluation.id, "community", office.here, said)
    service.comment(session, desk.cadre, evaluation.id, "cadre", office.cadres["wang"], "已核对")
    with pytest.raises(NotFoundError):
        service.comment(session, desk.supervisor, evaluation.id, "community", office.there, "x")
    with pytest.raises(NotFoundError):
        service.comment(session, desk.cadre, evaluation.id, "cadre", office.cadres["li"], "x")
    for words in ("", "x" * 1001, "身份证 11010519491231002X"):
        with pytest.raises(GridmapError):
            service.comment(
                session, desk.supervisor, evaluation.id, "community", office.here, words
            )
    rows = queries.all_comments(session, reader_of(session, desk.town), evaluation.id)
    assert [row.text for row in rows] == ["已核对", said]

    service.publish_evaluation(session, desk.town, evaluation.id)
    for act in (service.ask_count, service.publish_evaluation, service.remove_evaluation):
        with pytest.raises(ConflictError):
            act(session, desk.town, evaluation.id)
    with pytest.raises(ConflictError):
        service.comment(session, desk.supervisor, evaluation.id, "community", office.here, "x")


def test_what_is_published_stays_whatever_happens_to_the_records(desk: Desk) -> None:
    evaluation = made(desk)
    session = desk.session
    service.open_evaluation(session, desk.town, evaluation.id)
    service.publish_evaluation(session, desk.town, evaluation.id)
    before = {key: row.parts for key, row in seen(desk, desk.town, evaluation, "cell").items()}  # type: ignore[attr-defined]
    session.execute(text("UPDATE incident_case SET ended_at = due_at, step = 'closed'"))
    save_weights(session, SYSTEM, {"cases.closed": Part(1)}, 0)
    after = {key: row.parts for key, row in seen(desk, desk.town, evaluation, "cell").items()}  # type: ignore[attr-defined]
    assert before == after
    assert evaluation.weights_id < current(session).id
    # The database itself refuses too.
    for statement in (
        "UPDATE evaluation_member SET score = 100",
        "DELETE FROM evaluation_member",
        "UPDATE evaluation SET state = 'draft', published_at = NULL",
        "DELETE FROM evaluation",
    ):
        with pytest.raises(DatabaseError), session.begin_nested():
            session.execute(text(statement))


def test_scores_keep_the_weights_they_were_counted_with_until_they_are_counted_again(
    desk: Desk,
) -> None:
    evaluation = made(desk)
    session = desk.session
    first = evaluation.weights_id
    newest = save_weights(session, SYSTEM, {"cases.closed": Part(1)}, 0)
    # Whoever asks for a count may wait for it, or it may fail.
    service.ask_count(session, desk.town, evaluation.id)
    assert evaluation.weights_id == first
    fill(session, evaluation)
    assert evaluation.weights_id == newest.id
    here = seen(desk, desk.town, evaluation, "community")[desk.office.here]
    assert set(here.parts) == {"cases.closed"}  # type: ignore[attr-defined]


def test_only_who_answers_for_an_area_sees_its_cells_and_cadres(desk: Desk) -> None:
    evaluation = made(desk)
    service.open_evaluation(desk.session, desk.town, evaluation.id)
    office = desk.office
    assert set(seen(desk, desk.supervisor, evaluation, "community")) == {office.here}
    assert set(seen(desk, desk.supervisor, evaluation, "cell")) == set(office.ids("abcd"))
    assert set(seen(desk, desk.supervisor, evaluation, "cadre")) == {office.cadres["wang"]}
    assert set(seen(desk, desk.stranger, evaluation, "community")) == {office.there}
    assert seen(desk, desk.stranger, evaluation, "cadre") == {}
    # An analyst reads of the community, a cadre of the own area.
    assert set(seen(desk, desk.analyst, evaluation, "community")) == {office.here}
    assert seen(desk, desk.analyst, evaluation, "cell") == {}
    assert seen(desk, desk.analyst, evaluation, "cadre") == {}
    assert set(seen(desk, desk.cadre, evaluation, "cadre")) == {office.cadres["wang"]}
    assert seen(desk, desk.cadre, evaluation, "cell") == {}
    assert seen(desk, desk.cadre, evaluation, "community") == {}
    own = queries.own_members(desk.session, reader_of(desk.session, desk.cadre))
    assert [(row.member_id, row.state) for row in own] == [(office.cadres["wang"], "open")]


def test_who_is_evaluated_does_not_manage_it(desk: Desk) -> None:
    evaluation = made(desk)
    service.open_evaluation(desk.session, desk.town, evaluation.id)
    for act in (service.ask_count, service.publish_evaluation, service.remove_evaluation):
        with pytest.raises(ForbiddenError):
            act(desk.session, desk.supervisor, evaluation.id)
        with pytest.raises(ForbiddenError):
            act(desk.session, desk.analyst, evaluation.id)
    with pytest.raises(NotFoundError):
        service.make_evaluation(
            desk.session, desk.supervisor, desk.office.there, "month", date(2025, 1, 1)
        )
    with pytest.raises(ConflictError):
        service.make_evaluation(
            desk.session, desk.town, desk.office.town, "month", date(2025, 1, 31)
        )


def test_a_draft_is_thrown_away_with_its_members(desk: Desk) -> None:
    evaluation = made(desk)
    service.remove_evaluation(desk.session, desk.town, evaluation.id)
    left = desk.session.scalar(text("SELECT count(*) FROM evaluation_member"))
    assert left == 0


def test_a_period_that_is_not_over_cannot_be_published(desk: Desk) -> None:
    today = desk.session.execute(text("SELECT local_date(now())")).scalar_one()
    evaluation = service.make_evaluation(desk.session, desk.town, desk.office.town, "year", today)
    fill(desk.session, evaluation)
    service.open_evaluation(desk.session, desk.town, evaluation.id)
    if today < evaluation.last:
        with pytest.raises(ConflictError, match="before its period was over"):
            service.publish_evaluation(desk.session, desk.town, evaluation.id)
    else:
        with pytest.raises(ConflictError):
            service.publish_evaluation(desk.session, desk.town, evaluation.id)


def test_the_change_is_that_against_the_published_period_before(desk: Desk) -> None:
    add(desk, 10, 0.5, "2024-12-15 18:00", None, "handling")
    december = service.make_evaluation(
        desk.session, desk.town, desk.office.town, "month", date(2024, 12, 1)
    )
    fill(desk.session, december)
    january = made(desk)
    assert queries.former(desk.session, january) is None
    service.open_evaluation(desk.session, desk.town, december.id)
    service.publish_evaluation(desk.session, desk.town, december.id)
    former = queries.former(desk.session, january)
    assert former == december.id
    reader = reader_of(desk.session, desk.town)
    wanted = MembersWanted("community", sort="change")
    rows, _ = queries.list_members(desk.session, reader, january.id, former, wanted)
    here = next(row for row in rows if row.member_id == desk.office.here)
    assert here.change == here.score - here.former
    assert here.change > Decimal(0)


def test_weights_have_versions_that_stay(desk: Desk) -> None:
    session = desk.session
    first = current(session)
    for group in ("community", "team"):
        assert sum(part.weight for part in parts_of(first, group).values()) == 100
    same = save_weights(session, SYSTEM, parts_of(first), first.few)
    assert same.id == first.id
    second = save_weights(
        session, SYSTEM, {"cases.closed": Part(2), "cases.to_close_p50": Part(1, 100)}, 5, "试行"
    )
    assert [row.id for row in versions(session)][:2] == [second.id, first.id]
    entry = session.execute(
        text("SELECT act, after FROM audit_log WHERE act = 'evaluation.weights'")
    ).one()
    assert entry.after["cases.to_close_p50"] == "1 / 100 h"
    with pytest.raises(ForbiddenError):
        save_weights(session, desk.analyst, parts_of(first), 5)
    for parts, few in (
        ({}, 5),
        ({"cases.due": Part(1)}, 5),
        ({"cases.closed": Part(101)}, 5),
        ({"cases.closed": Part(1, 10)}, 5),
        ({"cases.to_close_p50": Part(1)}, 5),
        ({"cases.closed": Part(1)}, 1001),
    ):
        with pytest.raises(GridmapError):
            save_weights(session, SYSTEM, parts, few)
    with pytest.raises(DatabaseError), session.begin_nested():
        session.execute(text("UPDATE evaluation_weights SET few = 0"))
