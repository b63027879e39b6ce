"""The pages of shifts: calendar and list, form with conflicts, undo, attendance, sheet."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from tests.webui.conftest import signed_in
from tests.webui.crews import Crew, add_now, make_crew

SignIn = Callable[[str], FlaskClient]
Token = Callable[[FlaskClient], str]
AT = "/patrols/shifts"


@pytest.fixture(scope="module")
def crew(app: Flask) -> Crew:
    return make_crew(app)


@pytest.fixture
def planner(sign_in: SignIn) -> FlaskClient:
    return sign_in("planner")


def form_of(crew: Crew, day: str, begins: str, ends: str, *names: str) -> dict[str, object]:
    return {
        "team": crew.team, "starts": f"{day}T{begins}", "ends": f"{day}T{ends}",
        "member": [crew.ids[name] for name in names],
    }  # fmt: skip


def test_a_shift_is_planned_in_the_towns_time_and_shown(
    planner: FlaskClient, csrf: Token, crew: Crew
) -> None:
    form = form_of(crew, "2041-03-05", "08:00", "20:00", "甲一", "乙二")
    saved = planner.post(f"{AT}/new", data=form | {"csrf_token": csrf(planner)})
    assert saved.status_code == 302
    page = planner.get(saved.location).text
    assert "03-05 周二 08:00–20:00" in page
    assert "甲一" in page
    for address in (
        f"{AT}?on=2041-03-01&team={crew.team}", f"{AT}?on=2041-03-05&view=week",
        f"{AT}/list?first=2041-03-01&last=2041-03-31",
        f"{AT}?on=2041-03-05&cadre={crew.ids['乙二']}",
    ):  # fmt: skip
        shown = planner.get(address).text
        assert saved.location.rsplit("/", 1)[1] in re.findall(r"shifts/(\d+)\"", shown), address
    assert "共 0 个班次" in planner.get(f"{AT}?on=2041-04-01&team={crew.team}").text
    english = planner.get(f"{saved.location}?lang=en").text
    assert "03-05 Tue 08:00–20:00" in english
    planner.get("/account?lang=zh")


def test_what_speaks_against_a_shift_is_told_before_it_is_saved(
    planner: FlaskClient, csrf: Token, crew: Crew
) -> None:
    token = {"csrf_token": csrf(planner)}
    planner.post(f"{AT}/new", data=form_of(crew, "2041-05-01", "08:00", "12:00", "丙三") | token)
    form = form_of(crew, "2041-05-01", "11:00", "15:00", "丙三") | token
    refused = planner.post(f"{AT}/new", data=form | {"accept": "1"})
    assert refused.status_code == 409
    assert "丙三 此时段另有班次" in refused.text
    assert "不能这样保存" in refused.text
    # What was typed stays.
    assert 'value="2041-05-01T11:00"' in refused.text
    assert f'name="member" value="{crew.ids["丙三"]}" checked' in refused.text
    form = form_of(crew, "2041-05-01", "18:00", "20:00", "丙三") | token
    told = planner.post(f"{AT}/new", data=form)
    assert told.status_code == 409
    assert "仅休息 6 小时" in told.text
    assert planner.post(f"{AT}/new", data=form | {"accept": "1"}).status_code == 302
    listed = planner.get(f"{AT}/conflicts?first=2041-05-01&last=2041-05-09").text
    assert "仅休息 6 小时" in listed
    assert "1 处冲突" in planner.get(f"{AT}?on=2041-05-01&team={crew.team}").text


def test_a_cancelling_is_taken_back_where_it_was_done(
    planner: FlaskClient, csrf: Token, crew: Crew
) -> None:
    token = {"csrf_token": csrf(planner)}
    saved = planner.post(
        f"{AT}/new", data=form_of(crew, "2041-06-01", "08:00", "12:00", "丙三") | token
    )
    number = saved.location.rsplit("/", 1)[1]
    back = f"{AT}/list?first=2041-06-01&last=2041-06-02"
    done = planner.post(
        f"{AT}/cancel", data={"shift": number, "reason": "雨", "back": back} | token
    )
    assert done.location == f"{back}&cancelled={number}"
    page = planner.get(done.location).text
    assert "已取消 1 个班次" in page
    assert 'class="is-cancelled"' in page
    assert "雨" in planner.get(saved.location).text
    undone = planner.post(f"{AT}/restore", data={"shift": number, "back": done.location} | token)
    assert undone.location == back
    assert 'class="is-cancelled"' not in planner.get(back).text
    foreign = planner.post(f"{AT}/cancel", data={"back": "//evil.example"} | token)
    assert foreign.location == f"{AT}/list"


def test_a_cadre_sees_and_does_only_what_is_his(app: Flask, csrf: Token, crew: Crew) -> None:
    mine, other = add_now(app, crew, "乙二"), add_now(app, crew, "丙三")
    client = signed_in(app, crew.logins["乙二"])
    for address in ("", "/list", "/conflicts", "/new", "/patterns", f"/{mine}/edit", "/sheet.xlsx"):
        assert client.get(f"{AT}{address}").status_code == 403, address
    assert client.get(f"{AT}/{mine}").status_code == 200
    assert client.get(f"{AT}/{other}").status_code == 404
    assert client.get(f"{AT}/sheet?team={crew.team}").status_code == 404
    token = {"csrf_token": csrf(client)}
    assert client.post(f"{AT}/{other}/check-in", data=token).status_code == 404
    marks = {"cadre": crew.ids["乙二"], f"state-{crew.ids['乙二']}": "present"}
    assert client.post(f"{AT}/{mine}/attendance", data=marks | token).status_code == 403
    assert "当前" in client.get(f"{AT}/mine").text
    assert crew.name in client.get("/my").text
    done = client.post(f"{AT}/{mine}/check-in", data=token | {"from": "mine"})
    assert done.location == f"{AT}/mine"
    assert "到岗" in client.get(f"{AT}/mine").text
    # The captain sees the shifts of the team, and notes who came.
    captain = signed_in(app, crew.logins["甲一"])
    assert f"{AT}/{other}" in captain.get(f"{AT}/mine").text
    token = {"csrf_token": csrf(captain)}
    marks = {"cadre": crew.ids["丙三"], f"state-{crew.ids['丙三']}": "absent",
             f"note-{crew.ids['丙三']}": "电话不通"}  # fmt: skip
    assert captain.post(f"{AT}/{other}/attendance", data=marks | token).status_code == 302
    assert "电话不通" in captain.get(f"{AT}/{other}").text
    assert captain.get(f"{AT}/sheet?team={crew.team}").status_code == 200


def test_the_sheet_is_an_excel_file_on_a4_across(sign_in: SignIn, app: Flask) -> None:
    client = sign_in("supervisor")
    with app.extensions["gridmap.engine"].connect() as connection:
        team, day = connection.execute(
            text("SELECT team_id, min(day) FROM shift WHERE pattern_id IS NOT NULL "
                 "GROUP BY team_id ORDER BY team_id LIMIT 1")
        ).one()  # fmt: skip
        hours = connection.execute(
            text("""
                SELECT sum(extract(epoch FROM least(ends, :next) - greatest(starts, :first)) / 3600)
                FROM shift_member WHERE starts < :next AND ends > :first
                  AND (state IS NULL OR state IN ('present', 'late'))
                  AND shift_id IN (SELECT id FROM shift WHERE team_id = :team)
            """),
            {"team": team, **_bounds(day)},
        ).scalar_one()
    answer = client.get(f"{AT}/sheet.xlsx?team={team}&month={day:%Y-%m}")
    assert answer.status_code == 200
    sheet = openpyxl.load_workbook(BytesIO(answer.data)).active
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.page_setup.paperSize == int(sheet.PAPERSIZE_A4)
    heads = [cell.value for cell in sheet[2]]
    assert heads[0] == "成员"
    days = (date(day.year + day.month // 12, day.month % 12 + 1, 1) - day.replace(day=1)).days
    assert heads[1 : days + 1] == list(range(1, days + 1))
    assert heads[days + 1 : days + 4] == ["班次", "工时", "夜间工时"]
    rows = {row[0].value: row for row in sheet.iter_rows(min_row=4)}
    assert rows["合计"][days + 2].value == pytest.approx(float(hours))
    assert sum(row[0].value.endswith("（队长）") for row in rows.values() if row[0].value) == 1
    page = client.get(f"{AT}/sheet?team={team}&month={day:%Y-%m}").text
    assert f"{day.year}年{day.month}月值班考勤表" in page
    log = sign_in("admin").get("/audit?act=export&subject=team").text
    assert f"{day:%Y-%m}" in log


def _bounds(day: date) -> dict[str, str]:
    after = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return {"first": f"{day.replace(day=1)} 00:00+08", "next": f"{after} 00:00+08"}


def test_a_pattern_is_looked_at_and_made(planner: FlaskClient, csrf: Token, crew: Crew) -> None:
    offered = planner.get(f"{AT}/patterns/new?team={crew.team}&preset=duty").text
    assert 'value="08:00"' in offered
    form: dict[str, object] = {
        "csrf_token": csrf(planner), "team": crew.team, "name": "轮值", "days": "every",
        "turn": "shift", "begins-0": "08:00", "hours-0": "24", "first": "2041-08-01",
        "from": "2041-08-01", "until": "2041-08-31",
    } | {f"group-{cadre}": n for n, cadre in enumerate(crew.ids.values(), start=1)}  # fmt: skip
    seen = planner.post(f"{AT}/patterns/new", data=form)
    assert "<b>31</b>" in seen.text
    made = planner.post(f"{AT}/patterns/new", data=form | {"act": "make"})
    assert made.location == f"{AT}?team={crew.team}&on=2041-08-01"
    assert "共 31 个班次" in planner.get(made.location).text
    assert f"{AT}/patterns/" in planner.get(f"{AT}/patterns").text
    faulty = planner.post(f"{AT}/patterns/new", data=form | {"begins-0": "", "name": "轮值二"})
    assert faulty.status_code == 400
    assert "轮值二" in faulty.text


@pytest.mark.parametrize(
    "address",
    ["?on=x", "/list?first=2041-02-30", "/list?first=2041-02-02&last=2041-01-01", "/sheet?month=x",
     "/sheet?month=2041-13", "/conflicts?first=2041-01-01&last=2041-12-31", "?team=x",
     "/list?team=99999999999999999999"],
)  # fmt: skip
def test_an_address_without_sense_is_refused(planner: FlaskClient, address: str) -> None:
    assert planner.get(f"{AT}{address}").status_code == 400


def test_the_settings_are_changed_and_refused(client: FlaskClient, csrf: Token) -> None:
    form = {"csrf_token": csrf(client), "rest_hours": "11", "late_minutes": "15",
            "window_minutes": "30", "night_begins": "22:00", "night_ends": "06:00"}  # fmt: skip
    assert client.post(f"{AT}/settings", data=form).status_code == 302
    assert 'value="15"' in client.get(f"{AT}/settings").text
    for wrong in ({"rest_hours": "99"}, {"late_minutes": "x"}, {"night_begins": "late"}):
        refused = client.post(f"{AT}/settings", data=form | wrong)
        assert refused.status_code == 400
        assert next(iter(wrong.values())) in refused.text
    client.post(f"{AT}/settings", data=form | {"late_minutes": "10"})


def test_nobody_is_told_the_names_of_another_area(
    app: Flask, planner: FlaskClient, csrf: Token, crew: Crew
) -> None:
    with app.extensions["gridmap.engine"].begin() as connection:
        stranger = connection.execute(
            text("""
                INSERT INTO cadre (name, unit_id) SELECT 'OUTSIDER', id FROM unit
                WHERE level = 'county' LIMIT 1 RETURNING id
            """)
        ).scalar_one()
    token = {"csrf_token": csrf(planner)}
    form = form_of(crew, "2041-03-05", "08:00", "20:00") | {"member": stranger}
    assert planner.post(f"{AT}/new", data=form | token).status_code == 404
    refused = planner.post(f"{AT}/new", data=form | token | {"ends": "x"})
    assert refused.status_code == 400
    assert f"#{stranger}" in refused.text
    assert "OUTSIDER" not in refused.text
    form = {"team": crew.team, "name": "轮值", f"group-{stranger}": "1", "first": "x"}
    refused = planner.post(f"{AT}/patterns/new", data=form | token)
    assert refused.status_code == 400
    assert "OUTSIDER" not in refused.text
