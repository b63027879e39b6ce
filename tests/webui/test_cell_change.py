"""The page that redraws, splits and merges cells: nothing changes before it was seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext
from sqlalchemy import Row, text

Token = Callable[[FlaskClient], str]


def rows(app: Flask, statement: str, **values: object) -> list[Row]:
    with app.extensions["gridmap.engine"].connect() as connection:
        return list(connection.execute(text(statement), values))


@pytest.fixture
def cell(app: Flask) -> Row:
    """A cell of the supervisor's that other tests leave alone, with a line across it."""
    return rows(
        app,
        """
        SELECT c.id, c.code, ST_XMin(c.geom) w, ST_XMax(c.geom) e, ST_Y(ST_PointOnSurface(c.geom)) y
        FROM cell c JOIN unit u ON u.id = c.community_id
        WHERE c.kind = 'basic' AND c.valid_to IS NULL ORDER BY c.code DESC LIMIT 1
        """,
    )[0]


def valid(app: Flask, code: str) -> bool:
    found = rows(app, "SELECT 1 FROM cell WHERE code = :c AND valid_to IS NULL", c=code)
    return bool(found)


def test_a_split_is_shown_first_and_then_made(
    client: FlaskClient, csrf: Token, app: Flask, cell: Row
) -> None:
    line = {"type": "LineString",
            "coordinates": [[cell.w - 0.001, cell.y], [cell.e + 0.001, cell.y]]}  # fmt: skip
    form = {"act": "split", "on": "2026-01-02", "shape": json.dumps(line), "part": ["甲", "乙"],
            "csrf_token": csrf(client)}  # fmt: skip
    address = f"/cell/{cell.id}/change"
    seen = client.post(address, data=form)
    assert seen.status_code == 200
    assert "甲" in seen.text
    assert "调整后的结果" in seen.text
    assert valid(app, cell.code)
    assert client.post(address, data=form | {"again": "1"}).text.count("LineString") == 1
    made = client.post(address, data=form | {"sure": "1"})
    assert made.status_code == 302
    assert not valid(app, cell.code)
    # Who comes second is told.
    late = client.post(address, data=form | {"sure": "1"})
    assert late.status_code == 409
    assert f"{cell.code} 已于 2026-01-02" in late.text
    log = client.get(f"/audit?subject=cell&id={cell.id}").text
    assert "拆分网格" in log


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({}, "尚未绘制"),
        ({"shape": "[]"}, "不是可读取的 GeoJSON"),
        ({"shape": "[" * 100_000}, "不是可读取的 GeoJSON"),
        ({"shape": '{"type": "FeatureCollection", "features": []}'}, "尚未绘制"),
        ({"shape": '{"type": "Polygon"}'}, "不是可读取的 GeoJSON"),
        ({"shape": '{"type": "LineString", "coordinates": [[1e9, 3], [4, 5]]}'}, "WGS 84"),
        ({"shape": '{"type": "Point", "coordinates": [112, 30]}'}, "须为一条线"),
        ({"shape": '{"type": "LineString", "coordinates": [[1, 2], [3, 4]]}'}, "没有把网格分开"),
        ({"file": (BytesIO(b"\xff\xfenonsense"), "x.geojson")}, "不是可读取的 GeoJSON"),
    ],
)
def test_a_drawing_that_cannot_be_used_is_told(
    client: FlaskClient, csrf: Token, cell: Row, sent: dict[str, object], sentence: str
) -> None:
    form = {"act": "split", "on": "2026-01-02", "csrf_token": csrf(client), **sent}
    answer = client.post(f"/cell/{cell.id}/change", data=form)
    assert answer.status_code == 400
    assert sentence in answer.text


def test_days_to_come_are_refused(client: FlaskClient, csrf: Token, cell: Row) -> None:
    form = {"act": "merge", "on": "2199-01-02", "csrf_token": csrf(client)}
    assert client.post(f"/cell/{cell.id}/change", data=form).status_code == 400


def test_a_line_is_drawn_in_the_browser(
    browser: Browser, server: str, cell: Row, browser_session: Callable[[BrowserContext], None]
) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    browser_session(context)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    page.goto(f"{server}/cell/{cell.id}/change?act=split")
    page.wait_for_selector("#change[data-ready]")
    box = page.locator("#map").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.click(box["x"] + 4, middle)
    page.mouse.click(box["x"] + box["width"] - 4, middle)
    assert page.locator("#said").text_content() == "已画 2 点"
    page.get_by_label("西侧部分名称").fill("甲")
    page.get_by_role("button", name="预览结果").click()
    page.wait_for_selector("#change[data-ready]")
    assert page.locator("tbody tr").count() >= 2
    assert page.locator("path.result-1").count() >= 1
    page.get_by_role("button", name="返回修改").click()
    page.wait_for_selector("#change[data-ready]")
    assert page.locator("#said").text_content() == "已画 2 点"
    assert page.get_by_label("西侧部分名称").input_value() == "甲"
    assert faults == []
    context.close()
