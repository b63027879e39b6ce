"""The tile matrix set WebMercatorQuad of OGC 17-083r4 (Tile Matrix Set 2.0)."""

from __future__ import annotations

import math
from typing import Any

ID = "WebMercatorQuad"
TITLE = "Google Maps Compatible for the World"
URI = f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{ID}"
CRS = "http://www.opengis.net/def/crs/EPSG/0/3857"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"

#: Annex D of the standard defines it down to this matrix.
_LAST = 24
#: Half the world's width in EPSG:3857, in metres.
_HALF = 20037508.342789244
#: The standard tells scales for pixels of 0.28 mm.
_PIXEL_M = 0.00028


def definition() -> dict[str, Any]:
    """Return the whole definition."""
    return {
        "id": ID,
        "title": TITLE,
        "uri": URI,
        "crs": CRS,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": [_matrix(zoom) for zoom in range(_LAST + 1)],
    }


def limits(bounds: list[float], first: int, last: int) -> list[dict[str, Any]]:
    """Return which tiles there are within bounds, matrix by matrix.

    Parameters
    ----------
    bounds : list of float
        West, south, east and north in degrees.
    first, last : int
        The matrices.
    """
    west, south, east, north = bounds
    return [
        {
            "tileMatrix": str(zoom),
            "minTileRow": _row(north, zoom),
            "maxTileRow": _row(south, zoom),
            "minTileCol": _column(west, zoom),
            "maxTileCol": _column(east, zoom),
        }
        for zoom in range(first, last + 1)
    ]


def _matrix(zoom: int) -> dict[str, Any]:
    cell = 2 * _HALF / 256 / (1 << zoom)
    return {
        "id": str(zoom),
        "scaleDenominator": cell / _PIXEL_M,
        "cellSize": cell,
        "cornerOfOrigin": "topLeft",
        "pointOfOrigin": [-_HALF, _HALF],
        "tileWidth": 256,
        "tileHeight": 256,
        "matrixWidth": 1 << zoom,
        "matrixHeight": 1 << zoom,
    }


def _column(longitude: float, zoom: int) -> int:
    return _within((longitude + 180) / 360, zoom)


def _row(latitude: float, zoom: int) -> int:
    # The projection ends before the poles.
    bounded = math.radians(max(-85.06, min(85.06, latitude)))
    return _within((1 - math.asinh(math.tan(bounded)) / math.pi) / 2, zoom)


def _within(share: float, zoom: int) -> int:
    tiles = 1 << zoom
    return max(0, min(tiles - 1, math.floor(share * tiles)))
