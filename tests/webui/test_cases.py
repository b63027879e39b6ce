"""The pages of cases: who sees what, what each act asks, and what a page costs."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import event, text
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from gridmap.demo import load
from gridmap.embedded import Cluster
from gridmap.settings import Settings
from gridmap.workforce.accounts import create_user
from gridmap.workforce.rights import SYSTEM, Role
from gridmap.workforce.sign_in import sign_in as enter
from tests.conftest import fresh_database
from webui import create_app
from webui.access import COOKIE

Token = Callable[[FlaskClient], str]
SignIn = Callable[[str], FlaskClient]
PASSWORD = "a stranger of the other town"


@dataclass(frozen=True)
class Ground:
    """Where the demo's cadre answers for a cell, and a place in another town."""

    lon: float
    lat: float
    cell: int
    far_lon: float
    far_lat: float


@pytest.fixture(scope="session")
def app(cluster: Cluster) -> Iterator[Flask]:
    """The demo town with its second community in a town of its own."""
    with fresh_database(cluster) as url:
        made = create_app(Settings(database_url=url))
        engine = made.extensions["gridmap.engine"]
        load(engine, "small", 1)
        with engine.begin() as connection:
            connection.execute(
                text("""
                    WITH town AS (
                        INSERT INTO unit (code, level, name, parent_id)
                        SELECT '990101002000', 'town', '城东街道', parent_id FROM unit
                        WHERE code = '990101001000' RETURNING id
                    ) UPDATE unit SET parent_id = town.id FROM town WHERE code = '990101001002'
                """)
            )
        yield made
        engine.dispose()


@pytest.fixture(autouse=True)
def photos(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(app.extensions, "gridmap.photos", tmp_path / "photos")
    return tmp_path / "photos"


@pytest.fixture(scope="module")
def ground(app: Flask) -> Ground:
    with Session(app.extensions["gridmap.engine"]) as session:
        own = session.execute(
            text("""
                SELECT c.id, ST_X(p) AS lon, ST_Y(p) AS lat FROM cell c
                JOIN assignment a ON a.cell_id = c.id AND a.role = 'responsible'
                    AND a.period @> local_date(now())
                JOIN cadre d ON d.id = a.cadre_id JOIN app_user u ON u.id = d.user_id
                CROSS JOIN LATERAL ST_PointOnSurface(c.geom) p
                WHERE u.login = 'cadre' AND c.valid_to IS NULL ORDER BY c.id LIMIT 1
            """)
        ).one()
        far = session.execute(
            text("""
                SELECT ST_X(p) AS lon, ST_Y(p) AS lat FROM cell c JOIN unit k ON
                    k.id = c.community_id CROSS JOIN LATERAL ST_PointOnSurface(c.geom) p
                WHERE k.parent_id NOT IN (
                    SELECT unit_id FROM user_area a JOIN app_user u ON u.id = a.user_id
                    WHERE u.login = 'supervisor') AND c.valid_to IS NULL ORDER BY c.id LIMIT 1
            """)
        ).one_or_none()
    assert far is not None
    return Ground(own.lon, own.lat, own.id, far.lon, far.lat)


def picture() -> tuple[io.BytesIO, str]:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "JPEG")
    out.seek(0)
    return out, "x.jpg"


def new_case(client: FlaskClient, csrf: Token, ground: Ground, **given: object) -> int:
    answer = client.post(
        "/cases/new",
        data={
            "csrf_token": csrf(client),
            "lon": ground.lon,
            "lat": ground.lat,
            "category": "B1",
            "description": "楼上漏水,邻里争执",
            "reporter": "citizen",
            **given,
        },
        content_type="multipart/form-data",
    )
    assert answer.status_code == 302, re.findall(r'role="alert"[^>]*>([^<]+)', answer.text)
    return int(answer.location.rsplit("/", 1)[1])


