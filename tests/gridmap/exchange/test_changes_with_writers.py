"""Copies kept while several writers edit at random, and by chance in every order."""

from __future__ import annotations

import random
import threading
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.errors import DeadlockDetected, ForeignKeyViolation
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from gridmap.db import make_engine
from gridmap.embedded import Cluster
from gridmap.errors import GridmapError
from gridmap.exchange.change_cursor import Position, Seal, read_cursor, write_cursor
from gridmap.incidents.importing import write_incidents
from gridmap.territory.importing.origin import Origin
from tests.conftest import fresh_database
from tests.gridmap.exchange.copying import (
    FIRST,
    INCIDENT,
    LAST,
    SEAL,
    Copy,
    add_incident,
    fill,
    grants,
)

EDITS, WRITERS = 10_000, 4
#: What is copied: layer, grant and size of a page.
COPIES = (
    ("incidents", "all", 1000), ("incidents", "middle", 7), ("incidents", "march", 100),
    ("incidents", "both", 50), ("places", "all", 20), ("places", "middle", 1000),
    ("buildings", "all", 1000), ("buildings", "both", 5), ("cells", "middle", 3),
    ("units", "all", 1000),
)  # fmt: skip
#: A random row of a table; none while it is empty.
_ONE = "(SELECT id FROM {0} WHERE id >= :n % (SELECT coalesce(max(id), 0) + 1 FROM {0}) LIMIT 1)"
_AT = "ST_SetSRID(ST_MakePoint(:x, :y), 4326)"


def _edits(table: str) -> list[str]:
    one = _ONE.format(table)
    return [
        f"INSERT INTO {table} (name, geom) VALUES ('n' || :n, {_AT})",
        f"INSERT INTO {table} (name, geom) VALUES ('n' || :n, {_AT})",
        f"UPDATE {table} SET name = 'u' || :n WHERE id = {one}",
        f"UPDATE {table} SET geom = {_AT} WHERE id = {one}",
        f"DELETE FROM {table} WHERE id = {one}",
    ]


#: In the order in which a transaction does them, so that few wait for each other in a ring.
EDIT = [
    "UPDATE cell SET name = 'u' || :n WHERE id = 1 + :n % 12",
    *_edits("place"),
    *_edits("building"),
    """INSERT INTO building_count (building_id, month, households)
       SELECT {one}, '2025-01-01', :n % 50 WHERE {one} IS NOT NULL
       ON CONFLICT (building_id, month) DO UPDATE SET households = excluded.households
    """.format(one=_ONE.format("building")),
    *[INCIDENT] * 4,
    f"UPDATE incident SET source = 'u' || :n WHERE id = {_ONE.format('incident')}",
    f"UPDATE incident SET geom = {_AT} WHERE id = {_ONE.format('incident')}",
    f"""UPDATE incident SET occurred_at = CAST(:day AS timestamp) AT TIME ZONE 'Asia/Shanghai'
        WHERE id = {_ONE.format("incident")}""",
    "UPDATE incident SET category_id = 1 + :n % 2 WHERE id % 50 = :n % 50",
    f"DELETE FROM incident WHERE id = {_ONE.format('incident')}",
    "DELETE FROM incident WHERE id BETWEEN :n AND :n + 3",
]  # fmt: skip
# The border between two cells of a community moves, and what lies there changes its cell.
_BORDER = """
    WITH pair AS (
        SELECT a.id AS west, b.id AS east, ST_Multi(ST_MakeEnvelope(
                   ST_XMin(a.geom), 30, ST_XMin(a.geom) + :w, 30.01, 4326)) AS left,
               ST_Multi(ST_MakeEnvelope(
                   ST_XMin(a.geom) + :w, 30, ST_XMax(b.geom), 30.01, 4326)) AS right
        FROM cell a JOIN cell b ON b.id = a.id + 1 WHERE a.id = 1 + 4 * (:n % 3)
    )
    UPDATE cell SET geom = CASE WHEN id = west THEN pair.left ELSE pair.right END
    FROM pair WHERE cell.id IN (west, east)
"""


