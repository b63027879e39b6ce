"""Just enough of a reader of vector tiles to look into them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import geopandas as gpd
import pyogrio


def read_tile(content: bytes) -> dict[str, gpd.GeoDataFrame]:
    """Read a tile's layers with GDAL."""
    if not content:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "0.mvt"
        path.write_bytes(content)
        return {
            name: pyogrio.read_dataframe(path, layer=name) for name, _ in pyogrio.list_layers(path)
        }
