"""The rows that were left out, in a file that can be mended and imported again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from geodata.files.table import RawTable
from geodata.files.writing import write_csv
from geodata.mapping import Location, Mapping
from geodata.problems import Problems

SUFFIX = ".rejected"
WKT = "wkt"


def write_rejected(
    raw: RawTable,
    mapping: Mapping,
    problems: Problems,
    folder: Path,
    translate: Callable[[str], str],
    column: str,
) -> tuple[Path, Path]:
    """Write the rejected rows as CSV, and the mapping by which to import them.

    Parameters
    ----------
    raw : RawTable
        The file as it was read.
    mapping : Mapping
        How it was imported.
    problems : Problems
    folder : Path
        Where to.
    translate : callable
        Turns an English template into the reader's language.
    column : str
        The name of the column with the reasons.

    Returns
    -------
    table, mapping : Path
        ``<name>.rejected.csv`` with the columns of the file, its shapes as well-known text, and
        ``<name>.rejected.json``. Of rows with too many fields the surplus ones are in columns
        of their own.
    """
    reasons = problems.reasons(translate)
    bad = np.isin(raw.rows, reasons.index.to_numpy("int64"))
    frame = pd.DataFrame(raw.frame[bad]).astype("str").where(raw.frame[bad].notna(), None)
    if raw.geometry is not None:
        frame[WKT] = pd.Series(
            shapely.to_wkt(raw.geometry[bad], rounding_precision=-1), index=frame.index
        )
        location = Location(wkt=WKT, system=mapping.location.system or raw.system)
        mapping = mapping.model_copy(update={"location": location})
    frame[column] = reasons.reindex(raw.rows[bad]).to_numpy("object")
    if raw.unread is not None:
        unread = raw.unread.assign(**{column: reasons.reindex(raw.unread.index)})
        frame = pd.concat([frame.set_axis(raw.rows[bad]), unread]).sort_index()
        # The reason stays the last column, behind the surplus fields.
        frame[column] = frame.pop(column)
    stem = (raw.path.name if raw.path else "import").split(".")[0]
    table = folder / f"{stem}{SUFFIX}.csv"
    with table.open("wb") as stream:
        write_csv(frame.astype("str"), stream)
    beside = folder / f"{stem}{SUFFIX}.json"
    mapping.model_copy(update={"source_layer": None, "encoding": None, "header": True}).save(beside)
    return table, beside


def source_of(path: Path) -> str:
    """Name a register after a file; mended rows belong to that of the file they came from."""
    return path.name.split(".")[0]
