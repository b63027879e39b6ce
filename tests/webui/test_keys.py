"""Keys in requests: who comes in, how soon a revoked one does not, and where none is ever seen."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import re
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.exchange.agencies.models import ApiKey
from gridmap.exchange.agencies.service import (
    AgencyWish,
    KeyWish,
    change_key,
    create_agency,
    create_key,
    revoke_key,
    rotate_key,
)
from gridmap.exchange.agencies.tokens import Token
from gridmap.exchange.collections import COLLECTIONS
from gridmap.exchange.grant import LayerGrant
from gridmap.exchange.packages.running import run_packages
from gridmap.settings import Settings
from gridmap.workforce.rights import SYSTEM
from webui.agencies.keys import close

WISH = KeyWish("平台", {"roads": LayerGrant()}, units=None)
Made = tuple[ApiKey, Token]


@pytest.fixture
def db(app: Flask) -> Iterator[Session]:
    """A session whose every statement is committed, as other requests see it."""
    with Session(app.extensions["gridmap.engine"], expire_on_commit=False) as session:
        yield session
        session.commit()


@pytest.fixture
def make(db: Session, request: pytest.FixtureRequest) -> Callable[..., Made]:
    def made(wish: KeyWish = WISH) -> Made:
        name = f"{request.node.name[:80]} {datetime.now(UTC).timestamp()}"
        agency = create_agency(db, SYSTEM, AgencyWish(name))
        found = create_key(db, SYSTEM, agency.id, wish)
        db.commit()
        return found

    return made


def bearer(token: Token) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.secret}"}


@pytest.mark.parametrize("way", ["bearer", "header", "parameter"])
def test_a_key_comes_in_by_three_ways(
    stranger: FlaskClient, make: Callable[..., Made], way: str
) -> None:
    _, token = make()
    query = f"?key={token.secret}&x=1" if way == "parameter" else ""
    headers = {"bearer": bearer(token), "header": {"X-API-Key": token.secret}}.get(way)
    # No token against forged requests is asked for.
    answer = stranger.post(f"/packages{query}", headers=headers)
    assert answer.status_code == 202
    assert token.secret not in answer.text + str(answer.headers)
    assert {"Authorization", "X-API-Key"} <= set(answer.vary)
    assert answer.cache_control.private


def test_an_unknown_key_is_told_how_to_come_in(client: FlaskClient) -> None:
    for headers in ({}, {"Authorization": "Bearer gm_" + "x" * 40}, {"X-API-Key": "\x7f" * 999}):
        # That somebody is signed in does not count for who sends a key.
        answer = client.post("/packages", headers=headers)
        assert answer.status_code == (401 if headers else 400)
        if headers:
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            assert "json" in answer.content_type


def test_a_cookie_writes_nothing_without_the_forms_token(
    client: FlaskClient, stranger: FlaskClient, csrf: Callable[[FlaskClient], str]
) -> None:
    assert client.post("/packages").status_code == 400
    assert client.post("/packages", headers={"X-CSRFToken": csrf(client)}).status_code == 403
    # Who is nobody is told so: what is missing is a key, and no form's token.
    assert stranger.post("/packages").status_code == 401
    assert stranger.get("/packages/latest.zip").status_code == 401
    assert stranger.get("/packages/latest.zip?key=").status_code == 401


@pytest.mark.parametrize("way", ["header", "parameter", "both"])
def test_links_carry_a_key_on_that_came_in_the_address(
    stranger: FlaskClient, make: Callable[..., Made], way: str
) -> None:
    _, token = make(KeyWish("平台", {"roads": LayerGrant()}, None, rate_per_minute=600))
    headers = {} if way == "parameter" else {"X-API-Key": token.secret}
    given = "" if way == "header" else f"key={token.secret}"

    def follow(address: str) -> Any:
        if address.startswith("/"):
            address += f"{'&' if '?' in address else '?'}{given}"
        answer = stranger.get(address, headers=headers)
        assert answer.status_code == 200, (address, answer.text)
        assert "private" in answer.headers["Cache-Control"], address
        assert "X-API-Key" in answer.headers["Vary"], address
        return answer

    seen = set[str]()
    for path in ("", "/collections", "/collections/roads", "/collections/roads/items?limit=1",
                 "/collections/roads/changes?limit=1", "/collections/roads/tiles",
                 "/collections/roads/tiles/WebMercatorQuad", "/tileMatrixSets"):  # fmt: skip
        addresses = _addresses(json.loads(follow(f"/ogc{path}").data))
        assert addresses, path
        seen |= addresses
    described = json.loads(
        follow("/ogc/collections/roads/tiles/WebMercatorQuad/tilejson.json").data
    )
    [template] = described["tiles"]
    seen.add(template)
    for address in seen:
        assert ("key=" in address) == (way == "parameter"), address
        # What is in the address is all there is, as for a program that can send no header.
        follow(re.sub(r"\{[^}]*\}/\{[^}]*\}/\{[^}]*\}", "16/26000/53000", address))
    page = follow("/ogc/collections?f=html").text
    links = re.findall(r'href="([^"]*/ogc/collections[^"]*)"', page)
    assert links
    assert all((token.secret in link) == (way == "parameter") for link in links)
    # A name of the interface is no address to follow, and is passed on.
    for path in ("api?f=json", "collections/roads/schema"):
        assert token.secret not in follow(f"/ogc/{path}").text


def _addresses(value: Any) -> set[str]:
    """Return the addresses of all links in a document."""
    if isinstance(value, dict):
        found = {value["href"]} if "/ogc" in value.get("href", "") else set()
        return found.union(*map(_addresses, value.values()))
    return set().union(*map(_addresses, value)) if isinstance(value, list) else set()


def test_what_there_is_is_told_of_granted_layers_alone(
    stranger: FlaskClient, make: Callable[..., Made]
) -> None:
    _, token = make()
    for key in ("nothing", "incidents"):
        for rest in ("", "/items", "/items/1", "/schema", "/queryables", "/changes", "/tiles",
                     "/tiles/WebMercatorQuad/tilejson.json",
                     "/tiles/WebMercatorQuad/16/1/1"):  # fmt: skip
            address = f"/ogc/collections/{key}{rest}"
            answer = stranger.get(address, headers={"X-API-Key": token.secret})
            assert answer.status_code == 404, address
            detail = json.loads(answer.data)["detail"]
            assert key in detail
            assert "roads" in detail
            others = set(COLLECTIONS) - {"roads", key}
            assert not [other for other in others if other in detail], address
            # Who sends no key is told nothing at all.
            unasked = stranger.get(address, headers={"Accept": "application/json"})
            assert "roads" not in unasked.text


def test_a_revoked_key_ends_at_once(
    stranger: FlaskClient, make: Callable[..., Made], db: Session
) -> None:
    key, token = make()
    assert stranger.post("/packages", headers=bearer(token)).status_code == 202
    _, newer = rotate_key(db, SYSTEM, key.id)
    db.commit()
    assert stranger.post("/packages", headers=bearer(token)).status_code == 401
    assert stranger.post("/packages", headers=bearer(newer)).status_code == 202
    revoke_key(db, SYSTEM, key.id)
    db.commit()
    refused = stranger.post("/packages", headers=bearer(newer))
    assert refused.status_code == 401
    assert "invalid_token" in refused.headers["WWW-Authenticate"]


def test_an_expired_key_and_a_fast_one_are_refused(
    stranger: FlaskClient, make: Callable[..., Made], db: Session
) -> None:
    key, token = make(KeyWish("x", WISH.layers, None, rate_per_minute=20))
    statuses = [stranger.post("/packages", headers=bearer(token)).status_code for _ in range(16)]
    # A quarter of a minute's requests may come at once, or ten where that is less.
    assert statuses[:10] == [202] * 10
    assert statuses[-1] == 429
    refused = stranger.post("/packages", headers=bearer(token))
    assert 1 <= int(refused.headers["Retry-After"]) <= 3
    db.execute(text("UPDATE api_rate SET at = at - interval '3 s'"))
    db.execute(
        text("UPDATE api_key SET expires_at = :at WHERE id = :id"),
        {"at": datetime.now(UTC) - timedelta(seconds=1), "id": key.id},
    )
    db.commit()
    assert stranger.post("/packages", headers=bearer(token)).status_code == 401


def test_the_log_tells_how_many_rows_and_bytes_an_answer_had(
    stranger: FlaskClient, make: Callable[..., Made], db: Session, app: Flask
) -> None:
    key, token = make(KeyWish("x", WISH.layers, None))
    layer = next(iter(WISH.layers))
    for path in (f"/ogc/collections/{layer}/items", f"/ogc/collections/{layer}/tiles"):
        sent = stranger.get(path, headers=bearer(token))
        assert sent.status_code == 200
        app.extensions["gridmap.access_log"].flush()
        row = db.execute(
            text("SELECT * FROM api_access WHERE key_id = :id ORDER BY id DESC LIMIT 1"),
            {"id": key.id},
        ).one()
        assert row.bytes == len(sent.data)
        assert row.rows == (len(sent.json["features"]) if path.endswith("items") else None)  # type: ignore[index]


def test_the_log_tells_all_but_the_key(
    stranger: FlaskClient, make: Callable[..., Made], db: Session, app: Flask,
    client: FlaskClient, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    key, token = make(KeyWish("<b>", WISH.layers, None, rate_per_minute=5))
    caplog.set_level(logging.DEBUG)
    for n in range(7):
        # The wrong name for the parameter, by mistake, and the right one.
        stranger.get(f"/packages/{n + 900}?a=<i>&token={token.secret}&key={token.secret}&b=2")
    app.extensions["gridmap.access_log"].flush()
    rows = db.execute(
        text("SELECT * FROM api_access WHERE key_id = :id ORDER BY id"), {"id": key.id}
    ).all()
    assert [row.status for row in rows] == [404] * 5 + [429] * 2
    assert rows[0].path == "/packages/900?a=<i>&token=gm_…&b=2"
    assert rows[0].method == "GET"
    assert str(rows[0].address).startswith("127.0.0.1")
    assert rows[0].bytes > 0
    used = text("SELECT last_used_at FROM api_key WHERE id = :id")
    assert db.execute(used, {"id": key.id}).scalar_one() == rows[-1].at
    page = client.get(f"/agencies/keys/{key.id}/log?outcome=refused").text
    assert "a=&lt;i&gt;" in page
    everything = page + caplog.text + str(
        db.execute(text("SELECT array_agg(a::text) FROM audit_log a")).scalar_one()
    )  # fmt: skip
    assert token.secret not in everything
    assert token.secret not in str(token)


def test_what_waits_is_written_at_the_end(
    town_url: str, make: Callable[..., Made], db: Session
) -> None:
    from webui import create_app

    key, token = make()
    other = create_app(Settings(database_url=town_url))
    other.test_client().get("/packages/900", headers=bearer(token))
    close(other)
    other.extensions["gridmap.engine"].dispose()
    count = text("SELECT count(*) FROM api_access WHERE key_id = :id")
    assert db.execute(count, {"id": key.id}).scalar_one() == 1


def test_old_entries_of_the_log_are_removed(
    app: Flask, make: Callable[..., Made], db: Session
) -> None:
    key, _ = make()
    for days in (181, 1):
        db.execute(
            text("INSERT INTO api_access (at, key_id, method, path, status) VALUES "
                 "(now() - make_interval(days => :days), :id, 'GET', '/', 200)"),
            {"days": days, "id": key.id},
        )  # fmt: skip
    db.commit()
    app.extensions["gridmap.access_log"].prune()
    count = text("SELECT count(*) FROM api_access WHERE key_id = :id")
    assert db.execute(count, {"id": key.id}).scalar_one() == 1


def test_a_package_is_asked_for_fetched_and_verified_without_us(
    stranger: FlaskClient, make: Callable[..., Made], db: Session, app: Flask, town_url: str,
    tmp_path: Path,
) -> None:  # fmt: skip
    layers = {"roads": LayerGrant(frozenset({"kind"})), "incidents": LayerGrant(snap="cell")}
    key, token = make(KeyWish("包", layers, None))
    asked = stranger.post("/packages", headers=bearer(token))
    assert asked.json
    assert asked.json["state"] == "waiting"
    for unknown in ("latest.zip", "0", str(1 << 63)):
        refused = stranger.get(f"/packages/{unknown}", headers=bearer(token))
        assert (refused.status_code, refused.mimetype) == (404, "application/problem+json")
    settings = Settings(
        database_url=town_url, data_dir=app.config["DATA_DIR"], licence="仅供内部使用"
    )
    assert run_packages(app.extensions["gridmap.engine"], settings) >= 1
    told = stranger.get(asked.location, headers=bearer(token)).json
    assert told
    assert told["state"] == "done"
    assert told["rows"] == told["rows_expected"] > 100
    sent = stranger.get(told["file"], headers=bearer(token), buffered=True)
    assert hashlib.sha256(sent.data).hexdigest() == told["sha256"]
    ranged = bearer(token) | {"Range": "bytes=0-9"}
    part = stranger.get(told["file"], headers=ranged, buffered=True)
    assert (part.status_code, part.data) == (206, sent.data[:10])
    _, foreign = make()
    assert stranger.get(told["file"], headers=bearer(foreign)).status_code == 404
    with zipfile.ZipFile(io.BytesIO(sent.data)) as packed:
        packed.extractall(tmp_path)
    (tmp_path / "key.pem").write_bytes(stranger.get("/packages/public-key.pem").data)
    verify = (
        "sha256sum --check --strict SHA256SUMS && openssl pkeyutl -verify -pubin -inkey key.pem "
        "-rawin -in SHA256SUMS -sigfile SHA256SUMS.sig"
    )
    assert subprocess.run(["sh", "-c", verify], cwd=tmp_path, check=False).returncode == 0
    sums = tmp_path / "SHA256SUMS"
    sums.write_text(re.sub("^.", "x", sums.read_text()))
    assert subprocess.run(["sh", "-c", verify.split("&& ")[1]], cwd=tmp_path).returncode == 1
    assert "仅供内部使用" in (tmp_path / "metadata.json").read_text()
    assert "类别代码,Code of the category" in (tmp_path / "dictionary.csv").read_text()
    # What was packed under wider rights is given to the key no more.
    change_key(db, SYSTEM, key.id, WISH)
    db.commit()
    assert stranger.get(told["file"], headers=bearer(token)).status_code == 404