def do(client: FlaskClient, csrf: Token, case: int, act: str, **given: object) -> TestResponse:
    """Do an act by the form of the page."""
    page = client.get(f"/cases/{case}").text
    assert f'name="act" value="{act}"' in page, f"{act} is not offered"
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    sent = {"csrf_token": csrf(client), "act": act, "version": version[1], **given}
    return client.post(f"/cases/{case}", data=sent, content_type="multipart/form-data")


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(*given: object) -> None:
        statements.append(str(given[2]))

    engine = app.extensions["gridmap.engine"]
    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


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


def test_what_was_typed_is_kept(client: FlaskClient, csrf: Token, ground: Ground) -> None:
    sent = {"csrf_token": csrf(client), "description": "井盖丢了", "category": "D4",
            "reporter": "hotline", "address": "东门"}  # fmt: skip
    answer = client.post("/cases/new", data=sent)
    assert answer.status_code == 400
    assert "井盖丢了" in answer.text
    assert 'value="东门"' in answer.text
    assert '<option value="D4" selected>' in answer.text


def test_similar_ones_are_named_before_saving(sign_in: SignIn, csrf: Token, ground: Ground) -> None:
    boss = sign_in("supervisor")
    case = new_case(boss, csrf, ground, category="D1", description="垃圾成堆")
    items = boss.get(f"/cases/similar?category=D1&lon={ground.lon}&lat={ground.lat}").get_json()[
        "items"
    ]
    assert items[0]["url"] == f"/cases/{max(item['case'] or 0 for item in items)}"
    assert any(item["case"] == case and item["metres"] == 0 for item in items)


def test_many_are_dispatched_after_asking_once_more(
    sign_in: SignIn, csrf: Token, ground: Ground
) -> None:
    boss = sign_in("supervisor")
    cases = [new_case(boss, csrf, ground) for _ in range(3)]
    for case in cases:
        do(boss, csrf, case, "file")
    chosen = {"csrf_token": csrf(boss), "case": [f"{case}:2" for case in cases], "list": "q=x"}
    asked = boss.post("/cases/dispatch", data=chosen)
    assert asked.status_code == 200
    assert 'name="sure"' in asked.text
    assert "step-dispatch" in boss.get(f"/cases/{cases[0]}").text
    done = boss.post("/cases/dispatch", data={**chosen, "sure": "1"})
    assert done.status_code == 302
    assert done.location == "/cases?q=x"
    again = boss.post("/cases/dispatch", data={**chosen, "sure": "1"})
    assert again.status_code == 409
    mine = sign_in("cadre").get("/my").text
    assert all(f"/cases/{case}" in mine for case in cases)


def test_the_list_is_filtered_and_cut_into_pages(client: FlaskClient) -> None:
    first = client.get("/cases?state=any&sort=newest").text
    follow = re.search(r'href="(/cases\?after=[^"]+)"', first)
    assert follow
    second = client.get(follow[1].replace("&amp;", "&")).text
    ids = [set(re.findall(r'href="/cases/(\d+)"', page)) for page in (first, second)]
    assert len(ids[0]) == 50
    assert not ids[0] & ids[1]
    assert client.get("/cases?step=handling&category=D&due=overdue&mine=1").status_code == 200
    assert client.get("/cases?after=nonsense&unit=x").status_code == 400
    assert client.get("/cases?level=moon").status_code == 400
    assert "没有" in client.get("/cases?q=根本没有这样的案件").text


def test_views_are_kept_and_forgotten(client: FlaskClient, csrf: Token) -> None:
    sent = {"csrf_token": csrf(client), "name": "晚上的噪音"}
    kept = client.post("/cases/views?category=A22&q=噪音", data=sent)
    assert kept.status_code == 302
    page = client.get("/cases").text
    assert "晚上的噪音" in page
    remove = re.search(r'action="(/cases/views/\d+/remove)"', page)
    assert remove
    assert client.post(remove[1], data={"csrf_token": csrf(client)}).status_code == 302
    assert "晚上的噪音" not in client.get("/cases").text


