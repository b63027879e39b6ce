"""Intake: report an incident, with a hint at what may be the same."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, cast
from zoneinfo import ZoneInfo

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.incidents.cases.categories import tree
from gridmap.incidents.cases.duplicates import likely_duplicates
from gridmap.incidents.cases.intake import Hit, Report, Reporter, report
from gridmap.incidents.cases.lookups import own_bounds, town_zone
from gridmap.workforce.rights import Action, Actor, Role
from webui.access import current_actor, needs
from webui.asking import id_of
from webui.cases import words
from webui.cases.blueprint import blueprint
from webui.cases.clock import Clock, town_clock
from webui.cases.photos import folder, sent_photos
from webui.cases.smallmap import map_page
from webui.database import writing
from webui.language import say


@blueprint.get("/cases/new")
@needs(Action.REPORT_INCIDENT)
def new() -> ResponseReturnValue:
    """Ask what happened and where; ``lon`` and ``lat`` may name the place."""
    return _form(dict(request.args))


@blueprint.post("/cases/new")
@needs(Action.REPORT_INCIDENT)
def save_new() -> ResponseReturnValue:
    """Take in the report; what was typed comes back with what is to be mended."""
    actor, form = current_actor(), request.form
    try:
        with writing() as session:
            data = _report(actor, town_zone(session))
            case = report(session, actor, data, folder())
    except GridmapError as refused:
        return _form(dict(form), say(refused.message)), refused.status
    flash(say(Message("Case {id} is taken in.", id=case.id)), "done")
    return redirect(url_for("cases.show", case=case.id))


@blueprint.get("/cases/similar")
@needs(Action.REPORT_INCIDENT)
def similar() -> ResponseReturnValue:
    """Tell which incidents near ``lon`` and ``lat`` may be the same as one of ``category``."""
    lon, lat = _place(request.args.get("lon"), request.args.get("lat"))
    with writing() as session:
        clock = town_clock(session)
        at = _moment(request.args.get("at"), clock.zone) or clock.now
        category = request.args.get("category", "")
        rows = likely_duplicates(session, current_actor(), category, lon, lat, at)
    return jsonify(items=[_told(row, clock) for row in rows])


def _told(row: Any, clock: Clock) -> dict[str, Any]:
    return {
        "case": row.case_id,
        "url": None if row.case_id is None else url_for("cases.show", case=row.case_id),
        "category": words.category(row),
        "metres": int(row.metres),
        "at": clock.moment(row.occurred_at),
        "step": None if row.step is None else say(words.STEPS[row.step]),
        "description": (row.description or "")[:80],
    }


def _form(given: dict[str, str], error: str | None = None) -> str:
    actor = current_actor()
    with writing() as session:
        categories = [row for row in tree(session) if row.active]
        bounds = own_bounds(session, actor)
        clock = town_clock(session)
    usual = "cadre" if actor.role is Role.CADRE else "citizen"
    page = map_page(
        bounds,
        search=url_for("map_data.search_names"),
        similar=url_for("cases.similar"),
        wide=actor.role is not Role.CADRE,
    )
    return render_template(
        "cases/new.html",
        form={"reporter": usual, **given},
        categories=categories,
        clock=clock,
        error=error,
        page=page,
    )


def _report(actor: Actor, zone: ZoneInfo) -> Report:
    form = request.form
    layer, _, number = form.get("hit", "").partition(":")
    place: tuple[float, float] | Hit
    if layer in ("building", "place"):
        place = Hit(cast(Literal["building", "place"], layer), id_of(number, gettext("Place")))
    else:
        place = _place(form.get("lon"), form.get("lat"))
    if not form.get("category"):
        raise GridmapError(Message("Choose a category."))
    return Report(
        category=form["category"],
        description=form.get("description", ""),
        reporter=cast(Reporter, form.get("reporter", "")),
        place=place,
        address=form.get("address", "")[:200],
        occurred_at=_moment(form.get("at"), zone),
        contact_name=form.get("contact_name", "")[:60],
        contact_phone=form.get("contact_phone", "")[:40],
        photos=sent_photos(),
    )


def _place(lon: str | None, lat: str | None) -> tuple[float, float]:
    try:
        return float(lon or ""), float(lat or "")
    except ValueError:
        raise GridmapError(
            Message("Choose the place: on the map, by your position, or by its address.")
        ) from None


def _moment(value: str | None, zone: ZoneInfo) -> datetime | None:
    if not value:
        return None
    try:
        return datetime.fromisoformat(value).replace(tzinfo=zone)
    except ValueError:
        raise GridmapError(
            Message("{value} is not a time. Write it as 2026-03-31T14:30.", value=value)
        ) from None
