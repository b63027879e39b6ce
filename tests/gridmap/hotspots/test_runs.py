from __future__ import annotations

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
from gridmap.demo import _month_end
from gridmap.embedded import Cluster
from gridmap.handlers import HANDLERS
from gridmap.hotspots import mapwise
from gridmap.hotspots.analyses.events import Area, Context, Events
from gridmap.hotspots.analyses.registry import ANALYSES
from gridmap.hotspots.analyses.result import Result
from gridmap.hotspots.models import BESIDE_M, HotspotRun
from gridmap.hotspots.queries import (
    features_json,
    found_rows,
    listed,
)
from gridmap.hotspots.running import _name, warm
from gridmap.hotspots.scheduling import prune_runs
from gridmap.hotspots.service import (
    Wish,
    ask_run,
    keep,
)
from gridmap.jobs.models import Job
from gridmap.jobs.running import do_waiting
from gridmap.workforce.rights import SYSTEM, Actor
from tests.conftest import fresh_database
from tests.gridmap.hotspots.runs import ALL, NOW, error_of, made


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


def test_the_households_of_what_is_listed_are_told(town: Engine) -> None:
    run = made(town, ALL)
    streets = made(town, replace(ALL, analysis="streets"))
    with town.connect() as connection:
        places = connection.execute(
            text("""
                SELECT CAST(values ->> 'households' AS int) AS households,
                    ST_AsBinary(geom) AS shape
                FROM hotspot_feature WHERE run_id = :run AND rank IS NOT NULL
            """),
            {"run": run.id},
        ).all()
        homes = connection.execute(
            text("""
                SELECT DISTINCT ON (b.id) ST_X(b.anchor), ST_Y(b.anchor), c.households
                FROM building b JOIN building_count c ON c.building_id = b.id
                ORDER BY b.id, c.month DESC
            """)
        ).all()
        along = connection.execute(
            text("""
                SELECT CAST(values ->> 'households' AS int) AS told, (
                    SELECT coalesce(sum(n.households), 0) FROM building b CROSS JOIN LATERAL (
                        SELECT households FROM building_count c WHERE c.building_id = b.id
                        ORDER BY month DESC LIMIT 1) n
                    WHERE ST_Distance(f.geom::geography, b.anchor::geography) <= :beside) AS beside
                FROM hotspot_feature f WHERE run_id = :run AND rank IS NOT NULL
            """),
            {"run": streets.id, "beside": BESIDE_M},
        ).all()
    x, y, households = np.array(homes, dtype=float).T
    for place in places:
        inside = shapely.intersects_xy(shapely.from_wkb(bytes(place.shape)), x, y)
        assert place.households == households[inside].sum()
    assert sum(place.households for place in places) > 0
    assert all(street.told == street.beside for street in along)
    assert sum(street.told for street in along) > 0


def test_a_scan_allows_for_what_was_chosen(town: Engine) -> None:
    apart = {"replications": 99, "weekdays": "kept", "most_radius_m": 300, "most_days": 7}
    quarter = replace(ALL, analysis="scan", first=date(2026, 4, 1))
    usual = made(town, replace(quarter, parameters=apart | {"categories": "own"}))
    assert usual.summary["allowed"] == ["weekdays", "categories"]
    homes = {"against": "poisson", "homes": "kinds", "months": "usual"}
    housed = made(town, replace(quarter, parameters=apart | homes))
    assert housed.summary["allowed"] == ["weekdays", "months", "homes"]


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


def test_hours_are_told_of_a_single_place_too(town: Engine) -> None:
    with town.begin() as connection:
        connection.execute(
            text("""
                INSERT INTO incident (occurred_at, category_id, geom, source)
                SELECT '2019-01-01 08:30+08'::timestamptz + n * interval '1 day',
                    (SELECT min(id) FROM category),
                    (SELECT ST_PointOnSurface(geom) FROM unit WHERE level = 'community' LIMIT 1),
                    'one place'
                FROM generate_series(0, 39) n
            """)
        )
    asked = replace(ALL, first=date(2019, 1, 1), last=date(2019, 2, 28))
    hours, where = (made(town, replace(asked, analysis=each)) for each in ("rhythm", "density"))
    with town.begin() as connection:
        connection.execute(text("DELETE FROM incident WHERE source = 'one place'"))
    assert np.array(hours.summary["week"]).sum(axis=0)[8] == hours.incidents == 40
    error = error_of(town, where)
    assert error is not None
    assert error["reason"] == "one_place"


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


def test_no_index_finds_the_shapes_of_all_runs_by_place_alone(town: Engine) -> None:
    """The server would take it for a tile of one run, and read the shapes of all."""
    with town.connect() as connection:
        firsts = connection.execute(
            text("""
                SELECT pg_get_indexdef(indexrelid, 1, true) FROM pg_index
                WHERE indrelid = 'hotspot_feature'::regclass AND NOT indisprimary
            """)
        ).scalars()
        assert sorted(firsts) == ["cell_id", "run_id", "run_id"]


def test_a_run_that_is_deleted_while_it_runs_is_no_fault(
    town: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_as_ever = ANALYSES["gi_star"].load()
    open_transactions = []

    def vanish(events: Events, area: Area, context: Context, *rest: Any) -> Result:
        # Homes are read beside the incidents, and may take longer.
        context.households()
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
        return run_as_ever(events, area, context, *rest)

    monkeypatch.setattr("gridmap.hotspots.analyses.gi_star.run", vanish)
    with Session(town) as session, session.begin():
        run = ask_run(session, SYSTEM, ALL)
        run_id, job_id = run.id, run.job_id
    do_waiting(town, HANDLERS)
    with Session(town) as session:
        assert session.get_one(Job, job_id).state == "cancelled"
    # Nor does a transaction stay open while an analysis computes.
    assert open_transactions == [0]


def test_a_process_that_warms_itself_has_compiled_and_read(town: Engine, cluster: Cluster) -> None:
    warm(town)
    assert mapwise._highest_scores.nopython_signatures
    with fresh_database(cluster) as url:
        empty = make_engine(url)
        # Nothing to read is no fault.
        warm(empty)
        empty.dispose()
