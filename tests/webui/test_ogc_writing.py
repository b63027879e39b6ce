"""Incidents written by the key of an agency (OGC API Features Part 4)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.test import Client, TestResponse

from gridmap.exchange.agencies.service import AgencyWish, KeyWish, create_agency, create_key
from gridmap.exchange.grant import LayerGrant
from gridmap.workforce.rights import SYSTEM

PATH = "/ogc/collections/incidents/items"
AGENCY = "消防救援站"


@pytest.fixture(scope="module")
def community(app: Flask) -> dict[str, Any]:
    """A community, a point of it, and one that lies in another."""
    with app.extensions["gridmap.engine"].connect() as connection:
        rows = connection.execute(
            text(
                "SELECT id, ST_X(p) AS lon, ST_Y(p) AS lat FROM (SELECT id, code, "
                "ST_PointOnSurface(geom) AS p FROM unit WHERE level = 'community') u ORDER BY code"
            )
        ).all()
    return {"id": rows[0].id, "inside": [rows[0].lon, rows[0].lat],
            "outside": [rows[1].lon, rows[1].lat]}  # fmt: skip


@pytest.fixture(scope="module")
def key(app: Flask, community: dict[str, Any]) -> Iterator[str]:
    """A key that may write incidents of one community."""
    engine = app.extensions["gridmap.engine"]
    with Session(engine) as session, session.begin():
        agency = create_agency(session, SYSTEM, AgencyWish(AGENCY))
        wish = KeyWish(
            "接警", {"incidents": LayerGrant(write=True), "places": LayerGrant()},
            frozenset({community["id"]}), rate_per_minute=60_000,
        )  # fmt: skip
        _, token = create_key(session, SYSTEM, agency.id, wish)
        agency_id = agency.id
    yield token.secret
    # What waits of the log of requests names the key.
    app.extensions["gridmap.access_log"].flush()
    with Session(engine) as session, session.begin():
        session.execute(text("DELETE FROM incident WHERE source LIKE 'agency:%'"))
        session.execute(text("DELETE FROM agency WHERE id = :id"), {"id": agency_id})


def feature(place: list[float], **properties: Any) -> dict[str, Any]:
    told = {"category": "A11", "occurred_at": "2025-05-01T08:00:00+08:00", **properties}
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": place},
        "properties": {name: value for name, value in told.items() if value is not None},
    }


def send(
    app: Flask, key: str, method: str, path: str, content: Any = None, **headers: str
) -> TestResponse:
    kind = headers.pop("kind", "application/geo+json")
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    given = {"X-API-Key": key} | {name.replace("_", "-"): one for name, one in headers.items()}
    return Client(app).open(
        path,
        method=method,
        data=None if content is None else data,
        content_type=kind,
        headers=given,
    )


def test_an_incident_is_added_changed_and_deleted(
    app: Flask, key: str, community: dict[str, Any]
) -> None:
    made = send(app, key, "POST", PATH, feature(community["inside"], external_id="119-1"))
    assert made.status_code == 201, made.text
    path = made.headers["Location"].removeprefix("http://localhost")
    read = send(app, key, "GET", path)
    state = read.headers["ETag"]
    told = json.loads(read.data)
    assert told["properties"]["source"].startswith("agency:")
    assert told["properties"]["external_id"] == "119-1"
    assert told["properties"]["community_code"]

    # What was read may be sent back as it is.
    told["properties"]["category"] = "B1"
    changed = send(app, key, "PUT", path, told, If_Match=state)
    assert changed.status_code == 200, changed.text
    assert changed.headers["Content-Crs"] == read.headers["Content-Crs"]
    assert send(app, key, "PUT", path, told, If_Match=state).status_code == 412
    patched = send(
        app, key, "PATCH", path, {"properties": {"occurred_at": "2024-02-01T00:00:00Z"}},
        kind="application/merge-patch+json", If_Match=changed.headers["ETag"],
    )  # fmt: skip
    assert patched.status_code == 200, patched.text
    properties = json.loads(patched.data)["properties"]
    assert (properties["category"], properties["occurred_at"][:10]) == ("B1", "2024-02-01")
    assert send(app, key, "GET", path).headers["ETag"] == patched.headers["ETag"]

    assert send(app, key, "DELETE", path).status_code == 428
    other = send(app, key, "PATCH", path, {"type": "Point"}, If_Match=patched.headers["ETag"])
    assert other.status_code == 400
    gone = send(app, key, "DELETE", path, If_Match=patched.headers["ETag"])
    assert gone.status_code == 204
    assert send(app, key, "GET", path).status_code == 404
    with app.extensions["gridmap.engine"].connect() as connection:
        acts = connection.scalars(
            text(
                "SELECT act FROM audit_log WHERE subject = 'incident' AND subject_id = :id "
                "ORDER BY id"
            ),
            {"id": int(path.rsplit("/", 1)[1])},
        ).all()
    assert acts == ["incident.create", "incident.change", "incident.change", "incident.delete"]


def test_a_span_is_told_by_its_end(app: Flask, key: str, community: dict[str, Any]) -> None:
    span = feature(community["inside"], ended_at="2025-05-01T15:30:00+08:00")
    made = send(app, key, "POST", PATH, span)
    path = made.headers["Location"].removeprefix("http://localhost")
    read = send(app, key, "GET", path)
    told = json.loads(read.data)["properties"]
    assert told["ended_at"] == "2025-05-01T07:30:00+00:00"
    # A change of something else keeps it, and null takes it away.
    kept = send(
        app, key, "PATCH", path, {"properties": {"category": "B1"}},
        kind="application/merge-patch+json", If_Match=read.headers["ETag"],
    )  # fmt: skip
    assert json.loads(kept.data)["properties"]["ended_at"] == told["ended_at"]
    known = send(
        app, key, "PATCH", path, {"properties": {"ended_at": None}},
        kind="application/merge-patch+json", If_Match=kept.headers["ETag"],
    )  # fmt: skip
    assert json.loads(known.data)["properties"]["ended_at"] is None
    for wrong in ("2025-05-01T07:59:00+08:00", "2025-05-02", 5, "2999-01-01T00:00:00Z"):
        refused = send(app, key, "POST", PATH, feature(community["inside"], ended_at=wrong))
        assert refused.status_code == 400
        assert "ended_at" in refused.json["detail"]


def test_a_number_is_sent_once(app: Flask, key: str, community: dict[str, Any]) -> None:
    twice = [
        send(app, key, "POST", PATH, feature(community["inside"], external_id="119-2"))
        for _ in range(2)
    ]
    assert [one.status_code for one in twice] == [201, 409]


def test_nobody_writes_outside_his_area_or_into_what_others_sent(
    app: Flask, key: str, community: dict[str, Any]
) -> None:
    outside = send(app, key, "POST", PATH, feature(community["outside"], external_id="119-3"))
    assert outside.status_code == 403
    with app.extensions["gridmap.engine"].connect() as connection:
        count = connection.scalar(text("SELECT count(*) FROM incident WHERE external_id = '119-3'"))
        others, foreign = (
            connection.scalar(
                text(f"SELECT id FROM incident WHERE community_id {sign} :id LIMIT 1"),
                {"id": community["id"]},
            )
            for sign in ("=", "<>")
        )
    assert count == 0
    entry = feature(community["inside"])
    assert send(app, key, "PUT", f"{PATH}/{others}", entry, If_Match="x").status_code == 403
    assert send(app, key, "PUT", f"{PATH}/{foreign}", entry, If_Match="x").status_code == 404
    assert send(app, key, "DELETE", f"{PATH}/{foreign}", If_Match="x").status_code == 404


@pytest.mark.parametrize(
    ("properties", "named"),
    [({"category": None}, "category"), ({"category": "ZZ"}, "ZZ"), ({"category": 3}, "category"),
     ({"occurred_at": "soon"}, "occurred_at"), ({"occurred_at": "2999-01-01"}, "occurred_at"),
     ({"external_id": ""}, "external_id"), ({"external_id": "x" * 201}, "external_id"),
     ({"color": "red"}, "color")],
)  # fmt: skip
def test_what_is_wrong_with_a_property_is_told(
    app: Flask, key: str, community: dict[str, Any], properties: dict[str, Any], named: str
) -> None:
    answer = send(app, key, "POST", PATH, feature(community["inside"], **properties))
    assert answer.status_code == 400
    assert named in json.loads(answer.data)["detail"]


@pytest.mark.parametrize(
    "content",
    [b"{", b"[]", b"null", b'{"type": "Feature"}', b'{"type": "Feature", "properties": {}}',
     b"[" * 100_000],
)  # fmt: skip
def test_what_is_no_feature_is_told(app: Flask, key: str, content: bytes) -> None:
    answer = send(app, key, "POST", PATH, content)
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")


def test_no_geometry_but_a_point_is_taken(app: Flask, key: str, community: dict[str, Any]) -> None:
    for shape in (None, {"type": "Point", "coordinates": []},
                  {"type": "Point", "coordinates": [999, 99]},
                  {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}):  # fmt: skip
        entry = feature(community["inside"]) | {"geometry": shape}
        assert send(app, key, "POST", PATH, entry).status_code == 400, shape


@pytest.mark.parametrize(
    "system",
    [
        {"coordinate_system": "GCJ-02"},
        {"crs": {"type": "name", "properties": {"name": "EPSG:4490"}}},
    ],
)
def test_other_coordinates_are_not_taken_for_wgs_84(
    app: Flask, key: str, community: dict[str, Any], system: dict[str, Any]
) -> None:
    answer = send(app, key, "POST", PATH, feature(community["inside"]) | system)
    assert answer.status_code == 400
    assert json.loads(answer.data)["parameter"] == next(iter(system))


def test_only_incidents_are_written_and_only_as_geojson(
    app: Flask, key: str, community: dict[str, Any]
) -> None:
    entry = feature(community["inside"])
    places = "/ogc/collections/places/items"
    refused = send(app, key, "POST", places, entry)
    assert (refused.status_code, set(refused.allow)) == (405, {"GET", "HEAD", "OPTIONS"})
    assert send(app, key, "POST", "/ogc/collections/cells/items", entry).status_code == 404
    assert send(app, key, "POST", PATH, entry, kind="text/plain").status_code == 415
    assert send(app, "gm_nobody", "POST", PATH, entry).status_code == 401


def test_a_person_who_is_signed_in_writes_nothing_here(client: Any) -> None:
    """Of a cookie no other page may make use, so writing needs a key."""
    answer = client.post(PATH, json=feature([117.0, 28.0]))
    assert answer.status_code in {400, 403}
