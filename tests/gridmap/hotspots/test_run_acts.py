from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from gridmap.errors import ConflictError, ForbiddenError, GridmapError, NotFoundError
from gridmap.handlers import HANDLERS
from gridmap.hotspots.demo import ask_first_run
from gridmap.hotspots.models import HotspotRun
from gridmap.hotspots.queries import (
    Filter,
    find_run,
    list_runs,
    with_state,
)
from gridmap.hotspots.scheduling import next_period
from gridmap.hotspots.service import (
    MOST_WAITING,
    ask_run,
    cancel,
    delete,
    rename,
    run_again,
    schedule,
    share,
    unschedule,
)
from gridmap.incidents.statistics import clock
from gridmap.jobs.models import Job, JobSchedule
from gridmap.jobs.running import do_waiting
from gridmap.workforce.rights import SYSTEM, Actor
from tests.gridmap.hotspots.runs import ALL, NOW, made


def test_what_cannot_be_asked_is_refused_with_a_sentence(
    town: Engine, people: dict[str, Actor]
) -> None:
    one = people["one"]
    foreign = next(iter(people["other"].units or ()))
    with Session(town) as session:
        for wish, said in (
            (replace(ALL, analysis="magic"), "method"),
            (replace(ALL, first=date(2026, 7, 1)), "before"),
            (replace(ALL, first=date(1990, 1, 1)), "at most"),
            (replace(ALL, categories=("Z9",)), "category Z9"),
            (replace(ALL, parameters={"size_m": "-3"}), "from 0 to 20,000"),
            (replace(ALL, parameters={"size_m": "much"}), "a whole number"),
            (replace(ALL, name="x" * 81), "name"),
        ):
            with pytest.raises(GridmapError, match=said):
                ask_run(session, one, wish)
        with pytest.raises(NotFoundError):
            ask_run(session, one, replace(ALL, unit_id=foreign))
        with pytest.raises(ForbiddenError):
            ask_run(session, people["cadre"], ALL)
        for _ in range(MOST_WAITING):
            ask_run(session, one, ALL)
        with pytest.raises(ConflictError):
            ask_run(session, one, ALL)


def test_a_run_is_seen_by_its_owner_and_if_shared_within_its_area(
    town: Engine, people: dict[str, Actor]
) -> None:
    def seeing(session: Session, run_id: int) -> set[str]:
        found = set()
        for name in ("one", "other", "both"):
            rows, _ = list_runs(session, people[name], Filter(), 1)
            in_list = run_id in {row.HotspotRun.id for row in rows}
            try:
                find_run(session, people[name], run_id)
            except NotFoundError:
                assert not in_list
            else:
                assert in_list
                found.add(name)
        return found

    with Session(town) as session:
        run = ask_run(session, people["one"], ALL)
        assert run.communities == list(people["one"].units or ())
        assert seeing(session, run.id) == {"one"}
        share(session, people["one"], run.id, shared=True)
        assert seeing(session, run.id) == {"one", "both"}
        with pytest.raises(ForbiddenError):
            rename(session, people["both"], run.id, "Mine")
        wide = ask_run(session, people["both"], ALL)
        share(session, people["both"], wide.id, shared=True)
        assert seeing(session, wide.id) == {"both"}
        everything = ask_run(session, SYSTEM, ALL)
        share(session, SYSTEM, everything.id, shared=True)
        assert seeing(session, everything.id) == set()


def test_a_run_is_found_by_what_a_list_calls_it(town: Engine, people: dict[str, Actor]) -> None:
    titles = {"gi_star": "热点与冷点区域", "scan": "时空聚集"}

    def found(words: str, **more: Any) -> set[str]:
        wanted = Filter(words=words, titles=titles, everything="全部类别", **more)
        rows, total = list_runs(session, people["one"], wanted, 1)
        assert total == len(rows)
        return {name for name, each in ids.items() if each in {r.HotspotRun.id for r in rows}}

    with Session(town) as session:
        asked = {
            "named": replace(ALL, name="June 50%"),
            "plain": ALL,
            "theft": replace(ALL, categories=("A11",)),
            "scan": replace(ALL, analysis="scan", categories=("A11", "D2")),
        }
        ids = {name: ask_run(session, people["one"], wish).id for name, wish in asked.items()}
        assert found("june") == {"named"}
        assert found("50%") == {"named"}
        assert found("5_%") == set()
        assert found("热点 全部") == {"named", "plain"}
        assert found("热点与冷点区域 · 全部类别") == {"named", "plain"}
        assert found("盗窃") == {"theft", "scan"}
        assert found("聚集 盗窃") == {"scan"}
        assert found("", on_map=True) == set()
        session.get_one(HotspotRun, ids["scan"]).finished_at = NOW
        hours = session.get_one(HotspotRun, ids["plain"])
        hours.finished_at, hours.summary = NOW, {"peaks": []}
        session.flush()
        assert found("", on_map=True) == {"scan"}


