"""Texts, numbers, yes and no, and dates, read column by column."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"
_GROUPED = r"^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?$"
# What no grouping of thousands gives: 104,06 or 1040,500.
_DECIMAL_COMMA = r"^[+-]?(?:\d*,(?:\d{1,2}|\d{4,})|\d{4,},\d+)$"
_NOTHING = pa.array(
    ["", "-", "--", "—", "——", "/", "无", "NA", "N/A", "null", "NULL", "None", "nan", "NaN"],
    pa.large_string(),
)
_YES = {"yes", "y", "true", "t", "1", "是", "有", "对", "-1"}
_NO = {"no", "n", "false", "f", "0", "否", "无", "没有", "不是"}


def texts_of(column: pd.Series) -> pa.Array:
    """Return a column as trimmed text, missing where it is empty.

    Whole numbers that a format gives as fractions lose their ``.0``.
    """
    if pd.api.types.is_float_dtype(column):
        held = column.dropna()
        # Beyond this an integer has no 64 bits, and a fraction no digits.
        if (held % 1 == 0).all() and (held.abs() < 2**63).all():
            column = column.astype("Int64")
    if not isinstance(column.dtype, pd.StringDtype):
        column = column.astype("object").where(column.notna(), None).astype("str")
    array = pa.array(column, pa.large_string(), from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    array = pc.utf8_trim_whitespace(array)
    empty = pc.equal(array, "")
    if not pc.any(empty).as_py():
        return array
    return pc.if_else(empty, pa.scalar(None, pa.large_string()), array)


def without_dashes(texts: pa.Array, words: Collection[str] = ()) -> pa.Array:
    """Make missing what only says that there is nothing: a dash, 无, NaN and the like.

    Parameters
    ----------
    texts : pyarrow.Array of large_string
    words : collection of str
        Values that mean something here, although elsewhere they would not.
    """
    nothing = pc.is_in(texts, value_set=_NOTHING)
    if words:
        meant = pc.is_in(texts, value_set=pa.array(sorted(words), pa.large_string()))
        nothing = pc.and_(nothing, pc.invert(meant))
    if not pc.any(nothing).as_py():
        return texts
    return pc.if_else(nothing, pa.scalar(None, pa.large_string()), texts)


def to_series(array: pa.Array) -> pd.Series[str]:
    """Return Arrow text as a pandas column without copying it through Python."""
    return pd.Series(array.to_pandas(), dtype="str")


def parse_numbers(texts: pa.Array) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Read numbers.

    Parameters
    ----------
    texts : pyarrow.Array of large_string
        ``1234``, ``1,234.5``, ``-1e3``, in full-width digits too; a dash, 无 and the like stand
        for nothing. A comma is the decimal sign where no value of the column has a point and one
        has a comma that cannot group thousands, such as ``104,06``.

    Returns
    -------
    values : ndarray of float64
        NaN where there is none.
    bad : ndarray of bool
        Where there is a text that is no number.
    """
    try:
        # Each failure is dear, so a few values are tried before all.
        pc.cast(texts[:20], pa.float64())
        values = pc.cast(texts, pa.float64())
    except pa.ArrowInvalid:
        texts = without_dashes(texts)
        plain = _plain_numbers(pc.utf8_normalize(texts, form="NFKC"))
        fits = pc.fill_null(pc.match_substring_regex(plain, _NUMBER), False)
        values = pc.cast(pc.if_else(fits, plain, None), pa.float64())
        bad = pc.and_(pc.is_valid(texts), pc.invert(fits)).to_numpy(zero_copy_only=False)
        return _floats(values), bad
    return _floats(values), np.zeros(len(texts), dtype=bool)


def _plain_numbers(texts: pa.Array) -> pa.Array:
    """Write numbers with a decimal point and without marks between the thousands."""
    comma = pc.match_substring_regex(texts, _DECIMAL_COMMA)
    if pc.any(comma).as_py() and not pc.any(pc.match_substring(texts, ".")).as_py():
        return pc.replace_substring(texts, ",", ".", max_replacements=1)
    grouped = pc.match_substring_regex(texts, _GROUPED)
    return pc.if_else(grouped, pc.replace_substring(texts, ",", ""), texts)


def _floats(array: pa.Array) -> npt.NDArray[np.float64]:
    values: npt.NDArray[np.float64] = array.to_numpy(zero_copy_only=False).astype("float64")
    return values


def parse_booleans(texts: pa.Array) -> tuple[pd.Series[bool], npt.NDArray[np.bool_]]:
    """Read yes and no in English and Chinese; the second result is where neither stands."""
    lower = to_series(pc.utf8_lower(texts))
    values = pd.Series(pd.NA, index=lower.index, dtype="boolean")
    values[lower.isin(_YES)] = True
    values[lower.isin(_NO)] = False
    return values, np.asarray(lower.notna() & values.isna())


def translate(
    texts: pa.Array, words: dict[str, str], *, case: bool = True
) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """Replace values by a table of words.

    Parameters
    ----------
    texts : pyarrow.Array of large_string
        Of few distinct values, which alone are looked up.
    words : dict
        Value -> replacement; ``*`` stands for every other value.
    case : bool
        Whether capitals matter.

    Returns
    -------
    translated : pyarrow.Array
        A value that is not in the table stays as it is.
    unknown : ndarray of bool
        Where the value is not in the table.
    """
    table = words if case else {key.casefold(): value for key, value in words.items()}
    coded = pc.dictionary_encode(texts)
    distinct = [value if case else value.casefold() for value in coded.dictionary.to_pylist()]
    rest = words.get("*")
    found = [table.get(value, rest) for value in distinct]
    kept = [
        new if new is not None else old
        for new, old in zip(found, coded.dictionary.to_pylist(), strict=True)
    ]
    missing = np.append(np.array([new is None for new in found], dtype=bool), False)
    index = pc.fill_null(coded.indices, len(found)).to_numpy()
    return pa.array(kept, pa.large_string()).take(coded.indices), missing[index]
