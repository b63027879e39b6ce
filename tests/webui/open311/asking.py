"""What a citizen app sends, and how its tests read what it is answered."""

from __future__ import annotations

from xml.etree import ElementTree

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from gridmap.exchange.grant import LayerGrant
from tests.webui.conftest import form_token

ROOT = "/open311/v2"
PLACE = {"lat": "30.005", "long": "110.015"}
GOOD = {**PLACE, "service_code": "A1", "description": "路灯不亮"}
ADDRESSES = {"buildings": LayerGrant(), "places": LayerGrant()}
OPEN = LayerGrant(frozenset({"category", "occurred_at", "step", "description"}), write=True)


def middle(app: Flask) -> int:
    with app.extensions["gridmap.engine"].connect() as connection:
        found: int = connection.execute(
            text("SELECT id FROM unit WHERE code = '990101001002'")
        ).scalar_one()
    return found


def post(client: FlaskClient, kind: str = "json", **form: str) -> TestResponse:
    headers = {"X-CSRFToken": form_token(client)}
    return client.post(f"{ROOT}/requests.{kind}", data=form, headers=headers)


def hand_in(client: FlaskClient, **form: str) -> int:
    answer = post(client, **{**GOOD, **form})
    assert answer.status_code == 200, answer.text
    number: int = answer.json[0]["service_request_id"]  # type: ignore[index]
    return number


def xml(answer: TestResponse) -> ElementTree.Element:
    assert answer.mimetype == "text/xml"
    return ElementTree.fromstring(answer.data)  # noqa: S314 - It is our own answer.
