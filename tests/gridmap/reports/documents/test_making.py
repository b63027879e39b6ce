from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ForbiddenError, GridmapError
from gridmap.jobs.models import Job
from gridmap.jobs.running import do_waiting
from gridmap.reports.documents import queries, running, service
from gridmap.reports.documents.files import document_of, facts_of
from gridmap.reports.documents.late import late_records, marks
from gridmap.reports.documents.models import Report, ReportComparison
from gridmap.reports.documents.service import ask_report
from tests.gridmap.conftest import rectangle
from tests.gridmap.reports.documents.conftest import Place
from tests.gridmap.reports.documents.standing_in import PIXEL, compose

Make = Callable[[], int]


def ask(place: Place, login: str = "planner", **changes: object) -> int:
    report = ask_report(place.session, place.people[login], place.order(**changes))
    place.session.commit()
    return report.id


def look(engine: Engine, report_id: int) -> Report:
    with Session(engine, expire_on_commit=False) as session:
        return session.get_one(Report, report_id)


def job_of(engine: Engine, report_id: int) -> Job:
    with Session(engine, expire_on_commit=False) as session:
        return session.get_one(Job, session.get_one(Report, report_id).job_id)


def test_a_report_is_frozen_and_says_the_same_whatever_happens_later(
    own_engine: Engine, own_place: Place, make: Make
) -> None:
    for day in (date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1)):
        own_place.field.incident(1, 1, day)
    report_id = ask(own_place)
    assert make() == 1
    report = look(own_engine, report_id)
    assert (report.state, report.program is not None) == ("draft", True)
    assert report.frozen_at is not None
    assert report.frozen_at <= datetime.now(UTC)
    with Session(own_engine) as session:
        before = [document_of(session, report_id, language).model_dump_json()
                  for language in ("zh", "en")]  # fmt: skip
        facts = facts_of(session, report_id)
        assert facts["incidents.count"].value == 2
        assert queries.pictures_of(session, report_id) == {"map": PIXEL}
    own_place.field.incident(1, 1, date(2026, 3, 3))
    own_place.session.execute(text("UPDATE unit SET name = '改名社区'"))
    own_place.session.commit()
    with Session(own_engine) as session:
        after = [document_of(session, report_id, language).model_dump_json()
                 for language in ("zh", "en")]  # fmt: skip
        assert after == before
        assert facts_of(session, report_id) == facts


def test_what_came_late_is_listed_and_the_figures_are_compared(
    own_engine: Engine, own_place: Place, make: Make
) -> None:
    own_place.field.incident(1, 1, date(2026, 2, 2))
    report_id = ask(own_place)
    make()
    late = own_place.field.incident(1, 1, date(2026, 3, 3))
    own_place.field.incident(1, 1, date(2026, 7, 3))
    own_place.session.commit()
    session, planner = own_place.session, own_place.people["planner"]
    row = queries.find_report(session, planner, report_id)
    marked = look_marks(session, report_id)
    found = {each.kind: each for each in late_records(session, planner, row, marked)}
    assert [each.id for each in found["incident"].rows] == [late.id]
    assert (found["incident"].total, found["case"].total) == (1, 0)
    with pytest.raises(ForbiddenError):
        late_records(session, own_place.people["cadre"], row, marked)
    service.compare(session, planner, report_id)
    # Who asks twice waits for the same answer.
    service.compare(session, planner, report_id)
    session.commit()
    assert make() == 1
    with Session(own_engine) as other:
        compared = other.get_one(ReportComparison, report_id)
        assert compared.changed == [
            {"fact": "incidents.count", "unit": "", "source": "incidents", "then": 1, "now": 2}
        ]
        assert compared.counted_at is not None
        assert compared.counted_at > row.frozen_at
    # And the report itself stays.
    assert look_value(own_engine, report_id) == 1


