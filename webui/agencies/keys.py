"""Who asks an open interface: a key of another agency, or a person who is signed in."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import unquote_plus

from flask import Flask, Response, current_app, g, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.wsgi import ClosingIterator

from geodata.messages import Message
from gridmap.exchange.agencies.access_log import Access, AccessLog
from gridmap.exchange.agencies.authentication import (
    TooManyRequestsError,
    UnknownKeyError,
    authenticate,
)
from gridmap.exchange.grant import Grant, of_actor
from webui import access
from webui.caching import keep_private
from webui.database import keep_reading, let_go

#: The query parameters for tools that can send no header; Open311 names the second.
PARAMETERS = ("key", "api_key")
_KEPT = "gridmap.key"
_View = TypeVar("_View", bound=Callable[..., ResponseReturnValue])
Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


def open_interface(view: _View) -> _View:
    """Mark a view as one for keys and for everybody who is signed in.

    What it answers depends on `current_grant` alone. With a key no token against forged requests
    is asked for, since no browser sends keys by itself; then cookies do not count.
    """
    return access.by_key(view)


def current_grant() -> Grant:
    """Return what the present reader may be given.

    Raises
    ------
    UnknownKeyError
        If nobody is signed in and no key was sent, or one that does not hold.
    TooManyRequestsError
        If the key asked too often.
    """
    if "grant" not in g:
        secret = presented()
        if secret is not None:
            g.grant = _of_key(secret)
        else:
            actor = access.present()
            if actor is None:
                raise UnknownKeyError(Message("Send a key, or sign in."))
            g.grant = of_actor(actor)
    grant: Grant = g.grant
    return grant


def told(rows: int) -> None:
    """Tell the access log how many rows the present answer has."""
    row_counter()(rows)


def row_counter() -> Callable[[int], None]:
    """Return what counts rows for the access log, for a stream that outlives its request."""
    entry: Access | None = g.get("access")

    def count(rows: int) -> None:
        if entry is not None:
            entry.rows = (entry.rows or 0) + rows

    return count


def presented() -> str | None:
    """Return the key that was sent: in a header, else in the address."""
    header = _in_header()
    if header is not None:
        return header
    kept: str | None = request.environ.get(_KEPT)
    if kept is None and request.path.startswith("/open311/"):
        # A form that cannot be read is told where it is read for its own sake.
        with suppress(HTTPException):
            return request.form.get("api_key")
    return kept


def handed_on() -> dict[str, str]:
    """Return the parameters by which links carry a key on: only one that came in the address.

    Who can send no header follows them as they are.
    """
    kept: str | None = request.environ.get(_KEPT)
    return {} if kept is None or _in_header() is not None else {"key": kept}


def _in_header() -> str | None:
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    header = request.headers.get("X-API-Key")
    return None if header is None else header.strip()


def install(app: Flask, log: AccessLog) -> None:
    """Take keys out of addresses before anything sees them, and log what they ask."""
    app.extensions["gridmap.access_log"] = log
    app.wsgi_app = _without_keys(app.wsgi_app)  # type: ignore[assignment,method-assign]
    app.after_request(_note)
    app.teardown_appcontext(let_go)


def close(app: Flask) -> None:
    """Write what of the log still waits; the server calls it at its end."""
    log: AccessLog = app.extensions["gridmap.access_log"]
    log.close()


def _of_key(secret: str) -> Grant:
    try:
        grant = authenticate(keep_reading(), secret)
    except (UnknownKeyError, TooManyRequestsError) as refused:
        if refused.key_id is not None:
            _begin(refused.key_id)
        raise
    if grant.key_id is not None:
        _begin(grant.key_id)
    return grant


def _begin(key_id: int) -> None:
    g.access = Access(
        at=datetime.now(UTC),
        key_id=key_id,
        method=request.method,
        path=request.path,
        query=request.query_string.decode(errors="replace"),
        address=request.remote_addr,
    )


def _note(response: Response) -> Response:
    """Keep a key's answer from others at the same proxy, and log it when it was sent."""
    if presented() is not None:
        keep_private(response, "Authorization, X-API-Key")
    entry: Access | None = g.get("access")
    if entry is None:
        return response
    entry.status = response.status_code
    log: AccessLog = current_app.extensions["gridmap.access_log"]
    if response.is_streamed:
        response.response = _counted(response.response, entry, log)
    else:
        entry.bytes = response.calculate_content_length()
        log.add(entry)
    return response


def _counted(parts: Iterable[Any], entry: Access, log: AccessLog) -> ClosingIterator:
    """Pass a stream on; what was sent is known when the client has it or has gone."""
    open_parts = [parts]

    def passing() -> Generator[Any]:
        entry.bytes = 0
        for part in parts:
            entry.bytes += len(part)
            yield part

    def done() -> None:
        # What packs an answer closes the parts too, and the server once more.
        if open_parts:
            open_parts.clear()
            if hasattr(parts, "close"):
                parts.close()
            log.add(entry)

    flow = passing()
    return ClosingIterator(flow, [flow.close, done])


def _without_keys(inner: Wsgi) -> Wsgi:
    """Move keys from the address to where no log, link or message finds it."""

    def outer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        query = environ.get("QUERY_STRING", "")
        if "key" in query:
            rest, found = _split(query)
            if found is not None:
                environ[_KEPT] = found
                environ["QUERY_STRING"] = rest
                for name in ("RAW_URI", "REQUEST_URI"):
                    if name in environ:
                        path = environ[name].partition("?")[0]
                        environ[name] = f"{path}?{rest}" if rest else path
        return inner(environ, start_response)

    return outer


def _split(query: str) -> tuple[str, str | None]:
    """Return a query without keys, and the first key."""
    pairs = [pair.partition("=") for pair in query.split("&")]
    keys = [unquote_plus(value) for name, _, value in pairs if unquote_plus(name) in PARAMETERS]
    rest = "&".join("".join(pair) for pair in pairs if unquote_plus(pair[0]) not in PARAMETERS)
    return rest, keys[0] if keys else None
