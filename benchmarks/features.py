"""Pages of 10, 1,000 and 10,000 incidents from a million, beside tipg, pygeoapi and psql.

All serve the same database over HTTP from two processes each, and are asked by turns. Four ways to
ask: the first page, a box, a filter in CQL2, and the page that begins with the 900,000th row. The
limit is psql, which runs the very statement of our page of 10,000.
``python -m benchmarks.features --url postgresql://...`` measures a database that exists.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pycurl
from sqlalchemy import event, text

from benchmarks.demo_town import partner_key, town_url
from benchmarks.peers import pygeoapi, tipg
from benchmarks.tiles import serving
from gridmap.db import make_engine
from gridmap.settings import Settings
from webui import create_app

PORT = 8391
SIZES = (10, 1_000, 10_000)
CLIENTS = (1, 4)
#: How many times as many requests per second as the faster of the two, by number of features.
FASTER = {10: 30, 1_000: 12, 10_000: 10}
#: How many times psql's own time one client may wait for 10,000 features.
PSQL = 1.3
GOAL = "30, 12 and 10 times the faster peer at 10, 1,000 and 10,000; 1.3 times psql at most"
DEEP = 900_000
_ITEMS = "/ogc/collections/incidents/items"


@dataclass(frozen=True)
class Question:
    """What each server is asked, in words that all of them understand.

    Attributes
    ----------
    box : str
        West, south, east and north of a part of the city with more than a page of incidents.
    category, category_id : str, int
        One category, which the peers know by its id alone.
    since, until : str
        A span of time, RFC 3339.
    """

    box: str
    category: str
    category_id: int
    since: str
    until: str

    def ours(self, size: int, deep: str) -> dict[str, str]:
        """Return our addresses by way; ``deep`` is that of the deep page."""
        return {
            "page": f"{_ITEMS}?limit={size}",
            "bbox": f"{_ITEMS}?limit={size}&bbox={self.box}",
            "filter": f"{_ITEMS}?limit={size}&filter="
            + urllib.parse.quote(f"category = '{self.category}' AND {self._times()}"),
            "deep": re.sub(r"\blimit=\d+", f"limit={size}", deep),
        }

    def theirs(self, items: str, size: int, language: str) -> dict[str, str]:
        """Return a peer's addresses by way."""
        if language == "cql-text":
            # pygeoapi reads the older language, whose times stand without a function.
            times = f"occurred_at DURING {self.since}/{self.until}"
        else:
            times = self._times()
        condition = urllib.parse.quote(f"category_id = {self.category_id} AND {times}")
        page = f"{items}&limit={size}"
        return {
            "page": page,
            "bbox": f"{page}&bbox={self.box}",
            "filter": f"{page}&filter-lang={language}&filter={condition}",
            "deep": f"{page}&offset={DEEP}",
        }

    def _times(self) -> str:
        return (
            f"occurred_at >= TIMESTAMP('{self.since}') AND occurred_at < TIMESTAMP('{self.until}')"
        )


def make_question(url: str) -> Question:
    """Choose a box with some 50,000 incidents and the commonest category over 18 months."""
    engine = make_engine(url)
    with engine.connect() as connection:
        west, south, east, north = connection.execute(
            text("""
                SELECT percentile_cont(0.38) WITHIN GROUP (ORDER BY x),
                       percentile_cont(0.38) WITHIN GROUP (ORDER BY y),
                       percentile_cont(0.62) WITHIN GROUP (ORDER BY x),
                       percentile_cont(0.62) WITHIN GROUP (ORDER BY y)
                FROM (SELECT ST_X(geom) AS x, ST_Y(geom) AS y FROM incident) AS p""")
        ).one()
        category_id, code, last = connection.execute(
            text("""
                SELECT category_id, k.code, max(occurred_at) FROM incident
                JOIN category k ON k.id = category_id
                GROUP BY category_id, k.code ORDER BY count(*) DESC LIMIT 1""")
        ).one()
    engine.dispose()
    box = ",".join(f"{value:.5f}" for value in (west, south, east, north))
    since, until = f"{last.year - 2}-07-01T00:00:00Z", f"{last.year}-01-01T00:00:00Z"
    return Question(box, code, category_id, since, until)


