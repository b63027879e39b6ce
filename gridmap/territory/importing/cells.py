"""Cells: each in its community, not over another, numbered where it has no code."""

from __future__ import annotations

from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geodata import coverage
from geodata.problems import Problems
from gridmap.errors import GridmapError
from gridmap.territory.codes import code_scheme
from gridmap.territory.importing.layer import Choices, LayerImport
from gridmap.territory.importing.origin import Counts, Origin
from gridmap.territory.importing.positions import check_positions, unit_outlines
from gridmap.territory.importing.staging import count, stage, upsert
from gridmap.territory.models import Cell, TerritorySettings, Unit

_COLUMNS = {
    "code": "text", "kind": "text", "name": "text", "community_id": "bigint",
    "valid_from": "date", "valid_to": "date", "geom": "geometry(MultiPolygon, 4326)",
}  # fmt: skip
# The same cell again: the same code from the same day, or, for a file without days, the cell of
# this code that is valid until further notice.
_MATCH = """t.code = a.code AND (t.valid_from IS NOT DISTINCT FROM a.valid_from
    OR (a.valid_from IS NULL AND a.valid_to IS NULL AND t.valid_to IS NULL))"""


def check_cells(
    session: Session, frame: pd.DataFrame, problems: Problems, choices: Choices
) -> pd.DataFrame:
    """Find the community of each cell, give codes, and check outlines against each other."""
    frame = gpd.GeoDataFrame(frame, crs="EPSG:4326").copy()
    frame["kind"] = frame["kind"].fillna("basic")
    points = shapely.point_on_surface(frame.geometry.to_numpy())
    communities = unit_outlines(session, "community")
    _claims(session, frame, points, communities, problems)
    check_positions(
        session, shapely.get_x(points), shapely.get_y(points), frame.index.to_numpy(), problems,
        keep=choices.keep_outside,
    )  # fmt: skip
    _check_days(frame, problems)
    _number(session, frame, points, problems, choices)
    good = frame[~frame.index.isin(problems.bad_rows())]
    tolerance = session.scalars(select(TerritorySettings)).one()
    outside = coverage.outside_parent(
        good.assign(row=good.index),
        communities,
        "row",
        tolerance_m2=tolerance.outside_tolerance_m2,
    )
    _tell_outside(outside, frame, problems)
    good = good[~good.index.isin(outside["left"])]
    stored = _stored(session, good)
    _tell_overlaps(good, stored, problems, tolerance.overlap_tolerance_m2)
    _tell_gaps(good, stored, communities, problems)
    return frame


def _claims(
    session: Session,
    frame: gpd.GeoDataFrame,
    points: npt.NDArray[np.object_],
    communities: gpd.GeoDataFrame,
    problems: Problems,
) -> None:
    """Fill in the community where a cell names none, and tell of unknown ones, in place."""
    missing = frame["community_code"].isna().to_numpy()
    tree = shapely.STRtree(communities.geometry.to_numpy())
    at, community = tree.query(points[missing], predicate="intersects")
    codes = np.full(int(missing.sum()), None, dtype=object)
    codes[at[::-1]] = communities["code"].to_numpy()[community[::-1]]
    filled = frame["community_code"].astype("object").to_numpy().copy()
    filled[missing] = codes
    frame["community_code"] = filled
    rows = frame.index.to_numpy()
    nowhere = missing & pd.isna(filled)
    problems.add_many(
        "community-missing",
        "row {row}: the cell names no community and lies in none that is stored",
        rows[nowhere],
        field="community_code",
    )
    known = dict(
        session.execute(
            select(Unit.code, Unit.id).where(Unit.level == "community")
        ).all()
    )  # fmt: skip
    frame["community_id"] = pd.Series(filled, index=frame.index).map(known).astype("Int64")
    unknown = ~pd.isna(filled) & frame["community_id"].isna().to_numpy()
    problems.add_many(
        "community-unknown",
        "row {row}: there is no community with the code {value}",
        rows[unknown],
        field="community_code",
        values=filled[unknown],
    )
    bare = frame["community_id"].notna().to_numpy() & ~np.isin(
        filled.astype("str"), communities["code"].to_numpy().astype("str")
    )
    problems.add_many(
        "community-without-outline",
        "row {row}: the community {value} has no outline yet; import that first",
        rows[bare],
        field="community_code",
        values=filled[bare],
    )


def _check_days(frame: gpd.GeoDataFrame, problems: Problems) -> None:
    first = pd.to_datetime(frame["valid_from"])
    last = pd.to_datetime(frame["valid_to"])
    wrong = (last <= first).to_numpy(bool)
    problems.add_many(
        "validity",
        "row {row}: the cell ends before it begins",
        frame.index.to_numpy()[wrong],
        field="valid_to",
    )


