from __future__ import annotations

import gzip
import math
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from flask import Flask
from flask.testing import FlaskClient

from gridmap.db import make_sessions
from gridmap.i18n import catalogue
from gridmap.settings import Settings
from gridmap.workforce.accounts import create_user
from gridmap.workforce.rights import SYSTEM, Role
from gridmap.workforce.sign_in import sign_in as enter
from webui import create_app
from webui.access import COOKIE
from webui.map_page import prepare
from webui.warming import warm

WEBUI = Path(__file__).parents[2] / "webui"


@pytest.mark.parametrize(("login", "page"), [("supervisor", "/dashboard"), ("cadre", "/my")])
def test_the_first_page_is_where_the_work_begins(
    sign_in: Callable[[str], FlaskClient], login: str, page: str
) -> None:
    answer = sign_in(login).get("/", follow_redirects=True)
    assert answer.request.path == page
    assert answer.status_code == 200


def test_pages_forbid_scripts_within(client: FlaskClient) -> None:
    answer = client.get("/map")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    page = answer.get_data(as_text=True)
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|https?://", page)


def test_the_page_speaks_both_languages(client: FlaskClient) -> None:
    assert "网格地图" in client.get("/map").get_data(as_text=True)
    english = client.get("/map?lang=en")
    assert "Layers and legend" in english.get_data(as_text=True)
    # The choice is remembered.
    assert "Layers and legend" in client.get("/map").get_data(as_text=True)
    assert "网格地图" in client.get("/map?lang=zh").get_data(as_text=True)


@pytest.mark.parametrize(
    ("preferred", "language"),
    [
        (None, "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.5", "en"),
        ("de,en;q=0.4", "en"),
        ("fr", "zh"),
        ("zh-TW, en;q=0.9", "zh"),
        ("zh;q=0.2, en-US", "en"),
        ("en;q=0, *;q=0.5", "zh"),
    ],
)
def test_a_first_visit_speaks_the_language_of_the_browser(
    app: Flask, preferred: str | None, language: str
) -> None:
    stranger = app.test_client()
    headers = {"Accept-Language": preferred} if preferred else {}
    answer = stranger.get("/sign-in", headers=headers)
    assert f'<html lang="{language}' in answer.text
    assert "Accept-Language" in answer.headers["Vary"]
    # What was chosen by hand goes before it.
    other = "en" if language == "zh" else "zh"
    stranger.get(f"/sign-in?lang={other}", headers=headers)
    assert f'<html lang="{other}' in stranger.get("/sign-in", headers=headers).text


def test_every_sentence_of_the_templates_is_translated() -> None:
    chinese = catalogue("zh")
    missing = []
    for path in (WEBUI / "templates").rglob("*.html"):
        for _, message, _, _ in extract_from_file("jinja2", path):
            if chinese.gettext(str(message)) == message:
                missing.append(message)
    assert missing == []


def test_an_empty_database_says_what_to_do(own_database_url: str) -> None:
    app = create_app(Settings(database_url=own_database_url))
    with make_sessions(app.extensions["gridmap.engine"]).begin() as session:
        create_user(
            session, SYSTEM, "first", "First", Role.ADMINISTRATOR, password="four of a kind"
        )
        token = enter(session, "first", "four of a kind").token
    client = app.test_client()
    client.set_cookie(COOKIE, token or "")
    page = client.get("/map").get_data(as_text=True)
    app.extensions["gridmap.engine"].dispose()
    assert "还没有可显示的数据" in page
    assert "make demo" in page