def look_marks(session: Session, report_id: int) -> dict[str, str]:
    found: dict[str, str] = session.scalars(
        select(Report.data["marks"]).where(Report.id == report_id)
    ).one()
    return found


def look_value(engine: Engine, report_id: int) -> Any:
    with Session(engine) as session:
        return facts_of(session, report_id)["incidents.count"].value


def test_all_that_is_counted_is_of_one_moment(
    own_engine: Engine, own_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    report_id = ask(own_place)

    def meanwhile(session: Session, order: Any, progress: Any) -> Any:
        compose(session, order, progress)
        own_place.field.incident(1, 1, date(2026, 2, 2))
        own_place.session.commit()
        return compose(session, order, progress)

    monkeypatch.setattr(running, "compose", meanwhile)
    do_waiting(own_engine, running.HANDLERS)
    assert look_value(own_engine, report_id) == 0


def test_the_report_of_a_killed_process_is_made_anew(
    own_engine: Engine, own_place: Place, make: Make
) -> None:
    report_id = ask(own_place)
    own_place.session.execute(
        text("UPDATE job SET state = 'running', tries = 1, progress = 0.4, "
             "seen_at = now() - interval '1 minute'")
    )  # fmt: skip
    own_place.session.commit()
    assert make() == 1
    assert look(own_engine, report_id).frozen_at is not None
    job = job_of(own_engine, report_id)
    assert (job.state, job.tries) == ("done", 2)
    # One that was killed after it had stored all is not made twice.
    frozen = look(own_engine, report_id).frozen_at
    own_place.session.execute(
        text("UPDATE job SET state = 'running', seen_at = now() - interval '1 minute'")
    )
    own_place.session.commit()
    assert make() == 1
    assert look(own_engine, report_id).frozen_at == frozen


def test_why_a_report_cannot_be_made_is_told(
    own_engine: Engine, own_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(session: Session, order: Any, progress: Any) -> Any:
        raise GridmapError(Message("There is no unit with the id {id}.", id=order.unit_id))

    monkeypatch.setattr(running, "compose", fail)
    report_id = ask(own_place)
    do_waiting(own_engine, running.HANDLERS)
    job = job_of(own_engine, report_id)
    assert job.state == "failed"
    assert job.error == {
        "reason": "message", "template": "There is no unit with the id {id}.",
        "params": {"id": str(own_place.unit.id)},
    }  # fmt: skip
    # Nothing stands in the way of the next one.
    assert ask(own_place) != report_id


def test_a_report_that_is_cancelled_or_deleted_meanwhile_stores_nothing(
    own_engine: Engine, own_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    planner = own_place.people["planner"]
    for act in (service.cancel, service.delete):
        report_id = ask(own_place)

        def meanwhile(session: Session, order: Any, progress: Any, which: Any = act) -> Any:
            which(own_place.session, planner, report_id)  # noqa: B023 - It is called at once.
            own_place.session.commit()
            return compose(session, order, lambda share, message: None)

        monkeypatch.setattr(running, "compose", meanwhile)
        do_waiting(own_engine, running.HANDLERS)
        with Session(own_engine) as session:
            found = session.get(Report, report_id)
            assert found is None if act is service.delete else found and found.frozen_at is None
            states = set(session.scalars(select(Job.state)))
            assert states == {"cancelled"}


def test_reports_of_an_area_are_made_one_after_the_other(
    own_engine: Engine, own_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Schedules may ask for several at once: the second process waits for the first."""
    session = own_place.session
    for kind in ("half_year", "year"):
        report = service.new_report(own_place.order(kind=kind), None)
        session.add(report)
        session.flush()
        session.add(Job(kind=service.KIND, parameters={"report": report.id}))
        session.flush()
    session.commit()
    inside, most, lock = 0, 0, threading.Lock()

    def count(session: Session, order: Any, progress: Any) -> Any:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        threading.Event().wait(0.3)
        with lock:
            inside -= 1
        return compose(session, order, progress)

    monkeypatch.setattr(running, "compose", count)
    threads = [
        threading.Thread(target=do_waiting, args=(own_engine, running.HANDLERS)) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    with Session(own_engine) as other:
        assert all(other.scalars(select(Report.frozen_at)).all())


def test_the_late_records_are_those_of_the_reports_area_alone(
    own_engine: Engine, own_place: Place, make: Make
) -> None:
    report_id = ask(own_place)
    make()
    session, planner = own_place.session, own_place.people["planner"]
    for n in range(3):
        own_place.field.incident(1, 1, date(2026, 3, 3) + timedelta(days=n))
    own_place.field.incident(50, 50, date(2026, 3, 3))
    session.commit()
    row = queries.find_report(session, planner, report_id)
    marked = look_marks(session, report_id)
    found, *others = late_records(session, planner, row, marked)
    assert (found.total, [each.at.day for each in found.rows]) == (3, [5, 4, 3])
    assert [each.kind for each in others if each.total] == []
    assert {each.kind for each in others} == {
        "incident_changed", "case", "case_changed", "activity", "activity_changed", "value",
        "correction",
    }  # fmt: skip


def test_the_late_records_of_a_cell_sheet_are_those_of_its_cell(place: Place) -> None:
    cell = place.field.cell(1, rectangle(0, 0, 2, 2))
    place.field.cell(2, rectangle(2, 0, 4, 2))
    marked = marks(place.session.connection())
    late = place.field.incident(1, 1, date(2026, 3, 3))
    place.field.incident(3, 1, date(2026, 3, 3))
    planner = place.people["planner"]
    report = place.finished(kind="cell_sheet", cell_id=cell.id)
    row = queries.find_report(place.session, planner, report.id)
    found = {each.kind: each for each in late_records(place.session, planner, row, marked)}
    assert [each.id for each in found["incident"].rows] == [late.id]
    # No sheet tells of indicators.
    assert set(found) == {
        f"{kind}{end}" for kind in ("incident", "case", "activity") for end in ("", "_changed")
    }


def test_activities_and_values_that_came_late_are_listed(
    own_engine: Engine, own_place: Place, make: Make
) -> None:
    session, planner = own_place.session, own_place.people["planner"]
    add = text("""
        INSERT INTO activity (kind, day, unit_id, participants, recorded_name)
        VALUES ('meeting', :day, :unit, 5, 'x') RETURNING id
    """)
    session.execute(add, {"day": date(2026, 3, 1), "unit": own_place.unit.id})
    session.commit()
    report_id = ask(own_place)
    make()
    late = session.execute(add, {"day": date(2026, 6, 30), "unit": own_place.unit.id}).scalar_one()
    for day, unit in (
        (date(2026, 7, 1), own_place.unit.id),
        (date(2026, 3, 1), own_place.other.id),
    ):
        session.execute(add, {"day": day, "unit": unit})
    session.execute(
        text("""
            WITH made AS (
                INSERT INTO indicator (code, name, name_en, form, numerator, numerator_en, level,
                                       period_kind, over_time)
                VALUES ('homes', '建房', 'Homes', 'count', '户', 'homes', 'community', 'month',
                        'sum') RETURNING id
            ) INSERT INTO indicator_change (indicator_id, unit_id, first, last, numerator_before,
                                            numerator, reason, user_name)
            SELECT id, :unit, '2026-02-01', '2026-02-28', 1, 2, '更正', 'x' FROM made
        """),
        {"unit": own_place.unit.id},
    )
    session.commit()
    row = queries.find_report(session, planner, report_id)
    found = {
        each.kind: each
        for each in late_records(session, planner, row, look_marks(session, report_id))
    }
    assert [(each.id, each.what) for each in found["activity"].rows] == [(late, "meeting")]
    assert [each.what for each in found["correction"].rows] == ["建房"]
    assert (found["incident"].total, found["value"].total) == (0, 0)
