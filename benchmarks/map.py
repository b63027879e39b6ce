"""How soon the map is ready in Chromium, and how many bytes it takes, beside plain Folium.

Ready means that every tile of the view is drawn, by the page's own clock from the start of the
navigation, in a browser that has nothing stored. Plain Folium gets the incidents as one GeoJSON
layer of circle markers on a canvas; a million of them end the browser, so for the city it gets
100,000. Its files come from the disk, which spares it the internet.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import folium
from playwright.sync_api import Browser, Route, sync_playwright
from sqlalchemy import text

from benchmarks.demo_town import session_token, town_url
from benchmarks.tiles import serving
from geodata.town.plan import Size
from gridmap.db import make_engine
from webui.access import COOKIE
from webui.assets import FOLIUM, STATIC

GOAL = "ready within 1500 ms and below 1 MB with the city, no request to another server"
LIMIT_MS, LIMIT_BYTES = 1500, 1_000_000
PORT = 8393
ROUNDS = 5
FLAGS = [
    # Root may not run Chromium's sandbox, and it opens no page but ours.
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def open_map(browser: Browser, address: str, token: str) -> dict[str, Any]:
    """Open our map with an empty cache; return its time, bytes and foreign requests."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    context.add_cookies([{"name": COOKIE, "value": token, "url": address}])
    page = context.new_page()
    received, asked = [0.0], []
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    network.on("Network.loadingFinished", lambda e: received.append(e["encodedDataLength"]))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.wait_for_selector("html[data-map-ready]", state="attached", timeout=120_000)
    ready = float(page.evaluate("document.documentElement.dataset.mapReady"))
    page.wait_for_timeout(300)
    context.close()
    foreign = [url for url in asked if not url.startswith((address, "data:", address[:21]))]
    return {"ready_ms": ready, "bytes": int(sum(received)), "foreign": len(foreign)}


def open_plain(browser: Browser, url: str, most: int) -> dict[str, Any]:
    """Open a plain Folium map of the incidents; return its time and the size of its page."""
    engine = make_engine(url)
    with engine.connect() as connection:
        points: dict[str, Any] = connection.execute(
            text(
                "SELECT json_build_object('type', 'FeatureCollection', 'features', json_agg("
                "json_build_object('type', 'Feature', 'geometry', ST_AsGeoJSON(geom, 6)::json, "
                "'properties', json_build_object('category', category_id)))) "
                "FROM (SELECT * FROM incident LIMIT :most) AS i"
            ),
            {"most": most},
        ).scalar_one()
    engine.dispose()
    made = folium.Map(tiles=None, prefer_canvas=True)
    layer = folium.GeoJson(points, marker=folium.CircleMarker(radius=3), name="incidents")
    layer.add_to(made)
    made.fit_bounds(layer.get_bounds())  # type: ignore[arg-type]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "plain.html"
        made.save(path)
        context = browser.new_context(viewport={"width": 1366, "height": 768})
        page = context.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.route(re.compile("^https?://"), _from_disk)
        page.set_default_timeout(600_000)
        page.goto(path.as_uri())
        ready = page.evaluate(
            "new Promise(done => requestAnimationFrame(() => done(performance.now())))"
        )
        context.close()
        if faults:
            raise RuntimeError(faults[0])
        return {"ready_ms": round(ready), "bytes": path.stat().st_size, "points": most}


def _from_disk(route: Route) -> None:
    local = FOLIUM.get(route.request.url)
    if local:
        route.fulfill(path=STATIC / "vendor" / local)
    else:
        route.fulfill(body="")


def measure(browser: Browser, size: Size, most: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Measure one size of the demo town; return our figures and plain Folium's."""
    with town_url(size) as url:
        program = "from gridmap.server import run; from gridmap.settings import Settings; "
        with serving(
            [sys.executable, "-c", program + "run(Settings())"],
            PORT,
            "/health",
            GRIDMAP_DATABASE_URL=url,
            GRIDMAP_PORT=str(PORT),
            GRIDMAP_SECRET_KEY="benchmark",
        ):
            token = session_token(url)
            # The server warms itself meanwhile, and the first view of all finds the rest cold.
            time.sleep(5)
            address = f"http://127.0.0.1:{PORT}/map"
            rounds = [open_map(browser, address, token) for _ in range(ROUNDS + 1)]
        ours = {
            "first_ms": rounds[0]["ready_ms"],
            "ready_ms": statistics.median(one["ready_ms"] for one in rounds[1:]),
            "bytes": max(one["bytes"] for one in rounds),
            "foreign": sum(one["foreign"] for one in rounds),
        }
        time.sleep(1)
        return ours, open_plain(browser, url, most)


def main() -> None:
    """Measure the town and the city."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="town,city", help="which demo towns")
    asked = parser.parse_args().sizes.split(",")
    sizes: list[Size] = [size for size in get_args(Size) if size in asked]
    measured, beside = {}, {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for size in sizes:
            most = 100_000 if size == "city" else 60_000
            measured[size], beside[f"plain folium, {size}"] = measure(browser, size, most)
        browser.close()
    ok = all(
        max(one["first_ms"], one["ready_ms"]) <= LIMIT_MS
        and one["bytes"] < LIMIT_BYTES
        and not one["foreign"]
        for one in measured.values()
    )
    line = {"benchmark": "map", "goal": GOAL, "measured": measured, "beside": beside, "ok": ok}
    print(json.dumps(line))


if __name__ == "__main__":
    main()
