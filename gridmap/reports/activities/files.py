"""Activities from tables: files, and rows pasted into a page; and as an Excel file."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from sqlalchemy import Row
from sqlalchemy.orm import Session

from geodata.files.table import RawTable
from geodata.mapping import LAYERS, guess
from geodata.mapping import Mapping as Chosen
from geodata.messages import N_, Message
from gridmap.errors import GridmapError
from gridmap.i18n import translate
from gridmap.reports.activities.arriving import check_for, write_for
from gridmap.reports.activities.kinds import COUNTED, COUNTS, KINDS
from gridmap.territory.importing.layer import Choices, LayerImport
from gridmap.territory.importing.pipeline import import_table
from gridmap.territory.importing.report import Report
from gridmap.workforce import audit
from gridmap.workforce.rights import Action, Actor, require

LAYER = "activities"
#: The fields of a table in the order of its columns, with their headings.
HEADINGS: Mapping[str, str] = {
    "kind": N_("Kind"),
    "day": N_("Day"),
    "unit_code": N_("Community"),
    "cell_code": N_("Cell code"),
    "place": N_("Place"),
    **{name: title for name, title in COUNTS.items() if name not in COUNTED},
    "note": N_("Note"),
    "finding": N_("To be rectified"),
    "due": N_("Rectify by"),
    "rechecked_on": N_("Rechecked on"),
    "corrected": N_("Is corrected"),
}
#: Only of inspections.
NOTICE_FIELDS = ("finding", "due", "rechecked_on", "corrected")
_HELP: Mapping[str, str] = {
    "day": N_("Such as 2026-03-31."),
    "unit_code": N_("Name or 12-digit code; not needed where a cell or a place is named."),
    "cell_code": N_("The code of the cell, if it was done in one."),
    "place": N_("The name of the place, if it was done at one."),
    "finding": N_("Only inspections: what a notice to rectify demands."),
    "corrected": N_("Yes or no, as the re-check found."),
}
_HEAD = PatternFill("solid", fgColor="EEF1F4")
_WIDE = {"note": 36, "finding": 30, "place": 24, "unit_code": 16, "cell_code": 20}
_TEMPLATE_ROWS = 2000


def fields_of(kind: str) -> tuple[str, ...]:
    """Return the fields of a table for one kind, the kind itself left out."""
    counts = [name for name in KINDS[kind].counts if name not in COUNTED]
    notices = NOTICE_FIELDS if kind == "inspection" else ()
    return ("day", "unit_code", "cell_code", "place", *counts, "note", *notices)


def mapping_of(raw: RawTable) -> Chosen:
    """Return which column of a file is which field.

    Raises
    ------
    GridmapError
        If there is no column for the kind or the day.
    """
    chosen = guess(LAYER, [str(name) for name in raw.frame], raw.frame.head(1000))
    lacking = [
        Message(HEADINGS[name])
        for name, field in LAYERS[LAYER].fields.items()
        if field.required and name not in chosen.columns
    ]
    if lacking:
        raise GridmapError(
            Message(
                "The file has no column {column}. Its headings are: {headings}.",
                column=lacking[0],
                headings=", ".join(str(name) for name in raw.frame)[:200],
            )
        )
    return chosen


def take_in(
    session: Session, actor: Actor, raw: RawTable, chosen: Chosen, choices: Choices
) -> Report:
    """Check the rows of a table and store them as activities of the actor's area.

    With a bad row nothing is written, unless the choice is to skip bad rows. A row that says the
    same as an activity that is stored, or as a row above, is stored once; a notice that it tells
    more of is brought up to date.

    Parameters
    ----------
    session : Session
        Nothing is committed.
    actor : Actor
    raw : RawTable
    chosen : Mapping
        See `mapping_of`.
    choices : Choices

    Raises
    ------
    GeodataError
        If the table as a whole cannot be used.
    """
    require(actor, Action.RECORD_ACTIVITY)
    layer = LayerImport(LAYER, check_for(actor), write_for(actor))
    report = import_table(session, layer, raw, chosen, choices)
    if report.applied:
        numbers = {name: n for name, n in report.as_dict().items() if name != "problems"}
        after = {"layer": LAYER, "file": raw.path.name if raw.path else "", **numbers}
        audit.record(session, actor, "import", ("activity", None), after=after)
    return report


def table_of(kind: str, rows: Sequence[Mapping[str, str]]) -> RawTable:
    """Return rows that were typed or pasted as a table of one kind; empty ones are left out.

    Parameters
    ----------
    kind : str
    rows : sequence of mapping
        Field -> text.
    """
    kept = [number for number, row in enumerate(rows, start=1) if any(row.values())]
    frame = pd.DataFrame(
        [{"kind": kind, **rows[number - 1]} for number in kept],
        columns=["kind", *fields_of(kind)],
        dtype="str",
    )
    return RawTable(frame, pd.Index(kept, dtype="int64").to_numpy())


def columns_of(kind: str) -> Chosen:
    """Return the mapping of `table_of`, in which each column is the field that it is called."""
    return Chosen(layer=LAYER, columns={name: name for name in ("kind", *fields_of(kind))})


def write_template(language: str) -> bytes:
    """Write an empty Excel file with the headings that `take_in` knows."""
    book = Workbook()
    page = book.active
    page.title = translate(N_("Activities"), language)
    for number, (name, title) in enumerate(HEADINGS.items(), start=1):
        cell = page.cell(1, number, translate(title, language))
        cell.font, cell.fill = Font(bold=True), _HEAD
        if name in _HELP:
            cell.comment = Comment(translate(_HELP[name], language), "gridmap")
        letter = get_column_letter(number)
        page.column_dimensions[letter].width = _WIDE.get(name, 12)
        # So that codes keep their digits and days stay what was typed.
        if name in ("cell_code", "unit_code"):
            page.column_dimensions[letter].number_format = "@"
    kinds = ",".join(translate(kind.title, language) for kind in KINDS.values())
    choice = DataValidation(type="list", formula1=f'"{kinds}"', allow_blank=True)
    choice.add(f"A2:A{_TEMPLATE_ROWS}")
    page.add_data_validation(choice)
    page.freeze_panes = "C2"
    return _bytes(book)


def write_excel(rows: Iterable[Row[Any]], language: str) -> tuple[bytes, int]:
    """Write activities as an Excel file that `take_in` reads again.

    An inspection with several notices has a row for each of them, and its counts in the first
    alone, so that a column can be added up.

    Parameters
    ----------
    rows : iterable of rows
        From `queries.export`.
    language : {"zh", "en"}

    Returns
    -------
    content : bytes
    count : int
        How many rows it has.
    """
    book = Workbook(write_only=True)
    page = book.create_sheet(translate(N_("Activities"), language))
    page.freeze_panes = "C2"
    titles = [*HEADINGS.values(), N_("Recorded by")]
    for number, name in enumerate([*HEADINGS, "by"], start=1):
        page.column_dimensions[get_column_letter(number)].width = _WIDE.get(name, 12)
    page.append([_head(page, translate(title, language)) for title in titles])
    count, above = 0, None
    for row in rows:
        page.append([_cell(page, value) for value in _line(row, language, again=row.id == above)])
        count, above = count + 1, row.id
    return _bytes(book), count


def _line(row: Row[Any], language: str, *, again: bool) -> list[object]:
    told: Mapping[str, Callable[[], object]] = {
        "kind": lambda: translate(KINDS[row.kind].title, language),
        "unit_code": lambda: row.unit_code,
        # The place tells its cell.
        "cell_code": lambda: row.cell if row.place_id is None else None,
        "corrected": lambda: _yes(row.notice_corrected, language),
        **(dict.fromkeys(COUNTS.keys() - COUNTED, lambda: None) if again else {}),
    }
    values = [told[name]() if name in told else getattr(row, name) for name in HEADINGS]
    return [*values, row.recorded_name]


def _yes(flag: bool | None, language: str) -> str | None:
    return None if flag is None else translate(N_("yes") if flag else N_("no"), language)


def _head(page: Any, title: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(page, title)
    cell.font, cell.fill = Font(bold=True), _HEAD
    return cell


def _cell(page: Any, value: object) -> WriteOnlyCell:
    cell = WriteOnlyCell(page, value)
    # A text that begins like a formula stays a text.
    if isinstance(value, str):
        cell.data_type = "s"
    return cell


def _bytes(book: Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
