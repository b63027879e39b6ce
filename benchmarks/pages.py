"""Every page and answer that a browser can ask for, with the city: time and queries.

Each address of the tables that the tests of the routes use, and some that ask for more, is asked
in this process as the county's administrator and as a town's supervisor: three times with nothing
kept in memory, and once more. What is told is the median of the first three, the last, and the
most queries; beside it the least time that the processors worked for a first answer, in this
process and in the database's, which other programs on the machine hardly change. Files to be
downloaded are measured too, but no limit holds for them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.orm import Session

from benchmarks.demo_town import town_url
from gridmap.settings import Settings
from gridmap.workforce.demo import PASSWORD
from gridmap.workforce.sign_in import sign_in
from tests.webui.ids import ids_of
from tests.webui.routes import ROUTES
from webui import create_app
from webui.access import COOKIE

LIMIT_MS = 300
GOAL = f"every page below {LIMIT_MS} ms at the server with the city, the first time too"
PEOPLE = ("admin", "supervisor")
ROUNDS = 3
DOWNLOADS = {
    "cases.export", "assignments.export", "assignments.sheet_file", "assignments.template",
    "hotspots.export",
}  # fmt: skip
#: What people ask for beside the plain pages, by endpoint.
MORE = {
    "dashboard.show": (
        "/dashboard?period=quarter", "/dashboard?period=half", "/dashboard?period=half&figure=rate",
        "/dashboard?period=custom&from={year_ago}&to={newest}",
        "/dashboard?period=half&unit={unit_code}", "/dashboard?unit={town_code}&period=half",
    ),
    "dashboard.records": (
        "/dashboard/records?period=half", "/dashboard/records?period=half&category=B",
        "/dashboard/records?period=half&weekday=1&hour=9",
        "/dashboard/records?period=custom&from={year_ago}&to={newest}",
        "/dashboard/records?period=half&outside=1",
        "/dashboard/records?period=custom&from={year_ago}&to={newest}&weekday=7&hour=3",
    ),
    "assignments.list_page": (
        "/assignments/list?state=vacant", "/assignments/list?state=above",
        "/assignments/list?sort=households&order=desc", "/assignments/list?page=150",
        "/assignments/list?sort=cadre&page=100",
    ),
    "assignments.cells": ("/assignments/cells?box={west},{south},{east},{north}",),
    "assignments.cadres": ("/assignments/cadres?box={west},{south},{east},{north}",),
    "staff.index": ("/staff?sort=cells&order=desc", "/staff?page=60", "/staff?kind=part_time"),
    "cases.index": (
        "/cases?state=any", "/cases?state=ended&sort=newest", "/cases?due=overdue",
        "/cases?mine=1", "/cases?q=%E6%A5%BC%E9%81%93&state=any", "/cases?unit={town}",
        "/cases?category=B&state=any", "/cases?asked=1", "/cases?returned=1&state=any",
        "/cases?q=%E6%97%A0%E6%AD%A4%E8%AF%8D&state=any", "/cases?since={year_ago}&state=any",
    ),
    "cases.show_board": ("/cases/board?category=B", "/cases/board?unit={town}"),
    "cases.points": ("/cases/points?due=overdue",),
    "audit.show": (
        "/audit?act=case.export", "/audit?person=supervisor", "/audit?subject=incident_case",
        "/audit?subject=cadre&from={year_ago}", "/audit?to={year_ago}",
    ),
    "map_data.count": ("/map/count?from={year_ago}&to={newest}",),
    "map_data.feature": ("/map/feature/unit/{town}",),
}  # fmt: skip

_FACTS = """
    SELECT to_char(d.newest, 'YYYY-MM-DD') AS newest,
           to_char(d.newest - 364, 'YYYY-MM-DD') AS year_ago,
           t.code AS town_code,
           ST_XMin(t.geom) AS west, ST_YMin(t.geom) AS south, ST_XMax(t.geom) AS east,
           ST_YMax(t.geom) AS north
    FROM unit t, (SELECT local_date(max(occurred_at)) AS newest FROM incident
                  WHERE occurred_at < now()) d
    WHERE t.id = :town
