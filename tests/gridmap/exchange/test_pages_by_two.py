"""A page that two connections make is the page that one makes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError

from gridmap import spare
from gridmap.exchange import feature_blocks
from gridmap.exchange.collections import COLLECTIONS, INCIDENTS
from gridmap.exchange.cql import translate
from gridmap.exchange.cql_reading import parse
from gridmap.exchange.cursors import Sort
from gridmap.exchange.feature_blocks import Blocks, Reading
from gridmap.exchange.features import Page, Query, find_page
from gridmap.exchange.grant import Grant, LayerGrant
from gridmap.exchange.periods import Period
from gridmap.exchange.visible import queryables
from tests.gridmap.exchange.copying import add_incident

WHOLE = Grant("town", {key: LayerGrant() for key in COLLECTIONS})
COLUMNS = queryables(INCIDENTS, WHOLE)
SINCE = Period(datetime(2025, 3, 3, tzinfo=UTC), None)
QUERIES = {
    "plain": Query(),
    "box": Query(boxes=((109.99, 29.99, 110.018, 30.02),)),
    "filter": Query(
        conditions=(
            translate(parse("category = 'A' AND cell_code IS NOT NULL", "cql2-text"), COLUMNS,
                      "t.geom"),
        )
    ),
    "times": Query(times=SINCE),
    "order": Query(sorts=(Sort(COLUMNS["occurred_at"], descending=True),)),
}  # fmt: skip


@pytest.fixture
def eleven(town: Engine) -> Engine:
    """Eleven incidents, the last of them outside all cells."""
    with town.begin() as connection:
        for number in range(10):
            add_incident(connection, 0.0029 * number, f"2025-03-{1 + number * 7 % 10:02} 12:00")
        add_incident(connection, -0.005)
    return town


def pages(connection: Connection, query: Query) -> list[Page]:
    """Follow all pages."""
    found: list[Page] = []
    while True:
        page = find_page(connection, INCIDENTS, WHOLE, query)
        found.append(replace(page, blocks=[page.features]))
        if page.next is None:
            return found
        query = replace(query, cursor=page.next)


@pytest.mark.parametrize("name", QUERIES)
def test_two_make_what_one_makes(
    eleven: Engine, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """With every length of a page, so that halves end before, at and after the last feature."""
    monkeypatch.setattr(spare, "_processor_idle", lambda: True)
    heard: list[str] = []
    event.listen(eleven, "before_cursor_execute", lambda *given: heard.append(given[2]))
    with eleven.connect() as connection:
        reading = connection.execution_options(isolation_level="AUTOCOMMIT")
        for limit in range(1, 13):
            query = replace(QUERIES[name], limit=limit)
            monkeypatch.setattr(feature_blocks, "_LONG", limit + 1)
            heard.clear()
            by_one, statements = pages(reading, query), len(heard)
            # What fills a page that the first statement left free is shorter than it.
            monkeypatch.setattr(feature_blocks, "_LONG", 0)
            heard.clear()
            assert pages(reading, query) == by_one
            assert len(heard) == 2 * statements


def test_a_fault_of_the_second_is_told(eleven: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spare, "_processor_idle", lambda: True)
    monkeypatch.setattr(feature_blocks, "_LONG", 1)
    part = Reading.part

    def broken(self: Reading, connection: Connection, skipped: int, limit: int) -> Blocks:
        if skipped:
            connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return part(self, connection, skipped, limit)

    with eleven.connect() as connection:
        reading = connection.execution_options(isolation_level="AUTOCOMMIT")
        with monkeypatch.context() as patch:
            patch.setattr(Reading, "part", broken)
            with pytest.raises(DBAPIError):
                find_page(reading, INCIDENTS, WHOLE, Query(limit=4))
        assert find_page(reading, INCIDENTS, WHOLE, Query(limit=4)).count == 4
