"""Numbers of identity cards: a file that holds them is not imported at all."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geodata.messages import GeodataError, Message

_PROVINCE = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])"
_DATE = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
# People write the area, the birthday and the rest apart, so that the number can be read out.
_GAP = r"[\s\-]?"
_LONG = (
    rf"(?:^|\D)(?P<number>{_PROVINCE}\d{{4}}{_GAP}(?:19|20)\d{{2}}{_GAP}{_DATE}"
    rf"{_GAP}\d{{3}}[\dXx])(?:$|[^\dXx])"
)
# Numbers of 15 digits were issued until 1999; few of their holders were born before 1930. That
# bound also keeps apart the 15-digit codes of cells, which hold a town's number in that place.
_SHORT = rf"(?:^|\D){_PROVINCE}\d{{4}}[3-9]\d{_DATE}\d{{3}}(?:$|\D)"
_ANY_SHORT = r"(?:^|\D)\d{15}(?:$|\D)"
# Every number begins with the six digits of its area, which nobody writes apart.
_AREA = r"\d{6}"
_HEADERS = ("身份证", "证件号", "公民身份", "idcard", "identitycard", "idnumber")
_CODE_HEADERS = ("网格", "编码", "代码", "cell", "grid", "code")

# The weights and check characters of GB 11643 (ISO 7064, MOD 11-2).
_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_CHECKS = np.array(list("10X98765432"))

# A case number made of area, date and serial has the shape of an identity number, but only one
# in eleven has the right check character. Below this many there is no telling, and any counts.
_FEW = 20


def refuse_identity_numbers(
    frame: pd.DataFrame, rows: npt.NDArray[np.int64], code_columns: Collection[str] = ()
) -> None:
    """Refuse a file in which any column looks like identity-card numbers.

    Parameters
    ----------
    frame : pandas.DataFrame
        All columns of the file, also those that are not imported.
    rows : ndarray of int64
        Source row numbers.
    code_columns : collection of str
        Columns known to hold 15-digit codes of cells.

    Raises
    ------
    GeodataError
        Naming the column and the first rows, never a number.
    """
    for name in frame.columns:
        texts = _texts(frame[name])
        if texts is None:
            continue
        plain = str(name).casefold().replace(" ", "").replace("_", "")
        codes = name in code_columns or any(word in plain for word in _CODE_HEADERS)
        found = np.flatnonzero(_identity_like(texts, short=not codes))
        if not found.size and any(word in plain for word in _HEADERS):
            found = np.flatnonzero(pc.is_valid(texts).to_numpy(zero_copy_only=False))
        if found.size:
            raise GeodataError(
                Message(
                    "the column {column} looks like identity-card numbers (rows {rows}; {count} in "
                    "all). Nothing was imported. Remove the column: this system keeps no register "
                    "of persons.",
                    column=name,
                    rows=", ".join(str(row) for row in rows[found[:5]]),
                    count=len(found),
                )
            )


def holds_identity_number(words: str) -> bool:
    """Tell whether a text that somebody typed holds a number of an identity card.

    Only numbers of 18 characters whose check character is right count: of others there is no
    telling in a single text.
    """
    found = _identity_like(pa.array([unicodedata.normalize("NFKC", words)]), short=False)
    return bool(found[0])


def _texts(column: pd.Series) -> pa.Array | None:
    """Return a column as text, or None where it is too short to hold such numbers."""
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return None
    if pd.api.types.is_numeric_dtype(column):
        large = column.abs().max()
        if not large >= 1e14 or large >= 1e18 + 1e17 * 9:
            return None
        # Excel and JSON may give such numbers as numbers.
        column = column.astype("Int64") if pd.api.types.is_integer_dtype(column) else column.map(
            "{:.0f}".format, na_action="ignore"
        )  # fmt: skip
    if not isinstance(column.dtype, pd.StringDtype):
        column = column.astype("str")
    texts = pa.array(column, pa.large_string(), from_pandas=True)
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    longest = pc.max(pc.binary_length(texts)).as_py()
    if longest is None or longest < 15:
        return None
    if pc.all(pc.string_is_ascii(texts)).as_py():
        return texts
    full_width = pc.any(pc.match_substring_regex(texts, r"[０-９]")).as_py()
    return pc.utf8_normalize(texts, form="NFKC") if full_width else texts


def _identity_like(texts: pa.Array, *, short: bool) -> npt.NDArray[np.bool_]:
    # Most columns hold no run of six digits, and looking for that takes a fraction of the time.
    possible = _matches(texts, _AREA)
    if possible.any():
        possible[possible] = _shaped(texts.filter(pa.array(possible)), short=short)
    return possible


def _shaped(texts: pa.Array, *, short: bool) -> npt.NDArray[np.bool_]:
    result = np.zeros(len(texts), dtype=bool)
    shaped = np.flatnonzero(_matches(texts, _LONG))
    if shaped.size:
        numbers = pc.struct_field(pc.extract_regex(texts.take(pa.array(shaped)), _LONG), "number")
        numbers = pc.replace_substring_regex(numbers, r"[\s\-]", "")
        right = has_check_character(numbers.to_numpy(zero_copy_only=False))
        if len(shaped) < _FEW or right.mean() >= 0.5:
            result[shaped[right]] = True
    return result | _short_identity_like(texts) if short else result


def _short_identity_like(texts: pa.Array) -> npt.NDArray[np.bool_]:
    """Return where 15 digits have the shape, unless most of the column's have not.

    They have no check character: of any 15 digits one in a hundred has the shape by chance.
    """
    found = _matches(texts, _SHORT)
    if found.any():
        all_short = np.count_nonzero(_matches(texts, _ANY_SHORT))
        if all_short >= _FEW and np.count_nonzero(found) < all_short / 2:
            found[:] = False
    return found


def _matches(texts: pa.Array, pattern: str) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = pc.fill_null(
        pc.match_substring_regex(texts, pattern), False
    ).to_numpy(zero_copy_only=False)
    return found


def has_check_character(numbers: npt.NDArray[np.object_]) -> npt.NDArray[np.bool_]:
    """Return which 18-character numbers end in the right check character (ISO 7064, MOD 11-2).

    A number whose last three digits are zeros counts too: that is what a spreadsheet leaves of
    eighteen digits.
    """
    characters = np.array(numbers, dtype="U18").view("U1").reshape(-1, 18)
    digits = characters[:, :17].astype("int64")
    expected = _CHECKS[(digits * _WEIGHTS).sum(axis=1) % 11]
    rounded = (characters[:, 15:] == "0").all(axis=1)
    right: npt.NDArray[np.bool_] = (np.char.upper(characters[:, 17]) == expected) | rounded
    return right
