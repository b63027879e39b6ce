"""The pages of the staff: cadres, teams, absences, and the import from Excel."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

SignIn = Callable[[str], FlaskClient]
Token = Callable[[FlaskClient], str]


@pytest.fixture
def client(sign_in: SignIn) -> FlaskClient:
    return sign_in("supervisor")


@pytest.fixture
def unit(app: Flask) -> int:
    with app.extensions["gridmap.engine"].connect() as connection:
        return int(
            connection.scalar(text("SELECT id FROM unit WHERE level = 'community' ORDER BY code"))
        )


@pytest.fixture(autouse=True)
def own_folder(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(app.config, "DATA_DIR", tmp_path)
    return tmp_path


def send(client: FlaskClient, csrf: Token, address: str, **data: Any) -> Any:
    return client.post(address, data={"csrf_token": csrf(client), **data})


def test_a_cadre_is_added_changed_and_leaves(client: FlaskClient, csrf: Token, unit: int) -> None:
    sent = {"name": "甄小满", "number": "T-1", "phone": "10000000001", "unit": unit,
            "kind": "full_time", "skills": "调解，急救、 消防", "languages": "普通话"}  # fmt: skip
    added = send(client, csrf, "/staff/new", **sent)
    assert added.status_code == 302
    page = client.get(added.location).text
    for part in ("甄小满", "T-1", "10000000001", "调解、急救、消防"):
        assert part in page
    found = client.get("/staff?q=急救&sort=cells&order=desc").text
    assert "甄小满" in found
    # The same number again: what was typed is kept, and the fault told.
    again = send(client, csrf, "/staff/new", **{**sent, "name": "贾小满"})
    assert again.status_code == 409
    assert "贾小满" in again.text
    assert 'role="alert"' in again.text
    empty = send(client, csrf, "/staff/new", **{**sent, "name": " ", "number": "T-2"})
    assert empty.status_code == 400
    changed = send(client, csrf, f"{added.location}/edit", **{**sent, "phone": "10000000002"})
    assert changed.status_code == 302
    assert "10000000002" in client.get(f"{added.location}/edit").text
    assert send(client, csrf, f"{added.location}/active", active="0").status_code == 302
    assert "甄小满" not in client.get("/staff?q=甄小满").text.split("</form>")[-1]
    assert added.location in client.get("/staff?q=甄小满&state=former").text


def test_who_holds_cells_stays(app: Flask, client: FlaskClient, csrf: Token) -> None:
    with app.extensions["gridmap.engine"].connect() as connection:
        cadre = connection.scalar(
            text("SELECT cadre_id FROM assignment WHERE ends IS NULL ORDER BY id LIMIT 1")
        )
    assert send(client, csrf, f"/staff/{cadre}/active", active="0").status_code == 302
    page = client.get(f"/staff/{cadre}").text
    assert "flash-fault" in page
    assert f"/assignments/handover/{cadre}" in page


def test_a_unit_of_elsewhere_cannot_be_chosen(
    app: Flask, sign_in: SignIn, csrf: Token, client: FlaskClient
) -> None:
    with app.extensions["gridmap.engine"].connect() as connection:
        county = connection.scalar(text("SELECT id FROM unit WHERE level = 'county'"))
    sent = {"name": "外人", "unit": county, "kind": "full_time"}
    assert send(client, csrf, "/staff/new", **sent).status_code == 404
    assert send(client, csrf, "/staff/new", **{**sent, "unit": "x"}).status_code == 400
    team = {"name": "外队", "unit": county, "kind": "patrol"}
    assert send(client, csrf, "/staff/teams/new", **team).status_code == 404
    reader = sign_in("analyst")
    assert send(reader, csrf, "/staff/new", **sent).status_code == 403
    assert reader.get("/staff").status_code == 200


def test_a_team_has_a_captain_and_members(
    app: Flask, client: FlaskClient, csrf: Token, unit: int
) -> None:
    form = client.get(f"/staff/teams/new?unit={unit}").text
    people = re.findall(r'name="member" value="(\d+)"', form)[:3]
    sent = {"name": "试验队", "kind": "patrol", "unit": unit, "member": people,
            "captain": people[1]}  # fmt: skip
    saved = send(client, csrf, "/staff/teams/new", **sent)
    assert saved.status_code == 302
    page = client.get(saved.location + "?lang=en").text
    assert page.count('<a href="/staff/') >= 3
    assert page.index(f"/staff/{people[1]}") < page.index(f"/staff/{people[0]}")
    assert send(client, csrf, "/staff/teams/new", **sent).status_code == 409
    smaller = send(client, csrf, f"{saved.location}/edit", **{**sent, "member": people[:2]})
    assert smaller.status_code == 302
    edited = client.get(f"{saved.location}/edit").text
    assert edited.count(" checked") == 2
    assert send(client, csrf, f"{saved.location}/disband").status_code == 302
    assert saved.location not in client.get("/staff/teams").text


def test_an_absence_has_a_substitute(
    app: Flask, client: FlaskClient, csrf: Token, unit: int
) -> None:
    with app.extensions["gridmap.engine"].connect() as connection:
        one, two = connection.scalars(
            text(
                "SELECT d.id FROM cadre d WHERE unit_id = :unit AND kind = 'full_time' AND NOT "
                "EXISTS (SELECT FROM absence w WHERE w.cadre_id = d.id) ORDER BY id DESC LIMIT 2"
            ),
            {"unit": unit},
        ).all()
    sent = {"cadre": one, "first": "2031-05-01", "last": "2031-05-05", "substitute": two,
            "note": "年假"}  # fmt: skip
    assert send(client, csrf, "/staff/absences", **sent).status_code == 302
    page = client.get("/staff/absences").text
    assert "2031-05-05" in page
    twice = send(client, csrf, "/staff/absences", **{**sent, "first": "2031-05-05"})
    assert twice.status_code == 409
    assert 'value="2031-05-05"' in twice.text
    backwards = send(client, csrf, "/staff/absences", **{**sent, "first": "2031-06-09"})
    assert backwards.status_code == 400
    number = re.findall(r"/staff/absences/(\d+)/remove", page)[-1]
    assert send(client, csrf, f"/staff/absences/{number}/remove").status_code == 302
    assert "2031-05-05" not in client.get("/staff/absences").text


def excel(rows: list[dict[str, Any]]) -> io.BytesIO:
    stream = io.BytesIO()
    pd.DataFrame(rows).to_excel(stream, index=False)
    stream.seek(0)
    return stream


def test_a_list_is_reported_on_and_then_imported(
    app: Flask, client: FlaskClient, csrf: Token, unit: int, own_folder: Path
) -> None:
    with app.extensions["gridmap.engine"].connect() as connection:
        code = connection.scalar(text("SELECT code FROM unit WHERE id = :id"), {"id": unit})
    rows = [
        {"工号": "X1", "姓名": "卓一", "所属社区": code},
        {"工号": "X2", "姓名": "卓二", "所属社区": "天上社区"},
    ]
    report = send(client, csrf, "/staff/import", file=(excel(rows), "名单.xlsx"))
    assert report.status_code == 200
    assert "天上社区" in report.text
    assert "名单.xlsx" in report.text
    # Nothing is stored yet.
    assert "/staff?q=" not in report.text
    assert "X1" not in client.get("/staff?q=X1").text.split("</form>")[-1]
    key = re.search(r'name="key" value="([^"]+)"', report.text)
    assert key
    done = send(client, csrf, "/staff/import/confirm", key=key[1], skip="1")
    assert done.status_code == 302
    assert "卓一" in client.get("/staff?q=X1").text
    assert "卓二" not in client.get("/staff?q=X2").text
    assert not list(own_folder.rglob("*.xlsx"))
    # A second confirmation finds the file gone, and a made-up name reaches no other file.
    for bad in (key[1], "../../secret.xlsx", "0" * 32 + ".xlsx", ""):
        assert send(client, csrf, "/staff/import/confirm", key=bad).status_code == 400
    with app.extensions["gridmap.engine"].connect() as connection:
        assert connection.scalar(
            text("""
                SELECT after ->> 'inserted' FROM audit_log
                WHERE act = 'import' AND subject = 'cadre' ORDER BY id DESC LIMIT 1
            """)
        ) == "1"  # fmt: skip


def test_another_person_does_not_confirm_it(
    client: FlaskClient, sign_in: SignIn, csrf: Token, unit: int
) -> None:
    rows = [{"工号": "Y1", "姓名": "卓三", "所属社区": "幸福社区"}]
    report = send(client, csrf, "/staff/import", file=(excel(rows), "a.xlsx"))
    key = re.search(r'name="key" value="([^"]+)"', report.text)
    assert key
    other = send(sign_in("admin"), csrf, "/staff/import/confirm", key=key[1])
    assert other.status_code == 400


@pytest.mark.parametrize(
    ("content", "name"),
    [(b"", "a.xlsx"), (b"PK no archive", "a.xlsx"), (b"x", "a.exe"), (b"\xff\xfe\x00", "a.csv")],
)
def test_what_is_no_list_is_told(
    client: FlaskClient, csrf: Token, content: bytes, name: str
) -> None:
    answer = send(client, csrf, "/staff/import", file=(io.BytesIO(content), name))
    assert answer.status_code in (200, 400)
    assert 'role="alert"' in answer.text or "fault" in answer.text


def test_what_needs_a_hand_is_listed(client: FlaskClient) -> None:
    page = client.get("/staff/gaps?lang=en").text
    assert re.search(r"Cells without a responsible cadre <span class=\"tally\">\d+", page)
    assert "▲" in page
