"""The one button from click to map, with a million incidents in PostGIS.

Chromium signs in at gunicorn, which runs the processes for jobs beside it as an operator's does,
opens the list of runs, presses the button for the whole county and all that is known, and waits
until the map has all shapes. The first press, after the server's start, counts like the others:
nothing is kept from one round to the next but what an operator's server keeps. Beside it stand the
shares: until the run is finished in the database, and how many incidents and shapes there were.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import time
from typing import Any, get_args

from playwright.sync_api import Page, sync_playwright
from sqlalchemy import text

from benchmarks.demo_town import session_token, town_url
from benchmarks.tiles import serving
from geodata.town.plan import Size
from gridmap.db import make_engine
from webui.access import COOKIE

LIMIT_S = 5.0
LEAST_INCIDENTS = 990_000
GOAL = (
    "from the click to the map within 5 s, the first press as well, with the million incidents of "
    "the city"
)
PORT = 8396
ROUNDS = 5
_FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
_LAST = text("""
    SELECT r.incidents, r.summary -> 'shapes' AS shapes, r.summary -> 'size_m' AS size_m,
        r.summary -> 'hotspots' AS hotspots,
        extract(epoch FROM j.started_at - j.asked_at)::float AS waited_s,
        extract(epoch FROM j.finished_at - j.started_at)::float AS worked_s
    FROM hotspot_run r JOIN job j ON j.id = r.job_id ORDER BY r.id DESC LIMIT 1
""")


def press(page: Page) -> float:
    """Press the button and return the seconds until the map stands."""
    page.goto("/hotspots?lang=zh")
    page.select_option("[name=period]", "all")
    began = time.perf_counter()
    page.click(".hot-act")
    page.wait_for_selector("html[data-map-ready]", state="attached", timeout=120_000)
    return time.perf_counter() - began


def measure(url: str) -> dict[str, Any]:
    """Press the button some times in one browser."""
    token = session_token(url)
    program = "from gridmap.server import run; from gridmap.settings import Settings; "
    with serving(
        [sys.executable, "-c", program + "run(Settings())"],
        PORT,
        "/health",
        GRIDMAP_DATABASE_URL=url,
        GRIDMAP_PORT=str(PORT),
        GRIDMAP_SECRET_KEY="benchmark",
    ):
        # The processes for jobs load their libraries meanwhile.
        time.sleep(10)
        address = f"http://127.0.0.1:{PORT}"
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=_FLAGS
            )
            context = browser.new_context(base_url=address, viewport={"width": 1366, "height": 768})
            context.add_cookies([{"name": COOKIE, "value": token, "url": address}])
            page = context.new_page()
            times = [press(page) for _ in range(ROUNDS)]
            browser.close()
    engine = make_engine(url)
    with engine.connect() as connection:
        last = connection.execute(_LAST).one()
    engine.dispose()
    return {
        "first_s": round(times[0], 2),
        "median_s": round(statistics.median(times), 2),
        "slowest_s": round(max(times), 2),
        **{
            name: round(value, 2) if isinstance(value, float) else value
            for name, value in last._mapping.items()
        },
    }


def main() -> None:
    """Measure the town and the city."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="city", help="which demo towns")
    asked = parser.parse_args().sizes.split(",")
    measured = {}
    for size in get_args(Size):
        if size in asked:
            with town_url(size) as url:
                measured[size] = measure(url)
    city = measured.get("city")
    ok = city is not None and city["incidents"] >= LEAST_INCIDENTS and city["slowest_s"] <= LIMIT_S
    print(json.dumps({"benchmark": "hotspots_page", "goal": GOAL, "measured": measured, "ok": ok}))


if __name__ == "__main__":
    main()
