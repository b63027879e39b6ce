"""OGC API Tiles 1.0 and TileJSON 3 of every collection, under ``/ogc``."""

from webui.ogc_tiles.views import blueprint

#: The conformance classes of OGC 20-057 that these addresses keep.
CONFORMS_TO = tuple(
    f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{name}"
    for name in (
        "core",
        "tileset",
        "tilesets-list",
        "geodata-tilesets",
        "datetime",
        "mvt",
    )
)

__all__ = ["CONFORMS_TO", "blueprint"]
