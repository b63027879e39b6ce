"""Agencies and keys without the pages: limits across processes, grants, schedules, packages."""

from __future__ import annotations

import json
import tracemalloc
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from gridmap.errors import ConflictError, ForbiddenError
from gridmap.exchange.agencies.authentication import (
    TooManyRequestsError,
    UnknownKeyError,
    authenticate,
)
from gridmap.exchange.agencies.service import (
    AgencyWish,
    KeyWish,
    change_agency,
    change_key,
    create_agency,
    create_key,
    revoke_key,
)
from gridmap.exchange.grant import LayerGrant
from gridmap.exchange.packages.running import run_packages
from gridmap.exchange.packages.service import (
    ask_for_package,
    next_time,
    order_package,
    schedule_packages,
)
from gridmap.exchange.packages.signing import Signer
from gridmap.settings import Settings
from gridmap.workforce.rights import SYSTEM, Actor, Role
from tests.gridmap.exchange.conftest import TERRITORY
from tests.gridmap.small_town import call


@pytest.fixture
def filled(own_engine: Engine) -> Engine:
    """A database of its own with the small territory."""
    with own_engine.begin() as connection:
        for statement in TERRITORY.split(";\n"):
            if statement.strip():
                connection.execute(text(statement.replace(":", r"\:")))
    return own_engine


@pytest.fixture
def reader(filled: Engine) -> Iterator[Connection]:
    with filled.connect() as connection:
        yield connection.execution_options(isolation_level="AUTOCOMMIT")


def make(engine: Engine, wish: KeyWish, threshold: int = 5) -> tuple[int, int, str]:
    """The ids of an agency and its key, and the key's secret."""
    with Session(engine) as session, session.begin():
        agency = create_agency(session, SYSTEM, AgencyWish("消防", smallest_count=threshold))
        key, token = create_key(session, SYSTEM, agency.id, wish)
        return agency.id, key.id, token.secret


ROADS = {"roads": LayerGrant()}


def test_a_grant_is_what_was_chosen(filled: Engine, reader: Connection) -> None:
    town = reader.scalar(text("SELECT id FROM unit WHERE level = 'town'"))
    community = reader.scalar(text("SELECT id FROM unit WHERE level = 'community'"))
    layers = {"incidents": LayerGrant(frozenset({"category"}), snap="cell"), **ROADS}
    first, last = date(2026, 1, 1), date(2026, 6, 30)
    wish = KeyWish("平台", layers, frozenset({town}), first, last)
    agency, key, secret = make(filled, wish)
    grant = authenticate(reader, secret)
    assert dict(grant.layers) == layers
    assert grant.scope.communities == (community,)
    assert grant.units == {town, community}
    assert (grant.first, grant.last, grant.smallest_count) == (first, last, 5)
    assert (grant.key_id, grant.name) == (key, "消防 / 平台")
    # What is kept in memory is given up at the next request after a change.
    assert authenticate(reader, secret) is grant
    with Session(filled) as session, session.begin():
        change_key(session, SYSTEM, key, KeyWish("平台", ROADS, units=None))
        change_agency(session, SYSTEM, agency, AgencyWish("消防", smallest_count=0))
    wider = authenticate(reader, secret)
    assert (set(wider.layers), wider.units, wider.smallest_count) == ({"roads"}, None, 0)
    reader.execute(text("UPDATE key_layer SET collection = 'no longer there'"))
    reader.execute(text("UPDATE api_key SET version = version + 1"))
    assert authenticate(reader, secret).collections() == ()


def test_a_key_whose_units_are_gone_sees_nothing(filled: Engine, reader: Connection) -> None:
    added = text("INSERT INTO unit (code, level, name) VALUES ('990200000000', 'county', 'x')")
    reader.execute(added)
    county = reader.scalar(text("SELECT id FROM unit WHERE code = '990200000000'"))
    _, _, secret = make(filled, KeyWish("x", ROADS, frozenset({county})))
    reader.execute(text("DELETE FROM unit WHERE id = :id"), {"id": county})
    grant = authenticate(reader, secret)
    assert grant.scope.communities == ()
    assert grant.units == frozenset()