"""


# A town that has worked with the program for years: sign-ins, changes and exports in the log, and
# a user for every cadre.
_YEARS = (
    """
    INSERT INTO audit_log (at, user_id, user_name, act, subject, subject_id, after)
    SELECT now() - n * interval '3 minutes', u.id, u.display_name, k.act, k.subject, n % 9000 + 1,
           jsonb_build_object('n', n, 'cell_id', n % 9000 + 1)
    FROM generate_series(1, 300000) AS n
    JOIN (SELECT *, row_number() OVER (ORDER BY id) AS nth FROM app_user WHERE id <= 5) u
        ON u.nth = 1 + n % 5
    JOIN (VALUES (0, 'sign_in', 'app_user'), (1, 'assignment.assign', 'cell'),
                 (2, 'cadre.change', 'cadre'), (3, 'case.export', 'incident_case')) AS k (nth, act,
                 subject) ON k.nth = n % 4
    WHERE (SELECT count(*) FROM audit_log) < 100000
    """,
    """
    INSERT INTO app_user (login, display_name, password_hash, role, language)
    SELECT 'wg' || id, name, '-', 'cadre', 'zh' FROM cadre
    WHERE kind = 'full_time' AND user_id IS NULL AND (SELECT count(*) FROM app_user) < 100
    """,
    """
    INSERT INTO user_area (user_id, unit_id)
    SELECT u.id, d.unit_id FROM app_user u JOIN cadre d ON u.login = 'wg' || d.id
    ON CONFLICT DO NOTHING
    """,
    """
    UPDATE cadre d SET user_id = u.id FROM app_user u
    WHERE u.login = 'wg' || d.id AND d.user_id IS NULL
    """,
    "ANALYZE audit_log, app_user, user_area, cadre",
)


def add_years(engine: Engine) -> None:
    """Fill the log and the users as years of work would, unless that was done before."""
    with engine.begin() as connection:
        for statement in _YEARS:
            connection.execute(text(statement))


def addresses(connection: Connection) -> list[tuple[str, str, tuple[int, ...]]]:
    """Return endpoint, address and the statuses that are right, of all GET routes."""
    unit = connection.execute(
        text("""
            SELECT a.unit_id FROM user_area a JOIN app_user u ON u.id = a.user_id
            WHERE u.login = 'cadre'
        """)
    ).scalar_one()
    ids: dict[str, Any] = ids_of(connection, unit)
    ids |= connection.execute(text(_FACTS), {"town": ids["town"]}).mappings().one()
    found = [
        (endpoint, route.asked.format_map(ids), route.own)
        for (endpoint, method), routes in ROUTES.items()
        if method == "GET"
        for route in routes
    ]
    found += [
        (endpoint, one.format_map(ids), (200,)) for endpoint, more in MORE.items() for one in more
    ]
    # Of what the city has none, such as packages, there is no page to look at.
    return [one for one in found if "None" not in one[1]]


def walk(app: Flask, login: str) -> list[dict[str, Any]]:
    """Ask for every address that a person may see; return what was measured."""
    engine: Engine = app.extensions["gridmap.engine"]
    client = app.test_client()
    with Session(engine) as session, session.begin():
        client.set_cookie(COOKIE, sign_in(session, login, PASSWORD).token or "")
    with engine.connect() as connection:
        asked = addresses(connection)
    client.get("/account")
    measured = []
    for endpoint, address, right in asked:
        one = _measure(app, client, address)
        if one["status"] == 403:
            continue
        if one["status"] not in (*right, 302):
            raise SystemExit(f"{address} answers {one['status']}")
        measured.append({"endpoint": endpoint, "address": address, "login": login, **one})
    return measured


def _measure(app: Flask, client: FlaskClient, address: str) -> dict[str, Any]:
    said: list[str] = []
    engine: Engine = app.extensions["gridmap.engine"]

    def note(*given: Any) -> None:
        said.append(given[2])

    event.listen(engine, "before_cursor_execute", note)
    times, works, queries = [], [], 0
    # One request after the other uses one connection alone.
    with engine.connect() as connection:
        process = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    for round_ in range(ROUNDS + 1):
        if round_ < ROUNDS:
            app.extensions.pop("gridmap.dashboard", None)
        said.clear()
        began, worked = time.perf_counter(), _worked_ms(process)
        answer = client.get(address)
        size = len(answer.get_data())
        times.append(1000 * (time.perf_counter() - began))
        works.append(_worked_ms(process) - worked)
        queries = max(queries, len(said))
    event.remove(engine, "before_cursor_execute", note)
    return {
        "status": answer.status_code,
        "first_ms": round(statistics.median(times[:ROUNDS]), 1),
        "again_ms": round(times[-1], 1),
        "work_ms": round(min(works[:ROUNDS]), 1),
        "queries": queries,
        "kB": round(size / 1000),
    }


def _worked_ms(process: int) -> float:
    """Return how long the processors have worked for this process and one of the database's."""
    nanoseconds = Path(f"/proc/{process}/schedstat").read_text().split()[0]
    return 1000 * time.process_time() + int(nanoseconds) / 1e6


def _told(pages: list[dict[str, Any]]) -> dict[str, Any]:
    """Sum up what was measured."""
    worst = sorted(pages, key=lambda page: -page["first_ms"])
    return {
        "answers": len(pages),
        "slowest": {
            f"{page['login']} {page['address']}": [page["first_ms"], page["again_ms"]]
            for page in worst[:5]
        },
        "median_ms": round(statistics.median(page["first_ms"] for page in pages), 1),
        "over": sum(page["first_ms"] > LIMIT_MS for page in pages),
        "most_work_ms": max(page["work_ms"] for page in pages),
        "over_by_work": sum(page["work_ms"] > LIMIT_MS for page in pages),
        "most_queries": max(page["queries"] for page in pages),
    }


def _downloads(page: dict[str, Any]) -> bool:
    """Tell whether a page is a file to keep, as 10,000 features as CSV are."""
    return page["endpoint"] in DOWNLOADS or "f=csv" in page["address"]


def main() -> None:
    """Walk all pages of the city and print a table, then one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="city", choices=("small", "town", "city"))
    size = parser.parse_args().size
    with town_url(size) as url:
        app = create_app(Settings(database_url=url))
        add_years(app.extensions["gridmap.engine"])
        found = [page for login in PEOPLE for page in walk(app, login)]
        app.extensions["gridmap.engine"].dispose()
    for one in sorted(found, key=lambda page: -page["first_ms"]):
        print(
            f"{one['first_ms']:8.1f} {one['again_ms']:8.1f} {one['work_ms']:7.1f} "
            f"{one['queries']:3} {one['kB']:6} kB {one['login']:10} {one['address']}",
            file=sys.stderr,
        )
    pages = [page for page in found if not _downloads(page)]
    files = [page for page in found if _downloads(page)]
    measured = _told(pages)
    print(
        json.dumps(
            {
                "benchmark": "pages",
                "goal": GOAL,
                "measured": {"size": size, **measured},
                "beside": {"downloads": _told(files), "load": os.getloadavg()[0]},
                "ok": measured["over"] == 0,
            },
            ensure_ascii=False,
        )
    )


if __name__ == "__main__":
    main()
