from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.jobs.running import MOST_TRIES, Doing, do_waiting, work
from gridmap.jobs.service import KEPT, Every, ask, ask_for_scheduled, cancel, next_time, schedule
from gridmap.models import jobs as tables

CHINA = ZoneInfo("Asia/Shanghai")


def put(engine: Engine, kind: str = "sum", **parameters: object) -> int:
    with Session(engine) as session, session.begin():
        return ask(session, kind, parameters).id


def look(engine: Engine, job_id: int) -> tables.Job:
    with Session(engine, expire_on_commit=False) as session:
        job = session.get(tables.Job, job_id)
        assert job is not None
        return job


def test_jobs_are_done_in_their_order_and_tell_how_far_they_are(own_engine: Engine) -> None:
    seen: list[tuple[object, float]] = []

    def add(doing: Doing) -> None:
        doing.step("adding", 0.5)
        seen.append((doing.parameters["n"], look(own_engine, doing.job.id).progress))

    ids = [put(own_engine, n=n) for n in (1, 2, 3)]
    assert do_waiting(own_engine, {"sum": add}) == 3
    assert seen == [(1, 0.5), (2, 0.5), (3, 0.5)]
    for job in (look(own_engine, each) for each in ids):
        assert (job.state, job.progress, job.message, job.error) == ("done", 1, "adding", None)
        assert job.finished_at is not None


def test_two_processes_never_do_the_same_job(own_engine: Engine) -> None:
    done: list[object] = []
    both = threading.Barrier(2, timeout=30)

    def meet(doing: Doing) -> None:
        # Each waits until the other has a job too.
        both.wait()
        done.append(doing.parameters["n"])

    for n in (1, 2):
        put(own_engine, n=n)
    threads = [
        threading.Thread(target=do_waiting, args=(own_engine, {"sum": meet})) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [1, 2]


def test_who_has_a_job_running_lets_the_others_go_first(own_engine: Engine) -> None:
    with own_engine.begin() as connection:
        one, other = connection.execute(
            text("""
                INSERT INTO app_user (login, display_name, role, password_hash)
                VALUES ('aa', 'a', 'analyst', ''), ('bb', 'b', 'analyst', '') RETURNING id
            """)
        ).scalars()
    running = put(own_engine)
    with Session(own_engine) as session, session.begin():
        session.get_one(tables.Job, running).owner_id = one
        session.get_one(tables.Job, running).state = "running"
        session.get_one(tables.Job, running).seen_at = datetime.now(UTC)
        asked = [ask(session, "sum", {"n": 0}, owner).id for owner in (one, one, other)]
    done: list[int] = []
    do_waiting(own_engine, {"sum": lambda doing: done.append(doing.job.id)})
    assert done == [asked[2], asked[0], asked[1]]


def test_what_a_person_waits_for_goes_before_what_the_program_asked(own_engine: Engine) -> None:
    with own_engine.begin() as connection:
        person = connection.execute(
            text("""
                INSERT INTO app_user (login, display_name, role, password_hash)
                VALUES ('cc', 'c', 'analyst', '') RETURNING id
            """)
        ).scalar_one()
    with Session(own_engine) as session, session.begin():
        asked = [ask(session, "sum", {"n": 0}, owner).id for owner in (None, None, person)]
    done: list[int] = []
    do_waiting(own_engine, {"sum": lambda doing: done.append(doing.job.id)})
    assert done == [asked[2], asked[0], asked[1]]


def test_what_the_program_asked_has_its_turn_after_a_while(own_engine: Engine) -> None:
    with own_engine.begin() as connection:
        person = connection.execute(
            text("""
                INSERT INTO app_user (login, display_name, role, password_hash)
                VALUES ('dd', 'd', 'analyst', '') RETURNING id
            """)
        ).scalar_one()
    with Session(own_engine) as session, session.begin():
        asked = [ask(session, "sum", {}, owner).id for owner in (None, None, person, person)]
        for each in asked[:2]:
            session.get_one(tables.Job, each).asked_at = datetime.now(UTC) - timedelta(minutes=11)
    done: list[int] = []
    do_waiting(own_engine, {"sum": lambda doing: done.append(doing.job.id)})
    # One goes first, and the other gives way again.
    assert done == [asked[0], asked[2], asked[3], asked[1]]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Unsuitable(Reason.TOO_FEW, events=3, least=30),
         {"reason": "too_few", "figures": {"events": 3, "least": 30}}),
        (GridmapError(Message("There is no category {code}.", code="X")),
         {"reason": "message", "template": "There is no category {code}.",
          "params": {"code": "X"}}),
        (ZeroDivisionError("secret"), {"reason": "broken"}),
    ],
)  # fmt: skip
def test_a_failed_job_says_why_and_the_next_one_follows(
    own_engine: Engine, fault: Exception, error: dict[str, object]
) -> None:
    def fail(doing: Doing) -> None:
        raise fault

    failing, following = put(own_engine, "fail"), put(own_engine)
    assert do_waiting(own_engine, {"fail": fail, "sum": lambda doing: None}) == 2
    job = look(own_engine, failing)
    assert (job.state, job.error) == ("failed", error)
    assert look(own_engine, following).state == "done"


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_at_its_next_tick(
    own_engine: Engine,
) -> None:
    def run(doing: Doing) -> None:
        with Session(own_engine) as session, session.begin():
            cancel(session, doing.job.id)
        doing.step("next", 0.3)
        raise AssertionError("the tick ends it")

    waiting, running = put(own_engine), put(own_engine, "run")
    with Session(own_engine) as session, session.begin():
        cancel(session, waiting)
    assert look(own_engine, waiting).state == "cancelled"
    assert do_waiting(own_engine, {"run": run}) == 1
    assert look(own_engine, running).state == "cancelled"


