"""What new incidents add to the counts of migration 0009, counted in memory."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.incidents.importing.copying import Finished
from gridmap.incidents.importing.linking import local_hours
from gridmap.territory.importing.copying import copy_text

Integers = npt.NDArray[np.int64]


def store(session: Session, rows: Finished) -> None:
    """Add incidents to the stored counts by cell and month, and by day and hour.

    Parameters
    ----------
    session : Session
        Nothing is committed.
    rows : Finished
        There must be some.
    """
    hours = local_hours(session, rows.occurred_us)
    days = hours // 24
    _add(session, "incident_day", ["day"], "hours", *_by_day(days, hours % 24))
    keys = ["community_id", "cell_id", "year"]
    _add(session, "incident_cell_year", keys, "upto", *_by_cell(rows, days))


def _by_day(days: Integers, hour: Integers) -> tuple[list[npt.NDArray[np.generic]], Integers]:
    first = int(days.min())
    count = int(days.max()) - first + 1
    counted = np.bincount((days - first) * 24 + hour, minlength=24 * count).reshape(count, 24)
    some = np.flatnonzero(counted.any(axis=1))
    return [(some + first).astype("datetime64[D]").astype(str)], counted[some]


def _by_cell(rows: Finished, days: Integers) -> tuple[list[npt.NDArray[np.generic]], Integers]:
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
    names = [communities[in_community], cells[in_cell], year + first]
    return names, np.cumsum(counted[some], axis=1)


def _add(
    session: Session,
    table: str,
    keys: list[str],
    column: str,
    names: list[npt.NDArray[np.generic]],
    counts: Integers,
) -> None:
    """Merge rows of keys and an array of counts into a table."""
    lines = [
        f'{",".join(map(str, name))},"{{{",".join(map(str, row))}}}"\n'
        for name, row in zip(
            zip(*(each.tolist() for each in names), strict=True), counts.tolist(), strict=True
        )
    ]
    columns = ", ".join([*keys, column])
    session.execute(text(f"CREATE TEMPORARY TABLE arriving_sum (LIKE {table})"))
    copy_text(session, f"arriving_sum ({columns})", ["".join(lines).encode()])
    added = ", ".join(
        f"s.{column}[{i}] + excluded.{column}[{i}]" for i in range(1, counts.shape[1] + 1)
    )
    # In the order of the key, as the triggers write.
    session.execute(
        text(f"""
            INSERT INTO {table} AS s ({columns})
            SELECT {columns} FROM arriving_sum ORDER BY {", ".join(keys)}
            ON CONFLICT ({", ".join(keys)}) DO UPDATE SET {column} = ARRAY[{added}]
        """)  # noqa: S608 - Of fixed names.
    )
    session.execute(text("DROP TABLE arriving_sum"))
