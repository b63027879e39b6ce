"""Entry of values: a table of units for one period, typed, pasted or from a file."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, cast

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from sqlalchemy import Row
from sqlalchemy.orm import Session

from geodata.files.excel import MEDIA_TYPE as EXCEL
from geodata.messages import GeodataError, Message
from gridmap.errors import GridmapError, ParameterError
from gridmap.incidents.statistics import Span
from gridmap.reports.indicators.entry import (
    Cell,
    CellFaultsError,
    Entered,
    OutdatedError,
    check_period,
    read_count,
    save_values,
)
from gridmap.reports.indicators.files import read_entry, titles, write_entry
from gridmap.reports.indicators.models import Indicator
from gridmap.reports.indicators.periods import Kind, leading_up, newest_over, period_of
from gridmap.reports.indicators.queries import entries, find_indicator
from gridmap.reports.indicators.trees import find_tree
from gridmap.workforce.cell_list import today
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import day_of, optional_day
from webui.database import reading, writing
from webui.indicators import words
from webui.indicators.blueprint import blueprint
from webui.indicators.exports import attachment
from webui.language import named, say

#: How many periods are offered for entry.
_PERIODS = 13
_ENDINGS = (".xlsx", ".csv")


@dataclass(frozen=True)
class Sheet:
    """The table that is filled in: an indicator's units and what is stored for them."""

    indicator: Indicator
    span: Span
    units: Sequence[Row[Any]]
    stored: Mapping[int, Row[Any]]
    today: date

    @property
    def fields(self) -> list[str]:
        """Return which counts are entered."""
        return [
            each
            for each in ("numerator", "denominator")
            if self.indicator.entered in ("both", each)
        ]


@dataclass
class Typed:
    """What somebody typed, by unit, and what is wrong with it."""

    cells: dict[Cell, str] = field(default_factory=dict)
    versions: dict[int, int] = field(default_factory=dict)
    faults: dict[Cell, str] = field(default_factory=dict)
    reason: str = ""
    error: str = ""
    # What the reason lacks is said beside it.
    reason_fault: str = ""
    # The units whose values somebody else stored meanwhile.
    outdated: frozenset[int] = frozenset()


@blueprint.get("/<int:indicator_id>/entry")
@needs(Action.WRITE_REPORT)
def ask_values(indicator_id: int) -> ResponseReturnValue:
    """Show the table of a period with what is stored."""
    with reading() as connection, Session(connection) as session:
        sheet = _sheet(session, indicator_id)
    return _page(sheet, Typed())


@blueprint.post("/<int:indicator_id>/entry")
@needs(Action.WRITE_REPORT)
def save(indicator_id: int) -> ResponseReturnValue:
    """Store the table, all of it or nothing; what was typed is kept when something is wrong."""
    with reading() as connection, Session(connection) as session:
        sheet = _sheet(session, indicator_id)
    typed = _typed(sheet)
    entered = _read(sheet, typed)
    if typed.faults:
        typed.error = say(
            Message("{count} cells cannot be stored: correct them and save again.",
                    count=len(typed.faults))
        )  # fmt: skip
        return _page(sheet, typed), 400
    try:
        with writing() as session:
            saved = save_values(
                session, current_actor(), indicator_id, sheet.span, entered, typed.reason
            )
    except CellFaultsError as refused:
        typed.faults = {cell: say(message) for cell, message in refused.faults.items()}
        return _refused(sheet, typed, refused)
    except OutdatedError as refused:
        typed.outdated = frozenset(refused.units)
        with reading() as connection, Session(connection) as session:
            sheet = _sheet(session, indicator_id)
        return _refused(sheet, typed, refused)
    except ParameterError as refused:
        if refused.parameter != "reason":
            return _refused(sheet, typed, refused)
        typed.reason_fault = say(refused.message)
        return _page(sheet, typed), refused.status
    except GridmapError as refused:
        if refused.status not in (400, 409):
            raise
        return _refused(sheet, typed, refused)
    told = gettext(
        "%(inserted)s values stored, %(updated)s corrected, %(removed)s taken away.",
        inserted=saved.inserted, updated=saved.updated, removed=saved.removed,
    )  # fmt: skip
    flash(told, "done")
    return redirect(
        url_for("indicators.show", indicator_id=indicator_id, on=sheet.span.first.isoformat())
    )


@blueprint.get("/<int:indicator_id>/entry.xlsx")
@needs(Action.WRITE_REPORT)
def template(indicator_id: int) -> Response:
    """Answer with the table of a period to be filled in with Excel."""
    with reading() as connection, Session(connection) as session:
        sheet = _sheet(session, indicator_id)
    language = str(get_locale())
    content = write_entry(sheet.indicator, sheet.span, sheet.units, sheet.stored, language)
    code, last = sheet.indicator.code, sheet.span.last
    name = f"{titles(sheet.indicator, language)[0]} {last}.xlsx"
    return attachment(content, EXCEL, f"{code}-{last}.xlsx", name)


