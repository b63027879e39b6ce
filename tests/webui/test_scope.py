"""What two supervisors of two communities see of each other's: nothing, in tiles and answers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.workforce.accounts import create_user
from gridmap.workforce.rights import SYSTEM, Role
from gridmap.workforce.sign_in import sign_in as enter
from webui.access import COOKIE

PASSWORD = "four of a kind"


@dataclass
class Side:
    """A community, what lies in it, and a client of its supervisor."""

    client: FlaskClient
    community: int
    name: str
    cell: int
    code: str
    building: int
    incident: int
    incidents: int


@pytest.fixture(scope="module")
def sides(app: Flask) -> tuple[Side, Side]:
    with Session(app.extensions["gridmap.engine"]) as session, session.begin():
        rows = session.execute(
            text("""
                SELECT u.id AS community, u.name, min(c.id) AS cell,
                       (SELECT code FROM cell WHERE id = min(c.id)) AS code,
                       (SELECT min(id) FROM building WHERE community_id = u.id) AS building,
                       (SELECT min(id) FROM incident WHERE community_id = u.id) AS incident,
                       (SELECT count(*) FROM incident WHERE community_id = u.id) AS incidents
                FROM unit u JOIN cell c ON c.community_id = u.id AND c.valid_to IS NULL
                GROUP BY u.id ORDER BY u.code LIMIT 2
            """)
        ).all()
        made = []
        for number, row in enumerate(rows):
            login = f"side-{number}"
            create_user(
                session, SYSTEM, login, login, Role.SUPERVISOR, areas=[row.community],
                password=PASSWORD,
            )  # fmt: skip
            client = app.test_client()
            client.set_cookie(COOKIE, enter(session, login, PASSWORD).token or "")
            made.append(Side(client, **row._asdict()))
    return made[0], made[1]


def tile_of(client: FlaskClient, layer: str, feature: int) -> str:
    shape = client.get(f"/map/feature/{layer}/{feature}").json["geometry"]
    lon, lat = next(_points(shape["coordinates"]))
    x = int((lon / 360 + 0.5) * 2**14)
    y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**14)
    return f"14/{x}/{y}"


def _points(nested: list[object]) -> Iterator[tuple[float, float]]:
    if isinstance(nested[0], (int, float)):
        yield nested[0], nested[1]  # type: ignore[misc]
    else:
        for part in nested:
            yield from _points(part)  # type: ignore[arg-type]


def test_features_of_others_do_not_exist(sides: tuple[Side, Side]) -> None:
    for own, other in (sides, sides[::-1]):
        for layer, mine, foreign in (
            ("cell", own.cell, other.cell),
            ("building", own.building, other.building),
            ("incident", own.incident, other.incident),
            ("unit", own.community, other.community),
        ):
            assert own.client.get(f"/map/feature/{layer}/{mine}").status_code == 200
            refused = own.client.get(f"/map/feature/{layer}/{foreign}")
            assert refused.status_code == 404
            assert other.name not in refused.text


def test_a_unit_is_seen_by_who_sees_all_of_it(
    sides: tuple[Side, Side], app: Flask, client: FlaskClient, sign_in: object
) -> None:
    with app.extensions["gridmap.engine"].connect() as connection:
        town, county = connection.execute(
            text("""
                SELECT t.id, t.parent_id FROM unit c JOIN unit t ON t.id = c.parent_id
                WHERE c.id = :id
            """),
            {"id": sides[0].community},
        ).one()
        towns = connection.execute(
            text("SELECT id FROM unit WHERE level = 'town' ORDER BY id")
        ).scalars().all()  # fmt: skip
    supervisor = sign_in("supervisor")  # type: ignore[operator]
    assert client.get(f"/map/feature/unit/{town}").status_code == 200
    assert sides[0].client.get(f"/map/feature/unit/{town}").status_code == 404
    assert sides[0].client.get(f"/map/feature/unit/{county}").status_code == 404
    seen = [unit for unit in towns
            if supervisor.get(f"/map/feature/unit/{unit}").status_code == 200]  # fmt: skip
    assert len(seen) == 1


def test_a_tile_holds_the_own_area_only(sides: tuple[Side, Side], client: FlaskClient) -> None:
    own, other = sides
    layers = "unit,cell,building,place,incident"
    for side, stranger in ((own, other), (other, own)):
        address = f"/tiles/{layers}/{tile_of(client, 'cell', side.cell)}.mvt"
        seen = side.client.get(address)
        assert side.code.encode() in seen.data
        assert side.code.encode() in client.get(address).data
        assert side.code.encode() not in stranger.client.get(address).data
        assert "Cookie" in seen.headers["Vary"]
        assert "private" in seen.headers["Cache-Control"]
        # What one browser kept is no answer for the other person.
        again = {"If-None-Match": seen.headers["ETag"]}
        assert side.client.get(address, headers=again).status_code == 304
        assert stranger.client.get(address, headers=again).status_code == 200


@pytest.mark.parametrize("choice", ["", "?from=2024-03-05&to=2026-02-20", "?category=A"])
def test_counts_are_of_the_own_area(sides: tuple[Side, Side], app: Flask, choice: str) -> None:
    own, other = sides
    counts = [side.client.get(f"/map/count{choice}").json["count"] for side in sides]
    with app.extensions["gridmap.engine"].connect() as connection:
        expected = [
            connection.execute(
                text("""
                    SELECT count(*) FROM incident i JOIN category k ON k.id = i.category_id
                    WHERE community_id = :id
                      AND (:category = '' OR k.code LIKE :category || '%')
                      AND (:days = '' OR local_date(occurred_at)
                           BETWEEN '2024-03-05' AND '2026-02-20')
                """),
                {
                    "id": side.community,
                    "category": "A" if "category" in choice else "",
                    "days": "yes" if "from" in choice else "",
                },
            ).scalar_one()
            for side in sides
        ]
    assert counts == expected
    assert all(counts)
    if not choice:
        assert counts == [own.incidents, other.incidents]


def test_search_and_clicks_find_the_own_area_only(
    sides: tuple[Side, Side], client: FlaskClient
) -> None:
    for own, other in (sides, sides[::-1]):
        for wanted in (other.name, other.code):
            found = own.client.get(f"/map/search?q={wanted}").json["items"]
            assert all(other.name not in f"{hit['name']}{hit['subtitle']}" for hit in found)
            assert client.get(f"/map/search?q={wanted}").json["items"]
        assert own.client.get(f"/map/search?q={own.code}").json["items"][0]["id"] == own.cell
        shape = client.get(f"/map/feature/building/{other.building}").json["geometry"]
        lon, lat = next(_points(shape["coordinates"]))
        address = f"/map/identify?lon={lon}&lat={lat}&zoom=18&layers=unit,cell,building,incident"
        assert {hit["layer"] for hit in client.get(address).json["items"]} >= {"unit", "cell"}
        assert own.client.get(address).json["items"] == []


def test_the_map_opens_on_the_own_area(sides: tuple[Side, Side], client: FlaskClient) -> None:
    own, other = (side.client.get("/map").text for side in sides)
    everything = client.get("/map").text
    bounds = [page.split("bounds&#34;: [")[1].split("]")[0] for page in (own, other, everything)]
    assert len(set(bounds)) == 3


def test_all_units_together_are_everything(app: Flask) -> None:
    engine = app.extensions["gridmap.engine"]
    with Session(engine) as session, session.begin():
        top = session.execute(text("SELECT id FROM unit WHERE parent_id IS NULL")).scalars().all()
        create_user(
            session, SYSTEM, "county", "county", Role.SUPERVISOR, areas=top, password=PASSWORD
        )
        actor = enter(session, "county", PASSWORD).actor
    assert actor is not None
    assert actor.scope.communities is None
    assert actor.units is not None
