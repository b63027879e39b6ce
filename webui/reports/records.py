"""The records behind figures of the area and of work that no other list shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.incidents.cases.lookups import unit_choices
from gridmap.incidents.statistics import clock
from gridmap.reports.documents.behind import (
    LISTINGS,
    PAGE,
    SUMMED,
    Asked,
    Shape,
    records_behind,
)
from gridmap.workforce.rights import Action
from webui.access import current_actor, may_open, needs
from webui.asking import id_of, optional_day, optional_id, page_number
from webui.assignments.shared import KINDS as CADRES
from webui.database import reading
from webui.language import named, say
from webui.numbers import number
from webui.paging import Pages
from webui.reports.blueprint import blueprint
from webui.reports.words import RECORD_KINDS
from webui.staff.teams import TEAM_KINDS
from webui.words import CODES

#: The page on which a record is seen, and what it is called there by which column.
_PAGES: Mapping[str, tuple[str, str, str]] = {
    "communities": ("dashboard.show", "unit", "code"),
    "cells": ("cell_page.show", "cell_id", "id"),
    "buildings": ("building_page.show", "building_id", "id"),
    "people": ("building_page.show", "building_id", "id"),
    "cadres": ("staff.show", "cadre_id", "id"),
    "teams": ("staff.team", "team_id", "id"),
    "routes": ("patrols.show", "route_id", "id"),
    "shifts": ("shifts.show", "shift_id", "id"),
    "tracks": ("tracks.show", "track_id", "id"),
}
_KINDS: Mapping[str, str] = {**CODES, **TEAM_KINDS, **CADRES, **RECORD_KINDS}


@blueprint.get("/records/area/<what>")
@needs(Action.VIEW_DASHBOARD)
def of_area(what: str) -> ResponseReturnValue:
    """List communities, cells, buildings, places or counts of people."""
    return _page(what)


@blueprint.get("/records/work/<what>")
@needs(Action.VIEW_WORKFORCE)
def of_work(what: str) -> ResponseReturnValue:
    """List cadres, teams, routes, shifts or tracks."""
    return _page(what)


def _page(what: str) -> str:
    actor, given = current_actor(), request.args
    with reading() as connection, Session(connection) as session:
        now = clock(session.connection())
        last = optional_day(given.get("last")) or now.today
        first = optional_day(given.get("first")) or last.replace(month=1, day=1)
        if last < first:
            raise GridmapError(Message("The last day lies before the first."))
        asked = Asked(
            unit=id_of(given.get("unit"), _("Unit")),
            first=first,
            last=last,
            moment=_moment(given.get("moment")),
            kind=given.get("kind") or None,
            cell=optional_id(given.get("cell"), _("Cell")),
        )
        found = records_behind(session, actor, what, asked, page_number())
        units = {row.id: named(row) for row in unit_choices(session, actor)}
    listing = LISTINGS[what]
    return render_template(
        "reports/records.html",
        listing=listing,
        found=found,
        asked=asked,
        unit=units.get(asked.unit, ""),
        kind=say(_KINDS[asked.kind]) if asked.kind else None,
        timed="first" in given,
        pages=Pages(found.total, PAGE),
        summed=SUMMED,
        shown=lambda row, key, shape: _shown(getattr(row, key), row, key, shape),
        sum_shown=lambda key, shape: _measure(found.sums[key], shape),
        url=_url_of(what),
    )


def _moment(given: str | None) -> datetime:
    if not given:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not 1900 <= moment.year <= 2200:
        raise GridmapError(
            Message("{value} is no moment. Write it as 2026-03-31T08:00:00+08:00.", value=given)
        )
    return moment


def _url_of(what: str) -> Callable[[Any], str | None]:
    """Return what leads from a row to the page of its record, where the reader may see it."""
    page = _PAGES.get(what)
    if page is None or not may_open(page[0]):
        return lambda row: None
    endpoint, name, column = page
    return lambda row: url_for(endpoint, **{name: getattr(row, column)})


def _shown(value: Any, row: Any, key: str, shape: Shape) -> str:
    if value is None:
        return "–"
    if shape == "code":
        return say(_KINDS.get(value, value))
    if shape == "text":
        return named(row, key)
    return str(value) if shape == "day" else _measure(value, shape)


def _measure(value: Any, shape: Shape) -> str:
    if shape == "count":
        return number(value)
    return f"{format_decimal(value, format='#,##0.00')} {'km²' if shape == 'km2' else 'km'}"
