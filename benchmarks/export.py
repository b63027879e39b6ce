"""The whole million of incidents as GeoJSON, beside ogr2ogr from the same statement.

Both write a file with the same columns; they take turns on one server, and the
best round of each counts. ``python -m benchmarks.export --url postgresql://...`` measures a
database that exists.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import shutil
import subprocess
import time
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import make_url

from gridmap.db import make_engine, make_sessions
from gridmap.exchange.collections import INCIDENTS

TIMES, MEGABYTES = 3, 200
GOAL = f"{TIMES} times the MB/s of ogr2ogr, with a peak below {MEGABYTES} MB"


def by_gridmap(url: str, path: Path) -> tuple[float, float]:
    """Export in a process of its own; return its seconds and its memory in MB at most."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_export, args=(url, path, sender))
    process.start()
    sender.close()
    seconds, peak = receiver.recv()
    process.join()
    return seconds, peak


def _export(url: str, path: Path, sender: Connection) -> None:
    from gridmap.exchange.export import export
    from gridmap.workforce.rights import SYSTEM

    engine = make_engine(url)
    began = time.perf_counter()
    with make_sessions(engine)() as session:
        export(session, SYSTEM, "incidents", path)
    sender.send((time.perf_counter() - began, _peak_mb()))
    engine.dispose()


def _peak_mb() -> float:
    """Return the largest memory this process has held."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def by_ogr2ogr(url: str, path: Path) -> float:
    """Let ogr2ogr write the same; return its seconds."""
    columns = [column for column in INCIDENTS.columns if not column.guarded]
    fields = ", ".join(f"{column.sql} AS {column.name}" for column in columns)
    tables = f"{INCIDENTS.table} t {INCIDENTS.joined(columns)}"
    began = time.perf_counter()
    subprocess.run(
        ["ogr2ogr", "-q", "-f", "GeoJSON", "-lco", "RFC7946=YES", str(path),
         f"PG:{_keywords(url)}", "-sql",
         f"SELECT {fields}, t.geom FROM {tables}"],
        check=True,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return time.perf_counter() - began


def _keywords(url: str) -> str:
    parts = make_url(url)
    host = parts.host or parts.query["host"]
    port = parts.port or parts.query.get("port", "5432")
    words = {"host": host, "port": port, "user": parts.username, "dbname": parts.database,
             "password": parts.password}  # fmt: skip
    return " ".join(f"{name}={value}" for name, value in words.items() if value)


def run(url: str, rounds: int) -> dict[str, object]:
    """Let both take turns and compare."""
    if shutil.which("ogr2ogr") is None:
        raise SystemExit("ogr2ogr is missing: install the package gdal-bin")
    speeds: dict[str, list[float]] = {"gridmap": [], "ogr2ogr": []}
    peak = 0.0
    with TemporaryDirectory() as folder:
        path = Path(folder) / "incidents.geojson"
        for _ in range(rounds):
            seconds, most = by_gridmap(url, path)
            speeds["gridmap"].append(path.stat().st_size / 1e6 / seconds)
            peak = max(peak, most)
            path.unlink()
            seconds = by_ogr2ogr(url, path)
            speeds["ogr2ogr"].append(path.stat().st_size / 1e6 / seconds)
            path.unlink()
    best = {name: max(found) for name, found in speeds.items()}
    times = best["gridmap"] / best["ogr2ogr"]
    return {
        "benchmark": "export",
        "goal": GOAL,
        "measured": {
            "mb_per_s": round(best["gridmap"], 1),
            "times_ogr2ogr": round(times, 2),
            "peak_mb": round(peak),
        },
        "beside": {"ogr2ogr_mb_per_s": round(best["ogr2ogr"], 1)},
        "ok": times >= TIMES and peak < MEGABYTES,
    }


def main() -> None:
    """Measure a database that is named, or the demo's city."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a database with a million incidents; else one is made")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.url:
        print(json.dumps(run(arguments.url, arguments.rounds)))
        return
    # The process that exports imports this module too, and is not to load what makes the town.
    from benchmarks.demo_town import town_url

    with town_url("city") as url:
        print(json.dumps(run(url, arguments.rounds)))


if __name__ == "__main__":
    main()