def test_an_export_is_safe_and_recorded(
    client: FlaskClient,
    sign_in: SignIn,
    csrf: Token,
    ground: Ground,
    app: Flask,
) -> None:
    new_case(client, csrf, ground, description="=HYPERLINK(1)", address="@东门")
    answer = client.get("/cases.csv?q=HYPERLINK")
    assert answer.text.startswith("\ufeff编号")
    assert "'=HYPERLINK(1)" in answer.text
    assert "'@东门" in answer.text
    with Session(app.extensions["gridmap.engine"]) as session:
        last = session.execute(
            text("SELECT after FROM audit_log WHERE act = 'case.export' ORDER BY id DESC LIMIT 1")
        ).scalar_one()
    assert last["rows"] >= 1
    assert sign_in("cadre").get("/cases.csv").status_code == 403


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


def test_settings_make_versions_and_spare_open_cases(
    client: FlaskClient,
    sign_in: SignIn,
    csrf: Token,
    ground: Ground,
    app: Flask,
) -> None:
    case = new_case(client, csrf, ground, category="E2")

    def due() -> str:
        with Session(app.extensions["gridmap.engine"]) as session:
            return str(session.execute(
                text("SELECT due_at FROM incident_case WHERE id = :id"), {"id": case}
            ).scalar_one())  # fmt: skip

    before = due()
    address = "/cases/settings/categories/E2"
    sent = {"csrf_token": csrf(client), "whole_amount": "90", "whole_unit": "days", "active": "1"}
    assert client.post(address, data=sent).status_code == 302
    assert 'value="90"' in client.get(address).text
    assert due() == before
    assert client.post(address, data=sent | {"whole_amount": "-3"}).status_code == 400
    add = {"csrf_token": csrf(client), "code": "E29", "name": "其他咨询"}
    assert client.post(f"{address}/add", data=add).status_code == 302
    assert client.post(f"{address}/add", data=add).status_code == 409
    assert "其他咨询" in client.get("/cases/settings").text
    day = {"csrf_token": csrf(client), "day": "2031-05-06", "working": "0", "note": "泼水节"}
    assert client.post("/cases/settings/days", data=day).status_code == 302
    assert "泼水节" in client.get("/cases/settings").text
    gone = client.post("/cases/settings/days/2031-05-06/remove", data={"csrf_token": csrf(client)})
    assert gone.status_code == 302
    assert client.post("/cases/settings/days", data=day | {"day": "soon"}).status_code == 400
    for login in ("supervisor", "cadre"):
        assert sign_in(login).get("/cases/settings").status_code == 403


def test_the_towns_rules_are_changed_in_one_form(client: FlaskClient, csrf: Token) -> None:
    page = client.get("/cases/settings").text
    amounts = dict(re.findall(r'name="(\w+)_amount"[^>]*value="(\d+)"', page))
    form = {f"{step}_amount": amount for step, amount in amounts.items()}
    form |= {f"{step}_unit": "hours" for step in amounts}
    form |= {"csrf_token": csrf(client), "duplicate_metres": "100", "duplicate_hours": "72"}
    good = form | {"work_hours": "08:30-12:00,14:00-17:30"}
    assert client.post("/cases/settings", data=good).status_code == 302
    assert "08:30-12:00, 14:00-17:30" in client.get("/cases/settings").text
    for hours in ("never", "12:00-09:00", ""):
        assert client.post("/cases/settings", data=form | {"work_hours": hours}).status_code == 400


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


def test_large_photos_may_be_sent_and_other_forms_stay_small(
    client: FlaskClient, csrf: Token, ground: Ground
) -> None:
    noise = io.BytesIO()
    Image.effect_noise((1500, 1500), 90).save(noise, "PNG")
    assert noise.tell() > 1 << 20
    noise.seek(0)
    # Made here, for the client would leave a file open for so large a form.
    boundary, form = encode_multipart(
        {"csrf_token": csrf(client), "lon": ground.lon, "lat": ground.lat, "category": "B1",
         "description": "x", "reporter": "citizen", "photos": FileStorage(noise, "x.png")}
    )  # fmt: skip
    kind = f"multipart/form-data; boundary={boundary}"
    assert client.post("/cases/new", data=form, content_type=kind).status_code == 302
    sent = {"csrf_token": csrf(client), "name": "x" * (1 << 20)}
    assert client.post("/cases/views", data=sent).status_code == 413


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
