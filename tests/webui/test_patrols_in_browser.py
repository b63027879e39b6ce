"""A planner draws a route along streets, changes and saves it; a cadre follows it on a phone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import text

SignIn = Callable[[BrowserContext, str], None]
#: Metres within which a drawn line lies on streets: a coordinate has seven places.
ON_STREET_M = 0.1
#: Parts of the map's width and height: on or beside streets of the middle of the demo town.
CLICKS = ((0.35, 0.35), (0.5, 0.4), (0.62, 0.5), (0.5, 0.62), (0.38, 0.55))


@pytest.fixture
def watched(
    browser: Browser, server: str, browser_session: SignIn
) -> Iterator[Callable[..., Page]]:
    """Open pages that must neither complain nor reach for another server."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def make(login: str, **options: Any) -> Page:
        size = {"width": 1366, "height": 768}
        context = browser.new_context(base_url=server, **{"viewport": size, **options})
        contexts.append(context)
        browser_session(context, login)
        page = context.new_page()
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda asked: (
                None
                if asked.url.startswith((server, "data:", "blob:"))
                else complaints.append(asked.url)
            ),
        )
        return page

    yield make
    for context in contexts:
        context.close()
    # What the browser says of refusals and of a lost network, of which the page tells in words.
    told = ("409", "400", "ERR_INTERNET_DISCONNECTED")
    assert [each for each in complaints if not any(part in each for part in told)] == []


def edited(page: Page, address: str) -> Page:
    page.goto(address)
    page.wait_for_selector("html[data-editor-ready][data-map-ready]", state="attached")
    return page


def click_map(page: Page, x: float, y: float) -> None:
    box = page.locator("#map_1").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def points(page: Page, count: int) -> None:
    expect(page.locator("#editor")).to_have_attribute("data-points", str(count), timeout=30_000)


def draw(page: Page, name: str) -> int:
    """Draw five clicks in the middle of the town and save them; return the route's id."""
    page.evaluate("map_1.setZoom(16, { animate: false })")
    for number, (x, y) in enumerate(CLICKS, start=1):
        click_map(page, x, y)
        points(page, number)
    page.fill("#name", name)
    page.click("#save")
    expect(page.locator("#state")).to_have_attribute("data-saved", "true", timeout=30_000)
    found = re.search(r"/patrols/(\d+)/edit", page.url)
    assert found
    return int(found[1])


def off_street(app: Flask, route: int) -> float:
    """How many metres of a route's line lie apart from the network of streets."""
    with app.extensions["gridmap.engine"].connect() as connection:
        return float(connection.execute(
            text("""
                SELECT max((SELECT min(ST_Distance(s.geom::geography, p.geom::geography))
                            FROM street_segment s WHERE s.geom && ST_Expand(p.geom, 0.002)))
                FROM patrol_route r
                CROSS JOIN LATERAL ST_DumpPoints(ST_Segmentize(r.geom, 0.0001)) p
                WHERE r.id = :id
            """),
            {"id": route},
        ).scalar_one())  # fmt: skip


def test_five_clicks_on_streets_one_dragged_and_saved(
    app: Flask, watched: Callable[..., Page]
) -> None:
    page = edited(watched("planner"), "/patrols/new?lang=en")
    route = draw(page, "五次点击")
    assert off_street(app, route) < ON_STREET_M
    expect(page.locator("#incidents")).to_contain_text(" of ", timeout=30_000)
    before = page.locator("#length").text_content()
    # The third point goes elsewhere: its two legs follow the streets anew.
    marker = page.locator(".route-point").nth(2)
    box = marker.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 9, box["y"] + 9)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 70, steps=6)
    page.mouse.up()
    expect(page.locator("#length")).not_to_have_text(before or "", timeout=30_000)
    dragged = page.locator("#length").text_content()
    points(page, 5)
    # Back and forth by the keys.
    page.keyboard.press("Control+z")
    expect(page.locator("#length")).to_have_text(before or "")
    page.keyboard.press("Control+y")
    expect(page.locator("#length")).to_have_text(dragged or "")
    page.click("#save")
    expect(page.locator("#toast")).to_contain_text("Saved as version 2.")
    assert off_street(app, route) < ON_STREET_M
    page.goto(f"/patrols/{route}")
    expect(page.locator(".street-list li").first).to_be_visible()
    expect(page.locator("tbody a[href$='/versions/1']")).to_be_visible()


def test_tools_loop_free_legs_stops_and_split(watched: Callable[..., Page]) -> None:
    page = edited(watched("planner"), "/patrols/new?lang=en")
    draw(page, "工具")
    page.click("#close")
    points(page, 6)
    page.click("#undo")
    points(page, 5)
    # Freely by the visible switch, and by the key.
    page.click("#free")
    click_map(page, 0.3, 0.7)
    points(page, 6)
    expect(page.locator(".route-point.free")).to_have_count(1)
    page.click("#free")
    page.keyboard.down("Alt")
    click_map(page, 0.25, 0.6)
    page.keyboard.up("Alt")
    points(page, 7)
    expect(page.locator(".route-point.free")).to_have_count(2)
    page.click("#reverse")
    expect(page.locator(".route-point.first + .route-point, .route-point.first")).not_to_have_count(
        0
    )
    page.click("#stop")
    click_map(page, 0.5, 0.41)
    expect(page.locator("[data-stop]")).to_have_count(1)
    page.locator("[data-field=dwell]").fill("25")
    page.locator("[data-field=dwell]").press("Enter")
    expect(page.locator("#time-parts")).to_contain_text("25 min at stops")
    page.click("#stop")
    page.locator(".route-point").nth(3).click()
    page.keyboard.press("Delete")
    points(page, 6)
    page.click("#save")
    expect(page.locator("#state")).to_have_attribute("data-saved", "true", timeout=30_000)
    page.locator(".route-point").nth(2).click()
    page.click("#split")
    expect(page.locator("#toast a")).to_contain_text("second part", timeout=30_000)
    points(page, 3)
    page.locator("#toast a").click()
    page.wait_for_selector("html[data-editor-ready]", state="attached")
    points(page, 4)


