"""OGC API Features as a program meets it, over the small demo town."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from flask import Flask
from flask.testing import FlaskClient
from pyproj import Transformer
from shapely.geometry import shape
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from gridmap.exchange.agencies.service import AgencyWish, KeyWish, create_agency, create_key
from gridmap.exchange.collections import COLLECTIONS
from gridmap.exchange.grant import LayerGrant
from gridmap.workforce.rights import SYSTEM
from tests.webui.runs import make_run

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


def ask(client: FlaskClient, path: str, **given: Any) -> TestResponse:
    return client.get(f"/ogc{path}", query_string=given)


def told(client: FlaskClient, path: str, **given: Any) -> Any:
    response = ask(client, path, **given)
    assert response.status_code == 200, response.text
    return json.loads(response.data)


def pages(client: FlaskClient, path: str, **given: Any) -> Iterator[dict[str, Any]]:
    """Follow the links to the next page."""
    page = told(client, path, **given)
    while True:
        yield page
        following = [one["href"] for one in page["links"] if one["rel"] == "next"]
        if not following:
            return
        response = client.get(following[0].removeprefix("http://localhost"))
        assert response.status_code == 200, response.text
        page = json.loads(response.data)


def every(client: FlaskClient, path: str, **given: Any) -> list[dict[str, Any]]:
    return [one for page in pages(client, path, **given) for one in page["features"]]


def stored(app: Flask, statement: str, **params: Any) -> Any:
    with app.extensions["gridmap.engine"].connect() as connection:
        return connection.execute(text(statement), params).scalar_one()


def test_each_document_links_to_the_others(client: FlaskClient) -> None:
    # A redirect would lose a key that stands in the address.
    assert ask(client, "").status_code == 200
    landing = told(client, "/")
    for one in landing["links"]:
        if "tileMatrixSets" in one["href"]:
            continue  # Of another module.
        answer = client.get(one["href"].removeprefix("http://localhost"))
        assert answer.status_code == 200, one
        assert answer.mimetype == one["type"].split(";")[0], one
    listed = told(client, "/collections")
    assert [one["id"] for one in listed["collections"]] == list(COLLECTIONS)
    for one in listed["collections"]:
        rels = {link["rel"].rsplit("/", 1)[-1] for link in one["links"]}
        assert {"self", "alternate", "items", "queryables", "schema"} <= rels
        assert one["storageCrs"] in one["crs"]
        assert told(client, f"/collections/{one['id']}") == one


@pytest.mark.parametrize("key", COLLECTIONS)
def test_all_pages_together_hold_every_feature_once(
    app: Flask, client: FlaskClient, key: str
) -> None:
    if key == "hotspots":
        make_run(app.extensions["gridmap.engine"], None)
    table = COLLECTIONS[key].table
    where = "valid @> local_date(now())" if key == "cells" else "true"
    count = stored(app, f"SELECT count(*) FROM {table} WHERE {where}")
    found = every(client, f"/collections/{key}/items", limit=max(7, count // 5))
    assert len({one["id"] for one in found}) == len(found) == count > 0
    fields = told(client, f"/collections/{key}/schema")["properties"].keys() - {"geometry"}
    assert found[0]["properties"].keys() == fields


def test_a_page_tells_its_count_and_how_many_match_where_that_is_known(
    app: Flask, client: FlaskClient
) -> None:
    count = stored(app, "SELECT count(*) FROM incident")
    page = told(client, "/collections/incidents/items", limit=3)
    assert (page["numberReturned"], page["numberMatched"]) == (3, count)
    some = told(client, "/collections/incidents/items", limit=3, filter="category LIKE 'A%'")
    assert "numberMatched" not in some
    units = told(client, "/collections/units/items", limit=500)
    assert units["numberMatched"] == units["numberReturned"] == len(units["features"])


def test_a_cursor_holds_for_the_layer_that_it_was_made_for(client: FlaskClient) -> None:
    page = told(client, "/collections/places/items", limit=1)
    address = next(one["href"] for one in page["links"] if one["rel"] == "next")
    elsewhere = address.removeprefix("http://localhost").replace("places", "buildings")
    answer = client.get(elsewhere)
    assert (answer.status_code, json.loads(answer.data)["parameter"]) == (400, "cursor")


def test_a_sorted_list_goes_on_over_its_pages(client: FlaskClient) -> None:
    ways = pages(client, "/collections/buildings/items", limit=5, sortby="-kind,name")
    keys = [
        ((one["properties"]["kind"] is not None, one["properties"]["kind"]), one["id"])
        for page in ways
        for one in page["features"]
    ]
    kinds = [kind for kind, _ in keys]
    assert len({number for _, number in keys}) == len(keys)
    # In descending order what has no kind comes first.
    missing = [kind for kind in kinds if not kind[0]]
    assert kinds[: len(missing)] == missing
    assert kinds[len(missing) :] == sorted(kinds[len(missing) :], reverse=True)


def test_a_box_chooses_in_any_order_of_axes(client: FlaskClient) -> None:
    some = told(client, "/collections/buildings/items", limit=1)["features"][0]
    lon, lat = some["geometry"]["coordinates"][0][0]
    near = 0.001
    box = f"{lon - near},{lat - near},{lon + near},{lat + near}"
    plain = every(client, "/collections/buildings/items", bbox=box, limit=1000)
    swapped = f"{lat - near},{lon - near},{lat + near},{lon + near}"
    crs = {"bbox-crs": f"{EPSG}4326", "limit": 1000}
    turned = every(client, "/collections/buildings/items", bbox=swapped, **crs)
    assert plain == turned
    assert some["id"] in {one["id"] for one in plain}
    assert 0 < len(plain) < stored_count(client, "buildings")
    assert every(client, "/collections/buildings/items", bbox="0,0,1,1") == []


def stored_count(client: FlaskClient, key: str) -> int:
    return len(every(client, f"/collections/{key}/items", limit=10_000))


@pytest.mark.parametrize("code", [4326, 4490, 3857, 4548])
def test_features_come_in_each_coordinate_system(client: FlaskClient, code: int) -> None:
    path = "/collections/places/items"
    plain = told(client, path, limit=1)["features"][0]["geometry"]["coordinates"]
    offered = told(client, "/collections/places")["crs"]
    code = (
        next(int(one.rsplit("/", 1)[1]) for one in offered if "/45" in one)
        if code == 4548
        else code
    )
    answer = ask(client, path, limit=1, crs=f"{EPSG}{code}")
    assert answer.headers["Content-Crs"] == f"<{EPSG}{code}>"
    got = json.loads(answer.data)["features"][0]["geometry"]["coordinates"]
    # pyproj follows the order of axes of the authority where it is not told otherwise.
    expected = Transformer.from_crs("OGC:CRS84", f"EPSG:{code}").transform(*plain)
    assert got == pytest.approx(expected, abs=0.01 if code in {3857} or code > 4500 else 1e-6)


@pytest.mark.parametrize(
    ("filter_", "statement"),
    [
        ("category = 'A11'", "category_id IN (SELECT id FROM category WHERE code = 'A11')"),
        ("'A11' = category", "category_id IN (SELECT id FROM category WHERE code = 'A11')"),
        ("category = 'a11'", "false"),
        ("casei(category) = 'a11'", "category_id IN (SELECT id FROM category WHERE code = 'A11')"),
        ("category IN ('A11', 'B1')",
         "category_id IN (SELECT id FROM category WHERE code IN ('A11', 'B1'))"),
        ("category LIKE 'B%' AND NOT category = 'B1'",
         "category_id IN (SELECT id FROM category WHERE code LIKE 'B%' AND code <> 'B1')"),
        ("occurred_at >= TIMESTAMP('2025-03-01T00:00:00Z') AND occurred_at < DATE('2025-04-01')",
         "occurred_at >= '2025-03-01Z' AND occurred_at < '2025-04-01 Asia/Shanghai'"),
        ("T_DURING(occurred_at, INTERVAL('2025-03-01','2025-03-31'))",
         "occurred_at > '2025-03-01 Asia/Shanghai' AND occurred_at < '2025-04-01 Asia/Shanghai'"),
        ("CASEI(source) = CASEI('DEMO') OR source IS NULL", "lower(source) = 'demo'"),
        ("cell_code IS NULL", "cell_id IS NULL"),
    ],
)  # fmt: skip
def test_filters_choose_as_sql_does(
    app: Flask, client: FlaskClient, filter_: str, statement: str
) -> None:
    found = every(client, "/collections/incidents/items", filter=filter_, limit=10_000)
    assert len(found) == stored(app, f"SELECT count(*) FROM incident WHERE {statement}")


def test_filters_are_read_as_json_and_as_parameters_too(client: FlaskClient) -> None:
    path = "/collections/places/items"
    kinds = {one["properties"]["kind"] for one in every(client, path, limit=1000)}
    kind = sorted(kinds - {None})[0]
    tree = {"op": "=", "args": [{"property": "kind"}, kind]}
    ways = [
        {"filter": f"kind = '{kind}'"},
        {"filter": json.dumps(tree), "filter-lang": "cql2-json"},
        {"kind": kind},
    ]
    found = [every(client, path, limit=1000, **way) for way in ways]
    assert found[0]
    assert found[0] == found[1] == found[2]


def test_a_place_is_found_by_geometry(client: FlaskClient) -> None:
    cell = told(client, "/collections/cells/items", limit=1)["features"][0]
    tree = {"op": "s_within", "args": [{"property": "geometry"}, cell["geometry"]]}
    given = {"filter": json.dumps(tree), "filter-lang": "cql2-json", "limit": 10_000}
    response = client.get("/ogc/collections/incidents/items", query_string=given)
    inside = json.loads(response.data)["features"]
    code = cell["properties"]["code"]
    linked = every(client, "/collections/incidents/items", cell_code=code, limit=10_000)
    # On the very edge two cells share, one of them has the incident.
    assert {one["id"] for one in inside} <= {one["id"] for one in linked}
    assert len(linked) - len(inside) <= 1


def test_times_choose_incidents_and_the_cells_of_a_day(client: FlaskClient) -> None:
    path = "/collections/incidents/items"
    found = every(client, path, datetime="2025-03-01/2025-03-31", limit=10_000)
    assert found
    days = pd.to_datetime([one["properties"]["occurred_at"] for one in found]).tz_convert(
        "Asia/Shanghai"
    )
    assert set(days.strftime("%Y-%m")) == {"2025-03"}
    cells = stored_count(client, "cells")
    assert len(every(client, "/collections/cells/items", datetime="2025-03-01")) <= cells
    # Where features have no time, each fits any.
    places = every(client, "/collections/places/items", datetime="1990-01-01", limit=10_000)
    assert len(places) == stored_count(client, "places")


def test_one_feature_has_a_tag_that_spares_its_bytes(client: FlaskClient) -> None:
    feature = told(client, "/collections/cells/items", limit=1)["features"][0]
    path = f"/ogc/collections/cells/items/{feature['id']}"
    answer = client.get(path)
    assert json.loads(answer.data)["properties"] == feature["properties"]
    assert client.get(path, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_nobody_is_told_of_another_area(
    app: Flask, client: FlaskClient, sign_in: Callable[[str], FlaskClient]
) -> None:
    engine = app.extensions["gridmap.engine"]
    with Session(engine) as session, session.begin():
        unit = session.execute(
            text("SELECT id, code FROM unit WHERE level = 'community' ORDER BY code LIMIT 1")
        ).one()
        agency = create_agency(session, SYSTEM, AgencyWish("物业公司", smallest_count=0)).id
        layers = {key: LayerGrant() for key in COLLECTIONS}
        wish = KeyWish("一个社区", layers, frozenset({unit.id}), rate_per_minute=60_000)
        _, token = create_key(session, SYSTEM, agency, wish)
    partner = app.test_client(use_cookies=False)
    partner.environ_base["HTTP_X_API_KEY"] = token.secret
    try:
        for key in ("units", "cells", "buildings", "places", "incidents"):
            path = f"/collections/{key}/items"
            own = {one["id"]: one["properties"] for one in every(partner, path, limit=9999)}
            whole = {one["id"] for one in every(client, path, limit=9999)}
            # Neither nothing nor everything, or the rest would prove nothing.
            assert own, key
            assert own.keys() < whole, key
            name = "code" if key == "units" else "community_code"
            assert {one[name] for one in own.values()} == {unit.code}, key
            for number in sorted(whole - own.keys())[:3]:
                assert ask(partner, f"{path}/{number}").status_code == 404, key
    finally:
        # What waits of the log of requests names the key.
        app.extensions["gridmap.access_log"].flush()
        with Session(engine) as session, session.begin():
            session.execute(text("DELETE FROM agency WHERE id = :id"), {"id": agency})
    assert ask(sign_in("cadre"), "/collections/buildings/items").status_code == 404


def test_no_answer_holds_what_was_not_granted(client: FlaskClient) -> None:
    for key in ("cells", "incidents"):
        guarded = {column.name for column in COLLECTIONS[key].columns if column.guarded}
        page = told(client, f"/collections/{key}/items", limit=50)
        assert guarded
        assert not any(guarded & one["properties"].keys() for one in page["features"])
        assert not guarded & told(client, f"/collections/{key}/queryables")["properties"].keys()


def test_people_read_the_same_as_pages(client: FlaskClient) -> None:
    for path in ("/", "/conformance", "/api", "/collections", "/collections/cells",
                 "/collections/cells/queryables", "/collections/cells/items"):  # fmt: skip
        page = client.get(f"/ogc{path}", headers={"Accept": "text/html"})
        assert (page.status_code, page.mimetype) == (200, "text/html"), path
    first = told(client, "/collections/cells/items", limit=1)["features"][0]["id"]
    assert "<h1>" in ask(client, f"/collections/cells/items/{first}", f="html").text
    at = told(client, "/collections/incidents/items", limit=1)["features"][0]
    page = ask(client, f"/collections/incidents/items/{at['id']}", f="html").text
    assert "Point {}, {}".format(*at["geometry"]["coordinates"]) in page
    # 8 hours later in Shanghai.
    local = datetime.fromisoformat(at["properties"]["occurred_at"]) + timedelta(hours=8)
    assert f"<dd>{local:%Y-%m-%d %H:%M}</dd>" in page
    roads = ask(client, "/collections/roads/items", f="html", lang="zh").text
    assert "<td>否</td>" in roads
    assert "False" not in roads
    places = told(client, "/collections/places/items", limit=100)["features"]
    large = max(one["properties"]["area_m2"] or 0 for one in places)
    shown = ask(client, "/collections/places/items", f="html", limit=100).text
    assert f'<td class="number">{large:,}</td>' in shown


def test_the_guide_names_every_way(client: FlaskClient) -> None:
    page = ask(client, "/guide").text
    for way in ("/ogc/collections/{collection}/tiles/WebMercatorQuad/tilejson.json",
                "/ogc/collections/{collection}/changes", "/packages/latest.zip",
                "/open311/v2/discovery.json"):  # fmt: skip
        assert f"http://localhost{way}</code>" in page


@pytest.mark.parametrize(
    ("form", "kind"),
    [("csv", "text/csv"), ("gpkg", "application/geopackage+sqlite3"),
     ("fgb", "application/flatgeobuf"), ("gcj02", "application/geo+json"),
     ("bd09", "application/geo+json")],
)  # fmt: skip
@pytest.mark.parametrize("key", ["places", "cells", "incidents"])
def test_a_page_comes_as_a_file(
    client: FlaskClient, tmp_path: Path, form: str, kind: str, key: str
) -> None:
    plain = told(client, f"/collections/{key}/items", limit=20)["features"]
    answer = ask(client, f"/collections/{key}/items", limit=20, f=form)
    assert (answer.status_code, answer.mimetype) == (200, kind)
    assert answer.headers["Content-Type"].count("charset") == (form == "csv")
    assert 'rel="next"' in answer.headers["Link"]
    name = answer.headers["Content-Disposition"].partition("filename=")[2]
    path = tmp_path / name
    path.write_bytes(answer.data)
    system = {"gcj02": "GCJ-02", "bd09": "BD-09"}.get(form)
    if form == "csv":
        table = pd.read_csv(path, dtype="str", keep_default_na=False)
        assert answer.data.startswith(b"\xef\xbb\xbf")
    else:
        frame = gpd.read_file(path)
        table = pd.DataFrame(frame).astype("str")
        # A file with an index of places is in the order of places.
        of_first = frame.geometry[frame["id"].astype("int") == plain[0]["id"]].iloc[0]
        moved = of_first.distance(shape(plain[0]["geometry"]))
        # The Chinese datums lie some hundred metres away, the others nowhere else.
        assert (moved > 0.001) == (system is not None)
    if system is not None:
        document = json.loads(answer.data)
        assert document["coordinate_system"] == system
        assert [one["id"] for one in document["features"]] == [one["id"] for one in plain]
        assert form.upper() in answer.headers["Content-Crs"]
    assert sorted(table["id"].astype("int")) == sorted(one["id"] for one in plain)


def test_an_empty_page_is_a_file_too(client: FlaskClient) -> None:
    for form in ("csv", "gpkg", "fgb", "gcj02"):
        answer = ask(client, "/collections/places/items", bbox="0,0,1,1", f=form)
        assert answer.status_code == 200, form
