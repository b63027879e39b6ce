"""Move the border between two neighbours among 10,000 cells and a million incidents."""

from __future__ import annotations

import argparse
import json
import statistics
import time
from datetime import date

import numpy as np
import shapely
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from benchmarks.grid import SIDE, benchmark_cluster, cell_outlines, filled, make_incidents
from gridmap.db import make_engine, make_sessions
from gridmap.incidents.importing import write_incidents
from gridmap.incidents.importing.layers import category_ids
from gridmap.territory.importing.origin import Origin
from gridmap.territory.models import Cell
from gridmap.territory.service import redraw

GOAL_MS = 200
REDRAWN_ON = date(2024, 6, 1)


def neighbours(number: int) -> tuple[shapely.Polygon, shapely.Polygon]:
    """Return new outlines of a cell and its northern neighbour: the border moves by a third."""
    cells = cell_outlines()
    south, north = cells[number], cells[number + 1]
    both = shapely.union(south, north)
    west, low, east, high = shapely.bounds(both)
    cut = low + (high - low) / 3
    parts: list[shapely.Polygon] = [
        shapely.intersection(both, shapely.box(west, bottom, east, top))
        for bottom, top in ((low, cut), (cut, high))
    ]
    return parts[0], parts[1]


def correct(session: Session, ids: list[int], outlines: tuple[shapely.Polygon, ...]) -> None:
    """Correct both outlines in place, as if they had always been so."""
    session.execute(
        text("""
            UPDATE cell SET geom = ST_Multi(ST_GeomFromWKB(v.outline, 4326))
            FROM (VALUES (CAST(:south_id AS bigint), CAST(:south AS bytea)), (:north_id, :north))
                AS v (id, outline)
            WHERE cell.id = v.id
        """),
        {
            "south_id": ids[0],
            "north_id": ids[1],
            "south": shapely.to_wkb(outlines[0]),
            "north": shapely.to_wkb(outlines[1]),
        },
    )


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    times: dict[str, list[float]] = {"correction": [], "redraw": []}
    with benchmark_cluster() as cluster, filled(cluster) as name:
        engine = make_engine(cluster.url(name))
        sessions = make_sessions(engine)
        with sessions.begin() as session:
            frame = make_incidents(options.rows)
            frame["category_id"] = frame["category"].map(category_ids(session)).astype("int64")
            write_incidents(session, frame, Origin("x"))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
        rng = np.random.default_rng(4)
        chosen = rng.choice(SIDE * SIDE // 10, 2 * options.rounds, replace=False) * 10 + 4
        for position, number in enumerate(chosen.tolist()):
            outlines = neighbours(number)
            kind = "correction" if position % 2 else "redraw"
            with sessions() as session:
                ids = list(session.scalars(
                    select(Cell.id).order_by(Cell.id).offset(number).limit(2)
                ))  # fmt: skip
                began = time.perf_counter()
                if kind == "redraw":
                    redraw(session, dict(zip(ids, outlines, strict=True)), REDRAWN_ON)
                else:
                    correct(session, ids, outlines)
                session.commit()
                times[kind].append(1000 * (time.perf_counter() - began))
        engine.dispose()
    measured = {
        kind: {"median_ms": round(statistics.median(v)), "slowest_ms": round(max(v))}
        for kind, v in times.items()
    }
    print(
        json.dumps(
            {
                "benchmark": "relink",
                "goal": f"under {GOAL_MS} ms",
                "measured": measured,
                "beside": None,
                "ok": all(found["median_ms"] < GOAL_MS for found in measured.values()),
            }
        )
    )


if __name__ == "__main__":
    main()
