"""A second connection sees what the first one does, and is only taken where it helps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from gridmap import spare as spares
from gridmap.db import make_engine
from gridmap.spare import spare

COUNT = text("SELECT count(*) FROM category")
ADD = text("INSERT INTO category (code, name) VALUES ('A', '治安')")


@pytest.fixture(autouse=True)
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests are running meanwhile."""
    monkeypatch.setattr(spares, "_processor_idle", lambda: True)


@pytest.fixture
def reading(own_engine: Engine) -> Iterator[Connection]:
    """A connection as the pages read by it, the only one of its pool that is taken."""
    with own_engine.connect() as connection:
        yield connection.execution_options(isolation_level="AUTOCOMMIT")


def test_both_see_one_state_and_the_present_one_afterwards(
    reading: Connection, own_database_url: str
) -> None:
    writer = make_engine(own_database_url)
    with spare(reading) as second:
        assert second is not None
        with writer.begin() as connection:
            connection.execute(ADD)
        assert (reading.scalar(COUNT), second.scalar(COUNT)) == (0, 0)
    assert reading.scalar(COUNT) == 1
    writer.dispose()


def test_nothing_can_be_written_by_them(reading: Connection) -> None:
    with spare(reading) as second:
        assert second is not None
        with pytest.raises(DBAPIError, match="read-only"):
            second.execute(ADD)
    reading.execute(ADD)
    assert reading.scalar(COUNT) == 1


def test_after_a_fault_both_can_be_used_again(reading: Connection, own_engine: Engine) -> None:
    with pytest.raises(DBAPIError, match="division"), spare(reading):
        reading.execute(text("SELECT 1 / 0"))
    assert reading.scalar(COUNT) == 0
    with own_engine.connect() as other:
        assert other.scalar(text("SELECT current_setting('transaction_isolation')")) == (
            "read committed"
        )


def test_none_is_spared_while_others_read(reading: Connection, own_engine: Engine) -> None:
    with own_engine.connect(), spare(reading) as second:
        assert second is None
    with spare(reading) as second:
        assert second is not None


def test_none_is_spared_in_a_transaction(own_engine: Engine) -> None:
    with own_engine.connect() as connection, spare(connection) as second:
        assert second is None


def test_none_is_spared_of_a_pool_of_one(own_database_url: str) -> None:
    engine = make_engine(own_database_url, pool_size=1, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        single = connection.execution_options(isolation_level="AUTOCOMMIT")
        with spare(single) as second:
            assert second is None
    engine.dispose()


def test_none_is_spared_while_the_processors_are_busy(
    reading: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spares, "_processor_idle", lambda: False)
    with spare(reading) as second:
        assert second is None


@pytest.mark.parametrize(("running", "idle"), [(1, True), (2, True), (3, False)])
def test_of_two_processors_one_is_idle_while_no_more_than_two_programs_run(
    monkeypatch: pytest.MonkeyPatch, running: int, idle: bool
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(spares.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(
        spares.Path, "read_text", lambda *_, **__: f"0.20 0.18 0.12 {running}/80 11206"
    )
    assert spares._processor_idle() is idle
