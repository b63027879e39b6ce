"""The dashboard and the page of a cell: figures that agree with their records, and few queries."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, text

SignIn = Callable[[str], FlaskClient]


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """List the statements that reach the database."""
    said: list[str] = []
    engine = app.extensions["gridmap.engine"]

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        said.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield said
    event.remove(engine, "before_cursor_execute", note)


def value(app: Flask, statement: str) -> str:
    with app.extensions["gridmap.engine"].connect() as connection:
        return str(connection.execute(text(statement)).scalar_one())


def total_of(page: str) -> int:
    found = re.search(r'id="total" href="[^"]+" data-count="(\d+)"', page)
    assert found
    return int(found[1])


@pytest.mark.parametrize("login", ["admin", "supervisor", "planner", "analyst"])
def test_the_office_begins_at_the_dashboard(sign_in: SignIn, login: str) -> None:
    client = sign_in(login)
    assert client.get("/").location == "/dashboard"
    assert client.get("/dashboard").status_code == 200


def test_a_cadre_has_no_dashboard(sign_in: SignIn) -> None:
    client = sign_in("cadre")
    assert client.get("/").location != "/dashboard"
    for address in ("/dashboard", "/dashboard/records", "/dashboard/outlines.json", "/cell/1"):
        assert client.get(address).status_code == 403


@pytest.mark.parametrize("level", ["county", "town", "community"])
@pytest.mark.parametrize("figure", ["total", "rate", "change", "patrols"])
def test_every_level_shows_its_total_and_the_records_behind(
    app: Flask, client: FlaskClient, level: str, figure: str
) -> None:
    unit = value(app, f"SELECT code FROM unit WHERE level = '{level}' ORDER BY code LIMIT 1")
    page = client.get(f"/dashboard?unit={unit}&period=half&figure={figure}&lang=en").text
    link = re.search(r'id="total" href="([^"]+)"', page)
    assert link
    records = client.get(link[1].replace("&amp;", "&")).text
    assert f"{total_of(page):,} incidents" in records


@pytest.mark.parametrize(
    "query",
    [
        "unit=1", "period=year", "on=yesterday", "period=custom&from=2026-02-01&to=2026-01-01",
        "period=custom&from=1990-01-01&to=2026-01-01",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told(client: FlaskClient, query: str) -> None:
    assert client.get(f"/dashboard?{query}").status_code in (400, 404)


@pytest.mark.parametrize("query", ["hour=24", "weekday=x", "after=1", "after=2026-01-01,1"])
def test_odd_lists_are_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"/dashboard/records?{query}").status_code == 400


def test_an_empty_period_leads_to_the_newest(client: FlaskClient) -> None:
    page = client.get("/dashboard?period=week&on=1999-01-10&lang=en").text
    assert total_of(page) == 0
    assert "Show the month of the newest one" in page


def test_pages_of_the_list_follow_each_other(client: FlaskClient) -> None:
    page = client.get("/dashboard/records?period=half&lang=en").text
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following
    second = client.get(following[1].replace("&amp;", "&")).text
    sights = [set(re.findall(r"sel=incident(?::|%3A)(\d+)", text)) for text in (page, second)]
    assert len(sights[0]) == 50
    assert sights[1]
    assert not sights[0] & sights[1]


def test_the_dashboard_asks_few_questions(app: Flask, client: FlaskClient) -> None:
    unit = value(app, "SELECT code FROM unit WHERE level = 'town' ORDER BY code DESC LIMIT 1")
    with counted(app) as said:
        client.get(f"/dashboard?unit={unit}&period=quarter&figure=rate")
    assert len(said) <= 19, said


def test_the_page_of_a_cell_asks_few_questions(app: Flask, client: FlaskClient) -> None:
    cell = value(app, "SELECT min(id) FROM cell WHERE kind = 'basic'")
    with counted(app) as said:
        page = client.get(f"/cell/{cell}")
    assert page.status_code == 200
    assert len(said) <= 20, said


def test_the_page_of_a_cell_shows_its_shapes(app: Flask, client: FlaskClient) -> None:
    cell = value(app, "SELECT cell_id FROM building GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")
    shapes = client.get(f"/cell/{cell}/shapes.json").get_json()["features"]
    assert {shape["properties"]["what"] for shape in shapes} >= {
        "own",
        "near",
        "building",
        "street",
    }
    assert [shape["id"] for shape in shapes if shape["properties"]["what"] == "own"] == [int(cell)]
    assert client.get("/cell/999999999").status_code == 404


def test_outlines_are_those_of_the_parts(app: Flask, client: FlaskClient) -> None:
    towns = int(value(app, "SELECT count(*) FROM unit WHERE level = 'town'"))
    answer = client.get("/dashboard/outlines.json")
    assert len(answer.get_json()["features"]) == towns
    again = client.get(
        "/dashboard/outlines.json", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert again.status_code == 304


def exported(client: FlaskClient, address: str) -> int:
    """Count the cases of a list by its export, which has no pages."""
    answer = client.get(address.replace("&amp;", "&").replace("/cases?", "/cases.csv?"))
    assert answer.status_code == 200
    return len(list(csv.reader(io.StringIO(answer.text)))) - 1


@pytest.mark.parametrize("login", ["admin", "supervisor"])
def test_the_rate_leads_to_the_cases_it_divides(sign_in: SignIn, login: str) -> None:
    client = sign_in(login)
    page = client.get("/dashboard?period=half&lang=zh").text
    client.delete_cookie("lang")
    tile = page.split("<h2>按期结案率</h2>")[1].split("</div>")[0]
    due, on_time, closed = re.findall(r'href="(/cases\?[^"]+)"', tile)
    told = [
        int(number.replace(",", ""))
        for pattern in (r"应结 ([\d,]+) 件", r"按期结案 ([\d,]+) 件", r"([\d,]+) 件，[\d.]+ %<")
        for number in re.findall(pattern, tile)
    ]
    assert told[:2] == [exported(client, due), exported(client, on_time)]
    late = due + "&outcome=not_on_time"
    assert exported(client, due) == exported(client, on_time) + exported(client, late)
    assert exported(client, on_time) <= exported(client, closed) <= exported(client, due)


def test_a_number_of_the_period_before_leads_to_its_incidents(client: FlaskClient) -> None:
    page = client.get("/dashboard?period=month&lang=en").text
    parts = page.split('<section class="parts">')[1]
    row = parts.split("<tbody>")[1].split("</tr>")[0]
    [(_, _), (address, number)] = re.findall(r'<a href="([^"]+records[^"]+)">([\d,]+)</a>', row)
    records = client.get(address.replace("&amp;", "&")).text
    assert f"{number} incidents" in records


def test_the_open_cases_of_a_cell_are_those_its_page_counts(
    client: FlaskClient, app: Flask
) -> None:
    cell, number = value(app, """
        SELECT cell_id || ' ' || count(*) FROM incident_case
        WHERE ended_at IS NULL AND cell_id IS NOT NULL GROUP BY cell_id ORDER BY count(*) LIMIT 1
    """).split()  # fmt: skip
    page = client.get(f"/cell/{cell}").text
    assert f'href="/cases?cell={cell}"' in page
    assert exported(client, f"/cases?cell={cell}") == int(number)


def test_the_records_of_a_cell_lead_back_to_it(client: FlaskClient, app: Flask) -> None:
    cell = value(app, "SELECT cell_id FROM building GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")
    found = re.search(r'href="([^"]+)" id="recent"', client.get(f"/cell/{cell}").text)
    assert found
    assert f'href="/cell/{cell}"' in client.get(found[1].replace("&amp;", "&")).text
    assert client.get("/dashboard/records?cell=999999999").status_code == 404
