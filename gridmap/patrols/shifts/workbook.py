"""The monthly sheet as an Excel file, to be printed on A4 across."""

from __future__ import annotations

import io
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from geodata.messages import N_, Message
from gridmap.i18n import translate
from gridmap.patrols.shifts.models import ShiftSettings
from gridmap.patrols.shifts.sheet import Sheet, SheetCell, SheetRow

#: The sign of each state and what it is called; who came on time has none but the hours.
SIGNS = {
    "late": (N_("Lt"), N_("late")),
    "absent": (N_("Ab"), N_("absent")),
    "leave": (N_("Lv"), N_("on leave")),
    "unknown": ("?", N_("not noted")),
}
#: The sums at the end of each line: the attribute and its heading.
SUMS = {
    "shifts": N_("Shifts"),
    "hours": N_("Hours"),
    "night_hours": N_("Night hours"),
    "off_hours": N_("Hours on days off"),
    "late": N_("Late"),
    "absent": N_("Absent"),
    "leave_days": N_("Days of leave"),
    "unknown": N_("Not noted"),
}
WEEKDAYS = (N_("Mo"), N_("Tu"), N_("We"), N_("Th"), N_("Fr"), N_("Sa"), N_("Su"))
_THIN = Side(style="thin", color="B9C1C8")
_FRAME = Border(_THIN, _THIN, _THIN, _THIN)
_OFF, _HEAD = PatternFill("solid", "F1EBDD"), PatternFill("solid", "EEF1F4")
_CENTRE = Alignment(horizontal="center", vertical="center", wrap_text=True)


def signs(cell: SheetCell, language: str) -> str:
    """Return the signs of a person's day, without their explanations."""
    states = dict.fromkeys([*cell.states, *(["leave"] if cell.leave else [])])
    return "".join(translate(SIGNS[state][0], language) for state in states if state in SIGNS)


def hours(value: float) -> str:
    """Write hours without needless zeros."""
    return f"{value:,.1f}".removesuffix(".0")


def sum_of(sheet: Sheet, name: str) -> float:
    """Return the sum of a column of all lines."""
    return sum(float(getattr(row, name)) for row in sheet.rows)


def write_workbook(sheet: Sheet, settings: ShiftSettings, language: str) -> bytes:
    """Write a team's month as an Excel file.

    Parameters
    ----------
    sheet : Sheet
    settings : ShiftSettings
        For the hours of the night, which the foot explains.
    language : {"zh", "en"}

    Returns
    -------
    bytes
    """
    book = Workbook()
    page = book.active
    page.title = f"{sheet.first:%Y-%m}"
    columns = 1 + len(sheet.days) + len(SUMS)
    _write_head(page, sheet, language, columns)
    for number, row in enumerate(sheet.rows, start=4):
        _write_row(page, number, sheet, row, language)
    foot = 4 + len(sheet.rows)
    _write_total(page, foot, sheet, language)
    page.cell(foot + 1, 1, legend(settings, language)).alignment = Alignment(wrap_text=True)
    page.merge_cells(start_row=foot + 1, end_row=foot + 1, start_column=1, end_column=columns)
    page.row_dimensions[foot + 1].height = 32
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", page.PAPERSIZE_A4
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.print_title_rows = "1:3"
    page.freeze_panes = "B4"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def title(sheet: Sheet, language: str) -> str:
    """Return the heading of a sheet."""
    return translate(
        Message(
            "{team}: duty in {month}",
            team=sheet.team.name,
            month=f"{sheet.first.year}年{sheet.first.month}月"
            if language == "zh"
            else f"{sheet.first:%Y-%m}",
        ),
        language,
    )


def legend(settings: ShiftSettings, language: str) -> str:
    """Return what explains the signs and sums of a sheet."""
    named = [
        f"{translate(sign, language)} {translate(word, language)}" for sign, word in SIGNS.values()
    ]
    comma, stop = ("、", "。") if language == "zh" else (", ", ". ")
    explained = translate(
        Message(
            "Hours planned count until it is noted that somebody did not come. Night: {begins} to "
            "{ends}. Shaded days are weekends and holidays, make-up workdays are not.",
            begins=f"{settings.night_begins:%H:%M}",
            ends=f"{settings.night_ends:%H:%M}",
        ),
        language,
    )
    return f"{comma.join(named)}{stop}{explained}"


def _write_head(page: Any, sheet: Sheet, language: str, columns: int) -> None:
    unit = sheet.unit_en if language == "en" and sheet.unit_en else sheet.unit
    page.cell(1, 1, f"{unit} · {title(sheet, language)}").font = Font(bold=True, size=14)
    page.merge_cells(start_row=1, end_row=1, start_column=1, end_column=columns)
    _put(page, 2, 1, translate("Member", language), _HEAD)
    page.merge_cells(start_row=2, end_row=3, start_column=1, end_column=1)
    page.column_dimensions["A"].width = 12
    for column, day in enumerate(sheet.days, start=2):
        fill = _OFF if day in sheet.off else _HEAD
        _put(page, 2, column, day.day, fill)
        _put(page, 3, column, translate(WEEKDAYS[day.weekday()], language), fill)
        page.column_dimensions[get_column_letter(column)].width = 4.6
    for column, name in enumerate(SUMS.values(), start=2 + len(sheet.days)):
        _put(page, 2, column, translate(name, language), _HEAD)
        _put(page, 3, column, None, _HEAD)
        page.merge_cells(start_row=2, end_row=3, start_column=column, end_column=column)
        page.column_dimensions[get_column_letter(column)].width = 8
    page.row_dimensions[2].height = 28


def _write_row(page: Any, number: int, sheet: Sheet, row: SheetRow, language: str) -> None:
    name = row.name
    if row.captain:
        name = f"{name} {translate('(captain)', language)}"
    # A name that begins like a formula stays a name.
    _put(page, number, 1, name).data_type = "s"
    for column, day in enumerate(sheet.days, start=2):
        cell = row.cells[day]
        shown = hours(cell.hours) if cell.hours else ""
        _put(page, number, column, f"{shown}{signs(cell, language)}" or None,
             _OFF if day in sheet.off else None)  # fmt: skip
        if shown and not signs(cell, language):
            page.cell(number, column).value = round(cell.hours, 2)
    for column, key in enumerate(SUMS, start=2 + len(sheet.days)):
        _put(page, number, column, round(getattr(row, key), 2))


def _write_total(page: Any, number: int, sheet: Sheet, language: str) -> None:
    _put(page, number, 1, translate("All together", language), _HEAD)
    for column, day in enumerate(sheet.days, start=2):
        worked = sheet.total.cells[day].hours
        _put(page, number, column, round(worked, 2) or None, _HEAD)
    for column, key in enumerate(SUMS, start=2 + len(sheet.days)):
        _put(page, number, column, round(sum_of(sheet, key), 2), _HEAD)


def _put(page: Any, row: int, column: int, value: object, fill: PatternFill | None = None) -> Any:
    cell = page.cell(row, column, value)
    cell.alignment, cell.border = _CENTRE, _FRAME
    if fill is not None:
        cell.fill = fill
    return cell
