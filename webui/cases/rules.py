"""The town's settings for cases: categories, deadlines, work hours, and the holiday calendar."""

from __future__ import annotations

import re
from typing import cast

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.incidents.cases import categories as service
from gridmap.incidents.cases.calendar import list_days, notices, remove_day, save_day
from gridmap.incidents.cases.deadlines import Allowance, Unit
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import day_of
from webui.cases.blueprint import blueprint
from webui.cases.clock import town_clock
from webui.database import writing
from webui.language import say


@blueprint.get("/cases/settings")
@needs(Action.MANAGE_SETTINGS)
def rules() -> ResponseReturnValue:
    """Show all settings for cases."""
    return _page()


@blueprint.post("/cases/settings")
@needs(Action.MANAGE_SETTINGS)
def save_rules() -> ResponseReturnValue:
    """Change work hours, the town's deadlines, and what counts as similar."""
    form = request.form
    try:
        with writing() as session:
            service.change_settings(
                session,
                current_actor(),
                work_hours=_shifts(form.get("work_hours", "")),
                deadlines=_deadlines(),
                duplicate_metres=_whole("duplicate_metres"),
                duplicate_hours=_whole("duplicate_hours"),
            )
    except GridmapError as refused:
        return _page(say(refused.message)), refused.status
    flash(_("The settings are saved. Open cases keep their deadlines."), "done")
    return redirect(url_for("cases.rules"))


@blueprint.get("/cases/settings/categories/<code>")
@needs(Action.MANAGE_SETTINGS)
def category(code: str) -> ResponseReturnValue:
    """Show a category with its versions."""
    return _category_page(code)


@blueprint.post("/cases/settings/categories/<code>")
@needs(Action.MANAGE_SETTINGS)
def save_category(code: str) -> ResponseReturnValue:
    """Change a category, which makes a new version of it."""
    form = request.form
    try:
        with writing() as session:
            service.change_category(
                session,
                current_actor(),
                code,
                name=form.get("name"),
                name_en=form.get("name_en"),
                deadlines=_deadlines(),
                active="active" in form,
            )
    except GridmapError as refused:
        return _category_page(code, say(refused.message)), refused.status
    flash(_("The category is saved. Cases opened before keep their deadlines."), "done")
    return redirect(url_for("cases.category", code=code))


@blueprint.post("/cases/settings/categories/<code>/add")
@needs(Action.MANAGE_SETTINGS)
def add_category(code: str) -> ResponseReturnValue:
    """Add a category of the town's own below another."""
    form = request.form
    new = form.get("code", "")[:40]
    try:
        with writing() as session:
            service.add_local(
                session, current_actor(), code, new, form.get("name", "")[:100],
                name_en=form.get("name_en", "")[:100],
            )  # fmt: skip
    except GridmapError as refused:
        return _category_page(code, say(refused.message)), refused.status
    flash(_("The category is added."), "done")
    return redirect(url_for("cases.category", code=new.strip()))


@blueprint.post("/cases/settings/days")
@needs(Action.MANAGE_SETTINGS)
def keep_day() -> ResponseReturnValue:
    """Make a day a workday or a day off."""
    form = request.form
    try:
        with writing() as session:
            save_day(
                session, current_actor(), day_of(form.get("day")), form.get("working") == "1",
                form.get("note", "")[:100],
            )  # fmt: skip
    except GridmapError as refused:
        return _page(say(refused.message)), refused.status
    flash(_("The calendar is changed. Deadlines given before stay."), "done")
    return redirect(url_for("cases.rules") + "#calendar")


@blueprint.post("/cases/settings/days/<day>/remove")
@needs(Action.MANAGE_SETTINGS)
def drop_day(day: str) -> ResponseReturnValue:
    """Leave a day to the public calendar again."""
    with writing() as session:
        remove_day(session, current_actor(), day_of(day))
    flash(_("The calendar is changed. Deadlines given before stay."), "done")
    return redirect(url_for("cases.rules") + "#calendar")


def _page(error: str | None = None) -> str:
    with writing() as session:
        clock = town_clock(session)
        town = service.settings(session)
        return render_template(
            "cases/settings.html",
            town=town,
            hours=", ".join("-".join(shift) for shift in town.work_hours),
            tree=service.tree(session),
            days=list_days(session),
            notices=notices(session, clock.now.astimezone(clock.zone).date()),
            steps=service.STEPS,
            clock=clock,
            form=request.form,
            error=error,
        )


def _category_page(code: str, error: str | None = None) -> str:
    with writing() as session:
        found = service.find_category(session, code)
        versions = service.versions(session, code)
        return render_template(
            "cases/category.html",
            category=found,
            inherited=_inherited(session, found.parent_id),
            versions=versions,
            steps=service.STEPS,
            clock=town_clock(session),
            form=request.form,
            error=error,
        )


def _inherited(session: Session, parent: int | None) -> dict[str, object]:
    """Return the deadlines that hold where the category has none of its own."""
    nodes = {row.id: row for row in service.tree(session)}
    found = dict(service.settings(session).deadlines)
    above = []
    while parent is not None:
        above.append(nodes[parent])
        parent = nodes[parent].parent_id
    for node in reversed(above):
        found |= node.deadlines
    return found


def _deadlines() -> dict[str, Allowance]:
    """Read the amounts of a form; what is left empty is left out."""
    found = {}
    for step in service.STEPS:
        amount = request.form.get(f"{step}_amount", "").strip()
        if amount:
            number = int(amount) if amount.isascii() and amount.isdecimal() else 0
            unit = cast(Unit, request.form.get(f"{step}_unit", ""))
            found[str(step)] = Allowance(number, unit)
    return found


def _shifts(given: str) -> list[list[str]]:
    """Read shifts such as ``09:00-12:00, 14:00-18:00``; the service checks the times."""
    shifts = [part.strip() for part in re.split(r"[,,;;、]", given) if part.strip()]
    return [[end.strip() for end in re.split(r"[-–—~至]", shift)] for shift in shifts]


def _whole(name: str) -> int:
    given = request.form.get(name, "").strip()
    if not given.isascii() or not given.isdecimal() or len(given) > 6:
        raise GridmapError(Message("Give a whole number from 1 to 2000."))
    return int(given)
