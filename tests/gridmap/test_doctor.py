import threading
from collections import namedtuple
from pathlib import Path

import psycopg
import pytest
from alembic import command
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from gridmap import doctor
from gridmap.db import alembic_config
from gridmap.doctor import State, check_disk, check_jobs, check_migrations, check_server
from gridmap.jobs.running import Doing, work
from gridmap.jobs.service import ask

Usage = namedtuple("Usage", ["total", "used", "free"])


@pytest.mark.parametrize(
    ("free_gb", "state"), [(0.5, State.ERROR), (3, State.WARNING), (50, State.OK)]
)
def test_a_full_disk_is_named(
    monkeypatch: pytest.MonkeyPatch, free_gb: float, state: State
) -> None:
    usage = Usage(0, 0, int(free_gb * (1 << 30)))
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage)
    finding = check_disk(Path("/no/such/folder"))
    assert finding.state is state
    assert (finding.remedy is None) == (state is State.OK)
    assert str(finding.message) == f"{free_gb:.1f} GB are free in /"


def test_a_sound_database_is_found_sound(engine: Engine) -> None:
    assert [finding.state for finding in check_server(engine)] == [State.OK, State.OK]
    assert check_migrations(engine).state is State.OK
    assert doctor.check_encoding(engine).state is State.OK


def test_jobs_that_nobody_does_are_told(own_engine: Engine) -> None:
    assert check_jobs(own_engine).state is State.OK
    with Session(own_engine) as session, session.begin():
        ask(session, "sum", {})
    finding = check_jobs(own_engine)
    assert finding.state is State.WARNING
    assert str(finding.message) == "no process does long work, and 1 jobs wait"
    assert finding.remedy is not None
    end = threading.Event()

    def add(doing: Doing) -> None:
        served.append(check_jobs(own_engine))
        end.set()

    served: list[doctor.Finding] = []
    work(own_engine, {"sum": add}, end)
    assert [str(each.message) for each in served] == ["1 processes do long work"]
    # The process is gone, and so is its job.
    assert check_jobs(own_engine).state is State.OK


def test_pending_migrations_and_missing_postgis_are_errors(
    own_database_url: str, own_engine: Engine
) -> None:
    command.stamp(alembic_config(own_engine), None, purge=True)
    with psycopg.connect(own_database_url) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    assert check_migrations(own_engine).state is State.ERROR
    assert [finding.state for finding in check_server(own_engine)] == [State.OK, State.ERROR]
