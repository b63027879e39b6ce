"""Columns of a raw table as text, and the problems of their rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geodata.files.table import RawTable
from geodata.mapping.values import texts_of
from geodata.problems import Problems


def texts_at(raw: RawTable, source: str | list[str]) -> pa.Array:
    """Return a column, or several joined by a hyphen, as text."""
    if isinstance(source, str):
        return texts_of(raw.frame[source])
    parts = [texts_of(raw.frame[name]) for name in source]
    hyphen = pa.scalar("-", pa.large_string())
    # Half a key is none: a row that lacks a part has no value.
    return pc.binary_join_element_wise(*parts, hyphen, null_handling="emit_null")


def tell(
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


def is_there(texts: pa.Array) -> npt.NDArray[np.bool_]:
    """Return where there is a text."""
    valid: npt.NDArray[np.bool_] = pc.is_valid(texts).to_numpy(zero_copy_only=False)
    return valid
