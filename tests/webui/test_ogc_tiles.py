"""OGC API Tiles and TileJSON over HTTP."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from gridmap.embedded import Cluster
from gridmap.exchange.collections import COLLECTIONS
from gridmap.settings import Settings
from tests.conftest import small_town
from tests.gridmap.exchange.mvt import read_tile
from tests.webui.conftest import session_token, signed_in
from webui import create_app
from webui.access import COOKIE

TILES = "/ogc/collections/{}/tiles/WebMercatorQuad"


@pytest.fixture
def middle(app: Flask) -> tuple[float, float]:
    """A place with a building, a cell and incidents around."""
    return middle_of(app)


def middle_of(app: Flask) -> tuple[float, float]:
    with app.extensions["gridmap.engine"].connect() as connection:
        lon, lat = connection.execute(
            text("SELECT ST_X(anchor), ST_Y(anchor) FROM building ORDER BY id LIMIT 1")
        ).one()
    return lon, lat


def address(key: str, zoom: int, place: tuple[float, float]) -> str:
    lon, lat = place
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    row, column = int(y * 2**zoom), int((lon + 180) / 360 * 2**zoom)
    return f"{TILES.format(key)}/{zoom}/{row}/{column}"


@pytest.mark.parametrize("key", COLLECTIONS)
def test_every_collection_tells_of_its_tiles(client: FlaskClient, key: str) -> None:
    listed = client.get(f"/ogc/collections/{key}/tiles").json["tilesets"]
    assert [one["tileMatrixSetURI"].rpartition("/")[2] for one in listed] == ["WebMercatorQuad"]
    links = {link["rel"]: link for link in listed[0]["links"]}
    told = client.get(links["self"]["href"]).json
    assert told["dataType"] == "vector"
    layer = told["layers"][0]
    assert layer["id"] == key
    assert set(layer["propertiesSchema"]["properties"]) >= {
        column.name for column in COLLECTIONS[key].columns if not column.guarded
    }
    assert links["item"]["templated"] is True
    limits = {limit["tileMatrix"]: limit for limit in told.get("tileMatrixSetLimits", [])}
    if limits:
        deepest = limits[layer["maxTileMatrix"]]
        place = links["item"]["href"].format(
            tileMatrix=layer["maxTileMatrix"],
            tileRow=deepest["minTileRow"],
            tileCol=deepest["minTileCol"],
        )
        assert client.get(place).status_code == 200
        assert set(limits) == {
            str(zoom)
            for zoom in range(int(layer["minTileMatrix"]), int(layer["maxTileMatrix"]) + 1)
        }


def check_tile_json(document: dict[str, Any]) -> None:
    """Hold a document against the parts of the schema of TileJSON 3.0.0 that it has."""
    assert re.fullmatch(r"3\.\d+\.\d+", document["tilejson"])
    assert document["tiles"]
    for template in document["tiles"]:
        assert re.match(r"https?://", template)
        assert all(f"{{{name}}}" in template for name in "zxy")
    assert document["scheme"] in {"xyz", "tms"}
    assert 0 <= document["minzoom"] <= document["maxzoom"] <= 30
    assert re.fullmatch(r"\d+\.\d+\.\d+", document["version"])
    for name in ("name", "description", "attribution"):
        assert isinstance(document.get(name, ""), str)
    if "bounds" in document:
        west, south, east, north = document["bounds"]
        assert -180 <= west <= east <= 180
        assert -90 <= south <= north <= 90
    for layer in document["vector_layers"]:
        assert isinstance(layer["id"], str)
        assert document["minzoom"] <= layer["minzoom"] <= layer["maxzoom"] <= document["maxzoom"]
        assert all(isinstance(kind, str) for kind in layer["fields"].values())
    assert not set(document) - {
        "tilejson", "tiles", "scheme", "minzoom", "maxzoom", "version", "name", "description",
        "attribution", "bounds", "vector_layers",
    }  # fmt: skip


@pytest.mark.parametrize("key", COLLECTIONS)
def test_tile_json_leads_to_the_tiles(
    client: FlaskClient, middle: tuple[float, float], key: str
) -> None:
    document = client.get(f"{TILES.format(key)}/tilejson.json").json
    check_tile_json(document)
    zoom = document["maxzoom"]
    _, _, z, row, column = address(key, zoom, middle).rsplit("/", 4)
    tile = client.get(document["tiles"][0].format(z=z, y=row, x=column))
    assert tile.status_code == 200
    assert tile.mimetype == "application/vnd.mapbox-vector-tile"
    for name, frame in read_tile(tile.data).items():
        fields = document["vector_layers"][0]["fields"]
        assert name == key
        assert set(frame.columns) - {"geometry", "mvt_id"} <= set(fields)


def test_the_title_is_in_the_language_asked_for(client: FlaskClient) -> None:
    documents = [
        client.get(f"{TILES.format('cells')}/tilejson.json?lang={lang}").json
        for lang in ("zh", "en")
    ]
    assert [document["name"] for document in documents] == ["网格", "Cells"]


def test_addresses_are_absolute_behind_a_proxy(town_url: str) -> None:
    app = create_app(Settings(database_url=town_url, proxies=1))
    client = app.test_client()
    client.set_cookie(COOKIE, session_token(app, "admin"), domain="maps.example.org")
    headers = {"Host": "maps.example.org", "X-Forwarded-Proto": "https"}
    document = client.get(f"{TILES.format('cells')}/tilejson.json", headers=headers).json
    assert document["tiles"] == [
        f"https://maps.example.org{TILES.format('cells')}/{{z}}/{{y}}/{{x}}"
    ]
    app.extensions["gridmap.engine"].dispose()


def test_a_time_that_was_asked_for_is_asked_of_the_tiles_too(client: FlaskClient) -> None:
    document = client.get(f"{TILES.format('incidents')}/tilejson.json?datetime=2025-01-01/..").json
    assert document["tiles"][0].endswith("/{z}/{y}/{x}?datetime=2025-01-01/..")


def test_the_matrix_set_is_that_of_the_web(client: FlaskClient) -> None:
    listed = client.get("/ogc/tileMatrixSets").json["tileMatrixSets"]
    assert [one["id"] for one in listed] == ["WebMercatorQuad"]
    whole = client.get(listed[0]["links"][0]["href"]).json
    assert whole["uri"] == "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
    matrices = whole["tileMatrices"]
    assert [one["id"] for one in matrices] == [str(zoom) for zoom in range(25)]
    # The figures of OGC 17-083r4, Annex D.
    assert matrices[0]["scaleDenominator"] == pytest.approx(559082264.028717)
    assert matrices[0]["cellSize"] == pytest.approx(156543.033928041)
    assert matrices[24]["scaleDenominator"] == pytest.approx(33.3238997476528)
    assert matrices[24]["matrixWidth"] == 16777216


@pytest.mark.parametrize(
    "place", ["3/8/0", "3/0/8", "17/0/0", "2/0/99999999999", "13/0/0", "a/0/0", "-1/0/0"]
)
def test_a_tile_that_cannot_be_is_not_found(client: FlaskClient, place: str) -> None:
    answer = client.get(f"{TILES.format('buildings')}/{place}")
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "/ogc/collections/people/tiles",
        "/ogc/collections/people/tiles/WebMercatorQuad/0/0/0",
        "/ogc/collections/cells/tiles/WorldCRS84Quad",
        "/ogc/tileMatrixSets/WorldCRS84Quad",
    ],
)
def test_what_there_is_not_is_not_found(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/16/0/0?datetime=yesterday", "datetime"),
        ("/16/0/0?datetime=", "datetime"),
        ("/16/0/0?colour=red", "colour"),
        ("/16/0/0?f=png", "f"),
        ("/16/0/0?datetime=2025-01-01&datetime=2025-01-02", "datetime"),
        ("/16/0/0?datetime=2025-01-01%00", "datetime"),
        ("?f=html", "f"),
        ("/tilejson.json?limit=1", "limit"),
    ],
)
def test_a_bad_parameter_is_named(client: FlaskClient, path: str, parameter: str) -> None:
    answer = client.get(TILES.format("cells") + path)
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"
    assert answer.json["parameter"] == parameter


def test_who_may_not_export_gets_nothing(sign_in: Callable[[str], FlaskClient]) -> None:
    for path in ("", "/tilejson.json", "/0/0/0"):
        answer = sign_in("cadre").get(TILES.format("units") + path)
        assert answer.status_code == 404
        assert answer.content_type == "application/problem+json"


@pytest.fixture
def edited(cluster: Cluster) -> Iterator[Flask]:
    """A town of its own, which a test may change."""
    with small_town(cluster) as url:
        app = create_app(Settings(database_url=url))
        yield app
        app.extensions["gridmap.engine"].dispose()


def test_a_tile_is_kept_until_an_edit(edited: Flask) -> None:
    client, path = signed_in(edited, "admin"), address("buildings", 16, middle_of(edited))
    first = client.get(path)
    assert first.cache_control.private
    assert first.cache_control.no_cache
    assert {"Authorization", "X-API-Key", "Cookie"} <= set(first.vary)
    asked = {"If-None-Match": first.headers["ETag"]}
    again = client.get(path, headers=asked)
    assert (again.status_code, again.data) == (304, b"")
    small = client.get(path, headers=asked | {"Accept-Encoding": "gzip"})
    assert small.status_code == 304
    with edited.extensions["gridmap.engine"].begin() as connection:
        connection.execute(
            text(
                "UPDATE building SET name = '改名楼' WHERE id = "
                "(SELECT id FROM building ORDER BY id LIMIT 1)"
            )
        )
    changed = client.get(path, headers=asked)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]
    assert "改名楼" in set(read_tile(changed.data)["buildings"]["name"])
