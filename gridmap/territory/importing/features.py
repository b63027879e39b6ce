"""Places, roads and ground: features that a source knows by an id of its own."""

from __future__ import annotations

import pandas as pd
import shapely
from sqlalchemy.orm import Session

from geodata.problems import Problems
from gridmap.territory.importing.layer import Choices, LayerImport
from gridmap.territory.importing.origin import Counts, Origin
from gridmap.territory.importing.positions import check_positions
from gridmap.territory.importing.staging import count, stage, upsert

MATCH = "t.source = :source AND t.external_id = a.external_id"

_COLUMNS = {
    "place": {"external_id": "text", "name": "text", "address": "text", "kind": "text",
              "area_m2": "float8", "geom": "geometry(Point, 4326)"},
    "road": {"external_id": "text", "name": "text", "kind": "text", "oneway": "boolean",
             "bridge": "boolean", "tunnel": "boolean", "foot": "boolean", "bicycle": "boolean",
             "car": "boolean", "geom": "geometry(LineString, 4326)"},
    "ground": {"external_id": "text", "name": "text", "kind": "text",
               "geom": "geometry(Geometry, 4326)"},
}  # fmt: skip


def check_features(
    session: Session, frame: pd.DataFrame, problems: Problems, choices: Choices
) -> pd.DataFrame:
    """Check the positions of points; of lines and areas those of an inner point."""
    points = shapely.point_on_surface(frame["geometry"].to_numpy())
    check_positions(
        session, shapely.get_x(points), shapely.get_y(points), frame.index.to_numpy(), problems,
        keep=choices.keep_outside,
    )  # fmt: skip
    return frame


def check_basemap(
    session: Session, frame: pd.DataFrame, problems: Problems, choices: Choices
) -> pd.DataFrame:
    """Roads and ground may lead out of the territory: nothing is checked."""
    return frame


def write_features(session: Session, table: str, frame: pd.DataFrame, origin: Origin) -> Counts:
    """Insert features, or update those the source sent before.

    Parameters
    ----------
    session : Session
        Nothing is committed.
    table : {"place", "road", "ground"}
    frame : GeoDataFrame
        Canonical, EPSG:4326, ``external_id`` never missing.
    origin : Origin

    Returns
    -------
    Counts
    """
    if table == "road":
        frame = frame.assign(kind=frame["kind"].fillna("unclassified"))
    stage(session, "arriving", frame, _COLUMNS[table])
    states = upsert(
        session, table, list(_COLUMNS[table]), MATCH, origin, own={"source": ":source"}
    )  # fmt: skip
    # A road that falls into several lines is one row of the file.
    return count(states[~frame.index.duplicated()])


def _layer(name: str, table: str) -> LayerImport:
    def write(
        session: Session, frame: pd.DataFrame, origin: Origin, choices: Choices, write: bool
    ) -> Counts:
        counts = write_features(session, table, frame, origin)
        choices.advance(len(frame))
        return counts

    return LayerImport(name, check_features if table == "place" else check_basemap, write)


PLACES = _layer("places", "place")
ROADS = _layer("roads", "road")
GROUND = _layer("ground", "ground")
