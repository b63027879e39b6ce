"""The map at /map, and the script Folium writes for it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import folium
from flask import Blueprint, Response, abort, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from werkzeug.http import generate_etag

from gridmap.exchange.incident_tiles import POINT_ZOOM
from gridmap.exchange.layers import LAYERS
from gridmap.exchange.overview import Overview, overview
from gridmap.exchange.tiles import MAX_ZOOM
from gridmap.i18n import LANGUAGES, translate
from gridmap.workforce.rights import Action
from webui import words
from webui.access import needs
from webui.database import current_scope, reading
from webui.language import say
from webui.maps import MapParts, SwitchedLayer, base_map, map_parts, script_answer, stable

blueprint = Blueprint("map_page", __name__)


@blueprint.get("/map")
@needs(Action.VIEW_MAP)
def show() -> ResponseReturnValue:
    """Show the map; its state is in the address, which the page's script reads."""
    with reading() as connection:
        known = overview(connection, current_scope())
    if known.bounds is None:
        return render_template("empty.html")
    language = str(get_locale())
    parts = prepare(language)
    script = url_for("map_page.script", language=language, v=generate_etag(parts.script.encode()))
    page = _page(known, language)
    return render_template("map.html", parts=parts, script=script, sources=known.sources, page=page)


@blueprint.get("/map/folium.<language>.js")
@needs(Action.VIEW_MAP)
def script(language: str) -> Response:
    """Answer with the script that makes the map, its layers and controls."""
    if language not in LANGUAGES:
        abort(404)
    return script_answer(prepare(language))


@lru_cache(maxsize=len(LANGUAGES))
def prepare(language: str) -> MapParts:
    """Make the parts of the map, which differ by the language alone."""
    made = base_map(
        "map",
        maxBoundsViscosity=0.5,
    )
    for layer in reversed(LAYERS):
        made.add_child(
            stable(
                SwitchedLayer(layer.key, translate(layer.title, language), show=layer.shown),
                f"layer_{layer.key}",
            )
        )
    made.add_child(stable(folium.LayerControl(collapsed=False, autoZIndex=False), "layer_control"))
    return map_parts(made)


def _page(known: Overview, language: str) -> dict[str, Any]:
    """Return what the page's script must know, as values for JSON."""
    return {
        "language": language,
        "bounds": known.bounds,
        "first": known.first and known.first.isoformat(),
        "last": known.last and known.last.isoformat(),
        "maxTileZoom": MAX_ZOOM,
        "pointZoom": POINT_ZOOM,
        "layers": [
            {"key": layer.key, "group": layer.group, "minZoom": layer.min_zoom, "on": layer.shown}
            for layer in LAYERS
        ],
        "categories": [
            {
                "code": node.code,
                "name": (node.name_en or node.name) if language == "en" else node.name,
                "depth": node.depth,
            }
            for node in known.categories
        ],
        "words": {key: say(word) for key, word in words.MAP.items()},
        "codes": {code: say(word) for code, word in words.CODES.items()},
        "urls": {
            "tiles": "/tiles/{layers}/{z}/{x}/{y}.mvt",
            "search": url_for("map_data.search_names"),
            "identify": url_for("map_data.identify_point"),
            "feature": url_for("map_data.feature", layer="_", feature=0).removesuffix("_/0"),
            "count": url_for("map_data.count"),
        },
    }
