"""The users at /users: list, add, change, deactivate, and give new passwords."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import get_args

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.i18n import LANGUAGES
from gridmap.workforce.accounts import (
    areas_of,
    change_user,
    create_user,
    get_user,
    reset_password,
)
from gridmap.workforce.models import User
from gridmap.workforce.rights import ROLE_NAMES, Action, Role
from gridmap.workforce.user_list import PAGE, State, Wanted, find_users, unit_tree
from webui.access import current_actor, needs
from webui.asking import id_of, one_of, page_number
from webui.database import writing
from webui.language import say
from webui.unit_choice import below, opened

blueprint = Blueprint("users", __name__, url_prefix="/users")


@dataclass
class _Form:
    """What the form shows: what was typed, or what is stored."""

    login: str = ""
    display_name: str = ""
    role: str = Role.CADRE
    language: str = "zh"
    areas: set[int] = field(default_factory=set)


@blueprint.get("")
@needs(Action.MANAGE_USERS)
def show() -> ResponseReturnValue:
    """List users by part of a name, role and state."""
    role = one_of("role", [role.value for role in Role], "")
    state = one_of("state", get_args(State), "")
    wanted = Wanted(
        request.args.get("q", "")[:100],
        Role(role) if role else None,
        next((name for name in get_args(State) if name == state), None),
    )
    page = page_number()
    with writing() as session:
        found, total = find_users(session, current_actor(), wanted, page)
    return render_template(
        "users/list.html", users=found, total=total, page=page, pages=-(-total // PAGE),
        wanted=wanted, roles=_roles(),
    )  # fmt: skip


@blueprint.get("/new")
@needs(Action.MANAGE_USERS)
def ask_new() -> ResponseReturnValue:
    """Ask for a new user."""
    with writing() as session:
        return _form(session, _Form())


@blueprint.post("/new")
@needs(Action.MANAGE_USERS)
def add() -> ResponseReturnValue:
    """Make a user, and show the one-time password."""
    form = _typed()
    try:
        with writing() as session:
            user, one_time = create_user(
                session,
                current_actor(),
                form.login,
                form.display_name,
                Role(form.role),
                areas=form.areas,
                language=form.language,
            )
    except GridmapError as error:
        with writing() as session:
            return _form(session, form, error=error), 400
    return _given(user, one_time or "")


@blueprint.get("/<int:user_id>")
@needs(Action.MANAGE_USERS)
def ask_change(user_id: int) -> ResponseReturnValue:
    """Show a user, to be changed."""
    with writing() as session:
        user = get_user(session, current_actor(), _known(user_id))
        areas = set(areas_of(session, user.id))
        form = _Form(user.login, user.display_name, user.role, user.language, areas)
        return _form(session, form, user)


@blueprint.post("/<int:user_id>")
@needs(Action.MANAGE_USERS)
def change(user_id: int) -> ResponseReturnValue:
    """Change a user's name, role, language and areas."""
    form = _typed()
    try:
        with writing() as session:
            user = change_user(
                session,
                current_actor(),
                _known(user_id),
                display_name=form.display_name,
                role=Role(form.role),
                areas=form.areas,
                language=form.language,
            )
    except GridmapError as error:
        with writing() as session:
            user = get_user(session, current_actor(), _known(user_id))
            form.login = user.login
            return _form(session, form, user, error), getattr(error, "status", 400)
    flash(_("%(name)s is changed.", name=user.display_name), "done")
    return redirect(url_for("users.show"))


@blueprint.post("/<int:user_id>/active")
@needs(Action.MANAGE_USERS)
def switch(user_id: int) -> ResponseReturnValue:
    """Deactivate a user, who is signed out at once, or activate one again."""
    active = request.form.get("active") == "yes"
    try:
        with writing() as session:
            user = change_user(session, current_actor(), _known(user_id), active=active)
    except GridmapError as error:
        flash(say(error.message), "fault")
        return redirect(url_for("users.ask_change", user_id=user_id))
    if active:
        flash(_("%(name)s can sign in again.", name=user.display_name), "done")
    else:
        flash(_("%(name)s is deactivated and signed out.", name=user.display_name), "done")
    return redirect(url_for("users.ask_change", user_id=user_id))


@blueprint.post("/<int:user_id>/password")
@needs(Action.MANAGE_USERS)
def reset(user_id: int) -> ResponseReturnValue:
    """Give a user a one-time password, and show it this once."""
    with writing() as session:
        one_time = reset_password(session, current_actor(), _known(user_id))
        user = get_user(session, current_actor(), user_id)
    return _given(user, one_time)


def _given(user: User, one_time: str) -> ResponseReturnValue:
    shown = render_template("users/given.html", user=user, password=one_time)
    return shown, {"Cache-Control": "no-store"}


def _form(
    session: Session, form: _Form, user: User | None = None, error: GridmapError | None = None
) -> str:
    nodes = unit_tree(session)
    return render_template(
        "users/form.html",
        form=form,
        user=user,
        error=say(error.message) if error else None,
        roles=_roles(),
        units=below(nodes),
        opened=opened(nodes, form.areas),
    )


def _typed() -> _Form:
    role, language = request.form.get("role", ""), request.form.get("language", "")
    if role not in list(Role):
        raise GridmapError(Message("Choose a value for {name}.", name=_("Role")))
    return _Form(
        request.form.get("login", "")[:100],
        request.form.get("display_name", "")[:100],
        role,
        language if language in LANGUAGES else "zh",
        {id_of(area, _("Area of work")) for area in request.form.getlist("area")},
    )


def _roles() -> dict[str, str]:
    return {role.value: say(name) for role, name in ROLE_NAMES.items()}


def _known(user_id: int) -> int:
    return id_of(user_id, _("User"))
