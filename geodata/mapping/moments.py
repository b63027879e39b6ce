"""The field of times, from one column, from a date and a clock, or from columns of parts."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geodata.files.table import RawTable
from geodata.mapping.columns import is_there, tell, texts_at
from geodata.mapping.model import TimeRule
from geodata.mapping.times import ParsedTimes, compose, parse_date_and_clock, parse_times, to_utc
from geodata.mapping.values import parse_numbers, texts_of, to_series, without_dashes
from geodata.messages import N_, GeodataError, Message
from geodata.problems import Problems

EARLIEST = np.datetime64("1950-01-01", "us")


def times_of(
    raw: RawTable,
    name: str,
    rule: TimeRule | None,
    problems: Problems,
    now: dt.datetime | None,
    *,
    required: bool = True,
) -> pd.Series:
    """Read the times, and tell of those that are unreadable, missing, ancient or to come."""
    if rule is None:
        raise GeodataError(Message("the mapping does not say where {field} stands", field=name))
    if rule.column is not None:
        texts = without_dashes(texts_at(raw, rule.column))
        parsed, texts = _from_column(raw, rule, texts)
    else:
        parsed, texts = _from_parts(raw, rule)
    missing = ~is_there(texts)
    bad = ~missing & np.isnat(parsed.moments)
    if required:
        problems.add_many(
            "time-missing", N_("row {row} has no time"), raw.rows[missing], field=name
        )
    tell(
        raw,
        name,
        "time-unreadable",
        N_("row {row}: the time {value} cannot be read"),
        texts,
        bad,
        problems,
    )
    if parsed.unsure:
        problems.add(
            "day-or-month-first",
            N_("no date tells whether the month or the day comes first; the month was taken"),
            field=name,
            severity="warning",
        )
    times, skipped = to_utc(parsed, rule.zone)
    tell(
        raw,
        name,
        "time-skipped",
        N_(
            "row {row}: the clock in {zone} jumped over the time {value}; "
            "the end of the jump was taken"
        ),
        texts,
        skipped,
        problems,
        severity="warning",
        zone=rule.zone,
    )
    values = times.tz_localize(None).to_numpy()
    tell(
        raw,
        name,
        "time-too-early",
        N_("row {row}: the time {value} is before 1950"),
        texts,
        values < EARLIEST,
        problems,
    )
    present = now or dt.datetime.now(dt.UTC)
    latest = np.datetime64(present.astimezone(dt.UTC).replace(tzinfo=None), "us")
    tell(
        raw,
        name,
        "time-in-the-future",
        N_("row {row}: the time {value} is still to come"),
        texts,
        values > latest,
        problems,
    )
    return pd.Series(times)


def _from_column(raw: RawTable, rule: TimeRule, texts: pa.Array) -> tuple[ParsedTimes, pa.Array]:
    """Read times from their column, or from one of dates and one of times of day."""
    if rule.time_column is None:
        return parse_times(to_series(texts), rule.format), texts
    blank = pa.scalar(" ", pa.large_string())
    clock = without_dashes(texts_at(raw, rule.time_column))
    shown = pc.binary_join_element_wise(texts, clock, blank, null_handling="skip")
    shown = pc.if_else(pc.equal(shown, ""), pa.scalar(None, pa.large_string()), shown)
    if "%" in rule.format:
        return parse_times(to_series(shown), rule.format), shown
    return parse_date_and_clock(to_series(texts), to_series(clock), rule.format), shown


def _from_parts(raw: RawTable, rule: TimeRule) -> tuple[ParsedTimes, pa.Array]:
    """Put times together from columns of their parts."""
    names = [rule.year, rule.month, rule.day, rule.hour, rule.minute]
    blank = np.zeros(len(raw))
    defaults = [np.nan, 1.0, 1.0, 0.0, 0.0]
    bad = np.zeros(len(raw), dtype=bool)
    parts, texts = [], []
    for name, default in zip(names, defaults, strict=True):
        if name is None:
            parts.append(blank + default)
            continue
        column = texts_of(raw.frame[name])
        values, wrong = parse_numbers(column)
        bad |= wrong | (np.isfinite(values) & (values % 1 != 0))
        parts.append(np.where(np.isnan(values), default, values))
        texts.append(column)
    bad |= np.isnan(parts[0])
    whole = [np.where(bad, 0, part).astype("int64") for part in parts]
    moments = compose(*whole)
    shown = pc.binary_join_element_wise(
        *texts, pa.scalar(" ", pa.large_string()), null_handling="skip"
    )
    shown = pc.if_else(pc.equal(pc.utf8_trim_whitespace(shown), ""), None, shown)
    return ParsedTimes(moments, np.zeros(len(raw), dtype=bool)), shown
