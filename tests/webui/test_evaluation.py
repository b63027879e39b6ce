"""What the pages of evaluations say and do."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from webui.evaluation import words


def of(app: Flask, statement: str) -> int:
    with Session(app.extensions["gridmap.engine"]) as session:
        found: int = session.execute(text(statement)).scalar_one()
        return found


def published(app: Flask) -> int:
    return of(app, "SELECT max(id) FROM evaluation WHERE state = 'published'")


def test_long_times_have_separators() -> None:
    assert words.bare({"v": "1020.18"}) == "1,020.18"
    assert words.bare({"v": None}) == words.bare(None) == "–"
    assert words.value("cases.to_close_p90", {"v": "1020.18"}) == "1,020.18 h"


def test_a_table_goes_out_with_the_counts_of_each_rate(app: Flask, client: FlaskClient) -> None:
    answer = client.get(f"/evaluation/{published(app)}/members.csv?group=community&lang=zh")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert len(rows) == of(app, "SELECT count(*) FROM unit WHERE level = 'community'")
    for row in rows:
        due, closed = int(row["应结案数"]), int(row["结案数"])
        if due:
            assert row["结案率 (%)"] == str(round(100 * closed / due, 2))
        assert row["名次"] == "数量过少，不宜比较" or int(row["名次"]) >= 1


def test_a_sheet_leads_to_as_many_cases_as_it_counts(app: Flask, client: FlaskClient) -> None:
    evaluation = published(app)
    member = of(
        app,
        f"""
        SELECT member_id FROM evaluation_member
        WHERE evaluation_id = {evaluation} AND grp = 'cell' AND due BETWEEN 1 AND 40
        ORDER BY member_id LIMIT 1
    """,
    )
    page = client.get(f"/evaluation/{evaluation}/cell/{member}?lang=zh").text
    found = re.search(r'<a href="(/cases\?[^"]*)">(\d+)</a>', page)
    assert found
    listed = client.get(found[1].replace("&amp;", "&")).text
    assert listed.count('class="number id"') == int(found[2])


def test_a_cadre_reads_and_comments_on_the_own_area_only(
    app: Flask, sign_in: Callable[[str], FlaskClient], csrf: Callable[[FlaskClient], str]
) -> None:
    cadre = sign_in("cadre")
    assert "/evaluation/mine" in cadre.get("/my").text
    mine = cadre.get("/evaluation/mine").text
    own = set(re.findall(r"/evaluation/(\d+)/cadre/(\d+)", mine))
    assert len({person for _, person in own}) == 1
    opened = of(app, "SELECT max(id) FROM evaluation WHERE state = 'open'")
    person = next(iter(own))[1]
    address = f"/evaluation/{opened}/cadre/{person}"
    answer = cadre.post(address, data={"csrf_token": csrf(cadre), "text": "网格已调整"})
    assert answer.status_code == 302
    assert "网格已调整" in cadre.get(address).text
    assert cadre.get(f"/evaluation/{opened}").status_code == 403
    other = of(
        app,
        f"""
        SELECT min(member_id) FROM evaluation_member
        WHERE evaluation_id = {opened} AND grp = 'cadre' AND member_id <> {person}
    """,
    )
    assert cadre.get(f"/evaluation/{opened}/cadre/{other}").status_code == 404


def team_of_the_cadre(app: Flask) -> int:
    return of(
        app,
        """
        SELECT min(m.team_id) FROM team_member m JOIN cadre d ON d.id = m.cadre_id
        JOIN app_user u ON u.id = d.user_id WHERE u.login = 'cadre'
    """,
    )


def test_teams_are_listed_with_their_own_measures_and_lead_to_their_shifts(
    app: Flask, sign_in: Callable[[str], FlaskClient]
) -> None:
    opened = of(app, "SELECT max(id) FROM evaluation WHERE state = 'open'")
    team = team_of_the_cadre(app)
    office = sign_in("supervisor")
    page = office.get(f"/evaluation/{opened}?group=team&lang=zh").text
    assert f"/evaluation/{opened}/team/{team}" in page
    assert "班次完成率" in page
    # What is told of cases is not told of teams.
    assert "结案率" not in page.split("<thead>")[1].split("</thead>")[0]
    sheet = office.get(f"/evaluation/{opened}/team/{team}?lang=zh").text
    links = re.findall(r'<a href="(/patrols/shifts/list\?[^"]*)">([\d,]+)</a>', sheet)
    assert links
    for address, count in links[:2]:
        listed = office.get(address.replace("&amp;", "&")).text
        assert f"/ {count}</span>" in listed
    assert sheet.count("/patrols/shifts/sheet?team=") == 3
    answer = office.get(f"/evaluation/{opened}/members.csv?group=team&lang=zh")
    table = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert table
    for row in table:
        done, due = int(row["已值班次"]), int(row["应值班次"])
        assert float(row["班次完成率 (%)"]) == round(100 * done / due + 1e-9, 2)


def test_a_cadre_reads_of_the_own_teams_and_of_no_other(
    app: Flask, sign_in: Callable[[str], FlaskClient]
) -> None:
    opened = of(app, "SELECT max(id) FROM evaluation WHERE state = 'open'")
    team, cadre = team_of_the_cadre(app), sign_in("cadre")
    assert f"/evaluation/{opened}/team/{team}" in cadre.get("/evaluation/mine").text
    assert cadre.get(f"/evaluation/{opened}/team/{team}").status_code == 200
    other = of(
        app,
        f"""
        SELECT min(m.member_id) FROM evaluation_member m
        WHERE m.evaluation_id = {opened} AND m.grp = 'team' AND NOT EXISTS (
            SELECT FROM team_member t JOIN cadre d ON d.id = t.cadre_id
            JOIN app_user u ON u.id = d.user_id
            WHERE u.login = 'cadre' AND t.team_id = m.member_id)
    """,
    )
    assert cadre.get(f"/evaluation/{opened}/team/{other}").status_code == 404


def test_nobody_sorts_persons_by_what_they_reach(app: Flask, client: FlaskClient) -> None:
    page = client.get(f"/evaluation/{published(app)}?group=cadre&sort=score&order=desc").text
    plain = client.get(f"/evaluation/{published(app)}?group=cadre").text
    order = re.findall(r"/cadre/(\d+)", page)
    assert order == re.findall(r"/cadre/(\d+)", plain)
    assert order
    assert "sort=score" not in re.sub(r"lang=[^>]*", "", page.split("<thead>")[1])


def test_a_new_evaluation_is_asked_for_and_waits_for_its_count(
    client: FlaskClient, app: Flask, csrf: Callable[[FlaskClient], str]
) -> None:
    unit = of(app, "SELECT min(id) FROM unit WHERE level = 'town'")
    data = {"csrf_token": csrf(client), "unit": str(unit), "period": "month:2026-02-01"}
    answer = client.post("/evaluation", data=data)
    assert answer.status_code == 302
    page = client.get(answer.location).text
    assert 'id="wait"' in page
    assert client.get(f"{answer.location}/state.json").json["state"] == "waiting"
    again = client.post("/evaluation", data=data)
    assert again.status_code == 409


def test_weights_make_a_new_version_and_keep_what_was_typed(
    client: FlaskClient, csrf: Callable[[FlaskClient], str]
) -> None:
    def newest() -> str:
        page = client.get("/evaluation/weights").text
        return page.partition('name="version" value="')[2].partition('"')[0]

    given = {"csrf_token": csrf(client), "few": "12", "weight-cases.closed": "3", "note": "试行",
             "version": newest()}  # fmt: skip
    answer = client.post("/evaluation/weights", data=given)
    assert answer.status_code == 302
    page = client.get("/evaluation/weights?lang=zh").text
    assert "试行" in page
    assert 'value="12"' in page
    # Somebody else saves what he saw before.
    late = client.post("/evaluation/weights?lang=zh", data={**given, "few": "13"})
    assert late.status_code == 409
    assert "期间已有他人修改" in late.text
    assert 'value="13"' in late.text
    wrong = {**given, "weight-cases.to_close_p50": "4", "version": newest()}
    refused = client.post("/evaluation/weights", data=wrong)
    assert refused.status_code == 400
    assert 'name="weight-cases.to_close_p50" value="4"' in refused.text
