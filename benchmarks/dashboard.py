"""The dashboard and the pages of cells and buildings, alone and with fifty people clicking.

Alone each page is asked in this process, once with nothing kept in memory and then again; what
is told is the slowest first answer and the median of the others. Then fifty people sign in at
gunicorn, with as many workers as there are processors, and each follows a way of his own down
from the county, a click as soon as the former page is there and half a second has passed.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import threading
import time
from http.cookiejar import CookieJar
from typing import Any, get_args
from urllib.error import URLError
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

from benchmarks.demo_town import town_url
from benchmarks.tiles import serving
from geodata.town.plan import Size
from gridmap.db import make_engine
from gridmap.settings import Settings
from gridmap.workforce.demo import PASSWORD
from gridmap.workforce.sign_in import sign_in
from webui import create_app
from webui.access import COOKIE

GOAL = "each page below 300 ms at the server with the city, no error with 50 people at once"
LIMIT_MS = 300
PEOPLE, CLICKS, PAUSE_S = 50, 12, 0.5
PORT = 8394
ROUNDS = 5


def addresses(engine: Engine) -> dict[str, list[str]]:
    """Return pages to ask, by kind."""
    with engine.connect() as connection:

        def codes(statement: str) -> list[str]:
            return [str(value) for value in connection.execute(text(statement)).scalars()]

        units = "SELECT code FROM unit WHERE level = '{}' ORDER BY md5(code) LIMIT 20"
        towns, communities = codes(units.format("town")), codes(units.format("community"))
        year_ago, newest = codes("""
            SELECT unnest(ARRAY[d - 364, d]) FROM (
                SELECT local_date(max(occurred_at)) AS d FROM incident WHERE occurred_at < now()) n
        """)
        cells = codes("SELECT id FROM cell WHERE kind = 'basic' ORDER BY md5(code) LIMIT 40")
        buildings = codes("SELECT id FROM building ORDER BY md5(id::text) LIMIT 40")
    return {
        "county, month": ["/dashboard"],
        "county, half-year": ["/dashboard?period=half"],
        "county, year": [f"/dashboard?period=custom&from={year_ago}&to={newest}"],
        "town, month": [f"/dashboard?unit={code}" for code in towns],
        "community, month": [f"/dashboard?unit={code}" for code in communities],
        "records of the county": ["/dashboard/records?period=half"],
        "cell": [f"/cell/{cell}" for cell in cells],
        "building": [f"/building/{building}" for building in buildings],
    }


def alone(url: str) -> dict[str, dict[str, float]]:
    """Ask each kind of page in this process; return times in ms and the number of queries."""
    app = create_app(Settings(database_url=url))
    engine: Engine = app.extensions["gridmap.engine"]
    client = app.test_client()
    client.set_cookie(COOKIE, _token(engine))
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    client.get("/account")
    measured = {}
    for kind, pages in addresses(engine).items():
        first: list[float] = []
        again: list[float] = []
        queries = 0
        for page in pages[:ROUNDS]:
            app.extensions.pop("gridmap.dashboard", None)
            for times in (first, again, again):
                asked.clear()
                began = time.perf_counter()
                answer = client.get(page)
                times.append(1000 * (time.perf_counter() - began))
                assert answer.status_code == 200, (page, answer.status_code)
                queries = max(queries, len(asked))
        measured[kind] = {
            "first_ms": round(max(first), 1),
            "again_ms": round(statistics.median(again), 1),
            "queries": queries,
        }
    engine.dispose()
    return measured


def crowd(url: str) -> dict[str, float]:
    """Let fifty people click at once; return the times in ms and the number of errors."""
    engine = make_engine(url)
    pages, token = addresses(engine), _token(engine)
    engine.dispose()
    program = "from gridmap.server import run; from gridmap.settings import Settings; "
    with serving(
        [sys.executable, "-c", program + "run(Settings())"],
        PORT,
        "/health",
        GRIDMAP_DATABASE_URL=url,
        GRIDMAP_PORT=str(PORT),
        GRIDMAP_SECRET_KEY="benchmark",
    ):
        times: list[float] = []
        errors: list[str] = []
        people = [
            threading.Thread(target=_click, args=(seed, pages, token, times, errors))
            for seed in range(PEOPLE)
        ]
        began = time.perf_counter()
        for person in people:
            person.start()
        for person in people:
            person.join()
        passed = time.perf_counter() - began
    return {
        "people": PEOPLE,
        "clicks": len(times) + len(errors),
        "clicks_per_s": round(len(times) / passed, 1),
        "median_ms": round(statistics.median(times), 1),
        "p95_ms": round(statistics.quantiles(times, n=20)[-1], 1),
        "errors": len(errors),
    }


def _click(
    seed: int, pages: dict[str, list[str]], token: str, times: list[float], errors: list[str]
) -> None:
    chance = random.Random(seed)  # noqa: S311 - No secret is made of it.
    opener: OpenerDirector = build_opener(HTTPCookieProcessor(CookieJar()))
    kinds = [kind for kind in pages if kind != "records of the county"]
    for click in range(CLICKS):
        page = chance.choice(pages[kinds[click % len(kinds)]])
        request = Request(
            f"http://127.0.0.1:{PORT}{page}",
            headers={"Cookie": f"{COOKIE}={token}", "Accept-Encoding": "gzip"},
        )
        began = time.perf_counter()
        try:
            with opener.open(request, timeout=60) as answer:
                answer.read()
                fine = "/sign-in" not in answer.url
        except URLError as fault:
            errors.append(str(fault))
            continue
        if fine:
            times.append(1000 * (time.perf_counter() - began))
        else:
            errors.append("not signed in")
        time.sleep(PAUSE_S)


def _token(engine: Engine) -> str:
    with Session(engine) as session, session.begin():
        return sign_in(session, "admin", PASSWORD).token or ""


def main() -> None:
    """Measure the town and the city."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="town,city", help="which demo towns")
    asked = parser.parse_args().sizes.split(",")
    measured: dict[str, Any] = {}
    for size in get_args(Size):
        if size in asked:
            with town_url(size) as url:
                measured[size] = {"alone": alone(url), "crowd": crowd(url)}
    ok = all(
        one["crowd"]["errors"] == 0
        and max(page["first_ms"] for page in one["alone"].values()) <= LIMIT_MS
        for one in measured.values()
    )
    print(json.dumps({"benchmark": "dashboard", "goal": GOAL, "measured": measured, "ok": ok}))


if __name__ == "__main__":
    main()
