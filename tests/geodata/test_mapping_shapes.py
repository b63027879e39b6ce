"""Shapes and positions: checked, mended, and moved to WGS 84."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

from geodata.files.table import RawTable
from geodata.mapping import (
    Mapping,
    apply,
    parse_mapping,
)
from tests.geodata.mapping_tables import INCIDENTS, NOW, codes, incidents, table

BOX = shapely.box(117.2, 28.2, 117.21, 28.21)
BOW_TIE = shapely.from_wkt("POLYGON ((117 28, 118 29, 118 28, 117 29, 117 28))")
NICK = shapely.from_wkt("POLYGON ((117 28, 118 28, 118 29, 117 29, 117.0001 27.9999, 117 28))")


def _shapes(*shapes: object, system: str = "EPSG:4326") -> RawTable:
    rows = np.arange(1, len(shapes) + 1)
    names = pd.DataFrame({"name": pd.Series([str(row) for row in rows], dtype="str")})
    geometry = np.empty(len(shapes), dtype=object)
    geometry[:] = shapes
    return RawTable(names, rows, geometry=geometry, system=system)


def test_shapes_are_checked_mended_and_made_multi() -> None:
    around = shapely.box(-179, 10, 179, 11)
    raw = _shapes(
        BOX,
        None,
        BOW_TIE,
        NICK,
        shapely.Point(117, 28),
        shapely.box(190, 1, 191, 2),
        around,
        shapely.GeometryCollection([BOX]),
        shapely.Polygon(),
    )
    frame, problems = apply(raw, Mapping(layer="cells"))
    assert codes(problems) == {
        "geometry-missing": [2, 9],
        "geometry-invalid": [3],
        "geometry-repaired": [4],
        "geometry-type": [5],
        "off-the-globe": [6],
        "antimeridian": [7],
    }
    assert frame.index.tolist() == [1, 4, 8]
    assert set(frame.geometry.geom_type) == {"MultiPolygon"}
    assert frame.geometry.is_valid.all()


def test_units_may_lack_a_shape() -> None:
    mapping = Mapping(
        layer="units", columns={"code": "name", "name": "name"}, constants={"level": "社区"}
    )
    frame, problems = apply(_shapes(BOX, None), mapping)
    assert len(problems) == 0
    assert frame["level"].tolist() == ["community", "community"]
    assert frame.geometry.isna().tolist() == [False, True]
    frame, _ = apply(table({"name": ["1"]}), mapping)
    assert frame.geometry.isna().all()


def test_positions_in_gcj02_are_moved_by_half_a_kilometre() -> None:
    gcj = parse_mapping({**INCIDENTS, "location": {"x": "经度", "y": "纬度", "system": "gcj02"}})
    frame, _ = apply(incidents(编号=["a"]), gcj, now=NOW)
    assert 0.004 < 117.2 - frame["lon"][2] < 0.006
