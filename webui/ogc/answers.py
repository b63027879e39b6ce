"""The form of answers: JSON for programs, a page for people, links between them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from flask import Response, render_template, request

from geodata.messages import Message
from gridmap.errors import ParameterError
from webui.agencies.keys import handed_on

JSON, GEOJSON, HTML = "application/json", "application/geo+json", "text/html"
#: What an address takes that is only read.
READING = ("GET", "HEAD", "OPTIONS")
Link = dict[str, str]


def wanted(*further: str) -> str:
    """Return the form that is asked for: ``json``, ``html`` or one of those named.

    Parameters
    ----------
    *further : str
        Forms that the address can also take.

    Raises
    ------
    ParameterError
        If ``f`` names none of them.
    """
    known = ("json", "html", *further)
    asked = request.args.get("f")
    if asked is None:
        if request.headers.get("Accept", "*/*") == "*/*":
            # What nearly all programs send, and quick to tell.
            return "json"
        best = request.accept_mimetypes.best_match([GEOJSON, JSON, HTML], default=JSON)
        return "html" if best == HTML else "json"
    if asked == "geojson":
        asked = "json"
    require_form(asked, *known)
    return asked


def require_form(asked: str | None, *known: str) -> None:
    """Refuse a form that an address does not take.

    Raises
    ------
    ParameterError
        Naming those that it does.
    """
    if asked is not None and asked not in known:
        raise ParameterError(
            "f",
            Message(
                "f: {value} is not offered. There are: {names}.",
                value=asked[:60],
                names=", ".join(known),
            ),
        )


def root() -> str:
    """Return the absolute address of the interfaces, right behind a proxy too."""
    return f"{request.scheme}://{request.host}{quote(request.root_path)}/ogc"


def address(path: str, **parameters: str | None) -> str:
    """Return an absolute address below /ogc, for the present reader to follow.

    It holds the key if that came in the address of the request.
    """
    given = handed_on()
    given |= {name: value for name, value in parameters.items() if value is not None}
    # Colons and commas may stand in a query as they are (RFC 3986, 3.4), and are easier to read.
    query = f"?{urlencode(given, safe=':,/')}" if given else ""
    return f"{root()}{path}{query}"


def link(rel: str, href: str, kind: str, title: str = "") -> Link:
    """Return a link as the standard writes them."""
    return {"rel": rel, "href": href, "type": kind} | ({"title": title} if title else {})


def self_links(path: str, kind: str = JSON) -> list[Link]:
    """Return the links of a document to itself in both forms (Part 1, Req 2 and 3)."""
    shown = wanted()
    return [
        link("self" if shown == "json" else "alternate", address(path, f="json"), kind),
        link("self" if shown == "html" else "alternate", address(path, f="html"), HTML),
    ]


def document(content: Mapping[str, Any], template: str, kind: str = JSON, **shown: Any) -> Response:
    """Answer with a document in the form that is asked for.

    Parameters
    ----------
    content : mapping
        The document.
    template : str
        Its page, which is given the document as ``document`` and what else is shown.
    kind : str
        The media type of the JSON.
    """
    if wanted() == "html":
        return Response(render_template(template, document=content, **shown), mimetype=HTML)
    return Response(json.dumps(content, ensure_ascii=False), content_type=kind)


def head_links(links: Sequence[Link]) -> str:
    """Return links as an HTTP header (Part 1, Rec 4)."""
    return ", ".join(f'<{one["href"]}>; rel="{one["rel"]}"; type="{one["type"]}"' for one in links)
