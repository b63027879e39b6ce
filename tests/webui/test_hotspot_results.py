"""What a result shows besides its table: tiles, surfaces, scores, holidays, and how it is kept."""

from __future__ import annotations

import html
import json
import re
import threading
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import Engine, text

from gridmap.handlers import HANDLERS
from gridmap.hotspots.models import HotspotRun
from gridmap.jobs.running import work
from tests.gridmap.exchange.mvt import read_tile
from tests.webui.runs import make_run
from webui.assets import STATIC
from webui.hotspots import words
from webui.hotspots.new import settings_of

Csrf = Callable[[FlaskClient], str]


@pytest.fixture(scope="module")
def run_id(app: Flask) -> int:
    """A finished run of the whole town, shared."""
    return make_run(engine_of(app), None)


def engine_of(app: Flask) -> Engine:
    engine: Engine = app.extensions["gridmap.engine"]
    return engine


def test_the_map_of_a_run_is_made_of_tiles(app: Flask, client: FlaskClient, run_id: int) -> None:
    with engine_of(app).connect() as connection:
        row = connection.execute(
            text("""
                SELECT array_agg(id) FILTER (WHERE rank IS NULL) AS drawn,
                       array_agg(id) FILTER (WHERE rank IS NULL AND ST_Area(geom::geography) > 9)
                           AS seen,
                       count(*) FILTER (WHERE rank IS NOT NULL) AS listed
                FROM hotspot_feature WHERE run_id = :id
            """),
            {"id": run_id},
        ).one()
    page = client.get(f"/hotspots/{run_id}").text
    data = json.loads(html.unescape(page.split('data-page="')[1].split('"')[0]))
    west, south, east, north = data["bounds"]
    z, found = 15, set[int]()
    for x in range(column(west, z), column(east, z) + 1):
        for y in range(line(north, z), line(south, z) + 1):
            address = data["found"].format(z=z, x=x, y=y)
            tile = read_tile(client.get(address).data).get("found")
            if tile is not None:
                assert {"kind", "count", "expected"} <= set(tile)
                found |= set(tile["mvt_id"])
    # All that is not listed is in tiles, and the rest at an address of its own.
    # What the border leaves of a shape may be too small to be seen.
    assert set(row.seen) <= found <= set(row.drawn)
    listed = json.loads(client.get(f"/hotspots/{run_id}/features.json").data)["features"]
    assert len(listed) == row.listed
    assert client.get(f"/hotspots/{run_id}/20/0/0.mvt").status_code == 404


def column(lon: float, z: int) -> int:
    return int((lon + 180) / 360 * 2**z)


