"""From the columns of a file to the canonical frame of a layer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from collections.abc import Mapping as Dictionary

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from geodata.files.table import RawTable
from geodata.mapping.identity import refuse_identity_numbers
from geodata.mapping.layers import LAYERS, Field
from geodata.mapping.model import Mapping, TimeRule
from geodata.mapping.repeats import content_ids, drop_repeats, drop_reversed
from geodata.mapping.shapes import points_of, shapes_of
from geodata.mapping.times import ParsedTimes, compose, parse_times, to_utc
from geodata.mapping.values import parse_booleans, parse_numbers, texts_of, to_series, translate
from geodata.messages import N_, GeodataError, Message
from geodata.problems import Problems

EARLIEST = np.datetime64("1950-01-01", "us")


def apply(
    raw: RawTable,
    mapping: Mapping,
    *,
    allowed: Dictionary[str, Collection[str]] | None = None,
    now: dt.datetime | None = None,
) -> tuple[pd.DataFrame, Problems]:
    """Make the canonical frame of a layer.

    Parameters
    ----------
    raw : RawTable
        From `geodata.files.read`.
    mapping : Mapping
        What becomes what.
    allowed : mapping of str to collection of str, optional
        Field -> the values that are known, such as the codes of the categories.
    now : datetime, optional
        With time zone; times after it are wrong. The clock's, when it is not given.

    Returns
    -------
    frame : pandas.DataFrame or geopandas.GeoDataFrame
        The rows that may be imported, indexed by their source row (``row``), with every field of
        the layer. Incidents have float columns ``lon`` and ``lat`` instead of a geometry; layers
        without a position have none; all else is a GeoDataFrame in EPSG:4326.
    problems : Problems
        Also those of reading. The rows of the file are those of the frame, `Problems.bad_rows`
        and `Problems.dropped_rows`, and no row is in two of these.

    Raises
    ------
    GeodataError
        If a column is missing, the coordinate system is not told, or any column looks like
        identity-card numbers.
    """
    _check_columns(raw, mapping)
    refuse_identity_numbers(raw.frame, raw.rows, _code_columns(mapping))
    problems = Problems()
    problems.extend(raw.problems)
    raw = _subset(raw, ~np.isin(raw.rows, raw.problems.bad_rows()))
    if mapping.reverses is not None:
        raw = _subset(raw, drop_reversed(raw, mapping.reverses, problems))
    layer = LAYERS[mapping.layer]
    known = allowed or {}
    columns = {
        name: _column(raw, mapping, name, field, known.get(name), problems, now)
        for name, field in layer.fields.items()
    }
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(raw)))
    if mapping.layer == "incidents":
        points = points_of(raw, mapping.location, problems)
        frame["lon"], frame["lat"] = points.lon, points.lat
    elif layer.shapes and (layer.needs_shape or _has_shapes(raw, mapping)):
        frame = _with_shapes(frame, shapes_of(raw, mapping.location, layer, problems), layer.shapes)
    elif layer.shapes:
        frame = _with_shapes(frame, np.full(len(raw), None, dtype=object), layer.shapes)
    frame.index = pd.Index(raw.rows, name="row")
    bad = problems.bad_rows()
    if bad.size:
        frame = frame[~np.isin(raw.rows, bad)]
    if "external_id" in layer.fields:
        _fill_ids(frame)
    kept = drop_repeats(frame, layer.key, problems)
    return (frame if kept.all() else frame[kept]), problems


def _check_columns(raw: RawTable, mapping: Mapping) -> None:
    missing = [name for name in mapping.used_columns() if name not in raw.frame]
    if missing:
        raise GeodataError(
            Message(
                "{file} has no column {missing}. It has: {columns}.",
                file=raw.path.name if raw.path else "?",
                missing=", ".join(missing),
                columns=", ".join(str(name) for name in raw.frame.columns),
            )
        )


def _code_columns(mapping: Mapping) -> set[str]:
    """Return the columns that become codes, of which 15 digits are no identity number."""
    return {
        column
        for field, column in mapping.columns.items()
        if isinstance(column, str) and field.endswith("code")
    }


def _subset(raw: RawTable, kept: npt.NDArray[np.bool_]) -> RawTable:
    if kept.all():
        return raw
    return RawTable(
        raw.frame[kept].reset_index(drop=True),
        raw.rows[kept],
        raw.problems,
        None if raw.geometry is None else raw.geometry[kept],
        raw.system,
        raw.encoding,
        raw.layer,
        raw.path,
    )


def _has_shapes(raw: RawTable, mapping: Mapping) -> bool:
    location = mapping.location
    return raw.geometry is not None or location.wkt is not None or location.x is not None


def _texts(raw: RawTable, source: str | list[str]) -> pa.Array:
    if isinstance(source, str):
        return texts_of(raw.frame[source])
    parts = [texts_of(raw.frame[name]) for name in source]
    hyphen = pa.scalar("-", pa.large_string())
    # Half a key is none: a row that lacks a part has no value.
    return pc.binary_join_element_wise(*parts, hyphen, null_handling="emit_null")


def _column(
    raw: RawTable,
    mapping: Mapping,
    name: str,
    field: Field,
    known: Collection[str] | None,
    problems: Problems,
    now: dt.datetime | None,
) -> pd.Series:
    """Read one field, from a column, a constant or the rule for times."""
    if field.kind == "time":
        return _times(raw, name, mapping.time, problems, now)
    source = mapping.columns.get(name)
    if source is not None:
        texts = _texts(raw, source)
    else:
        constant = mapping.constants.get(name)
        texts = pa.array([None if constant is None else str(constant)], pa.large_string()).take(
            pa.array(np.zeros(len(raw), dtype="int64"))
        )
    given = mapping.values.get(name, {})  # noqa: PD011 - The mapping is no pandas object.
    words = {**field.codes, **given}
    if words:
        texts, unknown = translate(texts, words)
        if field.codes:
            unknown &= ~_isin(texts, field.allowed)
            _tell(
                raw,
                name,
                "value-unknown",
                N_("row {row}: {value} is no known {field}"),
                texts,
                unknown,
                problems,
            )
    if known is not None:
        unknown = _valid(texts) & ~_isin(texts, known)
        _tell(
            raw,
            name,
            "value-unknown",
            N_("row {row}: {value} is no known {field}"),
            texts,
            unknown,
            problems,
        )
    if field.required:
        empty = ~_valid(texts)
        problems.add_many(
            "value-missing", N_("row {row}: {field} is empty"), raw.rows[empty], field=name
        )
    return _typed(raw, name, field, texts, problems)


def _typed(
    raw: RawTable, name: str, field: Field, texts: pa.Array, problems: Problems
) -> pd.Series:
    """Turn text into the type of the field; what does not fit is told and left empty."""
    if field.kind == "text":
        return to_series(texts)
    if field.kind == "boolean":
        flags, bad = parse_booleans(texts)
        _tell(
            raw,
            name,
            "not-yes-or-no",
            N_("row {row}: {value} in {field} is neither yes nor no"),
            texts,
            bad,
            problems,
        )
        return flags
    if field.kind in {"integer", "number"}:
        values, bad = parse_numbers(texts)
        with np.errstate(invalid="ignore"):
            bad |= (values < 0) | (np.abs(values) > 1e9)
            if field.kind == "integer":
                bad |= np.isfinite(values) & (values % 1 != 0)
        bad |= np.isinf(values)
        _tell(
            raw,
            name,
            "not-a-count" if field.kind == "integer" else "not-a-number",
            N_("row {row}: {value} in {field} is no number that is right there"),
            texts,
            bad,
            problems,
        )
        values[bad] = np.nan
        numbers = pd.Series(values)
        return numbers.astype("Int64") if field.kind == "integer" else numbers
    parsed = parse_times(to_series(texts))
    bad = _valid(texts) & np.isnat(parsed.moments)
    _tell(
        raw,
        name,
        "date-unreadable",
        N_("row {row}: the date {value} in {field} cannot be read"),
        texts,
        bad,
        problems,
    )
    days = parsed.moments.astype("datetime64[M]") if field.kind == "month" else parsed.moments
    dates = pd.Series(days.astype("datetime64[s]"))
    return dates.dt.date.astype("object").where(dates.notna(), None)


def _times(
    raw: RawTable, name: str, rule: TimeRule | None, problems: Problems, now: dt.datetime | None
) -> pd.Series:
    """Read the times, and tell of those that are unreadable, missing, ancient or to come."""
    if rule is None:
        raise GeodataError(Message("the mapping does not say where {field} stands", field=name))
    if rule.column is not None:
        texts = _texts(raw, rule.column)
        if rule.time_column is not None:
            blank = pa.scalar(" ", pa.large_string())
            clock = _texts(raw, rule.time_column)
            texts = pc.binary_join_element_wise(texts, clock, blank, null_handling="skip")
        parsed = parse_times(to_series(texts), rule.format)
    else:
        parsed, texts = _from_parts(raw, rule)
    missing = ~_valid(texts)
    bad = ~missing & np.isnat(parsed.moments)
    problems.add_many("time-missing", N_("row {row} has no time"), raw.rows[missing], field=name)
    _tell(
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
    _tell(
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
    _tell(
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
    _tell(
        raw,
        name,
        "time-in-the-future",
        N_("row {row}: the time {value} is still to come"),
        texts,
        values > latest,
        problems,
    )
    return pd.Series(times)


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


def _tell(
    raw: RawTable,
    field: str,
    code: str,
    template: str,
    texts: pa.Array,
    mask: npt.NDArray[np.bool_],
    problems: Problems,
    **more: object,
) -> None:
    """Tell of the rows of a mask with the values that stood there."""
    positions = np.flatnonzero(mask)
    if positions.size:
        values = texts.take(pa.array(positions)).to_pylist()
        problems.add_many(code, template, raw.rows[positions], field=field, values=values, **more)  # type: ignore[arg-type]


def _valid(texts: pa.Array) -> npt.NDArray[np.bool_]:
    valid: npt.NDArray[np.bool_] = pc.is_valid(texts).to_numpy(zero_copy_only=False)
    return valid


def _isin(texts: pa.Array, values: Collection[str]) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = pc.is_in(
        texts, value_set=pa.array(sorted(values), pa.large_string())
    ).to_numpy(zero_copy_only=False)
    return found


def _with_shapes(
    frame: pd.DataFrame, shapes: npt.NDArray[np.object_], allowed: frozenset[str]
) -> gpd.GeoDataFrame:
    """Add the shapes; where the layer holds only areas they all become multipolygons."""
    if allowed == {"Polygon", "MultiPolygon"}:
        single = shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON
        shapes[single] = shapely.multipolygons(
            shapes[single], indices=np.arange(np.count_nonzero(single))
        )
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, crs="EPSG:4326"))


def _fill_ids(frame: pd.DataFrame) -> None:
    """Give rows without an identifier one made of their content, in place."""
    missing = frame["external_id"].isna()
    if not missing.any():
        return
    rows = frame[missing]
    shapes = None
    if isinstance(frame, gpd.GeoDataFrame):
        wkb = shapely.to_wkb(rows.geometry.to_numpy(), hex=True)
        shapes = pd.Series(wkb, index=rows.index, dtype="str")
    counts = {name for name in rows if isinstance(rows[name].dtype, pd.Int64Dtype)}
    content = rows.drop(columns=["external_id", "geometry", "month", *counts], errors="ignore")
    ids = content_ids(pd.DataFrame(content), shapes)
    frame["external_id"] = frame["external_id"].where(~missing, ids)
