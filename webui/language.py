"""The language of a request: the address, the cookie, the person's, or the installation's."""

from __future__ import annotations

from flask import Flask, Response, current_app, g, request
from flask_babel import get_locale

from geodata.messages import Message
from gridmap.i18n import LANGUAGES, translate

COOKIE = "lang"
_YEAR_S = 365 * 24 * 3600


def install(app: Flask) -> None:
    """Remember a language chosen by the address, and tell caches that pages differ by it."""
    app.after_request(_remember)
    app.context_processor(lambda: {"language": str(get_locale())})


def choose() -> str:
    """Return the language of the present request."""
    for wanted in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if wanted in LANGUAGES:
            return wanted
    actor = g.get("actor")
    return actor.language if actor else str(current_app.config["DEFAULT_LANGUAGE"])


def say(message: Message | str) -> str:
    """Say a message in the language of the present request."""
    return translate(message, str(get_locale() or "en"))


def _remember(response: Response) -> Response:
    wanted = request.args.get("lang")
    if wanted in LANGUAGES and response.mimetype == "text/html":
        response.set_cookie(COOKIE, wanted, max_age=_YEAR_S, samesite="Lax", httponly=True)
    return response