@pytest.mark.parametrize(("rate", "at_once"), [(1, 1), (5, 5), (30, 10), (48, 12)])
def test_a_quarter_of_a_minute_or_ten_may_ask_at_once(
    filled: Engine, reader: Connection, rate: int, at_once: int
) -> None:
    _, _, secret = make(filled, KeyWish("x", ROADS, None, rate_per_minute=rate))
    authenticate(reader, secret)
    # No time passes until a minute from now, so nothing is added to what is left.
    reader.execute(text("UPDATE api_rate SET at = clock_timestamp() + interval '1 minute'"))
    for _ in range(at_once - 1):
        authenticate(reader, secret)
    with pytest.raises(TooManyRequestsError):
        authenticate(reader, secret)


def test_many_at_once_get_no_more_than_the_limit(filled: Engine) -> None:
    """As several processes would: nothing but the database counts."""
    _, _, secret = make(filled, KeyWish("x", ROADS, None, rate_per_minute=40))

    waits: list[int] = []

    def ask(_: int) -> bool:
        with filled.connect() as connection:
            try:
                authenticate(connection.execution_options(isolation_level="AUTOCOMMIT"), secret)
            except TooManyRequestsError as refused:
                waits.append(int(refused.headers["Retry-After"]))
                return False
            return True

    started = datetime.now(UTC)
    with ThreadPoolExecutor(8) as pool:
        let_in = sum(pool.map(ask, range(80)))
    seconds = (datetime.now(UTC) - started).total_seconds()
    assert set(waits) <= {1, 2}
    assert 10 <= let_in <= 10 + seconds * 40 / 60 + 1


def test_strange_keys_are_unknown(reader: Connection) -> None:
    for secret in ("", "gm_", "\x00", "x" * 10_000, "gm_" + "é" * 40, "' OR true --", "\ud800"):
        with pytest.raises(UnknownKeyError):
            authenticate(reader, secret)


def test_only_who_may_manages_agencies(filled: Engine) -> None:
    agency, key, _ = make(filled, KeyWish("x", ROADS, None))
    supervisor = Actor(1, "x", Role.SUPERVISOR)
    with Session(filled) as session:
        for act in (
            lambda: create_agency(session, supervisor, AgencyWish("y")),
            lambda: change_agency(session, supervisor, agency, AgencyWish("y")),
            lambda: create_key(session, supervisor, agency, KeyWish("x", ROADS, None)),
            lambda: change_key(session, supervisor, key, KeyWish("x", ROADS, None)),
            lambda: revoke_key(session, supervisor, key),
            lambda: order_package(session, supervisor, key),
            lambda: schedule_packages(session, supervisor, key, None),
        ):
            with pytest.raises(ForbiddenError):
                act()
    with Session(filled) as session, session.begin():
        revoke_key(session, SYSTEM, key)
        with pytest.raises(ConflictError):
            change_key(session, SYSTEM, key, KeyWish("x", ROADS, None))


@pytest.mark.parametrize(
    ("every", "now", "then"),
    [
        ("day", "2026-03-31T02:59", "2026-03-31T03:00"),
        ("day", "2026-03-31T03:00", "2026-04-01T03:00"),
        ("week", "2026-04-01T00:00", "2026-04-06T03:00"),
        ("month", "2026-12-01T03:00", "2027-01-01T03:00"),
    ],
)
def test_schedules_follow_the_towns_time(every: str, now: str, then: str) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    moment = datetime.fromisoformat(now).replace(tzinfo=zone)
    assert next_time(every, 3, moment) == datetime.fromisoformat(then).replace(tzinfo=zone)


