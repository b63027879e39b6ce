"""Fill the tables of new years, several at a time by connections of their own.

One connection keeps one of the server's processes busy, and most of an import is what the server
does with the rows. What such a connection commits is no part of the incidents: the import's own
transaction checks the foreign keys, for it alone sees the categories that it adds, and joins the
tables, so that all becomes visible at once or never.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from gridmap.incidents.importing import partitions
from gridmap.incidents.importing.copying import COLUMNS, Finished, by_place, stream
from gridmap.territory.importing.copying import copy_in
from gridmap.territory.importing.origin import Origin

#: With fewer rows in new years, further connections gain less than they take.
APART = 100_000
_CONNECTIONS = 2
# Who waits to change the table of incidents waits for the import, and whoever looks at the table
# waits behind them: also a connection that the import waits for, which the server cannot know.
_PATIENCE = text("SET LOCAL lock_timeout = '1s'")
# Each connection has a processor of its own; helpers at its indexes would take it from the others.
_ALONE = text("SET LOCAL max_parallel_maintenance_workers = 0")


@dataclass(frozen=True)
class Part:
    """Incidents that go into one table.

    Attributes
    ----------
    rows : Finished
        All incidents of the import.
    index : ndarray of int64, shape (n,)
        Those of this part.
    ids : ndarray of int64, shape (n,)
        Their ids, one after another.
    origin : Origin
    """

    rows: Finished
    index: npt.NDArray[np.int64]
    ids: npt.NDArray[np.int64]
    origin: Origin

    def copy(self, session: Session, table: str) -> None:
        """Write the incidents into a table, ordered by place, and nothing else."""
        part = self.rows.take(self.index)
        parts = stream(
            part.take(by_place(part)), self.ids, self.origin.source, self.origin.import_id
        )
        copy_in(session, f"{table} ({', '.join(COLUMNS)})", parts)


def fill(session: Session, year: int, part: Part) -> str:
    """Make the table of a new year, without foreign keys; return its name."""
    name = partitions.create(session, year)
    part.copy(session, name)
    partitions.add_indexes(session, name)
    return name


@contextmanager
def begun(session: Session, years: dict[int, Part]) -> Iterator[dict[int, Future[str | None]]]:
    """Begin to fill the tables of years where more connections than the session's gain something.

    Yields
    ------
    dict of int to Future
        The name of a year's table, or None where the session itself has to fill it.
    """
    if len(years) < 2 or sum(len(part.ids) for part in years.values()) < APART:
        yield {}
        return
    engine = session.get_bind().engine
    with ThreadPoolExecutor(_CONNECTIONS) as workers:
        try:
            yield {year: workers.submit(_fill_apart, engine, year, years[year]) for year in years}
        finally:
            workers.shutdown(cancel_futures=True)


def _fill_apart(engine: Engine, year: int, part: Part) -> str | None:
    try:
        with Session(engine) as session, session.begin():
            session.execute(_PATIENCE)
            session.execute(_ALONE)
            return fill(session, year, part)
    except OperationalError:
        # No lock or no further connection was to be had; the session has both.
        return None
