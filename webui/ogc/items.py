"""Features as answers: a page of them, one of them, and other forms of a page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import Any
from urllib.parse import quote

from flask import Response, render_template, request
from sqlalchemy import Connection
from werkzeug.http import generate_etag

from geodata.messages import Message
from gridmap.exchange.collections import Collection
from gridmap.exchange.features import Page, Query, find_feature, find_page, select_columns
from gridmap.exchange.grant import Grant
from gridmap.exchange.privacy import published
from gridmap.exchange.systems import System
from webui.agencies.keys import told
from webui.language import say
from webui.ogc import reading
from webui.ogc.answers import GEOJSON, HTML, Link, address, head_links, link, wanted
from webui.ogc.forms import FORMS, as_file


def answer(
    connection: Connection, collection: Collection, grant: Grant, offered: Mapping[str, System]
) -> Response:
    """Answer with a page of features (Part 1, 7.15)."""
    shown = wanted(*FORMS)
    query = reading.read_query(request.args, collection, grant, offered)
    page = find_page(connection, collection, grant, query)
    told(page.count)
    if shown in FORMS:
        columns = select_columns(collection, grant, query)
        response = as_file(FORMS[shown], published(collection, grant), columns, page)
        response.headers["Link"] = head_links(_links(collection, page, shown))
        return response
    links = _links(collection, page, shown)
    if shown == "html":
        return _as_page(collection, grant, query, page, links)
    head: dict[str, Any] = {
        "timeStamp": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "numberReturned": page.count,
        "links": links,
    }
    if page.matched is not None:
        head["numberMatched"] = page.matched
    rest = json.dumps(head, ensure_ascii=False).encode()
    # In parts, since a page can be megabytes; each is sent by itself.
    before = chain([b'{"type":"FeatureCollection","features":['], repeat(b","))
    body = [next(before) + block for block in page.blocks or [b""]]
    body[-1] += b"]," + rest[1:]
    response = Response(body, content_type=GEOJSON)
    response.headers["Link"] = head_links(links)
    return _in_system(response, query.system)


def answer_one(
    connection: Connection,
    collection: Collection,
    grant: Grant,
    feature_id: int,
    offered: Mapping[str, System],
) -> Response:
    """Answer with one feature (Part 1, 7.16)."""
    reading.refuse_unknown(request.args, "crs", "datetime", "properties")
    shown = wanted()
    query = Query(
        times=reading.read_times(request.args, collection, grant),
        properties=reading.read_properties(request.args.get("properties"), collection, grant),
        system=reading.read_system(request.args.get("crs"), offered),
    )
    found = find_feature(connection, collection, grant, feature_id, query)
    told(1)
    path = f"/collections/{collection.key}"
    links = [
        link("self" if shown == "json" else "alternate",
             address(f"{path}/items/{feature_id}"), GEOJSON),
        link("self" if shown == "html" else "alternate",
             address(f"{path}/items/{feature_id}", f="html"), HTML),
        # Without titles, which differ by language: a state has one tag in all of them.
        link("collection", address(path), "application/json"),
    ]  # fmt: skip
    if shown == "html":
        return Response(
            render_template(
                "ogc/item.html",
                collection=collection,
                title=say(Message(collection.title)),
                feature=json.loads(found),
                columns=_headings(collection, grant, query),
                links=links,
            ),
            mimetype=HTML,
        )
    body = found[:-1] + b',"links":' + json.dumps(links, ensure_ascii=False).encode() + b"}"
    response = Response(body, content_type=GEOJSON)
    # Of the feature as it is told without parameters, which is what a change refers to.
    plain = query == Query()
    response.set_etag(generate_etag(found if plain else body), weak=not plain)
    return _in_system(response, query.system)


def _in_system(response: Response, system: System) -> Response:
    """Tell the coordinate system (Part 2, Req 16)."""
    response.headers["Content-Crs"] = f"<{system.uri}>"
    return response


def _links(collection: Collection, page: Page, shown: str) -> list[Link]:
    """Return the links of a page (Part 1, Req 28 to 32)."""
    path = f"/collections/{collection.key}"
    left_out = {"f", "key", "cursor"}
    given = {name: value for name, value in request.args.items() if name not in left_out}
    # All that is written anew for each request; the cursor and the form stand last.
    first = address(f"{path}/items", **given, f="").removesuffix("f=")
    cursor = request.args.get("cursor")
    here = f"{first}f=" if cursor is None else f"{first}cursor={quote(cursor)}&f="
    # Without titles, which differ by language and would be looked up for nothing.
    links = [
        link("self" if shown == "json" else "alternate", f"{here}json", GEOJSON),
        link("self" if shown == "html" else "alternate", f"{here}html", HTML),
        link("collection", address(path), "application/json"),
    ]
    if page.next is not None:
        kind = {"json": GEOJSON, "html": HTML}.get(shown) or FORMS[shown].kind
        links.append(link("next", f"{first}cursor={quote(page.next)}&f={shown}", kind))
    return links


def _as_page(
    collection: Collection, grant: Grant, query: Query, page: Page, links: list[Link]
) -> Response:
    return Response(
        render_template(
            "ogc/items.html",
            collection=collection,
            title=say(Message(collection.title)),
            features=json.loads(b"[" + page.features + b"]"),
            columns=_headings(collection, grant, query),
            page=page,
            next=next((one["href"] for one in links if one["rel"] == "next"), None),
            links=links,
        ),
        mimetype=HTML,
    )


def _headings(collection: Collection, grant: Grant, query: Query) -> dict[str, tuple[str, str]]:
    """Return by the name of a column what it is called, and its type."""
    return {
        column.name: (say(Message(column.title)), column.type)
        for column in select_columns(collection, grant, query)
    }
