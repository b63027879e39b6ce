from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from gridmap.errors import ConflictError, ForbiddenError, NotFoundError
from gridmap.incidents.statistics import clock
from gridmap.jobs.models import Job, JobSchedule
from gridmap.jobs.service import next_time
from gridmap.reports.documents.models import Report
from gridmap.reports.documents.periods import last_whole
from gridmap.reports.documents.scheduling import schedule_report, schedules, unschedule_report
from gridmap.workforce.models import User, UserArea
from tests.gridmap.conftest import rectangle
from tests.gridmap.reports.documents.conftest import Place

Make = Callable[[], int]


def come(place: Place) -> None:
    """Let the time of all schedules come."""
    place.session.execute(text("UPDATE job_schedule SET next_at = now() - interval '1 minute'"))
    place.session.commit()


def test_a_schedule_makes_the_report_of_the_period_just_ended(
    own_engine: Engine, own_place: Place, make: Make
) -> None:
    planner = own_place.people["planner"]
    made = schedule_report(own_place.session, planner, "bulletin", own_place.unit.id)
    assert made.every == "week"
    own_place.session.commit()
    assert make() == 0
    come(own_place)
    assert make() == 1
    with Session(own_engine) as session:
        report = session.scalars(select(Report)).one()
        now = clock(session.connection())
        assert (report.first, report.last) == last_whole("bulletin", now.today)
        assert (report.last - report.first).days == 6
        assert report.first.weekday() == 0
        assert (report.owner_id, report.scheduled) == (planner.user_id, True)
        assert report.frozen_at is not None
        (row,) = schedules(session, planner)
        assert row.next_at.astimezone(now.zone).weekday() == 0
        assert row.next_at == next_time(row.next_at.astimezone(now.zone).replace(hour=2), "week")


def test_a_report_is_scheduled_once_and_by_who_may(place: Place) -> None:
    session, planner = place.session, place.people["planner"]
    cell = place.field.cell(1, rectangle(0, 0, 2, 2))
    made = schedule_report(session, planner, "month", place.unit.id)
    with pytest.raises(ConflictError, match="already"):
        schedule_report(session, place.people["second"], "month", place.unit.id)
    sheet = schedule_report(session, planner, "cell_sheet", place.unit.id, cell.id)
    assert (made.every, sheet.every) == ("month", "quarter")
    assert [(row.kind, row.unit) for row in schedules(session, planner)] == [
        ("month", "幸福社区"), ("cell_sheet", "幸福社区"),
    ]  # fmt: skip
    assert schedules(session, place.people["foreign"]) == []
    with pytest.raises(NotFoundError):
        schedule_report(session, planner, "month", place.other.id)
    with pytest.raises(ForbiddenError):
        schedule_report(session, place.people["cadre"], "month", place.unit.id)
    with pytest.raises(NotFoundError):
        unschedule_report(session, place.people["foreign"], made.id)
    of_supervisor = schedule_report(session, place.people["second"], "year", place.unit.id)
    with pytest.raises(ForbiddenError, match="belongs to somebody else"):
        unschedule_report(session, planner, of_supervisor.id)
    unschedule_report(session, place.people["supervisor"], made.id)
    unschedule_report(session, planner, sheet.id)
    assert session.scalars(select(JobSchedule.id)).all() == [of_supervisor.id]


@pytest.mark.parametrize("lost", ["person", "right", "area", "password"])
def test_a_schedule_ends_with_the_rights_of_its_owner(
    own_engine: Engine, own_place: Place, make: Make, lost: str
) -> None:
    session, planner = own_place.session, own_place.people["planner"]
    schedule_report(session, planner, "month", own_place.unit.id)
    user = session.get_one(User, planner.user_id)
    if lost == "person":
        user.active = False
    elif lost == "right":
        user.role = "cadre"
    elif lost == "area":
        session.get_one(UserArea, (user.id, own_place.unit.id)).unit_id = own_place.other.id
    else:
        # Who must change the password still works here.
        user.must_change_password = True
    session.commit()
    come(own_place)
    make()
    kept = lost == "password"
    with Session(own_engine) as other:
        assert len(other.scalars(select(Report)).all()) == kept
        assert len(other.scalars(select(JobSchedule)).all()) == kept
        assert other.scalars(select(Job.state)).one() == ("done" if kept else "cancelled")


def test_a_scheduled_report_that_is_begun_anew_is_the_same(
    own_engine: Engine, own_place: Place, make: Make
) -> None:
    schedule_report(own_place.session, own_place.people["planner"], "month", own_place.unit.id)
    come(own_place)
    make()
    own_place.session.execute(
        text("UPDATE job SET state = 'running', seen_at = now() - interval '1 minute'")
    )
    own_place.session.commit()
    make()
    with Session(own_engine) as session:
        assert len(session.scalars(select(Report)).all()) == 1
