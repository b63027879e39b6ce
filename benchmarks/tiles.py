"""Incident tiles at zoom 5 to 16 over a million points, 16 clients, beside tipg.

Both serve the same database over HTTP from two processes. tipg is installed into an environment
of its own; it makes its tiles from the table `incident` and filters by category and time with
CQL2. ``python -m benchmarks.tiles --url postgresql://...`` measures a database that exists.
"""

from __future__ import annotations

import argparse
import http.client
import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import text

from benchmarks.demo_town import session_token, town_url
from gridmap.db import make_engine
from webui.access import COOKIE

CLIENTS = 16
GOAL = "p95 below tipg's, with and without a filter"
FILTER = {"from": "2024-03-05", "to": "2026-02-09", "category": "A"}


def tile_paths(url: str, each: int) -> list[tuple[int, int, int]]:
    """Choose tiles where incidents lie: `each` of every zoom from 5 to 16, in random order."""
    engine = make_engine(url)
    with engine.connect() as connection:
        places = connection.execute(
            text("SELECT ST_X(geom), ST_Y(geom) FROM incident TABLESAMPLE SYSTEM (1) LIMIT 5000")
        ).all()
    engine.dispose()
    chance = random.Random(1)  # noqa: S311 - Nothing secret is made of it.
    tiles = []
    for zoom in range(5, 17):
        for lon, lat in chance.choices([tuple(place) for place in places], k=each):
            y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
            tiles.append((zoom, int((lon + 180) / 360 * 2**zoom), int(y * 2**zoom)))
    chance.shuffle(tiles)
    return tiles


@contextmanager
def serving(command: list[str], port: int, path: str, **environment: str) -> Iterator[None]:
    """Run a server until it is no longer needed."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, env=os.environ | environment, stdout=said, stderr=said, start_new_session=True
        )
        try:
            for _ in range(300):
                with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}{path}"):
                    break
                if process.poll() is not None:
                    said.seek(0)
                    raise RuntimeError(said.read().decode()[-2000:])
                time.sleep(0.2)
            yield
        finally:
            process.terminate()
            process.wait(30)


def measure(
    port: int, paths: list[str], limit_s: float, headers: dict[str, str] | None = None
) -> dict[str, float]:
    """Ask for tiles from 16 clients for at most a time; return p50, p95 (ms) and tiles/s."""
    todo, times, failed = iter(paths), [], [0]
    sent = {"Accept-Encoding": "gzip", **(headers or {})}
    lock, end = threading.Lock(), time.perf_counter() + limit_s

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        while time.perf_counter() < end:
            with lock:
                path = next(todo, None)
            if path is None:
                return
            began = time.perf_counter()
            try:
                connection.request("GET", path, headers=sent)
                answer = connection.getresponse()
                answer.read()
                failed[0] += answer.status not in (200, 204)
            except (OSError, http.client.HTTPException):
                connection.close()
                failed[0] += 1
            times.append(time.perf_counter() - began)

    began = time.perf_counter()
    clients = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    took = time.perf_counter() - began
    cuts = statistics.quantiles(times, n=20)
    return {
        "p50_ms": round(cuts[9] * 1000, 1),
        "p95_ms": round(cuts[18] * 1000, 1),
        "tiles_per_s": round(len(times) / took, 1),
        "tiles": len(times),
        "failed": failed[0],
    }


def tipg_program(folder: Path) -> Path:
    """Install tipg into an environment of its own, and return its Python."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = [str(python), "-m", "pip", "install", "-q", "tipg", "uvicorn"]
        subprocess.run(install, check=True)
    return python


