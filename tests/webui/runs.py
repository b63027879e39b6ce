"""Runs, plans and tracks for the tests of the pages, made as people make them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from gridmap.handlers import HANDLERS
from gridmap.hotspots.service import Wish, ask_run, share
from gridmap.incidents.statistics import clock
from gridmap.jobs.running import do_waiting
from gridmap.jobs.service import ask
from gridmap.patrols.plans import wishes
from gridmap.patrols.plans.service import ask_plan, read_wish
from gridmap.patrols.tracks.service import NewTrack, add_track
from gridmap.reports.activities.notices import give_notice
from gridmap.reports.activities.plans import PlanDraft, make_plan
from gridmap.reports.activities.service import Draft, record
from gridmap.reports.documents.order import Order
from gridmap.reports.documents.periods import last_whole
from gridmap.reports.documents.service import KIND, new_report
from gridmap.workforce.rights import SYSTEM


def make_runs(engine: Engine, *units: int) -> list[int]:
    """Make for each unit a shared run that is finished, and a spare one that never starts."""
    ids = []
    for unit in units:
        ids.append(make_run(engine, unit))
        with Session(engine) as session, session.begin():
            spare = ask_run(session, SYSTEM, wish(engine, unit, "备用"))
            share(session, SYSTEM, spare.id, shared=True)
            session.execute(text("UPDATE job SET state = 'cancelled' WHERE state = 'waiting'"))
    return ids


def make_run(engine: Engine, unit: int | None, analysis: str = "gi_star") -> int:
    """Make a run and wait for it; return its id."""
    with Session(engine) as session, session.begin():
        run = ask_run(session, SYSTEM, wish(engine, unit, "一年", analysis))
        share(session, SYSTEM, run.id, shared=True)
        run_id = run.id
    do_waiting(engine, HANDLERS)
    return run_id


def wish(engine: Engine, unit: int | None, name: str, analysis: str = "gi_star") -> Wish:
    """Return a wish for the last year."""
    with engine.connect() as connection:
        last = connection.execute(
            text("SELECT local_date(max(occurred_at)) FROM incident")
        ).scalar_one()
    assert isinstance(last, date)
    # A scan of a year takes longest of all; what the page says of fewer arrangements and smaller
    # clusters is the same.
    parameters = {"replications": 99, "most_radius_m": 500} if analysis == "scan" else {}
    first = last - timedelta(days=364)
    return Wish(analysis, first, last, name=name, unit_id=unit, parameters=parameters)


def make_patrols(engine: Engine, *units: int) -> None:
    """Make for each unit, which has a shared run, a plan and a spare one, and a track."""
    for unit in units:
        with Session(engine) as session, session.begin():
            for name in ("一", "备用"):
                ask_plan(session, SYSTEM, name, unit, date(2099, 6, 1), _plan(session, unit))
            add_track(session, SYSTEM, NewTrack("gpx", unit_id=unit), _walk(session, unit))
        do_waiting(engine, HANDLERS)


def make_work(engine: Engine, *units: int) -> None:
    """Make for each unit a sweep, an inspection with two notices, and a plan."""
    with Session(engine) as session, session.begin():
        for unit in units:
            for kind in ("sweep", "inspection"):
                draft = Draft(kind, date(2026, 3, 2), unit)
                activity = record(session, SYSTEM, draft, [], Path("/nonexistent"))
            for finding in ("消防通道堵塞", "灭火器过期"):
                give_notice(session, SYSTEM, activity.id, finding, date(2026, 3, 20))
            plan = PlanDraft("training", "quarter", unit, "community", date(2026, 1, 1))
            make_plan(session, SYSTEM, plan)


def make_reports(engine: Engine, *units: int) -> list[int]:
    """Make for each unit a published report and a draft; return the ids of the drafts."""
    drafts = []
    for unit in units:
        for state, name in (("published", ""), ("draft", "草稿")):
            with Session(engine, expire_on_commit=False) as session, session.begin():
                today = clock(session.connection()).today
                order = Order("month", unit, *last_whole("month", today))
                report = new_report(order, None, name, state=state)
                session.add(report)
                session.flush()
                report.job_id = ask(session, KIND, {"report": report.id}).id
            do_waiting(engine, HANDLERS)
        drafts.append(report.id)
    return drafts


def _plan(session: Session, unit: int) -> wishes.Wish:
    team, place, run = session.execute(
        text("""
            SELECT (SELECT min(id) FROM team WHERE unit_id = :unit),
                   (SELECT min(id) FROM place WHERE community_id = :unit),
                   (SELECT min(id) FROM hotspot_run
                    WHERE communities = ARRAY[CAST(:unit AS bigint)])
        """),
        {"unit": unit},
    ).one()
    hours = {"begins": "19:00", "ends": "22:00"}
    return read_wish({
        "teams": [{"team_id": team, "starts_at": place, **hours}], "run_id": run,
        "musts": [{"place_id": place}], "effort": "quick",
    })  # fmt: skip


def _walk(session: Session, unit: int) -> gpd.GeoDataFrame:
    """Return a walk along the longest street of a unit, at one metre each second."""
    line = session.execute(
        text("""
            SELECT ST_AsBinary(geom) FROM street_segment WHERE community_id = :unit
            ORDER BY length_m DESC LIMIT 1
        """),
        {"unit": unit},
    ).scalar_one()
    points = shapely.line_interpolate_point(
        shapely.from_wkb(bytes(line)), np.linspace(0, 1, 120), normalized=True
    )
    at = pd.Timestamp("2026-05-04T12:00:00Z") + pd.to_timedelta(np.arange(120), unit="s")
    return gpd.GeoDataFrame({"at": at, "accuracy_m": np.nan}, geometry=points, crs="EPSG:4326")
