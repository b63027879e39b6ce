"""What new incidents add to the counts of migration 0009, counted in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.incidents.importing.copying import Finished
from gridmap.territory.importing.copying import copy_text

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Counted:
    """Rows of one of the tables.

    Attributes
    ----------
    table : str
    keys : dict of str to ndarray, each of shape (n,)
        The columns of its primary key.
    column : str
        The one with the counts.
    counts : ndarray of int64, shape (n, 12) or (n, 24)
    """

    table: str
    keys: dict[str, npt.NDArray[np.generic]]
    column: str
    counts: Integers


def count(rows: Finished, hours: Integers) -> list[Counted]:
    """Count incidents by day and hour, and by cell and month.

    Parameters
    ----------
    rows : Finished
        There must be some.
    hours : ndarray of int64, shape (n,)
        The local hour of each, since 1970.
    """
    days = hours // 24
    return [_by_day(days, hours % 24), _by_cell(rows, days)]


def _by_day(days: Integers, hour: Integers) -> Counted:
    first = int(days.min())
    size = int(days.max()) - first + 1
    counted = np.bincount((days - first) * 24 + hour, minlength=24 * size).reshape(size, 24)
    some = np.flatnonzero(counted.any(axis=1))
    day = (some + first).astype("datetime64[D]").astype(str)
    return Counted("incident_day", {"day": day}, "hours", counted[some])


def _by_cell(rows: Finished, days: Integers) -> Counted:
    month = days.view("datetime64[D]").astype("datetime64[M]").astype(np.int64) + 1970 * 12
    first = int(month.min()) // 12
    years = int(month.max()) // 12 - first + 1
    community, communities = pd.factorize(rows.community_id)
    cell, cells = pd.factorize(rows.cell_id)
    place, places = pd.factorize(community * len(cells) + cell)
    size = len(places) * years
    at = place * (12 * years) + (month - 12 * first)
    counted = np.bincount(at, minlength=12 * size).reshape(size, 12)
    some = np.flatnonzero(counted.any(axis=1))
    where, year = np.divmod(some, years)
    in_community, in_cell = np.divmod(places[where], len(cells))
    keys = {
        "community_id": communities[in_community],
        "cell_id": cells[in_cell],
        "year": year + first,
    }
    return Counted("incident_cell_year", keys, "upto", np.cumsum(counted[some], axis=1))


def store(session: Session, counted: list[Counted]) -> None:
    """Add counts to those that are stored; nothing is committed."""
    for of in counted:
        _merge(session, of)


def _merge(session: Session, of: Counted) -> None:
    names = zip(*(each.tolist() for each in of.keys.values()), strict=True)
    lines = [
        f'{",".join(map(str, name))},"{{{",".join(map(str, row))}}}"\n'
        for name, row in zip(names, of.counts.tolist(), strict=True)
    ]
    keys = ", ".join(of.keys)
    columns = f"{keys}, {of.column}"
    if not session.scalar(text(f"SELECT EXISTS (SELECT FROM {of.table})")):  # noqa: S608 - Fixed.
        copy_text(session, f"{of.table} ({columns})", ["".join(lines).encode()])
        return
    session.execute(text(f"CREATE TEMPORARY TABLE arriving_sum (LIKE {of.table})"))
    copy_text(session, f"arriving_sum ({columns})", ["".join(lines).encode()])
    added = ", ".join(
        f"s.{of.column}[{i}] + excluded.{of.column}[{i}]" for i in range(1, of.counts.shape[1] + 1)
    )
    # In the order of the key, as the triggers write.
    session.execute(
        text(f"""
            INSERT INTO {of.table} AS s ({columns})
            SELECT {columns} FROM arriving_sum ORDER BY {keys}
            ON CONFLICT ({keys}) DO UPDATE SET {of.column} = ARRAY[{added}]
        """)  # noqa: S608 - Of fixed names.
    )
    session.execute(text("DROP TABLE arriving_sum"))