def test_the_operator_sees_whether_it_is_well(client: FlaskClient) -> None:
    healthy = client.get("/health")
    # The pages are well; that nobody does long work is said beside it.
    assert healthy.status_code == 200
    assert healthy.json["database"] == "ok"
    assert healthy.json["jobs"]["processes"] == 0
    app = create_app(Settings(database_url="postgresql://nobody@127.0.0.1:1/none"))
    assert app.test_client().get("/health").status_code == 503
    answer = app.test_client().get("/sign-in", headers={"Accept": "text/html"})
    assert answer.status_code == 503
    assert "数据库暂时没有响应" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("address", "status", "sentence"),
    [
        ("/tiles/nothing/1/0/0.mvt", 404, "没有图层 nothing"),
        ("/tiles/cell/1/9/0.mvt", 404, "没有瓦片 1/9/0"),
        ("/tiles/cell/x/0/0.mvt", 404, "没有这个页面"),
        ("/tiles/incident/1/0/0.mvt?from=yesterday", 400, "yesterday 不是日期"),
        ("/tiles/incident/1/0/0.mvt?from=2025-02-02&to=2025-01-01", 400, "早于"),
        ("/tiles/incident/1/0/0.mvt?category=ZZ", 404, "没有类别 ZZ"),
        ("/map/identify?lon=1&lat=x&zoom=3", 400, "lat 必须是"),
        ("/map/identify?lon=nan&lat=1&zoom=3", 400, "lon 必须是"),
        ("/map/feature/cell/999999999", 404, "不存在"),
        ("/map/feature/cell/99999999999999999999", 400, "超出"),
        ("/map/feature/users/1", 404, "没有图层"),
        ("/nowhere", 404, "没有这个页面"),
    ],
)
def test_faults_are_sentences(
    client: FlaskClient, address: str, status: int, sentence: str
) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert sentence in answer.json["error"]
    page = client.get(address, headers={"Accept": "text/html"})
    assert page.status_code == status
    assert page.mimetype == "text/html"


def test_a_tile_comes_compressed_and_only_once(client: FlaskClient) -> None:
    west, south, east, north = client.get("/map/search?q=990").json["items"][0]["bounds"]
    x = (west + east) / 720 + 0.5
    y = (1 - math.asinh(math.tan(math.radians((south + north) / 2))) / math.pi) / 2
    address = f"/tiles/unit,cell,building/14/{int(x * 2**14)}/{int(y * 2**14)}.mvt"
    tile = client.get(address)
    assert tile.mimetype == "application/vnd.mapbox-vector-tile"
    assert "max-age" in tile.headers["Cache-Control"]
    packed = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.data) == tile.data
    assert "Accept-Encoding" in packed.headers["Vary"]
    again = client.get(address, headers={"If-None-Match": packed.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_search_identify_and_details_agree(client: FlaskClient) -> None:
    cell = next(i for i in client.get("/map/search?q=001").json["items"] if i["layer"] == "cell")
    details = client.get(f"/map/feature/cell/{cell['id']}").json
    assert details["name"] == cell["name"]
    assert details["geometry"]["type"] == "MultiPolygon"
    labels = {field["label"] for field in details["fields"]}
    assert {"楼栋", "户数", "常住人口", "事件", "面积"} <= labels


def test_counts_follow_the_filter(client: FlaskClient) -> None:
    everything = client.get("/map/count").json["count"]
    tops = [client.get(f"/map/count?category={code}").json["count"] for code in "ABCDE"]
    assert sum(tops) == everything > 0
    halves = [
        client.get("/map/count?to=2025-02-14").json["count"],
        client.get("/map/count?from=2025-02-15").json["count"],
    ]
    assert sum(halves) == everything


def test_what_cannot_change_is_kept_by_browsers(client: FlaskClient) -> None:
    page = client.get("/map").get_data(as_text=True)
    kept = re.search(r'href="(/static/css/map.css\?v=[^"]+)"', page)
    assert kept
    with client.get(kept[1]) as style, client.get("/static/js/map.js") as module:
        assert "immutable" in style.headers["Cache-Control"]
        assert module.headers["Cache-Control"] == "no-cache"


def test_a_server_warms_itself_before_anybody_comes(app: Flask) -> None:
    prepare.cache_clear()
    warm(app)
    assert prepare.cache_info().currsize == 2
    assert app.extensions["gridmap.engine"].pool.checkedin() > 1


def test_a_server_without_database_starts_all_the_same() -> None:
    warm(create_app(Settings(database_url="postgresql://nobody@127.0.0.1:1/none")))
