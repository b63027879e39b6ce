"""What new incidents add to the pyramid of migration 0003, counted in memory.

The server needs seconds to sort and count a million rows; here they are numbers in memory already.
A bin's number interleaves the bits of its column and row, so that bins in order stay in order when
they are joined four by four into those of the next level.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.incidents.importing.copying import HEADER, TRAILER, Finished
from gridmap.incidents.models import COARSEST_BINS, FINEST_BINS
from gridmap.territory.importing.copying import copy_in

Integers = npt.NDArray[np.int64]

_SIDE = 1 << FINEST_BINS
_BITS = 2 * FINEST_BINS
_INT4 = 23
#: Far more than the arithmetic of two programs differs by, as a share of a bin.
_NEAR = 1e-6

_COLUMNS = "level, category_id, x, y, year, upto"
_RECORD = np.dtype([
    ("fields", ">i2"),
    ("level_", ">i4"), ("level", ">i2"),
    ("category_id_", ">i4"), ("category_id", ">i4"),
    ("x_", ">i4"), ("x", ">i4"),
    ("y_", ">i4"), ("y", ">i4"),
    ("year_", ">i4"), ("year", ">i2"),
    # An array tells its dimensions, whether it has nulls, its type, its length and first index.
    ("upto_", ">i4"), ("array", ">i4", (5,)), ("upto", ">i4", (12, 2)),
])  # fmt: skip

_ROWS = text("""
    SELECT floor((0.5 - asinh(tan(radians(lat))) / (2 * pi())) * :side)
    FROM unnest(CAST(:lats AS float8[])) WITH ORDINALITY AS p (lat, n) ORDER BY n
""")
_ANY = text("""
    SELECT EXISTS (SELECT FROM incident_bin
                   WHERE level = :level AND category_id = 0 AND year BETWEEN :first AND :last)
""")
_MERGE = text(f"""
    INSERT INTO incident_bin AS b ({_COLUMNS}) SELECT {_COLUMNS} FROM arriving_bin
    ON CONFLICT (level, category_id, x, y, year) DO UPDATE
    SET upto = ARRAY[{", ".join(f"b.upto[{m}] + excluded.upto[{m}]" for m in range(1, 13))}]
""")  # noqa: S608 - Of fixed parts.


def _spread(numbers: Integers) -> Integers:
    """Put a zero before each bit."""
    for shift, mask in (
        (16, 0x0000FFFF0000FFFF), (8, 0x00FF00FF00FF00FF), (4, 0x0F0F0F0F0F0F0F0F),
        (2, 0x3333333333333333), (1, 0x5555555555555555),
    ):  # fmt: skip
        numbers = (numbers | numbers << shift) & mask
    return numbers


_SPREAD = _spread(np.arange(_SIDE, dtype=np.int64))


@dataclass(frozen=True)
class Keys:
    """The bin of the finest level, category, year and month of each incident, as one number.

    Attributes
    ----------
    keys : ndarray of int64, shape (n,)
        From the highest digit: index in `categories`, year less `first`, bin, month.
    categories : ndarray of int64
        Ids, ascending, after 0 for all of them.
    first, years : int
        The first year and how many there may be.
    """

    keys: Integers
    categories: Integers
    first: int
    years: int


def keys(session: Session, rows: Finished, days: Integers) -> Keys:
    """Find where incidents are counted, for `count`; there must be some.

    Parameters
    ----------
    session : Session
    rows : Finished
    days : ndarray of int64, shape (n,)
        The local day of each, since 1970.
    """
    months = days.view("datetime64[D]").astype("datetime64[M]").astype(np.int64) + 1970 * 12
    first, last = int(months.min()) // 12, int(months.max()) // 12
    years = last - first + 1
    category, ids = pd.factorize(rows.category_id, sort=True)
    x = np.clip(np.floor((rows.x + 180) / 360 * _SIDE), 0, _SIDE - 1).astype(np.int64)
    place = _SPREAD[x] << 1 | _SPREAD[_bin_rows(session, rows.y)]
    found = (category + 1) * years + (months // 12 - first)
    found <<= _BITS
    found |= place
    found *= 12
    found += months % 12
    return Keys(found, np.append(0, ids), first, years)


def _bin_rows(session: Session, lat: npt.NDArray[np.float64]) -> Integers:
    """Return the bins' rows; the database decides where rounding could."""
    exact = (0.5 - np.arcsinh(np.tan(np.radians(lat))) / (2 * np.pi)) * _SIDE
    rows = np.floor(exact)
    unsure = np.flatnonzero(np.abs(exact - np.rint(exact)) < _NEAR)
    if unsure.size:
        asked = {"lats": lat[unsure].tolist(), "side": _SIDE}
        rows[unsure] = session.scalars(_ROWS, asked).all()
    return np.clip(rows, 0, _SIDE - 1).astype(np.int64)


