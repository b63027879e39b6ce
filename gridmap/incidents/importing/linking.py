"""Cells and communities of many points at once, as the function ``locate`` in the database does.

A million calls of ``locate`` take far longer than reading the outlines once. Points so near a
border that rounding could decide are left to the database, so both always agree.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.incidents.importing.tiles import TileIndex

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Shapes = npt.NDArray[np.object_]

#: Degrees, about a millimetre, and far more than what rounding can amount to.
NEAR_DEGREES = 1e-8
_CHUNK = 1 << 18
_HOUR_US = 3_600_000_000
_EVER = np.iinfo(np.int64).max
_PREPARED = "gridmap.outlines"

_CELLS = text("""
    SELECT id, community_id, ST_AsBinary(geom) AS outline,
        valid_from - '1970-01-01'::date AS first, valid_to - '1970-01-01'::date AS after
    FROM cell ORDER BY rank, code COLLATE "C", id
""")
_COMMUNITIES = text("""
    SELECT id, id AS community_id, ST_AsBinary(geom) AS outline,
        NULL::integer AS first, NULL::integer AS after
    FROM unit WHERE level = 'community' AND geom IS NOT NULL ORDER BY code COLLATE "C"
""")
_LOCATE = text("""
    SELECT p.n, l.cell_id, l.community_id
    FROM unnest(CAST(:xs AS float8[]), CAST(:ys AS float8[]), CAST(:days AS int[]))
        WITH ORDINALITY AS p (x, y, day, n)
    CROSS JOIN LATERAL locate(
        ST_SetSRID(ST_MakePoint(p.x, p.y), 4326), '1970-01-01'::date + p.day) l
    ORDER BY p.n
