"""Geometry as text: well-known text, also PostGIS's extended form, and binary as hexadecimals."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from geodata.mapping.values import texts_of

_EXTENDED = r"(?i)^SRID\s*=\s*(?P<code>\d{1,6})\s*;\s*"
_BINARY = r"^(?:0[01][0-9A-Fa-f]{8})(?:[0-9A-Fa-f]{2})*$"


def read_texts(
    column: pd.Series,
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_], npt.NDArray[np.int64]]:
    """Read geometries from a column of text.

    Returns
    -------
    texts : ndarray of str, shape (n,)
        None where there is none.
    shapes : ndarray of shapely geometries, shape (n,)
        In two dimensions; None where there is none or it cannot be read.
    codes : ndarray of int64, shape (n,)
        The EPSG code that the text carries, 0 where it carries none.
    """
    texts = texts_of(column)
    found = pc.struct_field(pc.extract_regex(texts, _EXTENDED), "code")
    codes = pc.fill_null(pc.cast(found, pa.int64()), 0).to_numpy(zero_copy_only=False).copy()
    plain = pc.replace_substring_regex(texts, _EXTENDED, "").to_numpy(zero_copy_only=False)
    binary = pc.fill_null(pc.match_substring_regex(texts, _BINARY), False)
    binary = binary.to_numpy(zero_copy_only=False)
    shapes = np.full(len(texts), None, dtype=object)
    shapes[~binary] = shapely.from_wkt(plain[~binary], on_invalid="ignore")
    shapes[binary] = shapely.from_wkb(plain[binary], on_invalid="ignore")
    codes[binary] = np.maximum(shapely.get_srid(shapes[binary]), 0)
    return texts.to_numpy(zero_copy_only=False), shapely.force_2d(shapes), codes
