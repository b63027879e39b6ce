"""Open311 GeoReport v2 at /open311/v2, as JSON and as XML: citizens' programs hand requests in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

from flask import Blueprint, Response, abort, current_app, request, url_for
from sqlalchemy import Row
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from geodata.messages import N_, GeodataError, Message
from gridmap.errors import NotFoundError, ParameterError
from gridmap.exchange import open311
from gridmap.exchange.open311 import MOST, STATES, Asked
from gridmap.exchange.periods import require_our_age
from webui.access import public
from webui.agencies.keys import current_grant, open_interface
from webui.database import reading, writing
from webui.language import say

blueprint = Blueprint("open311", __name__, url_prefix="/open311/v2")

_TYPES = {"json": "application/json", "xml": "text/xml"}
#: When this description of the interface last changed.
_CHANGESET = "2026-07-01T00:00:00+00:00"
#: What XML cannot hold.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFUSED = N_("The request was refused.")
#: How to reach whom is no setting: towns tell it where they make this address known.
_CONTACT = N_("The governance centre of this area answers for the interface.")
_KEYS = N_("Keys for handing in and following requests are given out by the governance centre.")
_FORMS = N_("There is no such form. Let the address end in .json or .xml.")


@blueprint.get("/discovery.<kind>")
@public
def discovery(kind: str) -> Response:
    """Say where the interface is and which formats it speaks."""
    endpoint = {
        "specification": "http://wiki.open311.org/GeoReport_v2",
        "url": url_for(".discovery", kind=kind, _external=True).rsplit("/", 1)[0],
        "changeset": _CHANGESET,
        "type": "production",
        "formats": ["text/xml", "application/json"],
    }
    found = {
        "changeset": _CHANGESET,
        "contact": say(_CONTACT),
        "key_service": say(_KEYS),
        "endpoints": [endpoint],
    }
    return _answer(kind, found, "discovery", {"endpoints": "endpoint", "formats": "format"})


@blueprint.get("/services.<kind>")
@public
def services(kind: str) -> Response:
    """List what can be asked for."""
    with reading() as connection:
        found = [_service(row) for row in open311.services(connection)]
    return _answer(kind, found, "services", {"services": "service"})


@blueprint.get("/services/<code>.<kind>")
@public
def definition(code: str, kind: str) -> Response:
    """Describe a service; none of them asks for more than the standard does."""
    with reading() as connection:
        row = open311.find_service(connection, _clean("service_code", code))
    found = {"service_code": row.service_code, "attributes": []}
    return _answer(kind, found, "service_definition", {"attributes": "attribute"})


@blueprint.get("/requests.<kind>")
@open_interface
def listed(kind: str) -> Response:
    """List requests, the newest first."""
    return _requests(kind, _asked(_once(request.args)))


@blueprint.get("/requests/<number>.<kind>")
@open_interface
def single(number: str, kind: str) -> Response:
    """Show one request; the standard asks for a list with it."""
    return _requests(kind, Asked(ids=_numbers("service_request_id", number)), needed=True)


@blueprint.get("/tokens/<token>.<kind>")
@open_interface
def token(token: str, kind: str) -> Response:
    """Return the number of a request; numbers are given at once, so it is the token itself."""
    with reading() as connection:
        rows = open311.requests(connection, current_grant(), Asked(ids=_numbers("token", token)))
    if not rows:
        raise _unknown(token)
    found = [{"service_request_id": row.service_request_id, "token": token} for row in rows]
    return _answer(kind, found, "service_requests", {"service_requests": "request"})


@blueprint.post("/requests.<kind>")
@open_interface
def hand_in(kind: str) -> Response:
    """Open a case."""
    _check_kind(kind)
    form = {name: _clean(name, value) for name, value in _once(request.form).items()}
    with writing() as session:
        number = open311.take_in(
            session, current_grant(), form, current_app.extensions["gridmap.photos"]
        )
    found = [{"service_request_id": number, "service_notice": "", "account_id": None}]
    return _answer(kind, found, "service_requests", {"service_requests": "request"})


@blueprint.errorhandler(GeodataError)
def refuse(error: GeodataError) -> Response:
    """Answer as the standard says where a request is at fault."""
    answer = _error(getattr(error, "status", 400), say(error.message))
    answer.headers.update(getattr(error, "headers", {}))
    return answer


@blueprint.errorhandler(HTTPException)
def refuse_plainly(error: HTTPException) -> Response:
    """Answer likewise where the request did not get so far; a way to the sign-in page stays."""
    code = error.code or 500
    if code < 400:
        return error.get_response()  # type: ignore[return-value]
    return _error(code, say(_FORMS if code == 406 else _REFUSED))


def _error(status: int, sentence: str) -> Response:
    kind = request.path.rpartition(".")[2]
    found = [{"code": status, "description": sentence}]
    kind = kind if kind in _TYPES else "json"
    answer = _answer(kind, found, "errors", {"errors": "error"})
    answer.status_code = status
    return answer


def _service(row: Row[Any]) -> dict[str, Any]:
    return {
        "service_code": row.service_code,
        "service_name": row.service_name,
        "description": row.name_en or "",
        "metadata": False,
        "type": "realtime",
        "keywords": "",
        "group": row.group,
    }


def _requests(kind: str, asked: Asked, *, needed: bool = False) -> Response:
    _check_kind(kind)
    with reading() as connection:
        rows = open311.requests(connection, current_grant(), asked)
    if needed and not rows:
        raise _unknown(", ".join(map(str, asked.ids)))
    found = [_request(row) for row in rows]
    return _answer(kind, found, "service_requests", {"service_requests": "request"})


def _request(row: Row[Any]) -> dict[str, Any]:
    values = {
        name: value.isoformat(timespec="seconds") if isinstance(value, datetime) else value
        for name, value in row._mapping.items()
    }
    left_out = ("status_notes", "service_notice", "address_id", "zipcode", "media_url")
    return values | dict.fromkeys(left_out)


def _once(given: MultiDict[str, str]) -> MultiDict[str, str]:
    """Return what is given, unless a part comes twice: nobody could say which is meant."""
    for name, values in given.lists():
        if len(values) > 1:
            raise ParameterError(name, Message("{parameter} is given twice.", parameter=name[:60]))
    return given


def _asked(args: Mapping[str, str]) -> Asked:
    """Read which requests are wanted."""
    states = _list(args, "status")
    if not set(states) <= set(STATES):
        raise ParameterError(
            "status",
            Message(
                "{parameter}: {value} is not offered. There are: {names}.",
                parameter="status",
                value=args["status"][:60],
                names=", ".join(STATES),
            ),
        )
    size = _number("page_size", args.get("page_size"), MOST)
    if not 1 <= size <= MOST:
        raise ParameterError(
            "page_size",
            Message("{name} must lie between {least} and {most}.", name="page_size", least=1,
                    most=MOST),
        )  # fmt: skip
    return Asked(
        ids=_numbers("service_request_id", args.get("service_request_id", "")),
        services=_list(args, "service_code"),
        states=states,
        since=_moment("start_date", args.get("start_date")),
        until=_moment("end_date", args.get("end_date")),
        page=max(1, _number("page", args.get("page"), 1)),
        size=size,
    )


def _list(args: Mapping[str, str], name: str) -> tuple[str, ...]:
    parts = _clean(name, args.get(name, "")).split(",")
    return tuple(part.strip() for part in parts if part.strip())


def _number(name: str, value: str | None, default: int) -> int:
    if not value:
        return default
    if not re.fullmatch("[0-9]{1,15}", value):
        raise ParameterError(
            name,
            Message(
                "{parameter}: {value} is no number.", parameter=name, value=_clean(name, value)[:60]
            ),
        )
    return int(value)


def _numbers(name: str, value: str) -> tuple[int, ...]:
    return tuple(_number(name, part, 0) for part in _list({name: value}, name)[:MOST])


def _moment(name: str, value: str | None) -> datetime | None:
    if not value:
        return None
    try:
        # A plus sign that was not escaped arrives as a space.
        found = datetime.fromisoformat(value.replace(" ", "+"))
    except ValueError:
        raise ParameterError(
            name,
            Message(
                "{parameter}: {value} is no time such as 2026-01-31T08:00:00Z.",
                parameter=name,
                value=_clean(name, value)[:60],
            ),
        ) from None
    require_our_age(found, value, name)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _clean(name: str, value: str) -> str:
    """Refuse what neither a text of the database nor XML can hold."""
    if _ILLEGAL.search(value):
        # The name may hold the same.
        name = _ILLEGAL.sub("", name)[:60]
        raise ParameterError(
            name, Message("{parameter} holds a character that no text has.", parameter=name)
        )
    return value


def _unknown(number: str) -> NotFoundError:
    return NotFoundError(Message("There is no request with the number {id}.", id=number))


def _check_kind(kind: str) -> None:
    if kind not in _TYPES:
        abort(406)


def _answer(kind: str, found: Any, root: str, items: Mapping[str, str]) -> Response:
    """Write what was found as JSON, or as XML whose lists name their items."""
    _check_kind(kind)
    if kind == "json":
        content = json.dumps(found, ensure_ascii=False).encode()
    else:
        element = ElementTree.Element(root)
        _fill(element, found, items)
        content = ElementTree.tostring(element, encoding="utf-8", xml_declaration=True)
    response = Response(content, mimetype=_TYPES[kind])
    response.cache_control.no_store = request.endpoint not in (
        "open311.services",
        "open311.definition",
        "open311.discovery",
    )
    return response


def _fill(element: ElementTree.Element, value: Any, items: Mapping[str, str]) -> None:
    if isinstance(value, Mapping):
        for name, part in value.items():
            _fill(ElementTree.SubElement(element, name), part, items)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for part in value:
            _fill(ElementTree.SubElement(element, items[element.tag]), part, items)
    elif isinstance(value, bool):
        element.text = str(value).lower()
    elif value is not None:
        element.text = _ILLEGAL.sub("\ufffd", str(value))
