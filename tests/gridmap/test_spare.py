"""Two connections see one state, and the second is only taken where it helps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from gridmap import spare
from gridmap.db import make_engine
from gridmap.spare import at_once

COUNT = text("SELECT count(*) FROM category")
ADD = text("INSERT INTO category (code, name) VALUES ('A', '治安')")
ISOLATION = text("SELECT current_setting('transaction_isolation')")


def count(connection: Connection) -> int:
    found: int = connection.execute(COUNT).scalar_one()
    return found


def both(connection: Connection) -> tuple[int, int] | None:
    return at_once(connection, count, count)


@pytest.fixture(autouse=True)
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests are running meanwhile."""
    monkeypatch.setattr(spare, "_processor_idle", lambda: True)


@pytest.fixture
def reading(own_engine: Engine) -> Iterator[Connection]:
    """A connection as the pages read by it, the only one of its pool that is taken."""
    with own_engine.connect() as connection:
        yield connection.execution_options(isolation_level="AUTOCOMMIT")


def test_both_see_the_state_of_their_beginning(reading: Connection, own_database_url: str) -> None:
    """Between the beginning and the looks of both a category is added."""
    writer = make_engine(own_database_url)
    # Both have begun when they meet, the first one adds, and then both look.
    met, added = Barrier(2, timeout=20), Barrier(2, timeout=20)

    def add_and_count(connection: Connection) -> int:
        met.wait()
        with writer.begin() as other:
            other.execute(ADD)
        added.wait()
        return count(connection)

    def wait_and_count(connection: Connection) -> int:
        met.wait()
        added.wait()
        return count(connection)

    assert at_once(reading, add_and_count, wait_and_count) == (0, 0)
    assert both(reading) == (1, 1)
    assert count(reading) == 1
    writer.dispose()


def test_nothing_can_be_written_by_them(reading: Connection) -> None:
    for functions in ((lambda one: one.execute(ADD), count), (count, lambda two: two.execute(ADD))):
        with pytest.raises(DBAPIError, match="read-only"):
            at_once(reading, *functions)
    reading.execute(ADD)
    assert count(reading) == 1


def test_after_a_fault_both_can_be_used_again(reading: Connection, own_engine: Engine) -> None:
    def fail(connection: Connection) -> int:
        return int(connection.execute(text("SELECT 1 / 0")).scalar_one())

    for functions in ((fail, count), (count, fail), (fail, fail)):
        with pytest.raises(DBAPIError, match="division"):
            at_once(reading, *functions)
        assert reading.scalar(ISOLATION) == "read committed"
        with own_engine.connect() as other:
            assert other.scalar(ISOLATION) == "read committed"
    assert both(reading) == (0, 0)


def test_none_is_spared_while_others_read(reading: Connection, own_engine: Engine) -> None:
    with own_engine.connect():
        assert both(reading) is None
    assert both(reading) == (0, 0)


def test_none_is_spared_in_a_transaction(own_engine: Engine) -> None:
    with own_engine.connect() as connection:
        assert both(connection) is None


def test_none_is_spared_of_a_pool_of_one(own_database_url: str) -> None:
    engine = make_engine(own_database_url, pool_size=1)
    with engine.connect() as connection:
        assert both(connection.execution_options(isolation_level="AUTOCOMMIT")) is None
    engine.dispose()


def test_none_is_spared_while_the_processors_are_busy(
    reading: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spare, "_processor_idle", lambda: False)
    assert both(reading) is None


@pytest.mark.parametrize(("running", "idle"), [(1, True), (2, True), (3, False)])
def test_of_two_processors_one_is_idle_while_no_more_than_two_programs_run(
    monkeypatch: pytest.MonkeyPatch, running: int, idle: bool
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(spare.os, "cpu_count", lambda: 2)
    told = f"0.20 0.18 0.12 {running}/80 11206"
    monkeypatch.setattr(spare.Path, "read_text", lambda *_, **__: told)
    assert spare._processor_idle() is idle


def test_none_is_spared_where_nobody_tells_how_many_programs_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(spare, "Path", lambda _: tmp_path / "loadavg")
    assert not spare._processor_idle()
