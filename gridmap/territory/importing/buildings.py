"""Buildings and their monthly counts."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import shapely
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geodata.problems import Problems
from gridmap.territory.importing.features import MATCH, check_features
from gridmap.territory.importing.layer import Choices, LayerImport
from gridmap.territory.importing.origin import Counts, Origin
from gridmap.territory.importing.staging import States, count, stage, upsert
from gridmap.territory.models import Building

COUNTS = ("households", "residents", "temporary_residents", "rented_homes", "shops")
_COLUMNS = {
    "external_id": "text", "name": "text", "address": "text", "kind": "text",
    "storeys": "smallint", "geom": "geometry(Geometry, 4326)",
}  # fmt: skip
_COUNT_COLUMNS = {"external_id": "text", "month": "date", **dict.fromkeys(COUNTS, "integer")}


def check_buildings(
    session: Session, frame: pd.DataFrame, problems: Problems, choices: Choices
) -> pd.DataFrame:
    """Check positions and heights; counts without a month are taken for this month's."""
    frame = check_features(session, frame, problems, choices).copy()
    tall = (frame["storeys"] > 300).fillna(False).to_numpy(bool)
    problems.add_many(
        "too-many-storeys",
        "row {row}: no building has {value} storeys",
        frame.index.to_numpy()[tall],
        field="storeys",
        values=frame["storeys"].to_numpy()[tall],
    )
    counted = frame[list(COUNTS)].notna().any(axis=1)
    undated = (counted & frame["month"].isna()).to_numpy(bool)
    if undated.any():
        month = date.today().replace(day=1)  # noqa: DTZ011 - The month where the file is read.
        frame["month"] = frame["month"].astype("object").where(~undated, month)
        problems.add(
            "month-assumed",
            "{count} rows have counts and no month; they are taken for those of {month}",
            field="month",
            severity="warning",
            count=int(undated.sum()),
            month=f"{month:%Y-%m}",
        )
    return frame


def write_buildings(
    session: Session, frame: pd.DataFrame, origin: Origin, choices: Choices, write: bool = True
) -> Counts:
    """Insert or update buildings, and the counts of the months that the frame tells.

    Parameters
    ----------
    session : Session
        Nothing is committed.
    frame : GeoDataFrame
        Canonical; a building may occur once for each month, and its last row describes it.
    origin : Origin
    choices : Choices
    write : bool
        Not looked at: the caller takes back what a dry run wrote.

    Returns
    -------
    Counts
        Of the frame's rows: a row is updated if the building or its count is.
    """
    shapes = frame["geometry"].to_numpy()
    frame = frame.assign(geometry=shapely.set_srid(shapes, 4326))
    latest = frame.sort_values("month", kind="stable", na_position="first")
    latest = latest.drop_duplicates("external_id", keep="last")
    stage(session, "arriving", latest, _COLUMNS)
    described = upsert(
        session, "building", list(_COLUMNS), MATCH, origin, own={"source": ":source"}
    )  # fmt: skip
    states = pd.Series(described, index=latest["external_id"])[frame["external_id"]].to_numpy("U9")
    told = (frame["month"].notna() & frame[list(COUNTS)].notna().any(axis=1)).to_numpy(bool)
    if told.any():
        counted = write_building_counts(session, frame[told], origin)
        rows = states[told]
        rows[(rows == "unchanged") & (counted != "unchanged")] = "updated"
        states[told] = rows
    choices.advance(len(frame))
    return count(states)


def write_building_counts(session: Session, frame: pd.DataFrame, origin: Origin) -> States:
    """Store monthly counts; other months stay as they are.

    Parameters
    ----------
    session : Session
        Nothing is committed.
    frame : pandas.DataFrame
        ``external_id`` of a stored building of the source, ``month`` and the counts; a count
        that is missing keeps what is stored, or is 0.
    origin : Origin

    Returns
    -------
    ndarray of str, shape (n,)
        ``inserted``, ``updated`` or ``unchanged``.
    """
    stage(session, "arriving_counts", frame, _COUNT_COLUMNS)
    old = ", ".join(f"c.{name}" for name in COUNTS)
    new = ", ".join(f"coalesce(a.{name}, c.{name})" for name in COUNTS)
    found = session.execute(
        text(f"""
            SELECT a.n, CASE WHEN c.month IS NULL THEN 'inserted'
                WHEN ({old}) IS DISTINCT FROM ({new}) THEN 'updated' ELSE 'unchanged' END AS state
            FROM arriving_counts a
            JOIN building t ON {MATCH}
            LEFT JOIN building_count c ON c.building_id = t.id AND c.month = a.month
            ORDER BY a.n
        """),
        {"source": origin.source},
    ).all()
    states = np.full(len(frame), "unchanged", dtype="U9")
    states[[row.n for row in found]] = [row.state for row in found]
    names = ", ".join(COUNTS)
    session.execute(
        text(f"""
            INSERT INTO building_count (building_id, month, {names})
            SELECT t.id, a.month,
                {", ".join(f"coalesce(a.{name}, c.{name}, 0)" for name in COUNTS)}
            FROM arriving_counts a JOIN building t ON {MATCH}
            LEFT JOIN building_count c ON c.building_id = t.id AND c.month = a.month
            WHERE a.n = ANY (:chosen)
            ON CONFLICT (building_id, month) DO UPDATE SET
                {", ".join(f"{name} = excluded.{name}" for name in COUNTS)}
        """),
        {"source": origin.source, "chosen": np.flatnonzero(states != "unchanged").tolist()},
    )
    return states


def check_counts(
    session: Session, frame: pd.DataFrame, problems: Problems, choices: Choices
) -> pd.DataFrame:
    """Check that the source's buildings are stored."""
    stored = set(
        session.scalars(select(Building.external_id).where(Building.source == choices.source))
    )
    unknown = ~frame["external_id"].isin(stored).to_numpy(bool)
    problems.add_many(
        "building-unknown",
        "row {row}: there is no building with the id {value}",
        frame.index.to_numpy()[unknown],
        field="external_id",
        values=frame["external_id"].to_numpy()[unknown],
    )
    return frame


def write_counts(
    session: Session, frame: pd.DataFrame, origin: Origin, choices: Choices, write: bool = True
) -> Counts:
    """Store monthly counts of buildings that are there already, see `write_building_counts`."""
    states = write_building_counts(session, frame, origin)
    choices.advance(len(frame))
    return count(states)


BUILDINGS = LayerImport("buildings", check_buildings, write_buildings)
BUILDING_COUNTS = LayerImport("building_counts", check_counts, write_counts)
