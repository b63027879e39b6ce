"""The agencies themselves: list, add, change, and one with its keys."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from gridmap.errors import GridmapError
from gridmap.exchange.agencies.models import Agency
from gridmap.exchange.agencies.queries import list_agencies, list_keys
from gridmap.exchange.agencies.service import (
    AgencyWish,
    change_agency,
    create_agency,
    get_agency,
)
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.agencies.blueprint import blueprint
from webui.agencies.words import layer_title, state_word
from webui.asking import id_of
from webui.database import writing
from webui.language import say


@blueprint.get("")
@needs(Action.MANAGE_AGENCIES)
def show() -> ResponseReturnValue:
    """List the agencies."""
    with writing() as session:
        found = list_agencies(session, current_actor())
    return render_template("agencies/list.html", agencies=found)


@blueprint.get("/new")
@needs(Action.MANAGE_AGENCIES)
def ask_new() -> ResponseReturnValue:
    """Ask for a new agency."""
    return _form(AgencyWish(""))


@blueprint.post("/new")
@needs(Action.MANAGE_AGENCIES)
def add() -> ResponseReturnValue:
    """Make an agency."""
    wish = _typed()
    try:
        with writing() as session:
            agency = create_agency(session, current_actor(), wish)
    except GridmapError as error:
        return _form(wish, error=error), error.status
    return redirect(url_for("agencies.look", agency_id=agency.id))


@blueprint.get("/<int:agency_id>")
@needs(Action.MANAGE_AGENCIES)
def look(agency_id: int) -> ResponseReturnValue:
    """Show an agency with its keys."""
    with writing() as session:
        agency = get_agency(session, current_actor(), _known(agency_id))
        keys = list_keys(session, current_actor(), agency_id)
    return render_template(
        "agencies/agency.html",
        agency=agency,
        keys=keys,
        layer_title=layer_title,
        state_word=state_word,
    )


@blueprint.get("/<int:agency_id>/change")
@needs(Action.MANAGE_AGENCIES)
def ask_change(agency_id: int) -> ResponseReturnValue:
    """Show an agency, to be changed."""
    with writing() as session:
        agency = get_agency(session, current_actor(), _known(agency_id))
    wish = AgencyWish(agency.name, agency.contact, agency.note, agency.smallest_count)
    return _form(wish, agency)


@blueprint.post("/<int:agency_id>/change")
@needs(Action.MANAGE_AGENCIES)
def change(agency_id: int) -> ResponseReturnValue:
    """Change an agency."""
    wish = _typed()
    with writing() as session:
        agency = get_agency(session, current_actor(), _known(agency_id))
    try:
        with writing() as session:
            change_agency(session, current_actor(), agency_id, wish)
    except GridmapError as error:
        return _form(wish, agency, error), error.status
    flash(_("%(name)s is changed.", name=wish.name), "done")
    return redirect(url_for("agencies.look", agency_id=agency_id))


def _form(wish: AgencyWish, agency: Agency | None = None, error: GridmapError | None = None) -> str:
    return render_template(
        "agencies/agency_form.html",
        wish=wish,
        agency=agency,
        error=say(error.message) if error else None,
    )


def _typed() -> AgencyWish:
    typed = request.form
    smallest = typed.get("smallest_count", "")
    return AgencyWish(
        typed.get("name", "")[:200],
        typed.get("contact", "")[:200],
        typed.get("note", "")[:1000],
        # What is no number is refused with the sentence for numbers out of range.
        int(smallest) if smallest.isdecimal() and len(smallest) < 6 else -1,
    )


def _known(agency_id: int) -> int:
    return id_of(agency_id, _("Agency"))
