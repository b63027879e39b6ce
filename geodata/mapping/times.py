"""Times as people write them, read column by column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Times = npt.NDArray[np.datetime64]
Spans = npt.NDArray[np.timedelta64]
Mask = npt.NDArray[np.bool_]

# A date and a clock stand beside each other in nearly every form. Taken apart there are few
# distinct dates and few distinct clocks, even among a million distinct times.
_DATE_AND_CLOCK = (
    r"^(?P<date>\d{1,4}\s*[-/.年]\s*\d{1,2}\s*(?:[-/.月]\s*\d{1,4}\s*日?|月)?)"
    r"[T\s,]*(?P<clock>.*)$"
)
_YEAR_FIRST = (
    r"^(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*(?:[-/.月]\s*(?P<day>\d{1,2})\s*日?|月)?$"
)
_YEAR_LAST = r"^(?P<a>\d{1,2})\s*[-/.]\s*(?P<b>\d{1,2})\s*[-/.]\s*(?P<year>\d{4})$"
_CLOCK = (
    r"^(?P<half>上午|下午|早上|早晨|清晨|凌晨|中午|傍晚|晚上|夜间|夜里|深夜|AM|PM|am|pm)?\s*"
    r"(?P<hour>\d{1,2})\s*[:：时点]\s*(?P<minute>\d{1,2}|半|整)?\s*"
    r"(?:[:：分]\s*(?P<second>\d{1,2})?(?:[.,]\d+)?)?\s*秒?\s*"
    r"(?P<after>AM|PM|am|pm)?\s*(?P<offset>Z|[+-]\d{2}:?\d{2})?$"
)
_CLOCK_DIGITS = r"^(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?$"
# A part of the day -> the hours it can stand before, and how many become how many hours more.
# 晚上12点 is the midnight that ends the day; 晚上2点 could be of this day or the next, so that it
# is not read.
_HALVES = {
    "上午|AM|am": (range(13), {12: -12}),
    "早上|早晨|清晨": (range(3, 13), {}),
    "凌晨": (range(13), {12: -12}),
    "中午": (range(1, 15), {1: 12, 2: 12, 3: 12}),
    "下午|PM|pm": (range(24), dict.fromkeys(range(12), 12)),
    "傍晚": (range(4, 21), dict.fromkeys(range(4, 9), 12)),
    "晚上|夜间|夜里|深夜": (range(5, 25), dict.fromkeys(range(5, 13), 12)),
}
_COMPACT = (
    r"^(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})?"
    r"(?:[T\s]?(?P<hour>\d{2}):?(?P<minute>\d{2}):?(?P<second>\d{2})?)?(?:\.0)?$"
)
_NUMBER = r"^\d+(?:\.\d*)?$"

EXCEL_ORIGIN = np.datetime64("1899-12-30", "us")
# Serial days from 1950 to 2149; smaller and greater numbers are not dates in a sheet of today.
_EXCEL_DAYS = (18264.0, 91312.0)


@dataclass
class ParsedTimes:
    """Times before the time zone is applied.

    Attributes
    ----------
    moments : ndarray of datetime64[us]
        NaT where there is none or it cannot be read.
    absolute : ndarray of bool
        Where the value is in UTC already, since it carried its offset.
    unsure : bool
        Whether day and month could not be told apart anywhere in the column.
    """

    moments: Times
    absolute: Mask
    unsure: bool = False


def parse_times(texts: pd.Series[str], style: str = "auto") -> ParsedTimes:
    """Read a column of times.

    Parameters
    ----------
    texts : Series of str
        ISO 8601, ``2015年3月1日 14时05分``, ``3/1/2015 2:05 PM``, ``201503011405``, months such as
        ``2015-03`` (their first day), Excel serial days or seconds since 1970.
    style : str
        See `geodata.mapping.model.TimeRule.format`.
    """
    array = pa.array(texts, pa.large_string(), from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if "%" in style:
        found = pc.strptime(array, format=style, unit="us", error_is_null=True)
        return ParsedTimes(_to_numpy(found), np.zeros(len(texts), dtype=bool))
    if style in {"auto", "ymd"}:
        fast = _iso(array)
        if fast is not None:
            return fast
    coded = pc.dictionary_encode(array)
    unique = _parse_distinct(_plain(coded.dictionary), style)
    # Missing values have no index: they point at an extra NaT at the end.
    index = pc.fill_null(coded.indices, len(unique.moments)).to_numpy()
    return ParsedTimes(
        np.append(unique.moments, np.datetime64("NaT"))[index],
        np.append(unique.absolute, False)[index],
        unique.unsure,
    )


def parse_date_and_clock(
    dates: pd.Series[str], clocks: pd.Series[str], style: str = "auto"
) -> ParsedTimes:
    """Read times of which the date and the time of day stand in two columns.

    Parameters
    ----------
    dates, clocks : Series of str, shape (n,)
        As `parse_times` and spreadsheets write them: a time of day in a column of dates, such as
        the midnight of 2024-03-01 00:00:00, does not count, nor does a date in one of times. A
        missing time of day is midnight.
    style : str
        Of the dates.
    """
    result = parse_times(dates, style)
    coded = pc.dictionary_encode(pa.array(clocks, pa.large_string(), from_pandas=True))
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    texts = _plain(coded.dictionary)
    fraction = pc.match_substring_regex(texts, r"^0?\.\d+$")
    times, offsets, absolute = _clocks(pc.replace_substring_regex(texts, _DATE_AND_CLOCK, r"\2"))
    days = pc.cast(pc.if_else(fraction, texts, "0"), pa.float64()).to_numpy()
    seconds = np.round(days * 86_400).astype("timedelta64[s]")
    times = np.where(_mask(fraction), seconds, times)
    index = pc.fill_null(coded.indices, len(times)).to_numpy()
    moments = result.moments.astype("datetime64[D]").astype("datetime64[us]")
    moments = moments + np.append(times, np.timedelta64(0, "s"))[index]
    moments = moments - np.append(offsets, np.timedelta64(0, "m"))[index]
    return ParsedTimes(moments, np.append(absolute, False)[index], result.unsure)


def _plain(texts: pa.Array) -> pa.Array:
    """Turn full-width digits and signs into plain ones."""
    return pc.utf8_trim_whitespace(pc.utf8_normalize(texts, form="NFKC"))


def _to_numpy(array: pa.Array) -> Times:
    values: Times = array.to_numpy(zero_copy_only=False).astype("datetime64[us]")
    return values


def _iso(array: pa.Array) -> ParsedTimes | None:
    """Read a column that is ISO 8601 throughout, the case that has to be fast."""
    for kind, absolute in ((pa.timestamp("us"), False), (pa.timestamp("us", tz="UTC"), True)):
        try:
            # Each failure is dear, so a few values are tried before all.
            pc.cast(array[:20], kind)
            values = _to_numpy(pc.cast(array, kind))
        except pa.ArrowInvalid:
            continue
        return ParsedTimes(values, np.full(len(values), absolute))
    return None


def _parse_distinct(texts: pa.Array, style: str) -> ParsedTimes:
    """Read each distinct text by the first form that fits it."""
    count = len(texts)
    result = ParsedTimes(np.full(count, "NaT", dtype="datetime64[us]"), np.zeros(count, dtype=bool))
    if style in {"auto", "excel", "epoch"}:
        _numbers(texts, style, result)
    if style in {"auto", "ymd"}:
        _compact(texts, result)
    if style in {"auto", "ymd", "mdy", "dmy"} and np.isnat(result.moments).any():
        _dated(texts, style, result)
    return result


def _numbers(texts: pa.Array, style: str, result: ParsedTimes) -> None:
    """Fill in the numbers: serial days of a spreadsheet and seconds since 1970."""
    fits = pc.match_substring_regex(texts, _NUMBER)
    if not pc.any(fits).as_py():
        return
    values = pc.cast(pc.if_else(fits, texts, None), pa.float64()).to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore"):
        if style in {"auto", "excel"}:
            days = (values >= _EXCEL_DAYS[0]) & (values < _EXCEL_DAYS[1])
            seconds = np.round(values[days] * 86_400).astype("int64")
            result.moments[days] = EXCEL_ORIGIN + (seconds * 1_000_000).astype("timedelta64[us]")
        if style in {"auto", "epoch"}:
            # Ten digits are seconds from 2001 to 2286, thirteen are milliseconds of that time.
            for scale, low, high in ((1_000_000, 1e9, 1e10), (1_000, 1e12, 1e13)):
                epoch = (values >= low) & (values < high)
                ticks = np.round(values[epoch] * scale).astype("int64")
                result.moments[epoch] = ticks.astype("datetime64[us]")
                result.absolute[epoch] = True


def _compact(texts: pa.Array, result: ParsedTimes) -> None:
    """Fill in what is written in digits only, such as 20150301 or 201503011405."""
    open_ = np.isnat(result.moments) & _mask(pc.match_substring_regex(texts, _COMPACT))
    if not open_.any():
        return
    parts = pc.extract_regex(texts.filter(pa.array(open_)), _COMPACT)
    result.moments[open_] = compose(
        _integers(parts, "year", 0), _integers(parts, "month", 1), _integers(parts, "day", 1),
        _integers(parts, "hour", 0), _integers(parts, "minute", 0), _integers(parts, "second", 0),
    )  # fmt: skip


def _dated(texts: pa.Array, style: str, result: ParsedTimes) -> None:
    """Fill in what has a date with separators and perhaps a clock."""
    parts = pc.extract_regex(texts, _DATE_AND_CLOCK)
    dates = pc.dictionary_encode(pc.fill_null(pc.struct_field(parts, "date"), ""))
    clocks = pc.dictionary_encode(pc.fill_null(pc.struct_field(parts, "clock"), ""))
    days, result.unsure = _dates(dates.dictionary, style)
    times, offsets, absolute = _clocks(clocks.dictionary)
    date_index, clock_index = dates.indices.to_numpy(), clocks.indices.to_numpy()
    values = days[date_index] + times[clock_index] - offsets[clock_index]
    fits = np.isnat(result.moments) & ~np.isnat(values)
    result.moments[fits] = values[fits]
    result.absolute[fits] = absolute[clock_index][fits]


def _dates(texts: pa.Array, style: str) -> tuple[Times, bool]:
    """Read distinct dates; the second result is whether day and month cannot be told apart."""
    texts = pc.utf8_trim_whitespace(texts)
    parts = pc.extract_regex(texts, _YEAR_FIRST)
    values = _date(parts, "month", "day")
    if style == "ymd":
        return values, False
    parts = pc.extract_regex(texts, _YEAR_LAST)
    first, second = _integers(parts, "a", 0), _integers(parts, "b", 0)
    unsure = False
    if style == "auto":
        day_first = int(np.count_nonzero(first > 12))
        month_first = int(np.count_nonzero(second > 12))
        unsure = bool((first > 0).any()) and day_first == month_first == 0
        style = "dmy" if day_first > month_first else "mdy"
    names = ("a", "b") if style == "mdy" else ("b", "a")
    return np.where(np.isnat(values), _date(parts, *names), values), unsure


def _date(parts: pa.StructArray, month: str, day: str) -> Times:
    zero = np.zeros(len(parts), dtype="int64")
    return compose(
        _integers(parts, "year", 0), _integers(parts, month, 1), _integers(parts, day, 1),
        zero, zero, zero,
    )  # fmt: skip


def _clocks(texts: pa.Array) -> tuple[Spans, Spans, Mask]:
    """Read distinct clocks: the time of day, the offset from UTC and whether there is one."""
    texts = pc.utf8_trim_whitespace(texts)
    # Four or six digits are hours, minutes and perhaps seconds.
    texts = pc.replace_substring_regex(texts, _CLOCK_DIGITS, r"\1:\2:\3")
    parts = pc.extract_regex(texts, _CLOCK)
    hour, fits = _of_the_day(parts, _integers(parts, "hour", 0))
    minute, second = _integers(parts, "minute", 0), _integers(parts, "second", 0)
    right = (hour < 24) | ((hour == 24) & (minute == 0) & (second == 0))
    right &= fits & (minute < 60) & (second <= 60)
    right &= _mask(pc.is_valid(parts)) | _mask(pc.equal(texts, ""))
    times = ((hour * 60 + minute) * 60 + second).astype("timedelta64[s]")
    times[~right] = np.timedelta64("NaT")
    offset = pc.fill_null(pc.struct_field(parts, "offset"), "")
    numbers = pc.extract_regex(offset, r"(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2})")
    minutes = _integers(numbers, "hours", 0) * 60 + _integers(numbers, "minutes", 0)
    west = _mask(pc.equal(pc.struct_field(numbers, "sign"), "-"))
    shifts = np.where(west, -minutes, minutes).astype("timedelta64[m]")
    return times, shifts, _mask(pc.not_equal(offset, ""))


def _of_the_day(
    parts: pa.StructArray, hour: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], Mask]:
    """Return the hours of the whole day, and whether each fits its part of the day."""
    result, fits = hour.copy(), np.ones(len(hour), dtype=bool)
    for words, (possible, more) in _HALVES.items():
        named = _mask(pc.match_substring_regex(pc.struct_field(parts, "half"), words))
        named |= _mask(pc.match_substring_regex(pc.struct_field(parts, "after"), words))
        fits &= ~named | np.isin(hour, list(possible))
        for said, change in more.items():
            result[named & (hour == said)] = said + change
    return result, fits


def _mask(array: pa.Array) -> Mask:
    values: Mask = pc.fill_null(array, False).to_numpy(zero_copy_only=False)
    return values


def _integers(parts: pa.StructArray, name: str, missing: int) -> npt.NDArray[np.int64]:
    texts = pc.struct_field(parts, name)
    texts = pc.if_else(pc.equal(texts, "半"), "30", texts)
    texts = pc.if_else(pc.is_in(texts, value_set=pa.array(["", "整"])), None, texts)
    numbers: npt.NDArray[np.int64] = pc.fill_null(pc.cast(texts, pa.int64()), missing).to_numpy(
        zero_copy_only=False
    )
    return numbers


def compose(
    year: npt.NDArray[np.int64],
    month: npt.NDArray[np.int64],
    day: npt.NDArray[np.int64],
    hour: npt.NDArray[np.int64],
    minute: npt.NDArray[np.int64],
    second: npt.NDArray[np.int64] | int = 0,
) -> Times:
    """Put times together from their parts; what is no date or no time of day gives NaT.

    24:00 is the next day's midnight.
    """
    right = (year >= 1) & (year <= 9999) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    right &= (hour >= 0) & (minute >= 0) & (minute < 60) & (second >= 0) & (second <= 60)
    right &= (hour < 24) | ((hour == 24) & (minute == 0) & (second == 0))
    months = np.where(right, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    dates = months.astype("datetime64[D]") + np.where(right, day - 1, 0)
    right &= dates.astype("datetime64[M]") == months
    clock = np.where(right, (hour * 3600 + minute * 60 + second) * 1_000_000, 0)
    values: Times = dates.astype("datetime64[us]") + clock.astype("timedelta64[us]")
    values[~right] = np.datetime64("NaT")
    return values


def to_utc(parsed: ParsedTimes, zone: str) -> tuple[pd.DatetimeIndex, Mask]:
    """Apply the time zone.

    Returns
    -------
    times : DatetimeIndex, UTC, microseconds
    skipped : ndarray of bool
        Where the clock jumped over the local time, which is then moved to the jump's end. A
        local time that occurs twice is taken as the first.
    """
    values = pd.DatetimeIndex(parsed.moments)
    if parsed.absolute.all():
        return values.tz_localize("UTC").as_unit("us"), np.zeros(len(values), dtype=bool)
    local = values.tz_localize(zone, ambiguous=np.ones(len(values), bool), nonexistent="NaT")
    skipped = np.asarray(local.isna()) & np.asarray(values.notna()) & ~parsed.absolute
    if skipped.any():
        local = values.tz_localize(
            zone, ambiguous=np.ones(len(values), bool), nonexistent="shift_forward"
        )
    times = local.tz_convert("UTC")
    if parsed.absolute.any():
        absolute = values.tz_localize("UTC")
        times = pd.DatetimeIndex(
            np.where(parsed.absolute, absolute.asi8, times.asi8).astype("datetime64[us]")
        ).tz_localize("UTC")
    return times.as_unit("us"), skipped
