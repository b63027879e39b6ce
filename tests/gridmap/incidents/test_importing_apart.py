"""Years filled by connections of their own become incidents all at once, or never."""

from __future__ import annotations

import threading

import pandas as pd
import pytest
from psycopg.errors import AdminShutdown
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from gridmap.doctor import State, check_imports
from gridmap.incidents.importing import filling, partitions, write_incidents
from gridmap.incidents.importing.writing import lock
from gridmap.territory.importing.origin import Counts, Origin
from gridmap.territory.models import ImportRun
from tests.gridmap.conftest import open_field, rectangle
from tests.gridmap.incidents.test_importing import bins, frame

_KEYS = """
    SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'incident'::regclass)
"""
_INDEXES = """
    SELECT i.indrelid::regclass::text, substring(pg_get_indexdef(i.indexrelid) FROM 'USING .*'),
        h.inhparent::regclass::text
    FROM pg_index i JOIN pg_inherits h ON h.inhrelid = i.indexrelid
"""
_ROWS = """
    SELECT external_id, occurred_at, ended_at - occurred_at, category_id, geom::text, source,
        cell_id, community_id, import_id IS NULL, tableoid::regclass::text
    FROM incident
"""
_LOG = """
    SELECT last_id - first_id, departed,
        (SELECT count(*) FROM incident WHERE id BETWEEN first_id AND last_id)
    FROM layer_change WHERE layer = 'incidents'
"""
_APART = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE '%apart%'"


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "APART", 2)


@pytest.fixture
def given(own_engine: Engine) -> pd.DataFrame:
    """Two new years of a thousand incidents, and a few of a third; of some a span is known."""
    with Session(own_engine) as session, session.begin():
        field = open_field(session)
        field.cell(1, rectangle(0, 0, 2, 2))
        years = [frame(field, size, year) for year, size in ((2023, 1000), (2024, 1100), (2025, 3))]
    whole = pd.concat(years, ignore_index=True)
    ends = (whole["occurred_at"] + pd.Timedelta(hours=9)).where(whole.index % 3 == 0)
    return whole.assign(ended_at=ends, external_id=[f"E{number}" for number in range(len(whole))])


def add(engine: Engine, given: pd.DataFrame) -> Counts:
    with Session(engine) as session, session.begin():
        run = ImportRun(
            layer="incidents", file_name="", sha256="", coordinate_system="", mapping={}, report={}
        )  # fmt: skip
        session.add(run)
        session.flush()
        return write_incidents(session, given, Origin("register", run.id))


def asked(engine: Engine, query: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return sorted(tuple(row) for row in connection.execute(text(query)))


def stored(engine: Engine) -> list[object]:
    with Session(engine) as session:
        counted = bins(session)
    return [counted, *(asked(engine, query) for query in (_ROWS, _KEYS, _INDEXES))]


def test_they_are_as_if_one_connection_had_written_them(
    own_engine: Engine, given: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert add(own_engine, given) == Counts(inserted=2103)
    apart = stored(own_engine)
    assert len(apart[1]) == 2103  # type: ignore[arg-type]
    spans = "SELECT external_id FROM incident WHERE ended_at = occurred_at + interval '9 hours'"
    assert len(asked(own_engine, spans)) == 701
    log = [(2, False, 3), (999, False, 1000), (1099, False, 1100)]
    assert asked(own_engine, _LOG) == log
    with own_engine.begin() as connection:
        connection.execute(text("DROP TABLE incident_y2023, incident_y2024"))
        connection.execute(text("DELETE FROM incident"))
        connection.execute(text("SELECT refresh_incident_pyramid()"))
    monkeypatch.setattr(filling, "APART", 1_000_000)
    add(own_engine, given)
    assert stored(own_engine) == apart
    assert asked(own_engine, _APART) == []


def test_a_lost_connection_leaves_no_incident_and_the_next_import_tidies(
    own_engine: Engine, given: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(session: Session, year: int, table: str) -> None:
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    before = stored(own_engine), asked(own_engine, _LOG)
    with monkeypatch.context() as patched:
        patched.setattr(partitions, "attach", end)
        with pytest.raises(OperationalError) as lost:
            add(own_engine, given)
    assert isinstance(lost.value.orig, AdminShutdown)
    assert (stored(own_engine), asked(own_engine, _LOG)) == before
    assert len(asked(own_engine, _APART)) == 2
    assert add(own_engine, given).inserted == 2103
    assert asked(own_engine, _APART) == []


def test_what_a_cut_off_import_left_is_told_and_deleted_unless_one_is_at_work(
    own_engine: Engine,
) -> None:
    assert check_imports(own_engine).state is State.OK
    with Session(own_engine) as session, session.begin():
        name = partitions.create(session, 2024)
    finding = check_imports(own_engine)
    assert (finding.state, finding.message.params["names"]) == (State.WARNING, name)
    with Session(own_engine) as importing, importing.begin():
        lock(importing)
        assert check_imports(own_engine).state is State.OK
        with Session(own_engine) as session, session.begin():
            assert partitions.drop_left(session, locked=False) == 0
    with Session(own_engine) as session, session.begin():
        assert partitions.drop_left(session, locked=False) == 1
    assert check_imports(own_engine).state is State.OK
    assert asked(own_engine, _APART) == []


def test_a_fault_in_one_of_them_is_the_imports(
    own_engine: Engine, given: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = partitions.add_indexes

    def fail(session: Session, name: str) -> None:
        whole(session, name)
        if "2024" in name:
            raise OSError("the disk is full")

    monkeypatch.setattr(partitions, "add_indexes", fail)
    with pytest.raises(OSError, match="disk is full"):
        add(own_engine, given)
    assert asked(own_engine, _ROWS) == []
    assert [name for (name,) in asked(own_engine, _APART) if "2024" in str(name)] == []


def test_whoever_waits_to_change_the_table_stops_nobody(
    own_engine: Engine, given: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The further connections would wait behind them, and they wait for the import."""
    waiting = threading.Thread(target=lock_alone, args=(own_engine,))
    whole = partitions.drop_left

    def begin(session: Session) -> None:
        waiting.start()
        held = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation'")
        while not session.scalar(held):
            pass
        whole(session)

    monkeypatch.setattr(partitions, "drop_left", begin)
    assert add(own_engine, given).inserted == 2103
    waiting.join()
    assert len(asked(own_engine, _ROWS)) == 2103
    assert asked(own_engine, _APART) == []


def lock_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("LOCK TABLE incident IN ACCESS EXCLUSIVE MODE"))
