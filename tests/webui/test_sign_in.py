"""Sign in and out through the pages, and what keeps others from doing it for a person."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from gridmap.settings import Settings
from gridmap.workforce.accounts import create_user
from gridmap.workforce.demo import PASSWORD
from gridmap.workforce.rights import SYSTEM, Role
from webui import create_app
from webui.access import COOKIE

Token = Callable[[FlaskClient], str]


def hidden(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


def enter(client: FlaskClient, login: str, password: str, **more: str) -> TestResponse:
    token = hidden(client.get("/sign-in").text)
    form = {"csrf_token": token, "login": login, "password": password, **more}
    return client.post("/sign-in", data=form)


@contextmanager
def new_user(app: Flask, login: str) -> Iterator[str]:
    """Make an analyst with a one-time password."""
    with Session(app.extensions["gridmap.engine"]) as session, session.begin():
        _, one_time = create_user(session, SYSTEM, login, login, Role.ADMINISTRATOR)
    yield one_time or ""


def test_whoever_asks_for_a_page_signs_in_first(stranger: FlaskClient) -> None:
    asked = stranger.get("/map?from=2026-01-01", headers={"Accept": "text/html"})
    assert asked.status_code == 302
    assert asked.location == "/sign-in?next=/map?from%3D2026-01-01"
    page = stranger.get(asked.location).text
    found = re.search(r'name="next" value="([^"]+)"', page)
    assert found
    answer = enter(stranger, " Supervisor ", PASSWORD, next=found[1])
    assert (answer.status_code, answer.location) == (302, "/map?from=2026-01-01")
    assert stranger.get("/map").status_code == 200
    # Who is signed in need not do so again.
    assert stranger.get("/sign-in").status_code == 302


def test_a_script_is_told_and_not_led_away(stranger: FlaskClient) -> None:
    for headers in ({"Accept": "application/json"}, {"Sec-Fetch-Dest": "empty"}):
        assert stranger.get("/map/count", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example",
        "javascript:alert(1)", "/\t/evil.example", "/%09//x\nLocation: y", "evil.example", "///x",
    ],
)  # fmt: skip
def test_after_the_sign_in_nobody_is_led_elsewhere(stranger: FlaskClient, wanted: str) -> None:
    answer = enter(stranger, "analyst", PASSWORD, next=wanted)
    assert (answer.status_code, answer.location) == (302, "/")
    assert stranger.get("/sign-in", query_string={"next": wanted}).location == "/"


def test_cookies_are_for_this_server_alone(stranger: FlaskClient) -> None:
    answer = enter(stranger, "analyst", PASSWORD)
    flags = next(line for line in answer.headers.getlist("Set-Cookie") if line.startswith(COOKIE))
    assert "HttpOnly" in flags
    assert "SameSite=Lax" in flags
    assert "Secure" not in flags
    safe = stranger.get("/sign-in", base_url="https://town.example")
    form = {"csrf_token": hidden(safe.text), "login": "analyst", "password": PASSWORD}
    answer = stranger.post(
        "/sign-in", data=form, base_url="https://town.example",
        headers={"Referer": "https://town.example/sign-in"},
    )  # fmt: skip
    cookies = answer.headers.getlist("Set-Cookie") + safe.headers.getlist("Set-Cookie")
    assert len(cookies) >= 2
    assert all("Secure" in line and "HttpOnly" in line for line in cookies)


def test_signing_out_ends_the_session_at_the_server(stranger: FlaskClient, csrf: Token) -> None:
    enter(stranger, "analyst", PASSWORD)
    cookie = stranger.get_cookie(COOKIE)
    assert cookie
    assert stranger.get("/sign-out").status_code == 405
    assert stranger.post("/sign-out").status_code == 400
    answer = stranger.post("/sign-out", data={"csrf_token": csrf(stranger)})
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert stranger.get_cookie(COOKIE) is None
    stranger.set_cookie(COOKIE, cookie.value)
    assert stranger.get("/map", headers={"Accept": "text/html"}).status_code == 302


def test_a_form_from_elsewhere_is_refused(stranger: FlaskClient) -> None:
    answer = stranger.post("/sign-in", data={"login": "admin", "password": PASSWORD})
    assert answer.status_code == 400
    assert "请重新加载" in answer.json["error"]
    assert stranger.get_cookie(COOKIE) is None


def test_wrong_tries_lock_the_name_and_say_so(app: Flask) -> None:
    client = app.test_client()
    with new_user(app, "locked-one") as password:
        for _ in range(5):
            answer = enter(client, "locked-one", "wrong wrong wrong")
            assert answer.status_code == 401
            assert "wrong wrong" not in answer.text
            assert 'value="locked-one"' in answer.text
        assert "登录名或密码" in answer.text
        # Now even the right one waits.
        answer = enter(client, "locked-one", password)
        assert answer.status_code == 401
        assert "分钟" in answer.text
        assert client.get_cookie(COOKIE) is None
        # A name that nobody has looks the same.
        for _ in range(6):
            answer = enter(client, "nobody-at-all", "wrong wrong wrong")
        assert "分钟" in answer.text


def test_a_one_time_password_opens_nothing_but_its_change(app: Flask, csrf: Token) -> None:
    client = app.test_client()
    with new_user(app, "fresh") as one_time:
        enter(client, "fresh", one_time, next="/users")
        for address in ("/map", "/users", "/audit", "/map/count"):
            assert client.get(address).location == "/account/password"
        page = client.get("/account/password")
        assert page.status_code == 200
        form = {"csrf_token": csrf(client), "old": one_time, "new": "kites over the river"}
        assert "不一致" in client.post("/account/password", data=form | {"again": "x"}).text
        short = form | {"new": "short", "again": "short"}
        assert client.post("/account/password", data=short).status_code == 400
        wrong = form | {"old": "no", "again": form["new"]}
        assert client.post("/account/password", data=wrong).status_code == 400
        done = client.post("/account/password", data=form | {"again": form["new"]})
        assert done.location == "/account"
        assert client.get("/map").status_code == 200


def test_without_users_the_page_says_how_to_make_one(own_database_url: str) -> None:
    app = create_app(Settings(database_url=own_database_url))
    page = app.test_client().get("/sign-in").text
    app.extensions["gridmap.engine"].dispose()
    assert "gridmap user add" in page


def test_the_page_works_in_english(stranger: FlaskClient) -> None:
    assert "Sign-in name" in stranger.get("/sign-in?lang=en&next=/map").text
