from __future__ import annotations

import pytest
from sqlalchemy import Connection, text

from gridmap.errors import NotFoundError
from gridmap.exchange.details import describe, identify
from gridmap.exchange.filters import IncidentFilter
from gridmap.exchange.layer import Layer
from gridmap.exchange.layers import LAYERS, find_layer
from gridmap.exchange.search import PAGE, search
from gridmap.territory.scope import Scope


@pytest.mark.parametrize(
    ("wanted", "first"),
    [
        ("990101001001002", ("cell", "990101001001002")),
        ("002", ("cell", "990101001001002")),
        ("幸福楼", ("building", "幸福楼")),
        ("人民路1号", ("building", "幸福楼")),
        ("幸福", ("building", "幸福楼")),
        ("人民路", ("road", "人民路")),
        ("幸福社区", ("unit", "幸福社区")),
        ("100%", ("place", "100%<img onerror>")),
        ("{{7*7}}", ("building", "{{7*7}}")),
    ],
)
def test_the_best_match_comes_first(
    connection: Connection, wanted: str, first: tuple[str, str]
) -> None:
    found, _ = search(connection, wanted)
    assert (found[0].layer, found[0].name) == first


@pytest.mark.parametrize("wanted", ["", "  ", "%", "_____", "'; DROP TABLE cell; --", "\\"])
def test_signs_are_taken_literally(connection: Connection, wanted: str) -> None:
    found, more = search(connection, wanted)
    assert not more
    assert all(wanted.strip() and wanted in hit.name for hit in found)


def test_pages_follow_each_other(connection: Connection) -> None:
    everything = [hit for offset in (0, PAGE) for hit in search(connection, "9901", offset)[0]]
    assert len({(hit.layer, hit.id) for hit in everything}) == len(everything) >= 5


def test_every_word_must_occur(connection: Connection) -> None:
    assert [hit.name for hit in search(connection, "幸福 1号")[0]] == ["幸福楼"]


def test_a_search_keeps_to_the_scope(connection: Connection) -> None:
    assert search(connection, "幸福楼", scope=Scope((-1,)))[0] == []


def test_a_click_names_the_smallest_first(connection: Connection) -> None:
    hits = identify(connection, LAYERS, 110.0025, 30.0025, 17, IncidentFilter())
    assert [hit.layer for hit in hits] == ["building", "cell", "unit", "unit", "unit"]
    assert hits[2].name == "幸福社区"
    near_incidents = identify(connection, LAYERS, 110.005, 30.005, 18, IncidentFilter())
    assert [hit.layer for hit in near_incidents][:4] == ["incident"] * 4
    assert identify(connection, LAYERS, 0, 0, 17, IncidentFilter()) == []


@pytest.mark.parametrize("layer", [layer for layer in LAYERS if layer.fields])
def test_every_layer_tells_its_details(connection: Connection, layer: Layer) -> None:
    if layer.key == "hotspot":
        connection.execute(
            text("""
                INSERT INTO hotspot_run (name, analysis, first, last)
                VALUES ('x', 'gi_star', '2026-01-01', '2026-01-31')""")
        )
        # After it, for what is written to the runs publishes their hotspots anew.
        connection.execute(
            text("""
                INSERT INTO hotspot (run_id, rank, kind, incidents, geom)
                SELECT r.id, 1, 'hot99', 3, c.geom FROM hotspot_run r, cell c LIMIT 1""")
        )
    if layer.key == "patrol_route":
        connection.execute(
            text("""
                INSERT INTO patrol_route (name, unit_id, length_m, moving_s, geom)
                SELECT 'x', u.id, 1, 1, ST_ExteriorRing(ST_GeometryN(u.geom, 1)) FROM unit u
                WHERE u.level = 'community' LIMIT 1""")
        )
    some = connection.execute(text(f"SELECT min(id) FROM {layer.table}")).scalar_one()
    details = describe(connection, layer, some)
    assert details.geometry.startswith('{"type"')
    with pytest.raises(NotFoundError):
        describe(connection, layer, -1)


def test_details_count_what_lies_within(connection: Connection) -> None:
    cell = search(connection, "990101001001001")[0][0]
    details = describe(connection, find_layer("cell"), cell.id)
    facts = {field.label: value for field, value in details.fields}
    assert (facts["Buildings"], facts["Places"], facts["Incidents"]) == (1, 1, 4)


def test_the_pairs_of_the_index_are_those_of_a_word(connection: Connection) -> None:
    grams = connection.execute(text("SELECT search_grams('幸福Ab', NULL, '3')")).scalar_one()
    assert {"幸", "幸福", "福a", "ab", "3"} <= set(grams)


@pytest.mark.parametrize("wanted", ["福", "幸福", "民路1", "福楼", "路1号", "9900", "A-7"])
def test_the_index_finds_what_reading_every_row_finds(connection: Connection, wanted: str) -> None:
    connection.execute(text("UPDATE building SET external_id = 'A-7' WHERE name = '幸福楼'"))
    # Many other rows make the index worth its while.
    connection.execute(
        text(
            "INSERT INTO building (source, external_id, name, geom) SELECT 'many', n::text, "
            "'桥头' || n, ST_SetSRID(ST_MakePoint(0, 0), 4326) FROM generate_series(1, 3000) n"
        )
    )
    connection.execute(text("ANALYZE building"))
    expected = connection.execute(
        text(
            "SELECT count(*) FROM building "
            "WHERE concat_ws(' ', name, address, external_id) ILIKE '%' || :wanted || '%'"
        ),
        {"wanted": wanted},
    ).scalar_one()
    found, _ = search(connection, wanted)
    assert sum(hit.layer == "building" for hit in found) == min(expected, PAGE)
