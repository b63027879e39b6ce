"""Assigning through the pages: acts, conflicts, undo, the list, handing over, sheets."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from docx import Document
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from gridmap.workforce.accounts import create_user
from gridmap.workforce.demo import PASSWORD
from gridmap.workforce.rights import SYSTEM, Role
from tests.gridmap.reports.paper.reading import squeezed, words_of_pdf

SignIn = Callable[[str], FlaskClient]
Token = Callable[[FlaskClient], str]


@pytest.fixture(scope="module")
def half(app: Flask) -> str:
    """A supervisor of one community alone: the other one is foreign."""
    with Session(app.extensions["gridmap.engine"]) as session, session.begin():
        unit = session.scalar(text("SELECT id FROM unit WHERE level = 'community' ORDER BY code"))
        create_user(
            session, SYSTEM, "half", "半城主任", Role.SUPERVISOR, areas=[unit], password=PASSWORD
        )
    return "half"


@pytest.fixture
def facts(app: Flask) -> dict[str, Any]:
    """Cells and cadres of the two communities, own and foreign to `half`."""
    with app.extensions["gridmap.engine"].connect() as connection:
        own, foreign = connection.scalars(
            text("SELECT id FROM unit WHERE level = 'community' ORDER BY code")
        ).all()
        cells = """SELECT c.id FROM cell c WHERE c.community_id = :unit AND c.valid_to IS NULL
                   AND c.kind <> 'micro' ORDER BY c.code"""
        cadres = """SELECT id FROM cadre WHERE unit_id = :unit AND kind = 'full_time' AND active
                    ORDER BY id"""
        day = connection.scalar(text("SELECT local_date(now())::text"))
        return {
            "day": day,
            "own": own,
            "foreign": foreign,
            "cells": connection.scalars(text(cells), {"unit": own}).all(),
            "cadres": connection.scalars(text(cadres), {"unit": own}).all(),
            "foreign_cells": connection.scalars(text(cells), {"unit": foreign}).all(),
            "foreign_cadres": connection.scalars(text(cadres), {"unit": foreign}).all(),
        }


def seen(client: FlaskClient) -> dict[int, list[Any]]:
    answer = client.get("/assignments/cells?box=-180,-90,180,90")
    assert answer.status_code == 200
    return {row[0]: row for row in answer.json["cells"]}


def post(client: FlaskClient, csrf: Token, act: str, **sent: Any) -> Any:
    return client.post(f"/assignments/{act}", json=sent, headers={"X-CSRFToken": csrf(client)})


def test_cells_are_given_and_given_back(
    sign_in: SignIn, csrf: Token, facts: dict[str, Any]
) -> None:
    client = sign_in("supervisor")
    before = seen(client)
    chosen = {str(cell): before[cell][3] for cell in facts["cells"][:5]}
    cadre = next(each for each in facts["cadres"] if all(before[int(c)][2] != each for c in chosen))
    given = post(
        client, csrf, "assign",
        cells=chosen, cadre=cadre, role="responsible", **{"from": facts["day"]},
    )  # fmt: skip
    assert given.status_code == 200, given.text
    assert len(given.json["cells"]) == 5
    after = seen(client)
    for cell, version in chosen.items():
        assert after[int(cell)][2] == cadre
        assert after[int(cell)][3] == given.json["act"] > version
    # Once more changes nothing, and says so.
    again = {str(cell): after[cell][3] for cell in facts["cells"][:5]}
    same = post(
        client, csrf, "assign",
        cells=again, cadre=cadre, role="responsible", **{"from": facts["day"]},
    )  # fmt: skip
    assert same.json["act"] is None
    undone = post(client, csrf, "undo")
    assert undone.status_code == 200
    assert {row[0] for row in undone.json["cells"]} == {int(cell) for cell in chosen}
    assert {c: row[2] for c, row in seen(client).items()} == {
        c: row[2] for c, row in before.items()
    }


def test_who_comes_second_is_told_who_was_first(
    sign_in: SignIn, csrf: Token, facts: dict[str, Any]
) -> None:
    client, other = sign_in("supervisor"), sign_in("admin")
    cell = facts["cells"][0]
    stale = seen(client)[cell]
    first, second = [each for each in facts["cadres"] if each != stale[2]][:2]
    sent = {"role": "responsible", "from": facts["day"]}
    assert post(other, csrf, "assign", cells={cell: stale[3]}, cadre=first, **sent).json["act"]
    refused = post(client, csrf, "assign", cells={cell: stale[3]}, cadre=second, **sent)
    assert refused.status_code == 409
    assert stale[1] in refused.json["error"]
    assert "系统管理员" in refused.json["error"]
    assert re.search(r"\d\d-\d\d \d\d:\d\d", refused.json["error"])
    assert seen(client)[cell][2] == first
    assert post(other, csrf, "undo").status_code == 200


def test_foreign_cells_and_cadres_are_refused_by_guessed_ids(
    half: str, sign_in: SignIn, csrf: Token, facts: dict[str, Any]
) -> None:
    client = sign_in(half)
    mine = seen(client)
    assert set(mine) <= set(facts["cells"])
    own, foreign = facts["cells"][0], facts["foreign_cells"][0]
    sent = {"role": "responsible", "from": facts["day"]}
    for cells, cadre in (
        ({foreign: 0}, facts["cadres"][0]),
        ({own: mine[own][3], foreign: 0}, facts["cadres"][0]),
        ({own: mine[own][3]}, facts["foreign_cadres"][0]),
    ):
        assert post(client, csrf, "assign", cells=cells, cadre=cadre, **sent).status_code == 404
    assert post(client, csrf, "end", cells={foreign: 0}, **sent).status_code == 404
    stranger = facts["foreign_cadres"][0]
    for address in (
        f"/assignments/cells/{foreign}/history",
        f"/assignments/handover/{stranger}",
        f"/staff/{stranger}",
        f"/staff/{stranger}/edit",
    ):
        assert client.get(address).status_code == 404, address
    listed = client.get(f"/assignments/list?cadre={stranger}&community={facts['foreign']}").text
    assert not re.search(r'name="cell"', listed)
    token = csrf(client)
    handed = client.post(
        f"/assignments/handover/{facts['cadres'][0]}",
        data={"csrf_token": token, "from": facts["day"], "to": stranger, "cell": [own],
              f"version-{own}": mine[own][3]},
    )  # fmt: skip
    assert handed.status_code in (400, 404)
    assert seen(client) == mine


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"cells": {}},
        {"cells": {"x": 1}},
        {"cells": {"1": "y"}},
        {"cells": [1]},
        {"cells": {"99999999999999999999": 1}},
        {"cells": {"1": 0}, "cadre": "1; DROP TABLE cell", "role": "responsible", "from": "today"},
        {"cells": {"1": 0}, "cadre": 1, "role": "king", "from": "2026-01-01"},
    ],
)
def test_what_cannot_be_read_is_told(sign_in: SignIn, csrf: Token, sent: dict[str, Any]) -> None:
    answer = post(sign_in("supervisor"), csrf, "assign", **sent)
    assert answer.status_code == 400
    assert answer.json["error"]


@pytest.mark.parametrize("box", ["", "1,2,3", "a,b,c,d", "nan,0,1,1", "5,0,1,1", "0,0,999,1"])
def test_a_box_must_be_one(sign_in: SignIn, box: str) -> None:
    assert sign_in("supervisor").get(f"/assignments/cells?box={box}").status_code == 400


def test_readers_do_not_assign(sign_in: SignIn, csrf: Token, facts: dict[str, Any]) -> None:
    client = sign_in("analyst")
    assert client.get("/assignments").status_code == 200
    sent = {"cells": {facts["cells"][0]: 0}, "cadre": facts["cadres"][0], "role": "responsible"}
    assert post(client, csrf, "assign", **sent, **{"from": facts["day"]}).status_code == 403
    assert client.get(f"/assignments/handover/{facts['cadres'][0]}").status_code == 403
    assert sign_in("cadre").get("/assignments").status_code == 403
    # Without the form's token nothing is written.
    answer = sign_in("supervisor").post("/assignments/undo", json={})
    assert answer.status_code == 400


def test_the_list_and_its_file_hold_the_same(
    app: Flask, sign_in: SignIn, facts: dict[str, Any]
) -> None:
    client = sign_in("supervisor")
    page = client.get("/assignments/list?state=vacant&sort=households&order=desc&lang=en")
    assert page.status_code == 200
    file = client.get("/assignments/list.csv?state=vacant&sort=households&order=desc")
    assert file.mimetype == "text/csv"
    rows = list(csv.reader(io.StringIO(file.text.removeprefix("\ufeff"))))[1:]
    assert [row[0] for row in rows] == re.findall(r">(\d{15})</a>", page.text)
    counts = [int(row[-1]) for row in rows]
    assert counts == sorted(counts, reverse=True)
    with app.extensions["gridmap.engine"].connect() as connection:
        after = connection.scalar(
            text("SELECT after FROM audit_log WHERE act = 'export' ORDER BY id DESC LIMIT 1")
        )
    assert after["rows"] == len(rows)
    answer = client.get("/assignments/list?page=99999&q=%25", follow_redirects=True)
    assert answer.status_code == 200


def test_all_cells_go_to_another(sign_in: SignIn, csrf: Token, facts: dict[str, Any]) -> None:
    client = sign_in("supervisor")
    before = seen(client)
    giver = next(row[2] for row in before.values() if row[2] in facts["cadres"])
    taker, other = [each for each in facts["cadres"] if each != giver][:2]
    page = client.get(f"/assignments/handover/{giver}").text
    cells = re.findall(r'name="cell" value="(\d+)"', page)
    data: dict[str, Any] = dict(re.findall(r'name="(version-\d+)" value="(\d+)"', page))
    data |= {"csrf_token": csrf(client), "from": facts["day"], "cell": cells}
    address = f"/assignments/handover/{giver}"
    missing = client.post(address, data=data)
    assert missing.status_code == 400
    data |= {"to": taker, f"to-{cells[0]}": other}
    done = client.post(address, data=data)
    assert done.status_code == 302, done.text
    after = seen(client)
    held = [cell for cell, row in before.items() if row[2] == giver]
    assert held
    for cell in held:
        assert after[cell][2] == (other if cell == int(cells[0]) else taker)
    shown = client.get(f"/staff/{giver}?handed=1").text
    assert "/undo" in shown
    history = client.get(f"/assignments/cells/{held[0]}/history").text
    assert f"/staff/{taker}" in history or f"/staff/{other}" in history
    # There is nothing left to hand over, and the same page sent twice changes nothing.
    assert client.post(address, data=data).status_code == 302
    assert seen(client) == after
    undone = client.post(f"{address}/undo", data={"csrf_token": csrf(client)})
    assert undone.status_code == 302
    assert {c: r[2] for c, r in seen(client).items()} == {c: r[2] for c, r in before.items()}


def addresses(listed: str) -> list[str]:
    return re.findall(r"/assignments/\d+/sheet(?=\")", listed)


def test_the_page_the_word_file_and_the_pdf_of_a_sheet_say_the_same(
    app: Flask, sign_in: SignIn, half: str
) -> None:
    client = sign_in("supervisor")
    listed = client.get("/assignments/list?sort=cadre&order=desc").text
    address = addresses(listed)[0]
    row = re.search(rf">(\d{{15}})</a>(?:(?!</tr>).)*{address}\"", listed, re.S)
    assert row
    word = client.get(f"{address}.docx")
    document = Document(io.BytesIO(word.data))
    values = [row.cells[1].text for row in document.tables[0].rows]
    assert values[0].startswith(row[1])
    assert values[2] in listed
    assert re.match(r"\d{4}年\d{1,2}月\d{1,2}日", values[5])
    said = [each.text for each in document.paragraphs if each.text]
    labels = [row.cells[0].text for row in document.tables[0].rows]
    page = client.get(address).text
    pdf = client.get(f"{address}.pdf")
    assert pdf.mimetype == "application/pdf"
    printed = words_of_pdf(pdf.data)
    for each in (*labels, *values, *said):
        assert f">{escape(each)}<" in page
        assert squeezed(each) in printed
    assert page.count("<h1") == 1
    assert f'<h1 class="word-center">{said[0]}</h1>' in page
    for answer, form in ((word, "docx"), (pdf, "pdf")):
        name = quote(f"责任书 {row[1]}.{form}")
        assert f"filename*=UTF-8''{name}" in answer.headers["Content-Disposition"]
        assert f'href="{address}.{form}"' in page

    with app.extensions["gridmap.engine"].connect() as connection:
        told = connection.scalars(
            text("SELECT after->>'form' FROM audit_log WHERE act = 'export' AND "
                 "subject = 'assignment' AND subject_id = :id ORDER BY id"),
            {"id": address.split("/")[2]},
        ).all()  # fmt: skip
    assert told[-3:] == ["docx", "html", "pdf"]

    near = addresses(sign_in(half).get("/assignments/list").text)
    foreign = next(each for each in addresses(listed) if each not in near)
    assert client.get(foreign).status_code == 200
    for form in ("", ".docx", ".pdf"):
        assert sign_in(half).get(near[0] + form).status_code == 200
        assert sign_in(half).get(foreign + form).status_code == 404


def test_the_numbers_of_a_sheet_lead_to_their_records(sign_in: SignIn, half: str) -> None:
    client = sign_in("supervisor")
    page = client.get(addresses(client.get("/assignments/list").text)[0]).text
    behind = re.search(r'<nav class="word-behind".*?</nav>', page, re.S)
    assert behind
    links = re.findall(r'href="([^"]+)">(\D*?)([\d,]+)<', behind[0])
    assert len(links) == 3
    for address, _, shown in links:
        records = client.get(address.replace("&amp;", "&")).text
        counted = re.findall(r'data-(?:total="|sum="\w+">)([\d,]+)', records)
        assert shown in counted
    others = re.findall(r'href="/(cell|staff)/(\d+)"', behind[0])
    assert [kind for kind, _ in others] == ["cell", "staff"]
    assert [client.get(f"/{kind}/{id_}").status_code for kind, id_ in others] == [200, 200]


def test_the_template_of_the_sheet_is_changed(
    app: Flask,
    sign_in: SignIn,
    csrf: Token,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(app.config, "DATA_DIR", tmp_path)
    client, admin = sign_in("supervisor"), sign_in("admin")
    listed = client.get("/assignments/list?sort=cadre&order=desc").text
    address = addresses(listed)[0]
    row = re.search(rf">(\d{{15}})</a>(?:(?!</tr>).)*{address}\"", listed, re.S)
    assert row

    own = Document()
    own.add_paragraph("{{ cell_code }}!")
    stream = io.BytesIO()
    own.save(stream)

    def upload(content: bytes) -> Any:
        return admin.post(
            "/assignments/template",
            data={"csrf_token": csrf(admin), "file": (io.BytesIO(content), "t.docx")},
        )

    bad = upload(b"nothing")
    assert bad.status_code == 400
    assert ".docx" in bad.text
    assert upload(stream.getvalue()).status_code == 302
    mine = Document(io.BytesIO(client.get(f"{address}.docx").data))
    assert mine.paragraphs[0].text == f"{row[1]}!"
    page = client.get(address).text
    assert f"<p>{row[1]}!</p>" in page
    # The template has no title, so the page has one of its own.
    assert page.count("<h1") == 1
    assert words_of_pdf(client.get(f"{address}.pdf").data) == f"{row[1]}!"
    assert admin.get("/assignments/template.docx").data == stream.getvalue()
    assert client.get("/assignments/template").status_code == 403
    reset = admin.post("/assignments/template/reset", data={"csrf_token": csrf(admin)})
    assert reset.status_code == 302
    assert not (tmp_path / "templates" / "responsibility.docx").exists()


@pytest.mark.parametrize(
    ("address", "budget"),
    [
        ("/assignments", 4),
        ("/assignments/cells?box=-180,-90,180,90", 3),
        ("/assignments/cadres", 3),
        ("/assignments/list", 7),
        ("/staff", 5),
        ("/staff/gaps", 6),
        ("/staff/teams", 3),
        ("/staff/absences", 5),
    ],
)
def test_pages_keep_to_their_queries(
    app: Flask, sign_in: SignIn, address: str, budget: int
) -> None:
    client = sign_in("supervisor")
    statements: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    engine = app.extensions["gridmap.engine"]
    client.get(address)
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert client.get(address).status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", note)
    # Two of them find out who asks.
    assert len(statements) <= budget + 2, statements