def run(url: str, each: int, limit_s: float) -> dict[str, object]:
    """Measure both servers in turn, each without and with a filter."""
    tiles = tile_paths(url, each)
    cql = " AND ".join(
        [
            "occurred_at >= TIMESTAMP('2024-03-04T16:00:00Z')",
            "occurred_at < TIMESTAMP('2026-02-09T16:00:00Z')",
            f"category_id IN ({','.join(map(str, categories(url)))})",
        ]
    )
    ours = {
        "all": [f"/tiles/incident/{z}/{x}/{y}.mvt" for z, x, y in tiles],
        "filtered": [
            f"/tiles/incident/{z}/{x}/{y}.mvt?{urllib.parse.urlencode(FILTER)}" for z, x, y in tiles
        ],
    }
    matrix = "/collections/public.incident/tiles/WebMercatorQuad"
    # tipg gives up after its limit of features, so it is told to hold as many as there are.
    theirs = {
        "all": [f"{matrix}/{z}/{x}/{y}?limit=1000000" for z, x, y in tiles],
        "filtered": [
            f"{matrix}/{z}/{x}/{y}?limit=1000000&filter-lang=cql2-text&filter="
            + urllib.parse.quote(cql)
            for z, x, y in tiles
        ],
    }
    measured: dict[str, dict[str, float]] = {}
    beside: dict[str, object] = {}
    program = (
        "from gridmap.server import run; from gridmap.settings import Settings; run(Settings())"
    )
    with serving([sys.executable, "-c", program], 8391, "/health", GRIDMAP_DATABASE_URL=url,
                 GRIDMAP_PORT="8391", GRIDMAP_WORKERS="2",
                 GRIDMAP_SECRET_KEY="benchmark"):  # fmt: skip
        signed_in = {"Cookie": f"{COOKIE}={session_token(url)}"}
        for name, paths in ours.items():
            measured[name] = measure(8391, paths, limit_s, signed_in)
    folder = Path(os.environ.get("GRIDMAP_BENCH_TIPG", tempfile.gettempdir() + "/gridmap-tipg"))
    uvicorn = [str(tipg_program(folder)), "-m", "uvicorn", "tipg.main:app", "--workers", "2"]
    try:
        with serving([*uvicorn, "--port", "8392"], 8392, "/healthz",
                     DATABASE_URL=with_host(url), TIPG_DB_SCHEMAS='["public"]',
                     TIPG_MAX_FEATURES_PER_QUERY="1000000",
                     TIPG_MAX_FEATURES_PER_TILE="1000000"):  # fmt: skip
            for name, paths in theirs.items():
                beside[name] = measure(8392, paths, limit_s)
    except (RuntimeError, OSError) as error:
        beside["failed"] = str(error)[-500:]
    quicker = all(
        isinstance(other := beside.get(name), dict) and ours_["p95_ms"] < other["p95_ms"]
        for name, ours_ in measured.items()
    )
    whole = all(not ours_["failed"] for ours_ in measured.values())
    return {
        "benchmark": "tiles",
        "goal": GOAL,
        "measured": measured,
        "beside": {"tipg": beside},
        "ok": quicker and whole,
    }


def with_host(url: str) -> str:
    """Write the folder of a Unix socket as the host, for tipg asks for one."""
    parts = urllib.parse.urlsplit(url)
    query = urllib.parse.parse_qs(parts.query)
    if parts.hostname or "host" not in query:
        return url
    host = urllib.parse.quote(query["host"][0], safe="")
    port = query.get("port", ["5432"])[0]
    return f"postgresql://{parts.username}@{host}:{port}{parts.path}"


def categories(url: str) -> list[int]:
    """Return the ids of the filter's category and all below it."""
    engine = make_engine(url)
    with engine.connect() as connection:
        found = connection.scalars(
            text("SELECT id FROM category WHERE code LIKE :code || '%'"),
            {"code": FILTER["category"]},
        ).all()
    engine.dispose()
    return list(found)


def main() -> None:
    """Measure a database that is named, or the demo's city."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a database with a million incidents; else one is made")
    parser.add_argument("--each", type=int, default=120, help="tiles of each zoom")
    parser.add_argument("--seconds", type=float, default=60, help="the longest a round may take")
    arguments = parser.parse_args()
    if arguments.url:
        print(json.dumps(run(arguments.url, arguments.each, arguments.seconds)))
        return
    with town_url("city") as url:
        print(json.dumps(run(url, arguments.each, arguments.seconds)))


if __name__ == "__main__":
    main()
