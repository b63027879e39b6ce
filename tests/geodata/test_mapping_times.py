"""Times as people write them, with zones, and days before months."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.files.table import RawTable
from geodata.mapping import TimeRule, apply, guess, parse_mapping
from geodata.mapping.times import parse_times, to_utc
from geodata.messages import GeodataError

EARLIEST = dt.datetime(1950, 1, 1)  # noqa: DTZ001 - A local time of no zone yet.

LATEST = dt.datetime(2100, 1, 1)  # noqa: DTZ001 - As above.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2015-03-01 14:05:06", "2015-03-01T14:05:06"),
        ("2015-03-01T14:05", "2015-03-01T14:05:00"),
        ("2015-03", "2015-03-01T00:00:00"),
        ("2015年3月", "2015-03-01T00:00:00"),
        ("2015年3月1日 14时05分", "2015-03-01T14:05:00"),
        ("2015年3月1日下午2点", "2015-03-01T14:00:00"),
        ("2015/3/1 9:5", "2015-03-01T09:05:00"),
        ("2015.03.01", "2015-03-01T00:00:00"),
        ("20150301", "2015-03-01T00:00:00"),
        ("201503011405", "2015-03-01T14:05:00"),
        ("3/1/2015 2:05", "2015-03-01T02:05:00"),
        ("03/31/2015 02:05 PM", "2015-03-31T14:05:00"),
        ("31/03/2015", "2015-03-31T00:00:00"),
        ("12/31/2015 12:00 AM", "2015-12-31T00:00:00"),
        ("2015-03-01 24:00", "2015-03-02T00:00:00"),
        ("42064.5", "2015-03-01T12:00:00"),
        ("2015-02-29", None),
        ("2015-13-01", None),
        ("2015-03-01 25:00", None),
        ("2015-03-01 what", None),
        ("12:30", None),
        ("昨天", None),
        ("", None),
    ],
)
def test_times_as_people_write_them(text: str, expected: str | None) -> None:
    found = parse_times(pd.Series([text, None], dtype="str"))
    np.testing.assert_array_equal(found.moments, np.array([expected, None], "datetime64[us]"))
    assert not found.absolute.any()


def test_a_column_tells_whether_the_day_comes_first() -> None:
    day_first = parse_times(pd.Series(["3/4/2015", "25/4/2015"], dtype="str"))
    assert day_first.moments.astype(str).tolist()[0].startswith("2015-04-03")
    assert not day_first.unsure
    assert parse_times(pd.Series(["3/4/2015"], dtype="str")).unsure
    told = parse_times(pd.Series(["3/4/2015"], dtype="str"), "dmy")
    assert told.moments.astype(str)[0].startswith("2015-04-03")
    assert not told.unsure
    form = parse_times(pd.Series(["15|03|01", "x"], dtype="str"), "%y|%m|%d")
    np.testing.assert_array_equal(form.moments, np.array(["2015-03-01", None], "datetime64[us]"))


def test_zones_offsets_and_the_jump_of_the_clock() -> None:
    texts = ["2024-01-03T12:00:00+08:00", "2024-01-03 12:00", "1704254400", "1704254400000"]
    times, _ = to_utc(parse_times(pd.Series(texts, dtype="str")), "Asia/Shanghai")
    assert set(times) == {pd.Timestamp("2024-01-03T04:00Z")}
    jump = parse_times(pd.Series(["2024-03-10 02:30", "2024-11-03 01:30"], dtype="str"))
    times, skipped = to_utc(jump, "America/Chicago")
    assert skipped.tolist() == [True, False]
    assert times.strftime("%d %H:%M").tolist() == ["10 08:00", "03 06:30"]


@given(st.lists(st.datetimes(EARLIEST, LATEST), min_size=1))
def test_iso_and_month_first_agree(moments: list[dt.datetime]) -> None:
    whole = pd.Series(pd.DatetimeIndex(moments)).dt.floor("min")
    iso = parse_times(whole.dt.strftime("%Y-%m-%d %H:%M").astype("str"))
    american = parse_times(whole.dt.strftime("%m/%d/%Y %I:%M %p").astype("str"), "mdy")
    np.testing.assert_array_equal(iso.moments, american.moments)
    np.testing.assert_array_equal(iso.moments, whole.to_numpy("datetime64[us]"))


def test_of_some_incidents_only_a_span_is_known() -> None:
    raw = RawTable(
        pd.DataFrame({
            "案发时间": ["2026-03-01 20:00"] * 5,
            "发现时间": ["2026-03-02 08:00", "", "2026-03-01 20:00", "2026-03-01 19:00", "soon"],
            "类别": ["A"] * 5,
            "经度": ["116.3"] * 5,
            "纬度": ["39.9"] * 5,
        }),
        np.arange(2, 7),
    )  # fmt: skip
    mapping = guess("incidents", list(raw.frame))
    assert mapping.until == TimeRule(column="发现时间")
    assert mapping.time == TimeRule(column="案发时间")
    frame, problems = apply(raw, mapping)
    # No end, and an end that is the beginning, are moments.
    assert frame.index.tolist() == [2, 3, 4]
    assert frame["ended_at"].isna().tolist() == [False, True, True]
    assert frame["ended_at"].iloc[0] == pd.Timestamp("2026-03-02T00:00:00Z")
    told = {problem.row: problem.code for problem in problems}
    assert (told[5], told[6]) == ("span-reversed", "time-unreadable")


def test_only_incidents_have_an_end() -> None:
    with pytest.raises(GeodataError, match="only incidents have an end"):
        parse_mapping({"layer": "places", "until": {"column": "x"}})


def test_a_row_keeps_its_identity_when_its_end_becomes_known() -> None:
    columns = {"时间": ["2026-03-01 20:00"], "类别": ["A"], "经度": ["116"], "纬度": ["39"]}
    before = RawTable(pd.DataFrame(columns), np.array([2]))
    after = RawTable(pd.DataFrame({**columns, "until": ["2026-03-02 08:00"]}), np.array([2]))
    ids = [apply(raw, guess("incidents", list(raw.frame)))[0]["external_id"].iloc[0]
           for raw in (before, after)]  # fmt: skip
    assert ids[0] == ids[1]
