"""Where the tests of cases take place, and how they report and act."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import event
from werkzeug.test import TestResponse

Token = Callable[[FlaskClient], str]


SignIn = Callable[[str], FlaskClient]

PASSWORD = "a stranger of the other town"


@dataclass(frozen=True)
class Ground:
    """Where the demo's cadre answers for a cell, and a place in another town."""

    lon: float
    lat: float
    cell: int
    far_lon: float
    far_lat: float


def picture() -> tuple[io.BytesIO, str]:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "JPEG")
    out.seek(0)
    return out, "x.jpg"


def new_case(client: FlaskClient, csrf: Token, ground: Ground, **given: object) -> int:
    answer = client.post(
        "/cases/new",
        data={
            "csrf_token": csrf(client),
            "lon": ground.lon,
            "lat": ground.lat,
            "category": "B1",
            "description": "楼上漏水,邻里争执",
            "reporter": "citizen",
            **given,
        },
        content_type="multipart/form-data",
    )
    assert answer.status_code == 302, re.findall(r'role="alert"[^>]*>([^<]+)', answer.text)
    return int(answer.location.rsplit("/", 1)[1])


def do(client: FlaskClient, csrf: Token, case: int, act: str, **given: object) -> TestResponse:
    """Do an act by the form of the page."""
    page = client.get(f"/cases/{case}").text
    assert f'name="act" value="{act}"' in page, f"{act} is not offered"
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    sent = {"csrf_token": csrf(client), "act": act, "version": version[1], **given}
    return client.post(f"/cases/{case}", data=sent, content_type="multipart/form-data")


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(*given: object) -> None:
        statements.append(str(given[2]))

    engine = app.extensions["gridmap.engine"]
    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)