@blueprint.post("/<int:indicator_id>/entry/file")
@needs(Action.WRITE_REPORT)
def take_file(indicator_id: int) -> ResponseReturnValue:
    """Fill the table from a file; nothing is stored before the person saves it."""
    with reading() as connection, Session(connection) as session:
        sheet = _sheet(session, indicator_id)
    typed = Typed()
    sent = request.files.get("file")
    ending = Path(sent.filename or "").suffix.lower() if sent else ""
    if sent is None or ending not in _ENDINGS:
        typed.error = gettext("Choose an Excel or CSV file: .xlsx or .csv.")
        return _page(sheet, typed), 400
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"table{ending}"
            sent.save(path)
            rows = read_entry(path, sheet.indicator, sheet.units)
    except GeodataError as refused:
        typed.error = say(refused.message)
        return _page(sheet, typed), 400
    for row in rows:
        typed.cells[row.unit_id, "numerator"] = row.numerator
        typed.cells[row.unit_id, "denominator"] = row.denominator
    _read(sheet, typed)
    flash(
        gettext("%(count)s rows read. Nothing is stored yet: look at them, then save.",
                count=len(rows)),
        "soon",
    )  # fmt: skip
    return _page(sheet, typed)


def _sheet(session: Session, indicator_id: int) -> Sheet:
    """Read which period is asked for, and what is stored for it.

    Raises
    ------
    GridmapError
        If the period is none of the indicator's, or nothing is entered for it.
    """
    actor = current_actor()
    indicator = find_indicator(session, indicator_id)
    if indicator.entered == "nothing":
        raise GridmapError(Message("This indicator is counted over the records."))
    now = today(session)
    span = _span(indicator, now)
    check_period(session, indicator, span)
    units = find_tree(session, actor).of_level(indicator.level)
    rows = entries(session, indicator_id, span, [unit.id for unit in units])
    return Sheet(indicator, span, units, {row.unit_id: row for row in rows}, now)


def _span(indicator: Indicator, now: date) -> Span:
    kind = cast(Kind, indicator.period_kind)
    first = optional_day(request.values.get("first"))
    if first is None:
        return newest_over(kind, now)
    if kind != "any":
        return period_of(kind, first)
    return Span(first, day_of(request.values.get("last") or first))


def _typed(sheet: Sheet) -> Typed:
    form = request.form
    typed = Typed(reason=form.get("reason", "")[:1000])
    for unit in sheet.units:
        for each in sheet.fields:
            typed.cells[unit.id, each] = form.get(f"{each}-{unit.id}", "")[:40]
        version = form.get(f"version-{unit.id}", "0")
        typed.versions[unit.id] = int(version) if version.isdecimal() and len(version) < 9 else 0
    return typed


def _read(sheet: Sheet, typed: Typed) -> list[Entered]:
    """Read what was typed into counts; what cannot be read is noted as a fault of its cell."""
    entered = []
    for unit in sheet.units:
        counts: dict[str, Any] = {"numerator": None, "denominator": None}
        for each in sheet.fields:
            try:
                counts[each] = read_count(typed.cells.get((unit.id, each), ""))
            except GridmapError as refused:
                typed.faults[unit.id, each] = say(refused.message)
        entered.append(Entered(unit.id, **counts, version=typed.versions.get(unit.id, 0)))
    return entered


def _refused(sheet: Sheet, typed: Typed, refused: GridmapError) -> ResponseReturnValue:
    typed.error = say(refused.message)
    return _page(sheet, typed), refused.status


def _page(sheet: Sheet, typed: Typed) -> str:
    kind = cast(Kind, sheet.indicator.period_kind)
    spans = [] if kind == "any" else leading_up(kind, period_of(kind, sheet.today), _PERIODS)[::-1]
    rows = [_row(sheet, typed, unit) for unit in sheet.units]
    return render_template(
        "indicators/entry.html",
        sheet=sheet,
        indicator=sheet.indicator,
        kind=kind,
        spans=spans if sheet.span in spans or not spans else [*spans, sheet.span],
        typed=typed,
        rows=rows,
        page={
            "codes": {unit.code: unit.id for unit in sheet.units}
            | {named(unit): unit.id for unit in sheet.units},
            "fields": sheet.fields,
            "words": {key: say(word) for key, word in words.SCRIPT.items()},
        },
    )


def _row(sheet: Sheet, typed: Typed, unit: Row[Any]) -> dict[str, Any]:
    """Return what the template shows of a unit: what was typed, or else what is stored."""
    stored = sheet.stored.get(unit.id)
    return {
        "unit": unit,
        "stored": stored,
        "version": stored.version if stored else 0,
        "outdated": unit.id in typed.outdated,
        "cells": [
            {
                "field": each,
                "value": typed.cells.get(
                    (unit.id, each), words.typed(getattr(stored, each) if stored else None)
                ),
                "fault": typed.faults.get((unit.id, each)),
            }
            for each in sheet.fields
        ],
    }