def test_the_command_makes_what_is_due_once(
    filled: Engine, own_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDMAP_DATABASE_URL", own_database_url)
    monkeypatch.setenv("GRIDMAP_DATA_DIR", str(tmp_path))
    every = {
        key: LayerGrant() for key in ("units", "cells", "buildings", "places", "roads", "incidents")
    }
    _, key, _ = make(filled, KeyWish("x", every, None, last=date(2025, 1, 1)))
    with Session(filled) as session, session.begin():
        schedule_packages(session, SYSTEM, key, "day")
        session.execute(text("UPDATE package_schedule SET next_at = now() - interval '1 hour'"))
    assert "1" in call("packages").output
    assert "0" in call("packages").output
    (made,) = (tmp_path / "packages").glob("*")
    with zipfile.ZipFile(made) as packed:
        assert packed.testzip() is None
        told = json.loads(packed.read("metadata.json"))
        assert {one["file"]: one["features"] for one in told["layers"]} == {
            f"{name}.geojson": count
            for name, count in (
                ("units", 3), ("cells", 2), ("buildings", 2), ("places", 1), ("roads", 1),
                ("incidents", 2),
            )
        }  # fmt: skip
        for one in told["layers"]:
            content = json.loads(packed.read(one["file"]))
            assert len(content["features"]) == one["features"]
            names = {name for each in content["features"] for name in each["properties"]}
            assert names <= set(one["fields"])
        last = json.loads(packed.read("incidents.geojson"))["features"][-1]
        # Of the territory's last day.
        assert last["properties"]["occurred_at"].startswith("2025-01-01T00:30:00+08:00")
    with filled.begin() as connection:
        next_at = connection.scalar(text("SELECT next_at > now() FROM package_schedule"))
        assert next_at
        connection.execute(text("UPDATE package SET asked_at = now() - interval '31 days'"))
    call("packages")
    assert list((tmp_path / "packages").glob("*")) == []


def test_a_package_of_a_killed_process_is_made_anew(
    filled: Engine, own_database_url: str, tmp_path: Path
) -> None:
    settings = Settings(database_url=own_database_url, data_dir=tmp_path)
    _, key, _ = make(filled, KeyWish("x", ROADS, None))
    with Session(filled) as session, session.begin():
        asked = ask_for_package(session, key)
        assert ask_for_package(session, key).id == asked.id
        session.execute(text("UPDATE package SET state = 'running', seen_at = now()"))
    assert run_packages(filled, settings) == 0
    with filled.begin() as connection:
        connection.execute(text("UPDATE package SET seen_at = now() - interval '3 minutes'"))
    assert run_packages(filled, settings) == 1
    with Session(filled) as session, session.begin():
        assert ask_for_package(session, key).state == "done"
    # A fault is noted, leaves no half file, and the next package follows.
    (tmp_path / "package-signing-key.pem").write_text("broken")
    with Session(filled) as session, session.begin():
        order_package(session, SYSTEM, key)
    assert run_packages(filled, settings) == 0
    with filled.connect() as connection:
        assert connection.scalar(text("SELECT max(state) FROM package WHERE file IS NULL")) == (
            "failed"
        )
    assert len(list((tmp_path / "packages").iterdir())) == 1


def test_memory_does_not_grow_with_the_rows(
    filled: Engine, own_database_url: str, tmp_path: Path
) -> None:
    settings = Settings(database_url=own_database_url, data_dir=tmp_path)
    with filled.begin() as connection:
        connection.execute(
            text("INSERT INTO road (source, external_id, name, kind, geom) "
                 "SELECT 'many', n, repeat('路', 100), 'primary', geom "
                 "FROM road, generate_series(1, 60000) n")
        )  # fmt: skip
    _, key, _ = make(filled, KeyWish("x", ROADS, None))
    with Session(filled) as session, session.begin():
        ask_for_package(session, key)
    tracemalloc.start()
    assert run_packages(filled, settings) == 1
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    (made,) = (tmp_path / "packages").iterdir()
    with zipfile.ZipFile(made) as packed:
        assert packed.getinfo("roads.geojson").file_size > 25e6
    assert peak < 15e6


def test_the_private_key_is_its_owners_alone(tmp_path: Path) -> None:
    first, second = Signer(tmp_path), Signer(tmp_path)
    assert first.public_key() == second.public_key()
    assert first.public_key().startswith(b"-----BEGIN PUBLIC KEY-----")
    (path,) = tmp_path.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