def test_a_run_is_renamed_repeated_scheduled_cancelled_and_deleted(
    town: Engine, people: dict[str, Actor]
) -> None:
    one = people["one"]
    with Session(town) as session:
        run = ask_run(session, one, ALL)
        rename(session, one, run.id, "  Burglaries   of June ")
        assert find_run(session, one, run.id).name == "Burglaries of June"
        with pytest.raises(GridmapError, match="name"):
            rename(session, one, run.id, " ")
        again = run_again(session, one, run.id)
        assert (again.analysis, again.parameters) == (run.analysis, run.parameters)
        schedule(session, one, run.id)
        schedule(session, one, run.id)
        assert session.query(JobSchedule).count() == 1
        unschedule(session, one, run.id)
        assert session.query(JobSchedule).count() == 0
        share(session, one, again.id, shared=True)
        schedule(session, one, again.id)
        # Another one is made each month in its place, for the same readers.
        schedule(session, one, run.id, again.id)
        assert session.query(JobSchedule).one().parameters == {"run": run.id}
        assert (run.shared, again.schedule_id) == (True, None)
        cancel(session, one, run.id)
        assert with_state(session, one, run.id).state == "cancelled"
        delete(session, one, run.id)
        assert session.query(JobSchedule).count() == 0
        with pytest.raises(NotFoundError):
            find_run(session, one, run.id)


def test_a_scheduled_run_is_made_anew_for_the_months_up_to_now(town: Engine) -> None:
    run = made(town, replace(ALL, name="briefing", first=date(2025, 7, 1), last=date(2025, 8, 31)))
    with Session(town) as session, session.begin():
        share(session, SYSTEM, run.id, shared=True)
        schedule(session, SYSTEM, run.id)
        session.execute(text("UPDATE job_schedule SET next_at = now() - interval '1 minute'"))
        today = clock(session.connection()).today
    do_waiting(town, HANDLERS)
    with Session(town) as session, session.begin():
        newest = session.query(HotspotRun).order_by(HotspotRun.id.desc()).first()
        assert newest is not None
        assert newest.id != run.id
        assert (newest.first, newest.last) == next_period(run.first, run.last, today)
        assert (newest.name, newest.shared) == ("briefing", True)
        session.execute(text("DELETE FROM job_schedule"))


@pytest.mark.parametrize(
    ("first", "last", "today", "expected"),
    [
        ("2026-03-01", "2026-03-31", "2026-06-10", ("2026-05-01", "2026-05-31")),
        ("2026-03-01", "2026-04-30", "2026-06-01", ("2026-04-01", "2026-05-31")),
        ("2025-07-01", "2026-06-30", "2026-03-15", ("2025-03-01", "2026-02-28")),
        ("2026-03-10", "2026-03-19", "2026-06-10", ("2026-05-22", "2026-05-31")),
    ],
)
def test_the_next_period_is_as_long_and_ends_with_the_last_month(
    first: str, last: str, today: str, expected: tuple[str, str]
) -> None:
    found = next_period(*map(date.fromisoformat, (first, last, today)))
    assert tuple(map(str, found)) == expected