class Writer:
    """Edits in transactions of a few edits each, some of which are taken back."""

    def __init__(self, engine: Engine, seed: int) -> None:
        self.engine = engine
        self.chance = random.Random(seed)  # noqa: S311 - It need not be secret.
        self.done = 0

    def values(self) -> dict[str, Any]:
        day = datetime(2025, 2, 20) + timedelta(hours=self.chance.randrange(50 * 24))  # noqa: DTZ001
        return {
            "n": self.chance.randrange(10**6),
            "x": 110 + self.chance.random() * 0.03,
            "y": 30 + self.chance.random() * 0.01,
            "day": day.isoformat(),
            "w": 0.001 + self.chance.random() * 0.003,
        }

    def import_many(self, connection: Connection) -> int:
        count = 60
        rows = [self.values() for _ in range(count)]
        # What is sent again updates; a few are new each time.
        frame = pd.DataFrame({
            "external_id": [str(number) for number in self.chance.sample(range(300), count)],
            "category_id": 1,
            "occurred_at": pd.to_datetime([row["day"] for row in rows]).tz_localize("UTC"),
            "lon": np.array([row["x"] for row in rows]),
            "lat": np.array([row["y"] for row in rows]),
        })  # fmt: skip
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            write_incidents(session, frame, Origin("import"))
            session.commit()
        return count

    def transaction(self) -> None:
        luck = self.chance.random()
        with self.engine.connect() as connection:
            transaction = connection.begin()
            if luck < 0.005:
                self.done += self.import_many(connection)
            else:
                if luck < 0.03:
                    connection.execute(text(_BORDER), self.values())
                edits = self.chance.choices(range(len(EDIT)), k=self.chance.randrange(1, 8))
                for number in sorted(edits):
                    connection.execute(text(EDIT[number]), self.values())
                self.done += len(edits)
            if self.chance.random() < 0.2:
                transaction.rollback()
            else:
                transaction.commit()

    def run(self, edits: int) -> None:
        while self.done < edits:
            try:
                self.transaction()
            except DBAPIError as error:
                # Two who wait for each other: the server sends one of them away. And a building
                # may go while another counts who lives there.
                if not isinstance(error.orig, DeadlockDetected | ForeignKeyViolation):
                    raise


@contextmanager
def running(writers: list[Writer], edits: int) -> Iterator[list[threading.Thread]]:
    """Let writers work side by side; what one of them fails with is raised in the end."""
    failed: list[BaseException] = []

    def work(writer: Writer) -> None:
        try:
            writer.run(edits)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(writer,)) for writer in writers]
    for thread in threads:
        thread.start()
    yield threads
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def stored(connection: Connection, key: str, name: str) -> dict[int, tuple[object, ...]]:
    """Read from the tables, without the feed's own statements, what a copy must hold."""
    middle = "(SELECT id FROM unit WHERE code = '990101001002')"
    inside = f"community_id = {middle}" if name in ("middle", "both") else "true"
    shape = "ST_AsText(ST_ForcePolygonCCW(t.geom), 7)"
    statement = {
        "incidents": f"""
            SELECT t.id, {shape}, t.source, (SELECT code FROM category WHERE id = t.category_id),
                   (SELECT code FROM cell WHERE id = t.cell_id),
                   extract(epoch FROM t.occurred_at)::float
            FROM incident t WHERE {inside} AND (NOT :period OR
                (t.occurred_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN :first AND :last)""",
        "places": f"""SELECT t.id, {shape}, t.name, (SELECT code FROM cell WHERE id = t.cell_id)
                      FROM place t WHERE {inside}""",
        "buildings": f"""
            SELECT t.id, {shape}, t.name, (SELECT code FROM cell WHERE id = t.cell_id), c.households
            FROM building t LEFT JOIN building_count c ON c.building_id = t.id WHERE {inside}""",
        "cells": f"SELECT t.id, {shape}, t.name FROM cell t WHERE {inside}",
        "units": f"SELECT t.id, {shape}, t.name FROM unit t WHERE "
        + (f"id = {middle}" if name in ("middle", "both") else "true"),
    }[key]
    period = {"period": name in ("march", "both"), "first": FIRST, "last": LAST}
    return {row[0]: tuple(row[1:]) for row in connection.execute(text(statement), period)}


def held(connection: Connection, copy: Copy) -> dict[int, tuple[object, ...]]:
    """Turn a copy into what `stored` returns."""
    shapes = dict(
        connection.execute(
            text("""SELECT (f->>'id')::bigint, ST_AsText(ST_GeomFromGeoJSON(f->>'geometry'), 7)
                    FROM jsonb_array_elements(CAST(:all AS jsonb)) AS f"""),
            {"all": pd.io.json.ujson_dumps(list(copy.rows.values()), double_precision=15)},
        ).all()
    )  # fmt: skip
    names = {
        "incidents": ("source", "category", "cell_code", "occurred_at"),
        "places": ("name", "cell_code"),
        "buildings": ("name", "cell_code", "households"),
    }.get(copy.key, ("name",))  # fmt: skip
    found = {}
    for number, feature in copy.rows.items():
        values = dict(feature["properties"])
        if "occurred_at" in values:
            values["occurred_at"] = datetime.fromisoformat(values["occurred_at"]).timestamp()
        found[number] = (shapes[number], *(values[name] for name in names))
    return found


