"""The network from the database, kept in the process as long as it is the newest."""

from __future__ import annotations

from threading import Lock
from typing import Any

import numpy as np
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import UnavailableError
from gridmap.patrols.streets.placed import Placed, place

_STATE = text("SELECT current_database(), version, built_at FROM street_network")
_SEGMENTS = text("""
    SELECT id, name, start_node, end_node, length_m, forward, backward, ST_AsBinary(geom) AS shape
    FROM street_segment ORDER BY id
""")
# One network is some 100 MB for a city, so only the newest is kept.
_kept: dict[Any, Placed] = {}
_lock = Lock()


def read_network(session: Session) -> Placed:
    """Return the network as it was built last.

    Parameters
    ----------
    session : Session

    Raises
    ------
    UnavailableError
        If there is none: it was never built, or there are no roads.
    """
    # Databases may have versions alike, and a rolled back transaction leaves its version free.
    state = (str(session.get_bind().engine.url), *session.execute(_STATE).one())
    with _lock:
        found = _kept.get(state)
        if found is None:
            found = _read(session)
            _kept.clear()
            _kept[state] = found
    return found


def _read(session: Session) -> Placed:
    rows = session.execute(_SEGMENTS).all()
    if not rows:
        raise UnavailableError(
            Message("There is no street network yet. Import the roads; a minute later it is built.")
        )
    ids, names, starts, ends, lengths, forward, backward, shapes = zip(*rows, strict=True)
    return place(
        np.asarray(shapely.from_wkb([bytes(shape) for shape in shapes]), dtype=object),
        np.array(starts, dtype=np.int64),
        np.array(ends, dtype=np.int64),
        np.array(lengths, dtype=np.float64),
        np.array(forward, dtype=np.uint8),
        np.array(backward, dtype=np.uint8),
        np.array(ids, dtype=np.int64),
        np.array(names, dtype=object),
    )