""")


@dataclass(frozen=True)
class Links:
    """The cell and the community of each point, 0 where there is none; shape (n,)."""

    cell_id: Integers
    community_id: Integers


class _Outlines:
    """Areas in the order in which they win, smallest index first."""

    def __init__(self, rows: list[Any]) -> None:
        table = pd.DataFrame(rows, columns=["id", "community_id", "outline", "first", "after"])
        self.ids = table["id"].to_numpy("int64")
        self.community_ids = table["community_id"].to_numpy("int64")
        self.first = _days(table["first"], -_EVER)
        self.after = _days(table["after"], _EVER)
        self.dated = bool((self.first > -_EVER).any() or (self.after < _EVER).any())
        areas = shapely.from_wkb(table["outline"].to_numpy("object"))
        halves = np.array_split(areas, 2)
        with ThreadPoolExecutor(2) as workers:
            margins = list(workers.map(_margins, halves))
        self.inner, self.outer = (np.concatenate(side) for side in zip(*margins, strict=True))
        self.index = TileIndex(shapely.bounds(self.outer).reshape(-1, 4))
        # Most points lie in a circle around the middle that stays clear of the border.
        west, south, east, north = shapely.bounds(self.inner).reshape(-1, 4).T
        self.x, self.y = (west + east) / 2, (south + north) / 2
        radius = shapely.distance(shapely.boundary(self.inner), shapely.points(self.x, self.y))
        central = shapely.contains_xy(self.inner, self.x, self.y)
        self.core = np.where(central, radius * radius, 0.0)

    def find(self, x: Floats, y: Floats, days: Integers | None) -> tuple[Integers, Mask]:
        """Return the winning area of each point, -1 for none, and where that is unsure."""
        at, area = self.index.candidates(x, y)
        if days is not None:
            valid = (self.first[area] <= days[at]) & (days[at] < self.after[area])
            at, area = at[valid], area[valid]
        inside = (x[at] - self.x[area]) ** 2 + (y[at] - self.y[area]) ** 2 < self.core[area]
        # Area by area, each of them stays in the processor's cache.
        rest = np.flatnonzero(~inside)
        rest = rest[np.argsort(area[rest], kind="stable")]

        def ask(part: Integers) -> Integers:
            inside[part] = shapely.intersects_xy(self.inner[area[part]], x[at[part]], y[at[part]])
            left = part[~inside[part]]
            near = shapely.intersects_xy(self.outer[area[left]], x[at[left]], y[at[left]])
            return left[near]

        # A prepared geometry is not safe to ask from two threads, so each has areas of its own.
        half = np.searchsorted(area[rest], area[rest[len(rest) // 2]]) if len(rest) else 0
        unsure = np.zeros(len(x), dtype=bool)
        with ThreadPoolExecutor(2) as workers:
            for near in workers.map(ask, (rest[:half], rest[half:])):
                unsure[at[near]] = True
        winner = np.full(len(x), len(self.ids), dtype=np.int64)
        np.minimum.at(winner, at[inside], area[inside])
        winner[winner == len(self.ids)] = -1
        return winner, unsure


def _margins(areas: Shapes) -> tuple[Shapes, Shapes]:
    """Return the areas a trifle smaller and a trifle larger, prepared for many questions."""
    shapely.prepare(areas)
    inner = shapely.buffer(areas, -NEAR_DEGREES, join_style="mitre")
    outer = shapely.buffer(areas, NEAR_DEGREES, join_style="mitre")
    # Where the arithmetic fails, nothing is sure inside the area's box.
    inner[~shapely.contains_properly(areas, inner)] = shapely.Polygon()
    west, south, east, north = shapely.bounds(areas).reshape(-1, 4).T
    near = NEAR_DEGREES
    boxes = shapely.box(west - near, south - near, east + near, north + near)
    outer = np.where(shapely.covers(outer, areas), outer, boxes)
    shapely.prepare(inner)
    shapely.prepare(outer)
    return inner, outer


def _days(column: pd.Series[Any], missing: int) -> Integers:
    """Return days since 1970; a column without any date comes as objects."""
    present = column.notna().to_numpy()
    days = np.full(len(column), missing, dtype=np.int64)
    days[present] = column[present].to_numpy("int64")
    return days


def local_days(session: Session, occurred_us: Integers) -> Integers:
    """Return the local day of each moment as days since 1970, see `local_hours`."""
    days: Integers = local_hours(session, occurred_us) // 24
    return days


def local_hours(session: Session, occurred_us: Integers) -> Integers:
    """Return the local hour of each moment as hours since 1970.

    Parameters
    ----------
    session : Session
    occurred_us : ndarray of int64, shape (n,)
        Microseconds since 1970, UTC.
    """
    zone = session.scalar(text("SELECT time_zone FROM territory_settings"))
    local = pd.DatetimeIndex(occurred_us.view("datetime64[us]"), tz="UTC").tz_convert(zone)
    hours: Integers = local.tz_localize(None).as_unit("us").asi8 // _HOUR_US
    return hours


def prepare(session: Session) -> None:
    """Begin to work up the outlines that `link` will need, in a thread.

    Parameters
    ----------
    session : Session
        The cells and communities must not change until the transaction ends.
    """
    asked = [list(session.execute(query)) for query in (_CELLS, _COMMUNITIES)]
    worker = ThreadPoolExecutor(1)
    outlines = worker.submit(lambda: [_Outlines(rows) for rows in asked])
    worker.shutdown(wait=False)
    session.info[_PREPARED] = session.get_transaction(), outlines


def link(session: Session, x: Floats, y: Floats, days: Integers) -> Links:
    """Find the cell and community of points.

    Parameters
    ----------
    session : Session
        The cells and communities must not change until the transaction ends.
    x, y : ndarray of float64, shape (n,)
        Longitude and latitude in WGS 84.
    days : ndarray of int64, shape (n,)
        The local day of each point, counted from 1970-01-01.

    Returns
    -------
    Links
    """
    transaction, outlines = session.info.pop(_PREPARED, (None, None))
    # What was worked up in another transaction may have changed since.
    if outlines is None or transaction is not session.get_transaction():
        prepare(session)
        _, outlines = session.info.pop(_PREPARED)
    cells, communities = outlines.result()

    def one(start: int) -> tuple[Integers, Integers, Mask]:
        part = slice(start, start + _CHUNK)
        cell, unsure = cells.find(x[part], y[part], days[part] if cells.dated else None)
        cell_id = np.append(cells.ids, 0)[cell]
        community_id = np.append(cells.community_ids, 0)[cell]
        alone = np.flatnonzero(cell < 0)
        found, near = communities.find(x[part][alone], y[part][alone], None)
        community_id[alone] = np.append(communities.ids, 0)[found]
        unsure[alone[near]] = True
        return cell_id, community_id, unsure

    parts = [one(start) for start in range(0, max(len(x), 1), _CHUNK)]
    cell_id, community_id, unsure = (np.concatenate(column) for column in zip(*parts, strict=True))
    doubtful = np.flatnonzero(unsure)
    for start in range(0, len(doubtful), _CHUNK):
        chosen = doubtful[start : start + _CHUNK]
        located = session.execute(
            _LOCATE,
            {"xs": x[chosen].tolist(), "ys": y[chosen].tolist(), "days": days[chosen].tolist()},
        ).all()
        cell_id[chosen] = [row.cell_id or 0 for row in located]
        community_id[chosen] = [row.community_id or 0 for row in located]
    return Links(cell_id, community_id)
