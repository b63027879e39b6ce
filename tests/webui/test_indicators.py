"""Pages of indicators: the answer, the table of entry with its faults, files, definitions."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from tests.webui.conftest import form_token

SignIn = Callable[[str], FlaskClient]
DEFINED = {
    "code": "test.lamps", "name": "路灯完好率", "name_en": "Lamps that work", "form": "rate",
    "per": "100", "unit": "%", "numerator": "完好路灯", "numerator_en": "Lamps at work",
    "denominator": "路灯", "denominator_en": "Lamps", "level": "community",
    "period_kind": "month", "over_time": "last", "places": "1", "better": "up", "target": "90",
    "within": "1",
}  # fmt: skip
FIRST = "2025-03-01"


@pytest.fixture(scope="module")
def engine(app: Flask) -> Engine:
    found: Engine = app.extensions["gridmap.engine"]
    return found


@pytest.fixture
def units(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(
            connection.execute(
                text("SELECT id, code, name FROM unit WHERE level = 'community' ORDER BY code")
            )
        )


@pytest.fixture
def lamps(client: FlaskClient, engine: Engine) -> Iterator[str]:
    """The address of an indicator that lives for a test."""
    answer = post(client, "/indicators/new", **DEFINED)
    assert answer.status_code == 302
    yield answer.location
    number = {"id": int(answer.location.rsplit("/", 1)[1])}
    with engine.begin() as connection:
        for table in ("indicator_change", "indicator_value"):
            connection.execute(text(f"DELETE FROM {table} WHERE indicator_id = :id"), number)
        connection.execute(text("DELETE FROM indicator WHERE id = :id"), number)


def post(client: FlaskClient, address: str, **form: object) -> TestResponse:
    data = {"csrf_token": form_token(client), **form}
    return client.post(address, data=data, headers={"Accept": "text/html"})


def enter(
    client: FlaskClient, lamps: str, units: list[Any], *counts: tuple[str, str], **more: object
) -> TestResponse:
    """Send the table with counts for the first units, at the versions that the page shows."""
    page = client.get(f"{lamps}/entry?first={FIRST}").text
    form = dict(re.findall(r'name="(version-\d+)" value="(\d+)"', page))
    for unit, (part, whole) in zip(units, counts, strict=False):
        form |= {f"numerator-{unit.id}": part, f"denominator-{unit.id}": whole}
    return post(client, f"{lamps}/entry", first=FIRST, **{**form, **more})


def plain(answer: TestResponse) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def test_the_list_answers_first(client: FlaskClient) -> None:
    page = plain(client.get("/indicators"))
    for sentence in ("62.8%", "1,849 / 2,945", "17.69%", "73%", "240 m²", "75.65%", "85%"):
        assert sentence in page
    assert "✕ 未达标" in page
    missed = plain(client.get("/indicators?state=missed&lang=en"))
    assert "Homes built" in missed
    assert "Homes started" not in missed
    assert "Homes built" in plain(client.get("/indicators?q=homes.b&lang=en"))


def test_the_page_of_one_tells_its_counts_and_what_it_is_made_of(client: FlaskClient) -> None:
    address = re.search(r'href="(/indicators/\d+)[^>]*>新居开工率', client.get("/indicators").text)
    assert address
    answer = client.get(address[1])
    page = plain(answer)
    assert "已建成和在建户数1,849，计划户数2,945。" in page
    assert "由2个单元中2个的数量汇总而成" in page
    assert "数值相等的并列" in page
    assert "重复上报" in page
    # Each unit's past is a drawing with its values in words.
    assert answer.text.count("<polyline") == 2
    months = plain(client.get(f"{address[1]}?period=two_months"))
    assert "62.8%" in months


def test_rates_over_the_records_equal_a_plain_count(client: FlaskClient, engine: Engine) -> None:
    page = client.get("/indicators").text
    row = re.search(r"cases\.closing.*?</tr>", page, re.DOTALL)
    assert row
    found = re.search(r">([\d,]+) / ([\d,]+)<", row[0])
    assert found
    with engine.connect() as connection:
        due, closed = connection.execute(
            text("""
                SELECT count(*), count(*) FILTER (WHERE ended_at <= now()) FROM incident_case
                WHERE step <> 'withdrawn' AND community_id IS NOT NULL
                  AND date_trunc('month', due_at AT TIME ZONE 'Asia/Shanghai')
                    = date_trunc('month', now() AT TIME ZONE 'Asia/Shanghai') - interval '1 month'
            """)
        ).one()
    assert due > 0
    assert [int(each.replace(",", "")) for each in found.groups()] == [closed, due]


def test_a_count_over_the_records_leads_to_as_many(client: FlaskClient) -> None:
    listed = client.get("/indicators").text
    closing, homes = (
        re.search(rf'href="(/indicators/\d+)[^"]*">[^<]*</a>[^<]*<[^>]*>{code}<', listed)
        for code in ("cases\\.closing", "homes\\.built")
    )
    assert closing
    assert homes
    page = client.get(closing[1]).text
    led = re.findall(r'<td class="number"><a href="(/cases[^"]*)">([\d,]+)</a></td>', page)
    # Two communities and both together, the closed ones and the due ones of each.
    assert len(led) == 6
    for address, shown in (led[0], led[1]):
        rows = client.get(html.unescape(address)).text
        # A page has fifty of them.
        assert rows.count('class="number id"') == min(int(shown), 50)
    # Those of the communities make up those of all together.
    assert sum(int(shown) for _, shown in led[:4:2]) == int(led[4][1])
    # What is entered has no records.
    ranking = client.get(homes[1]).text.split("indicator-ranking")[1].split("</table>")[0]
    assert '<td class="number"><a' not in ranking


def test_values_are_entered_in_a_table(client: FlaskClient, lamps: str, units: list[Any]) -> None:
    assert "尚未填报数值" in client.get(lamps).text
    answer = enter(client, lamps, units, ("45", "50"), ("30", "50"))
    assert answer.status_code == 302
    page = plain(client.get(answer.location))
    assert "新填2个数值" in page
    assert "75.0%" in page
    assert "完好路灯75，路灯100。" in page
    assert "✕ 未达标" in page


def test_what_was_typed_is_kept_and_each_fault_stands_in_its_cell(
    client: FlaskClient, lamps: str, units: list[Any]
) -> None:
    answer = enter(client, lamps, units, ("4x", "50"), ("30", "5O"))
    assert answer.status_code == 400
    assert "有2格不能保存" in answer.text
    first = units[0].id
    assert f'aria-describedby="fault-numerator-{first}"' in answer.text
    assert f'id="fault-numerator-{first}">4x不是数字。' in answer.text
    assert 'value="4x"' in answer.text
    # What only the service finds is told in the same way.
    answer = enter(client, lamps, units, ("51", "50"), ("30", "50"))
    assert answer.status_code == 400
    assert f'id="fault-numerator-{first}">51大于其所属的50。' in answer.text
    assert "尚未填报数值" in client.get(lamps).text


def test_a_correction_asks_why_and_is_listed(
    client: FlaskClient, lamps: str, units: list[Any]
) -> None:
    enter(client, lamps, units, ("45", "50"))
    answer = enter(client, lamps, units, ("46", "50"))
    assert answer.status_code == 400
    assert 'id="reason-fault"' in answer.text
    assert 'value="46"' in answer.text
    assert enter(client, lamps, units, ("46", "50"), reason="漏报一盏").status_code == 302
    history = plain(client.get(f"{lamps}/history"))
    assert "45 / 50 46 / 50 漏报一盏" in history


def test_who_saves_over_somebody_elses_value_sees_it_first(
    client: FlaskClient, sign_in: SignIn, lamps: str, units: list[Any]
) -> None:
    enter(client, lamps, units, ("45", "50"))
    seen = client.get(f"{lamps}/entry?first={FIRST}").text
    versions = dict(re.findall(r'name="(version-\d+)" value="(\d+)"', seen))
    other = enter(sign_in("supervisor"), lamps, units, ("40", "50"), reason="复核")
    assert other.status_code == 302
    answer = enter(client, lamps, units, ("46", "50"), reason="漏报", **versions)
    assert answer.status_code == 409
    assert "期间已变更" in answer.text
    assert "40 / 50" in answer.text
    assert 'value="46"' in answer.text
    # The form now holds the version that it shows, so that saving again is meant.
    assert f'name="version-{units[0].id}" value="2"' in answer.text


def test_a_table_goes_to_excel_and_comes_back_unsaved(
    client: FlaskClient, lamps: str, units: list[Any]
) -> None:
    sheet = client.get(f"{lamps}/entry.xlsx?first={FIRST}")
    book = openpyxl.load_workbook(io.BytesIO(sheet.data))
    book.worksheets[0]["C3"], book.worksheets[0]["D3"] = 45, "fifty"
    stream = io.BytesIO()
    book.save(stream)
    stream.seek(0)
    answer = post(client, f"{lamps}/entry/file", first=FIRST, file=(stream, "灯.xlsx"))
    assert answer.status_code == 200
    assert "尚未保存" in answer.text
    assert 'value="45"' in answer.text
    assert "fifty不是数字。" in answer.text
    assert "尚未填报数值" in client.get(lamps).text
    refused = post(client, f"{lamps}/entry/file", first=FIRST, file=(io.BytesIO(b"x"), "a.pdf"))
    assert refused.status_code == 400
    refused = post(client, f"{lamps}/entry/file", first=FIRST, file=(io.BytesIO(b"x"), "a.xlsx"))
    assert refused.status_code == 400


def test_a_definition_keeps_what_was_typed_and_names_the_field(client: FlaskClient) -> None:
    answer = post(client, "/indicators/new", **{**DEFINED, "code": "Bad Code"})
    assert answer.status_code == 400
    assert 'id="fault-code"' in answer.text
    assert 'value="路灯完好率"' in answer.text
    answer = post(client, "/indicators/new", **{**DEFINED, "target": "x"})
    assert 'id="fault-target"' in answer.text


def test_a_definition_is_changed_retired_and_used_again(client: FlaskClient, lamps: str) -> None:
    page = client.get(f"{lamps}/edit").text
    assert 'value="Lamps that work"' in page
    assert 'name="code"' not in page
    changed = post(client, f"{lamps}/edit", **{**DEFINED, "version": "1", "target": "70"})
    assert changed.status_code == 302
    assert post(client, f"{lamps}/edit", **{**DEFINED, "version": "1"}).status_code == 409
    assert post(client, f"{lamps}/retire", retired="1").status_code == 302
    assert "路灯完好率" not in client.get("/indicators").text
    assert "路灯完好率" in client.get("/indicators?state=retired").text
    assert post(client, f"{lamps}/entry", first=FIRST).status_code == 409
    post(client, f"{lamps}/retire", retired="0")
    assert "路灯完好率" in client.get("/indicators").text
    told = client.get("/audit?subject=indicator").text
    assert "停用指标" in told
    assert "修改指标" in told


def test_only_periods_of_the_indicator_are_offered(client: FlaskClient, lamps: str) -> None:
    assert client.get(f"{lamps}/entry?first=2199-01-01").status_code == 400
    # Any day leads to its month.
    assert "2025年3月" in client.get(f"{lamps}/entry?first=2025-03-17").text


def test_the_export_is_what_the_page_shows(
    client: FlaskClient, lamps: str, units: list[Any]
) -> None:
    enter(client, lamps, units, ("45", "50"), ("30", "50"))
    rows = client.get(f"{lamps}/export/csv").get_data(as_text=True).splitlines()
    assert len(rows) == 4
    assert rows[1].startswith("1,,,")
    assert "90.0" in rows[1]
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{lamps}/export/xlsx").data))
    assert [sheet.title for sheet in book.worksheets] == ["排名", "趋势"]
    assert client.get(f"{lamps}/export/pdf").status_code == 404


def test_what_values_mean_cannot_be_chosen_any_more(
    client: FlaskClient, lamps: str, units: list[Any]
) -> None:
    assert '<select name="over_time">' in client.get(f"{lamps}/edit").text
    enter(client, lamps, units, ("8", "10"))
    form = client.get(f"{lamps}/edit").text
    for field in ("form", "per", "level", "period_kind", "over_time", "numerator_measure"):
        assert f'<select name="{field}" disabled>' in form
        assert f'<input type="hidden" name="{field}"' in form
    # A name can still be changed, with what the form sends for the rest.
    kept = {**DEFINED, "version": "1", "name": "路灯亮灯率"}
    assert post(client, f"{lamps}/edit", **kept).status_code == 302
    refused = post(client, f"{lamps}/edit", **{**kept, "version": "2", "over_time": "sum"})
    assert refused.status_code == 409
    assert "“较长时段的取值”不能更改：已有数值" in plain(refused)
