"""OGC API Features below /ogc: documents and features."""

from __future__ import annotations

import time
from collections.abc import Mapping

from flask import Blueprint, Response, current_app, render_template, request
from sqlalchemy import Connection, text

from gridmap.exchange.collections import INCIDENTS
from gridmap.exchange.systems import System, systems
from gridmap.exchange.visible import extent
from webui.agencies.keys import current_grant, handed_on, open_interface
from webui.caching import vary_by
from webui.database import reading
from webui.ogc import documents, items, openapi
from webui.ogc.answers import READING, address, document, require_form
from webui.ogc.reading import refuse_unknown

blueprint = Blueprint("ogc", __name__, url_prefix="/ogc")
#: Seconds for which the middle of the area is kept.
_KEPT_S = 60
blueprint.context_processor(lambda: {"ogc_address": address, "ogc_carried": handed_on})
_MIDDLE = text("SELECT (ST_XMin(b) + ST_XMax(b)) / 2 FROM (SELECT ST_Extent(geom) b FROM unit) e")


def offered(connection: Connection) -> dict[str, System]:
    """Return the coordinate systems offered in the area."""
    kept: tuple[float, Mapping[str, System]] | None = current_app.extensions.get("gridmap.systems")
    if kept is None or time.monotonic() - kept[0] > _KEPT_S:
        found = systems(connection.execute(_MIDDLE).scalar())
        kept = current_app.extensions["gridmap.systems"] = (time.monotonic(), found)
    return dict(kept[1])


@blueprint.before_request
def methods() -> Response | None:
    """Tell who asks for the ways (OPTIONS) that only incidents are written (Part 4).

    All layers share their addresses, so the table of routes does not know it.
    """
    key = (request.view_args or {}).get("key")
    if request.method != "OPTIONS" or key is None or key == INCIDENTS.key:
        return None
    response = Response()
    response.allow.update(READING)
    return response


@blueprint.after_request
def vary(response: Response) -> Response:
    """Tell caches that the form and the words are chosen by these."""
    vary_by(response, "Accept, Accept-Language")
    return response


@blueprint.get("/", strict_slashes=False)
@open_interface
def landing() -> Response:
    """Answer with what there is."""
    refuse_unknown(request.args)
    return document(documents.landing(), "ogc/landing.html")


@blueprint.get("/conformance")
@open_interface
def conformance() -> Response:
    """Answer with the standards that are kept."""
    refuse_unknown(request.args)
    return document(documents.conformance(), "ogc/conformance.html")


@blueprint.get("/api")
@open_interface
def api() -> Response:
    """Answer with the description of the interface."""
    refuse_unknown(request.args)
    with reading() as connection:
        content = openapi.describe(current_grant(), offered(connection))
    return document(content, "ogc/api.html", openapi.MEDIA_TYPE)


@blueprint.get("/guide")
@open_interface
def guide() -> str:
    """Show partners what there is, and how to read it."""
    refuse_unknown(request.args)
    require_form(request.args.get("f"), "html")
    return render_template("ogc/guide.html", **documents.guide(current_grant()))


@blueprint.get("/collections")
@open_interface
def collections() -> Response:
    """Answer with the collections of the reader."""
    refuse_unknown(request.args)
    with reading() as connection:
        content = documents.collections(connection, current_grant(), offered(connection))
    return document(content, "ogc/collections.html")


@blueprint.get("/collections/<key>")
@open_interface
def collection(key: str) -> Response:
    """Answer with the description of a collection."""
    refuse_unknown(request.args)
    grant = current_grant()
    one = grant.find(key)
    with reading() as connection:
        content = documents.describe(one, grant, offered(connection), extent(connection, grant))
    return document(content, "ogc/collection.html", schema=documents.schema(one, grant))


@blueprint.get("/collections/<key>/queryables")
@open_interface
def queryables(key: str) -> Response:
    """Answer with what a collection can be filtered by."""
    refuse_unknown(request.args)
    grant = current_grant()
    content = documents.filterable(grant.find(key), grant)
    return document(content, "ogc/schema.html", "application/schema+json")


@blueprint.get("/collections/<key>/schema")
@open_interface
def schema(key: str) -> Response:
    """Answer with the fields of a collection."""
    refuse_unknown(request.args)
    grant = current_grant()
    content = documents.schema(grant.find(key), grant)
    return document(content, "ogc/schema.html", "application/schema+json")


@blueprint.get("/collections/<key>/items")
@open_interface
def features(key: str) -> Response:
    """Answer with features."""
    grant = current_grant()
    one = grant.find(key)
    with reading() as connection:
        return items.answer(connection, one, grant, offered(connection))


@blueprint.get("/collections/<key>/items/<int:feature_id>")
@open_interface
def feature(key: str, feature_id: int) -> Response:
    """Answer with one feature, and its state for a later change (Part 4, 8.4)."""
    grant = current_grant()
    one = grant.find(key)
    with reading() as connection:
        response = items.answer_one(connection, one, grant, feature_id, offered(connection))
    response.make_conditional(request)
    return response
