from __future__ import annotations

from sqlalchemy.orm import Session

from gridmap.exchange.overview import overview
from gridmap.territory.models import ImportRun


def run(layer: str, file: str, mapping: dict[str, object]) -> ImportRun:
    return ImportRun(
        layer=layer,
        file_name=file,
        sha256="",
        coordinate_system="EPSG:4326",
        mapping=mapping,
        report={},
    )


def test_the_sources_name_openstreetmap_first_and_once(session: Session) -> None:
    session.add_all(
        [
            run("roads", "a.osm.pbf", {"osm": ["roads"]}),
            run("buildings", "a.osm.pbf", {"osm": ["roads"]}),
            run("cells", "网格.shp", {}),
            run("incidents", "事件.xlsx", {}),
        ]
    )
    session.flush()
    sources = overview(session.connection()).sources
    assert sources == ["© OpenStreetMap contributors", "事件.xlsx"]