def count(of: Keys) -> Iterator[npt.NDArray[np.void]]:
    """Count the incidents of each bin, level by level from the finest, as rows for COPY."""
    ordered = np.sort(of.keys)
    start = _starts(ordered)
    ordered, size = ordered[start], np.diff(start, append=len(ordered))
    bins, month = np.divmod(ordered, 12)
    start = _starts(bins)
    upto = np.zeros((len(start), 12), dtype=np.int32)
    upto[np.repeat(np.arange(len(start)), np.diff(start, append=len(bins))), month] = size
    np.cumsum(upto, axis=1, out=upto)
    bins = bins[start]
    # The same without categories, which come under category 0 and so before the others.
    every = bins % (of.years << _BITS)
    order = np.argsort(every, kind="stable")
    every = every[order]
    start = _starts(every)
    upto = np.concatenate([np.add.reduceat(upto[order], start), upto])
    bins = np.concatenate([every[start], bins])
    for level in range(FINEST_BINS, COARSEST_BINS - 1, -1):
        yield _records(of, level, bins, upto)
        bins = (bins >> _BITS << _BITS) | ((bins & ((1 << _BITS) - 1)) >> 2)
        start = _starts(bins)
        bins, upto = bins[start], np.add.reduceat(upto, start)


def store(session: Session, of: Keys, levels: list[npt.NDArray[np.void]]) -> None:
    """Add counts to those that are stored."""
    # Nobody else counts meanwhile, so what is found missing stays missing.
    session.execute(text("LOCK TABLE incident_bin IN SHARE ROW EXCLUSIVE MODE"))
    span = {"level": COARSEST_BINS, "first": of.first, "last": of.first + of.years - 1}
    # As they lie in memory, for they are many.
    parts: list[memoryview | bytes] = [
        HEADER,
        *(level.view(np.uint8).data for level in reversed(levels)),
        TRAILER,
    ]
    if not session.scalar(_ANY, span):
        copy_in(session, f"incident_bin ({_COLUMNS})", parts)
        return
    session.execute(text("CREATE TEMPORARY TABLE arriving_bin (LIKE incident_bin)"))
    copy_in(session, f"arriving_bin ({_COLUMNS})", parts)
    session.execute(_MERGE)
    session.execute(text("DROP TABLE arriving_bin"))


def _records(
    of: Keys, level: int, bins: Integers, upto: npt.NDArray[np.int32]
) -> npt.NDArray[np.void]:
    """Write counts in the order of the primary key, in which they are stored fastest."""
    category, year = np.divmod(bins >> _BITS, of.years)
    x, y = (np.searchsorted(_SPREAD, bins >> shift & _SPREAD[-1]) for shift in (1, 0))
    order = np.lexsort((year, y, x, category))
    record = np.empty(len(bins), dtype=_RECORD)
    record["fields"] = 6
    for name, values in (
        ("level", np.full(len(bins), level)),
        ("category_id", of.categories[category]),
        ("x", x),
        ("y", y),
        ("year", year + of.first),
    ):
        record[name] = values[order]
        record[f"{name}_"] = record.dtype[name].itemsize
    record["array"] = (1, 0, _INT4, 12, 1)
    record["upto"][:, :, 0] = 4
    record["upto"][:, :, 1] = upto[order]
    record["upto_"] = record.dtype["array"].itemsize + record.dtype["upto"].itemsize
    return record


def _starts(ordered: Integers) -> Integers:
    """Return where equal numbers begin."""
    return np.append(0, np.flatnonzero(ordered[1:] != ordered[:-1]) + 1)
