"""Imports of the territory's layers."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata.files.reading import read
from geodata.files.table import RawTable
from geodata.mapping import LAYERS, Mapping, load_mapping
from gridmap.errors import GridmapError
from gridmap.territory.importing.buildings import BUILDINGS
from gridmap.territory.importing.cells import CELLS
from gridmap.territory.importing.features import ROADS
from gridmap.territory.importing.layer import Choices, LayerImport
from gridmap.territory.importing.origin import Counts
from gridmap.territory.importing.pipeline import import_table
from gridmap.territory.importing.rejected import write_rejected
from gridmap.territory.importing.report import Report
from gridmap.territory.importing.units import UNITS, number_codes
from gridmap.territory.models import Building, BuildingCount, Cell, Road, Unit
from tests.gridmap.conftest import Field, rectangle


def run(
    session: Session,
    layer: LayerImport,
    rows: list[dict[str, object]],
    shapes: list[object] | None = None,
    **choices: bool,
) -> Report:
    table = pd.DataFrame(rows)
    raw = RawTable(table, np.arange(1, len(rows) + 1))
    if shapes is not None:
        raw.geometry, raw.system = np.array(shapes, dtype=object), "EPSG:4326"
    columns = {name: name for name in table if name in LAYERS[layer.name].fields}
    return import_table(
        session, layer, raw, Mapping(layer=layer.name, columns=columns),
        Choices(source="s", **choices),
    )  # fmt: skip


def test_units_hang_below_the_parent_their_code_tells(session: Session) -> None:
    rows = [
        {"code": "990001001001", "level": "社区", "name": "幸福社区"},
        {"code": "990001000000", "level": "县", "name": "试验县"},
        {"code": "990001001000", "level": "镇", "name": "试验镇"},
    ]
    assert run(session, UNITS, rows).counts == Counts(inserted=3)
    community = session.scalars(select(Unit).where(Unit.level == "community")).one()
    assert session.get_one(Unit, community.parent_id).code == "990001001000"
    # A file of outlines later on adds to what is there; a file of names keeps the outlines.
    outlined = run(session, UNITS, rows[:1], [rectangle(0, 0, 4, 2)])
    assert outlined.counts == Counts(updated=1)
    assert run(session, UNITS, rows).counts == Counts(unchanged=3)


def test_a_unit_without_parent_is_refused(session: Session) -> None:
    report = run(session, UNITS, [{"code": "990001001001", "level": "社区", "name": "幸福社区"}])
    assert (report.applied, report.problems.counts()) == (False, {"parent-unknown": 1})


def test_units_that_are_only_named_are_numbered() -> None:
    assert number_codes(["51.0", "7.0"], "990001001") == ["990001001051", "990001001007"]
    assert number_codes(["B", "A", "B"], "990001") == [
        "990001002000", "990001001000", "990001003000",
    ]  # fmt: skip
    with pytest.raises(GridmapError):
        number_codes(["1"], "99")


def test_cells_are_numbered_and_keep_their_codes(field: Field) -> None:
    shapes = [rectangle(2, 0, 4, 2), rectangle(0, 0, 2, 2)]
    rows: list[dict[str, object]] = [{"name": "东"}, {"name": "西"}]
    assert run(field.session, CELLS, rows, shapes).counts == Counts(inserted=2)
    codes = dict(field.session.execute(select(Cell.name, Cell.code)).all())
    assert codes == {"西": "990001001001001", "东": "990001001001002"}
    assert run(field.session, CELLS, rows, shapes).counts == Counts(unchanged=2)


def test_cells_are_checked_against_each_other_and_their_community(field: Field) -> None:
    field.cell(1, rectangle(0, 0, 2, 2))
    report = run(
        field.session, CELLS,
        [{"name": name} for name in ("over a stored one", "outside", "right", "over a row")],
        [rectangle(1, 0, 2, 1), rectangle(3, 1, 5, 2), rectangle(2, 0, 3, 1),
         rectangle(2.5, 0, 3, 1)],
        skip_bad=True,
    )  # fmt: skip
    assert report.problems.bad_rows().tolist() == [1, 2, 4]
    assert set(report.problems.counts()) == {"cells-overlap", "cell-outside", "gap"}
    assert report.counts == Counts(inserted=1)


def test_a_border_between_stored_cells_is_corrected_in_one_act(field: Field) -> None:
    codes = ["990001001001001", "990001001001002"]
    rows: list[dict[str, object]] = [{"code": code} for code in codes]
    run(field.session, CELLS, rows, [rectangle(0, 0, 2, 2), rectangle(2, 0, 4, 2)])
    moved = run(field.session, CELLS, rows, [rectangle(0, 0, 3, 2), rectangle(3, 0, 4, 2)])
    assert moved.counts == Counts(updated=2)


def test_earlier_months_stay_as_they_were_told(field: Field) -> None:
    shape = [rectangle(0.2, 0.2, 0.4, 0.4)]

    def told(month: str, households: int) -> Report:
        row = {"external_id": "1", "name": "甲", "month": month, "households": households}
        return run(field.session, BUILDINGS, [row], shape)

    assert told("2025-05", 10).counts == Counts(inserted=1)
    assert told("2025-06", 12).counts == Counts(updated=1)
    assert told("2025-06", 12).counts == Counts(unchanged=1)
    assert told("2025-06", 13).counts == Counts(updated=1)
    counts = select(BuildingCount.month, BuildingCount.households).order_by(BuildingCount.month)
    assert [tuple(row) for row in field.session.execute(counts)] == [
        (date(2025, 5, 1), 10), (date(2025, 6, 1), 13),
    ]  # fmt: skip
    assert field.session.scalars(select(Building.name)).one() == "甲"


def test_rows_without_an_id_are_known_by_their_content(field: Field) -> None:
    lines = [shapely.LineString([(116, 28), (116.001, 28)]),
             shapely.LineString([(116, 28), (116, 28.001)])]  # fmt: skip
    rows: list[dict[str, object]] = [{"name": "南路"}, {"name": "南路"}]
    assert run(field.session, ROADS, rows, lines).counts == Counts(inserted=2)
    assert run(field.session, ROADS, rows[::-1], lines[::-1]).counts == Counts(unchanged=2)
    assert field.session.scalars(select(Road.kind).distinct()).one() == "unclassified"


def test_rejected_rows_can_be_mended_and_imported(field: Field, tmp_path: Path) -> None:
    file = tmp_path / "网格.geojson"
    frame = gpd.GeoDataFrame(
        {"网格名称": ["好", "坏"], "所属社区": ["990001001001", "990001001009"]},
        geometry=[rectangle(0, 0, 2, 2), rectangle(2, 0, 4, 2)],
        crs="EPSG:4326",
    )
    frame.to_file(file)
    mapping = Mapping(layer="cells", columns={"name": "网格名称", "community_code": "所属社区"})
    choices = Choices(source="s", skip_bad=True)
    raw = read(file)
    report = import_table(field.session, CELLS, raw, mapping, choices)
    assert (report.counts.inserted, report.rejected) == (1, 1)
    table, beside = write_rejected(raw, mapping, report.problems, tmp_path, str, "原因")
    assert table.read_bytes().startswith(b"\xef\xbb\xbf")
    assert "990001001009" in pd.read_csv(table, dtype="str")["原因"][0]
    table.write_text(table.read_text("utf-8-sig").replace("990001001009", "990001001001"), "utf-8")
    mended = import_table(field.session, CELLS, read(table), load_mapping(beside), choices)
    assert mended.counts == Counts(inserted=1)
