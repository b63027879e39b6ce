"""Faults told to programs: problem documents (RFC 9457) instead of pages."""

from __future__ import annotations

import json
from http import HTTPStatus

from flask import Response, request

#: Below these addresses only programs ask.
_PREFIXES = ("/ogc", "/open311", "/packages")


def problem(status: int, title: str, detail: str, **extra: object) -> Response:
    """Return a problem document.

    Parameters
    ----------
    status : int
        The HTTP status, which the document repeats.
    title : str
        The kind of fault, the same each time. The kind has no address of its own, so the type
        is ``about:blank`` and the title should be the status' own phrase (RFC 9457, 4.2.1).
    detail : str
        What is wrong this time and what to do, in the language of the request.
    **extra : object
        Members of our own (RFC 9457, 3.2), such as the ``parameter`` that is wrong.
    """
    # RFC 9457, 3.1.1: a type that is left out means about:blank; readers like to see it.
    told = {"type": "about:blank", "title": title, "status": status, "detail": detail, **extra}
    content = json.dumps(told, ensure_ascii=False, default=str)
    return Response(content, status, content_type="application/problem+json")


def expected() -> bool:
    """Tell whether the present request comes from a program that reads problem documents."""
    return any(f"{request.path}/".startswith(f"{prefix}/") for prefix in _PREFIXES)


def phrase(status: int) -> str:
    """Return the title of a fault that has no other name than its status."""
    return HTTPStatus(status).phrase
