"""What the pages of plans and tracks have alike: their map, the wait before it, and its shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request, url_for
from flask_babel import get_locale
from werkzeug.http import generate_etag

from gridmap.exchange.tiles import MAX_ZOOM
from webui.hotspots.single import prepare
from webui.language import say

_BASE = "ground,road,building,unit,cell"


def map_values() -> dict[str, Any]:
    """Return what the template `tracks/with_map.html` needs of the map."""
    parts = prepare("map")
    script = url_for("tracks.script", v=generate_etag(parts.script.encode()))
    return {"parts": parts, "script": script}


def map_page(words: Mapping[str, Any], *, base: str = _BASE, **own: Any) -> dict[str, Any]:
    """Return what the script of a page with a map must know, and what is the page's own.

    Parameters
    ----------
    words : mapping
        What the script says, by key, to be translated.
    base : str
        The layers below, by commas.
    """
    return {
        "map": "map",
        "language": str(get_locale()),
        "maxTileZoom": MAX_ZOOM,
        "pointZoom": MAX_ZOOM,
        "categories": [],
        "tiles": f"/tiles/{base}/{{z}}/{{x}}/{{y}}.mvt",
        "layers": base.split(","),
        "words": {key: say(word) for key, word in words.items()},
        **own,
    }


def waiting_page(state: str, words: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the script of a waiting page must know: where it asks, and its words."""
    return {"state": state, "words": {key: say(word) for key, word in words.items()}}


def shapes_answer(content: str) -> Response:
    """Answer with GeoJSON that a browser need not fetch again while it is the same."""
    response = Response(content, mimetype="application/geo+json")
    response.add_etag()
    response.make_conditional(request)
    return response
