"""Definitions of indicators: made, changed, retired."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError, ParameterError
from gridmap.reports.indicators.entry import read_count
from gridmap.reports.indicators.models import Indicator
from gridmap.reports.indicators.queries import find_indicator
from gridmap.reports.indicators.service import (
    FIXED,
    PER,
    Wish,
    change_indicator,
    create_indicator,
    has_values,
    retire_indicator,
)
from gridmap.reports.measures import MEASURES
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.database import reading, writing
from webui.indicators import words
from webui.indicators.blueprint import blueprint
from webui.language import say

_TEXTS = ("code", "name", "name_en", "numerator", "numerator_en", "denominator", "denominator_en",
          "unit", "form", "level", "period_kind", "over_time")  # fmt: skip
_NEW = {
    "form": "rate", "per": "100", "unit": "%", "level": "community", "period_kind": "month",
    "over_time": "sum", "better": "up", "places": "2", "within": "1", "version": "0",
}  # fmt: skip


@blueprint.get("/new")
@needs(Action.MANAGE_SETTINGS)
def ask_new() -> ResponseReturnValue:
    """Ask for a new definition."""
    return _form(_NEW, None)


@blueprint.post("/new")
@needs(Action.MANAGE_SETTINGS)
def add() -> ResponseReturnValue:
    """Store a new definition; what was typed is kept when something is wrong."""
    try:
        with writing() as session:
            made = create_indicator(session, current_actor(), _wish())
    except GridmapError as refused:
        return _refused(None, refused)
    flash(gettext("The indicator is defined. Enter its first values."), "done")
    return redirect(url_for("indicators.show", indicator_id=made.id))


@blueprint.get("/<int:indicator_id>/edit")
@needs(Action.MANAGE_SETTINGS)
def edit(indicator_id: int) -> ResponseReturnValue:
    """Show a definition to be changed."""
    with reading() as connection, Session(connection) as session:
        found = find_indicator(session, indicator_id)
        fixed = FIXED if has_values(session, indicator_id) else ()
    return _form(_known(found), found, fixed=fixed)


@blueprint.post("/<int:indicator_id>/edit")
@needs(Action.MANAGE_SETTINGS)
def change(indicator_id: int) -> ResponseReturnValue:
    """Change a definition; what was typed is kept when something is wrong."""
    with reading() as connection, Session(connection) as session:
        found = find_indicator(session, indicator_id)
        fixed = FIXED if has_values(session, indicator_id) else ()
    version = request.form.get("version", "")
    try:
        with writing() as session:
            change_indicator(
                session, current_actor(), indicator_id, _wish(found.code),
                int(version) if version.isdecimal() and len(version) < 9 else 0,
            )  # fmt: skip
    except GridmapError as refused:
        return _refused(found, refused, fixed)
    flash(gettext("The definition is changed."), "done")
    return redirect(url_for("indicators.show", indicator_id=indicator_id))


@blueprint.post("/<int:indicator_id>/retire")
@needs(Action.MANAGE_SETTINGS)
def retire(indicator_id: int) -> ResponseReturnValue:
    """Use an indicator no longer, or again."""
    retired = request.form.get("retired") == "1"
    with writing() as session:
        retire_indicator(session, current_actor(), indicator_id, retired=retired)
    flash(
        gettext("The indicator is no longer used. Its values stay.")
        if retired
        else gettext("The indicator is used again."),
        "done",
    )
    return redirect(url_for("indicators.show", indicator_id=indicator_id))


def _wish(code: str | None = None) -> Wish:
    form = request.form
    given: dict[str, Any] = {name: " ".join(form.get(name, "").split()) for name in _TEXTS}
    rate = given["form"] != "count"
    if not rate:
        given |= {"denominator": "", "denominator_en": ""}
    if code is not None:
        given["code"] = code
    return Wish(
        **given,
        per=_whole("per", PER[1]) if rate else 1,
        places=_whole("places", -1),
        within=rate and form.get("within") == "1",
        better=form.get("better") or None,
        target=_target(),
        numerator_measure=form.get("numerator_measure") or None,
        denominator_measure=(form.get("denominator_measure") or None) if rate else None,
    )


def _whole(name: str, default: int) -> int:
    given = request.form.get(name, "")
    return int(given) if given.isdecimal() and len(given) < 6 else default


def _target() -> Decimal | None:
    try:
        return read_count(request.form.get("target", ""))
    except GridmapError as refused:
        raise ParameterError("target", refused.message) from refused


def _known(found: Indicator) -> dict[str, str]:
    known = {name: str(getattr(found, name) or "") for name in _TEXTS}
    known |= {
        "per": str(found.per),
        "places": str(found.places),
        "within": "1" if found.within else "",
        "better": found.better or "",
        "target": words.typed(found.target),
        "numerator_measure": found.numerator_measure or "",
        "denominator_measure": found.denominator_measure or "",
        "version": str(found.version),
    }
    return known


def _refused(
    found: Indicator | None, refused: GridmapError, fixed: Collection[str] = ()
) -> ResponseReturnValue:
    if refused.status not in (400, 409):
        raise refused
    known = {**request.form.to_dict(), "within": request.form.get("within", "")}
    if isinstance(refused, ParameterError):
        faults = {refused.parameter: refused.message}
        return _form(known, found, faults=faults, fixed=fixed), refused.status
    return _form(known, found, error=say(refused.message), fixed=fixed), refused.status


def _form(
    known: dict[str, str],
    found: Indicator | None,
    *,
    faults: dict[str, Message] | None = None,
    error: str = "",
    fixed: Collection[str] = (),
) -> str:
    return render_template(
        "indicators/form.html",
        known=known,
        indicator=found,
        faults={field: say(message) for field, message in (faults or {}).items()},
        error=error,
        fixed=fixed,
        per=PER,
        measures=[
            (key, f"{say(each.numerator)} ({key})")
            for key, each in MEASURES.items()
            if each.unit != "h" and each.groups & {"community", "town"}
        ],
    )
