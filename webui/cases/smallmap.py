"""What the script of a small map must know; the page loads Leaflet only when it is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import get_locale

from gridmap.exchange.tiles import MAX_ZOOM
from webui.assets import asset
from webui.cases import words
from webui.language import say

_LAYERS = "ground,road,building,place,unit,cell"


def map_page(bounds: Sequence[float] | None = None, **more: Any) -> dict[str, Any]:
    """Return the values for a page's script, to be sent as JSON in a data attribute.

    Parameters
    ----------
    bounds : sequence of float, optional
        West, south, east and north of what is shown at first.
    **more : Any
        Further values.
    """
    return {
        "language": str(get_locale()),
        "bounds": bounds,
        "maxTileZoom": MAX_ZOOM,
        "tiles": f"/tiles/{_LAYERS}/{{z}}/{{x}}/{{y}}.mvt",
        "layers": _LAYERS.split(","),
        "leaflet": asset("vendor/leaflet/leaflet.js"),
        "leafletStyle": asset("vendor/leaflet/leaflet.css"),
        "words": {key: say(word) for key, word in words.SCRIPT.items()},
        **more,
    }