def test_copies_stay_equal_over_ten_thousand_edits_of_several_writers(own_engine: Engine) -> None:
    with own_engine.begin() as connection:
        fill(connection)
        readers = grants(connection)
        for number in range(200):
            add_incident(connection, number % 30 / 1000)
    copies = [Copy(own_engine, key, readers[name], limit) for key, name, limit in COPIES]
    writers = [Writer(own_engine, seed) for seed in range(WRITERS)]
    polls = 0
    with running(writers, EDITS // WRITERS) as threads:
        while any(thread.is_alive() for thread in threads):
            for copy in copies:
                copy.step()
                polls += 1
            # Readers who never pause take the time in which the writers get in between.
            time.sleep(0.02)
    assert sum(writer.done for writer in writers) >= EDITS
    assert polls > 10 * len(copies)
    with own_engine.connect() as connection:
        for copy in copies:
            copy.poll()
            wanted = stored(connection, copy.key, copy.grant.name)
            assert held(connection, copy) == wanted, (copy.key, copy.grant.name)
            assert wanted
            assert copy.started == 1


@pytest.fixture(scope="module")
def shared(cluster: Cluster) -> Iterator[Engine]:
    with fresh_database(cluster) as url:
        engine = make_engine(url)
        with engine.begin() as connection:
            fill(connection)
        yield engine
        engine.dispose()


_RUN = st.tuples(st.sampled_from(["add", "move", "rename", "drop"]), st.integers(0, 40),
                 st.integers(1, 20))  # fmt: skip
_ACT = {
    "add": """INSERT INTO place (name, geom) SELECT 'x', ST_SetSRID(ST_MakePoint(
                  110 + 0.03 * (:start % 7) / 7, 30.005), 4326) FROM generate_series(1, :many)""",
    "move": """UPDATE place SET geom = ST_SetSRID(ST_MakePoint(
                   110 + 0.03 * (:many % 7) / 7, 30.005), 4326) WHERE id BETWEEN :low AND :high""",
    "rename": "UPDATE place SET name = 'y' || :many WHERE id BETWEEN :low AND :high",
    "drop": "DELETE FROM place WHERE id BETWEEN :low AND :high",
}


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    steps=st.lists(st.one_of(_RUN, st.just("poll")), max_size=15),
    limit=st.integers(1, 30),
    name=st.sampled_from(["all", "middle"]),
)
def test_a_copy_is_equal_whenever_it_has_read_to_the_end(
    shared: Engine, steps: list[Any], limit: int, name: str
) -> None:
    with shared.begin() as connection:
        grant = grants(connection)[name]
        connection.execute(text("DELETE FROM place"))
        begin = connection.execute(text("SELECT coalesce(max(last_id), 0) FROM layer_change "
                                        "WHERE layer = 'places'")).scalar_one()  # fmt: skip
    copy = Copy(shared, "places", grant, limit)
    for step in [*steps, "end"]:
        if step == "poll":
            copy.step()
        elif step != "end":
            act, start, many = step
            low = begin + start
            values = {"start": start, "many": many, "low": low, "high": low + many}
            with shared.begin() as connection:
                connection.execute(text(_ACT[act]), values)
    copy.poll()
    with shared.connect() as connection:
        assert held(connection, copy) == stored(connection, "places", name)
    assert copy.started == 1


_BIG = st.integers(-(2**63), 2**63 - 1)


@given(_BIG, _BIG, st.none() | _BIG, st.binary(min_size=8, max_size=8))
def test_a_cursor_says_what_was_written(xid: int, seq: int, after: int | None, mark: bytes) -> None:
    for position in (Position(xid, seq, after), Position(xid, seq, after or 0, copying=True)):
        cursor = write_cursor(position, mark, SEAL)
        assert read_cursor(cursor, SEAL) == (position, mark)
        with pytest.raises(GridmapError):
            read_cursor(cursor, Seal("of somebody else"))


@given(st.text() | st.binary(max_size=60).map(lambda b: b.decode("latin-1")))
def test_any_other_text_is_refused(cursor: str) -> None:
    with pytest.raises(GridmapError):
        read_cursor(cursor, SEAL)


@given(_BIG, st.integers(0, 60), st.integers(1, 255))
def test_a_cursor_cannot_be_read_or_changed(xid: int, place: int, bits: int) -> None:
    cursor = write_cursor(Position(xid), b"12345678", SEAL)
    packed = bytearray(urlsafe_b64decode(cursor + "=="))
    assert xid.to_bytes(8, "big", signed=True) not in packed
    assert b"12345678" not in packed
    packed[place] ^= bits
    with pytest.raises(GridmapError):
        read_cursor(urlsafe_b64encode(packed).decode(), SEAL)
