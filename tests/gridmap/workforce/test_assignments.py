"""Cells go to cadres, and nobody's act gets lost."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from gridmap.db import make_sessions
from gridmap.errors import ConflictError, ForbiddenError, GridmapError, NotFoundError
from gridmap.workforce.assignment_undo import undo
from gridmap.workforce.assignments import assign, end, hand_over
from gridmap.workforce.cadres import add_absence, set_active
from gridmap.workforce.models import Assignment, AuditEntry
from gridmap.workforce.responsibility import (
    answering,
    cadre_history,
    cell_history,
    uncovered,
    versions,
)
from gridmap.workforce.rights import Actor, Role
from tests.gridmap.workforce.conftest import DAY, Office, open_office

JUNE, JULY, AUGUST = date(2025, 6, 1), date(2025, 7, 1), date(2025, 8, 1)


def told(office: Office, cell: str, role: str = "responsible") -> list[tuple[str, str, str]]:
    """Who holds a role in a cell, the first first, as short texts."""
    names = {number: name for name, number in office.cadres.items()}
    rows = office.session.scalars(
        select(Assignment)
        .where(Assignment.cell_id == office.cells[cell], Assignment.role == role)
        .order_by(Assignment.starts, Assignment.cadre_id)
        .execution_options(populate_existing=True)
    )
    return [(names[r.cadre_id], f"{r.starts:%m-%d}", f"{r.ends or '':%m-%d}") if r.ends
            else (names[r.cadre_id], f"{r.starts:%m-%d}", "") for r in rows]  # fmt: skip


def give(office: Office, cells: str, cadre: str, on: date = DAY, **more: object) -> int | None:
    role = str(more.pop("role", "responsible"))
    return assign(
        office.session, office.supervisor, office.ids(cells), office.cadres[cadre], role, on,
        **more,  # type: ignore[arg-type]
    )  # fmt: skip


def test_a_cell_goes_from_one_cadre_to_the_next(office: Office) -> None:
    give(office, "ab", "wang")
    give(office, "a", "li", JUNE)
    assert told(office, "a") == [("wang", "04-01", "06-01"), ("li", "06-01", "")]
    assert told(office, "b") == [("wang", "04-01", "")]


def test_a_stretch_is_lent_and_comes_back(office: Office) -> None:
    give(office, "a", "wang")
    give(office, "a", "li", JUNE, until=JULY)
    assert told(office, "a") == [
        ("wang", "04-01", "06-01"), ("li", "06-01", "07-01"), ("wang", "07-01", ""),
    ]  # fmt: skip


def test_a_correction_from_the_first_day_leaves_no_trace_but_in_the_log(office: Office) -> None:
    give(office, "a", "wang")
    give(office, "a", "li")
    assert told(office, "a") == [("li", "04-01", "")]
    acts = office.session.scalars(select(AuditEntry.act).order_by(AuditEntry.id)).all()
    assert acts.count("assignment.assign") == 3  # one row made; one deleted and one made


def test_what_is_so_already_is_no_act(office: Office) -> None:
    give(office, "a", "wang")
    assert give(office, "a", "wang", JUNE) is None
    assert told(office, "a") == [("wang", "04-01", "")]


def test_several_deputies_but_each_once(office: Office) -> None:
    give(office, "a", "wang", role="deputy")
    give(office, "a", "li", JUNE, role="deputy")
    give(office, "a", "li", DAY, role="deputy", until=JULY)
    assert told(office, "a", "deputy") == [
        ("wang", "04-01", ""), ("li", "04-01", "07-01"), ("li", "07-01", ""),
    ]  # fmt: skip


def test_the_database_refuses_a_second_responsible_cadre(office: Office) -> None:
    give(office, "a", "wang")
    other = Assignment(
        cell_id=office.cells["a"], cadre_id=office.cadres["li"], role="responsible", starts=JUNE
    )
    office.session.add(other)
    with pytest.raises(IntegrityError, match="ex_assignment_responsible"):
        office.session.flush()


def test_a_role_ends(office: Office) -> None:
    give(office, "ab", "wang")
    end(office.session, office.supervisor, office.ids("a"), "responsible", JUNE)
    assert told(office, "a") == [("wang", "04-01", "06-01")]
    rows = uncovered(office.session, office.supervisor, JUNE)
    assert [row.id for row in rows] == office.ids("acd")


def test_guessed_ids_are_not_found(office: Office) -> None:
    supervisor = office.supervisor
    with pytest.raises(NotFoundError):
        give(office, "ax", "wang")
    with pytest.raises(NotFoundError):
        give(office, "a", "chen")
    with pytest.raises(NotFoundError):
        end(office.session, supervisor, office.ids("x"), "responsible", DAY)
    with pytest.raises(NotFoundError):
        hand_over(office.session, supervisor, office.cadres["chen"], office.cadres["li"], DAY)
    with pytest.raises(NotFoundError):
        cell_history(office.session, supervisor, office.cells["x"])
    with pytest.raises(NotFoundError):
        cadre_history(office.session, supervisor, office.cadres["chen"])
    with pytest.raises(NotFoundError):
        set_active(office.session, supervisor, office.cadres["chen"], False)
    assert versions(office.session, supervisor, office.ids("x")) == {}
    assert answering(office.session, supervisor, DAY, office.ids("x")) == []
    assert told(office, "x") == []


@pytest.mark.parametrize("role", [Role.PLANNER, Role.ANALYST, Role.CADRE])
def test_only_supervisors_assign(office: Office, role: Role) -> None:
    office.supervisor = office.user("other", role, office.here)
    with pytest.raises(ForbiddenError):
        give(office, "a", "wang")


def test_who_left_gets_nothing_and_who_holds_cells_cannot_leave(office: Office) -> None:
    give(office, "a", "wang")
    with pytest.raises(ConflictError, match="Wang still has 1 cells"):
        set_active(office.session, office.supervisor, office.cadres["wang"], False)
    set_active(office.session, office.supervisor, office.cadres["li"], False)
    with pytest.raises(ConflictError, match="Li is no longer active"):
        give(office, "b", "li")


def test_values_that_cannot_be(office: Office) -> None:
    with pytest.raises(GridmapError, match="no role king"):
        give(office, "a", "wang", role="king")
    with pytest.raises(GridmapError, match="before the first"):
        give(office, "a", "wang", JUNE, until=JUNE)
    office.session.execute(
        text("UPDATE cell SET valid_from = :day WHERE id = :id"),
        {"day": JUNE, "id": office.cells["a"]},
    )
    with pytest.raises(ConflictError, match="valid only since 2025-06-01"):
        give(office, "a", "wang")


def test_cells_are_handed_over_on_a_day(office: Office) -> None:
    give(office, "ab", "wang")
    give(office, "c", "wang", AUGUST)
    give(office, "d", "wang", role="deputy")
    before = {cell: told(office, cell) for cell in "abc"}
    receivers = {
        office.cells["a"]: office.cadres["li"], office.cells["b"]: office.cadres["zhao"],
        office.cells["c"]: office.cadres["li"],
    }  # fmt: skip
    wang = office.cadres["wang"]
    with pytest.raises(GridmapError, match="Nobody is named for cell 990001001001004"):
        hand_over(office.session, office.supervisor, wang, receivers, JUNE)
    receivers[office.cells["d"]] = office.cadres["li"]
    hand_over(office.session, office.supervisor, wang, receivers, JUNE)
    assert told(office, "a") == [("wang", "04-01", "06-01"), ("li", "06-01", "")]
    assert told(office, "b") == [("wang", "04-01", "06-01"), ("zhao", "06-01", "")]
    assert told(office, "c") == [("li", "08-01", "")]
    assert told(office, "d", "deputy") == [("wang", "04-01", "06-01"), ("li", "06-01", "")]
    set_active(office.session, office.supervisor, wang, True)
    undo(office.session, office.supervisor)
    assert {cell: told(office, cell) for cell in "abc"} == before


def test_a_hand_over_of_two_stretches_meets_what_the_successor_has(office: Office) -> None:
    give(office, "a", "wang", DAY, role="deputy", until=JUNE)
    give(office, "a", "wang", JULY, role="deputy", until=AUGUST)
    give(office, "a", "li", date(2025, 5, 1), role="deputy", until=date(2025, 7, 15))
    before = told(office, "a", "deputy")
    give_to = office.cadres["li"]
    hand_over(office.session, office.supervisor, office.cadres["wang"], give_to, DAY)
    assert told(office, "a", "deputy") == [
        ("li", "04-01", "06-01"), ("li", "06-01", "07-01"), ("li", "07-01", "08-01"),
    ]  # fmt: skip
    undo(office.session, office.supervisor)
    assert told(office, "a", "deputy") == before


def test_an_outdated_version_is_told(office: Office) -> None:
    seen = versions(office.session, office.supervisor, office.ids("ab"))
    assert set(seen.values()) == {0}
    first = give(office, "a", "wang", expected=seen)
    assert first is not None
    with pytest.raises(ConflictError, match="Cell 990001001001001 was changed by Sun at"):
        give(office, "ab", "li", expected=seen)
    seen = versions(office.session, office.supervisor, office.ids("ab"))
    assert seen == {office.cells["a"]: first, office.cells["b"]: 0}
    assert give(office, "ab", "li", expected=seen) is not None


def test_substitutes_answer_and_their_substitutes(office: Office) -> None:
    give(office, "abc", "wang")
    give(office, "b", "zhao", role="deputy")

    def answers() -> list[tuple[str | None, str | None]]:
        rows = answering(office.session, office.supervisor, JUNE, office.ids("abd"))
        return [(row.name, row.why) for row in rows]

    assert answers() == [("Wang", "responsible")] * 2 + [(None, None)]
    wang, li, zhao = (office.cadres[name] for name in ("wang", "li", "zhao"))
    away = {"starts": date(2025, 5, 30), "ends": date(2025, 6, 10)}
    add_absence(office.session, office.supervisor, wang, substitute_id=li, **away)
    assert answers() == [("Li", "substitute")] * 2 + [(None, None)]
    add_absence(office.session, office.supervisor, li, substitute_id=zhao, **away)
    assert answers() == [("Zhao", "substitute")] * 2 + [(None, None)]
    office.session.execute(
        text("UPDATE absence SET substitute_id = :wang WHERE cadre_id = :li"),
        {"wang": wang, "li": li},
    )
    assert answers() == [(None, None), ("Zhao", "deputy"), (None, None)]
    with pytest.raises(ConflictError, match="away on some of these days"):
        add_absence(office.session, office.supervisor, wang, starts=JUNE, ends=JULY)


def test_history_reads_both_ways(office: Office) -> None:
    give(office, "ab", "wang")
    give(office, "a", "li", JUNE)
    cell = cell_history(office.session, office.supervisor, office.cells["a"])
    assert [(row.name, row.starts, row.ends) for row in cell] == [
        ("Li", JUNE, None), ("Wang", DAY, JUNE),
    ]  # fmt: skip
    cadre = cadre_history(office.session, office.supervisor, office.cadres["wang"])
    assert {(row.cell_id, row.ends) for row in cadre} == {
        (office.cells["a"], JUNE), (office.cells["b"], None),
    }  # fmt: skip


def test_two_supervisors_at_once(own_engine: Engine) -> None:
    """Both saw the cells free; one is done first, the other is told."""
    sessions = make_sessions(own_engine)
    with sessions.begin() as session:
        office = open_office(session)
        both = [office.supervisor, office.user("hu", Role.SUPERVISOR, office.here)]
    seen = dict.fromkeys(office.ids("abc"), 0)
    start = threading.Barrier(2)
    came: dict[str, object] = {}

    def work(actor: Actor, cadre: int, cells: list[int]) -> None:
        start.wait()
        try:
            with sessions.begin() as session:
                came[actor.name] = assign(
                    session, actor, cells, cadre, "responsible", DAY, expected=seen
                )
        except ConflictError as error:
            came[actor.name] = error

    # The cells are named in opposite orders, which must not end in a deadlock.
    threads = [
        threading.Thread(target=work, args=(both[0], office.cadres["wang"], office.ids("abc"))),
        threading.Thread(target=work, args=(both[1], office.cadres["li"], office.ids("cba"))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lost = [name for name, result in came.items() if isinstance(result, ConflictError)]
    assert len(came) == 2
    assert len(lost) == 1
    winner = next(name for name in came if name not in lost)
    assert f"was changed by {winner} at" in str(came[lost[0]])
    with sessions.begin() as session:
        holders = set(session.scalars(select(Assignment.cadre_id)))
        assert holders == {office.cadres["wang" if winner == "Sun" else "li"]}


ACTS = st.tuples(
    st.sampled_from("ab"),
    st.sampled_from(["wang", "li", "zhao"]),
    st.sampled_from(["responsible", "responsible", "deputy"]),
    st.integers(0, 20),
    st.one_of(st.none(), st.integers(1, 10)),
    st.sampled_from(["assign", "assign", "assign", "end", "hand_over", "undo"]),
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(ACTS, min_size=1, max_size=8))
def test_each_day_has_one_responsible_cadre_and_the_last_word_counts(
    office: Office, acts: list[tuple[str, str, str, int, int | None, str]]
) -> None:
    """A plain model with one entry for each day agrees, and nothing ever overlaps."""
    session: Session = office.session
    apart = session.begin_nested()
    horizon = 40
    model: dict[str, list[str | None]] = {cell: [None] * horizon for cell in "ab"}
    past: list[dict[str, list[str | None]]] = []
    others: dict[str, set[tuple[int, str]]] = {cell: set() for cell in "ab"}
    past_others: list[dict[str, set[tuple[int, str]]]] = []
    for cell, cadre, role, first, length, kind in acts:
        former = {name: list(days) for name, days in model.items()}
        former_others = {name: set(days) for name, days in others.items()}
        on = DAY + timedelta(days=first)
        last = horizon if length is None else min(first + length, horizon)
        done: int | None = None
        if kind == "assign":
            until = None if length is None else on + timedelta(days=length)
            done = give(office, cell, cadre, on, role=role, until=until)
            if role == "responsible":
                model[cell][first:last] = [cadre] * (last - first)
            else:
                others[cell] |= {(day, cadre) for day in range(first, last)}
        elif kind == "end":
            done = end(session, office.supervisor, office.ids(cell), role, on)
            if role == "responsible":
                model[cell][first:] = [None] * (horizon - first)
            else:
                others[cell] = {pair for pair in others[cell] if pair[0] < first}
        elif kind == "hand_over":
            to = "wang" if cadre != "wang" else "li"
            done = hand_over(
                session, office.supervisor, office.cadres[cadre], office.cadres[to], on
            )
            for name in "ab":
                model[name][first:] = [to if c == cadre else c for c in model[name][first:]]
                others[name] = {
                    (day, to if who == cadre and day >= first else who) for day, who in others[name]
                }
        elif past:
            undo(session, office.supervisor)
            model, others = past.pop(), past_others.pop()
        if done is not None:
            past.append(former)
            past_others.append(former_others)
        for name in "ab":
            stored: list[str | None] = [None] * horizon
            deputies: set[tuple[int, str]] = set()
            for role_, into in (("responsible", stored), ("deputy", None)):
                rows = session.execute(
                    select(Assignment.cadre_id, Assignment.starts, Assignment.ends).where(
                        Assignment.cell_id == office.cells[name], Assignment.role == role_
                    )
                )
                who = {number: short for short, number in office.cadres.items()}
                for row in rows:
                    end_ = horizon if row.ends is None else (row.ends - DAY).days
                    for day in range((row.starts - DAY).days, min(end_, horizon)):
                        if into is not None:
                            assert into[day] is None
                            into[day] = who[row.cadre_id]
                        else:
                            assert (day, who[row.cadre_id]) not in deputies
                            deputies.add((day, who[row.cadre_id]))
            assert stored == model[name]
            assert deputies == others[name]
    apart.rollback()