def make_due(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE job_schedule SET next_at = now() - interval '1 minute'"))


def scheduled(engine: Engine, owner: Actor, unit: int) -> HotspotRun:
    """Make a run of a unit that is made again each month, and belongs to somebody."""
    run = made(engine, replace(ALL, unit_id=unit, name="monthly"))
    with Session(engine) as session, session.begin():
        session.get_one(HotspotRun, run.id).owner_id = owner.user_id
        session.flush()
        schedule(session, SYSTEM, run.id)
    make_due(engine)
    return run


def runs_after(engine: Engine, run: HotspotRun) -> int:
    with Session(engine) as session:
        return session.query(HotspotRun).filter(HotspotRun.id > run.id).count()


def test_a_job_that_is_begun_anew_makes_the_same_scheduled_run(
    town: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made(town, ALL)
    with Session(town) as session, session.begin():
        schedule(session, SYSTEM, run.id)
    make_due(town)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("gridmap.hotspots.running.read_area", die)
        with pytest.raises(KeyboardInterrupt):
            do_waiting(town, HANDLERS)
    with town.begin() as connection:
        connection.execute(
            text("UPDATE job SET seen_at = now() - interval '1 hour' WHERE state = 'running'")
        )
        connection.execute(text("DELETE FROM job_schedule"))
    do_waiting(town, HANDLERS)
    assert runs_after(town, run) == 1
    with Session(town) as session:
        newest = session.query(HotspotRun).order_by(HotspotRun.id.desc()).first()
        assert newest is not None
        assert newest.finished_at is not None


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ("UPDATE app_user SET must_change_password = true WHERE id = :user", True),
        ("UPDATE app_user SET active = false WHERE id = :user", False),
        ("UPDATE app_user SET role = 'cadre' WHERE id = :user", False),
        ("DELETE FROM user_area WHERE user_id = :user", False),
    ],
)
def test_a_schedule_ends_with_the_rights_of_its_owner(
    town: Engine, people: dict[str, Actor], change: str, kept: bool
) -> None:
    one = people["one"]
    (unit,) = one.units or ()
    before = "SELECT role, active, must_change_password FROM app_user WHERE id = :user"
    areas = "SELECT unit_id FROM user_area WHERE user_id = :user"
    with town.begin() as connection:
        user = connection.execute(text(before), {"user": one.user_id}).one()
        area = connection.execute(text(areas), {"user": one.user_id}).scalars().all()
        values = {"user": one.user_id, "unit": unit}
        connection.execute(text("DELETE FROM user_area WHERE user_id = :user"), values)
        connection.execute(text("INSERT INTO user_area VALUES (:user, :unit)"), values)
    run = scheduled(town, one, unit)
    try:
        with town.begin() as connection:
            connection.execute(text(change), {"user": one.user_id})
        do_waiting(town, HANDLERS)
        assert runs_after(town, run) == kept
        with Session(town) as session:
            assert session.query(JobSchedule).count() == kept
    finally:
        with town.begin() as connection:
            connection.execute(text("DELETE FROM job_schedule"))
            connection.execute(
                text("UPDATE app_user SET role = :role, active = :active, "
                     "must_change_password = :must_change_password WHERE id = :user"),
                {**user._mapping, "user": one.user_id},
            )  # fmt: skip
            connection.execute(text("DELETE FROM user_area WHERE user_id = :user"), values)
            for each in area:
                connection.execute(
                    text("INSERT INTO user_area VALUES (:user, :unit)"), {**values, "unit": each}
                )


def test_a_run_again_never_looks_at_more_when_its_unit_is_gone(
    town: Engine, people: dict[str, Actor]
) -> None:
    (unit,) = people["one"].units or ()
    with Session(town) as session:
        run = ask_run(session, SYSTEM, replace(ALL, unit_id=unit))
        # As the foreign key leaves it.
        run.unit_id = None
        session.flush()
        assert run_again(session, SYSTEM, run.id).communities == [unit]
        run.communities = [unit, 999_999]
        session.flush()
        with pytest.raises(ConflictError, match="no longer there"):
            run_again(session, SYSTEM, run.id)
        with pytest.raises(NotFoundError):
            ask_run(session, SYSTEM, replace(ALL, unit_id=999_999))


def test_running_runs_count_among_those_one_may_ask_for(
    town: Engine, people: dict[str, Actor]
) -> None:
    with Session(town) as session:
        for _ in range(MOST_WAITING):
            run = ask_run(session, people["one"], ALL)
            session.get_one(Job, run.job_id).state = "running"
            session.flush()
        with pytest.raises(ConflictError):
            ask_run(session, people["one"], ALL)


def test_a_new_demo_town_gets_one_shared_run(town: Engine) -> None:
    with town.begin() as connection:
        connection.execute(text("DELETE FROM hotspot_run"))
    assert ask_first_run(town)
    assert not ask_first_run(town)
    do_waiting(town, HANDLERS)
    with Session(town) as session, session.begin():
        run = session.query(HotspotRun).one()
        assert (run.shared, run.finished_at is not None) == (True, True)
        session.delete(run)
