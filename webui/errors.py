"""The one place where faults become a status and a sentence."""

from __future__ import annotations

import logging

from flask import Flask, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from gunicorn.http.errors import ParseException
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

from geodata.messages import N_, GeodataError
from gridmap.errors import ParameterError, from_database
from webui.language import say
from webui.ogc import problems

log = logging.getLogger(__name__)

_SENTENCES = {
    400: N_("The request cannot be understood."),
    401: N_("You are not signed in, or your sign-in has ended."),
    404: N_("There is no such page."),
    405: N_("This address does not take such a request."),
    412: N_("This was changed meanwhile. Read it again and repeat the change."),
    413: N_("What was sent is too large."),
    415: N_("This address does not read such a form. Send GeoJSON."),
    428: N_("Say by If-Match which state is to be changed: the ETag with which it was read."),
}
_FORGED = N_("This page was open too long, or came from elsewhere. Load it again and repeat.")
_UNSTORABLE = N_("A value holds characters, or a number or date, that cannot be stored.")
_BROKEN = N_("Something went wrong on our side. The operator finds the cause in the log.")
_CANCELLED = N_("The question took too long and was given up. Ask for a smaller area or period.")
_UNRECKONED = N_("A value of the question is out of its range, or a pattern ends too early.")
_BUSY = N_("The database does not answer now. Try again in a minute.")


#: States of values that no row can hold: numbers and moments beyond their types, and characters
#: that no text may have. Without a state the driver itself has refused a value.
_OF_VALUES = (None, "22003", "22008", "22021", "22P05")


def install(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(GeodataError, _ours)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(PoolTimeoutError, lambda _: _answer(503, say(_BUSY)))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, lambda _: _answer(400, say(_FORGED)))
    # What is sent in pieces is read while it is answered, and may not be as HTTP says.
    app.register_error_handler(ParseException, lambda _: _answer(400, say(_SENTENCES[400])))
    app.register_error_handler(Exception, _unexpected)


def _ours(error: GeodataError) -> ResponseReturnValue:
    named = {"parameter": error.parameter} if isinstance(error, ParameterError) else {}
    answer = make_response(_answer(getattr(error, "status", 400), say(error.message), **named))
    answer.headers.update(getattr(error, "headers", {}))
    return answer


def _database(error: DBAPIError) -> ResponseReturnValue:
    if refused := from_database(error):
        return _ours(refused)
    state = getattr(error.orig, "sqlstate", None)
    # Class 22 of the states: what was asked cannot be reckoned with (PostgreSQL, appendix A).
    asked = request.method in {"GET", "HEAD"}
    if problems.expected() and asked and (state or "").startswith("22"):
        # All else was read before; in these two the database finds what cannot be.
        wrong = next((name for name in ("filter", "cursor") if name in request.args), None)
        named = {} if wrong is None else {"parameter": wrong}
        return _answer(400, say(_UNRECKONED), **named)
    if isinstance(error, DataError) and state in _OF_VALUES:
        return _answer(400, say(_UNSTORABLE))
    if state == "57014":
        return _answer(503, say(_CANCELLED))
    log.exception("The database failed at %s", request.path, exc_info=error)
    if isinstance(error, OperationalError):
        return _answer(503, say(_BUSY))
    return _answer(500, say(_BROKEN))


def _http(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    if code < 400:
        return error.get_response()
    sentence = _SENTENCES.get(code, _BROKEN if code >= 500 else _SENTENCES[400])
    answer = make_response(_answer(code, say(sentence)))
    # RFC 9110, 15.5.6: an answer 405 tells which methods the address takes.
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After", "WWW-Authenticate"}:
            answer.headers[name] = value
    return answer


def _unexpected(error: Exception) -> ResponseReturnValue:
    log.exception("A request failed at %s", request.path, exc_info=error)
    return _answer(500, say(_BROKEN))


def _answer(status: int, sentence: str, **named: str) -> ResponseReturnValue:
    """Answer with a page where a person looks, and with JSON where a program asks."""
    if problems.expected():
        return problems.problem(status, problems.phrase(status), sentence, **named)
    wants_page = request.accept_mimetypes.best_match(["application/json", "text/html"])
    if wants_page == "text/html" and "text/html" in request.headers.get("Accept", ""):
        return render_template("error.html", status=status, sentence=sentence), status
    return jsonify(error=sentence), status
