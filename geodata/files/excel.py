"""Excel workbooks (.xlsx), one sheet at a time."""

from __future__ import annotations

import datetime as dt
import warnings
import zlib
from pathlib import Path
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

import numpy as np
import openpyxl
import pandas as pd
from openpyxl.utils.exceptions import InvalidFileException

from geodata.files.heading import SAMPLE, has_names, skip_title, tell_no_names
from geodata.files.table import RawTable, choose_layer, tidy_names
from geodata.messages import GeodataError, Message
from geodata.problems import Problems

#: Of a file .xlsx (RFC 6838).
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def read_excel(path: Path, layer: str | None = None, *, header: bool | None = None) -> RawTable:
    """Read a sheet as text, as it would stand in a CSV file; dates become ISO text.

    Parameters
    ----------
    path : Path
        An .xlsx or .xlsm file.
    layer : str, optional
        The sheet; needed when several hold something.
    header : bool, optional
        Whether a row names the columns. When it is not told, it is detected, and a title above
        the names is left out.

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
        for sheet in book.worksheets:
            # Formatted but empty columns would else be read too, up to 16,384 of them.
            sheet.reset_dimensions()
        filled = {sheet.title: sheet for sheet in book.worksheets if _has_rows(sheet)}
        chosen = choose_layer(path, list(filled), layer)
        rows = filled[chosen].iter_rows(values_only=True)
        records = [[_text(cell) for cell in row] for row in rows]
    except (BadZipFile, KeyError, ValueError, OSError, ParseError, zlib.error, EOFError) as error:
        raise GeodataError(
            Message(
                "{file} is damaged; open it in Excel and save it again as .xlsx or CSV",
                file=path.name,
            )
        ) from error
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


def _table(
    path: Path, sheet: str, records: list[list[str | None]], header: bool | None
) -> RawTable:
    """Cut the empty margins off the records and number what is left."""
    width = max(len(record) for record in records)
    padded = [record + [None] * (width - len(record)) for record in records]
    frame = pd.DataFrame(padded, dtype="str")
    filled = frame.notna()
    frame = frame.loc[filled.any(axis=1), filled.any(axis=0)]
    if frame.empty:
        raise GeodataError(Message("{file} is empty", file=path.name))
    problems = Problems()
    if header is None:
        sample = frame.head(SAMPLE).astype("object").where(frame.head(SAMPLE).notna(), None)
        above = skip_title(sample.to_numpy().tolist(), problems)
        header = has_names(sample.to_numpy()[above:].tolist())
        frame = frame.iloc[above:]
        if not header:
            tell_no_names(problems)
    names = ["" if pd.isna(cell) else str(cell) for cell in frame.iloc[0]] if header else []
    frame.columns = pd.Index(tidy_names(names or [""] * frame.shape[1], problems))
    body = frame.iloc[1:] if header else frame
    rows = body.index.to_numpy(dtype=np.int64) + 1
    return RawTable(body.reset_index(drop=True), rows, problems, layer=sheet, path=path)
