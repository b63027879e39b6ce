"""Indicators as Excel and CSV files: the ranking out, the table of a period out and in."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from sqlalchemy import Row

from geodata.files.formulas import harmless
from geodata.files.reading import read
from geodata.messages import N_, Message
from gridmap.errors import GridmapError
from gridmap.i18n import translate
from gridmap.incidents.statistics import Span
from gridmap.reports.indicators.boards import Board
from gridmap.reports.indicators.models import Indicator
from gridmap.reports.indicators.ranking import climbed

_CODES = ("编码", "代码", "单位编码", "单位代码", "区划代码", "code", "unit code")
_HEAD = PatternFill("solid", fgColor="EEF1F4")
_MET = {True: N_("Target reached"), False: N_("Target missed"), None: ""}
_WIDE, _NARROW = 24, 14


@dataclass(frozen=True)
class TypedRow:
    """A row of a file, as it was typed; the unit is found by its code."""

    unit_id: int
    numerator: str
    denominator: str


def titles(indicator: Indicator, language: str) -> tuple[str, str, str]:
    """Return the name, the numerator and the denominator in a language."""
    if language == "en":
        return indicator.name_en, indicator.numerator_en, indicator.denominator_en
    return indicator.name, indicator.numerator, indicator.denominator


def named(unit: Row[Any], language: str) -> str:
    """Return a unit's name in a language."""
    return str((unit.name_en if language == "en" else None) or unit.name)


def ranking_rows(board: Board, language: str) -> list[list[Any]]:
    """Return the ranking as rows: the headings, the units, and the whole area."""
    say = _sayer(language)
    _, part, whole = titles(board.indicator, language)
    rate = board.indicator.form == "rate"
    value = f"{say(N_('Value'))} ({board.indicator.unit})" if board.indicator.unit else N_("Value")
    rows: list[list[Any]] = [
        [
            say(N_("Rank")), say(N_("Rank before")), say(N_("Ranks gained")), say(N_("Code")),
            say(N_("Unit")), part, *([whole] if rate else []), say(value),
            say(N_("Value before")), say(N_("Target")), say(N_("Units with data")),
            say(N_("Units in all")),
        ]
    ]  # fmt: skip
    for one in board.places:
        former = one.former.value if one.former else None
        counts = one.now.counts
        rows.append([
            one.rank, one.rank_before, climbed(one.rank, one.rank_before), one.unit.code,
            named(one.unit, language), counts.numerator, *([counts.denominator] if rate else []),
            one.now.value, former, say(_MET[one.reached]), counts.units, one.now.units,
        ])  # fmt: skip
    if board.whole:
        now = board.whole[-1]
        former = board.whole[-2].value if len(board.whole) > 1 else None
        rows.append([
            None, None, None, None, say(N_("All together")), now.counts.numerator,
            *([now.counts.denominator] if rate else []), now.value, former,
            say(_MET[board.reached]), now.counts.units, now.units,
        ])  # fmt: skip
    return rows


