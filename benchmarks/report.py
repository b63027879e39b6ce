"""The annual report of the city as its job makes it, and as page, Word and PDF.

A process of its own counts and writes the report of the last whole year of the county beside the
year before, stores it, reads it again and sets it in Chinese in all three formats; its peak memory
is told. Beside it stands what a plain pandas script takes to fetch the incidents of both years and
to count those of the year by category: it must find the same number. Of the only county there is
the report also counts the few that lie outside all communities.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from io import BytesIO
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gridmap.db import make_engine

GOAL_S, GOAL_MB = 30.0, 1024
LEAST_INCIDENTS, LEAST_CELLS = 990_000, 12_000
GOAL = (
    f"an annual report of {LEAST_CELLS:,} cells and a million incidents in all three formats "
    f"within {GOAL_S:g} s, with a peak below {GOAL_MB} MB"
)


def by_gridmap(url: str) -> dict[str, Any]:
    """Make and set the report in a process of its own."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_report, args=(url, sender))
    process.start()
    sender.close()
    found: dict[str, Any] = receiver.recv()
    process.join()
    return found


def _report(url: str, sender: Connection) -> None:
    from sqlalchemy import func, select, text
    from sqlalchemy.orm import Session

    from gridmap.incidents.statistics import clock
    from gridmap.jobs import service as jobs
    from gridmap.jobs.running import do_waiting
    from gridmap.reports.documents import files, queries, running
    from gridmap.reports.documents.models import Report
    from gridmap.reports.documents.order import Order
    from gridmap.reports.documents.periods import last_whole
    from gridmap.reports.documents.service import KIND, new_report
    from gridmap.reports.paper.html import to_html
    from gridmap.territory.models import Unit

    engine = make_engine(url)
    with Session(engine) as session, session.begin():
        session.execute(text("UPDATE job SET state = 'cancelled' WHERE state = 'waiting'"))
        county = session.scalars(select(func.min(Unit.id)).where(Unit.level == "county")).one()
        first, last = last_whole("year", clock(session.connection()).today)
        report = new_report(Order("year", county, first, last), None)
        session.add(report)
        session.flush()
        report.job_id = jobs.ask(session, KIND, {"report": report.id}).id
        report_id = report.id
    times = {}
    began = time.perf_counter()
    do_waiting(engine, running.HANDLERS)
    times["make_s"] = time.perf_counter() - began
    with Session(engine) as session:
        started = time.perf_counter()
        document = files.document_of(session, report_id, "zh")
        facts = files.facts_of(session, report_id)
        page = to_html(document, picture=str, link=lambda of: None, facts=facts)
        times["page_s"] = time.perf_counter() - started
        pictures = queries.pictures_of(session, report_id)
    sizes = {"page_kb": len(page) / 1024}
    with TemporaryDirectory() as folder:
        for form in ("docx", "pdf"):
            started = time.perf_counter()
            content = files.file_of(engine, Path(folder), report_id, "zh", form)
            times[f"{form}_s"] = time.perf_counter() - started
            sizes[f"{form}_kb"] = len(content) / 1024
    times["seconds"] = time.perf_counter() - began
    with Session(engine) as session, session.begin():
        session.delete(session.get_one(Report, report_id))
    engine.dispose()
    sender.send({
        **{name: round(value, 2) for name, value in times.items()},
        **{name: round(value) for name, value in sizes.items()},
        "peak_mb": round(_peak_mb()),
        "facts": len(facts),
        "pictures": len(pictures),
        "incidents": facts["incidents.total"].value,
        "first": first.isoformat(),
        "last": last.isoformat(),
    })  # fmt: skip


def _peak_mb() -> float:
    """Return the largest memory this process has held."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def by_pandas(url: str, first: str, last: str) -> dict[str, Any]:
    """Fetch two years of incidents, and count those of the last one by category."""
    import pandas as pd
    import psycopg

    began = time.perf_counter()
    statement = f"""
        COPY (SELECT local_date(occurred_at) AS day, category_id, community_id, cell_id
              FROM incident
              WHERE local_date(occurred_at) BETWEEN date '{first}' - interval '1 year' AND '{last}')
        TO STDOUT WITH (FORMAT csv, HEADER)
    """
    stream = BytesIO()
    with psycopg.connect(url) as connection, connection.cursor().copy(statement.encode()) as copy:
        for part in copy:
            stream.write(part)
    stream.seek(0)
    frame = pd.read_csv(stream, parse_dates=["day"])
    year = frame[frame["day"] >= first]
    by_category = year.groupby("category_id").size()
    year.groupby("cell_id").size()
    frame.groupby([frame["day"].dt.to_period("M"), "category_id"]).size()
    return {
        "seconds": round(time.perf_counter() - began, 2),
        "incidents": int(by_category.sum()),
    }


def measure(url: str) -> dict[str, Any]:
    """Make the report, and count beside it."""
    from sqlalchemy import text

    engine = make_engine(url)
    with engine.connect() as connection:
        counted = "SELECT (SELECT count(*) FROM incident), (SELECT count(*) FROM cell)"
        incidents, cells = connection.execute(text(counted)).one()
    engine.dispose()
    found = by_gridmap(url)
    beside = by_pandas(url, found["first"], found["last"])
    return {
        "benchmark": "report",
        "goal": GOAL,
        "measured": {**found, "all_incidents": incidents, "cells": cells},
        "beside": {"plain pandas": beside},
        "ok": incidents >= LEAST_INCIDENTS
        and cells >= LEAST_CELLS
        and found["seconds"] <= GOAL_S
        and found["peak_mb"] <= GOAL_MB
        and found["incidents"] == beside["incidents"],
    }


def main() -> None:
    """Measure a database that is named, or the demo's city."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a database with a million incidents; else one is made")
    arguments = parser.parse_args()
    if arguments.url:
        print(json.dumps(measure(arguments.url)))
        return
    # The process that reports imports this module too, and is not to load what makes the town.
    from benchmarks.demo_town import town_url

    with town_url("city") as url:
        print(json.dumps(measure(url)))


if __name__ == "__main__":
    main()
