"""The feed of changes as a partner asks for it, and the client that the docs show."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from tests.gridmap.exchange.copying import settle
from tests.webui.conftest import session_token
from webui.access import COOKIE

DOCS = Path(__file__).parents[2] / "docs" / "changes.md"
ADDRESS = "/ogc/collections/places/changes"


def test_a_page_is_geojson_with_a_way_on(client: FlaskClient) -> None:
    answer = client.get(f"{ADDRESS}?limit=5")
    assert answer.mimetype == "application/geo+json"
    assert "no-store" in answer.headers["Cache-Control"]
    page = json.loads(answer.data)
    assert (page["type"], len(page["features"]), page["deleted"]) == ("FeatureCollection", 5, [])
    assert page["more"] is True
    first = page["features"][0]
    assert (first["type"], first["geometry"]["type"]) == ("Feature", "Point")
    assert set(first["properties"]) >= {"name", "kind", "cell_code", "community_code"}
    following = next(link["href"] for link in page["links"] if link["rel"] == "next")
    after = json.loads(client.get(following).data)["features"]
    assert min(one["id"] for one in after) > max(one["id"] for one in page["features"])


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("?limit=0", 400),
        ("?limit=10001", 400),
        ("?limit=x", 400),
        ("?limit=²", 400),
        ("?cursor=x", 400),
        ("?cursor=" + "A" * 44, 400),
        ("?cursor=" + "A" * 82, 400),
        ("?since=2025", 400),
        ("?f=xml", 400),
        ("?lang=fr", 400),
    ],
)
def test_what_is_asked_wrongly_is_said(client: FlaskClient, asked: str, status: int) -> None:
    answer = client.get(ADDRESS + asked)
    assert answer.status_code == status
    problem = json.loads(answer.data)
    assert problem["detail"]
    assert problem["parameter"] == asked[1:].partition("=")[0]


def test_a_cursor_tells_nothing_and_holds_for_every_process(
    app: Flask, client: FlaskClient
) -> None:
    first, second = (json.loads(client.get(f"{ADDRESS}?limit=5").data)["next"] for _ in range(2))
    # The same place twice: neither looks like the other, and neither holds zeros of a number.
    assert first != second
    assert "AAAA" not in first
    answers = [client.get(f"{ADDRESS}?cursor={cursor}&limit=5") for cursor in (first, second)]
    assert [answer.status_code for answer in answers] == [200, 200]
    was = app.config["SECRET_KEY"]
    app.config["SECRET_KEY"] = "another"
    try:
        assert client.get(f"{ADDRESS}?cursor={first}").status_code == 400
    finally:
        app.config["SECRET_KEY"] = was


def test_who_may_not_export_has_no_feed(sign_in: Callable[[str], FlaskClient]) -> None:
    assert sign_in("cadre").get(ADDRESS).status_code == 404
    assert sign_in("supervisor").get("/ogc/collections/nothing/changes").status_code == 404


def test_the_client_of_the_docs_keeps_a_copy(app: Flask, server: str) -> None:
    code = re.search(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert code
    names: dict[str, Any] = {}
    exec(code[1], names)  # noqa: S102 - It is our own.
    copy: dict[int, Any] = {}
    state: dict[str, str] = {}

    def update() -> list[int]:
        headers = {"Cookie": f"{COOKIE}={session_token(app, 'admin')}"}
        names["update"](copy, state, server + ADDRESS, headers)
        return sorted(copy)

    def stored(statement: str = "SELECT 1") -> list[int]:
        with app.extensions["gridmap.engine"].begin() as connection:
            connection.execute(text(statement))
            found = sorted(connection.scalars(text("SELECT id FROM place")))
        settle(app.extensions["gridmap.engine"])
        return found

    assert update() == stored()
    new = stored("INSERT INTO place (name, geom) VALUES ('feed', 'SRID=4326;POINT(0 0)')")
    assert update() == new
    rest = stored("DELETE FROM place WHERE name = 'feed'")
    assert update() == rest
    stored("SELECT note_layer_change('places')")
    assert update() == rest
    # As of a version whose cursors were not closed.
    state["cursor"] = "A" * 44
    assert update() == rest
