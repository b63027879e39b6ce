"""Import a million incidents from CSV, beside a plain load without checks and links.

Each way ends with the same indexes on the same rows. The ways take turns on one server, and the
best round of each counts.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import pandas as pd
from sqlalchemy import Connection, text

from benchmarks.grid import benchmark_cluster, database, filled, make_incidents
from gridmap.db import make_engine, make_sessions
from gridmap.embedded import Cluster

#: The columns that only gridmap fills; adding them costs nothing.
COLUMNS = """
    ALTER TABLE plain ADD source text NOT NULL DEFAULT 'x', ADD category_id integer,
        ADD cell_id bigint, ADD community_id bigint
"""
#: What gridmap's table has besides its primary key, which each table has.
INDEXES = """
    SELECT regexp_replace(pg_get_indexdef(indexrelid), 'INDEX .* USING', 'INDEX ON plain USING')
    FROM pg_index WHERE indrelid = 'incident'::regclass AND NOT indisprimary
"""
GOAL = "no slower than ogr2ogr, 3 times as fast as to_postgis, below 1 GB"


def by_gridmap(file: Path, url: str) -> tuple[float, float]:
    """Import in a process of its own; return its seconds and its peak memory in MB."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_import, args=(file, url, sender))
    process.start()
    sender.close()
    seconds, megabytes = receiver.recv()
    process.join()
    return seconds, megabytes


def _import(file: Path, url: str, sender: object) -> None:
    from geodata.files.reading import read
    from geodata.mapping import Location, Mapping, TimeRule
    from gridmap.exchange.imports import LAYERS
    from gridmap.territory.importing.layer import Choices
    from gridmap.territory.importing.pipeline import import_table

    engine = make_engine(url)
    mapping = Mapping(
        layer="incidents",
        columns={"external_id": "external_id", "category": "category"},
        time=TimeRule(column="occurred_at"),
        location=Location(x="lon", y="lat", system="EPSG:4326"),
    )
    began = time.perf_counter()
    with make_sessions(engine).begin() as session:
        report = import_table(
            session, LAYERS["incidents"], read(file), mapping, Choices(source="x")
        )
    seconds = time.perf_counter() - began
    assert report.counts.inserted == report.read, report.as_dict()
    # Not getrusage, whose maximum a process takes over from the one that starts it.
    status = Path("/proc/self/status").read_text()
    peak = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    sender.send((seconds, int(peak) / 1024))  # type: ignore[attr-defined]


def by_ogr2ogr(file: Path, url: str) -> float:
    """Load with GDAL's own program through COPY, then build the indexes."""
    engine = make_engine(url)
    began = time.perf_counter()
    subprocess.run(
        [
            "ogr2ogr", "-q", "-f", "PostgreSQL", f"PG:{_keywords(url)}", str(file),
            "-nln", "plain", "-a_srs", "EPSG:4326", "-oo", "X_POSSIBLE_NAMES=lon",
            "-oo", "Y_POSSIBLE_NAMES=lat", "-oo", "KEEP_GEOM_COLUMNS=NO",
            "-oo", "AUTODETECT_TYPE=YES", "-lco", "SPATIAL_INDEX=NONE",
            "-lco", "GEOMETRY_NAME=geom", "-lco", "FID=id",
        ],
        check=True,
        env={**os.environ, "PG_USE_COPY": "YES"},
    )  # fmt: skip
    with engine.begin() as connection:
        _add_indexes(connection)
    seconds = time.perf_counter() - began
    engine.dispose()
    return seconds


def by_geopandas(file: Path, url: str) -> float:
    """Load with geopandas, then build the indexes."""
    engine = make_engine(url)
    began = time.perf_counter()
    table = pd.read_csv(file, parse_dates=["occurred_at"])
    points = gpd.points_from_xy(table.pop("lon"), table.pop("lat"), crs="EPSG:4326")
    frame = gpd.GeoDataFrame(table, geometry=points).rename_geometry("geom")
    frame.to_postgis("plain", engine, index=True, index_label="id")
    with engine.begin() as connection:
        connection.execute(text("DROP INDEX IF EXISTS idx_plain_geom, ix_plain_id"))
        connection.execute(text("ALTER TABLE plain ADD PRIMARY KEY (id)"))
        _add_indexes(connection)
    seconds = time.perf_counter() - began
    engine.dispose()
    return seconds


def _add_indexes(connection: Connection) -> None:
    connection.execute(text(COLUMNS))
    for statement in connection.scalars(text(INDEXES)).all():
        connection.execute(text(statement))


def _keywords(url: str) -> str:
    from psycopg.conninfo import conninfo_to_dict

    return " ".join(f"{key}={value}" for key, value in conninfo_to_dict(url).items())


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    if shutil.which("ogr2ogr") is None:
        raise SystemExit("ogr2ogr is missing: install the package gdal-bin")
    with TemporaryDirectory() as folder, benchmark_cluster() as cluster, filled(cluster) as base:
        file = Path(folder) / "incidents.csv"
        make_incidents(options.rows).to_csv(file, index=False)
        ways: dict[str, Callable[[Path, str], object]] = {
            "gridmap": by_gridmap, "ogr2ogr": by_ogr2ogr, "to_postgis": by_geopandas,
        }  # fmt: skip
        best: dict[str, float] = {}
        peak = 0.0
        for _ in range(options.rounds):
            for name, way in ways.items():
                found = _measured(cluster, base, way, file)
                seconds, megabytes = found if isinstance(found, tuple) else (found, 0.0)
                peak = max(peak, megabytes)
                best[name] = min(seconds, best.get(name, seconds))
                print(f"{name:12} {seconds:6.2f} s", flush=True)
    ok = (
        best["gridmap"] <= best["ogr2ogr"]
        and 3 * best["gridmap"] <= best["to_postgis"]
        and peak < 1024
    )
    print(
        json.dumps(
            {
                "benchmark": "import",
                "goal": GOAL,
                "measured": {"seconds": round(best["gridmap"], 2), "peak_mb": round(peak)},
                "beside": {
                    name: round(best[name], 2) for name in ("ogr2ogr", "to_postgis")
                },
                "ok": ok,
            }
        )
    )  # fmt: skip


def _measured(
    cluster: Cluster, base: str, way: Callable[[Path, str], object], file: Path
) -> tuple[float, float] | float:
    with database(cluster, base) as name:
        return way(file, cluster.url(name))  # type: ignore[return-value]


if __name__ == "__main__":
    main()
