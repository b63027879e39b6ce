"""A made-up county for measurements: 10,000 cells in 100 communities, and points in it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from alembic import command
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.db import alembic_config, make_engine, make_sessions
from gridmap.embedded import OWNER, Cluster
from gridmap.settings import Settings
from gridmap.territory.importing.cells import write_cells
from gridmap.territory.importing.layer import Choices
from gridmap.territory.importing.origin import Origin
from gridmap.territory.importing.units import write_units

SIDE = 100
BLOCK = 10
STEP = 0.002
WEST, SOUTH = 117.0, 28.0
CATEGORIES = ["A11", "A12", "A13", "A14", "A21", "A22", "B1", "B2", "C1", "D1"]


@contextmanager
def benchmark_cluster() -> Iterator[Cluster]:
    """Run a cluster of the measurements' own, as durable as an operator's."""
    with Cluster(Settings().data_dir / "benchmarks").running() as cluster:
        yield cluster


@contextmanager
def database(cluster: Cluster, template: str | None = None) -> Iterator[str]:
    """Make a database, migrated or a copy of another, and drop it in the end; yield its name."""
    name = f"gridmap_bench_{secrets.token_hex(4)}"
    if template is None:
        engine = make_engine(cluster.ensure_database(name))
        command.upgrade(alembic_config(engine), "head")
        engine.dispose()
    try:
        with cluster.connect() as server:
            if template is not None:
                copy = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}")
                server.execute(copy.format(*map(sql.Identifier, (name, OWNER, template))))
            server.execute("CHECKPOINT")
        yield name
    finally:
        with cluster.connect() as server:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def corners() -> npt.NDArray[np.float64]:
    """Return the corners of the cells, shape (101, 101, 2); those inside are moved at random."""
    rng = np.random.default_rng(1)
    grid = np.stack(np.meshgrid(*[np.arange(SIDE + 1.0)] * 2, indexing="ij"), axis=-1)
    moved = grid + rng.uniform(-0.2, 0.2, grid.shape)
    edge = (grid % BLOCK == 0).any(axis=-1)
    moved[edge] = grid[edge]
    return moved * STEP + [WEST, SOUTH]


def cell_outlines() -> npt.NDArray[np.object_]:
    """Return 10,000 outlines of 20 corners each, by column and then row."""
    at = corners()
    ring = [at[:-1, :-1], at[1:, :-1], at[1:, 1:], at[:-1, 1:]]
    parts = np.linspace(0, 1, 5, endpoint=False)[:, None, None, None]
    sides = [ring[i] + (ring[(i + 1) % 4] - ring[i]) * parts for i in range(4)]
    points = np.concatenate(sides).transpose(1, 2, 0, 3).reshape(SIDE * SIDE, 20, 2)
    return np.asarray(shapely.polygons(points), dtype=object)


def fill_territory(session: Session) -> None:
    """Store the county, its communities and cells, and the categories."""
    blocks = [(i, j) for i in range(SIDE // BLOCK) for j in range(SIDE // BLOCK)]
    width = STEP * BLOCK
    west, south = np.array(blocks).T * width + [[WEST], [SOUTH]]
    communities = shapely.box(west, south, west + width, south + width)
    whole = shapely.box(WEST, SOUTH, WEST + SIDE * STEP, SOUTH + SIDE * STEP)
    codes = [f"990001001{number:03d}" for number in range(1, len(blocks) + 1)]
    units = gpd.GeoDataFrame(
        {
            "code": ["990001000000", "990001001000", *codes],
            "parent_code": [None, "990001000000", *["990001001000"] * len(codes)],
            "level": ["county", "town", *["community"] * len(codes)],
        },
        geometry=[shapely.multipolygons([shape]) for shape in (whole, whole, *communities)],
        crs="EPSG:4326",
    )
    write_units(session, units.assign(name=units["code"], name_en=None), Origin(), Choices())
    ids: dict[str, int] = dict(session.execute(text("SELECT code, id FROM unit")).all())
    column, row = np.divmod(np.arange(SIDE * SIDE), SIDE)
    owner = (column // BLOCK) * (SIDE // BLOCK) + row // BLOCK
    serial = (column % BLOCK) * BLOCK + row % BLOCK + 1
    cells = gpd.GeoDataFrame(
        {
            "code": [f"{codes[o]}{s:03d}" for o, s in zip(owner, serial, strict=True)],
            "community_id": [ids[codes[o]] for o in owner],
        },
        geometry=shapely.multipolygons(cell_outlines(), indices=np.arange(SIDE * SIDE)),
        crs="EPSG:4326",
    )
    write_cells(session, cells.assign(kind="basic", name=""), Origin(), Choices())
    for code in CATEGORIES:
        session.execute(text("INSERT INTO category (code, name) VALUES (:c, :c)"), {"c": code})


def make_incidents(count: int) -> pd.DataFrame:
    """Return incidents over two and a half years, all inside the county, in no order."""
    rng = np.random.default_rng(2)
    seconds = rng.integers(0, 912 * 86_400, count).astype("timedelta64[s]")
    times = pd.DatetimeIndex(np.datetime64("2023-01-01", "us") + seconds).tz_localize("UTC")
    return pd.DataFrame(
        {
            "external_id": np.char.add("E", np.char.zfill(rng.permutation(count).astype("U7"), 7)),
            "category": np.array(CATEGORIES)[rng.integers(0, len(CATEGORIES), count)],
            "occurred_at": times.tz_convert("Asia/Shanghai"),
            "lon": np.round(WEST + rng.random(count) * SIDE * STEP, 7),
            "lat": np.round(SOUTH + rng.random(count) * SIDE * STEP, 7),
        }
    )


@contextmanager
def filled(cluster: Cluster) -> Iterator[str]:
    """Make a database with the territory; yield its name."""
    with database(cluster) as name:
        engine = make_engine(cluster.url(name))
        with make_sessions(engine).begin() as session:
            fill_territory(session)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
        engine.dispose()
        yield name
