"""Rows that take back earlier rows, and rows that occur more than once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.files.table import RawTable
from geodata.mapping.model import Reversal
from geodata.mapping.values import texts_of, to_series
from geodata.messages import N_
from geodata.problems import Problems

Mask = npt.NDArray[np.bool_]


def drop_reversed(raw: RawTable, rule: Reversal, problems: Problems) -> Mask:
    """Find the rows that take back others, and those that are taken back.

    Each reversal takes back the last row before it with the same key that still stands, as a
    closing bracket belongs to the last open one.

    Parameters
    ----------
    raw : RawTable
        In the order of the file.
    rule : Reversal
        How a reversal is known.
    problems : Problems
        Told of every row that is left out, and of reversals that find no row.

    Returns
    -------
    ndarray of bool
        Which rows remain.
    """
    marker = to_series(texts_of(raw.frame[rule.column]))
    takes_back = (marker == rule.equals).fillna(False).to_numpy(bool)
    group = _groups(raw, rule.key)
    if rule.otherwise:
        rest = _groups(raw, rule.otherwise)
        group = np.where((group < 0) & (rest >= 0), rest + group.max(initial=-1) + 1, group)
    # A row that lacks the key belongs to no other: each gets a group of its own.
    group = np.where(group < 0, -1 - np.arange(len(raw)), group)
    touched = np.flatnonzero(np.isin(group, np.unique(group[takes_back])))
    cancelled = np.zeros(len(raw), dtype=bool)
    cancelled[touched] = _closed(group[touched], takes_back[touched])
    unmatched = takes_back & ~cancelled
    text = ", ".join(rule.key)
    for mask, code, template in (
        (cancelled & ~takes_back, "reversed", N_("row {row} is taken back by a later row")),
        (cancelled & takes_back, "reversal", N_("row {row} takes back an earlier row")),
        (
            unmatched,
            "reversal-unmatched",
            (N_("row {row} takes back a row that the file does not hold, by {key}")),
        ),
    ):
        problems.add_many(
            code, template, raw.rows[mask], field=rule.column, severity="dropped", key=text
        )
    return ~(cancelled | takes_back)


def _groups(raw: RawTable, key: list[str]) -> npt.NDArray[np.int64]:
    """Return a number for each set of equal values, -1 where one of these is missing."""
    columns = [to_series(texts_of(raw.frame[name])) for name in key]
    together = pd.concat(columns, axis=1, keys=range(len(columns)))
    groups = together.groupby(list(range(len(columns))), sort=False).ngroup()
    return groups.fillna(-1).to_numpy().astype(np.int64)


def _closed(group: npt.NDArray[np.int64], closing: Mask) -> Mask:
    """Match brackets within groups; return which positions belong to a matched pair.

    With +1 for an opening and -1 for a closing one, a closing one is unmatched where the running
    sum falls to a new minimum below zero. Counted without those, an opening one at height h is
    matched if the sum falls below h later.
    """
    steps = pd.Series(np.where(closing, -1, 1))
    heights = steps.groupby(group).cumsum()
    floor = heights.groupby(group).cummin().clip(upper=0)
    unmatched = closing & (floor < floor.groupby(group).shift(fill_value=0)).to_numpy()
    level = heights - floor
    later_minimum = level[::-1].groupby(group[::-1]).cummin()[::-1]
    matched = np.where(closing, ~unmatched, (later_minimum < level).to_numpy())
    result: Mask = matched.astype(bool)
    return result


def drop_repeats(frame: pd.DataFrame, key: tuple[str, ...], problems: Problems) -> Mask:
    """Keep the last row of each key.

    Parameters
    ----------
    frame : pandas.DataFrame
        Its index holds the source rows.
    key : tuple of str
        A row whose first key field is missing repeats none.
    problems : Problems
        Told of every row that a later one replaces.

    Returns
    -------
    ndarray of bool
        Which rows remain.
    """
    columns = [name for name in key if name in frame and frame[name].notna().any()]
    if not columns or columns[0] != key[0]:
        return np.ones(len(frame), dtype=bool)
    if len(columns) == 1 and frame[key[0]].is_unique:  # In half the time of the next question.
        return np.ones(len(frame), dtype=bool)
    repeated = frame.duplicated(columns, keep="last").to_numpy() & frame[key[0]].notna().to_numpy()
    problems.add_many(
        "replaced-by-later-row",
        N_("row {row}: {field} {value} occurs again further down; the later row counts"),
        frame.index.to_numpy()[repeated],
        field=key[0],
        values=frame[key[0]].to_numpy()[repeated],
        severity="dropped",
    )
    return ~repeated


def content_ids(frame: pd.DataFrame, extra: pd.Series | None = None) -> pd.Series[str]:
    """Make identifiers of the content, the same whenever the same row is imported again.

    Parameters
    ----------
    frame : pandas.DataFrame
        The columns that make a row what it is.
    extra : pandas.Series, optional
        A further column, such as the shape as well-known binary.

    Returns
    -------
    pandas.Series of str
        ``h`` and a 64-bit hash; equal rows are told apart by a serial, in the order of the file.
    """
    hashed = pd.util.hash_pandas_object(frame, index=False)
    if extra is not None:
        hashed ^= pd.util.hash_pandas_object(extra, index=False)
    serial = hashed.groupby(hashed).cumcount()
    ids: pd.Series[str] = "h" + hashed.astype("str")
    again = serial > 0
    if again.any():
        ids[again] = ids[again] + "-" + serial[again].astype("str")
    return ids
