"""From the columns of a file to the canonical frame of a layer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from collections.abc import Mapping as Dictionary
from concurrent.futures import ThreadPoolExecutor

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from geodata.files.table import RawTable
from geodata.mapping.columns import is_there, tell, texts_at
from geodata.mapping.fields import Field
from geodata.mapping.identity import refuse_identity_numbers
from geodata.mapping.layers import LAYERS
from geodata.mapping.lines import single_lines
from geodata.mapping.model import Mapping
from geodata.mapping.moments import times_of
from geodata.mapping.repeats import content_ids, drop_repeats, drop_reversed
from geodata.mapping.shapes import points_of, shapes_of
from geodata.mapping.times import parse_times
from geodata.mapping.values import (
    parse_booleans,
    parse_numbers,
    to_series,
    translate,
    without_dashes,
)
from geodata.messages import N_, GeodataError, Message
from geodata.problems import Problems

# So a spreadsheet shows a code of twelve digits and more; many codes then look like one.
_SHORTENED = r"^\d(?:\.\d+)?E\+\d{2}$"
# What would have to be disguised in JSON.
_NOT_PLAIN = r'[\x00-\x1f\x7f"\\]'
_UNKNOWN = N_("row {row}: {value} is no known {field}")


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
        From `geodata.files.reading.read`.
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
        without a position have none; all else is a GeoDataFrame in EPSG:4326. A road of several
        lines that do not meet takes several rows of the frame.
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
    problems = Problems()
    problems.extend(raw.problems)
    layer = LAYERS[mapping.layer]
    # Arrow works without Python's lock, so that this takes little longer than the longest of it.
    with ThreadPoolExecutor(2) as workers:
        refused = workers.submit(_refuse_identity_numbers, raw, mapping)
        raw = _subset(raw, ~np.isin(raw.rows, raw.problems.bad_rows()))
        if mapping.reverses is not None:
            raw = _subset(raw, drop_reversed(raw, mapping.reverses, problems))
        known = allowed or {}
        read = [
            workers.submit(_column, raw, mapping, name, field, known.get(name), now)
            for name, field in layer.fields.items()
        ]
        refused.result()
        columns = {}
        for name, one in zip(layer.fields, read, strict=True):
            columns[name], found = one.result()
            problems.extend(found)
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(raw)))
    if mapping.layer == "incidents":
        _check_spans(raw, frame, problems)
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
    frame = frame if kept.all() else frame[kept]
    if mapping.layer == "roads":
        frame = single_lines(gpd.GeoDataFrame(frame), problems)
    # What the texts took goes back to the system, for others than Arrow need memory next.
    pa.default_memory_pool().release_unused()
    return frame, problems


def _check_spans(raw: RawTable, frame: pd.DataFrame, problems: Problems) -> None:
    """Tell of ends before their beginnings; an end that is the beginning says nothing more."""
    early = (frame["ended_at"] < frame["occurred_at"]).to_numpy(bool)
    problems.add_many(
        "span-reversed",
        N_("row {row}: the end lies before the beginning"),
        raw.rows[early],
        field="ended_at",
    )
    frame["ended_at"] = frame["ended_at"].where(frame["ended_at"] > frame["occurred_at"])


def _refuse_identity_numbers(raw: RawTable, mapping: Mapping) -> None:
    codes = _code_columns(mapping)
    refuse_identity_numbers(raw.frame, raw.rows, codes)
    if raw.unread is not None:
        refuse_identity_numbers(raw.unread, raw.unread.index.to_numpy("int64"), codes)


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


def _column(
    raw: RawTable,
    mapping: Mapping,
    name: str,
    field: Field,
    known: Collection[str] | None,
    now: dt.datetime | None,
) -> tuple[pd.Series, Problems]:
    """Read one field, from a column, a constant or the rule for times, and tell what is wrong."""
    problems = Problems()
    if field.kind == "time":
        rule = mapping.rule(name)
        if rule is None and not field.required:
            none = pd.Series(np.full(len(raw), "NaT", dtype="datetime64[us]"))
            return none.dt.tz_localize("UTC"), problems
        return times_of(raw, name, rule, problems, now, required=field.required), problems
    texts = _given(raw, mapping, name)
    given = mapping.values.get(name, {})  # noqa: PD011 - The mapping is no pandas object.
    words = {**field.codes, **given}
    if field.kind != "boolean":
        # Of a yes or no, 无 is the no.
        texts = without_dashes(texts, words)
    if words:
        texts, unknown = translate(texts, words)
        if field.codes:
            unknown &= ~_isin(texts, field.allowed)
            tell(raw, name, "value-unknown", _UNKNOWN, texts, unknown, problems)
    if known is not None:
        unknown = is_there(texts) & ~_isin(texts, known)
        tell(raw, name, "value-unknown", _UNKNOWN, texts, unknown, problems)
    _tell_of_codes(raw, name, texts, known, problems)
    if field.required:
        empty = ~is_there(texts)
        problems.add_many(
            "value-missing", N_("row {row}: {field} is empty"), raw.rows[empty], field=name
        )
    return _typed(raw, name, field, texts, problems), problems


def _given(raw: RawTable, mapping: Mapping, name: str) -> pa.Array:
    """Return what stands in the column of a field, or the same constant for all rows."""
    source = mapping.columns.get(name)
    if source is not None:
        return texts_at(raw, source)
    constant = mapping.constants.get(name)
    return pa.array([None if constant is None else str(constant)], pa.large_string()).take(
        pa.array(np.zeros(len(raw), dtype="int64"))
    )


def _tell_of_codes(
    raw: RawTable, name: str, texts: pa.Array, known: Collection[str] | None, problems: Problems
) -> None:
    """Tell of numbers that a spreadsheet has shortened, and of characters that no code has."""
    if name == "external_id" or name.endswith("code"):
        short = pc.fill_null(pc.match_substring_regex(texts, _SHORTENED), False)
        tell(
            raw,
            name,
            "shortened-number",
            N_(
                "row {row}: a spreadsheet has shortened the number {value}, and its digits are "
                "lost; format the column {field} as text and save the file again"
            ),
            texts,
            short.to_numpy(zero_copy_only=False),
            problems,
        )
    # A category that is not known may become a new one, with the word as its code.
    if name == "code" or (name == "category" and known is None):
        odd = pc.fill_null(pc.match_substring_regex(texts, _NOT_PLAIN), False)
        tell(
            raw,
            name,
            "code-characters",
            N_(
                "row {row}: the code {value} holds a quotation mark, a backslash or a control "
                "character; leave these out"
            ),
            texts,
            odd.to_numpy(zero_copy_only=False),
            problems,
        )


def _typed(
    raw: RawTable, name: str, field: Field, texts: pa.Array, problems: Problems
) -> pd.Series:
    """Turn text into the type of the field; what does not fit is told and left empty."""
    if field.kind == "text":
        return to_series(texts)
    if field.kind == "boolean":
        flags, bad = parse_booleans(texts)
        tell(
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
        tell(
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
    bad = is_there(texts) & np.isnat(parsed.moments)
    tell(
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
    # A row that is known to have an end later is the same row.
    left_out = ["external_id", "geometry", "month", "ended_at", *counts]
    content = rows.drop(columns=left_out, errors="ignore")
    ids = content_ids(pd.DataFrame(content), shapes)
    frame["external_id"] = frame["external_id"].where(~missing, ids)
