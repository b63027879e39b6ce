from __future__ import annotations

import importlib.util
import math
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import pytest
from sqlalchemy import Connection, text

from gridmap.errors import NotFoundError, ParameterError
from gridmap.exchange import collection_tiles
from gridmap.exchange.collection_tiles import bounds_of, make_collection_tile
from gridmap.exchange.collections import BUILDINGS, CELLS, COLLECTIONS, INCIDENTS, ROADS, UNITS
from gridmap.exchange.grant import Grant, LayerGrant
from gridmap.exchange.periods import ALWAYS, Period, read_period
from gridmap.exchange.tiles import Tile
from gridmap.territory.scope import Scope


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


read_tile = load("mvt").read_tile
WHOLE = Grant("test", MappingProxyType({key: LayerGrant() for key in COLLECTIONS}))


def tile_at(zoom: int, lon: float = 110.005, lat: float = 30.005) -> Tile:
    tiles = 1 << zoom
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return Tile(zoom, int((lon + 180) / 360 * tiles), int(y * tiles))


def rows(
    connection: Connection,
    collection: Any,
    zoom: int,
    grant: Grant = WHOLE,
    when: str | None = None,
) -> list[dict[str, Any]]:
    content = make_collection_tile(connection, collection, tile_at(zoom), grant, read_period(when))
    layers = read_tile(content)
    assert set(layers) <= {collection.key}
    return [] if not layers else layers[collection.key].to_dict("records")


def granted(**layers: LayerGrant) -> Grant:
    return replace(WHOLE, layers=MappingProxyType({**WHOLE.layers, **layers}))


def test_a_tile_holds_the_columns_under_their_names(connection: Connection) -> None:
    connection.execute(
        text(
            "INSERT INTO building_count (building_id, month, households) "
            "SELECT id, '2025-05-01', 24 FROM building WHERE external_id = '1'"
        )
    )
    found = next(row for row in rows(connection, BUILDINGS, 14) if row["external_id"] == "1")
    assert found["name"] == "幸福楼"
    assert found["address"] == "人民路1号"
    assert found["month"] == "2025-05-01"
    assert found["households"] == 24
    assert found["community_code"] == "990101001001"
    assert found["cell_code"] == "990101001001001"
    assert found["mvt_id"] == connection.scalar(
        text("SELECT id FROM building WHERE external_id = '1'")
    )


def test_every_collection_has_tiles_at_each_of_its_zooms(connection: Connection) -> None:
    for collection in COLLECTIONS.values():
        first = collection_tiles.layer_of(collection, WHOLE).min_zoom
        for zoom in range(first, 17):
            make_collection_tile(connection, collection, tile_at(zoom), WHOLE)
    assert {row["level"] for row in rows(connection, UNITS, 13)} == {"county", "town", "community"}
    assert rows(connection, ROADS, 10)[0]["name"] == "人民路"


def test_a_zoom_below_the_first_has_no_tile(connection: Connection) -> None:
    with pytest.raises(NotFoundError, match="begin with zoom 14"):
        make_collection_tile(connection, BUILDINGS, tile_at(13), WHOLE)


def test_incidents_are_counts_far_out_and_single_close_by(connection: Connection) -> None:
    assert sum(row["n"] for row in rows(connection, INCIDENTS, 6)) == 4
    close = rows(connection, INCIDENTS, 16)
    assert sorted(row["category"] for row in close) == ["A", "A1", "A1", "B"]
    assert {row["occurred_at"] for row in close} >= {"2024-12-31T15:30:00+00:00"}


@pytest.mark.parametrize("zoom", [6, 16])
@pytest.mark.parametrize(
    ("when", "number"),
    [
        ("2025-01-01/..", 3),
        ("2025-01-01/2025-01-31", 2),
        ("2024-12-31", 1),
        ("2024-12-31T15:30:00Z", 1),
        ("2024-12-31T15:30:00Z/2024-12-31T16:30:00Z", 2),
        ("2024-12-31T15:30:01Z/2024-12-31", 0),
    ],
)
def test_incidents_of_a_period(connection: Connection, zoom: int, when: str, number: int) -> None:
    found = rows(connection, INCIDENTS, zoom, when=when)
    assert sum(row.get("n", 1) for row in found) == number


@pytest.mark.parametrize("zoom", [6, 16])
def test_the_granted_period_holds(connection: Connection, zoom: int) -> None:
    bounded = replace(WHOLE, first=date(2025, 1, 1), last=date(2025, 1, 31))
    for when, number in ((None, 2), ("2025-01-15/..", 1), ("2025-03-01/..", 0)):
        found = rows(connection, INCIDENTS, zoom, bounded, when)
        assert sum(row.get("n", 1) for row in found) == number


@pytest.mark.parametrize("key", ["cells", "buildings", "places", "incidents", "units"])
def test_a_foreign_community_is_in_no_tile(connection: Connection, key: str) -> None:
    own = connection.scalar(text("SELECT id FROM unit WHERE level = 'community'"))
    for community, there in ((own, True), (own + 1, False)):
        grant = replace(WHOLE, scope=Scope((community,)), units=frozenset({community}))
        found = [rows(connection, COLLECTIONS[key], zoom, grant) for zoom in (14, 15, 16)]
        assert any(found) == there
        assert (bounds_of(connection, COLLECTIONS[key], grant) is not None) == there


