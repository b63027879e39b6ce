"""One case from the report to closing: who sees it, who may do what, and what a page costs."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.workforce.accounts import create_user
from gridmap.workforce.rights import SYSTEM, Role
from gridmap.workforce.sign_in import sign_in as enter
from tests.webui.cases.ground import PASSWORD, Ground, SignIn, Token, counted, do, new_case, picture
from webui.access import COOKIE


def test_a_case_goes_its_whole_way(sign_in: SignIn, csrf: Token, ground: Ground) -> None:
    cadre, boss = sign_in("cadre"), sign_in("supervisor")
    case = new_case(cadre, csrf, ground, photos=picture())
    acts: list[tuple[FlaskClient, str, dict[str, object]]] = [
        (boss, "return", {"note": "门牌号?"}),
        (cadre, "submit", {"note": "3栋"}),
        (boss, "file", {}),
        (boss, "dispatch", {}),
        (cadre, "request_extension", {"note": "等物业", "amount": "2", "unit": "days"}),
        (boss, "refuse_extension", {"note": "不必"}),
        (cadre, "request_extension", {"note": "真的", "amount": "1", "unit": "days"}),
        (boss, "grant_extension", {}),
        (cadre, "finish", {"photos": picture()}),
        (boss, "return", {"note": "照片不清楚"}),
        (cadre, "finish", {"photos": picture()}),
        (cadre, "feed_back", {"note": "已告知"}),
        (boss, "verify", {}),
        (boss, "close", {}),
        (boss, "reopen", {"note": "又漏了"}),
        (boss, "dispatch", {}),
        (cadre, "return", {"note": "不归我管"}),
        (boss, "dispatch", {}),
        (cadre, "escalate", {"note": "调解不成"}),
        (boss, "reassign", {}),
        (boss, "escalate", {"note": "再上报"}),
    ]
    for who, act, given in acts:
        answer = do(who, csrf, case, act, **given)
        assert answer.status_code == 302, (act, re.findall(r'role="alert"><p>(.+?)<', answer.text))
    page = boss.get(f"/cases/{case}").text
    for words in ("照片不清楚", "已告知", "调解不成", "退回", "延期"):
        assert words in page, words
    # Each photo is shown with its step, and sent by our own view.
    found = set(re.findall(rf"/cases/{case}/photos/\d+", page))
    assert len(found) == 3
    for address in found:
        with cadre.get(address) as full, cadre.get(f"{address}?small=1") as small:
            assert full.mimetype == small.mimetype == "image/jpeg"
            assert "private" in full.headers["Cache-Control"]


def test_buttons_are_only_those_one_may_use(sign_in: SignIn, csrf: Token, ground: Ground) -> None:
    case = new_case(sign_in("supervisor"), csrf, ground)
    acts = {
        login: set(
            re.findall(r'name="act" value="(\w+)"', sign_in(login).get(f"/cases/{case}").text)
        )
        for login in ("supervisor", "cadre", "analyst", "planner")
    }
    assert acts["supervisor"] == {"file", "return", "withdraw"}
    assert acts["cadre"] == acts["analyst"] == acts["planner"] == set()
    # A request made by hand is refused, too.
    cadre = sign_in("cadre")
    sent = {"csrf_token": csrf(cadre), "act": "file", "version": "1"}
    assert cadre.post(f"/cases/{case}", data=sent).status_code == 403


def test_two_at_once_are_told_of_each_other(sign_in: SignIn, csrf: Token, ground: Ground) -> None:
    boss = sign_in("supervisor")
    case = new_case(boss, csrf, ground)
    do(boss, csrf, case, "file")
    late = {"csrf_token": csrf(boss), "act": "withdraw", "version": "1", "note": "重复上报"}
    answer = boss.post(f"/cases/{case}", data=late)
    assert answer.status_code == 409
    assert "综治中心主任" in answer.text
    assert "重复上报" in answer.text  # What was typed is kept.


def test_nothing_of_another_town_is_seen(
    client: FlaskClient, sign_in: SignIn, csrf: Token, ground: Ground
) -> None:
    case = new_case(
        client, csrf, ground, lon=ground.far_lon, lat=ground.far_lat, photos=picture(),
        description="远处的秘密",
    )  # fmt: skip
    photo = re.search(rf"/cases/{case}/photos/\d+", client.get(f"/cases/{case}").text)
    assert photo
    own = new_case(client, csrf, ground)
    for login in ("supervisor", "planner", "analyst", "cadre"):
        other = sign_in(login)
        assert other.get(f"/cases/{case}").status_code == 404
        assert other.get(photo[0]).status_code == 404
        # A known case does not open another one's photo.
        assert other.get(photo[0].replace(f"/{case}/", f"/{own}/")).status_code == 404
        sent = {"csrf_token": csrf(other), "act": "file", "version": "1"}
        assert other.post(f"/cases/{case}", data=sent).status_code == 404
        for address in ("/cases?q=秘密", "/cases/board?q=秘密", "/cases/points?q=秘密"):
            assert "远处" not in other.get(address).text
        if login not in ("analyst", "planner"):
            contact = other.post(f"/cases/{case}/contact", data={"csrf_token": csrf(other)})
            assert contact.status_code == 404
    boss = sign_in("supervisor")
    chosen = {"csrf_token": csrf(boss), "case": f"{case}:1", "sure": "1"}
    assert boss.post("/cases/dispatch", data=chosen).status_code == 404
    assert "远处" not in boss.get("/cases.csv?q=秘密").text
    near = f"/cases/similar?category=B1&lon={ground.far_lon}&lat={ground.far_lat}"
    assert boss.get(near).get_json() == {"items": []}
    answer = boss.post(
        "/cases/new",
        data={"csrf_token": csrf(boss), "lon": ground.far_lon, "lat": ground.far_lat,
              "category": "B1", "description": "x", "reporter": "citizen"},
    )  # fmt: skip
    assert answer.status_code == 400
    assert "不在您的" in answer.text or "之外" in answer.text


_WRITES = ("new", "1", "1/contact", "dispatch", "views", "settings", "settings/days")


@pytest.mark.parametrize("address", _WRITES)
def test_writes_need_the_token(client: FlaskClient, address: str) -> None:
    assert client.post(f"/cases/{address}", data={"act": "file"}).status_code == 400


def test_the_contact_is_shown_on_demand(sign_in: SignIn, csrf: Token, ground: Ground) -> None:
    boss = sign_in("supervisor")
    case = new_case(boss, csrf, ground, contact_name="老赵", contact_phone="10099")
    assert "10099" not in boss.get(f"/cases/{case}").text
    assert "10099" not in boss.get("/cases.csv").text
    shown = boss.post(f"/cases/{case}/contact", data={"csrf_token": csrf(boss)})
    assert "10099" in shown.text
    cadre = sign_in("cadre")
    refused = cadre.post(f"/cases/{case}/contact", data={"csrf_token": csrf(cadre)})
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("address", "most"),
    [("/cases", 8), ("/cases?state=any&q=1", 8), ("/cases/board", 9), ("/cases/map", 8),
     ("/cases/points", 5), ("/my", 8), ("/cases/new", 6)],
)  # fmt: skip
def test_a_page_asks_few_questions(app: Flask, sign_in: SignIn, address: str, most: int) -> None:
    boss = sign_in("supervisor")
    boss.get(address)
    with counted(app) as statements:
        assert boss.get(address).status_code == 200
    assert len(statements) <= most, "\n".join(statements)


def test_a_case_page_asks_few_questions(
    app: Flask, client: FlaskClient, csrf: Token, ground: Ground
) -> None:
    case = new_case(client, csrf, ground, photos=picture())
    for act in ("file", "dispatch"):
        do(client, csrf, case, act)
    with counted(app) as statements:
        client.get(f"/cases/{case}")
    assert len(statements) <= 12, "\n".join(statements)


def test_somebody_of_another_town_has_an_empty_page(app: Flask, ground: Ground) -> None:
    with Session(app.extensions["gridmap.engine"]) as session, session.begin():
        unit = session.execute(
            text("""SELECT k.parent_id FROM cell c JOIN unit k ON k.id = c.community_id WHERE
                ST_Covers(c.geom, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)) LIMIT 1"""),
            {"lon": ground.far_lon, "lat": ground.far_lat},
        ).scalar_one()
        create_user(session, SYSTEM, "far", "远", Role.CADRE, areas=[unit], password=PASSWORD)
        token = enter(session, "far", PASSWORD).token or ""
    client = app.test_client()
    client.set_cookie(COOKIE, token)
    page = client.get("/my")
    assert page.status_code == 200
    assert "/cases/new" in page.text
