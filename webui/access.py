"""Who asks, and whether that person may: each route says what it needs, or it does not start."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import Flask, Response, abort, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect

from gridmap.workforce.rights import Action, Actor, require
from gridmap.workforce.sign_in import resume
from webui.database import writing

COOKIE = "gridmap_session"
_View = TypeVar("_View", bound=Callable[..., ResponseReturnValue])
#: What a route needs: a right, or None where nobody has to be signed in.
_NEEDS = "gridmap_needs"
_ANYBODY_SIGNED_IN = "signed in"


def needs(action: Action) -> Callable[[_View], _View]:
    """Mark a view as one for people whose role has the right."""

    def mark(view: _View) -> _View:
        setattr(view, _NEEDS, action)
        return view

    return mark


def signed_in(view: _View) -> _View:
    """Mark a view as one for everybody who is signed in, also with a one-time password."""
    setattr(view, _NEEDS, _ANYBODY_SIGNED_IN)
    return view


def public(view: _View) -> _View:
    """Mark a view as one for everybody."""
    setattr(view, _NEEDS, None)
    return view


def install(app: Flask) -> None:
    """Guard every route, and every write against forged requests."""
    CSRFProtect(app)
    app.before_request(_guard)
    app.context_processor(lambda: {"actor": g.get("actor")})


def check_routes(app: Flask) -> None:
    """Refuse to start with a route that does not say who may use it.

    Raises
    ------
    LookupError
        Naming the route.
    """
    for endpoint, view in app.view_functions.items():
        if endpoint != "static" and not hasattr(view, _NEEDS):
            raise LookupError(f"the route {endpoint} does not say who may use it")


def current_actor() -> Actor:
    """Return the person who asks; only where the route needs one."""
    actor: Actor | None = g.get("actor")
    if actor is None:
        abort(401)
    return actor


def _guard() -> ResponseReturnValue | None:
    endpoint = request.endpoint
    if endpoint is None or endpoint == "static":
        return None
    token = request.cookies.get(COOKIE)
    if token is not None:
        with writing() as session:
            g.actor = resume(session, token, address=request.remote_addr)
    needed = getattr(current_app.view_functions[endpoint], _NEEDS)
    if needed is None:
        return None
    if g.get("actor") is None:
        return _ask_to_sign_in()
    actor = current_actor()
    if needed == _ANYBODY_SIGNED_IN:
        return None
    if actor.must_change_password:
        return redirect(url_for("account.change_password"))
    require(actor, needed)
    return None


def _ask_to_sign_in() -> ResponseReturnValue:
    """Lead a person to the sign-in page and back; a script is told plainly."""
    looks = request.method == "GET" and request.accept_mimetypes.accept_html
    if looks and request.headers.get("Sec-Fetch-Dest", "document") == "document":
        return redirect(url_for("account.sign_in", next=request.full_path.rstrip("?")))
    return abort(401)


def keep_session(response: Response, token: str, seconds: int) -> None:
    """Put a session's token into a cookie that scripts cannot read."""
    response.set_cookie(
        COOKIE, token, max_age=seconds, httponly=True, samesite="Lax", secure=request.is_secure
    )
