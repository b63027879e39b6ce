"""The small demo town, as it stands at the end of November 2026."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from gridmap.db import make_engine
from gridmap.embedded import Cluster
from gridmap.reports.documents.compose import Composed, compose
from gridmap.reports.documents.order import Kind, Order
from tests.conftest import AUTUMN, small_town

HALF = (date(2026, 1, 1), date(2026, 6, 30))
YEAR = (date(2025, 1, 1), date(2025, 12, 31))

Make = Callable[..., Composed]


@pytest.fixture(scope="module")
def town_connection(cluster: Cluster) -> Iterator[Connection]:
    with small_town(cluster, AUTUMN) as url:
        engine = make_engine(url)
        with engine.connect() as connection:
            yield connection
        engine.dispose()


@pytest.fixture
def town(town_connection: Connection) -> Iterator[Session]:
    """A session on the town that nothing is kept of."""
    with (
        town_connection.begin() as transaction,
        Session(town_connection, join_transaction_mode="create_savepoint") as session,
    ):
        yield session
        transaction.rollback()


@pytest.fixture
def make(town: Session) -> Make:
    """Compose a report of the town, of a unit whose name begins so, without pictures."""

    def made(
        kind: Kind, name: str, span: tuple[date, date], *, cell: str = "", pictures: bool = False
    ) -> Composed:
        unit = town.execute(
            text("SELECT id FROM unit WHERE name LIKE :name ORDER BY level DESC, code LIMIT 1"),
            {"name": f"{name}%"},
        ).scalar_one()
        cell_id = (
            town.execute(
                text("SELECT id FROM cell WHERE name = :name"), {"name": cell}
            ).scalar_one()
            if cell
            else None
        )
        order = Order(kind, unit, *span, cell_id)
        return compose(town, order, lambda share, message: None, pictures=pictures)

    return made
