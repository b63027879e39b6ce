"""Users and the audit log in the browser's pages."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from webui import audit_acts
from webui.access import COOKIE

Token = Callable[[FlaskClient], str]


def one(app: Flask, statement: str, **values: object) -> int:
    with app.extensions["gridmap.engine"].connect() as connection:
        return int(connection.execute(text(statement), values).scalar_one())


@pytest.fixture
def added(client: FlaskClient, app: Flask, csrf: Token, request: pytest.FixtureRequest) -> int:
    """The id of a supervisor made through the form."""
    login = re.sub(r"\W", "-", request.node.name.removeprefix("test_"))[:60]
    community = one(app, "SELECT min(id) FROM unit WHERE level = 'community'")
    form = {"login": login, "display_name": "<李娟>", "role": "supervisor", "language": "zh",
            "area": community, "csrf_token": csrf(client)}  # fmt: skip
    answer = client.post("/users/new", data=form)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"].startswith("no-store")
    assert re.search(r'class="one-time">[a-z2-9-]{19}<', answer.text)
    assert "&lt;李娟&gt;" in answer.text
    return one(app, "SELECT id FROM app_user WHERE login = :login", login=login)


def test_users_are_found_by_name_role_and_state(client: FlaskClient, added: int) -> None:
    page = client.get("/users?q=李娟&role=supervisor&state=one_time").text
    assert f'href="/users/{added}"' in page
    assert f'href="/users/{added}"' not in client.get("/users?role=analyst").text
    assert 'class="none"' in client.get("/users?q=zzzz").text
    assert client.get("/users?page=9999&role=nonsense&state=%00").status_code == 200


def test_what_was_typed_stays(client: FlaskClient, csrf: Token, app: Flask) -> None:
    form = {"login": "admin", "display_name": "另一人", "role": "analyst", "language": "en",
            "csrf_token": csrf(client)}  # fmt: skip
    page = client.post("/users/new", data=form)
    assert page.status_code == 400
    assert 'value="另一人"' in page.text
    assert 'value="analyst" selected' in page.text
    assert "admin" in page.text
    without = client.post("/users/new", data=form | {"login": "nobody-yet"})
    assert without.status_code == 400
    assert one(app, "SELECT count(*) FROM app_user WHERE login = 'nobody-yet'") == 0


def test_a_change_is_told_with_before_and_after(
    client: FlaskClient, added: int, app: Flask, csrf: Token
) -> None:
    town = one(app, "SELECT min(id) FROM unit WHERE level = 'town'")
    page = client.get(f"/users/{added}").text
    assert page.count("checked") == 1
    form = {"display_name": "李娟", "role": "analyst", "language": "zh", "area": town,
            "csrf_token": csrf(client)}  # fmt: skip
    assert client.post(f"/users/{added}", data=form).location == "/users"
    log = client.get(f"/audit?subject=app_user&id={added}&act=user.change").text
    assert "<del>&lt;李娟&gt;</del>" in log
    assert "<ins>李娟</ins>" in log
    with app.extensions["gridmap.engine"].connect() as connection:
        names = connection.execute(
            text("SELECT name FROM unit WHERE id = ANY(ARRAY[:town, (SELECT min(id) FROM unit "
                 "WHERE level = 'community')])"), {"town": town},
        ).scalars()  # fmt: skip
        assert all(name in log for name in names)


def test_deactivated_users_are_out_at_once(
    client: FlaskClient, added: int, app: Flask, csrf: Token
) -> None:
    token = csrf(client)
    given = client.post(f"/users/{added}/password", data={"csrf_token": token}).text
    password = re.search(r'class="one-time">([^<]+)<', given)
    login = re.search(r"<dd>([^<]+)</dd>", given)
    assert password
    assert login
    person = app.test_client()
    found = re.search(r'name="csrf_token" value="([^"]+)"', person.get("/sign-in").text)
    assert found
    form = {"csrf_token": found[1], "login": login[1], "password": password[1]}
    assert person.post("/sign-in", data=form).status_code == 302
    assert person.get("/account").status_code == 200
    off = client.post(f"/users/{added}/active", data={"csrf_token": token, "active": "no"})
    assert off.location == f"/users/{added}"
    assert person.get("/account").status_code == 401
    assert "flash-soon" in client.get(f"/users/{added}").text
    client.post(f"/users/{added}/active", data={"csrf_token": token, "active": "yes"})
    # The session is gone for good, though the browser still holds its cookie.
    assert person.get_cookie(COOKIE)
    assert person.get("/account").status_code == 401


def test_the_last_administrator_stays(client: FlaskClient, app: Flask, csrf: Token) -> None:
    admin = one(app, "SELECT id FROM app_user WHERE login = 'admin'")
    with app.extensions["gridmap.engine"].begin() as connection:
        others = connection.execute(
            text("UPDATE app_user SET active = false WHERE role = 'administrator' AND active "
                 "AND id <> :admin RETURNING id"), {"admin": admin},
        ).scalars().all()  # fmt: skip
    form = {"csrf_token": csrf(client), "active": "no"}
    page = client.post(f"/users/{admin}/active", data=form, follow_redirects=True)
    assert "flash-fault" in page.text
    assert client.get("/users").status_code == 200
    with app.extensions["gridmap.engine"].begin() as connection:
        connection.execute(
            text("UPDATE app_user SET active = true WHERE id = ANY(:ids)"), {"ids": others}
        )


def test_the_log_is_read_page_by_page(client: FlaskClient, app: Flask) -> None:
    with app.extensions["gridmap.engine"].begin() as connection:
        connection.execute(
            text("INSERT INTO audit_log (user_name, act, subject, after) SELECT '某人', "
                 "'export', 'incident', jsonb_build_object('rows', 'row ' || n) "
                 "FROM generate_series(1, 120) AS n")
        )  # fmt: skip
    # Other tests export too, so that what is found is more than was put in.
    address, seen, pages = "/audit?act=export", [], 0
    while address:
        page = client.get(address).text
        rows = re.findall(r"<ins>row (\d+)</ins>", page)
        assert len(rows) <= 50
        seen += rows
        pages += 1
        older = re.search(r'rel="next" href="([^"]+)"', page)
        address = older[1].replace("&amp;", "&") if older else ""
    assert pages >= 3
    assert sorted(map(int, seen)) == list(range(1, 121))
    assert 'class="none"' in client.get("/audit?act=export&to=2000-01-01").text


@pytest.mark.parametrize(
    "query", ["person=no-such-user", "from=yesterday", "id=x", "after=1", "after=2026-01-01,2"]
)
def test_a_search_that_cannot_be_keeps_what_was_typed(client: FlaskClient, query: str) -> None:
    page = client.get(f"/audit?{query}")
    assert page.status_code == 400
    assert 'role="alert"' in page.text


def test_an_account_of_the_server_is_named_and_found(client: FlaskClient, app: Flask) -> None:
    with app.extensions["gridmap.engine"].begin() as connection:
        connection.execute(
            text("INSERT INTO audit_log (user_name, act, subject, after) VALUES "
                 "('os mei (sudo)', 'settings.territory', 'territory_settings', '{}')")
        )  # fmt: skip
    page = client.get("/audit", query_string={"person": "mei (sudo)"}).text
    assert "服务器账户 mei (sudo)" in page
    assert "修改辖区设置" in page
    assert client.get("/audit?person=nobody-at-all").status_code == 400


def acts() -> Iterator[str]:
    """Every act that is written where the log is told."""
    for path in (p for floor in ("gridmap", "webui") for p in Path(floor).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "").startswith("record"):
                for given in node.args[2:4]:
                    if isinstance(given, ast.Constant) and isinstance(given.value, str):
                        yield given.value


def test_every_act_has_a_word() -> None:
    told = set(acts())
    assert len(told) > 20
    assert sorted(act for act in told if act not in audit_acts.ACTS) == []


def test_the_filter_of_an_export_is_told_in_words(client: FlaskClient, app: Flask) -> None:
    with app.extensions["gridmap.engine"].connect() as connection:
        cell, code, unit, name = connection.execute(
            text("""
                SELECT c.id, c.code, u.id, u.name FROM cell c JOIN unit u ON u.id = c.community_id
                ORDER BY c.id LIMIT 1
            """)
        ).one()
    filters = f"cell={cell}&unit={unit}&outcome=on_time&due_since=2026-01-01&state=any"
    assert client.get(f"/cases.csv?{filters}").status_code == 200
    page = client.get("/audit?act=case.export").text
    told = page.split("<tbody>")[1].split("</tr>")[0]
    for words in (f"网格 {code}", f"行政单元 {name}", "结果 按期结案", "应结日期起 2026-01-01"):
        assert words in told
