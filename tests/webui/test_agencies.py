"""Agencies and keys in the administrator's pages."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, expect
from sqlalchemy import text

Token = Callable[[FlaskClient], str]


def one(app: Flask, statement: str, **values: object) -> int:
    with app.extensions["gridmap.engine"].connect() as connection:
        return int(connection.execute(text(statement), values).scalar_one())


@pytest.fixture
def agency(client: FlaskClient, csrf: Token, request: pytest.FixtureRequest) -> str:
    """The address of an agency made through the form."""
    form = {"name": f"<{request.node.name[:80]}>", "smallest_count": "5",
            "csrf_token": csrf(client)}  # fmt: skip
    return client.post("/agencies/new", data=form).location


def key_form(client: FlaskClient, csrf: Token, **changes: object) -> dict[str, object]:
    form: dict[str, object] = {
        "name": "平台", "layer": ["roads", "incidents"], "field-roads": ["kind", "name"],
        "field-incidents": ["category", "occurred_at"], "snap-incidents": "street",
        "where": "everywhere", "rate": "60", "expires": "2099-12-31", "csrf_token": csrf(client),
    }  # fmt: skip
    return form | changes


def test_an_agency_is_found_and_changed(client: FlaskClient, agency: str, csrf: Token) -> None:
    name = re.search(r"<h1>(.*?)</h1>", client.get(agency).text)
    assert name
    assert name[1].startswith("&lt;test_an_agency")
    form = {"name": "改名", "smallest_count": "10", "contact": "李工", "csrf_token": csrf(client)}
    assert client.post(f"{agency}/change", data=form).location == agency
    assert "改名" in client.get("/agencies").text
    log = client.get("/audit?act=agency.change").text
    assert "<ins>10</ins>" in log
    twice = client.post("/agencies/new", data=form)
    assert twice.status_code == 409
    assert 'value="李工"' in twice.text
    for small in ("1", "2", "101", "-1", "x", ""):
        assert (
            client.post(f"{agency}/change", data=form | {"smallest_count": small}).status_code
            == 400
        )


def test_a_key_is_shown_once(client: FlaskClient, agency: str, csrf: Token) -> None:
    given = client.post(f"{agency}/keys/new", data=key_form(client, csrf))
    assert given.status_code == 200
    assert "no-store" in given.headers["Cache-Control"]
    secret = re.search(r'<code id="secret">(gm_[\w-]{43})</code>', given.text)
    assert secret
    page = client.get(agency).text
    assert secret[1][:9] in page
    for address in (agency, "/agencies", "/audit?subject=api_key"):
        assert secret[1] not in client.get(address).text


def test_a_key_is_told_in_the_reader_s_language(
    client: FlaskClient, app: Flask, agency: str, csrf: Token
) -> None:
    unit = one(app, "SELECT min(id) FROM unit WHERE level = 'town' AND name_en IS NOT NULL")
    with app.extensions["gridmap.engine"].connect() as connection:
        names = connection.execute(
            text("SELECT name, name_en FROM unit WHERE id = :id"), {"id": unit}
        ).one()
    form = key_form(client, csrf, where="units", area=str(unit))
    given = client.post(f"{agency}/keys/new", data=form).text
    key = re.search(r"/agencies/keys/\d+", given)
    assert key
    for language, name, fields in (("zh", names[0], "名称；类型"), ("en", names[1], "Name; Kind")):
        for address in (agency, key[0]):
            assert name in client.get(f"{address}?lang={language}").text
        assert fields in client.get(f"{key[0]}?lang={language}").text
    client.get("/agencies?lang=en")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": " "}, {"layer": []}, {"layer": "buildings", "snap-buildings": "cell",
                                       "field-buildings": ["address"]},
        {"write-incidents": "on"}, {"where": "units"}, {"where": "units", "area": "999999"},
        {"rate": "0"}, {"rate": "x"}, {"first": "2026-02-01", "last": "2026-01-01"},
        {"expires": "2001-01-01"}, {"expires": "soon"}, {"field-roads": "phone"},
    ],
)  # fmt: skip
def test_a_key_that_cannot_be_keeps_what_was_typed(
    client: FlaskClient, agency: str, csrf: Token, changes: dict[str, object]
) -> None:
    form = key_form(client, csrf, **changes)
    page = client.post(f"{agency}/keys/new", data=form)
    assert page.status_code == 400
    assert 'role="alert"' in page.text
    assert 'value="occurred_at"' in page.text
    assert "gm_" not in page.text


def test_a_key_is_changed_and_its_form_comes_back(
    client: FlaskClient, agency: str, csrf: Token, app: Flask
) -> None:
    town = one(app, "SELECT min(id) FROM unit WHERE level = 'town'")
    client.post(f"{agency}/keys/new", data=key_form(client, csrf))
    key = one(app, "SELECT max(id) FROM api_key")
    form = key_form(
        client, csrf, where="units", area=town, first="2026-01-01", last="2026-06-30",
        layer=["incidents"], **{"snap-incidents": "exact", "write-incidents": "on",
                                "field-incidents": ["category", "reporter_phone"]},
    )  # fmt: skip
    assert client.post(f"/agencies/keys/{key}/change", data=form).status_code == 302
    page = client.get(f"/agencies/keys/{key}/change").text
    checked = re.findall(r'name="([\w-]+)"(?: value="([\w-]+)")?\s+checked', page)
    # The fields of layers that are not chosen stand ready to be.
    checked = [pair for pair in checked if not re.match("field-(?!incidents)", pair[0])]
    assert checked == [
        ("layer", "incidents"), ("write-incidents", ""), ("field-incidents", "category"),
        ("field-incidents", "reporter_phone"), ("where", "units"), ("area", str(town)),
    ]  # fmt: skip
    for value in ("2026-01-01", "2026-06-30", "2099-12-31", "60"):
        assert f'value="{value}"' in page
    log = client.get(f"/audit?subject=api_key&id={key}&act=key.change").text
    assert "reporter_phone" in log


def test_a_revoked_key_still_tells_what_was_done_to_it(
    client: FlaskClient, agency: str, csrf: Token, app: Flask
) -> None:
    client.post(f"{agency}/keys/new", data=key_form(client, csrf))
    address = f"/agencies/keys/{one(app, 'SELECT max(id) FROM api_key')}"
    client.post(f"{address}/revoke", data={"csrf_token": csrf(client)})
    page = client.get(address).text
    assert "/audit?subject=api_key" in page
    assert f"{address}/change" not in page


def test_schedules_are_kept_and_ended(
    client: FlaskClient, agency: str, csrf: Token, app: Flask
) -> None:
    client.post(f"{agency}/keys/new", data=key_form(client, csrf))
    key = one(app, "SELECT max(id) FROM api_key")
    for every, rows in (("week", 1), ("month", 1), ("", 0)):
        form = {"every": every, "hour": "4", "csrf_token": csrf(client)}
        assert client.post(f"/agencies/keys/{key}/schedule", data=form).status_code == 302
        count = "SELECT count(*) FROM package_schedule WHERE key_id = :key AND next_at > now()"
        assert one(app, count, key=key) == rows


def test_a_key_is_made_used_and_revoked_in_a_browser(
    browser: Browser, server: str, app: Flask, agency: str,
    browser_session: Callable[[BrowserContext, str], None],
) -> None:  # fmt: skip
    context = browser.new_context(viewport={"width": 390, "height": 844})
    browser_session(context, "admin")
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.goto(f"{server}{agency}?lang=zh")
    page.click("text=新建密钥")
    page.fill("#name", "手机")
    layer = page.locator("[data-layer]", has=page.locator('input[value="buildings"]'))
    expect(layer.locator(".fields").first).to_be_hidden()
    layer.locator('input[name="layer"]').check()
    layer.locator("select").select_option("cell")
    expect(layer.locator('input[value="address"]')).to_be_disabled()
    page.check('input[value="everywhere"]')
    wide = page.evaluate(
        "[...document.querySelectorAll('main *')]"
        ".filter((e) => e.getBoundingClientRect().right > 390).map((e) => e.outerHTML)"
    )
    assert wide == []
    page.click("text=生成密钥")
    secret = page.locator("#secret").inner_text()
    page.locator('[data-copy="secret"]').click()
    expect(page.locator('[data-copy="secret"]')).to_have_text("已复制")
    headers = {"Authorization": f"Bearer {secret}"}
    assert app.test_client().post("/packages", headers=headers).status_code == 202
    page.click("text=我已转交")
    page.locator("summary", has_text="吊销").click()
    page.locator("form button", has_text="吊销密钥").click()
    expect(page.locator(".flash-done")).to_be_visible()
    expect(page.locator("h1 .state")).to_have_text("已吊销")
    assert app.test_client().post("/packages", headers=headers).status_code == 401
    assert faults == []
    context.close()
