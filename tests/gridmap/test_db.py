"""Connections that ended are replaced, and plans are kept for whom asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DataError, OperationalError

from gridmap.db import Keeping, make_engine, prepared


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


def ask(connection: Connection, statement: str, keeping: Keeping, **values: object) -> object:
    with prepared(connection, statement, values, keeping) as cursor:
        return cursor.fetchone()[0]  # type: ignore[index]


def test_a_plan_is_kept_for_whom_asks_for_it(single: Engine) -> None:
    plain = "SELECT :one + 1"
    with single.connect() as connection:
        for _ in range(9):
            assert connection.scalar(text(plain), {"one": 7}) == 8
        assert ask(connection, plain, "any values", one=7) == 8
    assert kept(single) == ["SELECT $1 + 1"]
    with single.connect() as connection:
        for one in (1, 2, 3, 2):
            assert ask(connection, plain, "these values", one=one) == one + 1
    assert kept(single) == ["SELECT $1 + 1", "SELECT 2 + 1"]


def test_values_stay_values_where_they_are_written_into_the_statement(single: Engine) -> None:
    odd = "'; DROP TABLE unit; -- % %s \\ 案"
    with single.connect() as connection:
        for _ in range(3):
            assert ask(connection, "SELECT CAST(:odd AS text)", "these values", odd=odd) == odd


def test_who_listens_for_statements_hears_these_too(single: Engine) -> None:
    heard: list[str] = []
    event.listen(single, "before_cursor_execute", lambda *given: heard.append(given[2]))
    with single.connect() as connection:
        assert ask(connection, "SELECT :one", "any values", one=7) == 7
    assert heard == ["SELECT %(one)s"]


def test_a_fault_is_raised_as_sqlalchemy_raises_it(single: Engine) -> None:
    with single.connect() as connection:
        for keeping in ("any values", "these values"):
            with pytest.raises(DataError) as fault:
                ask(connection, "SELECT 1 / CAST(:none AS integer)", keeping, none=0)
            assert fault.value.orig.sqlstate == "22012"
        connection.execute(text("SET statement_timeout = 50"))
        with pytest.raises(OperationalError):
            ask(connection, "SELECT pg_sleep(:long)", "any values", long=5)
        connection.execute(text("RESET statement_timeout"))


def test_texts_come_in_utf8_whatever_the_environment_says(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "GBK")
    engine = make_engine(database_url)
    with engine.connect() as connection:
        result = connection.execute(text("SELECT '桥'"))
        assert result.cursor.pgresult.get_value(0, 0) == "桥".encode()
    engine.dispose()
