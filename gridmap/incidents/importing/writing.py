"""Store checked incidents: linked in memory, written by COPY."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.incidents.importing import partitions, pyramid, stored, sums
from gridmap.incidents.importing.copying import KNOWN, Finished
from gridmap.incidents.importing.filling import Part, begun, fill
from gridmap.incidents.importing.linking import Links, link, local_days, local_hours
from gridmap.territory.importing.origin import Counts, Origin


def lock_outlines(session: Session) -> None:
    """Keep others from changing outlines until the transaction ends; readers go on."""
    session.execute(text("LOCK TABLE unit, cell IN SHARE MODE"))


def lock(session: Session) -> None:
    """Keep others from changing outlines and incidents until the transaction ends.

    Readers go on. Whoever redraws a cell locks in the same order.
    """
    lock_outlines(session)
    # Categories may be added: two that both share the table could not both go on.
    session.execute(text("LOCK TABLE category IN SHARE ROW EXCLUSIVE MODE"))
    session.execute(text("LOCK TABLE incident IN SHARE ROW EXCLUSIVE MODE"))


def link_frame(session: Session, frame: pd.DataFrame) -> Links:
    """Find the cells and communities of a frame of incidents, see `write_incidents`."""
    days = local_days(session, _microseconds(frame["occurred_at"]))
    return link(session, frame["lon"].to_numpy(), frame["lat"].to_numpy(), days)


def write_incidents(
    session: Session,
    frame: pd.DataFrame,
    origin: Origin,
    *,
    links: Links | None = None,
    write: bool = True,
    advance: Callable[[int], None] = lambda steps: None,
) -> Counts:
    """Insert incidents, or update those the source sent before.

    Parameters
    ----------
    session : Session
        Nothing is committed.
    frame : pandas.DataFrame
        Columns ``external_id`` (text, never missing, no two equal), ``category_id`` (integer),
        ``occurred_at`` (with a time zone), ``lon`` and ``lat`` (WGS 84), and perhaps ``ended_at``,
        after it, where only a span is known.
    origin : Origin
        The source and the import run.
    links : Links, optional
        The result of `link_frame`, when it is known already.
    write : bool
        False only counts what would become of the rows.
    advance : callable
        Told how many rows were stored.

    Returns
    -------
    Counts
    """
    if frame.empty:
        return Counts()
    lock(session)
    if links is None:
        links = link_frame(session, frame)
    texts = pa.array(frame["external_id"], pa.large_string())
    rows = Finished(
        texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts,
        _microseconds(frame["occurred_at"]),
        _microseconds(frame["ended_at"]) if "ended_at" in frame else np.full(len(frame), KNOWN),
        frame["category_id"].to_numpy("int64"),
        frame["lon"].to_numpy("float64"),
        frame["lat"].to_numpy("float64"),
        links.cell_id,
        links.community_id,
    )
    known, changed = stored.compare(session, rows, origin.source)
    counts = Counts(
        inserted=int((~known).sum()),
        updated=int(changed.sum()),
        unchanged=int((known & ~changed).sum()),
    )
    if not write:
        return counts
    with _set(session, "gridmap.linked", "on"):
        if changed.any():
            stored.update(session, changed, origin)
        advance(int(known.sum()))
        fresh = rows.take(np.flatnonzero(~known)) if known.any() else rows
        if len(fresh):
            with _set(session, "gridmap.pyramid", "off"), _set(session, "gridmap.changes", "off"):
                _insert(session, fresh, origin, advance)
    return counts


@contextmanager
def _set(session: Session, name: str, value: str) -> Iterator[None]:
    """Keep triggers from doing row by row what is done here at once."""
    setting = text("SELECT set_config(:name, :value, true)")
    asked = text("SELECT coalesce(current_setting(:name, true), '')")
    before = session.scalar(asked, {"name": name})
    session.execute(setting, {"name": name, "value": value})
    yield
    session.execute(setting, {"name": name, "value": before})


def _microseconds(times: pd.Series[Any]) -> npt.NDArray[np.int64]:
    return pd.DatetimeIndex(times).as_unit("us").asi8


def _insert(
    session: Session, rows: Finished, origin: Origin, advance: Callable[[int], None]
) -> None:
    partitions.drop_left(session)
    hours = local_hours(session, rows.occurred_us)
    years = rows.occurred_us.astype("datetime64[us]").astype("datetime64[Y]").astype("int64") + 1970
    distinct, sizes = np.unique(years, return_counts=True)

    def part(chosen: npt.NDArray[np.bool_]) -> Part:
        index = np.flatnonzero(chosen)
        return Part(rows, index, _reserve_ids(session, len(index)), origin)

    new = {
        year: part(years == year)
        for year, size in zip(distinct.tolist(), sizes.tolist(), strict=True)
        if size >= partitions.FEWEST and partitions.is_new(session, year)
    }
    tables: dict[int, str] = {}
    with begun(session, new) as begun_years:
        keys = pyramid.keys(session, rows, hours // 24)
        pyramid.store(session, keys, list(pyramid.count(keys)))
        sums.store(session, sums.count(rows, hours))
        others = ~np.isin(years, list(new))
        if others.any():
            rest = part(others)
            rest.copy(session, "incident")
            _stored(session, rest, advance)
        for year in new:
            apart = begun_years[year].result() if begun_years else None
            tables[year] = apart or fill(session, year, new[year])
            partitions.add_foreign_keys(session, tables[year])
            _stored(session, new[year], advance)
    for year, table in tables.items():
        partitions.attach(session, year, table)


def _stored(session: Session, part: Part, advance: Callable[[int], None]) -> None:
    # For the feed of changes the run of ids is one row of its log.
    session.execute(
        text("SELECT note_layer_change('incidents', :first, :last)"),
        {"first": int(part.ids[0]), "last": int(part.ids[-1])},
    )
    advance(len(part.ids))


def _reserve_ids(session: Session, count: int) -> npt.NDArray[np.int64]:
    """Take a run of ids; no other writer draws one while the table is locked."""
    last = session.scalar(
        text("""
            SELECT setval(s, nextval(s) + :count - 1)
            FROM pg_get_serial_sequence('incident', 'id') AS s
        """),
        {"count": count},
    )
    assert last is not None  # noqa: S101 - For the type checker.
    return np.arange(last - count + 1, last + 1, dtype=np.int64)