def test_the_job_of_a_killed_process_is_taken_back_and_given_up_in_the_end(
    own_engine: Engine,
) -> None:
    killed, alive = put(own_engine), put(own_engine)
    for more in (1, MOST_TRIES):
        with own_engine.begin() as connection:
            connection.execute(
                text(f"UPDATE job SET state = 'running', tries = tries + {more}, "
                     f"seen_at = now() - interval '1 minute' WHERE id = {killed}")
            )  # fmt: skip
            connection.execute(
                text(f"UPDATE job SET state = 'running', seen_at = now() WHERE id = {alive}")
            )
        assert do_waiting(own_engine, {"sum": lambda doing: None}) == 1
        expected = "done" if more == 1 else "failed"
        assert look(own_engine, killed).state == expected
        assert look(own_engine, alive).state == "running"


def test_who_lost_a_job_to_another_process_neither_tells_nor_ends_it(own_engine: Engine) -> None:
    def sleep(doing: Doing) -> None:
        with own_engine.begin() as connection:
            connection.execute(text("UPDATE job SET tries = tries + 1"))
        doing.step("late", 0.9)

    job_id = put(own_engine)
    do_waiting(own_engine, {"sum": sleep})
    job = look(own_engine, job_id)
    assert (job.state, job.progress, job.message) == ("running", 0, "")


def test_a_process_wakes_for_a_new_job_and_puts_it_back_when_it_is_to_end(
    own_engine: Engine,
) -> None:
    began, end = threading.Event(), threading.Event()

    def wait(doing: Doing) -> None:
        began.set()
        while True:
            doing.tick(0.5)
            time.sleep(0.01)

    thread = threading.Thread(target=work, args=(own_engine, {"sum": wait}, end))
    thread.start()
    try:
        job_id = put(own_engine)
        assert began.wait(30)
    finally:
        end.set()
        thread.join()
    job = look(own_engine, job_id)
    assert (job.state, job.tries) == ("waiting", 0)


@pytest.mark.parametrize(
    ("every", "now", "then"),
    [
        ("month", (2026, 3, 14, 9), (2026, 4, 1, 3)),
        ("month", (2026, 3, 1, 2), (2026, 3, 1, 3)),
        ("month", (2026, 12, 31, 23), (2027, 1, 1, 3)),
        # The 14th is a Saturday, and the week begins on Monday.
        ("week", (2026, 3, 14, 9), (2026, 3, 16, 3)),
        ("week", (2026, 3, 16, 2), (2026, 3, 16, 3)),
        ("week", (2026, 12, 30, 5), (2027, 1, 4, 3)),
        ("quarter", (2026, 3, 14, 9), (2026, 4, 1, 3)),
        ("quarter", (2026, 11, 1, 0), (2027, 1, 1, 3)),
        ("half", (2026, 3, 14, 9), (2026, 7, 1, 3)),
        ("half", (2026, 7, 1, 3), (2027, 1, 1, 3)),
        ("year", (2026, 3, 14, 9), (2027, 1, 1, 3)),
        ("year", (2026, 1, 1, 2), (2026, 1, 1, 3)),
    ],
)
def test_a_period_begins_early_on_its_first_day(
    every: Every, now: tuple[int, int, int, int], then: tuple[int, int, int, int]
) -> None:
    assert next_time(datetime(*now, tzinfo=CHINA), every) == datetime(*then, tzinfo=CHINA)


def test_what_is_scheduled_is_asked_for_once_its_time_has_come(session: Session) -> None:
    made = schedule(session, "sum", {"n": 1}, None)
    assert ask_for_scheduled(session) == 0
    made.next_at = datetime(2020, 1, 1, tzinfo=UTC)
    session.flush()
    assert ask_for_scheduled(session) == 1
    assert ask_for_scheduled(session) == 0
    job = session.query(tables.Job).one()
    assert (job.kind, job.parameters, job.state) == ("sum", {"n": 1}, "waiting")


def test_jobs_that_ended_well_long_ago_are_forgotten(session: Session) -> None:
    long_ago = datetime.now(UTC) - KEPT - timedelta(days=1)
    for state, ended in (("done", long_ago), ("done", datetime.now(UTC)), ("failed", long_ago)):
        session.add(tables.Job(kind="sum", parameters={}, state=state, finished_at=ended))
    schedule(session, "sum", {}, None).next_at = datetime(2020, 1, 1, tzinfo=UTC)
    session.flush()
    ask_for_scheduled(session)
    left = session.query(tables.Job).order_by(tables.Job.id).all()
    assert [job.state for job in left] == ["done", "failed", "waiting"]