def test_two_planners_at_once_lose_nothing(watched: Callable[..., Page]) -> None:
    page = edited(watched("planner"), "/patrols/new?lang=en")
    route = draw(page, "两人")
    other = edited(watched("supervisor"), f"/patrols/{route}/edit?lang=en")
    other.fill("#name", "主任的")
    other.click("#save")
    expect(other.locator("#state")).to_have_attribute("data-saved", "true", timeout=30_000)
    page.fill("#name", "专员的")
    page.click("#save")
    expect(page.locator("#conflict-words")).to_contain_text("as version 2", timeout=30_000)
    page.click("#conflict button[value=over]")
    expect(page.locator("#toast")).to_contain_text("Saved as version 3.", timeout=30_000)


def test_what_was_drawn_is_offered_again(watched: Callable[..., Page]) -> None:
    page = edited(watched("planner"), "/patrols/new?lang=en")
    page.evaluate("map_1.setZoom(16, { animate: false })")
    for number, (x, y) in enumerate(CLICKS[:2], start=1):
        click_map(page, x, y)
        points(page, number)
    page.fill("#name", "未存")
    page.wait_for_function(
        "() => (localStorage.getItem('gridmap.route.new') || '').includes('未存')"
    )
    page.on("dialog", lambda dialog: dialog.accept())
    edited(page, "/patrols/new?lang=en")
    page.click("#kept-take")
    points(page, 2)
    expect(page.locator("#name")).to_have_value("未存")


def test_a_file_is_matched_to_streets(app: Flask, watched: Callable[..., Page]) -> None:
    page = edited(watched("planner"), "/patrols/new?lang=en")
    first = draw(page, "原线")
    gpx = page.request.get(f"/patrols/{first}/export/gpx")
    assert "filename*=UTF-8''%E5%8E%9F%E7%BA%BF.gpx" in gpx.headers["content-disposition"]
    page.goto("/patrols/import?lang=en")
    sent = {"name": "轨迹.gpx", "mimeType": "application/gpx+xml", "buffer": gpx.body()}
    page.set_input_files("#file", [sent])
    page.click(".main-act")
    page.locator("[data-line]").click()
    page.wait_for_selector("html[data-editor-ready]", state="attached")
    expect(page.locator("#name")).to_have_value("原线")
    page.click("#save")
    expect(page.locator("#state")).to_have_attribute("data-saved", "true", timeout=30_000)
    found = re.search(r"/patrols/(\d+)/edit", page.url)
    assert found
    assert off_street(app, int(found[1])) < ON_STREET_M


def test_a_cadre_follows_the_route_and_checks_in(app: Flask, watched: Callable[..., Page]) -> None:
    with app.extensions["gridmap.engine"].connect() as connection:
        row = connection.execute(
            text("""
                SELECT r.id, s.id AS stop, ST_X(s.geom) AS lon, ST_Y(s.geom) AS lat
                FROM patrol_route r JOIN patrol_stop s ON s.route_id = r.id AND s.position = 1
                JOIN team_member m ON m.team_id = r.team_id JOIN cadre d ON d.id = m.cadre_id
                JOIN app_user u ON u.id = d.user_id
                WHERE u.login = 'cadre' AND r.archived_at IS NULL ORDER BY r.id LIMIT 1
            """)
        ).one()
    page = watched(
        "cadre", viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True,
        permissions=["geolocation"],
        geolocation={"longitude": row.lon, "latitude": row.lat + 0.0002, "accuracy": 10},
    )  # fmt: skip
    page.goto(f"/patrols/{row.id}/follow?lang=en")
    page.wait_for_selector("html[data-follow-ready]", state="attached")
    expect(page.locator("#away")).to_have_text("22 m")
    # Without a network the check-in waits, and is sent when there is one again.
    page.context.set_offline(True)
    page.click("#check")
    expect(page.locator("#waits")).to_contain_text("1 check-ins wait")
    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("#waits")).to_have_text("", timeout=30_000)
    kept = json.loads(page.evaluate(f"localStorage.getItem('gridmap.checkins.{row.id}')"))
    assert kept == []
    with app.extensions["gridmap.engine"].connect() as connection:
        told = connection.execute(
            text("""
                SELECT count(*) AS n, max(ST_Distance(c.geom::geography, s.geom::geography)) AS far
                FROM patrol_check_in c JOIN patrol_stop s ON s.id = c.stop_id
                WHERE c.stop_id = :stop AND c.user_name <> ''
            """),
            {"stop": row.stop},
        ).one()
    assert told.n == 1
    assert told.far == pytest.approx(22.2, abs=0.5)
    for button in page.locator(".turns button").all():
        box = button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 48
