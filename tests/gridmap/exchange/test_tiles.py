from __future__ import annotations

import importlib.util
import math
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import Connection, text

from gridmap.errors import NotFoundError
from gridmap.exchange.details import identify
from gridmap.exchange.filters import IncidentFilter
from gridmap.exchange.layers import LAYERS, find_layers
from gridmap.exchange.tiles import Tile, make_tile
from gridmap.territory.scope import Scope


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


read_tile = load("mvt").read_tile


def tile_at(zoom: int, lon: float = 110.005, lat: float = 30.005) -> Tile:
    tiles = 1 << zoom
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return Tile(zoom, int((lon + 180) / 360 * tiles), int(y * tiles))


def test_one_request_holds_several_layers(connection: Connection) -> None:
    content = make_tile(connection, find_layers("cell,unit,road"), tile_at(14), IncidentFilter())
    layers = read_tile(content)
    assert set(layers) >= {"cell", "cell_label", "unit", "unit_label", "road"}
    assert set(layers["unit"]["level"]) == {"county", "town", "community"}
    assert "990101001001001" in set(layers["cell"]["code"])


def test_each_layer_makes_tiles_at_every_zoom(connection: Connection) -> None:
    for zoom in range(17):
        make_tile(connection, LAYERS, tile_at(zoom), IncidentFilter())


def test_labels_stand_in_one_tile_only(connection: Connection) -> None:
    here = tile_at(16)
    found = 0
    for x in range(here.x - 5, here.x + 6):
        for y in range(here.y - 5, here.y + 6):
            content = make_tile(connection, find_layers("cell"), Tile(16, x, y), IncidentFilter())
            labels = read_tile(content).get("cell_label")
            found += 0 if labels is None else (labels["code"] == "990101001001001").sum()
    assert found == 1


def test_incidents_are_counted_far_out_and_single_close_by(connection: Connection) -> None:
    for zoom in (0, 3, 5, 13, 14, 15):
        content = make_tile(connection, find_layers("incident"), tile_at(zoom), IncidentFilter())
        assert read_tile(content)["incident_bin"]["n"].sum() == 4
    content = make_tile(connection, find_layers("incident"), tile_at(16), IncidentFilter())
    points = read_tile(content)["incident"]
    # Three of category A at one spot, one of B.
    assert sorted(zip(points["top"], points["n"].fillna(1), strict=True)) == [(0, 3), (1, 1)]


def test_a_tile_without_features_is_empty(connection: Connection) -> None:
    assert make_tile(connection, LAYERS, Tile(12, 0, 0), IncidentFilter()) == b""


def test_a_reader_sees_only_the_own_area(connection: Connection) -> None:
    own = connection.execute(text("SELECT id FROM unit WHERE level = 'community'")).scalar_one()
    wanted = find_layers("building,incident,cell")
    assert make_tile(connection, wanted, tile_at(16), IncidentFilter(), Scope((own,)))
    assert not make_tile(connection, wanted, tile_at(16), IncidentFilter(), Scope((own + 1,)))


@pytest.mark.parametrize("place", [(-1, 0, 0), (3, 8, 0), (3, 0, 8), (17, 0, 0), (2, 0, -1)])
def test_a_tile_that_cannot_be_is_refused(place: tuple[int, int, int]) -> None:
    with pytest.raises(NotFoundError, match="There is no tile"):
        Tile(*place)


def test_an_unknown_layer_is_named_with_those_there_are() -> None:
    with pytest.raises(NotFoundError, match="no layer people"):
        find_layers("cell,people")


def test_the_cells_of_an_earlier_day_are_drawn_and_clicked(connection: Connection) -> None:
    connection.execute(
        text(
            "UPDATE cell SET valid_to = '2024-06-01' WHERE code = '990101001001001'; "
            "INSERT INTO cell (code, kind, community_id, geom, valid_from) "
            "SELECT '990101001001009', kind, community_id, geom, '2024-06-01' FROM cell "
            "WHERE code = '990101001001001'"
        )
    )
    for day, code in (
        (None, "990101001001009"),
        (date(2024, 6, 1), "990101001001009"),
        (date(2024, 5, 31), "990101001001001"),
    ):
        content = make_tile(
            connection, find_layers("cell"), tile_at(14), IncidentFilter(), as_of=day
        )
        assert set(read_tile(content)["cell"]["code"]) == {code, "990101001001002"}
        here = (110.0025, 30.0025, 17, IncidentFilter())
        hits = identify(connection, find_layers("cell"), *here, as_of=day)
        assert [hit.name for hit in hits] == [code]
