"""Excel workbooks (.xlsx), one sheet at a time."""

from __future__ import annotations

import datetime as dt
import warnings
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import openpyxl
import pandas as pd
from openpyxl.utils.exceptions import InvalidFileException

from geodata.files.table import RawTable, choose_layer, tidy_names
from geodata.messages import GeodataError, Message
from geodata.problems import Problems


def read_excel(path: Path, layer: str | None = None, *, header: bool = True) -> RawTable:
    """Read a sheet as text, as it would stand in a CSV file; dates become ISO text.

    Parameters
    ----------
    path : Path
        An .xlsx or .xlsm file.
    layer : str, optional
        The sheet; needed when several hold something.
    header : bool
        Whether the first row names the columns.

    Raises
    ------
    GeodataError
        If the file is no workbook, is empty, or the sheet is not told.
    """
    try:
        with warnings.catch_warnings():
            # openpyxl warns of styles and extensions that it drops; the values are all there.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, KeyError, ValueError, OSError, InvalidFileException) as error:
        raise GeodataError(
            Message(
                "{file} is no .xlsx workbook or has a password; "
                "open it in Excel and save it as .xlsx or CSV",
                file=path.name,
            )
        ) from error
    try:
        filled = {sheet.title: sheet for sheet in book.worksheets if _has_rows(sheet)}
        chosen = choose_layer(path, list(filled), layer)
        rows = filled[chosen].iter_rows(values_only=True)
        records = [[_text(cell) for cell in row] for row in rows]
    finally:
        book.close()
    return _table(path, chosen, records, header)


def _has_rows(sheet: object) -> bool:
    rows = sheet.iter_rows(values_only=True)  # type: ignore[attr-defined]
    return any(any(cell is not None for cell in row) for row in rows)


def _text(cell: object) -> str | None:
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e18:
        return str(int(cell))
    if isinstance(cell, dt.datetime | dt.date | dt.time):
        return cell.isoformat(sep=" ") if isinstance(cell, dt.datetime) else cell.isoformat()
    return str(cell)


def _table(path: Path, sheet: str, records: list[list[str | None]], header: bool) -> RawTable:
    """Cut the empty margins off the records and number what is left."""
    frame = pd.DataFrame(records, dtype="str")
    filled = frame.notna()
    frame = frame.loc[filled.any(axis=1), filled.any(axis=0)]
    if frame.empty:
        raise GeodataError(Message("{file} is empty", file=path.name))
    problems = Problems()
    names = ["" if pd.isna(cell) else str(cell) for cell in frame.iloc[0]] if header else []
    frame.columns = pd.Index(tidy_names(names or [""] * frame.shape[1], problems))
    body = frame.iloc[1:] if header else frame
    rows = body.index.to_numpy(dtype=np.int64) + 1
    return RawTable(body.reset_index(drop=True), rows, problems, layer=sheet, path=path)
