"""When a reader of the feed of changes must start over, and which cursors are none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from gridmap.db import make_engine
from gridmap.embedded import Cluster
from gridmap.errors import GoneError, ParameterError
from gridmap.exchange.change_cursor import Position, read_cursor, write_cursor
from gridmap.exchange.change_log import prune_changes
from gridmap.exchange.grant import Grant, LayerGrant
from tests.conftest import fresh_database
from tests.gridmap.exchange.copying import (
    SEAL,
    Copy,
    add_incident,
    do,
    fill,
    read,
)


class TestStartingOver:
    """A cursor after which something may be missing is refused."""

    @pytest.fixture
    def copy(self, town: Engine, readers: dict[str, Grant]) -> Iterator[Copy]:
        with town.begin() as connection:
            add_incident(connection, 0.015)
        copy = Copy(town, "incidents", readers["middle"])
        copy.poll()
        read(town, "incidents", copy.grant, copy.cursor)
        yield copy
        with pytest.raises(GoneError) as gone:
            read(town, "incidents", copy.grant, copy.cursor)
        assert gone.value.status == 410
        copy.poll()
        assert copy.started == 2

    def test_when_the_log_was_pruned(self, copy: Copy) -> None:
        with copy.engine.begin() as connection:
            add_incident(connection)
        do(copy.engine, "UPDATE layer_change SET at = now() - interval '91 days'")
        with Session(copy.engine) as session, session.begin():
            assert prune_changes(session, 90) > 0
            assert prune_changes(session, 90) == 0

    def test_when_the_table_was_emptied(self, copy: Copy) -> None:
        do(copy.engine, "TRUNCATE incident")

    def test_when_somebody_says_so(self, copy: Copy) -> None:
        do(copy.engine, "SELECT note_layer_change('incidents')")

    def test_when_the_area_changed(self, copy: Copy) -> None:
        copy.grant = Grant("middle", copy.grant.layers, first=date(2025, 1, 1))

    def test_when_fields_were_added(self, copy: Copy) -> None:
        layers = {"incidents": LayerGrant(frozenset({"category", "step"}))}
        copy.grant = Grant("middle", layers, copy.grant.scope, copy.grant.units)

    def test_when_the_cursor_is_of_another_layer(self, copy: Copy) -> None:
        other = Copy(copy.engine, "places", copy.grant)
        other.poll()
        copy.cursor = other.cursor


def test_a_reader_who_keeps_up_is_not_refused_after_pruning(
    town: Engine, readers: dict[str, Grant]
) -> None:
    with town.begin() as connection:
        add_incident(connection)
    copy = Copy(town, "incidents", readers["all"])
    copy.poll()
    do(town, "UPDATE layer_change SET at = now() - interval '91 days'")
    with Session(town) as session, session.begin():
        prune_changes(session, 90)
    with town.begin() as connection:
        add_incident(connection)
    assert len(copy.poll()) == 2
    assert copy.started == 1


@pytest.mark.parametrize("cursor", ["", "x", "!", "é", "AAAA", "A" * 44, "A" * 400, "\0"])
def test_what_is_no_cursor_is_said_to_be_none(engine: Engine, cursor: str) -> None:
    with pytest.raises(ParameterError) as refused:
        read(engine, "places", Grant("x", {"places": LayerGrant()}), cursor)
    assert (refused.value.status, refused.value.parameter) == (400, "cursor")


def test_a_cursor_holds_for_one_database(
    cluster: Cluster, town: Engine, readers: dict[str, Grant]
) -> None:
    """Restoring makes a new database, in which transactions are counted otherwise."""
    copy = Copy(town, "incidents", readers["all"])
    copy.poll()
    assert copy.cursor is not None
    with fresh_database(cluster) as url:
        twin = make_engine(url)
        with twin.begin() as connection:
            fill(connection)
        with pytest.raises(GoneError):
            read(twin, "incidents", readers["all"], copy.cursor)
        twin.dispose()
    read(town, "incidents", readers["all"], copy.cursor)


def test_a_cursor_of_the_future_is_refused(town: Engine, readers: dict[str, Grant]) -> None:
    """As after a return to an older state of the same database."""
    copy = Copy(town, "places", readers["all"])
    copy.poll()
    position, mark = read_cursor(copy.cursor or "", SEAL)
    later = write_cursor(Position(position.xid + 1000), mark, SEAL)
    with pytest.raises(GoneError):
        read(town, "places", readers["all"], later)
