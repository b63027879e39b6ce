"""The form of an activity: new, or changed; on the phone from what is due in a few taps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.incidents.cases.lookups import unit_choices
from gridmap.reports.activities.kinds import COUNTS, KINDS, typed_counts
from gridmap.reports.activities.notices import give_notice
from gridmap.reports.activities.queries import get_activity, unit_of, where_choices
from gridmap.reports.activities.service import (
    MOST_COUNT,
    Draft,
    change,
    find_changeable,
    record,
)
from gridmap.workforce.cell_list import today
from gridmap.workforce.rights import Action, Actor
from webui.access import current_actor, may_open, needs
from webui.activities import words
from webui.activities.blueprint import blueprint
from webui.activities.choices import known_id
from webui.asking import day_of, id_of, optional_day, optional_id
from webui.cases.photos import folder, sent_photos
from webui.database import writing
from webui.language import say


@blueprint.get("/new")
@needs(Action.RECORD_ACTIVITY)
def new() -> ResponseReturnValue:
    """Ask what was done; the address may name kind, day, unit, cell or place."""
    return _form(request.args.to_dict(), None)


@blueprint.post("/new")
@needs(Action.RECORD_ACTIVITY)
def add() -> ResponseReturnValue:
    """Record it; what was typed comes back with what is to be mended."""
    form = request.form
    if "show" in form:
        return _form(form, None)
    try:
        with writing() as session:
            activity = record(session, current_actor(), _draft(form), sent_photos(), folder())
            if form.get("finding", "").strip():
                due = day_of(form.get("due"))
                give_notice(session, current_actor(), activity.id, form["finding"], due)
    except GridmapError as refused:
        return _form(form, None, say(refused.message)), refused.status
    flash(_("It is recorded."), "done")
    if form.get("back") == "my" and may_open("my.show"):
        return redirect(url_for("my.show"))
    if form.get("back") == "due":
        return redirect(url_for("activities.due"))
    return redirect(url_for("activities.show", activity_id=activity.id))


@blueprint.get("/<int:activity_id>/edit")
@needs(Action.RECORD_ACTIVITY)
def edit(activity_id: int) -> ResponseReturnValue:
    """Show the form with what is recorded."""
    actor = current_actor()
    with writing() as session:
        find_changeable(session, actor, known_id(activity_id))
        row = get_activity(session, actor, activity_id)
    # The place tells the cell.
    cell = row.cell_id if row.place_id is None else None
    known: dict[str, Any] = {
        "kind": row.kind, "day": row.day.isoformat(), "unit": row.unit_id, "cell": cell,
        "place": row.place_id, "note": row.note, "version": row.version,
        **{name: getattr(row, name) for name in typed_counts(row.kind)},
    }  # fmt: skip
    told = {key: "" if value is None else str(value) for key, value in known.items()}
    return _form(told, activity_id)


@blueprint.post("/<int:activity_id>/edit")
@needs(Action.RECORD_ACTIVITY)
def change_it(activity_id: int) -> ResponseReturnValue:
    """Change it, unless somebody did meanwhile; what was typed is kept when something is wrong."""
    form = request.form
    if "show" in form:
        return _form(form, activity_id)
    try:
        version = id_of(form.get("version"), _("Version"))
        with writing() as session:
            change(session, current_actor(), known_id(activity_id), version, _draft(form),
                   sent_photos(), folder())  # fmt: skip
    except GridmapError as refused:
        if refused.status in (403, 404):
            raise
        return _form(form, activity_id, say(refused.message)), refused.status
    flash(_("Saved."), "done")
    return redirect(url_for("activities.show", activity_id=activity_id))


@blueprint.get("/where")
@needs(Action.RECORD_ACTIVITY)
def where() -> ResponseReturnValue:
    """Answer with the cells and places of ``unit`` as of ``day``, for the form's script."""
    unit = id_of(request.args.get("unit"), _("Unit"))
    with writing() as session:
        day = optional_day(request.args.get("day")) or today(session)
        cells, places = where_choices(session, current_actor(), unit, day)
    return jsonify(
        cells=[{"id": row.id, "name": row.name or row.code} for row in cells],
        places=[
            {"id": row.id, "name": f"{row.name} · {words.place_kind(row.kind)}"} for row in places
        ],
    )


def _draft(form: Mapping[str, str]) -> Draft:
    kind = form.get("kind", "")
    counts = {}
    for name in typed_counts(kind):
        given = form.get(name, "").strip()
        if not given:
            continue
        if not (given.isascii() and given.isdecimal() and len(given) <= 9):
            raise GridmapError(
                Message(
                    "{name}: give a whole number from 0 to {most}.",
                    name=Message(COUNTS[name]),
                    most=MOST_COUNT,
                )
            )
        counts[name] = int(given)
    return Draft(
        kind=kind,
        day=day_of(form.get("day")),
        unit_id=optional_id(form.get("unit"), _("Unit")),
        cell_id=optional_id(form.get("cell"), _("Cell")),
        place_id=optional_id(form.get("place"), _("Place")),
        note=form.get("note", "")[:4000],
        counts=counts,
    )


def _form(known: Mapping[str, str], activity_id: int | None, fault: str | None = None) -> str:
    actor = current_actor()
    kind = known.get("kind")
    with writing() as session:
        now = today(session)
        units = unit_choices(session, actor)
        if activity_id is not None:
            find_changeable(session, actor, known_id(activity_id))
        unit = _unit(session, actor, known, [row.id for row in units])
        # Cells as of the day it was done: one that was redrawn since is still where it was done.
        day = _day(known) or now
        cells, places = where_choices(session, actor, unit, day) if unit else ([], [])
    return render_template(
        "activities/form.html",
        known=known,
        kind=kind if kind in KINDS else "sweep",
        activity_id=activity_id,
        units=units,
        unit=unit,
        cells=cells,
        places=places,
        today=now,
        fault=fault,
        page={
            "where": url_for("activities.where"),
            "words": {key: say(word) for key, word in words.SCRIPT.items()},
        },
    )


def _day(known: Mapping[str, str]) -> date | None:
    try:
        return optional_day(known.get("day"))
    except GridmapError:
        return None


def _unit(session: Session, actor: Actor, known: Mapping[str, str], own: list[int]) -> int | None:
    """Return the unit that the form shows: the one named, that of the cell or place, the only."""
    try:
        given = optional_id(known.get("unit"), _("Unit"))
        cell = optional_id(known.get("cell"), _("Cell"))
        place = optional_id(known.get("place"), _("Place"))
    except GridmapError:
        return None
    if given is None:
        given = unit_of(session, cell, place)
    if given is None and len(own) == 1:
        return own[0]
    return given if given in own else None
