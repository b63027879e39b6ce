"""The pages of activities keep what was typed, name faults by row and field, and ask before."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import text

Token = Callable[[FlaskClient], str]
SignIn = Callable[[str], FlaskClient]
DAY = "2026-01-05"


@pytest.fixture(autouse=True)
def photos(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(app.extensions, "gridmap.photos", tmp_path / "photos")
    return tmp_path / "photos"


@pytest.fixture
def one(app: Flask) -> Callable[..., Any]:
    """Ask the database for one value."""

    def ask(statement: str, **values: object) -> Any:
        with app.extensions["gridmap.engine"].connect() as connection:
            return connection.execute(text(statement), values).scalar_one_or_none()

    return ask


@pytest.fixture
def home(one: Callable[..., Any]) -> int:
    return int(one("SELECT id FROM unit WHERE level = 'community' AND name LIKE '幸福%'"))


@pytest.fixture(autouse=True)
def tidy(app: Flask) -> Iterator[None]:
    """Leave the town as it was."""
    engine = app.extensions["gridmap.engine"]
    with engine.connect() as connection:
        newest = connection.execute(text("SELECT max(id) FROM activity")).scalar_one()
    yield
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM activity WHERE id > :id"), {"id": newest})


def test_what_was_typed_comes_back_with_what_is_to_be_mended(
    sign_in: SignIn, csrf: Token, home: int
) -> None:
    client = sign_in("cadre")
    form = {"kind": "sweep", "day": "2199-01-01", "unit": home, "households": "17",
            "note": "楼道杂物", "csrf_token": csrf(client)}  # fmt: skip
    answer = client.post("/activities/new", data=form)
    assert answer.status_code == 400
    assert "日期 2199-01-01 尚未到来" in answer.text
    assert 'value="17"' in answer.text
    assert "楼道杂物" in answer.text
    answer = client.post("/activities/new", data=form | {"day": DAY, "households": "many"})
    assert "走访户数：请填 0 到 1000000 的整数" in answer.text
    assert 'value="many"' in answer.text


@pytest.fixture
def former_cell(app: Flask, home: int) -> Iterator[int]:
    """A cell of the community that was valid in 2001 alone."""
    engine = app.extensions["gridmap.engine"]
    with engine.begin() as connection:
        cell = connection.execute(
            text("""
                INSERT INTO cell (code, kind, community_id, geom, valid_from, valid_to)
                SELECT left(code, 12) || '990', 'dedicated', id,
                       ST_Multi(ST_Buffer(ST_PointOnSurface(geom), 0.0001)), '2001-01-01',
                       '2002-01-01'
                FROM unit WHERE id = :home RETURNING id
            """),
            {"home": home},
        ).scalar_one()
    yield cell
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM cell WHERE id = :cell"), {"cell": cell})


def test_the_form_offers_the_cells_of_the_day_it_was_done(
    client: FlaskClient, home: int, former_cell: int
) -> None:
    def offered(**asked: object) -> list[str]:
        page = client.get("/activities/new", query_string={"unit": home, **asked}).text
        cells = page.partition('id="cell"')[2].partition("</select>")[0]
        return re.findall(r'<option value="(\d+)"', cells)

    assert str(former_cell) in offered(day="2001-12-31")
    assert str(former_cell) not in offered(day="2002-01-01")
    assert str(former_cell) not in offered()
    assert offered(day="yesterday") == offered()


def test_an_inspection_with_a_photo_and_a_notice_is_recorded_rechecked_and_deleted(
    sign_in: SignIn, csrf: Token, home: int, one: Callable[..., Any], photos: Path
) -> None:
    client = sign_in("cadre")
    picture = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(picture, "JPEG")
    picture.seek(0)
    place = one("SELECT min(id) FROM place WHERE community_id = :unit", unit=home)
    form = {"kind": "inspection", "day": DAY, "unit": home, "place": place, "checked": "1",
            "finding": "灭火器过期", "due": "2026-01-20", "photos": (picture, "a.jpg"),
            "csrf_token": csrf(client)}  # fmt: skip
    answer = client.post("/activities/new", data=form)
    assert answer.status_code == 302
    address = answer.headers["Location"]
    page = client.get(address).text
    assert "灭火器过期" in page
    assert "超期" in page
    photo = re.search(r'src="([^"]+small=1)"', page)
    assert photo
    sent = client.get(photo[1].replace("&amp;", "&"))
    assert (sent.status_code, sent.mimetype) == (200, "image/jpeg")
    assert "private" in sent.headers["Cache-Control"]
    sent.close()
    notice = one("SELECT max(id) FROM activity_notice")
    early = {"day": "2026-01-01", "corrected": "1", "csrf_token": form["csrf_token"]}
    refused = client.post(f"{address}/notices/{notice}/recheck", data=early)
    assert refused.status_code == 400
    assert "复查日期早于检查日期" in refused.text
    client.post(f"{address}/notices/{notice}/recheck", data=early | {"day": "2026-01-21"})
    assert "已整改，2026-01-21 复查" in client.get(address).text
    assert len(list(photos.rglob("*.jpg"))) == 2
    sure = {"version": "1", "csrf_token": form["csrf_token"]}
    assert "删除这条工作记录？" in client.post(f"{address}/delete", data=sure).text
    assert client.get(address).status_code == 200
    client.post(f"{address}/delete", data=sure | {"sure": "1"})
    assert client.get(address).status_code == 404
    assert list(photos.rglob("*.jpg")) == []


def test_somebody_elses_record_is_not_a_cadres_to_change(
    sign_in: SignIn, client: FlaskClient, csrf: Token, home: int
) -> None:
    form = {"kind": "meeting", "day": DAY, "unit": home, "csrf_token": csrf(client)}
    address = client.post("/activities/new", data=form).headers["Location"]
    cadre = sign_in("cadre")
    assert cadre.get(address).status_code == 200
    assert "/edit" not in cadre.get(address).text
    assert cadre.get(f"{address}/edit").status_code == 403
    leader = sign_in("supervisor")
    assert leader.get(f"{address}/edit").status_code == 200
    answer = leader.post(
        f"{address}/edit",
        data=form | {"participants": "9", "version": "1", "csrf_token": csrf(leader)},
    )
    assert answer.status_code == 302
    late = leader.post(
        f"{address}/edit",
        data=form | {"participants": "8", "version": "1", "csrf_token": csrf(leader)},
    )
    assert late.status_code == 409
    assert "刚被他人修改" in late.text


def test_the_table_stores_all_rows_or_names_each_fault_in_its_field(
    sign_in: SignIn, csrf: Token, one: Callable[..., Any]
) -> None:
    client = sign_in("cadre")
    count = "SELECT count(*) FROM activity WHERE day = '2026-01-06'"
    form = {"kind": "publicity", "rows": "3", "1-day": "2026-01-06", "1-unit_code": "幸福社区",
            "1-leaflets": "120", "3-day": "2026-01-06", "3-unit_code": "幸福社区",
            "3-leaflets": "many", "csrf_token": csrf(client)}  # fmt: skip
    before = one(count)
    answer = client.post("/activities/table", data=form)
    assert answer.status_code == 400
    assert 'name="3-leaflets" value="many"' in answer.text
    assert 'aria-describedby="fault-3-leaflets"' in answer.text
    assert "第 3 行" in answer.text
    assert one(count) == before
    answer = client.post("/activities/table", data=form | {"3-leaflets": "80"})
    assert answer.status_code == 302
    assert one(count) == before + 2
    assert (
        client.post("/activities/table", data={"csrf_token": form["csrf_token"]}).status_code == 400
    )


def test_a_file_is_reported_on_before_it_is_stored(
    sign_in: SignIn, csrf: Token, one: Callable[..., Any]
) -> None:
    client = sign_in("supervisor")
    template = client.get("/activities/import/template.xlsx").data
    book = openpyxl.load_workbook(io.BytesIO(template))
    heads = [cell.value for cell in book.active[1]]
    assert heads[:3] == ["类型", "日期", "社区（村）"]
    for values in (
        {"类型": "排查", "日期": "2026-01-07", "社区（村）": "幸福社区", "走访户数": 31},
        {"类型": "野餐", "日期": "2026-01-07", "社区（村）": "幸福社区"},
    ):
        book.active.append([values.get(head) for head in heads])
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    count = "SELECT count(*) FROM activity WHERE day = '2026-01-07' AND kind = 'sweep'"
    before = one(count)
    form = {"file": (out, "台账.xlsx"), "csrf_token": csrf(client)}
    page = client.post("/activities/import", data=form).text
    assert "类型 的值 野餐 未知" in page
    assert one(count) == before
    key = re.search(r'name="key" value="([0-9a-f]{32})"', page)
    assert key
    sure = {"key": key[1], "skip": "1", "csrf_token": form["csrf_token"]}
    assert client.post("/activities/import/confirm", data=sure).status_code == 302
    assert one(count) == before + 1
    assert client.post("/activities/import/confirm", data=sure).status_code == 400
    for name, content in (("a.txt", b"x"), ("a.csv", "甲,乙\n1,2\n".encode())):
        form = {"file": (io.BytesIO(content), name), "csrf_token": csrf(client)}
        assert client.post("/activities/import", data=form).status_code == 400


def test_the_list_adds_up_and_its_file_holds_the_same(sign_in: SignIn, home: int) -> None:
    client = sign_in("supervisor")
    query = f"?kind=sweep&unit={home}&first=2026-01-01&last=2026-06-30"
    page = client.get(f"/activities{query}").text
    assert re.search(r"排查</a> <b>27</b>", page)
    answer = client.get(f"/activities/export.xlsx{query}")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    assert sheet.max_row == 28
    assert sign_in("cadre").get("/activities/export.xlsx").status_code == 403


def test_what_is_due_stands_on_the_dashboard_and_the_cadres_page(
    sign_in: SignIn, csrf: Token, home: int
) -> None:
    leader = sign_in("supervisor")
    plan = {"kind": "training", "every": "year", "unit": home, "target": "community",
            "starts": "2026-01-01", "csrf_token": csrf(leader)}  # fmt: skip
    assert leader.post("/activities/plans/new", data=plan).status_code == 302
    again = leader.post("/activities/plans/new", data=plan)
    assert again.status_code == 409
    assert "已有相同的计划" in again.text
    assert "本期待完成" in leader.get("/dashboard").text
    cadre = sign_in("cadre")
    page = cadre.get("/my").text
    duty = re.search(rf'href="(/activities/new\?back=my&amp;kind=training[^"]*unit={home})"', page)
    assert duty
    form = cadre.get(duty[1].replace("&amp;", "&")).text
    assert f'<option value="{home}" selected>' in form
    sent = {"kind": "training", "day": "2026-01-08", "unit": home, "back": "my",
            "csrf_token": csrf(cadre)}  # fmt: skip
    answer = cadre.post("/activities/new", data=sent)
    assert answer.headers["Location"] == "/my"
    leader.post("/activities/plans/new", data=plan)
    rows = leader.get("/activities/plans").text
    number = max(int(each) for each in re.findall(r"/activities/plans/(\d+)", rows))
    form = leader.get(f"/activities/plans/{number}").text
    seen = {"version": re.search(r'name="version" value="(\d+)"', form)[1],
            "csrf_token": csrf(leader)}  # fmt: skip
    asked = leader.post(f"/activities/plans/{number}/delete", data=seen)
    assert 'name="sure" value="1"' in asked.text
    assert f'name="version" value="{seen["version"]}"' in asked.text
    assert f"/activities/plans/{number}" in leader.get("/activities/plans").text
    # Somebody else changes it in the meantime.
    changed = plan | {"ends": "2026-12-31", "version": seen["version"]}
    assert leader.post(f"/activities/plans/{number}", data=changed).status_code == 302
    late = leader.post(f"/activities/plans/{number}/delete", data=seen | {"sure": "1"},
                       headers={"Accept": "text/html"})  # fmt: skip
    assert late.status_code == 409
    assert "刚被他人修改" in late.text
    seen["version"] = str(int(seen["version"]) + 1)
    leader.post(f"/activities/plans/{number}/delete", data=seen | {"sure": "1"})
    assert f"/activities/plans/{number}" not in leader.get("/activities/plans").text
    assert "没有符合条件的计划" in leader.get("/activities/plans?q=nowhere").text


def test_what_was_due_long_ago_is_listed_where_a_report_of_then_leads(client: FlaskClient) -> None:
    this_year = datetime.now(UTC).date().replace(month=1, day=1).isoformat()
    for first, last in (("2020-01-01", "2020-06-30"), (this_year, "2200-12-31")):
        page = client.get(f"/activities/due?since={first}&until={last}").text
        assert f'name="since" value="{first}"' in page
        assert f'name="until" value="{last}"' in page
    # A last day alone brings what ended in the weeks before it.
    assert 'name="since" value="2020-04-29"' in client.get("/activities/due?until=2020-06-30").text


@pytest.mark.parametrize(
    "address",
    ["/activities?first=2026-13-01", "/activities?first=2026-02-01&last=2026-01-01",
     "/activities?unit=x", "/activities/99999999999999999999",
     "/activities/plans/99999999999999999999", "/activities/where?unit=0", "/activities?q=%00",
     "/activities/due?since=%00"],
)  # fmt: skip
def test_what_no_row_holds_is_refused(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code in (400, 404)
