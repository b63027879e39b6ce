"""What no row can hold, and what people mistype, is a sentence and never a fault of ours."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

Token = Callable[[FlaskClient], str]
HEADINGS = ("工号", "姓名", "联系电话", "所属社区", "人员类型")


def workbook(*rows: tuple[object, ...]) -> BytesIO:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = BytesIO()
    book.save(out)
    out.seek(0)
    return out


@pytest.mark.parametrize(
    "address",
    [
        "/dashboard/records?category=%00", "/cases?q=%00", "/cases.csv?q=%00", "/audit?act=%00",
        "/audit?person=%00", "/assignments/list?q=%00", "/staff?q=%00", "/map/search?q=%00",
        "/staff/99999999999999999999", "/cases/settings/categories/%00",
        "/cases/similar?lon=nan&lat=inf&category=B1", "/cases?cell=x", "/cases?due_since=%00",
        "/cases?cell=99999999999999999999", "/cases?due_since=2026-13-01",
        "/cases?due_until=9999-12-31", "/dashboard/records?cell=1&building=0",
        "/dashboard/records?category=B&category=none", "/dashboard/records?without=none",
        "/dashboard/records?hour=8&hour=24", "/dashboard/records?weekday=0",
        "/dashboard/records?without_unit=none", "/dashboard/records?without_cell=x",
        "/dashboard/records?without_cell=999999999", "/dashboard/records?against_from=2026-01-01",
        "/dashboard/records?against_from=2026-01-02&against_to=2026-01-01",
        "/reports/records/area/cells", "/reports/records/area/cells?unit=1&kind=x",
        "/reports/records/area/cadres?unit=0", "/activities/due?since=2020-01-02&until=2020-01-01",
        "/reports/records/work/shifts?unit=1&moment=2026-01-01",
        "/reports/records/work/shifts?unit=1&first=2026-02-01&last=2026-01-01",
        "/patrols/walked/tiles/99/0/0.mvt",
    ],
)  # fmt: skip
def test_a_value_that_no_row_holds_is_refused(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code in (400, 404)


@pytest.mark.parametrize(
    "address",
    ["/patrols/walked/streets?days=7", "/patrols/walked/tracks?sort=route",
     "/assignments/list?kind=basic"],
)  # fmt: skip
def test_past_its_end_a_list_turns_to_a_page_that_has_rows(
    client: FlaskClient, address: str
) -> None:
    answer = client.get(f"{address}&page=999")
    assert answer.status_code == 302
    # What was chosen stays.
    assert address.partition("?")[2] in answer.headers["Location"]
    page = client.get(answer.headers["Location"])
    assert page.status_code == 200
    assert "page=999" not in answer.headers["Location"]
    assert page.text.count("<tr") > 1


def test_far_days_are_slips_of_the_hand(client: FlaskClient, csrf: Token) -> None:
    form = {"cadre": "1", "first": "9999-12-31", "last": "9999-12-31", "csrf_token": csrf(client)}
    answer = client.post("/staff/absences", data=form)
    assert answer.status_code == 400
    assert "9999-12-31 不在 1900 年至 2200 年之间" in answer.text


def test_identity_numbers_and_early_times_stay_out(client: FlaskClient, csrf: Token) -> None:
    form = {"category": "B1", "description": "张某 110101199003077758", "reporter": "citizen",
            "lon": "112.8965", "lat": "30.3432", "csrf_token": csrf(client)}  # fmt: skip
    answer = client.post("/cases/new", data=form)
    assert answer.status_code == 400
    assert "请删除身份证号码" in answer.text
    # What was typed stays to be mended.
    assert "张某" in answer.text
    form |= {"description": "漏水", "at": "0001-01-01T00:00"}
    assert "事件时间过早" in client.post("/cases/new", data=form).text


def test_a_user_has_one_of_the_roles(client: FlaskClient, csrf: Token, app: Flask) -> None:
    form = {"login": "no-such-role", "display_name": "某人", "role": "king", "area": "1",
            "csrf_token": csrf(client)}  # fmt: skip
    assert client.post("/users/new", data=form).status_code == 400
    with app.extensions["gridmap.engine"].connect() as connection:
        found = "SELECT count(*) FROM app_user WHERE login = 'no-such-role'"
        assert connection.execute(text(found)).scalar_one() == 0


def test_a_category_has_a_code_that_an_address_can_hold(client: FlaskClient, csrf: Token) -> None:
    form = {"code": "B/../1", "name": "某类", "csrf_token": csrf(client)}
    answer = client.post("/cases/settings/categories/B/add", data=form)
    assert answer.status_code == 400
    assert "编码只能使用" in answer.text


def test_a_file_is_reported_on_in_its_own_words(client: FlaskClient, csrf: Token) -> None:
    def sent(name: str, content: BytesIO) -> str:
        form = {"file": (content, name), "csrf_token": csrf(client)}
        return client.post("/staff/import", data=form).text

    assert "名单.xlsx 是空文件" in sent("C:\\我的\\名单.xlsx", BytesIO())
    page = sent("名单.xlsx", workbook(("甲", "乙"), (1, 2)))
    assert "文件中没有这些列：姓名, 所属单元。现有列名：甲, 乙。" in page
    page = sent("名单.xlsx", workbook(HEADINGS, ("W1", None, "1", "幸福社区", "神仙")))
    assert "姓名 为空" in page
    assert "类型 的值 神仙 未知" in page
    for word in ("name 为空", "kind 的值"):
        assert word not in page


def test_an_administrator_links_a_cadre_to_an_account(
    client: FlaskClient, sign_in: Callable[[str], FlaskClient], csrf: Token, app: Flask
) -> None:
    def one(statement: str) -> int:
        with app.extensions["gridmap.engine"].connect() as connection:
            return int(connection.execute(text(statement)).scalar_one())

    unit = one("SELECT min(id) FROM unit WHERE level = 'community'")
    form = {"login": "walker", "display_name": "某人", "role": "cadre", "area": unit,
            "csrf_token": csrf(client)}  # fmt: skip
    client.post("/users/new", data=form)
    form = {"name": "新来的", "unit": unit, "kind": "full_time", "account": "Walker ",
            "csrf_token": csrf(client)}  # fmt: skip
    shown = client.post("/staff/new", data=form, follow_redirects=True)
    assert "walker" in shown.text
    linked = "SELECT c.id FROM cadre c JOIN app_user u ON u.id = c.user_id WHERE login = 'walker'"
    cadre = one(linked)
    missing = client.post(f"/staff/{cadre}/edit", data=form | {"account": "nobody-is-called-so"})
    assert missing.status_code == 404
    assert "nobody-is-called-so" in missing.text
    # Who does not manage users neither sees nor changes the account.
    other = sign_in("supervisor")
    form = {key: value for key, value in form.items() if key != "csrf_token"}
    other.post(f"/staff/{cadre}/edit", data=form | {"account": "", "csrf_token": csrf(other)})
    assert "walker" not in other.get(f"/staff/{cadre}").text
    assert one(linked) == cadre


def test_a_period_that_runs_backwards_is_told_beside_its_days(client: FlaskClient) -> None:
    page = client.get("/dashboard?period=custom&from=2026-03-10&to=2026-03-01")
    assert page.status_code == 400
    assert "结束日期 2026-03-01 早于开始日期 2026-03-10" in page.text
    assert 'name="from" required value="2026-03-10"' in page.text
