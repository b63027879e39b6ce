"""Cadres: the list, one cadre's page, and the form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import get_args

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from gridmap.errors import GridmapError
from gridmap.workforce.accounts import find_user, get_user
from gridmap.workforce.cadre_list import (
    CadresWanted,
    SortKey,
    list_absence_rows,
    list_units,
    search_cadres,
)
from gridmap.workforce.cadres import (
    CADRE_KINDS,
    CadreData,
    add_cadre,
    change_cadre,
    get_cadre,
    set_active,
)
from gridmap.workforce.cell_list import today
from gridmap.workforce.responsibility import cadre_history
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import id_of, one_of, optional_id, page_number
from webui.assignments.shared import BANDS, KINDS, ROLES, loads
from webui.database import writing
from webui.language import named, say
from webui.paging import Pages
from webui.staff.blueprint import blueprint

PAGE = 50
_WORDS = re.compile(r"[、，,;；/\s]+")


@blueprint.get("")
@needs(Action.VIEW_WORKFORCE)
def index() -> ResponseReturnValue:
    """List the cadres; filter, order and page are in the address."""
    actor = current_actor()
    kind = one_of("kind", CADRE_KINDS, "")
    sort: SortKey = next(
        (key for key in get_args(SortKey) if key == request.args.get("sort")), "name"
    )
    wanted = CadresWanted(
        search=request.args.get("q", "").strip()[:100],
        unit_id=optional_id(request.args.get("unit"), gettext("Unit")),
        kind=kind or None,
        active=request.args.get("state") != "former",
        sort=sort,
        descending=request.args.get("order") == "desc",
    )
    with writing() as session:
        rows, total = search_cadres(
            session, actor, today(session), wanted, limit=PAGE, offset=(page_number() - 1) * PAGE
        )
        units = list_units(session, actor)
    return render_template(
        "staff/index.html",
        rows=rows,
        wanted=wanted,
        units=units,
        kinds=KINDS,
        pages=Pages(total, PAGE),
    )


@blueprint.get("/<int:cadre_id>")
@needs(Action.VIEW_WORKFORCE)
def show(cadre_id: int) -> ResponseReturnValue:
    """Show a cadre: who it is, the load, the cells held and once held, and absences."""
    actor = current_actor()
    with writing() as session:
        cadre = get_cadre(session, actor, cadre_id)
        day = today(session)
        history = cadre_history(session, actor, cadre_id)
        load = next(iter(loads(session, actor, day, [cadre_id])), None)
        absences = list_absence_rows(session, actor, day, cadre_id)
        units = {unit.id: named(unit) for unit in list_units(session, actor)}
        account = _login(session, cadre.user_id)
    return render_template(
        "staff/cadre.html",
        cadre=cadre,
        unit=units.get(cadre.unit_id, ""),
        account=account,
        history=history,
        holds=any(row.ends is None or row.ends > day for row in history),
        load=load,
        absences=absences,
        today=day,
        roles=ROLES,
        kinds=KINDS,
        bands=BANDS,
    )


@blueprint.get("/new")
@needs(Action.MANAGE_CADRES)
def new() -> ResponseReturnValue:
    """Ask for a new cadre."""
    return _form({"unit": request.args.get("unit", "")}, None)


@blueprint.post("/new")
@needs(Action.MANAGE_CADRES)
def add() -> ResponseReturnValue:
    """Add the cadre; what was typed is kept when something is wrong."""
    try:
        with writing() as session:
            cadre = add_cadre(session, current_actor(), _sent(session))
    except GridmapError as error:
        return _form(request.form, None, say(error.message)), error.status
    flash(gettext("{name} was added.").format(name=cadre.name), "done")
    return redirect(url_for("staff.show", cadre_id=cadre.id))


@blueprint.get("/<int:cadre_id>/edit")
@needs(Action.MANAGE_CADRES)
def edit(cadre_id: int) -> ResponseReturnValue:
    """Show the form with what is known."""
    with writing() as session:
        cadre = get_cadre(session, current_actor(), cadre_id)
        account = _login(session, cadre.user_id)
    known = {
        "account": account or "",
        "name": cadre.name,
        "number": cadre.external_id or "",
        "phone": cadre.phone,
        "kind": cadre.kind,
        "unit": str(cadre.unit_id),
        "skills": "、".join(cadre.skills),
        "languages": "、".join(cadre.languages),
    }
    return _form(known, cadre_id)


@blueprint.post("/<int:cadre_id>/edit")
@needs(Action.MANAGE_CADRES)
def change(cadre_id: int) -> ResponseReturnValue:
    """Change the cadre; what was typed is kept when something is wrong."""
    actor = current_actor()
    try:
        with writing() as session:
            linked = get_cadre(session, actor, cadre_id).user_id
            change_cadre(session, actor, cadre_id, _sent(session, linked))
    except GridmapError as error:
        return _form(request.form, cadre_id, say(error.message)), error.status
    flash(gettext("Saved."), "done")
    return redirect(url_for("staff.show", cadre_id=cadre_id))


@blueprint.post("/<int:cadre_id>/active")
@needs(Action.MANAGE_CADRES)
def activate(cadre_id: int) -> ResponseReturnValue:
    """Deactivate a cadre without cells, or take one back."""
    active = request.form.get("active") == "1"
    try:
        with writing() as session:
            cadre = set_active(session, current_actor(), cadre_id, active)
    except GridmapError as error:
        if error.status != 409:
            raise
        flash(say(error.message), "fault")
        return redirect(url_for("staff.show", cadre_id=cadre_id))
    template = (
        gettext("{name} is active again.") if active else gettext("{name} is no longer active.")
    )
    flash(template.format(name=cadre.name), "done")
    return redirect(url_for("staff.show", cadre_id=cadre_id))


def _sent(session: Session, linked: int | None = None) -> CadreData:
    """Read the form; only who manages users changes the link to a user account."""
    form = request.form
    if current_actor().may(Action.MANAGE_USERS) and "account" in form:
        login = form["account"].strip()[:100]
        linked = find_user(session, login).id if login else None
    return CadreData(
        name=form.get("name", "")[:100],
        unit_id=id_of(form.get("unit"), gettext("Home unit")),
        phone=form.get("phone", "")[:40],
        kind=form.get("kind", "full_time"),
        number=form.get("number", "").strip()[:60] or None,
        skills=_split(form.get("skills", "")),
        languages=_split(form.get("languages", "")),
        user_id=linked,
    )


def _login(session: Session, user_id: int | None) -> str | None:
    """Return the sign-in name of a cadre's account, for those who manage users."""
    actor = current_actor()
    if user_id is None or not actor.may(Action.MANAGE_USERS):
        return None
    return get_user(session, actor, user_id).login


def _split(words: str) -> list[str]:
    return [word for word in dict.fromkeys(_WORDS.split(words[:500])) if word]


def _form(known: Mapping[str, str], cadre_id: int | None, fault: str | None = None) -> str:
    with writing() as session:
        units = list_units(session, current_actor())
    return render_template(
        "staff/cadre_form.html",
        known=known,
        cadre_id=cadre_id,
        units=units,
        kinds=KINDS,
        fault=fault,
    )
