"""Every route, as every role and signed out: who comes in, and that nobody sees a foreign area.

All that lies outside their community is named FOREIGN in this database, so that a single
leak anywhere is seen. A route without an expectation in ``routes.py`` fails the test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from gridmap.embedded import Cluster
from gridmap.exchange.agencies.service import AgencyWish, KeyWish, create_agency, create_key
from gridmap.exchange.grant import LayerGrant
from gridmap.exchange.packages.service import order_package
from gridmap.settings import Settings
from gridmap.workforce.accounts import create_user
from gridmap.workforce.demo import PASSWORD, USERS
from gridmap.workforce.rights import RIGHTS, SYSTEM, Action, Role
from gridmap.workforce.sign_in import sign_in as enter
from tests.conftest import small_town
from tests.webui.conftest import form_token
from tests.webui.ids import ids_of
from tests.webui.route import OPEN, PUBLIC, SIGNED_IN, Route
from tests.webui.routes import ROUTES
from tests.webui.runs import make_patrols, make_reports, make_runs, make_work
from webui import create_app
from webui.access import _NEEDS, COOKIE

Ids = Mapping[str, Any]
TRIED = [(*key, route) for key, routes in ROUTES.items() for route in routes]
MARK = "FOREIGN"

_OWN = """(SELECT a.unit_id FROM user_area a JOIN app_user u ON u.id = a.user_id
           WHERE u.login = 'cadre')"""
_MARKED = f"(SELECT id FROM patrol_route WHERE name LIKE '{MARK}%')"
_OUTSIDE = f"(SELECT id FROM unit WHERE level = 'community' AND id <> {_OWN})"
_RENAMED = [
    # All who have an area have this one, for the small town is but one.
    f"UPDATE user_area SET unit_id = {_OWN}",
    # A town's name stands beside its community's, and is no secret to those who work there.
    f"UPDATE unit SET name = '{MARK}' || code WHERE id IN {_OUTSIDE}",
    *(
        f"UPDATE {table} SET name = '{MARK}' || id WHERE {column} IS NULL OR {column} IN {_OUTSIDE}"
        for table, column in (
            ("building", "community_id"), ("place", "community_id"),
        )
    ),
    *(
        f"UPDATE {table} SET name = '{MARK}' || id WHERE {column} IN {_OUTSIDE}"
        for table, column in (
            ("cell", "community_id"), ("cadre", "unit_id"), ("team", "unit_id"),
            ("patrol_route", "unit_id"),
        )
    ),
    f"UPDATE building SET address = '{MARK}' WHERE name LIKE '{MARK}%'",
    f"UPDATE place SET address = '{MARK}' WHERE name LIKE '{MARK}%'",
    f"UPDATE patrol_stop SET name = '{MARK}' WHERE route_id IN {_MARKED}",
    f"UPDATE incident_case SET address = '{MARK}' WHERE community_id IN {_OUTSIDE}",
]  # fmt: skip


@pytest.fixture(scope="module")
def place(cluster: Cluster) -> Iterator[Flask]:
    """An application over a town of its own, in which all that is foreign is marked."""
    with small_town(cluster) as url:
        app = create_app(Settings(database_url=url))
        engine: Engine = app.extensions["gridmap.engine"]
        with engine.begin() as connection:
            for statement in _RENAMED:
                connection.execute(text(statement))
        with Session(engine) as session, session.begin():
            create_user(session, SYSTEM, "spare", "spare", Role.ADMINISTRATOR)
            agency = create_agency(session, SYSTEM, AgencyWish("消防"))
            wish = KeyWish("平台", {"roads": LayerGrant()}, units=None)
            for _ in range(2):
                key, _token = create_key(session, SYSTEM, agency.id, wish)
            order_package(session, SYSTEM, key.id)
        with engine.connect() as connection:
            own = connection.execute(text(f"SELECT {_OWN}")).scalar_one()
            foreign = connection.execute(text(f"SELECT min(id) FROM {_OUTSIDE} AS t")).scalar_one()
        make_runs(engine, own, foreign)
        make_patrols(engine, own, foreign)
        make_work(engine, own, foreign)
        make_reports(engine, own, foreign)
        yield app
        engine.dispose()


@pytest.fixture(scope="module")
def sides(place: Flask) -> tuple[Ids, Ids]:
    """Ids of the community in which the demo's cadre works, and of one in another town."""
    with place.extensions["gridmap.engine"].connect() as connection:
        own = connection.execute(text(f"SELECT {_OWN}")).scalar_one()
        foreign = connection.execute(text(f"SELECT min(id) FROM {_OUTSIDE} AS t")).scalar_one()
        return tuple(  # type: ignore[return-value]
            ids_of(connection, unit) for unit in (own, foreign)
        )


@pytest.fixture(scope="module")
def clients(place: Flask) -> dict[str, FlaskClient]:
    return {login: new_client(place, login) for login in USERS}


@pytest.fixture(scope="module")
def tokens(clients: dict[str, FlaskClient]) -> dict[str, str]:
    """What their forms and scripts must send, which holds as long as they are signed in."""
    return {login: form_token(client) for login, client in clients.items()}


