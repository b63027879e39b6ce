from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import shapely
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from geodata.town import make_town
from gridmap.db import make_engine
from gridmap.demo import _month_end, load
from gridmap.embedded import Cluster
from gridmap.errors import ConflictError, ForbiddenError, GridmapError, NotFoundError
from gridmap.hotspots.analyses.registry import ANALYSES
from gridmap.hotspots.analyses.result import Result
from gridmap.hotspots.models import HotspotRun
from gridmap.hotspots.queries import (
    Filter,
    features_json,
    find_run,
    found_rows,
    list_runs,
    listed,
    with_state,
)
from gridmap.hotspots.reading import Choice, read_area, read_events, read_households
from gridmap.hotspots.running import HANDLERS, _name
from gridmap.hotspots.scheduling import next_period, prune_runs
from gridmap.hotspots.service import (
    MOST_WAITING,
    Wish,
    ask_run,
    cancel,
    delete,
    keep,
    rename,
    run_again,
    schedule,
    share,
    unschedule,
)
from gridmap.incidents.statistics import Span, clock
from gridmap.jobs.models import Job, JobSchedule
from gridmap.jobs.running import do_waiting
from gridmap.territory.scope import Scope
from gridmap.workforce.models import User
from gridmap.workforce.rights import SYSTEM, Actor, Role
from tests.conftest import fresh_database

NOW = datetime(2026, 6, 30, 15, tzinfo=UTC)
ALL = Wish("gi_star", date(2025, 7, 1), date(2026, 6, 30))


@pytest.fixture(scope="module")
def town(cluster: Cluster) -> Iterator[Engine]:
    with fresh_database(cluster) as url:
        engine = make_engine(url)
        load(engine, "small", 1, NOW)
        yield engine
        engine.dispose()


@pytest.fixture
def people(town: Engine) -> dict[str, Actor]:
    """Two analysts with one community each, and somebody with both."""
    with Session(town) as session:
        one, two = session.scalars(
            text("SELECT id FROM unit WHERE level = 'community' ORDER BY code LIMIT 2")
        ).all()
        users = {user.login: user.id for user in session.query(User)}
    first = Actor(users["analyst"], "a", Role.ANALYST, Scope((one,)), frozenset({one}))
    other = Actor(users["planner"], "b", Role.ANALYST, Scope((two,)), frozenset({two}))
    both = Actor(users["supervisor"], "c", Role.ANALYST, Scope((one, two)), frozenset({one, two}))
    return {
        "one": first,
        "other": other,
        "both": both,
        "cadre": replace(first, user_id=users["cadre"], role=Role.CADRE),
    }