def _number(
    session: Session,
    frame: gpd.GeoDataFrame,
    points: npt.NDArray[np.object_],
    problems: Problems,
    choices: Choices,
) -> None:
    """Check codes by the scheme and give new ones to the cells without, in place.

    A cell without a code whose outline is stored already has that cell's code.
    """
    scheme = code_scheme(choices.scheme)
    for row, code, community in zip(
        frame.index, frame["code"], frame["community_code"], strict=True
    ):
        fault = scheme.fault(code, community) if pd.notna(code) and pd.notna(community) else None
        if fault is not None:
            problems.add("cell-code", fault.template, row=row, field="code", **fault.params)
    without = frame["code"].isna() & ~frame.index.isin(problems.bad_rows())
    if not without.any():
        return
    stored = session.execute(
        select(Cell.code, Unit.code, func.ST_AsBinary(Cell.geom), Cell.valid_to)
        .join(Unit, Unit.id == Cell.community_id)
        .where(Unit.code.in_(frame.loc[without, "community_code"].unique().tolist()))
    ).all()
    outlines = {
        (community, bytes(outline)): code
        for code, community, outline, closed in stored
        if closed is None
    }
    wkb = shapely.to_wkb(frame.geometry.to_numpy(), output_dimension=2, byte_order=1)
    known = [
        outlines.get((community, outline))
        for community, outline in zip(frame["community_code"], wkb, strict=True)
    ]
    frame["code"] = frame["code"].astype("object").where(~without, known)
    without &= frame["code"].isna()
    for community, rows in frame[without].groupby("community_code"):
        taken = {code for code, of, *_ in stored if of == community}
        taken |= set(frame.loc[frame["community_code"] == community, "code"].dropna())
        at = shapely.get_coordinates(points[frame.index.get_indexer(rows.index)])
        try:
            frame.loc[rows.index, "code"] = scheme.number(str(community), at, taken)
        except GridmapError as error:
            problems.add_many(
                "cell-code", error.message.template, rows.index.to_numpy(), field="code",
                **error.message.params,
            )  # fmt: skip


def _tell_outside(found: gpd.GeoDataFrame, frame: gpd.GeoDataFrame, problems: Problems) -> None:
    for row, area, community in zip(found["left"], found["area_m2"], found["right"], strict=True):
        problems.add(
            "cell-outside",
            "row {row}: the cell reaches {area_m2} m² outside its community {community}",
            row=int(row),
            field="geometry",
            value=frame.loc[row, "code"],
            area_m2=area,
            community=community,
        )


def _stored(session: Session, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the stored cells around, but for those that the frame replaces."""
    rows = session.execute(
        select(
            Cell.code, Cell.kind, Cell.valid_from, Cell.valid_to, func.ST_AsBinary(Cell.geom),
            Unit.code,
        )
        .join(Unit, Unit.id == Cell.community_id)
        .where(Cell.code.not_in(frame["code"].dropna().tolist()))
        .order_by(Cell.code)
    ).all()  # fmt: skip
    columns = ["code", "kind", "valid_from", "valid_to", "outline", "community_code"]
    table = pd.DataFrame([tuple(row) for row in rows], columns=columns)
    shapes = shapely.from_wkb(table.pop("outline").to_numpy("object"))
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(shapes, crs="EPSG:4326"))


def _tell_overlaps(
    frame: gpd.GeoDataFrame, stored: gpd.GeoDataFrame, problems: Problems, tolerance_m2: float
) -> None:
    """Tell of two cells of one kind in one place at one time; the later row is at fault."""
    both = pd.concat(
        [frame.assign(row=frame.index), stored.assign(row=0)], ignore_index=True
    )[["code", "kind", "valid_from", "valid_to", "row", "geometry"]]  # fmt: skip
    both["key"] = np.arange(len(both))
    for _, cells in gpd.GeoDataFrame(both, crs="EPSG:4326").groupby("kind"):
        found = coverage.overlaps(cells, "key", tolerance_m2=tolerance_m2)
        for left, right, area in zip(
            found["left"], found["right"], found["area_m2"], strict=True
        ):  # fmt: skip
            one, other = both.loc[left], both.loc[right]
            if one["row"] > other["row"]:
                one, other = other, one
            if other["row"] == 0 or not _at_one_time(one, other):
                continue
            problems.add(
                "cells-overlap",
                "row {row}: the cells {one} and {other} overlap by {area_m2} m²",
                row=int(other["row"]),
                field="geometry",
                one=other["code"],
                other=one["code"],
                area_m2=area,
            )


def _at_one_time(one: pd.Series[Any], other: pd.Series[Any]) -> bool:
    def first(cell: pd.Series[Any]) -> date:
        return date.min if pd.isna(cell["valid_from"]) else cell["valid_from"]

    def after(cell: pd.Series[Any]) -> date:
        return date.max if pd.isna(cell["valid_to"]) else cell["valid_to"]

    return first(one) < after(other) and first(other) < after(one)


def _tell_gaps(
    frame: gpd.GeoDataFrame,
    stored: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame,
    problems: Problems,
) -> None:
    """Warn of what the cells of the file's communities leave open."""
    touched = communities[communities["code"].isin(frame["community_code"])]
    columns = ["community_code", "valid_to", "geometry"]
    cells = pd.concat([frame[columns], stored[columns]], ignore_index=True)
    cells = gpd.GeoDataFrame(cells[cells["valid_to"].isna()], crs="EPSG:4326")
    if cells.empty or touched.empty:
        return
    found = coverage.gaps(cells, touched)
    for community, pieces in found.groupby("left"):
        problems.add(
            "gap",
            "the cells of community {community} leave {count} gaps open, {area_m2} m² in all",
            field="geometry",
            severity="warning",
            community=community,
            count=len(pieces),
            area_m2=round(float(pieces["area_m2"].sum()), 1),
        )


def write_cells(
    session: Session, frame: pd.DataFrame, origin: Origin, choices: Choices, write: bool = True
) -> Counts:
    """Insert cells, or correct the stored cells of the same code and day in place.

    A correction changes what the cell has been all along; a cell that changes from some day on
    is redrawn, see `gridmap.territory.service`.

    Parameters
    ----------
    session : Session
        Nothing is committed.
    frame : GeoDataFrame
        Canonical, with ``community_id`` from `check_cells`.
    origin : Origin
    choices : Choices
    write : bool
        Not looked at: the caller takes back what a dry run wrote.

    Returns
    -------
    Counts
    """
    stage(session, "arriving", frame, _COLUMNS)
    states = upsert(session, "cell", list(_COLUMNS), _MATCH, origin)
    choices.advance(len(frame))
    return count(states)


CELLS = LayerImport("cells", check_cells, write_cells)
