"""Who asks, and whether that person may: each route says what it needs, or it does not start."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import Flask, Request, Response, abort, current_app, g, redirect, request, url_for
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect

from gridmap.workforce.rights import Action, Actor, require
from gridmap.workforce.sign_in import resume
from webui.caching import keep_private
from webui.database import writing

#: Holds the token of a session, which is kept at the server.
COOKIE = "gridmap_session"
_View = TypeVar("_View", bound=Callable[..., ResponseReturnValue])
#: What a route needs: a right, or None where nobody has to be signed in.
_NEEDS = "gridmap_needs"
_ANYBODY_SIGNED_IN = "signed in"
_KEY_OR_PERSON = "key or signed in"


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


def by_key(view: _View) -> _View:
    """Mark a view as one for keys of other agencies too, see `webui.agencies.keys`."""
    setattr(view, _NEEDS, _KEY_OR_PERSON)
    return view


def install(app: Flask) -> None:
    """Guard every route, and every write against forged requests."""
    app.session_interface = _FormSession()
    # The guard itself asks for the forms' token, for it knows who needs none.
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    CSRFProtect(app)
    app.before_request(_guard)
    app.after_request(_keep_apart)
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


def present() -> Actor | None:
    """Find out who asks, also where nobody has to be signed in."""
    token = request.cookies.get(COOKIE)
    if token is not None and "actor" not in g:
        with writing() as session:
            g.actor = resume(session, token, address=request.remote_addr)
    actor: Actor | None = g.get("actor")
    return actor


def may_open(endpoint: str) -> bool:
    """Tell whether there is such a page and the present person may open it."""
    view = current_app.view_functions.get(endpoint)
    needed = getattr(view, _NEEDS, None)
    return view is not None and (not isinstance(needed, Action) or current_actor().may(needed))


def _guard() -> ResponseReturnValue | None:
    endpoint = request.endpoint
    if endpoint is None or endpoint == "static":
        return None
    needed = getattr(current_app.view_functions[endpoint], _NEEDS)
    if needed == _KEY_OR_PERSON:
        return _admit()
    _refuse_forged()
    if needed is None:
        return None
    actor = present()
    if actor is None:
        return _ask_to_sign_in()
    if needed == _ANYBODY_SIGNED_IN:
        return None
    if actor.must_change_password:
        return redirect(url_for("account.ask_password"))
    require(actor, needed)
    return None


def _admit() -> ResponseReturnValue | None:
    """Let in who has a key, which no browser sends by itself, or is signed in."""
    # The keys' module stands on this one.
    from webui.agencies.keys import current_grant, presented

    if presented() is None:
        if present() is not None:
            _refuse_forged()
        elif "text/html" in request.headers.get("Accept", ""):
            return _ask_to_sign_in()
    # Who has neither is told so, and not that a form's token is missing.
    current_grant()
    return None


def _refuse_forged() -> None:
    """Refuse a write without the forms' token, whether anybody is signed in or not."""
    guard: CSRFProtect = current_app.extensions["csrf"]
    guard.protect()


def _ask_to_sign_in() -> ResponseReturnValue:
    """Lead a person to the sign-in page and back; a script is told plainly."""
    looks = request.method == "GET" and request.accept_mimetypes.accept_html
    if looks and request.headers.get("Sec-Fetch-Dest", "document") == "document":
        return redirect(url_for("account.show_sign_in", next=request.full_path.rstrip("?")))
    return abort(401)


def _keep_apart(response: Response) -> Response:
    """Keep what one person was shown from the next at the same browser or proxy."""
    if "actor" in g:
        keep_private(response, "Cookie")
    return response


class _FormSession(SecureCookieSessionInterface):
    """Flask's own cookie, which holds the forms' token and notices: safe wherever HTTPS is."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        # What reads the signature is made anew each time, and programs bring no cookie.
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure


def keep_session(response: Response, token: str, seconds: int) -> None:
    """Put a session's token into a cookie that scripts cannot read."""
    response.set_cookie(
        COOKIE, token, max_age=seconds, httponly=True, samesite="Lax", secure=request.is_secure
    )


def drop_session(response: Response) -> None:
    """Take the token away, and what the browser kept of the pages."""
    response.delete_cookie(COOKIE, httponly=True, samesite="Lax", secure=request.is_secure)
    response.headers["Clear-Site-Data"] = '"cache"'


def token() -> str:
    """Return the token of the present session."""
    return request.cookies.get(COOKIE, "")
