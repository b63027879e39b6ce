"""Sign in and out, and what belongs to the person who is signed in."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from gridmap.errors import GridmapError
from gridmap.workforce.accounts import areas_of, change_password, has_users
from gridmap.workforce.areas import names_of
from gridmap.workforce.rights import ROLE_NAMES
from gridmap.workforce.sign_in import SignIn, sign_in, sign_out
from webui import access
from webui.access import current_actor, public, signed_in
from webui.database import writing
from webui.language import say

blueprint = Blueprint("account", __name__)


@blueprint.get("/sign-in")
@public
def show_sign_in() -> ResponseReturnValue:
    """Ask for name and password; who is signed in goes on."""
    if access.present() is not None:
        return redirect(_own_path(request.args.get("next", "")))
    return _ask_name()


@blueprint.post("/sign-in")
@public
def enter() -> ResponseReturnValue:
    """Sign in, and go where the person wanted to."""
    with writing() as database:
        tried = sign_in(
            database,
            request.form.get("login", "")[:200],
            request.form.get("password", ""),
            address=request.remote_addr,
        )
        if tried.token:
            # Who signs in over another session leaves that one.
            sign_out(database, access.token(), address=request.remote_addr)
    if tried.token is None or tried.expires_at is None:
        return _ask_name(tried), 401
    # A new person gets a new token for forms, too.
    session.clear()
    response = make_response(redirect(_own_path(request.form.get("next", ""))))
    seconds = int((tried.expires_at - datetime.now(UTC)).total_seconds())
    access.keep_session(response, tried.token, seconds)
    return response


@blueprint.post("/sign-out")
@public
def leave() -> ResponseReturnValue:
    """End the session here."""
    with writing() as database:
        sign_out(database, access.token(), address=request.remote_addr)
    session.clear()
    response = make_response(redirect(url_for("account.show_sign_in")))
    access.drop_session(response)
    return response


@blueprint.get("/account")
@signed_in
def show() -> ResponseReturnValue:
    """Show who one is signed in as, with the menu."""
    actor = current_actor()
    with writing() as database:
        units = names_of(database, areas_of(database, actor.user_id or 0))
    return render_template("account/show.html", role=say(ROLE_NAMES[actor.role]), units=units)


@blueprint.get("/account/password")
@signed_in
def ask_password() -> ResponseReturnValue:
    """Ask for the new password."""
    return render_template("account/password.html", error=None)


@blueprint.post("/account/password")
@signed_in
def renew_password() -> ResponseReturnValue:
    """Change one's own password; the other sessions end."""
    form, actor = request.form, current_actor()
    if form.get("new", "") != form.get("again", ""):
        return _refused(_("The two new passwords differ."))
    try:
        with writing() as database:
            change_password(
                database, actor, form.get("old", ""), form.get("new", ""), token=access.token()
            )
    except GridmapError as error:
        return _refused(say(error.message))
    flash(_("Your password is changed. All other devices are signed out."), "done")
    return redirect(url_for("account.show"))


def _refused(error: str) -> ResponseReturnValue:
    return render_template("account/password.html", error=error), 400


def _ask_name(tried: SignIn | None = None) -> str:
    with writing() as database:
        anybody = has_users(database)
    return render_template(
        "account/sign_in.html",
        anybody=anybody,
        login=request.form.get("login", ""),
        next=request.values.get("next", ""),
        refusal=say(tried.refusal) if tried and tried.refusal else None,
    )


def _own_path(wanted: str) -> str:
    """Return the path if it leads nowhere but to a page of ours, else the first page."""
    if not re.match(r"/(?![/\\])", wanted) or re.search(r"[\\\x00-\x20\x7f]", wanted):
        return url_for("home")
    parts = urlsplit(wanted)
    return url_for("home") if parts.scheme or parts.netloc else wanted
