"""The demo town's first analysis: asked for at its start, made beside the server as all others."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from geodata.town.units import COUNTY_CODE, SEED_A
from gridmap.hotspots.models import HotspotRun
from gridmap.hotspots.service import Wish, ask_run, share
from gridmap.incidents.statistics import clock
from gridmap.territory.models import Unit
from gridmap.workforce.rights import SYSTEM


def ask_first_run(engine: Engine) -> bool:
    """Ask for the hotspots of a new demo town's last year, shared; return whether it was done.

    A town that has any analysis is left alone, and so is a database that is no demo town.
    """
    with Session(engine) as session, session.begin():
        # Of two servers that start at once only one asks.
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext('first analysis'))"))
        # Of the town of the demo's people, who do not see the whole county.
        town = session.scalar(
            select(Unit.parent_id).where(
                Unit.code.startswith(COUNTY_CODE),
                Unit.level == "community",
                Unit.name.startswith(SEED_A[0]),
            )
        )
        if town is None or session.scalar(select(HotspotRun.id).limit(1)) is not None:
            return False
        last = clock(session.connection()).today - timedelta(days=1)
        wish = Wish("gi_star", last - timedelta(days=364), last, "近一年热点", town)
        share(session, SYSTEM, ask_run(session, SYSTEM, wish).id, shared=True)
    return True