def made(engine: Engine, wish: Wish, actor: Actor = SYSTEM) -> HotspotRun:
    """Ask for a run and wait for it."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        run_id = ask_run(session, actor, wish).id
    do_waiting(engine, HANDLERS)
    with Session(engine, expire_on_commit=False) as session:
        return find_run(session, SYSTEM, run_id)


def error_of(engine: Engine, run: HotspotRun) -> dict[str, object] | None:
    with Session(engine) as session:
        error: dict[str, object] | None = with_state(session, SYSTEM, run.id).error
        return error


def test_incidents_are_read_as_the_database_has_them(town: Engine) -> None:
    with town.connect() as connection:
        zone = clock(connection).zone
        area = read_area(connection, None)
        span = Span(date(2026, 2, 1), date(2026, 2, 28))
        events = read_events(connection, area, Choice(None, ("A", "C4"), zone), span)
        rows = connection.execute(
            text("""
                SELECT ST_X(p) AS x, ST_Y(p) AS y, t.occurred_at AT TIME ZONE :zone AS local
                FROM incident t JOIN category k ON k.id = t.category_id
                CROSS JOIN LATERAL ST_Transform(t.geom, :srid) p
                WHERE (k.code LIKE 'A%' OR k.code = 'C4') AND t.community_id IS NOT NULL
                  AND (t.occurred_at AT TIME ZONE :zone)::date
                      BETWEEN '2026-02-01' AND '2026-02-28'
                ORDER BY t.id
            """),
            {"zone": zone.key, "srid": area.crs.to_epsg()},
        ).all()
    assert len(events) == len(rows) > 10
    assert np.abs(events.x - [row.x for row in rows]).max() < 0.001
    assert np.abs(events.y - [row.y for row in rows]).max() < 0.001
    assert events.time.tolist() == [row.local.replace(microsecond=0) for row in rows]


def test_only_the_communities_asked_for_are_read(town: Engine) -> None:
    with town.connect() as connection:
        zone = clock(connection).zone
        (one,) = connection.execute(
            text("SELECT id FROM unit WHERE level = 'community' ORDER BY code LIMIT 1")
        ).one()
        area = read_area(connection, (one,))
        span = Span(ALL.first, ALL.last)
        events = read_events(connection, area, Choice((one,), (), zone), span)
        homes = read_households(connection, area, (one,))
        households = connection.execute(
            text("""
                SELECT sum(n.households) FROM building b CROSS JOIN LATERAL (
                    SELECT households FROM building_count c WHERE c.building_id = b.id
                    ORDER BY month DESC LIMIT 1) n WHERE b.community_id = :one
            """),
            {"one": one},
        ).scalar_one()
    assert len(events) > 100
    assert shapely.contains_xy(area.shape.buffer(1), events.x, events.y).all()
    assert homes.amount.sum() == households > 0


def test_planted_hotspots_are_found(town: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    truth = make_town("small", 1, _month_end(NOW.date())).truth
    assert truth
    lines = []
    for planted in truth:
        first, last = date.fromisoformat(planted["from"]), date.fromisoformat(planted["to"])
        wish = Wish("gi_star", first, min(last, NOW.date()), categories=(*planted["categories"],))
        run = made(town, wish)
        with town.connect() as connection:
            near = connection.execute(
                text("""
                    SELECT rank, count, expected, p, place, values -> 'busiest' AS busiest,
                        ST_Distance(geom::geography,
                            ST_SetSRID(ST_Point(:lon, :lat), 4326)::geography) AS metres
                    FROM hotspot_feature WHERE run_id = :run AND rank IS NOT NULL
                    ORDER BY metres LIMIT 1
                """),
                {"run": run.id, "lon": planted["centre"][0], "lat": planted["centre"][1]},
            ).one_or_none()
        lines.append(
            f"planted {planted['name']}: {planted['planted']} within {planted['radius_m']:.0f} m, "
            f"hours {planted['hours']}; found {near}"
        )
        assert near is not None, lines[-1]
        assert near.metres <= planted["radius_m"], lines[-1]
        assert near.count >= planted["planted"] / 2, lines[-1]
        hours = {(near.busiest["from"] + step) % 24 for step in range(3)}
        assert hours & set(planted["hours"]), lines[-1]
    with capsys.disabled():
        print("", *lines, sep="\n")


@pytest.mark.parametrize("analysis", ANALYSES)
def test_every_analysis_runs_with_its_defaults(town: Engine, analysis: str) -> None:
    # But for the scan, which takes longest of all.
    fewer = {"replications": 99} if analysis == "scan" else None
    run = made(town, replace(ALL, analysis=analysis, parameters=fewer))
    assert error_of(town, run) is None
    assert run.finished_at is not None
    with town.connect() as connection:
        rows = listed(connection, run.id, NOW.date())
        shapes = connection.execute(
            text("""
                SELECT bool_and(ST_IsValid(geom)) AS valid, bool_and(count >= 0) AS counted
                FROM hotspot_feature WHERE run_id = :run
            """),
            {"run": run.id},
        ).one()
        drawn = features_json(connection, run.id)
    assert [row.rank for row in rows] == list(range(1, len(rows) + 1))
    assert shapes.valid is not False
    assert shapes.counted is not False
    assert drawn.startswith(b'{"type":"FeatureCollection"')
    week, months = run.summary["week"], run.summary["months"]
    assert run.incidents == sum(months["counts"]) == sum(map(sum, week))


def test_old_runs_of_schedules_are_deleted_but_for_shared_and_kept_ones(town: Engine) -> None:
    def state(**values: object) -> dict[str, object]:
        old = {"scheduled": True, "asked_at": NOW - timedelta(days=400)}
        return {**old, **values}

    with Session(town) as session:
        wanted = {
            "old": state(),
            "young": state(asked_at=datetime.now(UTC) - timedelta(days=300)),
            "by hand": state(scheduled=False),
            "shared": state(shared=True),
            "kept": state(),
        }
        ids = {}
        for name, values in wanted.items():
            run = HotspotRun(
                name=name, analysis="gi_star", first=ALL.first, last=ALL.last, owner_id=None,
                **values,
            )  # fmt: skip
            session.add(run)
            session.flush()
            ids[name] = run.id
        keep(session, SYSTEM, ids["kept"], kept=True)
        assert prune_runs(session, 370) == 1
        left = session.scalars(select(HotspotRun.name).where(HotspotRun.id.in_(ids.values())))
        assert set(left) == set(wanted) - {"old"}
        told = session.execute(
            text("SELECT before FROM audit_log WHERE act = 'hotspots.prune'")
        ).scalar_one()
        assert told == {"runs": 1, "days": 370}
        session.rollback()


def test_incidents_with_a_span_are_spread_over_its_hours(town: Engine) -> None:
    spans = text("""
        UPDATE incident SET ended_at = occurred_at + interval '4 hours'
        WHERE id % 2 = 0 AND occurred_at >= '2026-01-01' AND occurred_at < '2026-07-01'
    """)
    with town.begin() as connection:
        connection.execute(spans)
    asked = replace(ALL, analysis="rhythm", first=date(2026, 1, 1))
    spread = made(town, asked)
    known = made(town, replace(asked, parameters={"spans": "start"}))
    with town.begin() as connection:
        connection.execute(text("UPDATE incident SET ended_at = NULL WHERE ended_at IS NOT NULL"))
    assert spread.incidents == known.incidents
    assert spread.incidents is not None
    assert spread.summary["spread"] == pytest.approx(spread.incidents / 2, rel=0.1)
    hours = [np.array(run.summary["week"]).sum(axis=0) for run in (spread, known)]
    assert hours[0].sum() == pytest.approx(hours[1].sum(), rel=1e-3)
    # Spread over the hours after, the busiest is less busy.
    assert hours[0].max() < hours[1].max()


@pytest.mark.parametrize("analysis", ANALYSES)
def test_few_incidents_are_too_few(town: Engine, analysis: str) -> None:
    run = made(town, replace(ALL, analysis=analysis, first=ALL.last, categories=("A12",)))
    error = error_of(town, run)
    assert error is not None
    assert error["reason"] == "too_few"
    assert run.finished_at is None


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
            (replace(ALL, parameters={"size_m": "-3"}), "between 0 and"),
            (replace(ALL, parameters={"size_m": "much"}), "cannot be used"),
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
        schedule(session, one, run.id)
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


def test_cells_and_cadres_outside_the_area_are_never_told(
    town: Engine, people: dict[str, Actor]
) -> None:
    """A shape may lie with its middle in the next community, whose cells are not to be named."""
    (one,), (other,) = people["one"].units or (), people["other"].units or ()
    with Session(town) as session:
        run = ask_run(session, people["one"], ALL)
        connection = session.connection()
        cells = {
            community: connection.execute(
                text("""
                    SELECT c.id FROM cell c JOIN assignment a ON a.cell_id = c.id
                    WHERE c.community_id = :community AND c.kind = 'basic'
                      AND c.valid_to IS NULL AND a.role = 'responsible' AND a.period @> :today
                    ORDER BY c.id LIMIT 1
                """),
                {"community": community, "today": NOW.date()},
            ).scalar_one()
            for community in (one, other)
        }
        for rank, cell in enumerate(cells.values(), 1):
            connection.execute(
                text("""
                    INSERT INTO hotspot_feature (run_id, rank, geom, kind, count)
                    SELECT :run, :rank, geom, 'hot99', 1 FROM cell WHERE id = :cell
                """),
                {"run": run.id, "rank": rank, "cell": cell},
            )
        _name(connection, run.id)
        rows = listed(connection, run.id, NOW.date())
        assert [row.cell_id for row in rows] == [cells[one], None]
        assert rows[0].cadre is not None
        # Nor is what was stored, should the cell belong to another community since.
        connection.execute(
            text("UPDATE hotspot_feature SET cell_id = :cell WHERE run_id = :run AND rank = 2"),
            {"cell": cells[other], "run": run.id},
        )
        foreign = listed(connection, run.id, NOW.date())[1]
        assert (foreign.cell_id, foreign.cell, foreign.cadre, foreign.community) == (None,) * 4
        assert found_rows(connection, run.id)[1].cell is None


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


def test_a_run_that_is_deleted_while_it_runs_is_no_fault(
    town: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = ANALYSES["gi_star"]
    open_transactions = []

    def vanish(*given: Any) -> Result:
        with town.begin() as connection:
            connection.execute(text("DELETE FROM hotspot_run WHERE id = :id"), {"id": run_id})
            open_transactions.append(
                connection.execute(
                    text("""
                        SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                          AND pid <> pg_backend_pid() AND state = 'idle in transaction'
                    """)
                ).scalar_one()
            )
        return entry.run(*given)

    changed = {"gi_star": replace(entry, run=vanish)}
    monkeypatch.setattr("gridmap.hotspots.running.ANALYSES", changed)
    with Session(town) as session, session.begin():
        run = ask_run(session, SYSTEM, ALL)
        run_id, job_id = run.id, run.job_id
    do_waiting(town, HANDLERS)
    with Session(town) as session:
        assert session.get_one(Job, job_id).state == "cancelled"
    # Nor does a transaction stay open while an analysis computes.
    assert open_transactions == [0]


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
