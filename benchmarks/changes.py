"""What the log of changes costs writers, and how long a page of the feed takes.

A county of 10,000 cells and a million incidents; the log then holds a million rows besides.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from types import MappingProxyType

from sqlalchemy import Engine, text

from benchmarks.grid import benchmark_cluster, database, filled, make_incidents
from gridmap.db import make_engine, make_sessions
from gridmap.embedded import Cluster
from gridmap.exchange.change_cursor import Position, Seal, mark_of, write_cursor
from gridmap.exchange.change_log import DATABASE
from gridmap.exchange.changes import read_changes
from gridmap.exchange.collections import COLLECTIONS, INCIDENTS
from gridmap.exchange.grant import Grant, LayerGrant
from gridmap.incidents.importing import write_incidents
from gridmap.territory.importing.origin import Origin
from gridmap.territory.scope import Scope

SEAL = Seal("of the measurement")
GOAL = "an import at most 3 % slower, a single insert 0.2 ms, a page of 1,000 below 100 ms"
INSERT = """
    INSERT INTO incident (occurred_at, category_id, geom)
    VALUES (now(), 1, ST_SetSRID(ST_MakePoint(117.1 + 0.0001 * :n, 28.1), 4326))
"""
TRIGGERS = ("note_inserted", "note_updated", "note_deleted")


def switch(engine: Engine, state: str) -> None:
    """Turn the log's triggers of incidents on or off."""
    with engine.begin() as connection:
        for trigger in TRIGGERS:
            connection.execute(text(f"ALTER TABLE incident {state} TRIGGER {trigger}"))


def import_rows(engine: Engine, count: int) -> float:
    """Store so many incidents in one go; return the seconds."""
    frame = make_incidents(count)
    with make_sessions(engine).begin() as session:
        ids: dict[str, int] = dict(session.execute(text("SELECT code, id FROM category")).all())
        frame = frame.assign(category_id=frame["category"].map(ids))
        began = time.perf_counter()
        write_incidents(session, frame, Origin("bench"))
    return time.perf_counter() - began


def insert_singly(engine: Engine, count: int) -> float:
    """Insert rows one by one in one transaction; return milliseconds for each."""
    with engine.begin() as connection:
        for n in range(20):
            connection.execute(text(INSERT), {"n": n})
        began = time.perf_counter()
        for n in range(count):
            connection.execute(text(INSERT), {"n": n})
        return (time.perf_counter() - began) / count * 1000


def median(work: Callable[[], object], rounds: int = 7) -> float:
    """Return the median of the milliseconds that some work takes."""
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        found.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(found), 1)


def pages(engine: Engine, count: int) -> dict[str, float]:
    """Measure pages for who sees everything and for who sees one community."""
    layers = MappingProxyType({key: LayerGrant() for key in COLLECTIONS})
    measured = {}
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        community = connection.scalar(text("SELECT max(id) FROM unit WHERE level = 'community'"))
        named = connection.scalar(text(f"SELECT {DATABASE}"))
        newest = connection.scalar(text("SELECT max(xid) FROM layer_change"))
        first = connection.scalar(text("SELECT min(seq) FROM layer_change WHERE xid = :x"),
                                  {"x": newest})  # fmt: skip
        assert isinstance(community, int)
        assert isinstance(named, str)
        assert isinstance(newest, int)
        assert isinstance(first, int)
        for who, grant in (
            ("all", Grant("all", layers)),
            ("one", Grant("one", layers, Scope((community,)), frozenset({community}))),
        ):
            mark = mark_of(named, INCIDENTS, grant)
            for name, position in (
                ("copy", Position(newest, 0, count // 2, copying=True)),
                ("bulk", Position(0)),
                ("changes", Position(newest, first + count // 2)),
                ("up to date", Position(newest, 2**62)),
            ):
                cursor = write_cursor(position, mark, SEAL)

                def ask(grant: Grant = grant, cursor: str = cursor) -> object:
                    return read_changes(connection, INCIDENTS, grant, SEAL, cursor, 1000)

                measured[f"{name}, {who}"] = median(ask)
    return measured


def measure(cluster: Cluster, base: str, count: int) -> dict[str, float]:
    """Measure with the log and without it, by turns."""
    best: dict[str, float] = {}
    for _ in range(2):
        for state in ("DISABLE", "ENABLE"):
            with database(cluster, base) as name:
                engine = make_engine(cluster.url(name))
                switch(engine, state)
                seconds = import_rows(engine, count)
                key = f"import_s, log {state.lower()}d"
                best[key] = round(min(seconds, best.get(key, seconds)), 2)
                print(f"{key} {seconds:.2f}", flush=True)
                engine.dispose()
    with database(cluster, base) as name:
        engine = make_engine(cluster.url(name))
        import_rows(engine, count)
        for _ in range(3):
            for state in ("DISABLE", "ENABLE"):
                switch(engine, state)
                each = insert_singly(engine, 500)
                key = f"insert_ms, log {state.lower()}d"
                best[key] = round(min(each, best.get(key, each)), 3)
        with engine.begin() as connection:
            connection.execute(
                text("""INSERT INTO layer_change (layer, first_id, last_id)
                        SELECT 'incidents', n, n FROM generate_series(1, :n) AS n"""),
                {"n": count},
            )
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
        best |= pages(engine, count)
        engine.dispose()
    return best


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    with benchmark_cluster() as cluster, filled(cluster) as base:
        best = measure(cluster, base, options.rows)
    slower = best["import_s, log enabled"] / best["import_s, log disabled"]
    dearer = best["insert_ms, log enabled"] - best["insert_ms, log disabled"]
    usual = max(value for name, value in best.items() if ", all" in name)
    ok = slower < 1.03 and dearer < 0.2 and usual < 100
    print(json.dumps({"benchmark": "changes", "goal": GOAL, "measured": best, "ok": ok}))


if __name__ == "__main__":
    main()
