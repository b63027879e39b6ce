from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from urllib.parse import unquote

import docx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from gridmap.handlers import HANDLERS
from gridmap.incidents.statistics import clock
from gridmap.jobs.running import do_waiting
from gridmap.reports.documents.files import file_of
from gridmap.reports.paper.word_template import default_template

Csrf = Callable[[FlaskClient], str]
SignIn = Callable[[str], FlaskClient]
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.fixture(scope="module")
def engine(app: Flask) -> Engine:
    found: Engine = app.extensions["gridmap.engine"]
    return found


@pytest.fixture(scope="module")
def unit(engine: Engine) -> int:
    """The community where the demo's cadre works."""
    with engine.connect() as connection:
        found: int = connection.execute(
            text("""
                SELECT a.unit_id FROM user_area a JOIN app_user u ON u.id = a.user_id
                WHERE u.login = 'cadre'
            """)
        ).scalar_one()
    return found


@pytest.fixture(autouse=True)
def nothing_waits(engine: Engine) -> Iterator[None]:
    """Each test begins and ends without a report that is being made."""
    yield
    with engine.begin() as connection:
        connection.execute(text("UPDATE job SET state = 'cancelled' WHERE state = 'waiting'"))


class Desk:
    """Somebody at the pages of reports."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self.client, self.token = client, token

    def post(self, address: str, **form: object) -> tuple[int, str]:
        answer = self.client.post(
            address, data={"csrf_token": self.token, **form}, headers={"Accept": "text/html"}
        )
        return answer.status_code, answer.location or answer.text

    def order(self, unit: int, kind: str = "month", **form: object) -> str:
        status, address = self.post("/reports/new", kind=kind, unit=unit, **form)
        assert status == 302, fault_of(address)
        return address


def fault_of(page: str) -> str:
    found = re.search(r'role="alert"[^>]*>([^<]+)<', page)
    return found[1] if found else ""


@pytest.fixture
def desk(sign_in: SignIn, csrf: Csrf) -> Callable[[str], Desk]:
    def sit(login: str) -> Desk:
        client = sign_in(login)
        client.set_cookie("lang", "en")
        return Desk(client, csrf(client))

    return sit


def test_a_report_from_order_to_publication(
    engine: Engine, unit: int, desk: Callable[[str], Desk]
) -> None:
    planner, supervisor, cadre = desk("planner"), desk("supervisor"), desk("cadre")
    address = planner.order(unit, name="十月")
    waiting = planner.client.get(address).text
    assert "The report is being made" in waiting
    state = planner.client.get(f"{address}/state.json").json
    assert (state["over"], state["state"], state["step"]) == (False, "waiting", "waits")
    assert cadre.client.get(address).status_code == 404
    do_waiting(engine, HANDLERS)
    assert planner.client.get(f"{address}/state.json").json["over"] is True
    page = planner.client.get(address).text
    # Numbers lead to their records, and these are there.
    links = re.findall(r'<a class="paper-number" href="([^"]+)"', page)
    assert links
    for link in sorted(set(links))[:8]:
        assert planner.client.get(link.replace("&amp;", "&")).status_code == 200, link
    section = re.search(r'name="section" value="([^"]+)"', page)
    assert section
    assert planner.post(f"{address}/remark", section=section[1], text="Lights are out.")[0] == 302
    assert '<p class="paper-remark">Lights are out.</p>' in planner.client.get(address).text
    assert supervisor.post(f"{address}/comment", text="Which lights?")[0] == 302
    assert "Commented" in supervisor.client.get("/reports?state=commented").text
    status, told = planner.post(f"{address}/approve")
    assert (status, "do not have the right" in told) == (403, True)
    assert supervisor.post(f"{address}/approve")[0] == 302
    assert cadre.client.get(address).status_code == 404
    assert supervisor.post(f"{address}/publish")[0] == 302
    read = cadre.client.get(address).text
    assert "Lights are out." in read
    assert "Which lights?" not in read
    assert "十月" in cadre.client.get("/reports").text
    assert cadre.client.get(f"{address}/zh.pdf").data.startswith(b"%PDF")
    status, page = supervisor.post(f"{address}/withdraw", note="")
    assert (status, fault_of(page)) == (400, "Say why the report is withdrawn.")
    assert supervisor.post(f"{address}/withdraw", note="Wrong month")[0] == 302
    assert cadre.client.get(address).status_code == 404
    assert "Wrong month" in planner.client.get(address).text


def test_files_have_names_in_chinese_and_say_what_people_added(
    engine: Engine, unit: int, desk: Callable[[str], Desk]
) -> None:
    planner = desk("planner")
    address = planner.order(unit)
    do_waiting(engine, HANDLERS)
    page = planner.client.get(f"{address}?lang=zh").text
    section = re.search(r'name="section" value="([^"]+)"', page)
    assert section
    planner.client.set_cookie("lang", "zh")
    assert planner.post(f"{address}/remark", section=section[1], text="路灯不亮。")[0] == 302
    answer = planner.client.get(f"{address}/zh.docx")
    assert answer.content_type == WORD
    header = answer.headers["Content-Disposition"]
    assert header.isascii()
    assert re.match(r"attachment; filename=report-\d+-zh\.docx; filename\*=UTF-8''", header)
    name = unquote(header.partition("UTF-8''")[2])
    assert name.endswith(".docx")
    assert name.removesuffix(".docx") in page
    words = [paragraph.text for paragraph in docx.Document(BytesIO(answer.data)).paragraphs]
    assert "路灯不亮。" in words
    alone = planner.client.get(f"{address}/zh.html").text
    assert "路灯不亮。" in alone
    assert "data:image/png;base64," in alone or "<img" not in alone
    assert "http://" not in alone.replace("http://www.w3.org", "")
    assert 'href="/' not in alone


def test_long_reports_alone_have_a_table_of_contents(
    engine: Engine, unit: int, desk: Callable[[str], Desk]
) -> None:
    planner = desk("planner")
    month = planner.order(unit)
    do_waiting(engine, HANDLERS)
    assert '<ol class="paper-contents">' not in planner.client.get(f"{month}/zh.html").text
    half = planner.order(unit, "half_year")
    do_waiting(engine, HANDLERS)
    alone = planner.client.get(f"{half}/zh.html").text
    links = re.findall(r'<a href="#([^"]+)">([^<]+)</a>', alone)
    assert ("section-land", "一、基本情况") in links
    assert len(links) > 12
    for anchor, title in links:
        assert re.search(rf'<h[23] id="{anchor}">{title}</h[23]>', alone)


def test_what_was_approved_is_handed_out_the_same_whatever_template_comes(
    app: Flask, engine: Engine, unit: int, desk: Callable[[str], Desk]
) -> None:
    planner, admin = desk("planner"), desk("admin")
    addresses = []
    for _ in range(2):
        addresses.append(planner.order(unit))
        do_waiting(engine, HANDLERS)
    assert admin.post(f"{addresses[0]}/approve")[0] == 302
    do_waiting(engine, HANDLERS)
    with engine.connect() as connection:
        kept = connection.execute(
            text("SELECT count(*) FROM report_file WHERE report_id = :id"),
            {"id": int(addresses[0].rsplit("/", 1)[1])},
        ).scalar_one()
    assert kept == 4
    before = [planner.client.get(f"{address}/zh.docx").data for address in addresses]
    own = docx.Document(BytesIO(default_template("zh")))
    own.paragraphs[0].insert_paragraph_before("桃源街道文件")
    stream = BytesIO()
    own.save(stream)
    status, _ = admin.post(
        "/reports/template/zh", file=(BytesIO(stream.getvalue()), "own.docx", WORD)
    )
    try:
        assert status == 302
        after = [planner.client.get(f"{address}/zh.docx").data for address in addresses]
        assert after[0] == before[0]
        heads = [docx.Document(BytesIO(each)).paragraphs[0].text for each in after]
        assert [head == "桃源街道文件" for head in heads] == [False, True]
        status, page = admin.post(
            "/reports/template/zh", file=(BytesIO(b"no word file"), "x.docx", WORD)
        )
        assert (status, "no Word file" in page) == (400, True)
        assert admin.client.get("/reports/template/zh.docx").data == stream.getvalue()
    finally:
        assert admin.post("/reports/template/zh/reset")[0] == 302
    assert file_of(engine, app.config["DATA_DIR"], int(addresses[0].rsplit("/", 1)[1]), "zh",
                   "docx") == before[0]  # fmt: skip


def test_what_cannot_be_ordered_is_said_beside_what_was_typed(
    engine: Engine, unit: int, desk: Callable[[str], Desk]
) -> None:
    planner = desk("planner")
    with Session(engine) as session:
        tomorrow = clock(session.connection()).today + timedelta(days=1)
    given = {"unit": unit, "name": "typed"}
    for form, sentence in (
        ({"kind": "x"}, "Choose a kind of report."),
        ({"kind": "month", "first": "2026-02-01", "last": "2026-01-01"}, "lies before the first"),
        ({"kind": "month", "first": tomorrow, "last": tomorrow}, "in the future"),
        ({"kind": "month", "first": "2020-01-01", "last": "2026-01-01"}, "366 days at most"),
        ({"kind": "month", "first": "31.1.2026", "last": "2026-01-01"}, "is not a day"),
        ({"kind": "cell_sheet", "cell": "123"}, "There is no cell with the code 123"),
        ({"kind": "month", "unit": "x"}, "Choose a value for Area covered"),
        ({"kind": "month", "unit": "999999999"}, "There is no unit"),
    ):
        status, page = planner.post("/reports/new", **{**given, **form})
        assert status in (400, 404)
        assert sentence in fault_of(page)
        assert 'value="typed"' in page


def test_a_second_order_of_the_area_is_told_to_wait(unit: int, desk: Callable[[str], Desk]) -> None:
    planner = desk("planner")
    address = planner.order(unit)
    status, page = planner.post("/reports/new", kind="year", unit=unit)
    assert (status, "one at a time" in fault_of(page)) == (409, True)
    assert planner.post(f"{address}/cancel")[0] == 302
    assert "The report was cancelled" in planner.client.get(address).text
    status, again = planner.post(f"{address}/again")
    assert (status, again != address) == (302, True)


def test_what_changed_since_is_counted_and_listed(
    engine: Engine, unit: int, desk: Callable[[str], Desk]
) -> None:
    planner = desk("planner")
    address = planner.order(unit)
    do_waiting(engine, HANDLERS)
    assert "have not been counted again" in planner.client.get(f"{address}/changes").text
    with engine.begin() as connection:
        copied = connection.execute(
            text("""
                INSERT INTO incident (occurred_at, category_id, geom, source)
                SELECT (r.first + time '02:00') AT TIME ZONE 'Asia/Shanghai', i.category_id, i.geom,
                       'late'
                FROM report r, LATERAL (
                    SELECT category_id, geom FROM incident WHERE community_id = r.unit_id LIMIT 1
                ) i WHERE r.id = :id RETURNING id, local_date(occurred_at) AS day
            """),
            {"id": int(address.rsplit("/", 1)[1])},
        ).one()
    try:
        assert planner.post(f"{address}/changes")[0] == 302
        assert planner.client.get(f"{address}/changes/state.json").json["over"] is False
        do_waiting(engine, HANDLERS)
        page = planner.client.get(f"{address}/changes").text
        assert "would be different by the data of" in page
        # In the small hours it is still the day before in UTC.
        [link] = re.findall(rf'href="([^"]*incident:{copied.id}[^"]*)"', unquote(page))
        assert f"from={copied.day}&amp;to={copied.day}" in link
    finally:
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM incident WHERE source = 'late'"))


def test_schedules_are_added_and_taken_away(unit: int, desk: Callable[[str], Desk]) -> None:
    planner = desk("planner")
    assert "No report is scheduled yet." in planner.client.get("/reports/schedules").text
    assert planner.post("/reports/schedules", kind="bulletin", unit=unit)[0] == 302
    page = planner.client.get("/reports/schedules").text
    assert "each week" in page
    status, page = planner.post("/reports/schedules", kind="bulletin", unit=unit)
    assert (status, fault_of(page)) == (409, "This report is scheduled already.")
    found = re.search(r"/reports/schedules/\d+/delete", page)
    assert found
    assert planner.post(found[0])[0] == 302
    assert "No report is scheduled yet." in planner.client.get("/reports/schedules").text


def test_a_list_without_reports_says_what_to_do_next(desk: Callable[[str], Desk]) -> None:
    assert "No report is like that." in desk("planner").client.get("/reports?q=zzzz").text
    cadre = desk("cadre").client.get("/reports").text
    assert "Make a report" not in cadre
    assert "/reports/new" not in cadre
    assert "/reports/new" in desk("planner").client.get("/reports").text


def test_dashboard_and_cell_lead_to_the_report(
    engine: Engine, unit: int, desk: Callable[[str], Desk]
) -> None:
    planner = desk("planner")
    page = planner.client.get("/dashboard?period=half").text
    found = re.search(r'href="(/reports/new\?kind=half_year[^"]+)"', page)
    assert found
    form = planner.client.get(found[1].replace("&amp;", "&")).text
    assert re.search(r'name="kind" value="half_year" checked', form)
    with engine.connect() as connection:
        cell, code = connection.execute(
            text("SELECT id, code FROM cell WHERE community_id = :unit LIMIT 1"), {"unit": unit}
        ).one()
    assert f"cell_id={cell}" in planner.client.get(f"/cell/{cell}").text
    form = planner.client.get(f"/reports/new?kind=cell_sheet&cell_id={cell}").text
    assert f'value="{code}"' in form
