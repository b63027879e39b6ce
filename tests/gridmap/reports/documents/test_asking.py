from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from gridmap.errors import ConflictError, ForbiddenError, GridmapError, NotFoundError
from gridmap.incidents.statistics import clock
from gridmap.jobs.models import Job
from gridmap.reports.documents.models import Report
from gridmap.reports.documents.order import KINDS, Kind
from gridmap.reports.documents.periods import EVERY, last_whole
from gridmap.reports.documents.service import ask_again, ask_report, cancel
from tests.gridmap.conftest import rectangle
from tests.gridmap.reports.documents.conftest import FIRST, LAST, Place


@pytest.mark.parametrize(
    ("kind", "first", "last"),
    [
        # Friday, 27 November 2026.
        ("half_year", date(2026, 1, 1), date(2026, 6, 30)),
        ("year", date(2025, 1, 1), date(2025, 12, 31)),
        ("month", date(2026, 10, 1), date(2026, 10, 31)),
        ("bulletin", date(2026, 11, 16), date(2026, 11, 22)),
        ("patrol_briefing", date(2026, 10, 1), date(2026, 10, 31)),
        ("cell_sheet", date(2026, 7, 1), date(2026, 9, 30)),
    ],
)
def test_the_period_offered_is_the_last_whole_one(kind: Kind, first: date, last: date) -> None:
    assert last_whole(kind, date(2026, 11, 27)) == (first, last)
    # On the first day of a period the one before is over.
    assert last_whole(kind, last + timedelta(days=1)) == (first, last)
    assert set(EVERY) == set(KINDS)


def test_an_order_is_kept_and_its_job_waits(place: Place) -> None:
    planner = place.people["planner"]
    report = ask_report(place.session, planner, place.order(), "  上半年  报告 ")
    assert (report.name, report.state, report.first, report.last) == (
        "上半年 报告", "draft", FIRST, LAST
    )  # fmt: skip
    job = place.session.get_one(Job, report.job_id)
    assert (job.kind, job.parameters, job.owner_id) == (
        "report", {"report": report.id}, planner.user_id
    )  # fmt: skip


def test_what_cannot_be_reported_on_is_refused_with_the_remedy(place: Place) -> None:
    session, planner = place.session, place.people["planner"]
    today = clock(session.connection()).today
    tomorrow = today + timedelta(days=1)
    for changes, sentence in (
        ({"first": tomorrow, "last": tomorrow}, "in the future"),
        ({"first": LAST, "last": FIRST}, "lies before the first"),
        ({"first": date(2024, 1, 1)}, "at most"),
        ({"kind": "novel"}, "no kind of report"),
        ({"kind": "cell_sheet"}, "choose the cell"),
    ):
        with pytest.raises(GridmapError, match=sentence):
            ask_report(session, planner, place.order(**changes))
    for changes in (
        {"unit_id": place.other.id}, {"unit_id": 10**9},
        {"kind": "cell_sheet", "cell_id": 10**9},
    ):  # fmt: skip
        with pytest.raises(NotFoundError):
            ask_report(session, planner, place.order(**changes))
    with pytest.raises(ForbiddenError):
        ask_report(session, place.people["cadre"], place.order())
    with pytest.raises(GridmapError, match="at most 80"):
        ask_report(session, planner, place.order(), "x" * 81)
    assert session.scalars(select(Report)).all() == []


def test_a_cell_sheet_is_about_the_cells_community(place: Place) -> None:
    cell = place.field.cell(1, rectangle(0, 0, 2, 2))
    order = place.order(kind="cell_sheet", cell_id=cell.id)
    report = ask_report(place.session, place.people["planner"], order)
    assert (report.unit_id, report.cell_id) == (place.unit.id, cell.id)
    with pytest.raises(NotFoundError):
        ask_report(
            place.session,
            place.people["foreign"],
            place.order(kind="cell_sheet", cell_id=cell.id, unit_id=place.other.id),
        )


def test_a_second_report_of_an_area_waits_for_the_first(place: Place) -> None:
    session, planner = place.session, place.people["planner"]
    first = ask_report(session, planner, place.order())
    with pytest.raises(ConflictError, match="one at a time"):
        ask_report(session, place.people["supervisor"], place.order(kind="year"))
    # That of another area does not mind.
    ask_report(session, place.people["foreign"], place.order(unit_id=place.other.id))
    cancel(session, planner, first.id)
    session.expire_all()
    second = ask_again(session, planner, first.id)
    assert second.id != first.id
    assert (second.kind, second.first) == (first.kind, first.first)


def test_of_two_who_ask_at_once_one_is_told(own_engine: Engine, own_place: Place) -> None:
    both = threading.Barrier(2, timeout=30)
    told: list[str] = []

    def ask(login: str) -> None:
        with Session(own_engine) as session, session.begin():
            both.wait()
            try:
                ask_report(session, own_place.people[login], own_place.order())
                told.append("made")
            except ConflictError:
                told.append("refused")

    threads = [threading.Thread(target=ask, args=(login,)) for login in ("planner", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["made", "refused"]
    with Session(own_engine) as session:
        assert len(session.scalars(select(Report)).all()) == 1
        assert len(session.scalars(select(Job)).all()) == 1


def test_only_the_owner_and_who_manages_reports_cancel_one(place: Place) -> None:
    report = ask_report(place.session, place.people["second"], place.order())
    with pytest.raises(ForbiddenError, match="belongs to somebody else"):
        cancel(place.session, place.people["planner"], report.id)
    cancel(place.session, place.people["supervisor"], report.id)
    place.session.expire_all()
    assert place.session.get_one(Job, report.job_id).state == "cancelled"
