"""What the map asks while it is used: search, clicks, details and counts, as JSON."""

from __future__ import annotations

import json
import math
from typing import Any

from flask import Blueprint, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal, get_locale

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.exchange.details import Details, describe, identify
from gridmap.exchange.filters import read_day, read_filter
from gridmap.exchange.incident_tiles import count_incidents
from gridmap.exchange.layer import Field
from gridmap.exchange.layers import find_layer, find_layers
from gridmap.exchange.search import PAGE, search
from gridmap.workforce.rights import Action
from webui import words
from webui.access import may_open, needs
from webui.database import current_scope, reading
from webui.language import say

blueprint = Blueprint("map_data", __name__, url_prefix="/map")

#: The endpoint of the page of a layer's features, and what it calls them.
_PAGES = {
    "unit": ("dashboard.show", "unit"),
    "cell": ("cell_page.show", "cell_id"),
    "building": ("building_page.show", "building_id"),
    "patrol_route": ("patrols.show", "route_id"),
}


@blueprint.get("/search")
@needs(Action.VIEW_MAP)
def search_names() -> ResponseReturnValue:
    """Find features by name or code; ``q`` is the text, ``offset`` the place of the next page."""
    offset = int(_number("offset", 0, 0, 10_000))
    with reading() as connection:
        found, more = search(
            connection,
            request.args.get("q", "")[:100],
            offset,
            current_scope(),
            english=_english(),
        )
    items = [
        {
            "layer": hit.layer,
            "title": say(find_layer(hit.layer).title),
            "id": hit.id,
            "name": hit.name,
            "subtitle": hit.subtitle or "",
            "bounds": hit.bounds,
        }
        for hit in found
    ]
    return jsonify(items=items, next=offset + PAGE if more else None)


@blueprint.get("/identify")
@needs(Action.VIEW_MAP)
def identify_point() -> ResponseReturnValue:
    """Name what lies at ``lon`` and ``lat`` on a map at ``zoom`` with ``layers``."""
    lon, lat = _number("lon", None, -180, 180), _number("lat", None, -90, 90)
    zoom = _number("zoom", None, 0, 24)
    # A finger covers more than a mouse.
    pixels = _number("pixels", 8, 1, 40)
    layers = find_layers(request.args.get("layers") or "cell")
    with reading() as connection:
        hits = identify(
            connection,
            layers,
            lon,
            lat,
            zoom,
            read_filter(request.args),
            current_scope(),
            pixels,
            read_day(request.args.get("as_of")),
            english=_english(),
        )
    return jsonify(
        items=[
            {
                "layer": hit.layer,
                "title": say(find_layer(hit.layer).title),
                "id": hit.id,
                "name": hit.name,
                "subtitle": hit.subtitle,
            }
            for hit in hits
        ]
    )


@blueprint.get("/feature/<layer>/<int:feature>")
@needs(Action.VIEW_MAP)
def feature(layer: str, feature: int) -> ResponseReturnValue:
    """Tell what is known of one feature, with its outline."""
    if feature >= 1 << 63:
        raise GridmapError(Message("{value} is too large for {name}.", value=feature, name="id"))
    with reading() as connection:
        details = describe(
            connection, find_layer(layer), feature, current_scope(), english=_english()
        )
    return jsonify(_described(details))


@blueprint.get("/count")
@needs(Action.VIEW_MAP)
def count() -> ResponseReturnValue:
    """Count the incidents of a choice."""
    with reading() as connection:
        number = count_incidents(connection, read_filter(request.args), current_scope())
    return jsonify(count=number)


def _english() -> bool:
    return str(get_locale()) == "en"


def _described(details: Details) -> dict[str, Any]:
    return {
        "layer": details.layer,
        "title": say(find_layer(details.layer).title),
        "id": details.id,
        "name": details.name,
        "subtitle": details.subtitle,
        "page": _page_of(details),
        "fields": [
            {"label": say(field.label), "value": _shown(field, value), "kind": field.kind}
            for field, value in details.fields
        ],
        "geometry": json.loads(details.geometry),
    }


def _page_of(details: Details) -> str | None:
    """Return the address of the page of a feature, where it has one that the reader may open."""
    endpoint, parameter = _PAGES.get(details.layer, ("", ""))
    if not may_open(endpoint):
        return None
    value: Any = details.id
    if parameter == "unit":
        value = next(value for field, value in details.fields if field.sql == "t.code")
    return url_for(endpoint, **{parameter: value})


def _shown(field: Field, value: str | float) -> str:
    if field.kind == "word":
        return say(words.CODES.get(str(value), str(value)))
    if field.kind == "count" and isinstance(value, float):
        return str(format_decimal(round(value)))
    if field.kind == "area" and isinstance(value, float):
        if value >= 1e6:
            return f"{format_decimal(value / 1e6, format='#,##0.00')} km²"
        return f"{format_decimal(round(value))} m²"
    return str(value)


def _number(name: str, default: float | None, least: float, most: float) -> float:
    """Read a number from the address.

    Raises
    ------
    GridmapError
        If it is missing, no number, or out of its range.
    """
    given = request.args.get(name)
    if given is None and default is not None:
        return default
    try:
        value = float(given or "")
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise GridmapError(
            Message(
                "{name} must be a number from {least} to {most}.",
                name=name,
                least=f"{least:g}",
                most=f"{most:g}",
            )
        )
    return value
