"""What the page of streets shows: the state of the network, and tiles of its segments."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session

from gridmap.jobs.models import Job
from gridmap.patrols.models import StreetNetwork
from gridmap.patrols.streets.asking import KIND

#: A tile is drawn 512 pixels wide, so that half a pixel is four of its units.
_EXTENT = 4096
_METRES_ROUND = 40_075_017
# Far out, streets shorter than two pixels are left out; islands are what one looks for and stay.
_TILE = text(f"""
    SELECT ST_AsMVT(f, 'street', {_EXTENT}, 'shape', 'id') FROM (
        SELECT id, forward, backward, least(component, 1) AS part, nullif(name, '') AS name,
            ST_AsMVTGeom(
                ST_Transform(ST_Simplify(geom, :tolerance, true), 3857),
                ST_TileEnvelope(:z, :x, :y), {_EXTENT}, 64
            ) AS shape
        FROM street_segment
        WHERE geom && ST_Transform(ST_TileEnvelope(:z, :x, :y, margin => 0.02), 4326)
          AND (length_m >= :least OR component > 0)
    ) f
""")


def with_job(session: Session) -> tuple[StreetNetwork, Job | None]:
    """Return the state of the network, and the last job that was to build it."""
    last = select(Job.id).where(Job.kind == KIND).order_by(Job.id.desc()).limit(1)
    found: Any = session.execute(
        select(StreetNetwork, Job).outerjoin(Job, Job.id == last.scalar_subquery())
    ).one()
    return found[0], found[1]


def street_tile(connection: Connection, z: int, x: int, y: int) -> bytes:
    """Make a vector tile with the layer ``street``.

    Its attributes are the masks ``forward`` and ``backward``, ``part``, which is 0 in the largest
    part, 1 on an island and -1 where nobody walks, and ``name``.

    Parameters
    ----------
    connection : Connection
    z, x, y : int
        A tile of the web map's grid that exists.
    """
    pixel = 1 / (512 << z)
    values = {
        "z": z, "x": x, "y": y,
        "tolerance": 360 * pixel / 2,
        "least": 0 if z >= 13 else 2 * _METRES_ROUND * pixel,
    }  # fmt: skip
    content: bytes = bytes(connection.execute(_TILE, values).scalar_one())
    return content
