"""A town so small that it can be checked by hand, as the files a person would import."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from click.testing import CliRunner, Result
from shapely.geometry import LineString, MultiLineString, mapping
from shapely.geometry.base import BaseGeometry

from gridmap.cli import cli
from tests.gridmap.conftest import point, rectangle

COMMUNITY = "990001001001"

#: In the order in which they can be imported, with the number of their rows.
COUNTS = {
    "units": 3, "cells": 2, "categories": 3, "buildings": 3, "building_counts": 1, "places": 2,
    "roads": 2, "ground": 2, "incidents": 4,
}  # fmt: skip


def collection(*features: tuple[Mapping[str, object], BaseGeometry | None]) -> str:
    """Put properties and shapes together to GeoJSON."""
    listed = [
        {
            "type": "Feature",
            "properties": properties,
            "geometry": None if shape is None else mapping(shape),
        }
        for properties, shape in features
    ]
    return json.dumps({"type": "FeatureCollection", "features": listed}, ensure_ascii=False)


def write_files(folder: Path) -> dict[str, Path]:
    """Write one file for each layer; every coordinate has at most 7 decimals."""
    field = rectangle(0, 0, 4, 2)
    file_of = {
        "units.geojson": collection(
            ({"code": "990001000000", "level": "county", "name": "试验县"}, field),
            ({"code": "990001001000", "level": "town", "name": "试验镇"}, field),
            ({"code": COMMUNITY, "level": "community", "name": "幸福社区"}, field),
        ),
        "cells.geojson": collection(
            ({"code": f"{COMMUNITY}001", "name": "西", "valid_from": "2024-01-01"},
             rectangle(0, 0, 2, 2)),
            ({"code": f"{COMMUNITY}002", "name": "东", "valid_from": "2024-01-01"},
             rectangle(2, 0, 4, 2)),
        ),
        "categories.csv": "代码,上级,名称\nA,,治安\nA1,A,盗窃\nB,,纠纷\n",
        "buildings.geojson": collection(
            ({"id": "b1", "name": "1号楼", "storeys": 6, "month": "2026-01", "households": 24},
             rectangle(0.2, 0.2, 0.4, 0.3)),
            ({"id": "b2", "name": "2号楼", "address": "东街2号"}, point(3, 1)),
            ({"id": "b3", "name": "老楼"}, rectangle(3.2, 0.2, 3.4, 0.3)),
        ),
        "building_counts.csv": "楼栋编号,月份,户数,常住人口\nb1,2025-12,23,61\n",
        "places.csv": (
            "编号,名称,类型,经度,纬度\np1,城东警务室,警务室,116.0005,28.0005\n"
            "p2,第一小学,学校,116.0035,28.0012345\n"
        ),
        "roads.geojson": collection(
            ({"id": "w1", "name": "东门街道", "kind": "residential", "oneway": True},
             LineString([(116, 28.001), (116.004, 28.001)])),
            ({"id": "w2", "name": "两段路", "kind": "service"},
             MultiLineString([[(116, 28), (116.001, 28)], [(116.002, 28), (116.003, 28)]])),
        ),
        "ground.geojson": collection(
            ({"id": "g1", "name": "信江", "kind": "water"}, rectangle(0, 1.8, 4, 2)),
            ({"id": "g2", "name": "铁路", "kind": "rail"},
             LineString([(116, 28.0005), (116.004, 28.0005)])),
        ),
        "incidents.csv": (
            "编号,类别,发生时间,案发截止时间,经度,纬度\n"
            "1,A1,2026-01-01 00:30:00,2026-01-01 07:15:00,116.0005,28.0005\n"
            "2,A1,2026-01-31 23:59:59,,116.0035,28.0005\n"
            "3,B,2026-02-01 00:00:00,,116.0034567,28.0012345\n"
            "4,B,2026-02-01 08:00:00,,116.0005,28.0015\n"
        ),
    }  # fmt: skip
    paths = {}
    for name, content in file_of.items():
        path = folder / name
        path.write_text(content, encoding="utf-8")
        paths[path.stem] = path
    return paths


def call(*arguments: str | Path, answer: str | None = None) -> Result:
    """Call the command ``gridmap``; an exception that is no sentence goes through."""
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments], input=answer)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def import_all(files: dict[str, Path], *options: str) -> None:
    """Import the files in their order."""
    for layer in (layer for layer in COUNTS if layer in files):
        # A shapefile of points and areas is two.
        suffixes = {"buildings": "点面", "ground": "线面"}.get(layer, "")
        for part in suffixes if files[layer].suffix == ".zip" and suffixes else [""]:
            named = ["--layer-name", f"{files[layer].stem}_{part}"] if part else []
            result = call("import", layer, files[layer], "--yes", "--source", "s", *named, *options)
            assert result.exit_code == 0, result.output
