"""The page of streets and the line that follows them, over the small demo town."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import Connection, Engine, text

from gridmap.jobs.running import do_waiting
from gridmap.patrols.streets.service import HANDLERS
from tests.webui.conftest import form_token

Trace = Callable[..., Any]
CHANGE = "UPDATE road SET name = name WHERE id = (SELECT min(id) FROM road)"


def engine_of(app: Flask) -> Engine:
    engine: Engine = app.extensions["gridmap.engine"]
    return engine


@pytest.fixture
def connection(app: Flask) -> Iterator[Connection]:
    with engine_of(app).connect() as connection:
        yield connection


@pytest.fixture
def trace(sign_in: Callable[[str], FlaskClient]) -> Trace:
    client = sign_in("planner")
    token = form_token(client)

    def ask(*waypoints: object, mode: str = "foot") -> Any:
        return client.post(
            "/patrols/trace",
            json={"mode": mode, "waypoints": list(waypoints)},
            headers={"X-CSRFToken": token, "Accept": "application/json"},
        )

    return ask


def ends(connection: Connection, count: int) -> list[dict[str, float]]:
    """Some crossings of the largest part, far from each other."""
    rows = connection.execute(
        text("""
            SELECT ST_X(p) AS lon, ST_Y(p) AS lat
            FROM street_segment, ST_StartPoint(geom) AS p WHERE component = 0 ORDER BY p DESC
        """)
    ).all()
    return [{"lon": row.lon, "lat": row.lat} for row in rows[:: max(1, len(rows) // count)][:count]]


def test_the_page_tells_the_state_the_figures_and_who_may_see_it(
    sign_in: Callable[[str], FlaskClient], connection: Connection
) -> None:
    report = connection.execute(text("SELECT report FROM street_network")).scalar_one()
    page = sign_in("planner").get("/patrols/streets?lang=en").text
    assert f"from {report['roads']} roads" in page
    assert f"{report['segments']} segments" in page
    assert "Up to date." in page
    assert sign_in("cadre").get("/patrols/streets").status_code == 403
    assert "街道" in sign_in("supervisor").get("/patrols/streets?lang=zh").text


def test_the_line_between_two_crossings_is_made_of_streets(
    trace: Trace, connection: Connection
) -> None:
    waypoints = ends(connection, 3)
    answer = trace(*waypoints)
    assert answer.status_code == 200
    legs = answer.json["legs"]
    assert len(legs) == 2
    assert answer.json["length_m"] == pytest.approx(sum(leg["length_m"] for leg in legs), abs=0.2)
    assert all(leg["routed"] for leg in legs)
    for leg in legs:
        line = ", ".join(f"{lon} {lat}" for lon, lat in leg["coordinates"])
        off = connection.execute(
            text(
                "SELECT max(d) FROM ST_DumpPoints(ST_Segmentize(CAST(:line AS geography), 5)"
                "::geometry) AS p CROSS JOIN LATERAL (SELECT ST_Distance(p.geom::geography, "
                "geom::geography) AS d FROM street_segment ORDER BY geom <-> p.geom LIMIT 1) s"
            ),
            {"line": f"SRID=4326;LINESTRING({line})"},
        ).scalar_one()
        assert off < 0.1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"lon": 100.0}, "第 2 点在辖区之外"),
        ({"lat": None}, "第 2 点没有经纬度"),
        ({"lon": True, "lat": []}, "第 2 点没有经纬度"),
        ({"lon": 1e400}, "第 2 点在辖区之外"),
    ],
)
def test_a_point_that_cannot_be_used_is_named(
    trace: Trace, connection: Connection, change: dict[str, object], sentence: str
) -> None:
    first, second = ends(connection, 2)
    answer = trace(first, {**second, **change})
    assert answer.status_code == 400
    assert sentence in answer.json["error"]


def test_an_unknown_mode_and_a_body_of_another_form_are_refused(trace: Trace) -> None:
    assert trace(mode="boat").status_code == 400
    assert trace("here", "there").json["error"].startswith("第 1 点")


def test_a_changed_road_is_told_and_the_button_has_the_network_built(
    app: Flask, sign_in: Callable[[str], FlaskClient]
) -> None:
    client = sign_in("planner")
    with engine_of(app).begin() as connection:
        connection.execute(text(CHANGE))
    assert "Roads or outlines have changed" in client.get("/patrols/streets?lang=en").text
    token = form_token(client)
    for _ in range(2):
        answer = client.post("/patrols/streets/build", data={"csrf_token": token})
        assert answer.status_code == 302
    with engine_of(app).connect() as connection:
        waiting = connection.execute(
            text("SELECT count(*) FROM job WHERE kind = 'streets' AND state = 'waiting'")
        ).scalar_one()
    assert waiting == 1, "it is asked for once, however often the button is pressed"
    page = client.get("/patrols/streets?lang=en").text
    assert "The network is being built" in page
    assert client.get("/patrols/streets/state.json").json["over"] is False
    do_waiting(engine_of(app), HANDLERS)
    assert client.get("/patrols/streets/state.json").json["over"] is True
    assert "Up to date." in client.get("/patrols/streets?lang=en").text


@pytest.fixture
def page(
    browser: Browser, server: str, browser_session: Callable[[BrowserContext, str], None]
) -> Iterator[Page]:
    """A page that must neither complain nor reach for another server."""
    context = browser.new_context(base_url=server, viewport={"width": 1366, "height": 768})
    browser_session(context, "planner")
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda asked: (
            None if asked.url.startswith((server, "data:", "blob:"))
            else complaints.append(asked.url)
        ),
    )  # fmt: skip
    yield page
    context.close()
    assert complaints == []


def test_the_lists_lead_to_the_map_which_is_drawn_by_mode(page: Page, app: Flask) -> None:
    gap = {"m": 3.2, "name": "{{7*7}}", "other": "<img src=x onerror=alert(1)>",
           "from": [0, 0], "to": [0, 0]}  # fmt: skip
    with engine_of(app).begin() as connection:
        former = connection.execute(text("SELECT report FROM street_network")).scalar_one()
        west, south, east, north = former["bounds"]
        gap |= {"from": [(west + east) / 2, (south + north) / 2], "to": [west, south]}
        connection.execute(
            text("UPDATE street_network SET report = report || CAST(:more AS jsonb)"),
            {"more": json.dumps({"gaps": 1, "gaps_listed": [gap]})},
        )
    try:
        page.goto("/patrols/streets?lang=en")
        page.wait_for_selector("html[data-map-ready]", state="attached")
        painted = """() => [...document.querySelectorAll('.leaflet-streets-pane canvas')].some(
            (c) =>
            c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v))"""
        assert page.evaluate(painted)
        page.get_by_label("By car").check()
        assert page.evaluate(painted)
        page.get_by_role("button", name="1 · {{7*7}}").click()
        expect(page.locator(".leaflet-popup-content")).to_contain_text("Gap of 3.2 m")
        expect(page.locator(".leaflet-popup-content")).to_contain_text("<img src=x")
        expect(page).to_have_url(re.compile(r"at=18%2C"))
    finally:
        with engine_of(app).begin() as connection:
            connection.execute(
                text("UPDATE street_network SET report = CAST(:former AS jsonb)"),
                {"former": json.dumps(former)},
            )


def test_on_a_phone_nothing_is_cut_off(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/patrols/streets")
    page.wait_for_selector("html[data-map-ready]", state="attached")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
