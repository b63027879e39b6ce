"""Checks of where things lie against the units that are stored."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geodata.datum_check import suspect_datum
from geodata.metric import metres_per_degree
from geodata.problems import Problems
from gridmap.territory.models import Unit

#: How far out of the territory a thing may lie and still be taken for one of it.
MARGIN_M = 1000.0

Floats = npt.NDArray[np.float64]


def unit_outlines(session: Session, level: str) -> gpd.GeoDataFrame:
    """Return the units of a level that have an outline: ``id``, ``code`` and geometry."""
    rows = session.execute(
        select(Unit.id, Unit.code, func.ST_AsBinary(Unit.geom))
        .where(Unit.level == level, Unit.geom.is_not(None))
        .order_by(Unit.code)
    ).all()
    shapes = shapely.from_wkb(np.array([row[2] for row in rows], dtype=object))
    return gpd.GeoDataFrame(
        {"id": [row[0] for row in rows], "code": [row[1] for row in rows]},
        geometry=gpd.GeoSeries(shapes, crs="EPSG:4326"),
    )


def territory(session: Session) -> gpd.GeoDataFrame:
    """Return the outlines of the highest level that has any."""
    for level in ("county", "town"):
        found = unit_outlines(session, level)
        if len(found):
            return found
    return unit_outlines(session, "community")


def check_positions(
    session: Session,
    x: Floats,
    y: Floats,
    rows: npt.NDArray[np.int64],
    problems: Problems,
    *,
    outside: npt.NDArray[np.bool_] | None = None,
    keep: bool = False,
) -> None:
    """Tell of points outside the territory, and of a datum that would explain them.

    Parameters
    ----------
    session : Session
    x, y : ndarray, shape (n,)
        Longitude and latitude; NaN is left out.
    rows : ndarray of int64, shape (n,)
        Source rows.
    problems : Problems
    outside : ndarray of bool, shape (n,), optional
        Only these can lie outside, when that is known.
    keep : bool
        Far points are let in.
    """
    outlines = territory(session)
    if outlines.empty or not len(x):
        return
    warning = suspect_datum(np.column_stack([x, y]), outlines.geometry.to_numpy())
    if warning is not None:
        problems.add("datum-suspect", warning.template, severity="warning", **warning.params)
    chosen = np.flatnonzero(np.isfinite(x) if outside is None else outside)
    near = shapely.union_all(outlines.geometry.to_numpy())
    wide = _widened(near, MARGIN_M)
    for area in (near, wide):
        shapely.prepare(area)
    within = shapely.intersects_xy(near, x[chosen], y[chosen])
    around = shapely.intersects_xy(wide, x[chosen], y[chosen])
    severity = "warning" if keep else "error"
    far = chosen[~around]
    values = [f"{lon:.5f}, {lat:.5f}" for lon, lat in zip(x[far], y[far], strict=True)]
    problems.add_many(
        "outside-territory",
        "row {row}: {value} lies more than {metres} m outside the territory",
        rows[far],
        field="geometry",
        values=values,
        severity=severity,  # type: ignore[arg-type]
        metres=round(MARGIN_M),
    )
    problems.add_many(
        "outside-nearby",
        "row {row} lies just outside the territory; it is kept without a cell",
        rows[chosen[around & ~within]],
        field="geometry",
        severity="warning",
    )


def _widened(area: shapely.Geometry, metres: float) -> shapely.Geometry:
    scale = metres_per_degree(float(shapely.bounds(area)[[1, 3]].mean()))
    flat = shapely.transform(area, lambda xy: xy * scale)
    wide = shapely.buffer(shapely.simplify(flat, metres / 100), metres, quad_segs=4)
    return shapely.transform(wide, lambda xy: xy / scale)