def new_client(app: Flask, login: str) -> FlaskClient:
    client = app.test_client()
    with Session(app.extensions["gridmap.engine"]) as session, session.begin():
        client.set_cookie(COOKIE, enter(session, login, PASSWORD).token or "")
    return client


def ask(client: FlaskClient, method: str, route: Route, ids: Ids, token: str = "") -> TestResponse:
    return client.open(
        route.asked.format_map(ids),
        method=method,
        data=None if route.form is None else _filled(route.form, ids),
        json=None if route.json is None else _filled(route.json, ids),
        headers={"Accept": "text/html, application/json;q=0.5", "X-CSRFToken": token},
    )


def _filled(value: Any, ids: Ids) -> Any:
    if isinstance(value, Mapping):
        return {_filled(name, ids): _filled(one, ids) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, ids) for one in value]
    return value.format_map(ids) if isinstance(value, str) else value


def _without_echo(answer: TestResponse, foreign: Ids) -> bytes:
    """Leave out the code where a page repeats what it was asked for."""
    asked = foreign["cell_code"] in answer.request.full_path
    return b"" if asked else answer.get_data()


def said(answer: TestResponse) -> str:
    found = re.search(r"<h1>(.*?)</h1>|role=.alert.>(.*?)<|error.: *(.*)", answer.text)
    return f"{answer.status_code} {found[0] if found else answer.text[:200]}"


def may(role: Role, route: Route) -> bool:
    return route.needs in (PUBLIC, SIGNED_IN, OPEN) or route.needs in RIGHTS[role]


def _instead(role: Role, route: Route) -> tuple[int, ...] | None:
    """Return what a role gets that is something else: an administrator, or who may not export."""
    if role is Role.ADMINISTRATOR:
        return route.administrator
    return None if Action.EXPORT in RIGHTS[role] else route.others


def test_every_route_has_an_expectation(app: Flask) -> None:
    there = {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint != "static"
    }
    assert there == set(ROUTES)
    for endpoint, _, route in TRIED:
        needed = {PUBLIC: None, SIGNED_IN: SIGNED_IN}.get(route.needs, route.needs)
        assert getattr(app.view_functions[endpoint], _NEEDS) == needed, endpoint


@pytest.mark.parametrize(("endpoint", "method", "route"), TRIED)
def test_a_stranger_is_asked_to_sign_in(
    place: Flask, sides: tuple[Ids, Ids], endpoint: str, method: str, route: Route
) -> None:
    stranger = place.test_client()
    answer = ask(stranger, method, route, sides[0])
    if method != "GET":
        # Without a token of ours even a public write is refused; programs lack a key first of all.
        assert answer.status_code == (401 if route.needs == OPEN else 400)
        found = stranger.get("/sign-in").text.split('name="csrf_token" value="')[1]
        answer = ask(stranger, method, route, sides[0], found.split('"')[0])
    if route.needs == PUBLIC:
        assert answer.status_code in route.own
    else:
        assert answer.status_code == (302 if method == "GET" else 401), endpoint
        assert method != "GET" or answer.location.startswith("/sign-in?next=")
    if route.needs != PUBLIC or endpoint == "health.health":
        assert sides[0]["name"] not in answer.text


@pytest.mark.parametrize("login", USERS)
@pytest.mark.parametrize(("endpoint", "method", "route"), TRIED)
def test_a_role_gets_what_it_may_and_no_more(
    place: Flask,
    clients: dict[str, FlaskClient],
    tokens: dict[str, str],
    sides: tuple[Ids, Ids],
    login: str,
    endpoint: str,
    method: str,
    route: Route,
) -> None:
    role = USERS[login]
    client, token = clients[login], tokens[login]
    if endpoint == "account.leave":
        client = new_client(place, login)
        token = form_token(client)
    own, foreign = sides
    refused = ask(client, method, route, foreign, token)
    if not may(role, route):
        assert refused.status_code == 403, said(refused)
    elif role is not Role.ADMINISTRATOR and route.foreign is not None:
        assert refused.status_code in (_instead(role, route) or route.foreign), said(refused)
    if endpoint == "account.leave":
        return
    answer = ask(client, method, route, own, token)
    expected = (_instead(role, route) or route.own) if may(role, route) else (403,)
    assert answer.status_code in expected, said(answer)
    if role is not Role.ADMINISTRATOR:
        for one in (refused, answer):
            assert MARK.encode() not in one.get_data(), endpoint
            assert foreign["cell_code"].encode() not in _without_echo(one, foreign), endpoint


@pytest.mark.parametrize("login", ["supervisor", "cadre"])
def test_the_marks_are_there_to_be_seen(
    clients: dict[str, FlaskClient], sides: tuple[Ids, Ids], login: str
) -> None:
    """The administrator sees them, so that the test above would."""
    foreign = sides[1]
    for address in ("/map/search?q=OREIGN", f"/map/feature/cell/{foreign['cell']}"):
        assert MARK in clients["admin"].get(address).text
    assert clients[login].get("/map/search?q=OREIGN").json["items"] == []


def test_every_right_is_tried() -> None:
    """A right that no page needs yet is listed here, and no other."""
    tried = {route.needs for _, _, route in TRIED}
    assert set(Action) - tried == {Action.IMPORT}
