"""Runs of analyses on the small demo town."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from gridmap.handlers import HANDLERS
from gridmap.hotspots.models import HotspotRun
from gridmap.hotspots.queries import (
    find_run,
    with_state,
)
from gridmap.hotspots.service import (
    Wish,
    ask_run,
)
from gridmap.jobs.running import do_waiting
from gridmap.workforce.rights import SYSTEM, Actor

NOW = datetime(2026, 6, 30, 15, tzinfo=UTC)
ALL = Wish("gi_star", date(2025, 7, 1), date(2026, 6, 30))


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
