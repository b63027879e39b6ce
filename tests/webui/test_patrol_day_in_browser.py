"""The day of a patrol planner: draw, staff, hand in what was walked, and read what was missed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import shapely
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import text

from gridmap.handlers import HANDLERS
from gridmap.jobs.running import do_waiting
from tests.webui.test_patrols_in_browser import draw, edited, watched

__all__ = ["watched"]  # The fixture is theirs.

#: Where the stops lie along the route, as parts of its length; the last two are not reached.
STOPS = (0.05, 0.88, 0.97)


@pytest.fixture
def route(app: Flask) -> Callable[[int], shapely.LineString]:
    def read(route_id: int) -> shapely.LineString:
        with app.extensions["gridmap.engine"].connect() as connection:
            shape = connection.execute(
                text("SELECT ST_AsBinary(geom) FROM patrol_route WHERE id = :id"), {"id": route_id}
            ).scalar_one()
        return shapely.from_wkb(bytes(shape))  # type: ignore[return-value]

    return read


def gpx(line: shapely.LineString, share: float) -> str:
    """A patrol of the first part of a line: a step each five seconds, ten minutes at the start."""
    begin = datetime(2026, 5, 4, 12, tzinfo=UTC)
    spots = [shapely.line_interpolate_point(line, STOPS[0], normalized=True)] * 130
    spots += [
        shapely.line_interpolate_point(line, share * n / 400, normalized=True) for n in range(401)
    ]
    points = "".join(
        f'<trkpt lat="{spot.y:.7f}" lon="{spot.x:.7f}">'
        f"<time>{begin + timedelta(seconds=5 * n):%Y-%m-%dT%H:%M:%SZ}</time></trkpt>"
        for n, spot in enumerate(spots)
    )
    return (
        '<?xml version="1.0"?><gpx version="1.1" creator="t" '
        f'xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>{points}</trkseg></trk></gpx>'
    )


def add_stop(page: Page, spot: shapely.Point) -> None:
    x, y = page.evaluate(
        """([lat, lon]) => {
            map_1.panTo([lat, lon], { animate: false });
            const at = map_1.latLngToContainerPoint([lat, lon]);
            return [at.x, at.y];
        }""",
        [spot.y, spot.x],
    )
    box = page.locator("#map_1").bounding_box()
    assert box is not None
    page.click("#stop")
    page.mouse.click(box["x"] + x, box["y"] + y)
    if page.locator("#stop").get_attribute("aria-pressed") == "true":
        page.click("#stop")


def test_from_five_clicks_to_two_missed_stops(
    app: Flask,
    watched: Callable[..., Page],
    route: Callable[[int], shapely.LineString],
    tmp_path: Path,
) -> None:
    page = edited(watched("planner"), "/patrols/new?lang=en")
    number = draw(page, "一天")
    line = route(number)
    for at in STOPS:
        add_stop(page, shapely.line_interpolate_point(line, at, normalized=True))
    expect(page.locator("#stops tr")).to_have_count(len(STOPS))
    page.click("#save")
    expect(page.locator("#toast")).to_contain_text("Saved as version 2.")

    # A shift on it, for the first team there is.
    page.goto("/patrols/shifts/new")
    page.select_option("#team", index=1)
    page.click(".beside button")
    page.fill("[name=starts][type=datetime-local]", "2026-05-04T20:00")
    page.fill("[name=ends][type=datetime-local]", "2026-05-04T22:00")
    page.select_option("#route", label="一天")
    page.click(".form-acts .main-act")
    if page.locator("[name=accept]").count():
        page.click("[name=accept]")
    expect(page).to_have_url(re.compile(r"/patrols/shifts/\d+"))
    shift = page.url

    path = tmp_path / "巡逻轨迹.gpx"
    path.write_text(gpx(line, 0.8))
    page.goto(f"/patrols/walked/new?route={number}")
    page.set_input_files("#file", path)
    page.click(".form-acts .main-act")
    do_waiting(app.extensions["gridmap.engine"], HANDLERS)
    page.wait_for_selector("html[data-map-ready]", state="attached")
    share = page.locator("#share").text_content()
    assert share is not None
    assert float(share.removesuffix(" %")) == pytest.approx(80, abs=4)
    expect(page.locator(".verdict-missed")).to_have_count(2)
    expect(page.locator(".verdict-visited")).to_have_count(1)
    expect(page.locator(".stop-mark")).to_have_count(len(STOPS))
    page.goto(shift)
    expect(page.locator("dd a[href*='/walked/tracks/']")).to_contain_text("%")
