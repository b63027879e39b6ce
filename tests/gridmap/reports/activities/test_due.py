"""What plans make due, what of it is done, and the figures others ask for."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.errors import ConflictError, ForbiddenError, GridmapError, NotFoundError
from gridmap.incidents.statistics import Span
from gridmap.reports.activities.due import (
    DueWanted,
    count_due,
    list_due,
    own_duties,
    period_of,
    periods,
)
from gridmap.reports.activities.figures import Done, done_of_due, totals
from gridmap.reports.activities.models import EVERY
from gridmap.reports.activities.plan_list import PlansWanted, list_plans
from gridmap.reports.activities.plans import (
    PlanDraft,
    change_plan,
    delete_plan,
    find_plan,
    make_plan,
)
from gridmap.reports.activities.service import Draft, record
from gridmap.territory.models import Place
from gridmap.territory.scope import EVERYTHING, Scope
from gridmap.workforce.cell_list import today
from gridmap.workforce.models import Assignment, AssignmentAct, Cadre
from gridmap.workforce.rights import SYSTEM, Actor
from tests.gridmap.conftest import Field, point, rectangle, wkb

YEAR = Span(date(2025, 1, 1), date(2025, 12, 31))


def done(session: Session, kind: str, day: date, **where: int) -> None:
    record(session, SYSTEM, Draft(kind, day, **where), [], Path("/nonexistent"))


def plan(session: Session, field: Field, **more: object) -> int:
    draft = {"kind": "sweep", "every": "half_month", "unit_id": field.community.id,
             "target": "community", "starts": date(2025, 1, 1), **more}  # fmt: skip
    return make_plan(session, SYSTEM, PlanDraft(**draft)).id


@given(st.sampled_from(EVERY), st.dates(date(1990, 1, 1), date(2100, 12, 31)))
def test_a_day_lies_in_its_period_and_the_next_one_begins_after_it(every: str, day: date) -> None:
    period = period_of(every, day)
    assert period.first <= day <= period.last
    assert period_of(every, period.first) == period_of(every, period.last) == period
    assert period_of(every, period.last + timedelta(days=1)).first > day


def test_periods_of_a_year_are_24_half_months_12_months_4_quarters_and_itself() -> None:
    assert [len(periods(every, YEAR)) for every in EVERY] == [24, 12, 4, 1]
    february = period_of("half_month", date(2024, 2, 29))
    assert (february.first.day, february.last.day) == (16, 29)
    assert periods("quarter", Span(date(2025, 1, 1), date(2025, 6, 29)))[-1].last.month == 3


def test_the_database_begins_periods_on_the_same_days(session: Session) -> None:
    days = [date(2024, 1, 1) + timedelta(days=n) for n in range(366)]
    for every in EVERY:
        told = session.scalars(
            text("SELECT period_start(:every, d) FROM unnest(CAST(:days AS date[])) AS d"),
            {"every": every, "days": days},
        ).all()
        assert list(told) == [period_of(every, day).first for day in days]


def test_a_community_is_swept_once_in_each_half_month(session: Session, field: Field) -> None:
    plan(session, field)
    cell = field.cell(1, rectangle(0, 0, 4, 2), valid_from=date(2024, 1, 1))
    done(session, "sweep", date(2025, 1, 1), unit_id=field.community.id)
    done(session, "sweep", date(2025, 1, 15), cell_id=cell.id)
    done(session, "sweep", date(2025, 1, 16), cell_id=cell.id)
    # Another kind, and another year, do nothing for it.
    done(session, "meeting", date(2025, 3, 1), unit_id=field.community.id)
    done(session, "sweep", date(2024, 3, 1), unit_id=field.community.id)
    of = {group: done_of_due(session, YEAR, EVERYTHING, group)
          for group in ("community", "town", "all", "cell", "cadre", "department")}  # fmt: skip
    assert of["community"] == [Done(field.community.id, "sweep", 24, 2)]
    assert of["town"] == [Done(field.community.parent_id, "sweep", 24, 2)]
    assert of["all"] == [Done(0, "sweep", 24, 2)]
    assert of["cell"] == of["cadre"] == of["department"] == []


def test_cells_count_for_whom_they_belonged_and_by_their_code(
    session: Session, field: Field
) -> None:
    plan(session, field, target="cell", every="quarter")
    old = field.cell(1, rectangle(0, 0, 2, 2), valid_to=date(2025, 7, 1))
    new = field.cell(1, rectangle(0, 0, 2, 1.5), valid_from=date(2025, 7, 1))
    field.cell(2, rectangle(0, 0, 1, 1), kind="micro")
    cadre = Cadre(name="王", unit_id=field.community.id, source="t", external_id="1")
    session.add(cadre)
    act = AssignmentAct(user_name="t", kind="direct")
    session.add(act)
    session.flush()
    session.execute(
        text("SELECT set_config('gridmap.assignment_act', :act, true)"), {"act": str(act.id)}
    )
    session.add(Assignment(cell_id=new.id, cadre_id=cadre.id, role="responsible",
                           starts=date(2025, 10, 1), ends=None))  # fmt: skip
    session.flush()
    done(session, "sweep", date(2025, 2, 3), cell_id=old.id)
    done(session, "sweep", date(2025, 11, 3), cell_id=new.id)
    assert done_of_due(session, YEAR, EVERYTHING, "cell") == [
        Done(old.id, "sweep", 2, 1),
        Done(new.id, "sweep", 2, 1),
    ]
    assert done_of_due(session, YEAR, EVERYTHING, "cadre") == [Done(cadre.id, "sweep", 1, 1)]


def test_places_of_a_kind_count_for_their_cell(session: Session, field: Field) -> None:
    cell = field.cell(1, rectangle(0, 0, 2, 2))
    places = [
        Place(name=name, kind=kind, geom=wkb(point(x, 1)), source="t", external_id=name)
        for name, kind, x in (("甲", "clinic", 1), ("乙", "clinic", 3), ("丙", "school", 1))
    ]
    session.add_all(places)
    session.flush()
    plan(session, field, kind="inspection", every="quarter", target="place", place_kind="clinic",
         unit_id=field.community.parent_id)  # fmt: skip
    done(session, "inspection", date(2025, 5, 5), place_id=places[0].id)
    done(session, "inspection", date(2025, 5, 6), place_id=places[2].id)
    assert done_of_due(session, YEAR, EVERYTHING, "all") == [Done(0, "inspection", 8, 1)]
    assert done_of_due(session, YEAR, EVERYTHING, "cell") == [Done(cell.id, "inspection", 4, 1)]


def test_a_plan_makes_nothing_due_before_it_starts_or_after_it_ends(
    session: Session, field: Field
) -> None:
    plan(session, field, starts=date(2025, 3, 20), ends=date(2025, 5, 20))
    # From the half-month of the 20th of March to that which ends on the 15th of May.
    assert done_of_due(session, YEAR, EVERYTHING, "all") == [Done(0, "sweep", 4, 0)]


def test_what_is_not_over_is_due_only_once_it_is_done(session: Session, field: Field) -> None:
    now = today(session)
    plan(session, field, every="year", starts=now)
    span = Span(date(now.year, 1, 1), date(now.year, 12, 31))
    over = now == span.last
    assert done_of_due(session, span, EVERYTHING, "all") == []
    done(session, "sweep", now, unit_id=field.community.id)
    assert done_of_due(session, span, EVERYTHING, "all") == [Done(0, "sweep", 1, 1)] or over


def test_figures_keep_to_the_scope_and_to_units_that_lie_wholly_in_it(
    session: Session, field: Field, people: dict[str, Actor]
) -> None:
    here, town = field.community.id, field.community.parent_id
    plan(session, field, unit_id=town)
    day = date(2025, 4, 4)
    done(session, "publicity", day, unit_id=here)
    done(session, "publicity", day, unit_id=town)
    session.execute(text("UPDATE activity SET leaflets = 500 WHERE unit_id = :id"), {"id": here})
    own = Scope((here,))
    there = Scope(people["far"].scope.communities)
    assert [(t.kind, t.activities, t.counts["leaflets"]) for t in totals(session, YEAR, own)] == [
        ("publicity", 1, 500)
    ]
    assert totals(session, YEAR, there) == []
    both = Scope((here, *there.communities))
    assert totals(session, YEAR, both)[0].activities == 2
    assert done_of_due(session, YEAR, own, "all") == [Done(0, "sweep", 24, 0)]
    assert done_of_due(session, YEAR, EVERYTHING, "all") == [Done(0, "sweep", 48, 0)]
    assert done_of_due(session, YEAR, Scope(()), "all") == []


def test_the_list_tells_overdue_open_and_done(session: Session, field: Field) -> None:
    now = today(session)
    before = period_of("half_month", period_of("half_month", now).first - timedelta(days=1))
    number = plan(session, field, starts=before.first)
    wanted = DueWanted(before.first)
    counts = count_due(session, SYSTEM, now, wanted)
    assert (counts.done, counts.open, counts.overdue, counts.total) == (0, 1, 1, 2)
    rows = list_due(session, SYSTEM, now, wanted)
    assert [(row.plan_id, row.starts, row.state) for row in rows] == [
        (number, before.first, "overdue"),
        (number, period_of("half_month", now).first, "open"),
    ]
    done(session, "sweep", before.last, unit_id=field.community.id)
    assert [row.state for row in list_due(session, SYSTEM, now, wanted)] == ["open", "done"]
    wanted = DueWanted(before.first, state="done")
    assert [row.state for row in list_due(session, SYSTEM, now, wanted)] == ["done"]
    assert list_due(session, SYSTEM, now, DueWanted(before.first, kind="meeting")) == []


def test_own_duties_are_those_of_the_cells_and_their_community(
    session: Session, field: Field
) -> None:
    mine, other = (
        field.cell(1, rectangle(0, 0, 2, 2)),
        field.cell(2, rectangle(2, 0, 4, 2)),
    )
    now = today(session)
    plan(session, field, starts=now)
    plan(session, field, kind="patrol", target="cell", starts=now)
    here = field.community.id
    rows = own_duties(session, [mine.id])
    assert {(row.kind, row.member) for row in rows} == {("sweep", here), ("patrol", mine.id)}
    done(session, "patrol", now, cell_id=other.id)
    assert len(own_duties(session, [mine.id])) == 2
    done(session, "patrol", now, cell_id=mine.id)
    done(session, "sweep", now, cell_id=other.id)
    assert own_duties(session, [mine.id]) == []


def test_plans_are_made_changed_and_ended_by_who_leads_the_area(
    session: Session, field: Field, people: dict[str, Actor]
) -> None:
    draft = PlanDraft("sweep", "month", field.community.id, "community", date(2025, 1, 1))
    with pytest.raises(ForbiddenError):
        make_plan(session, people["cadre"], draft)
    with pytest.raises(NotFoundError):
        make_plan(session, people["far"], draft)
    made = make_plan(session, people["supervisor"], draft)
    with pytest.raises(ConflictError, match="planned already"):
        make_plan(session, people["supervisor"], draft)
    with pytest.raises(GridmapError, match="kind of places"):
        change_plan(session, SYSTEM, made.id, 1, PlanDraft(
            "sweep", "month", field.community.id, "place", date(2025, 1, 1)))  # fmt: skip
    changed = change_plan(session, SYSTEM, made.id, 1, PlanDraft(
        "sweep", "quarter", field.community.id, "cell", date(2025, 1, 1)))  # fmt: skip
    assert (changed.every, changed.target, changed.version) == ("quarter", "cell", 2)
    with pytest.raises(ConflictError):
        change_plan(session, SYSTEM, made.id, 1, draft)
    other = make_plan(session, SYSTEM, draft)
    with pytest.raises(ConflictError, match="planned already"):
        change_plan(session, SYSTEM, made.id, 2, draft)
    delete_plan(session, SYSTEM, other.id, other.version)
    rows, total = list_plans(session, people["cadre"], PlansWanted())
    assert ([row.id for row in rows], total) == ([made.id], 1)
    assert list_plans(session, people["far"], PlansWanted()) == ([], 0)
    with pytest.raises(ConflictError, match="changed this plan meanwhile"):
        delete_plan(session, SYSTEM, made.id, 1)
    delete_plan(session, SYSTEM, made.id, 2)
    with pytest.raises(NotFoundError):
        find_plan(session, SYSTEM, made.id)


def test_plans_are_searched_sorted_and_paged(session: Session, field: Field) -> None:
    now = today(session)
    plan(session, field, starts=now, note="雨季前")
    plan(session, field, kind="patrol", target="cell", starts=now - timedelta(days=90),
         ends=now - timedelta(days=1))  # fmt: skip

    def found(**wanted: Any) -> list[str]:
        return [row.kind for row in list_plans(session, SYSTEM, PlansWanted(**wanted))[0]]

    # What is over comes last, unless somebody asks for another order.
    assert found() == ["sweep", "patrol"]
    assert found(sort="starts") == ["patrol", "sweep"]
    assert found(sort="ends", descending=True) == ["sweep", "patrol"]
    assert found(words="雨季") == ["sweep"]
    assert found(words=field.community.code) == ["sweep", "patrol"]
    assert found(words="%") == []
    assert found(kind="patrol", unit_id=field.community.parent_id) == ["patrol"]
    assert found(unit_id=10**9) == []
    rows, total = list_plans(session, SYSTEM, PlansWanted(), page=2)
    assert (list(rows), total) == ([], 2)
