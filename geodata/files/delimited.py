"""CSV and TSV, plain or packed with gzip, by pyarrow: a million rows in a fraction of a second."""

from __future__ import annotations

import csv
import gzip
import re
import statistics
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from pyarrow import csv as pa_csv

from geodata.files.encodings import decode, detect_encoding, is_utf8
from geodata.files.heading import SAMPLE, has_names, skip_title, tell_no_names
from geodata.files.table import RawTable, tidy_names
from geodata.messages import N_, GeodataError, Message
from geodata.problems import Problems

# Arrow's own allocators ask the system for new memory again and again, whose first use took a third
# of the time of an import's columns; the C library's hands out what was freed.
pa.set_memory_pool(pa.system_memory_pool())

DELIMITERS = ",\t;|"
_BLOCK_BYTES = 8 << 20
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|$)")
# The line by which Excel is told the delimiter.
_SEP = re.compile(rb"sep=([,;|\t])\r?\n", re.IGNORECASE)


@dataclass(frozen=True)
class _Head:
    """What the first lines tell.

    Attributes
    ----------
    delimiter : str
        One of `DELIMITERS`.
    above : int
        How many rows stand above the names, or above the data where there are no names.
    data : bytes
        The table without what stands above.
    names : list of str
        Of the columns.
    named : bool
        Whether they stand in the file.
    """

    delimiter: str
    above: int
    data: bytes
    names: list[str]
    named: bool


def read_delimited(
    path: Path, *, encoding: str | None = None, header: bool | None = None
) -> RawTable:
    """Read a table of text; every column stays text, empty fields become missing.

    Parameters
    ----------
    path : Path
        A .csv, .tsv, .tab or .txt file, or one of these packed as .gz.
    encoding : str, optional
        The encoding, when it should not be detected.
    header : bool, optional
        Whether a row names the columns; otherwise they are called column 1, column 2 ... When it
        is not told, it is detected, and a title above the names is left out.

    Raises
    ------
    GeodataError
        If the file is no such table.
    """
    data = _unpacked(path)
    chosen = encoding or detect_encoding(data)
    if chosen not in {"utf-8", "utf-8-sig"} or encoding or not is_utf8(data):
        text, chosen = decode(data, path.name, chosen)
        data = text.encode()
        del text
    data = data.removeprefix(b"\xef\xbb\xbf").removesuffix(b"\x1a")
    if not data or data.isspace():
        raise GeodataError(Message("{file} is empty", file=path.name))
    problems = Problems()
    head = _head(data, path.name, header, problems)
    table, rows, unread = _parse(head, path.name, problems)
    blank = _blank_rows(table)
    frame = table.to_pandas(split_blocks=True, self_destruct=True)
    if blank.any():
        frame, rows = frame[~blank].reset_index(drop=True), rows[~blank]
    return RawTable(frame, rows, problems, encoding=chosen, path=path, unread=unread)


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


def _head(data: bytes, name: str, header: bool | None, problems: Problems) -> _Head:
    """Find the delimiter, and the row with the names of the columns."""
    told = _SEP.match(data)
    skipped = told.end() if told else 0
    lines = _LINE.findall(data[skipped : skipped + 65536].decode("utf-8", "ignore"))
    delimiter = told[1].decode() if told else _delimiter(lines)
    # A line break within quotes belongs to a field, so records and lines are counted apart.
    reader = csv.reader(lines, delimiter=delimiter)
    records, ends = [], [0]
    for record in reader:
        records.append(record)
        ends.append(reader.line_num)
        if len(records) == SAMPLE:
            break
    above = skip_title(records, problems) if header is None else 0
    named = has_names(records[above:]) if header is None else header
    first = records[above]
    if named and all(_is_number(cell) for cell in first):
        raise GeodataError(
            Message(
                "the first row of {file} holds only numbers and names no columns; "
                "add a row of names, or say that it has none",
                file=name,
            )
        )
    if header is None and not named:
        tell_no_names(problems)
    names = tidy_names(first if named else [""] * len(first), problems)
    start = skipped + len("".join(lines[: ends[above]]).encode())
    return _Head(delimiter, above + bool(told), data[start:], names, named)


def _delimiter(lines: list[str]) -> str:
    """Return the sign that stands most often in most lines, outside of quotes."""
    filled = [line for line in lines[:SAMPLE] if line.strip()]
    outside_quotes = ["".join(line.split('"')[::2]) for line in filled]
    counts = {
        sign: statistics.median_high([line.count(sign) for line in outside_quotes] or [0])
        for sign in DELIMITERS
    }
    return max(DELIMITERS, key=lambda sign: (counts[sign], outside_quotes[0].count(sign)))


def _parse(
    head: _Head, name: str, problems: Problems
) -> tuple[pa.Table, npt.NDArray[np.int64], pd.DataFrame | None]:
    """Parse the bytes; a row with too many or too few fields becomes a problem."""
    skipped: list[Any] = []

    def note(row: Any) -> str:
        skipped.append(row)
        return "skip"

    def parse(handler: Any) -> pa.Table:
        return pa_csv.read_csv(
            pa.BufferReader(head.data),
            read_options=pa_csv.ReadOptions(
                column_names=head.names,
                skip_rows_after_names=int(head.named),
                block_size=_BLOCK_BYTES,
                # Only a single thread can tell the numbers of the rows it skips.
                use_threads=handler is None,
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=head.delimiter,
                newlines_in_values=b'"' in head.data,
                ignore_empty_lines=False,
                invalid_row_handler=handler,
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types={column: pa.string() for column in head.names},
                null_values=[""],
                strings_can_be_null=True,
            ),
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
    start = head.above + 1 + head.named
    everything = np.arange(start, start + table.num_rows + len(skipped), dtype=np.int64)
    # pyarrow counts the records from 1, the names among them.
    numbers = np.array([row.number for row in skipped], dtype=np.int64) + head.above
    unread = _unread(head, name, [row.text for row in skipped], numbers, problems)
    return table, np.setdiff1d(everything, numbers, assume_unique=True), unread


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _unread(
    head: _Head,
    name: str,
    texts: list[str],
    numbers: npt.NDArray[np.int64],
    problems: Problems,
) -> pd.DataFrame | None:
    """Tell of the rows with too many or too few fields, and return what they hold."""
    told = np.array([bool(text.strip()) for text in texts], dtype=bool)
    if not told.any():
        return None
    kept = [text for text, tell in zip(texts, told, strict=True) if tell]
    for text, row in zip(kept, numbers[told], strict=True):
        if "\n" in text and text.count('"') % 2:
            raise GeodataError(
                Message(
                    "{file}: a quotation mark in row {row} is never closed, so that all the rows "
                    "after it are taken for one. Close it or remove it.",
                    file=name,
                    row=int(row),
                )
            )
    problems.add_many(
        "wrong-number-of-fields",
        N_("row {row} does not have the {width} fields of the first row: {value}"),
        numbers[told],
        values=[text[:120] for text in kept],
        width=len(head.names),
    )
    fields = list(csv.reader(kept, delimiter=head.delimiter))
    most = max(len(head.names), *(len(record) for record in fields))
    names = head.names + [f"column {number}" for number in range(len(head.names) + 1, most + 1)]
    padded = [record + [""] * (most - len(record)) for record in fields]
    return pd.DataFrame(padded, columns=names, index=numbers[told], dtype="str").replace("", None)
