"""Pages of routes without a browser: what cannot be used is told, exports, imports, the layer."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

Csrf = Callable[[FlaskClient], str]


@pytest.fixture
def planner(sign_in: Callable[[str], FlaskClient]) -> FlaskClient:
    return sign_in("planner")


@pytest.fixture
def line(app: Flask) -> list[list[float]]:
    """Two points 200 m apart in the community of the demo's cadre."""
    with app.extensions["gridmap.engine"].connect() as connection:
        lon, lat = connection.execute(
            text("""
                SELECT ST_X(p), ST_Y(p) FROM app_user a JOIN cadre d ON d.user_id = a.id
                JOIN unit u ON u.id = d.unit_id CROSS JOIN LATERAL ST_PointOnSurface(u.geom) p
                WHERE a.login = 'cadre'
            """)
        ).one()
    return [[round(lon, 7), round(lat, 7)], [round(lon + 0.002, 7), round(lat, 7)]]


def drawn(line: list[list[float]], **values: Any) -> dict[str, Any]:
    points = [{"lon": lon, "lat": lat, "free": True} for lon, lat in line]
    return {"name": "夜巡/一号: “东”", "waypoints": points, "legs": [line], **values}


def save(client: FlaskClient, csrf: Csrf, given: dict[str, Any], address: str = "new") -> Any:
    return client.post(
        f"/patrols/{address}", json=given,
        headers={"X-CSRFToken": csrf(client), "Accept": "application/json"},
    )  # fmt: skip


def test_a_route_is_saved_shown_and_taken_away(
    planner: FlaskClient, csrf: Csrf, line: list[list[float]]
) -> None:
    stop = {"lon": line[0][0], "lat": line[0][1], "name": "校门", "opens": "20:05", "must": True}
    made = save(planner, csrf, drawn(line, stops=[stop], notes="{{7*7}} <b>")).json
    number = made["id"]
    page = planner.get(f"/patrols/{number}?start=20:00").text
    assert "{{7*7}} &lt;b&gt;" in page
    assert "错过" in page
    assert "错过" not in planner.get(f"/patrols/{number}?start=20:05").text
    for form in ("gpx", "geojson"):
        answer = planner.get(f"/patrols/{number}/export/{form}")
        told = answer.headers["Content-Disposition"]
        assert "filename*=UTF-8''%E5%A4%9C%E5%B7%A1-%E4%B8%80%E5%8F%B7" in told
        # Nothing beyond Latin-1 may stand in a header (RFC 9110, 5.5).
        told.encode("latin-1")
    paper = planner.get(f"/patrols/{number}/print?start=20:05").text
    assert "20:15" in paper
    assert planner.get(f"/patrols/{number}/follow").status_code == 200


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "不超过 80 个字"),
        ({"team": 999999}, "没有这支队伍"),
        ({"waypoints": [{"lon": 116, "lat": 28}], "legs": []}, "两个不同的点"),
        ({"waypoints": [{"lon": 1, "lat": 1}, {"lon": 1, "lat": 2}], "legs": [[[1, 1], [1, 2]]]},
         "辖区之外"),
    ],
)  # fmt: skip
def test_what_cannot_be_saved_is_told(
    planner: FlaskClient, csrf: Csrf, line: list[list[float]], changes: Any, sentence: str
) -> None:
    answer = save(planner, csrf, drawn(line) | changes)
    assert answer.status_code in (400, 404)
    assert sentence in answer.json["error"]


def test_a_hundred_thousand_points_are_refused_with_a_sentence(
    planner: FlaskClient, csrf: Csrf, line: list[list[float]]
) -> None:
    (lon, lat), _ = line
    long = [[round(lon + i * 1e-7, 7), lat] for i in range(100_000)]
    given = drawn(line) | {"legs": [long]}
    given["waypoints"][1]["lon"] = long[-1][0]
    answer = save(planner, csrf, given)
    assert answer.status_code == 400
    assert "100,000 个点" in answer.json["error"]


def test_crossing_is_allowed_and_told(
    planner: FlaskClient, csrf: Csrf, line: list[list[float]]
) -> None:
    back = drawn([*line, line[0]]) | {"legs": [line, line[::-1]]}
    assert "自相交" in save(planner, csrf, back).json["notices"][0]


def test_a_second_save_of_an_old_version_is_a_conflict(
    planner: FlaskClient, csrf: Csrf, line: list[list[float]]
) -> None:
    number = save(planner, csrf, drawn(line)).json["id"]
    given = drawn(line, version=1)
    assert save(planner, csrf, given, f"{number}/save").json["version"] == 2
    answer = save(planner, csrf, given, f"{number}/save")
    assert answer.status_code == 409
    assert "巡防专员 刚刚" in answer.json["error"]
    page = planner.get(f"/patrols/{number}/versions/1").text
    token = csrf(planner)
    assert "恢复这个版本" in page
    answer = planner.post(
        f"/patrols/{number}/versions/1/restore", data={"csrf_token": token, "version": "2"}
    )
    assert "第 3 版" in planner.get(answer.location).text