def test_who_may_not_see_all_gets_the_newest_points(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collection_tiles, "MOST_POINTS", 2)
    own = connection.scalar(text("SELECT id FROM unit WHERE level = 'community'"))
    grant = replace(WHOLE, scope=Scope((own,)), units=frozenset({own}))
    assert {row["external_id"] for row in rows(connection, INCIDENTS, 6, grant)} == {"3", "4"}
    assert len(rows(connection, INCIDENTS, 16, grant)) == 4


def test_guarded_fields_are_told_to_whom_they_were_granted(connection: Connection) -> None:
    assert "responsible_phone" not in rows(connection, CELLS, 14)[0]
    connection.execute(
        text(
            "WITH who AS (INSERT INTO cadre (unit_id, name, phone) "
            "SELECT id, '王芳', '13800000000' FROM unit WHERE level = 'community' RETURNING id) "
            "INSERT INTO assignment (cell_id, cadre_id, role, starts) "
            "SELECT cell.id, who.id, 'responsible', '2020-01-01' FROM cell, who"
        )
    )
    some = granted(cells=LayerGrant(frozenset({"code", "responsible"})))
    found = rows(connection, CELLS, 14, some)[0]
    assert found["responsible"] == "王芳"
    assert not set(found) & {"responsible_phone", "kind", "name"}


def test_small_counts_are_not_told(connection: Connection) -> None:
    connection.execute(
        text(
            "INSERT INTO building_count (building_id, month, households, residents) "
            "SELECT id, '2025-05-01', 4, 12 FROM building WHERE external_id = '1'"
        )
    )
    found = next(
        row
        for row in rows(connection, BUILDINGS, 14, replace(WHOLE, smallest_count=5))
        if row["external_id"] == "1"
    )
    assert found["residents"] == 12
    assert math.isnan(found.get("households", math.nan))


def test_moved_points_are_drawn_where_they_are_told(connection: Connection) -> None:
    """They happened at 110.005 30.005; the middle of the cell lies in the tile to the north."""
    snapped = granted(incidents=LayerGrant(snap="cell"))
    assert rows(connection, INCIDENTS, 16)
    assert rows(connection, INCIDENTS, 16, snapped) == []
    drawn = rows(connection, INCIDENTS, 12, snapped)
    assert drawn
    assert all("n" not in row for row in drawn)


def test_a_layer_that_is_not_granted_does_not_exist(connection: Connection) -> None:
    with pytest.raises(NotFoundError, match="no collection"):
        make_collection_tile(connection, CELLS, tile_at(14), Grant("nobody"))


def test_a_time_that_is_not_told_chooses_nothing(connection: Connection) -> None:
    grant = granted(incidents=LayerGrant(frozenset({"category"})))
    with pytest.raises(ParameterError, match="not told"):
        make_collection_tile(
            connection, INCIDENTS, tile_at(16), grant, Period(date(2025, 1, 1), None)
        )
    make_collection_tile(connection, INCIDENTS, tile_at(16), grant, ALWAYS)


def test_the_cells_of_an_earlier_day(connection: Connection) -> None:
    connection.execute(
        text(
            "UPDATE cell SET valid_to = '2024-06-01' WHERE code = '990101001001001'; "
            "INSERT INTO cell (code, kind, community_id, geom, valid_from) "
            "SELECT '990101001001009', kind, community_id, geom, '2024-06-01' FROM cell "
            "WHERE code = '990101001001001'"
        )
    )
    for when, code in (
        (None, "990101001001009"),
        ("2024-05-31", "990101001001001"),
        ("2024-05-31T16:00:00Z", "990101001001009"),
    ):
        found = {row["code"] for row in rows(connection, CELLS, 14, when=when)}
        assert found == {code, "990101001001002"}
    both = {row["code"] for row in rows(connection, CELLS, 14, when="2024-01-01/2024-12-31")}
    assert both == {"990101001001001", "990101001001002", "990101001001009"}


def test_bounds_are_those_of_the_readers_area(connection: Connection) -> None:
    """Those of the features themselves would tell where the only one of a kind is."""
    own = replace(WHOLE, layers=MappingProxyType({"cells": LayerGrant()}))
    assert bounds_of(connection, CELLS, own) == [110, 30, 110.02, 30.02]
    nothing = Grant("x", {"incidents": LayerGrant()}, Scope(()), frozenset())
    assert bounds_of(connection, INCIDENTS, nothing) is None


def test_who_is_given_all_incidents_is_told_of_those_beyond_all_units(
    connection: Connection,
) -> None:
    connection.execute(
        text(
            "INSERT INTO incident (occurred_at, category_id, geom) SELECT '2026-03-01Z', min(id), "
            "ST_SetSRID(ST_MakePoint(110.5, 30.01), 4326) FROM category"
        )
    )
    west, south, east, north = bounds_of(connection, INCIDENTS, WHOLE) or []
    bin_wide = 360 / (1 << 16)
    assert 110 - bin_wide < west <= 110
    assert 110.5 < east < 110.5 + bin_wide
    assert 30 - bin_wide < south <= 30
    assert 30.02 <= north < 30.02 + bin_wide
    units = [110, 30, 110.02, 30.02]
    assert bounds_of(connection, INCIDENTS, replace(WHOLE, last=date(2026, 12, 31))) == units
    by_cell = replace(WHOLE, layers=MappingProxyType({"incidents": LayerGrant(snap="cell")}))
    assert bounds_of(connection, INCIDENTS, by_cell) == units