def write_csv(board: Board, language: str) -> str:
    """Write the ranking as CSV, with a mark by which Excel knows its letters."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    for row in ranking_rows(board, language):
        writer.writerow([harmless(cell) for cell in row])
    return "\ufeff" + stream.getvalue()


def write_board(board: Board, language: str) -> bytes:
    """Write the ranking, and the values of all periods shown, as an Excel file."""
    say = _sayer(language)
    book = Workbook()
    page = book.active
    page.title = say(N_("Ranking"))
    name = titles(board.indicator, language)[0]
    span = board.span
    heading = f"{name} {span.first} – {span.last}" if span else name
    _fill(page, [[heading], *ranking_rows(board, language)], head=2)
    note = N_("Equal values share a rank. Values are made of the counts added up, half up.")
    page.append([say(note)])
    past = book.create_sheet(say(N_("Trend")))
    periods = [f"{each.first} – {each.last}" for each in board.spans]
    rows: list[list[Any]] = [[say(N_("Code")), say(N_("Unit")), *periods]]
    rows += [
        [one.unit.code, named(one.unit, language), *(each.value for each in one.series)]
        for one in board.places
    ]
    rows.append([None, say(N_("All together")), *(each.value for each in board.whole)])
    _fill(past, rows, head=1)
    return _bytes(book)


def write_entry(
    indicator: Indicator,
    span: Span,
    units: Sequence[Row[Any]],
    stored: Mapping[int, Row[Any]],
    language: str,
) -> bytes:
    """Write the table of a period with what is entered, to be filled in and read again."""
    say = _sayer(language)
    name, *counts = titles(indicator, language)
    fields = _fields(indicator)
    book = Workbook()
    page = book.active
    page.title = say(N_("Values"))
    rows: list[list[Any]] = [
        [f"{name} {span.first} – {span.last}"],
        [say(N_("Code")), say(N_("Unit")),
         *(counts[("numerator", "denominator").index(field)] for field in fields)],
    ]  # fmt: skip
    rows += [
        [
            unit.code, named(unit, language),
            *(getattr(stored[unit.id], field) if unit.id in stored else None for field in fields),
        ]
        for unit in units
    ]  # fmt: skip
    _fill(page, rows, head=2)
    return _bytes(book)


def read_entry(path: Path, indicator: Indicator, units: Sequence[Row[Any]]) -> list[TypedRow]:
    """Read the table of a period from an Excel or CSV file.

    Parameters
    ----------
    path : Path
    indicator : Indicator
        Its counts are found by their titles in either language.
    units : sequence of rows
        Those for which it is entered.

    Raises
    ------
    GeodataError
        If the file cannot be read, lacks a column, or names a unit twice or one that is not
        there; the sentence names the row.
    """
    table = read(path)
    frame = table.frame.astype("object").where(table.frame.notna(), "")
    columns = _columns(frame, indicator)
    by_code = {unit.code: unit.id for unit in units}
    found: dict[int, TypedRow] = {}
    for number, row in zip(table.rows.tolist(), frame.to_dict("records"), strict=True):
        code = str(row[columns["code"]]).strip()
        typed = {field: str(row[columns[field]]).strip() for field in _fields(indicator)}
        if not code and not any(typed.values()):
            continue
        if code not in by_code:
            raise GridmapError(
                Message("Row {row}: {code} is no unit of the table.", row=number, code=code[:40])
            )
        unit = by_code[code]
        if unit in found:
            raise GridmapError(Message("Row {row}: {code} stands there twice.", row=number,
                                       code=code))  # fmt: skip
        found[unit] = TypedRow(unit, typed.get("numerator", ""), typed.get("denominator", ""))
    return list(found.values())


def _fields(indicator: Indicator) -> list[str]:
    """Return which counts are entered."""
    return [each for each in ("numerator", "denominator") if indicator.entered in ("both", each)]


def _columns(frame: pd.DataFrame, indicator: Indicator) -> dict[str, Any]:
    known = {str(name).strip().lower(): name for name in frame}
    wanted = {"code": _CODES}
    for field, word in (("numerator", "分子"), ("denominator", "分母")):
        if field in _fields(indicator):
            own = (getattr(indicator, field), getattr(indicator, f"{field}_en"))
            wanted[field] = (*(each.strip().lower() for each in own), field, word)
    found = {}
    for field, names in wanted.items():
        match = next((known[name] for name in names if name in known), None)
        if match is None:
            raise GridmapError(
                Message(
                    "The file has no column {columns}. Its headings are: {headings}.",
                    columns=names[0],
                    headings=", ".join(str(name) for name in frame)[:200],
                )
            )
        found[field] = match
    return found


def _fill(page: Any, rows: Sequence[Sequence[Any]], *, head: int) -> None:
    """Write rows, of which the one numbered ``head`` holds the headings."""
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row, start=1):
            cell = page.cell(number, column, _plain(value))
            # A name that begins like a formula stays a name, and a code keeps its zeros.
            if isinstance(value, str):
                cell.data_type = "s"
            if number == head:
                cell.fill, cell.font = _HEAD, Font(bold=True)
                cell.alignment = Alignment(wrap_text=True, vertical="center")
    if head > 1:
        page.cell(1, 1).font = Font(bold=True, size=14)
    for column, title in enumerate(rows[head - 1], start=1):
        wide = any(isinstance(row[column - 1], str) for row in rows[head:] if len(row) >= column)
        page.column_dimensions[get_column_letter(column)].width = (
            _WIDE if wide else max(_NARROW, min(_WIDE, len(str(title))))
        )
    page.freeze_panes = page.cell(head + 1, 1)
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", page.PAPERSIZE_A4
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.print_title_rows = f"{head}:{head}"


def _plain(value: Any) -> Any:
    """Return a number without needless zeros, so that it does not look more exact than it is."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def _bytes(book: Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _sayer(language: str) -> Callable[[str], str]:
    return lambda text: translate(text, language)