def test_files_are_read_or_refused_on_the_page(
    planner: FlaskClient, csrf: Csrf, line: list[list[float]]
) -> None:
    def send(name: str, content: bytes) -> Any:
        return planner.post(
            "/patrols/import",
            data={"csrf_token": csrf(planner), "file": (io.BytesIO(content), name)},
        )

    shape = {"type": "Feature", "properties": {"name": "西线"},
             "geometry": {"type": "LineString", "coordinates": line}}  # fmt: skip
    found = send("../西线.geojson", json.dumps(shape).encode())
    assert found.status_code == 200
    page = json.loads(
        re.search(r'id="import" data-page="([^"]+)"', found.text)[1]  # type: ignore[index]
        .replace("&#34;", '"').replace("&amp;", "&")
    )  # fmt: skip
    assert [(each["name"], each["fault"], each["clicks"]) for each in page["lines"]] == [
        ("西线", "", line)
    ]
    far = shape | {"geometry": {"type": "LineString", "coordinates": [[1, 1], [1, 2]]}}
    assert "辖区之外" in send("远.json", json.dumps(far).encode()).text
    for name, content, sentence in (
        ("x.gpx", b"<gpx", "x.gpx"), ("x.exe", b"1", "GPX、GeoJSON 和 KML"), ("", b"", "选择"),
    ):  # fmt: skip
        refused = send(name, content)
        assert refused.status_code == 400
        assert sentence in refused.text


def test_patrol_routes_are_a_collection_and_archived_ones_are_not(
    client: FlaskClient, planner: FlaskClient, csrf: Csrf, line: list[list[float]]
) -> None:
    made = save(planner, csrf, drawn(line, name="数据集线")).json["id"]
    names = [each["id"] for each in client.get("/ogc/collections?f=json").json["collections"]]
    assert "patrol_routes" in names
    items = "/ogc/collections/patrol_routes/items"
    one = client.get(f"{items}/{made}?f=json").json
    assert one["geometry"] == {"type": "LineString", "coordinates": line}
    assert one["properties"]["kind"] == "regular"
    assert client.get("/map/search?q=数据集线").json["items"][0]["layer"] == "patrol_route"
    cursor = _copied(client)
    planner.post(f"/patrols/{made}/archive", data={"csrf_token": csrf(planner)})
    assert client.get(f"{items}/{made}?f=json").status_code == 404
    assert client.get("/map/search?q=数据集线").json["items"] == []
    feed = client.get(f"/ogc/collections/patrol_routes/changes?cursor={cursor}")
    assert made in json.loads(feed.data)["deleted"]
    planner.post(f"/patrols/{made}/archive", data={"csrf_token": csrf(planner), "archived": "0"})
    assert client.get(f"{items}/{made}?f=json").status_code == 200


def _copied(client: FlaskClient) -> str:
    """Read a whole copy of the layer and return the cursor for what follows."""
    answer = client.get("/ogc/collections/patrol_routes/changes").json
    while answer["more"]:
        answer = client.get(f"/ogc/collections/patrol_routes/changes?cursor={answer['next']}").json
    return str(answer["next"])


def test_a_cadre_sees_the_own_teams_routes_and_no_tools(
    app: Flask, sign_in: Callable[[str], FlaskClient], csrf: Csrf
) -> None:
    cadre = sign_in("cadre")
    page = cadre.get("/patrols").text
    own = set(map(int, re.findall(r'/patrols/(\d+)"', page)))
    with app.extensions["gridmap.engine"].connect() as connection:
        wanted = connection.execute(
            text("""
                SELECT r.id FROM patrol_route r JOIN team_member m ON m.team_id = r.team_id
                JOIN cadre d ON d.id = m.cadre_id JOIN app_user u ON u.id = d.user_id
                WHERE u.login = 'cadre' AND r.archived_at IS NULL
            """)
        ).scalars()
        assert own == set(wanted) != set()
        other = connection.execute(
            text("SELECT id FROM patrol_route WHERE NOT id = ANY(:own)"), {"own": list(own)}
        ).scalars()
        for number in other:
            assert cadre.get(f"/patrols/{number}").status_code == 404
    assert "绘制路线" not in page
    assert cadre.get("/patrols/new").status_code == 403
    stop = cadre.get(f"/patrols/{min(own)}/route.json").json["stops"][0]["id"]
    sent = {"stop": stop, "at": "2001-01-01T00:00:00Z"}
    answer = cadre.post(
        f"/patrols/{min(own)}/check-in", json=sent, headers={"X-CSRFToken": csrf(cadre)}
    )
    assert answer.status_code == 400
    assert "手机时钟" in answer.json["error"]
