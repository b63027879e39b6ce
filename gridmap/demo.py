"""The demo town in the database."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime

import pandas as pd
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from geodata.problems import Problems
from geodata.town import make_town
from geodata.town.plan import Size
from geodata.town.units import COUNTY_CODE, SEED_A
from gridmap.db import make_sessions
from gridmap.exchange.imports import LAYERS
from gridmap.incidents.cases.demo import load_cases
from gridmap.models import Base
from gridmap.patrols.routes.demo import load_routes
from gridmap.patrols.shifts.demo import load_shifts
from gridmap.patrols.streets.service import build_first, build_network
from gridmap.patrols.tracks.demo import load_tracks
from gridmap.progress import track
from gridmap.reports.activities.demo import load_activities
from gridmap.reports.evaluation.demo import load_evaluations
from gridmap.reports.indicators.demo import load_indicators
from gridmap.territory.importing.buildings import COUNTS
from gridmap.territory.importing.layer import Choices
from gridmap.territory.importing.origin import Origin
from gridmap.territory.models import Unit
from gridmap.workforce.demo import load_staff
from gridmap.workforce.importing import CADRES

SOURCE = "demo"


def database_name(size: str, seed: int) -> str:
    """Name the embedded database of one demo town, so that another does not replace it."""
    return "gridmap_demo" if (size, seed) == ("town", 1) else f"gridmap_demo_{size}_{seed}"


def load(engine: Engine, size: Size, seed: int, now: datetime | None = None) -> bool:
    """Put the demo town into a database without units; its incidents lead up to now.

    Parameters
    ----------
    engine : Engine
        A migrated database.
    size : {"small", "town", "city"}
        How large the town is.
    seed : int
        Another number makes another town.
    now : datetime, optional
        The present, with its time zone.

    Returns
    -------
    bool
        Whether it was loaded; a database that holds units already is left as it is.
    """
    now = now or datetime.now(UTC)
    with make_sessions(engine).begin() as session:
        if session.scalar(select(Unit.id).limit(1)) is not None:
            # A town loaded by an earlier version gets what this one adds.
            build_first(session)
            _load_staff(session, seed, now)
            return False
        with track(Message("Making the demo town")):
            town = make_town(size, seed, _month_end(now.date()))
        # The staff is made when the cells are there.
        made = {name: layer for name, layer in LAYERS.items() if name != CADRES.name}
        frames: dict[str, pd.DataFrame] = {name: getattr(town, name) for name in made}
        frames["incidents"] = town.incidents[town.incidents["occurred_at"] <= now]
        # The counts of all months come as a layer of their own.
        frames["buildings"] = town.buildings.assign(month=None, **dict.fromkeys(COUNTS))
        with track(Message("Loading the demo town"), sum(map(len, frames.values()))) as advance:
            # A few incidents lie outside the county on purpose.
            choices = Choices(source=SOURCE, keep_outside=True, advance=advance)
            for name, layer in made.items():
                frame = layer.check(session, frames[name], Problems(), choices)
                layer.write(session, frame, Origin(SOURCE), choices, True)
                # What follows joins with these rows, and the planner knows nothing of them yet.
                session.execute(text("ANALYZE"))
        build_network(session)
        _load_staff(session, seed, now)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"VACUUM ANALYZE {', '.join(Base.metadata.tables)}"))
    return True


def _month_end(day: date) -> date:
    """Return the last day of the month; the town's story ends there, and is told until now."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def _load_staff(session: Session, seed: int, now: datetime) -> None:
    """Give the demo town its staff; a town loaded by an earlier version gets it now.

    The database of somebody who named it by mistake must not get the demo's users.
    """
    named = Unit.name.startswith(SEED_A[0])
    community = session.scalar(
        select(Unit.code).where(Unit.code.startswith(COUNTY_CODE), Unit.level == "community", named)
    )
    if community is not None:
        load_staff(session, seed, community, now.date())
        load_cases(session, seed, now)
        load_routes(session, community)
        load_shifts(session, seed, now)
        load_tracks(session, seed, now)
        load_indicators(session, now)
        load_activities(session, seed, community, now)
        # What is counted comes before.
        load_evaluations(session, now, community)
