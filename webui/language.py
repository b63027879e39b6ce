"""The language of a request: by the address, cookie, person, browser, or the installation."""

from __future__ import annotations

from datetime import datetime

from flask import Flask, Response, current_app, g, request
from flask_babel import format_datetime, get_locale

from geodata.messages import Message
from gridmap.i18n import LANGUAGES, translate
from gridmap.territory.preferences import territory_settings
from webui.database import writing

COOKIE = "lang"
_YEAR_S = 365 * 24 * 3600


def install(app: Flask) -> None:
    """Remember a language chosen by the address, and tell caches that pages differ by it."""
    app.after_request(_remember)
    app.add_template_filter(moment)
    app.add_template_filter(named)
    app.context_processor(lambda: {"language": str(get_locale())})


def choose() -> str:
    """Return the language of the present request."""
    for wanted in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if wanted in LANGUAGES:
            return wanted
    actor = g.get("actor")
    if actor:
        return str(actor.language)
    for tag, quality in request.accept_languages:
        # Whoever likes zh-TW best reads zh rather than the English that comes next.
        language = tag.partition("-")[0].lower()
        if quality > 0 and language in LANGUAGES:
            return language
    return str(current_app.config["DEFAULT_LANGUAGE"])


def zone() -> str:
    """Return the territory's time zone, in which all times are shown."""
    with writing() as session:
        return territory_settings(session).time_zone


def moment(value: datetime | str, pattern: str = "yyyy-MM-dd HH:mm") -> str:
    """Write a moment, which may come as ISO 8601 has it, in the territory's time zone."""
    given = datetime.fromisoformat(value) if isinstance(value, str) else value
    return str(format_datetime(given, pattern))


def named(row: object, field: str = "name") -> str:
    """Return a name in the language of the present request.

    Parameters
    ----------
    row : object
        Has the attribute ``field``, and ``{field}_en`` for the English name if there is any.
    field : str
    """
    name: str | None = getattr(row, field)
    english = getattr(row, f"{field}_en", None) if str(get_locale()) == "en" else None
    return english or name or ""


def say(message: Message | str) -> str:
    """Say a message in the language of the present request."""
    return translate(message, str(get_locale() or "en"))


def _remember(response: Response) -> Response:
    wanted = request.args.get("lang")
    if response.mimetype == "text/html":
        response.vary.add("Accept-Language")
        if wanted in LANGUAGES:
            response.set_cookie(COOKIE, wanted, max_age=_YEAR_S, samesite="Lax", httponly=True)
    return response
