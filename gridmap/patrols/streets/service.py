"""Builds the network of streets of the roads that are stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geodata.messages import N_
from gridmap.jobs.running import Doing, Handlers
from gridmap.patrols.models import StreetNetwork
from gridmap.patrols.network import Floats, Mode
from gridmap.patrols.streets.asking import KIND
from gridmap.patrols.streets.building import Streets, build
from gridmap.patrols.streets.gaps import Gaps, find_gaps
from gridmap.patrols.streets.placed import Placed, place
from gridmap.patrols.streets.storing import find_communities, read_roads, store
from gridmap.territory.models import Road

#: What the building is at, for the page that waits.
READING, JOINING, STORING = (
    N_("Reading the roads"),
    N_("Joining the streets"),
    N_("Storing the result"),
)
#: Of more gaps and islands the page tells the number alone.
MOST_LISTED = 500
Step = Callable[[str, float], None]


def build_network(session: Session, step: Step = lambda message, share: None) -> dict[str, Any]:
    """Build the network of the roads that are stored, and store it.

    Parameters
    ----------
    session : Session
        Nothing is committed. What writes roads waits until it is.
    step : callable, optional
        Told what is done now, and the share of all work that is behind.

    Returns
    -------
    dict
        The report, see `StreetNetwork.report`.
    """
    # What is written now is waited for, and what comes meanwhile waits and then finds the network
    # up to date, which it no longer is: so no road is missed. In the order of an import.
    session.execute(text("LOCK TABLE unit, road IN SHARE MODE"))
    newest = select(StreetNetwork).with_for_update().execution_options(populate_existing=True)
    state = session.execute(newest).scalar_one()
    step(READING, 0.0)
    roads = read_roads(session)
    step(JOINING, 0.2)
    streets = build(roads)
    report = {"roads": len(roads), **_figures(streets)}
    step(STORING, 0.7)
    report |= store(session, streets, find_communities(session, streets))
    state.version += 1
    state.built_at, state.outdated, state.report = datetime.now(UTC), False, report
    session.flush()
    return report


def build_first(session: Session) -> bool:
    """Build the network where there are roads and it was never built; return whether it was."""
    state = session.execute(select(StreetNetwork)).scalar_one()
    if state.built_at is not None or session.scalar(select(Road.id).limit(1)) is None:
        return False
    build_network(session)
    return True


def do_building(doing: Doing) -> None:
    """Build the network, as a job asks."""
    with Session(doing.engine) as session, session.begin():
        build_network(session, doing.step)


HANDLERS: Handlers = {KIND: do_building}


def _figures(streets: Streets) -> dict[str, Any]:
    """Return what the page tells of a network."""
    used = streets.forward | streets.backward
    walked = streets.component >= 0
    parts = np.bincount(streets.component[walked], weights=streets.length_m[walked]).astype(float)
    placed = _placed(streets)
    gaps = find_gaps(placed.network) if placed else None
    return {
        "bounds": list(placed.bounds) if placed else None,
        "segments": len(streets),
        "nodes": int(max(streets.start.max(initial=-1), streets.end.max(initial=-1))) + 1,
        "km": round(float(streets.length_m.sum()) / 1000, 3),
        "km_of": {
            mode.name.lower(): round(float(streets.length_m[(used & mode) > 0].sum()) / 1000, 3)
            for mode in Mode
            if mode.name
        },
        "parts": len(parts),
        "largest": float(parts[0] / parts.sum()) if len(parts) else None,
        "islands": _islands(streets, parts),
        "dead_ends": _dead_ends(streets),
        "gaps": len(gaps) if gaps else 0,
        "gaps_listed": _listed(placed, gaps, streets) if placed and gaps else [],
    }


def _dead_ends(streets: Streets) -> int:
    walked = streets.component >= 0
    degree = np.bincount(np.append(streets.start[walked], streets.end[walked]))
    return int((degree == 1).sum())


def _islands(streets: Streets, parts: Floats) -> list[dict[str, Any]]:
    """Return the parts but the largest, the longest first, each with the place of one street."""
    listed = []
    for number in range(1, min(len(parts), MOST_LISTED + 1)):
        own = np.flatnonzero(streets.component == number)
        longest = own[np.argmax(streets.length_m[own])]
        middle = streets.lines[longest].interpolate(0.5, normalized=True)
        names = sorted({str(name) for name in streets.name[own] if name})
        listed.append({
            "part": number, "m": round(float(parts[number]), 1), "streets": len(own),
            "name": "、".join(names[:2]), "lon": round(middle.x, 7), "lat": round(middle.y, 7),
        })  # fmt: skip
    return listed


def _listed(placed: Placed, gaps: Gaps, streets: Streets) -> list[dict[str, Any]]:
    lon, lat = placed.degrees(gaps.x, gaps.y)
    other_lon, other_lat = placed.degrees(gaps.other_x, gaps.other_y)
    at = np.column_stack([lon, lat, other_lon, other_lat]).round(7).tolist()
    return [
        {
            "m": round(float(gaps.metres[k]), 1),
            "name": str(streets.name[gaps.segment[k]]),
            "other": str(streets.name[gaps.other[k]]),
            "from": at[k][:2],
            "to": at[k][2:],
        }
        for k in range(min(len(gaps), MOST_LISTED))
    ]


def _placed(streets: Streets) -> Placed | None:
    if len(streets) == 0:
        return None
    return place(
        streets.lines, streets.start, streets.end, streets.length_m, streets.forward,
        streets.backward, np.arange(len(streets)), streets.name,
    )  # fmt: skip
