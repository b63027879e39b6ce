"""Every source of a report leads to a page, and the page lists as many records as it says."""

from __future__ import annotations

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from geodata.town.incidents import last_full_half
from gridmap.reports.documents.compose import Composed, compose
from gridmap.reports.documents.order import Kind, Order
from gridmap.reports.structure import Fact, Source

TODAY = datetime.now(ZoneInfo("Asia/Shanghai")).date()


def composed(app: Flask, kind: Kind, first: date, last: date, cell: bool = False) -> Composed:
    with Session(app.extensions["gridmap.engine"]) as session:
        unit = session.scalar(text("SELECT id FROM unit WHERE name LIKE '幸福%'"))
        cell_id = None
        if cell:
            cell_id = session.scalar(
                text("SELECT id FROM cell WHERE community_id = :unit AND kind = 'basic' LIMIT 1"),
                {"unit": unit},
            )
        order = Order(kind, int(unit or 0), first, last, cell_id)
        return compose(session, order, lambda share, message: None, pictures=False)


@pytest.fixture(scope="module")
def half(app: Flask) -> Composed:
    return composed(app, "half_year", *last_full_half(TODAY))


def address(app: Flask, source: Source, fact: Fact | None = None) -> str:
    asked = source.arguments | (fact.arguments if fact else {})
    with app.test_request_context():
        return url_for(source.endpoint or "", **asked)


def test_every_source_leads_to_a_page(app: Flask, client: FlaskClient, half: Composed) -> None:
    others = [
        composed(app, "patrol_briefing", TODAY.replace(day=1), TODAY),
        composed(app, "cell_sheet", TODAY.replace(day=1), TODAY, cell=True),
    ]
    led = set()
    for made in [half, *others]:
        for source in made.documents["en"].sources:
            if source.endpoint and source.endpoint in app.view_functions:
                assert client.get(address(app, source)).status_code == 200, source
                led.add(source.endpoint)
    assert {"dashboard.records", "cases.index", "staff.index", "cell_page.show"} <= led


def test_records_behind_incidents_are_as_many_as_the_figure(
    app: Flask, client: FlaskClient, half: Composed
) -> None:
    sources = {source.key: source for source in half.documents["en"].sources}
    tried = 0
    for fact in half.facts.values():
        source = sources[fact.source]
        if source.endpoint != "dashboard.records" or fact.unit or "others" in fact.key:
            continue
        # Kinds told together have no list of their own.
        if ".change" in fact.key or "thefts" in fact.key:
            continue
        page = client.get(address(app, source, fact) + "&language=en").text
        found = re.search(r'<h1 class="list-title">\D*([\d,]+)', page)
        assert found
        assert int(found[1].replace(",", "")) == fact.value, fact
        tried += 1
    assert tried > 20


def test_cases_behind_disputes_are_as_many_as_the_figure(
    app: Flask, client: FlaskClient, half: Composed
) -> None:
    sources = {source.key: source for source in half.documents["en"].sources}
    for key in ("disputes.received", "disputes.settled"):
        fact = half.facts[key]
        assert fact.value == 4
        where = address(app, sources[fact.source], fact).replace("/cases?", "/cases.csv?")
        lines = client.get(where).text.strip().splitlines()
        assert len(lines) - 1 == 4


def test_an_indicators_figure_leads_to_the_indicator(
    app: Flask, client: FlaskClient, half: Composed
) -> None:
    document = half.documents["en"]
    (source,) = [source for source in document.sources if source.key == "indicators"]
    figures = [fact for fact in half.facts.values() if fact.source == "indicators"]
    assert figures
    for fact in figures[:3]:
        page = client.get(address(app, source, fact) + "&language=en").text
        assert f'<span class="quiet">{fact.arguments["q"]}</span>' in page
