"""Examples for partners, as the guide shows them and a test runs them.

``{address}`` is where the interfaces are, ``{key}`` the partner's key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from geodata.messages import N_


@dataclass(frozen=True)
class Example:
    """An example: what it does, what runs it, and its text."""

    title: str
    program: Literal["curl", "ogrinfo", "ogr2ogr", "python", "qgis"]
    text: str

    def filled(self, address: str, key: str) -> str:
        """Return the text with an address and a key in it."""
        return self.text.replace("{address}", address).replace("{key}", key)


EXAMPLES = (
    Example(
        N_("curl: the newest incidents of a category"),
        "curl",
        """\
curl -s -H 'X-API-Key: {key}' -G '{address}/collections/incidents/items' \\
  --data-urlencode "filter=category LIKE 'A%'" \\
  --data-urlencode 'sortby=-occurred_at' -d limit=100
""",
    ),
    Example(
        N_("curl: what lies in a box, as CSV for Excel"),
        "curl",
        """\
curl -s -H 'X-API-Key: {key}' -o places.csv \\
  '{address}/collections/places/items?bbox=110,20,125,40&limit=1000&f=csv'
""",
    ),
    Example(
        N_("Python: every page of a collection, as a GeoDataFrame"),
        "python",
        """\
import json
from urllib.request import Request, urlopen

import geopandas as gpd

url = "{address}/collections/cells/items?limit=1000"
features = []
while url:
    with urlopen(Request(url, headers={"X-API-Key": "{key}"})) as answer:
        page = json.load(answer)
    features += page["features"]
    url = next((one["href"] for one in page["links"] if one["rel"] == "next"), None)
cells = gpd.GeoDataFrame.from_features(features, crs="EPSG:4326")
print(len(cells), cells.columns.tolist())
""",
    ),
    Example(
        N_("GDAL: what there is"),
        "ogrinfo",
        """\
GDAL_HTTP_HEADERS='X-API-Key: {key}' ogrinfo -ro OAPIF:{address}
""",
    ),
    Example(
        N_("GDAL: a layer into a GeoPackage, with a condition"),
        "ogr2ogr",
        """\
GDAL_HTTP_HEADERS='X-API-Key: {key}' ogr2ogr places.gpkg OAPIF:{address} places \\
  -oo PAGE_SIZE=1000 -where "kind = 'school'"
""",
    ),
    Example(
        N_("QGIS: a layer in the Python console"),
        "qgis",
        """\
from qgis.core import QgsVectorLayer

source = "url='{address}?key={key}' typename='cells' pageSize='1000'"
layer = QgsVectorLayer(source, "cells", "OAPIF")
print(layer.isValid(), sum(1 for _ in layer.getFeatures()))
""",
    ),
)
