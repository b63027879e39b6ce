"""Settings of cases make versions and spare what is open."""

from __future__ import annotations

import re

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.webui.cases.ground import Ground, SignIn, Token, new_case


def test_settings_make_versions_and_spare_open_cases(
    client: FlaskClient,
    sign_in: SignIn,
    csrf: Token,
    ground: Ground,
    app: Flask,
) -> None:
    case = new_case(client, csrf, ground, category="E2")

    def due() -> str:
        with Session(app.extensions["gridmap.engine"]) as session:
            return str(session.execute(
                text("SELECT due_at FROM incident_case WHERE id = :id"), {"id": case}
            ).scalar_one())  # fmt: skip

    before = due()
    address = "/cases/settings/categories/E2"
    sent = {"csrf_token": csrf(client), "whole_amount": "90", "whole_unit": "days", "active": "1"}
    assert client.post(address, data=sent).status_code == 302
    assert 'value="90"' in client.get(address).text
    assert due() == before
    assert client.post(address, data=sent | {"whole_amount": "-3"}).status_code == 400
    add = {"csrf_token": csrf(client), "code": "E29", "name": "其他咨询"}
    assert client.post(f"{address}/add", data=add).status_code == 302
    assert client.post(f"{address}/add", data=add).status_code == 409
    assert "其他咨询" in client.get("/cases/settings").text
    day = {"csrf_token": csrf(client), "day": "2031-05-06", "working": "0", "note": "泼水节"}
    assert client.post("/cases/settings/days", data=day).status_code == 302
    assert "泼水节" in client.get("/cases/settings").text
    gone = client.post("/cases/settings/days/2031-05-06/remove", data={"csrf_token": csrf(client)})
    assert gone.status_code == 302
    assert client.post("/cases/settings/days", data=day | {"day": "soon"}).status_code == 400
    for login in ("supervisor", "cadre"):
        assert sign_in(login).get("/cases/settings").status_code == 403


def test_the_towns_rules_are_changed_in_one_form(client: FlaskClient, csrf: Token) -> None:
    page = client.get("/cases/settings").text
    amounts = dict(re.findall(r'name="(\w+)_amount"[^>]*value="(\d+)"', page))
    form = {f"{step}_amount": amount for step, amount in amounts.items()}
    form |= {f"{step}_unit": "hours" for step in amounts}
    form |= {"csrf_token": csrf(client), "duplicate_metres": "100", "duplicate_hours": "72"}
    good = form | {"work_hours": "08:30-12:00,14:00-17:30"}
    assert client.post("/cases/settings", data=good).status_code == 302
    assert "08:30-12:00, 14:00-17:30" in client.get("/cases/settings").text
    for hours in ("never", "12:00-09:00", ""):
        assert client.post("/cases/settings", data=form | {"work_hours": hours}).status_code == 400
