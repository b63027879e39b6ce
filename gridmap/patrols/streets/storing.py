"""Roads out of the database, and the streets made of them into it."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.patrols.network import Integers
from gridmap.patrols.streets.building import Streets
from gridmap.territory.importing.staging import stage

_COLUMNS = ("name", "kind", "oneway", "bridge", "tunnel", "foot", "bicycle", "car")
_TARGETS = {
    "key": "text", "name": "text", "kind": "text", "start_node": "integer", "end_node": "integer",
    "length_m": "float8", "forward": "smallint", "backward": "smallint", "component": "integer",
    "community_id": "bigint", "geom": "geometry(LineString, 4326)",
}  # fmt: skip


def read_roads(session: Session) -> gpd.GeoDataFrame:
    """Return all roads in the order of their ids, as `building.build` takes them."""
    rows = session.execute(
        text(f"SELECT {', '.join(_COLUMNS)}, ST_AsBinary(geom) FROM road ORDER BY id")
    ).all()
    frame = pd.DataFrame([tuple(row)[:-1] for row in rows], columns=list(_COLUMNS))
    lines = shapely.from_wkb([bytes(row[-1]) for row in rows])
    return gpd.GeoDataFrame(frame, geometry=np.asarray(lines, dtype=object), crs="EPSG:4326")


def find_communities(session: Session, streets: Streets) -> Integers:
    """Return the id of the community in which the middle of each street lies, or 0.

    On a shared border it is the one with the least id, as for other things.
    """
    rows = session.execute(
        text("""
            SELECT id, ST_AsBinary(geom) AS shape FROM unit
            WHERE level = 'community' AND geom IS NOT NULL ORDER BY id
        """)
    ).all()
    found = np.zeros(len(streets), dtype=np.int64)
    if rows and len(streets):
        outlines = shapely.from_wkb([bytes(row.shape) for row in rows])
        ids = np.array([row.id for row in rows], dtype=np.int64)
        middles = shapely.line_interpolate_point(streets.lines, 0.5, normalized=True)
        street, outline = shapely.STRtree(outlines).query(middles, predicate="intersects")
        order = np.argsort(-outline, kind="stable")
        found[street[order]] = ids[outline[order]]
    return found


def store(session: Session, streets: Streets, communities: Integers) -> dict[str, int]:
    """Put streets in the place of those stored; a line that stays keeps its id.

    Parameters
    ----------
    session : Session
        Nothing is committed.
    streets : Streets
    communities : ndarray of int64, shape (streets,)
        Ids, 0 where there is none.

    Returns
    -------
    dict
        How many streets were ``added``, ``removed`` and ``kept``.
    """
    stage(session, "built", _frame(streets, communities), _TARGETS)
    before, kept = session.execute(
        text("""
            SELECT (SELECT count(*) FROM street_segment),
                   (SELECT count(*) FROM street_segment JOIN built USING (key))
        """)
    ).one()
    columns = [name for name in _TARGETS if name not in ("key", "geom")]
    old, new = (", ".join(f"{alias}.{name}" for name in columns) for alias in "sb")
    names = ", ".join(_TARGETS)
    for statement in (
        "DELETE FROM street_segment s WHERE NOT EXISTS (SELECT FROM built b WHERE b.key = s.key)",
        f"""
            UPDATE street_segment s SET ({", ".join(columns)}) = ROW({new}) FROM built b
            WHERE b.key = s.key AND ROW({old}) IS DISTINCT FROM ROW({new})
        """,
        f"""
            INSERT INTO street_segment ({names}) SELECT {names} FROM built b
            WHERE NOT EXISTS (SELECT FROM street_segment s WHERE s.key = b.key) ORDER BY n
        """,
        "ANALYZE street_segment",
    ):
        session.execute(text(statement))
    return {"added": len(streets) - kept, "removed": before - kept, "kept": kept}


def _frame(streets: Streets, communities: Integers) -> gpd.GeoDataFrame:
    columns = {
        "key": streets.key,
        "name": streets.name,
        "kind": streets.kind,
        "start_node": streets.start,
        "end_node": streets.end,
        "length_m": streets.length_m,
        "forward": streets.forward,
        "backward": streets.backward,
        "component": streets.component,
        "community_id": pd.array(communities, dtype="Int64"),
    }
    frame = pd.DataFrame(columns)
    frame["community_id"] = frame["community_id"].where(frame["community_id"] > 0)
    return gpd.GeoDataFrame(frame, geometry=streets.lines, crs="EPSG:4326")
