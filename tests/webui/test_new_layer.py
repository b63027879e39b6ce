"""A new layer is one entry of the registry: it appears everywhere without further code."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.exchange import collections, layers, search
from gridmap.exchange.agencies.service import AgencyWish, create_agency
from gridmap.exchange.collections import COLLECTIONS, Collection, Column, register
from gridmap.exchange.layer import Field, Layer
from gridmap.exchange.layers import LAYERS
from gridmap.workforce.rights import SYSTEM
from tests.gridmap.exchange.mvt import read_tile
from tests.webui.test_map_in_browser import SignIn, opened, watched
from webui import map_page

LAMPS = Collection(
    "lamps",
    Layer(
        key="lamp",
        title="Lamps",
        table="lamp",
        group="territory",
        anchor="t.geom",
        community="t.community_id",
        min_zoom=12,
        search=("t.name",),
        fields=(Field("Name", "t.name"),),
        order=5,
        click_order=1,
    ),
    "Lamps",
    "The street lamps.",
    "lamp",
    (Column("name", "t.name", "string", "Name"), Column("watts", "t.watts", "integer", "Watts")),
    shape="Point",
)
#: In the middle of a tile of zoom 16 that holds nothing else.
X, Y = 53485, 27000


@pytest.fixture(scope="module")
def lamp(app: Flask) -> Iterator[int]:
    """A lamp far from everything, its id, and one in the middle of the town."""
    engine = app.extensions["gridmap.engine"]
    with engine.begin() as connection:
        connection.execute(
            text("""CREATE TABLE lamp (id bigserial PRIMARY KEY, name text, watts integer,
                    community_id bigint, geom geometry(Point, 4326))""")
        )
        number: int = connection.execute(
            text("""INSERT INTO lamp (name, watts, geom) VALUES ('七号灯杆', 80, ST_Transform(
                    ST_Centroid(ST_TileEnvelope(16, :x, :y)), 4326)) RETURNING id"""),
            {"x": X, "y": Y},
        ).scalar_one()
        connection.execute(
            text("""INSERT INTO lamp (name, watts, geom)
                    SELECT '八号灯杆', 60, ST_Centroid(ST_Extent(geom)) FROM unit""")
        )
    register(LAMPS)
    forget()
    yield number
    del collections._REGISTRY["lamps"]
    LAYERS.remove(LAMPS.layer)
    forget()
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE lamp"))


def forget() -> None:
    """Drop what is made once for all layers there are."""
    search._statement.cache_clear()
    map_page.prepare.cache_clear()


def test_the_map_offers_finds_draws_and_describes_it(client: FlaskClient, lamp: int) -> None:
    assert "Lamps" in client.get("/map/folium.en.js").text
    keys = [layer.key for layer in LAYERS]
    assert keys.index("lamp") > keys.index("cell")
    assert '"key": "lamp"' in client.get("/map").text.replace("&#34;", '"')
    tile = read_tile(client.get(f"/tiles/cell,lamp/16/{X}/{Y}.mvt").data)
    assert list(tile) == ["lamp"]
    [hit] = client.get("/map/search?q=七号灯杆").json["items"]  # type: ignore[index]
    assert (hit["layer"], hit["id"]) == ("lamp", lamp)
    lon, lat = hit["bounds"][:2]
    near = client.get(f"/map/identify?lon={lon}&lat={lat}&zoom=18&layers=lamp").json
    assert [one["id"] for one in near["items"]] == [lamp]  # type: ignore[index]
    found = client.get(f"/map/feature/lamp/{lamp}").json
    assert [field["value"] for field in found["fields"]] == ["七号灯杆"]  # type: ignore[index]


def test_the_map_draws_it_plainly(
    app: Flask, lamp: int, server: str, browser: Browser, browser_session: SignIn
) -> None:
    with app.extensions["gridmap.engine"].connect() as connection:
        lon, lat = connection.execute(
            text("SELECT ST_X(geom), ST_Y(geom) FROM lamp WHERE id = :id"), {"id": lamp + 1}
        ).one()
    for page in watched(browser, server, browser_session):
        opened(page, f"/map?z=17&lat={lat}&lon={lon}&layers=lamp")
        assert page.locator('#layers label[data-layer="lamp"]').count() == 1
        page.wait_for_function(
            """() => {
                const canvas = document.querySelector('.map-canvas');
                const { width, height } = canvas;
                const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
                for (let i = 0; i < data.length; i += 4) {
                    if (data[i] === 31 && data[i + 1] === 95 && data[i + 2] === 168) return true;
                }
                return false;
            }"""
        )


def test_other_programs_read_it(client: FlaskClient, lamp: int) -> None:
    listed = json.loads(client.get("/ogc/collections").data)["collections"]
    assert "lamps" in [one["id"] for one in listed]
    page = json.loads(client.get("/ogc/collections/lamps/items?watts=80&f=json").data)
    [feature] = page["features"]
    assert (feature["id"], feature["properties"]) == (lamp, {"name": "七号灯杆", "watts": 80})
    row = next(csv.DictReader(io.StringIO(
        client.get("/ogc/collections/lamps/items?f=csv").data.decode("utf-8-sig"))))  # fmt: skip
    assert row["name"] == "七号灯杆"
    schema = json.loads(client.get("/ogc/collections/lamps/schema").data)
    assert schema["properties"]["watts"] == {"title": "Watts", "type": "integer"}
    described = json.loads(client.get("/ogc/api?f=json").data)["paths"]
    assert "/collections/lamps/items" in described
    tiles = "/ogc/collections/lamps/tiles/WebMercatorQuad"
    told = json.loads(client.get(f"{tiles}/tilejson.json").data)
    assert told["minzoom"] == 12
    assert list(read_tile(client.get(f"{tiles}/16/{Y}/{X}").data)) == ["lamps"]
    copy = json.loads(client.get("/ogc/collections/lamps/changes").data)
    assert [one["id"] for one in copy["features"]] == [lamp, lamp + 1]
    assert "lamps" in client.get("/ogc/guide").text


def test_an_administrator_grants_it(app: Flask, client: FlaskClient, lamp: int) -> None:
    with Session(app.extensions["gridmap.engine"]) as session, session.begin():
        agency = create_agency(session, SYSTEM, AgencyWish("路灯所")).id
    form = client.get(f"/agencies/{agency}/keys/new").text
    assert 'value="lamps"' in form
    assert 'name="field-lamps"' in form


def test_a_layer_is_registered_once(lamp: int) -> None:
    with pytest.raises(ValueError, match="two layers"):
        register(LAMPS)
    assert list(COLLECTIONS)[-1] == "lamps"
    assert layers.find_layer("lamp") is LAMPS.layer
