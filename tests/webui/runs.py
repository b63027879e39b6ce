"""Runs of analyses for the tests of the pages, made as people make them."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from gridmap.hotspots.running import HANDLERS
from gridmap.hotspots.service import Wish, ask_run, share
from gridmap.jobs.running import do_waiting
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
    # A scan of a year takes longest of all; what the page says of fewer arrangements is the same.
    parameters = {"replications": 99} if analysis == "scan" else {}
    first = last - timedelta(days=364)
    return Wish(analysis, first, last, name=name, unit_id=unit, parameters=parameters)