def measure(
    address: str, clients: int, seconds: float, headers: Mapping[str, str]
) -> dict[str, float]:
    """Ask for one address by some clients for a time; return requests/s, p50 and p95 (ms)."""
    times: list[float] = []
    failed = [0]
    began = time.perf_counter()

    def client() -> None:
        # Clients share the processors with the servers; libcurl leaves them most.
        curl = pycurl.Curl()
        curl.setopt(pycurl.URL, address)
        curl.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in headers.items()])
        curl.setopt(pycurl.TIMEOUT, 300)
        curl.setopt(pycurl.WRITEFUNCTION, len)
        # However slow a server is, some answers are measured.
        asked = 0
        while time.perf_counter() - began < seconds or asked < (3 if clients == 1 else 1):
            start = time.perf_counter()
            try:
                curl.perform()
                failed[0] += curl.getinfo(pycurl.RESPONSE_CODE) != 200
            except pycurl.error:
                failed[0] += 1
            times.append(time.perf_counter() - start)
            asked += 1
        curl.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    cuts = statistics.quantiles(times, n=20)
    return {
        "per_s": round(len(times) / took, 2),
        "p50_ms": round(cuts[9] * 1000, 1),
        "p95_ms": round(cuts[18] * 1000, 1),
        "failed": failed[0],
    }


