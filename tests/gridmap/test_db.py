"""Connections that ended are replaced, and plans are kept for whom asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from gridmap.db import KEEP_PLAN, make_engine


@pytest.fixture
def single(database_url: str) -> Iterator[Engine]:
    """An engine with one connection at a time, as the pages read by it."""
    given = {"prepare_threshold": 1 << 31}
    engine = make_engine(
        database_url, pool_size=1, max_overflow=0, connect_args=given, isolation_level="AUTOCOMMIT"
    )
    yield engine
    engine.dispose()


def number_of(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text("SELECT pg_backend_pid()")) or 0)


def test_a_connection_that_the_server_ended_is_opened_anew(engine: Engine, single: Engine) -> None:
    before = number_of(single)
    assert number_of(single) == before
    with engine.connect() as connection:
        end = text("SELECT pg_terminate_backend(:number, 10000)")
        assert connection.scalar(end, {"number": before})
    assert number_of(single) not in (0, before)


def kept(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        found = text("SELECT statement FROM pg_prepared_statements ORDER BY 1")
        return list(connection.scalars(found))


def test_a_plan_is_kept_for_whom_asks_for_it(single: Engine) -> None:
    plain = text("SELECT :one + 1")
    always = plain.execution_options(**{KEEP_PLAN: "any values"})
    again = plain.execution_options(**{KEEP_PLAN: "these values"})
    with single.connect() as connection:
        for _ in range(9):
            assert connection.scalar(plain, {"one": 7}) == 8
        assert connection.scalar(always, {"one": 7}) == 8
    assert kept(single) == ["SELECT $1 + 1"]
    with single.connect() as connection:
        for one in (1, 2, 3, 2):
            assert connection.scalar(again, {"one": one}) == one + 1
    assert kept(single) == ["SELECT $1 + 1", "SELECT 2 + 1"]


def test_values_stay_values_where_they_are_written_into_the_statement(single: Engine) -> None:
    odd = "'; DROP TABLE unit; -- % %s \\ 案"
    asked = text("SELECT CAST(:odd AS text)").execution_options(**{KEEP_PLAN: "these values"})
    with single.connect() as connection:
        for _ in range(3):
            assert connection.scalar(asked, {"odd": odd}) == odd


def test_texts_come_in_utf8_whatever_the_environment_says(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "GBK")
    engine = make_engine(database_url)
    with engine.connect() as connection:
        result = connection.execute(text("SELECT '桥'"))
        assert result.cursor.pgresult.get_value(0, 0) == "桥".encode()
    engine.dispose()
