"""CSV and TSV, plain or packed with gzip, by pyarrow: a million rows in a fraction of a second."""

from __future__ import annotations

import csv
import gzip
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from pyarrow import csv as pa_csv

from geodata.files.encodings import decode, detect_encoding
from geodata.files.table import RawTable, tidy_names
from geodata.messages import N_, GeodataError, Message
from geodata.problems import Problems

DELIMITERS = ",\t;|"
_BLOCK_BYTES = 8 << 20


def read_delimited(path: Path, *, encoding: str | None = None, header: bool = True) -> RawTable:
    """Read a table of text; every column stays text, empty fields become missing.

    Parameters
    ----------
    path : Path
        A .csv, .tsv, .tab or .txt file, or one of these packed as .gz.
    encoding : str, optional
        The encoding, when it should not be detected.
    header : bool
        Whether the first row names the columns; otherwise they are called column 1, column 2 ...

    Raises
    ------
    GeodataError
        If the file is no such table.
    """
    data = _unpacked(path)
    chosen = encoding or detect_encoding(data)
    if chosen not in {"utf-8", "utf-8-sig"} or encoding:
        text, chosen = decode(data, path.name, encoding)
        data = text.encode()
        del text
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.strip():
        raise GeodataError(Message("{file} is empty", file=path.name))
    problems = Problems()
    table, rows = _parse(data, path.name, header, problems)
    blank = _blank_rows(table)
    frame = table.to_pandas(split_blocks=True, self_destruct=True)
    if blank.any():
        frame, rows = frame[~blank].reset_index(drop=True), rows[~blank]
    return RawTable(frame, rows, problems, encoding=chosen, path=path)


def _blank_rows(table: pa.Table) -> npt.NDArray[np.bool_]:
    """Return which rows hold nothing in any column."""
    blank = np.ones(table.num_rows, dtype=bool)
    for column in table.columns:
        if not blank.any():
            break
        blank &= column.is_null().to_numpy()
    return blank


def _unpacked(path: Path) -> bytes:
    if path.suffix.lower() != ".gz":
        return path.read_bytes()
    try:
        with gzip.open(path) as stream:
            return stream.read()
    except (OSError, EOFError, zlib.error) as error:
        raise GeodataError(
            Message("{file} cannot be unpacked: it is no gzip file or is cut off", file=path.name)
        ) from error


def _delimiter(data: bytes) -> str:
    lines = data[:65536].decode("utf-8", "ignore").splitlines()
    first = next((line for line in lines if line.strip()), "")
    outside_quotes = "".join(first.split('"')[::2])
    return max(DELIMITERS, key=outside_quotes.count)


def _parse(
    data: bytes, name: str, header: bool, problems: Problems
) -> tuple[pa.Table, npt.NDArray[np.int64]]:
    """Parse the bytes; a row with too many or too few fields becomes a problem."""
    delimiter = _delimiter(data)
    first = next(csv.reader([_first_record(data)], delimiter=delimiter), [])
    width = len(first)
    names = tidy_names(first if header else [""] * width, problems)
    if header and all(_is_number(cell) for cell in first):
        raise GeodataError(
            Message(
                "the first row of {file} holds only numbers and names no columns; "
                "add a row of names, or say that it has none",
                file=name,
            )
        )
    convert = pa_csv.ConvertOptions(
        column_types={column: pa.string() for column in names},
        null_values=[""],
        strings_can_be_null=True,
    )
    start = 2 if header else 1
    skipped: list[Any] = []

    def note(row: Any) -> str:
        skipped.append(row)
        return "skip"

    def parse(handler: Any) -> pa.Table:
        return pa_csv.read_csv(
            pa.BufferReader(data),
            read_options=pa_csv.ReadOptions(
                column_names=names,
                skip_rows_after_names=int(header),
                block_size=_BLOCK_BYTES,
                # Only a single thread can tell the numbers of the rows it skips.
                use_threads=handler is None,
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=b'"' in data,
                ignore_empty_lines=False,
                invalid_row_handler=handler,
            ),
            convert_options=convert,
        )

    try:
        table = parse(None)
    except pa.ArrowInvalid:
        try:
            table = parse(note)
        except pa.ArrowInvalid as error:
            raise GeodataError(
                Message("{file} cannot be read as a table: {reason}", file=name, reason=str(error))
            ) from error
    return table, _row_numbers(table.num_rows, skipped, width, start, problems)


def _first_record(data: bytes) -> str:
    """Return the first line, or the first lines when a quoted name holds a line break."""
    text = data[:1_000_000].decode("utf-8", "ignore")
    record = ""
    for line in text.splitlines(keepends=True):
        record += line
        if record.count('"') % 2 == 0:
            break
    return record.rstrip("\r\n")


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _row_numbers(
    count: int, skipped: list[Any], width: int, start: int, problems: Problems
) -> npt.NDArray[np.int64]:
    """Return the row numbers of the rows kept, and tell of the rows that were not."""
    if not skipped:
        return np.arange(start, start + count, dtype=np.int64)
    # pyarrow counts the records from 1, the header among them.
    numbers = np.array([row.number for row in skipped], dtype=np.int64)
    texts = pd.Series([row.text for row in skipped], dtype="object")
    told = (texts.str.strip() != "").to_numpy()
    problems.add_many(
        "wrong-number-of-fields",
        N_("row {row} does not have the {width} fields of the first row: {value}"),
        numbers[told],
        values=texts[told].str.slice(0, 120),
        width=width,
    )
    everything = np.arange(start, start + count + len(numbers), dtype=np.int64)
    return np.setdiff1d(everything, numbers)