def ask(address: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """Return the document of an address."""
    request = urllib.request.Request(address, headers=dict(headers))  # noqa: S310 - Our own.
    with urllib.request.urlopen(request, timeout=300) as answer:  # noqa: S310 - Likewise.
        document: dict[str, Any] = json.load(answer)
    return document


def deep_page(base: str, headers: Mapping[str, str]) -> str:
    """Follow the links ``next`` to the page that begins with the 900,000th row."""
    address = f"{base}{_ITEMS}?limit=10000"
    for _ in range(DEEP // 10_000):
        links = ask(address, headers)["links"]
        address = next(link["href"] for link in links if link["rel"] == "next")
    parts = urllib.parse.urlsplit(address)
    return f"{parts.path}?{parts.query}"


#: By way the address of so many features, and the headers with which they are asked for.
Server = tuple[Callable[[int], dict[str, str]], Mapping[str, str]]


def rounds(servers: Mapping[str, Server], seconds: float) -> dict[str, dict[str, Any]]:
    """Measure servers by number of features, way and number of clients.

    They answer one after the other each time, since machines are faster in one minute than in the
    next. A peer that fails is left out from there on.

    Returns
    -------
    dict
        By server and by what was asked, what `measure` found; else why the server failed.
    """
    found: dict[str, dict[str, Any]] = {name: {} for name in servers}
    ways = list(next(iter(servers.values()))[0](SIZES[0]))
    for size, way, clients in itertools.product(SIZES, ways, CLIENTS):
        for name, (addresses, headers) in servers.items():
            if "failed" in found[name]:
                continue
            address = addresses(size)[way]
            try:
                number = len(ask(address, headers)["features"])
                if number != size:
                    raise RuntimeError(f"{address} gave {number} features instead of {size}")
                one = measure(address, clients, seconds, headers)
            except (RuntimeError, OSError) as error:
                found[name]["failed"] = str(error)[-500:]
                continue
            # A slow peer takes minutes, and whoever waits sees that it goes on.
            print(f"{name}, {size} {way}, {clients} clients: {one}", file=sys.stderr, flush=True)
            found[name][f"{size} {way} {clients}"] = one
    return found


@contextmanager
def ours(url: str, question: Question) -> Iterator[Server]:
    """Serve this program from two processes, for a partner's key."""
    program = (
        "from gridmap.server import run; from gridmap.settings import Settings; run(Settings())"
    )
    headers = {"X-API-Key": partner_key(url)}
    base = f"http://127.0.0.1:{PORT}"
    with serving([sys.executable, "-c", program], PORT, "/health", GRIDMAP_DATABASE_URL=url,
                 GRIDMAP_PORT=str(PORT), GRIDMAP_WORKERS="2",
                 GRIDMAP_SECRET_KEY="benchmark"):  # fmt: skip
        deep = deep_page(base, headers)
        yield (
            lambda size: {way: base + one for way, one in question.ours(size, deep).items()},
            headers,
        )


def _their_ways(question: Question, items: str, language: str, size: int) -> dict[str, str]:
    return question.theirs(items, size, language)


def page_statements(url: str) -> list[str]:
    """Return the statement of our first page of 10,000, heard from the program as it answers."""
    heard: list[tuple[str, Any]] = []
    # By one connection, which makes the whole page by one statement.
    app = create_app(Settings(database_url=url, pool_size=1))
    engine = app.extensions["gridmap.engine"]
    event.listen(
        engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, values, _x, _many: heard.append((statement, values)),
    )
    client = app.test_client()
    key = {"X-API-Key": partner_key(url)}
    client.get(f"{_ITEMS}?limit=10000", headers=key).get_data()
    engine.dispose()
    with psycopg.connect(url) as connection:
        cursor = psycopg.ClientCursor(connection)
        statements = [cursor.mogrify(*one) for one in heard if "ST_AsGeoJSON" in one[0]]
    if not statements:
        raise RuntimeError("no statement for features was heard")
    return statements


def psql_ms(url: str, statements: Sequence[str], repeated: int = 5) -> float:
    """Let psql run statements; return the median time."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "page.sql"
        lines = ["SET TimeZone = 'UTC';", "\\timing on", f"\\o {os.devnull}"]
        lines += [f"{statement};" for _ in range(repeated) for statement in statements]
        script.write_text("\n".join(lines), encoding="utf-8")
        said = subprocess.run(
            ["psql", "-XAtq", "-f", str(script), url], check=True, capture_output=True, text=True
        ).stdout
    return statistics.median(float(found) for found in re.findall(r"Time: ([\d.]+) ms", said))


def compare(
    ours: dict[str, dict[str, float]], peers: dict[str, Any]
) -> dict[str, dict[str, float]]:
    """Return by number of features how many times as fast as the faster peer each way is."""
    times: dict[str, dict[str, float]] = {}
    for size in SIZES:
        ways = {}
        for name, own in ours.items():
            if name.startswith(f"{size} "):
                best = max(peer[name]["per_s"] for peer in peers.values() if name in peer)
                ways[name.partition(" ")[2]] = round(own["per_s"] / best, 1)
        times[str(size)] = ways
    return times


def run(url: str, seconds: float) -> dict[str, object]:
    """Measure all by turns and compare."""
    question = make_question(url)
    failed: dict[str, Any] = {}
    with ExitStack() as stack:
        servers = {"gridmap": stack.enter_context(ours(url, question))}
        for name, peer, language in (
            ("tipg", tipg, "cql2-text"),
            ("pygeoapi", pygeoapi, "cql-text"),
        ):
            try:
                items = stack.enter_context(peer(url))
            except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
                failed[name] = {"failed": str(error)[-500:]}
                continue
            servers[name] = (partial(_their_ways, question, items, language), {})
        found = rounds(servers, seconds)
        addresses, headers = servers["gridmap"]
        statements = page_statements(url)
        # By turns, for the same reason.
        turns = [
            (measure(addresses(10_000)["page"], 1, seconds, headers)["p50_ms"],
             psql_ms(url, statements))
            for _ in range(5)
        ]  # fmt: skip
    own = found.pop("gridmap")
    peers = found | failed
    if "failed" in own:
        return {"benchmark": "features", "goal": GOAL, "measured": own, "beside": peers,
                "ok": False}  # fmt: skip
    page_ms, limit_ms = (statistics.median(times) for times in zip(*turns, strict=True))
    faster = compare(own, peers)
    over_psql = round(page_ms / limit_ms, 2)
    ok = (
        over_psql <= PSQL
        and all("failed" not in peer for peer in peers.values())
        and all(not one["failed"] for one in own.values())
        and all(min(faster[str(size)].values()) >= goal for size, goal in FASTER.items())
    )
    measured = {"requests": own, "times_the_faster_peer": faster, "over_psql": over_psql}
    beside = {**peers, "psql_ms": limit_ms}
    return {"benchmark": "features", "goal": GOAL, "measured": measured, "beside": beside, "ok": ok}


def main() -> None:
    """Measure a database that is named, or the demo's city."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a database with a million incidents; else one is made")
    parser.add_argument("--seconds", type=float, default=5, help="how long a round takes")
    arguments = parser.parse_args()
    if arguments.url:
        print(json.dumps(run(arguments.url, arguments.seconds)))
        return
    with town_url("city") as url:
        print(json.dumps(run(url, arguments.seconds)))


if __name__ == "__main__":
    main()