def line(lat: float, z: int) -> int:
    return int((1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * 2**z)


def test_a_density_is_shown_as_a_surface_too(app: Flask, client: FlaskClient) -> None:
    run = make_run(engine_of(app), None, "density")
    page = client.get(f"/hotspots/{run}?lang=en").text
    assert 'name="view" value="surface"' in page
    assert re.search(r'class="step-density-8"[^>]*></i>from [\d,.]+ per km²', page)
    data = json.loads(html.unescape(page.split('data-page="')[1].split('"')[0]))
    west, south, east, north = data["bounds"]
    z = 12
    address = data["surface"].format(
        z=z, x=column((west + east) / 2, z), y=line((south + north) / 2, z)
    )
    picture = Image.open(BytesIO(client.get(address).data))
    assert picture.size == (256, 256)
    assert picture.info["transparency"] == 0
    colours = {colour for _, colour in picture.convert("RGBA").getcolors(1 << 17) or []}
    densest = tuple(int(words.PALETTES["density"][-1][i : i + 2], 16) for i in (1, 3, 5))
    assert (*densest, 255) in colours
    assert len(colours) > 5
    # A method without a surface has neither.
    other = client.get(f"/hotspots/{make_run(engine_of(app), None, 'rhythm')}?lang=en").text
    assert 'name="view"' not in other


@pytest.mark.parametrize(
    ("analysis", "chosen", "summary", "told"),
    [
        # Over the whole period neither days nor covariates decide anything.
        (
            "scan",
            {"against": "bernoulli"},
            {"replications": 57},
            "Compare, Largest share of all in a circle, %, Largest radius, m, Random arrangements",
        ),
        (
            "getis_ord",
            {"shape": "cell", "near": "distance", "distance_m": 0},
            {"size_m": 290.8, "distance_m": 581.6},
            "Shape, Compare, Neighbours, Neighbours up to, m, p by",
        ),
        # Without any home known, area alone explains.
        (
            "gi_star",
            {"against": "mixed"},
            {"size_m": 100.0, "against": "count"},
            "Shape, Size of the shapes, m, Compare",
        ),
        (
            "density",
            {"bandwidth_m": 250.0},
            {"bandwidth_m": 250.0},
            "Bandwidth, m, At the border of the area",
        ),
    ],
)
def test_settings_are_those_that_decided_something(
    app: Flask, analysis: str, chosen: dict[str, Any], summary: dict[str, Any], told: str
) -> None:
    run = HotspotRun(analysis=analysis, parameters=chosen, summary=summary)
    with app.test_request_context("/?lang=en"):
        settings = settings_of(run)
    assert ", ".join(title for title, _ in settings) == told
    values = dict(settings)
    # What 0 chose, and what was made of what was asked.
    assert values.get("Neighbours up to, m", "581.6") == "581.6"
    assert values.get("Random arrangements", "57") == "57"
    assert "0" not in values.values()
    if analysis == "gi_star":
        assert values["Compare"] == "Counts of incidents"


def test_a_run_of_a_unit_names_it(app: Flask, client: FlaskClient) -> None:
    run = make_run(engine_of(app), None)
    with engine_of(app).begin() as connection:
        name, english = connection.execute(
            text("""
                UPDATE hotspot_run r SET unit_id = u.id FROM (
                    SELECT id, name, name_en FROM unit WHERE level = 'town' ORDER BY code LIMIT 1
                ) u WHERE r.id = :id RETURNING u.name, u.name_en
            """),
            {"id": run},
        ).one()
    for address in (f"/hotspots/{run}?", "/hotspots?", f"/hotspots/compare?left={run}&"):
        page = re.sub(r"<option.*?</option>", "", client.get(f"{address}lang=zh").text)
        assert name in page, address
    told = client.get(f"/hotspots/{run}?lang=en").text.split('class="about">')[1].split("</p>")[0]
    assert f"{english or name} · <b>" in " ".join(told.split())
    file = json.loads(client.get(f"/hotspots/{run}/export/geojson?lang=zh").data)
    assert {each["properties"]["area"] for each in file["features"]} == {name}


def test_places_of_one_class_are_told_so_once(app: Flask, client: FlaskClient) -> None:
    page = client.get(f"/hotspots/{make_run(engine_of(app), None, 'density')}?lang=en").text
    assert "Listed are the places painted “with 25 %” and denser." in page
    assert '<td class="of-class">' not in page
    # Shapes that are not drawn are in the legend of the methods that leave some out.
    assert "Left blank" not in page
    shapes = client.get(f"/hotspots/{make_run(engine_of(app), None)}?lang=en").text
    assert "Left blank: no incidents counted" in shapes
    assert "99\N{NO-BREAK SPACE}% sure" in shapes


def test_the_colours_of_steps_are_those_of_the_tiles() -> None:
    style = (STATIC / "css" / "hotspots.css").read_text()
    for palette, colours in words.PALETTES.items():
        for number, colour in enumerate(colours, 1):
            assert f".step-{palette}-{number} {{ background: {colour}; }}" in style


def test_a_forecast_shows_all_measures_beside_the_simple_rules(
    app: Flask, client: FlaskClient
) -> None:
    run = make_run(engine_of(app), None, "forecast")
    page = client.get(f"/hotspots/{run}?lang=en").text
    table = page.split("How such forecasts did before")[1].split("</table>")[0]
    assert re.findall(r'<th scope="col"[^>]*>([^<]+)', table) == [
        "Forecast", "Hit rate, %", "PAI", "PEI*", "RRI",
    ]  # fmt: skip
    assert re.findall(r"<tr><td>([^<]+)", table) == [
        "This forecast", "The average of all before", "As many as last time",
    ]  # fmt: skip
    # Each mean with its interval.
    assert len(re.findall(r"[\d.]+ <span[^>]*>\([\d.]+–[\d.]+\)", table)) == 12


def test_holidays_are_told_beside_hours_and_seasons(app: Flask, client: FlaskClient) -> None:
    run = make_run(engine_of(app), None, "rhythm")
    page = client.get(f"/hotspots/{run}?lang=en").text
    assert "days of public holidays there were" in page
    table = page.split(">Holidays<")[1].split("</table>")[0]
    assert "All public holidays" in table
    assert "Spring Festival" in table
    assert "春节" in client.get(f"/hotspots/{run}?lang=zh").text


def test_who_waits_is_told_that_nobody_does_the_work(
    app: Flask, client: FlaskClient, csrf: Csrf
) -> None:
    answer = client.post("/hotspots/simple", data={"csrf_token": csrf(client), "period": "month"})
    page = client.get(f"{answer.location}?lang=en").text
    notice = re.search(r'<p id="unserved"[^>]*>', page)
    assert notice
    assert "hidden" not in notice[0]
    assert client.get(f"{answer.location}/state.json").json["served"] is False
    health = client.get("/health").json
    assert health is not None
    assert health["status"] == "no process does jobs"
    assert health["jobs"]["processes"] == 0
    assert health["jobs"]["waiting"] >= 1
    client.post(f"{answer.location}/cancel", data={"csrf_token": csrf(client)})
    # Somebody who only listens is enough.
    end, engine = threading.Event(), engine_of(app)
    thread = threading.Thread(target=work, args=(engine, HANDLERS, end))
    thread.start()
    while client.get("/health").json["status"] != "ok":
        assert thread.is_alive()
    end.set()
    thread.join()


def test_a_run_of_a_schedule_says_how_long_it_is_kept(
    app: Flask, client: FlaskClient, csrf: Csrf
) -> None:
    run = make_run(engine_of(app), None)
    with engine_of(app).begin() as connection:
        connection.execute(
            text("UPDATE hotspot_run SET scheduled = true, shared = false WHERE id = :id"),
            {"id": run},
        )
    address = f"/hotspots/{run}?lang=en"
    assert "It is deleted after 370 days" in client.get(address).text
    for kept in ("1", "0"):
        client.post(f"/hotspots/{run}/keep", data={"csrf_token": csrf(client), "kept": kept})
        page = client.get(address).text
        assert ("It is deleted after" in page) is (kept == "0")
