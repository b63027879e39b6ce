"""A key: make, show once, change, rotate, revoke, and what was asked with it."""

from __future__ import annotations

from datetime import datetime
from typing import get_args

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.exchange.agencies.models import ApiKey
from gridmap.exchange.agencies.queries import (
    AccessWish,
    Outcome,
    Place,
    list_accesses,
    look_at_key,
    wish_of,
)
from gridmap.exchange.agencies.service import (
    change_key,
    create_key,
    get_agency,
    get_key,
    revoke_key,
    rotate_key,
)
from gridmap.exchange.agencies.tokens import Token
from gridmap.exchange.packages.service import list_packages, schedule_of
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.agencies import key_form
from webui.agencies.blueprint import blueprint
from webui.agencies.words import (
    EVERY,
    PACKAGE_STATES,
    SNAPS,
    field_titles,
    layer_title,
    state_word,
)
from webui.asking import id_of, optional_day
from webui.database import writing
from webui.language import say
from webui.paging import with_query


@blueprint.get("/<int:agency_id>/keys/new")
@needs(Action.MANAGE_AGENCIES)
def ask_new_key(agency_id: int) -> ResponseReturnValue:
    """Ask for a new key."""
    with writing() as session:
        agency = get_agency(session, current_actor(), id_of(agency_id, _("Agency")))
        return key_form.render(session, agency, key_form.empty())


@blueprint.post("/<int:agency_id>/keys/new")
@needs(Action.MANAGE_AGENCIES)
def add_key(agency_id: int) -> ResponseReturnValue:
    """Make a key, and show it this once."""
    form = key_form.typed()
    try:
        with writing() as session:
            wish = key_form.wish_of(session, form)
            key, token = create_key(session, current_actor(), agency_id, wish)
    except GridmapError as error:
        with writing() as session:
            agency = get_agency(session, current_actor(), id_of(agency_id, _("Agency")))
            return key_form.render(session, agency, form, error=error), error.status
    return _given(key, token)


@blueprint.get("/keys/<int:key_id>")
@needs(Action.MANAGE_AGENCIES)
def look_key(key_id: int) -> ResponseReturnValue:
    """Show a key: what it may be given, its packages, and what can be done."""
    with writing() as session:
        actor = current_actor()
        key = look_at_key(session, actor, _known(key_id))
        agency = get_agency(session, actor, key.agency_id)
        wish = wish_of(session, actor, key_id)
        packages = list_packages(session, actor, key_id)
        schedule = schedule_of(session, key_id)
        version = get_key(session, actor, key_id).version
    return render_template(
        "agencies/key.html",
        key=key,
        agency=agency,
        wish=wish,
        packages=packages,
        schedule=schedule,
        version=version,
        layer_title=layer_title,
        field_titles=field_titles,
        state_word=state_word,
        snaps=_said(SNAPS),
        every=_said(EVERY),
        package_states=_said(PACKAGE_STATES),
    )


@blueprint.get("/keys/<int:key_id>/change")
@needs(Action.MANAGE_AGENCIES)
def ask_change_key(key_id: int) -> ResponseReturnValue:
    """Show a key, to be changed."""
    with writing() as session:
        actor = current_actor()
        key = get_key(session, actor, _known(key_id))
        form = key_form.of_wish(session, wish_of(session, actor, key_id))
        return key_form.render(session, get_agency(session, actor, key.agency_id), form, key)


@blueprint.post("/keys/<int:key_id>/change")
@needs(Action.MANAGE_AGENCIES)
def alter_key(key_id: int) -> ResponseReturnValue:
    """Change what a key may be given; its token stays."""
    form, actor = key_form.typed(), current_actor()
    try:
        with writing() as session:
            key = change_key(session, actor, _known(key_id), key_form.wish_of(session, form))
    except GridmapError as error:
        with writing() as session:
            key = get_key(session, actor, key_id)
            agency = get_agency(session, actor, key.agency_id)
            return key_form.render(session, agency, form, key, error), error.status
    flash(_("%(name)s is changed. It holds from the next request on.", name=key.name), "done")
    return redirect(url_for("agencies.look_key", key_id=key_id))


@blueprint.post("/keys/<int:key_id>/revoke")
@needs(Action.MANAGE_AGENCIES)
def revoke(key_id: int) -> ResponseReturnValue:
    """End a key at once."""
    with writing() as session:
        key = revoke_key(session, current_actor(), _known(key_id))
    flash(_("%(name)s is revoked. It no longer opens anything.", name=key.name), "done")
    return redirect(url_for("agencies.look_key", key_id=key_id))


@blueprint.post("/keys/<int:key_id>/rotate")
@needs(Action.MANAGE_AGENCIES)
def rotate(key_id: int) -> ResponseReturnValue:
    """Give a key a new token, and show it this once."""
    with writing() as session:
        key, token = rotate_key(session, current_actor(), _known(key_id))
    return _given(key, token)


@blueprint.get("/keys/<int:key_id>/log")
@needs(Action.MANAGE_AGENCIES)
def log_of_key(key_id: int) -> ResponseReturnValue:
    """Show what was asked with a key, the newest first."""
    actor, error, status = current_actor(), None, 200
    with writing() as session:
        key = get_key(session, actor, _known(key_id))
        agency = get_agency(session, actor, key.agency_id)
        found, end = [], None
        try:
            outcomes: tuple[Outcome, ...] = get_args(Outcome)
            asked = request.args.get("outcome")
            wanted = AccessWish(
                next((one for one in outcomes if one == asked), None),
                optional_day(request.args.get("from")),
                optional_day(request.args.get("to")),
            )
            after = _place(request.args.get("after"))
            requests, end = list_accesses(session, actor, key_id, wanted, after=after)
            found = list(requests)
        except GridmapError as refused:
            error, status = say(refused.message), refused.status
    older = None if end is None else with_query(after=f"{end[0].isoformat()},{end[1]}")
    shown = render_template(
        "agencies/log.html", key=key, agency=agency, requests=found, error=error, older=older
    )
    return shown, status


def _given(key: ApiKey, token: Token) -> ResponseReturnValue:
    shown = render_template(
        "agencies/given.html", key=key, secret=token.secret, base=request.url_root.rstrip("/")
    )
    return shown, {"Cache-Control": "no-store"}


def _place(given: str | None) -> Place | None:
    if not given:
        return None
    moment, _comma, number = given.rpartition(",")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not number.isdecimal() or len(number) > 18:
        raise GridmapError(Message("The request cannot be understood."))
    return at, int(number)


def _said(words: dict[str, str]) -> dict[str, str]:
    return {code: say(word) for code, word in words.items()}


def _known(key_id: int) -> int:
    return id_of(key_id, _("Key"))
