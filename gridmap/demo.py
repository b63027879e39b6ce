"""The demo town in the database."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

import geopandas as gpd
import pandas as pd
import psycopg
import shapely
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from geodata.town import Town, make_town
from geodata.town.plan import Size
from gridmap.db import make_sessions
from gridmap.incidents.importing import write_incidents
from gridmap.incidents.models import Category
from gridmap.models import Base
from gridmap.progress import Advance, track
from gridmap.territory.importing.origin import Origin
from gridmap.territory.models import Unit

SOURCE = "demo"

#: How the rows of each layer, staged as text, become rows of a table.
_LAYERS = {
    "categories": """
        INSERT INTO category (code, parent_id, name, name_en)
        SELECT s.code, parent.id, s.name, s.name_en
        FROM staged s LEFT JOIN category parent ON parent.code = s.parent_code
        WHERE length(s.code) = :step
    """,
    "units": """
        INSERT INTO unit (code, level, parent_id, name, name_en, geom)
        SELECT s.code, s.level, parent.id, s.name, s.name_en, ST_Multi(s.geometry::geometry)
        FROM staged s LEFT JOIN unit parent ON parent.code = s.parent_code
        WHERE s.level = (ARRAY['county', 'town', 'community'])[:step]
    """,
    "cells": """
        INSERT INTO cell (code, kind, name, community_id, valid_from, valid_to, geom)
        SELECT s.code, s.kind, s.name, unit.id, s.valid_from::date, s.valid_to::date,
               ST_Multi(s.geometry::geometry)
        FROM staged s JOIN unit ON unit.code = s.community_code
    """,
    "buildings": """
        INSERT INTO building (source, external_id, name, address, kind, storeys, geom)
        SELECT 'demo', external_id, coalesce(name, ''), coalesce(address, ''), kind,
               storeys::real::smallint, geometry::geometry
        FROM staged
    """,
    "building_counts": """
        INSERT INTO building_count
            (building_id, month, households, residents, temporary_residents, rented_homes, shops)
        SELECT building.id, s.month::date, s.households::int, s.residents::int,
               s.temporary_residents::int, s.rented_homes::int, s.shops::int
        FROM staged s JOIN building ON building.source = 'demo'
            AND building.external_id = s.external_id
    """,
    "places": """
        INSERT INTO place (source, external_id, name, kind, address, area_m2, geom)
        SELECT 'demo', external_id, coalesce(name, ''), kind, coalesce(address, ''),
               area_m2::float8, geometry::geometry
        FROM staged
    """,
    "roads": """
        INSERT INTO road (source, external_id, name, kind, oneway, bridge, geom)
        SELECT 'demo', external_id, coalesce(name, ''), kind, oneway::boolean, bridge::boolean,
               geometry::geometry
        FROM staged
    """,
    "ground": """
        INSERT INTO ground (source, external_id, name, kind, geom)
        SELECT 'demo', external_id, coalesce(name, ''), kind, geometry::geometry
        FROM staged
    """,
}
#: A row names its parent, which must be there before it.
_STEPS = {"categories": 3, "units": 3}


def database_name(size: str, seed: int) -> str:
    """Name the embedded database of one demo town, so that another does not replace it."""
    return "gridmap_demo" if (size, seed) == ("town", 1) else f"gridmap_demo_{size}_{seed}"


def load(engine: Engine, size: Size, seed: int) -> bool:
    """Put the demo town into a database without units.

    Parameters
    ----------
    engine : Engine
        A migrated database.
    size : {"small", "town", "city"}
        How large the town is.
    seed : int
        Another number makes another town.

    Returns
    -------
    bool
        Whether it was loaded; a database that holds units already is left as it is.
    """
    with make_sessions(engine).begin() as session:
        if session.scalar(select(Unit.id).limit(1)) is not None:
            return False
        with track(Message("Making the demo town")):
            town = make_town(size, seed)
        frames = {layer: getattr(town, layer) for layer in _LAYERS}
        total = sum(map(len, frames.values())) + len(town.incidents)
        with track(Message("Loading the demo town"), total) as advance:
            for layer, frame in frames.items():
                _load_layer(session, layer, frame)
                advance(len(frame))
            _load_incidents(session, town, advance)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # The planner knows nothing of new rows until the server has looked at them.
        connection.execute(text(f"VACUUM ANALYZE {', '.join(Base.metadata.tables)}"))
    return True


def _load_layer(session: Session, layer: str, frame: pd.DataFrame) -> None:
    _stage(session, frame)
    statement = text(_LAYERS[layer])
    if layer in _STEPS:
        for step in range(1, _STEPS[layer] + 1):
            session.execute(statement, {"step": step})
    else:
        session.execute(statement)


def _load_incidents(session: Session, town: Town, advance: Advance) -> None:
    ids = dict(session.execute(select(Category.code, Category.id)).all())
    frame = town.incidents.assign(category_id=town.incidents["category"].map(ids).astype("int64"))
    write_incidents(session, frame, Origin(SOURCE), advance=advance)


def _stage(session: Session, frame: pd.DataFrame) -> None:
    """Copy a frame as text into the temporary table ``staged``, its geometry as EWKB."""
    plain = pd.DataFrame(frame)
    if isinstance(frame, gpd.GeoDataFrame):
        shapes = frame.geometry.to_numpy()
        plain = plain.assign(
            geometry=shapely.to_wkb(shapely.set_srid(shapes, 4326), hex=True, include_srid=True)
        )
    columns = ", ".join(plain.columns)
    declared = ", ".join(f"{name} text" for name in plain.columns)
    session.execute(text("DROP TABLE IF EXISTS staged"))
    session.execute(text(f"CREATE TEMPORARY TABLE staged ({declared}) ON COMMIT DROP"))
    driver = session.connection().connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 - For the type checker.
    with driver.cursor().copy(f"COPY staged ({columns}) FROM STDIN (FORMAT csv)") as copy:
        for part in _csv(plain):
            copy.write(part)


def _csv(frame: pd.DataFrame, rows: int = 50_000) -> Iterator[str]:
    for start in range(0, len(frame), rows):
        written = StringIO()
        frame.iloc[start : start + rows].to_csv(written, index=False, header=False)
        yield written.getvalue()
