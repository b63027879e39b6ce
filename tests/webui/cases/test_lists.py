"""Lists of cases: filters, pages, views, export and dispatch of many."""

from __future__ import annotations

import re

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.webui.cases.ground import Ground, SignIn, Token, do, new_case


def test_many_are_dispatched_after_asking_once_more(
    sign_in: SignIn, csrf: Token, ground: Ground
) -> None:
    boss = sign_in("supervisor")
    cases = [new_case(boss, csrf, ground) for _ in range(3)]
    for case in cases:
        do(boss, csrf, case, "file")
    chosen = {"csrf_token": csrf(boss), "case": [f"{case}:2" for case in cases], "list": "q=x"}
    asked = boss.post("/cases/dispatch", data=chosen)
    assert asked.status_code == 200
    assert 'name="sure"' in asked.text
    assert "step-dispatch" in boss.get(f"/cases/{cases[0]}").text
    done = boss.post("/cases/dispatch", data={**chosen, "sure": "1"})
    assert done.status_code == 302
    assert done.location == "/cases?q=x"
    again = boss.post("/cases/dispatch", data={**chosen, "sure": "1"})
    assert again.status_code == 409
    mine = sign_in("cadre").get("/my").text
    assert all(f"/cases/{case}" in mine for case in cases)


def test_the_list_is_filtered_and_cut_into_pages(client: FlaskClient) -> None:
    first = client.get("/cases?state=any&sort=newest").text
    follow = re.search(r'href="(/cases\?after=[^"]+)"', first)
    assert follow
    second = client.get(follow[1].replace("&amp;", "&")).text
    ids = [set(re.findall(r'href="/cases/(\d+)"', page)) for page in (first, second)]
    assert len(ids[0]) == 50
    assert not ids[0] & ids[1]
    assert client.get("/cases?step=handling&category=D&due=overdue&mine=1").status_code == 200
    assert client.get("/cases?after=nonsense&unit=x").status_code == 400
    assert client.get("/cases?level=moon").status_code == 400
    assert "没有" in client.get("/cases?q=根本没有这样的案件").text


def test_views_are_kept_and_forgotten(client: FlaskClient, csrf: Token) -> None:
    sent = {"csrf_token": csrf(client), "name": "晚上的噪音"}
    kept = client.post("/cases/views?category=A22&q=噪音", data=sent)
    assert kept.status_code == 302
    page = client.get("/cases").text
    assert "晚上的噪音" in page
    remove = re.search(r'action="(/cases/views/\d+/remove)"', page)
    assert remove
    assert client.post(remove[1], data={"csrf_token": csrf(client)}).status_code == 302
    assert "晚上的噪音" not in client.get("/cases").text


def test_an_export_is_safe_and_recorded(
    client: FlaskClient,
    sign_in: SignIn,
    csrf: Token,
    ground: Ground,
    app: Flask,
) -> None:
    new_case(client, csrf, ground, description="=HYPERLINK(1)", address="@东门")
    answer = client.get("/cases.csv?q=HYPERLINK")
    assert answer.text.startswith("\ufeff编号")
    assert "'=HYPERLINK(1)" in answer.text
    assert "'@东门" in answer.text
    with Session(app.extensions["gridmap.engine"]) as session:
        last = session.execute(
            text("SELECT after FROM audit_log WHERE act = 'case.export' ORDER BY id DESC LIMIT 1")
        ).scalar_one()
    assert last["rows"] >= 1
    assert sign_in("cadre").get("/cases.csv").status_code == 403
