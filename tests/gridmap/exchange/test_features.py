"""Features for other programs, over a field of 4 by 2 units with two cells."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.errors import GridmapError, NotFoundError
from gridmap.exchange import cql
from gridmap.exchange.collections import CELLS, COLLECTIONS, INCIDENTS, UNITS
from gridmap.exchange.cql_reading import parse
from gridmap.exchange.cursors import Sort
from gridmap.exchange.features import Query, find_feature, find_page
from gridmap.exchange.grant import Grant, LayerGrant
from gridmap.exchange.periods import Period
from gridmap.exchange.visible import check_times, queryables
from gridmap.territory.models import Cell
from gridmap.territory.scope import Scope
from tests.gridmap.conftest import Field, point

WHOLE = Grant("town", {key: LayerGrant() for key in COLLECTIONS})


def features(field: Field, query: Query, grant: Grant = WHOLE, key: str = "incidents") -> list[Any]:
    """Follow all pages and return their features."""
    found: list[Any] = []
    while True:
        field.session.flush()
        page = find_page(field.session.connection(), COLLECTIONS[key], grant, query)
        part = json.loads(b"[" + page.features + b"]")
        assert len(part) == page.count <= query.limit
        found += part
        if page.next is None:
            return found
        query = replace(query, cursor=page.next)


def numbers(found: list[Any]) -> list[str]:
    return [one["properties"]["external_id"] for one in found]


def condition(words: str, grant: Grant = WHOLE) -> tuple[cql.Condition, ...]:
    tree = parse(words, "cql2-text")
    return (cql.translate(tree, queryables(INCIDENTS, grant), "t.geom"),)


@pytest.fixture
def three(field: Field, halves: Callable[[], tuple[Cell, Cell]]) -> Field:
    """Incidents a (west), b (east) and c (outside all cells), a day after each other."""
    halves()
    for number, (name, x) in enumerate((("a", 1), ("b", 3), ("c", 9))):
        at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=number)
        field.session.execute(
            text(
                "INSERT INTO incident (external_id, category_id, occurred_at, geom, source) "
                "VALUES (:name, :category, :at, ST_GeomFromText(:wkt, 4326), 'x')"
            ),
            {"name": name, "category": field.category.id, "at": at, "wkt": point(x, 1).wkt},
        )
    return field


def test_a_feature_tells_its_place_and_where_it_belongs(three: Field) -> None:
    west = features(three, Query())[0]
    place = point(1, 1)
    assert west["geometry"] == {
        "type": "Point", "coordinates": [pytest.approx(place.x), pytest.approx(place.y)],
    }  # fmt: skip
    assert west["properties"] == {
        "external_id": "a",
        "category": "B1",
        "occurred_at": "2026-03-01T00:00:00+00:00",
        "ended_at": None,
        "source": "x",
        "cell_code": "990001001001001",
        "community_code": "990001001001",
    }


@pytest.mark.parametrize("limit", [250, 251, 600, 601, 700])
def test_a_page_is_whole_wherever_its_blocks_end(field: Field, limit: int) -> None:
    """601 rows are two blocks of 250 and a part; pages end within them, at their ends and past."""
    field.session.execute(
        text(
            "INSERT INTO incident (external_id, category_id, occurred_at, geom, source) "
            "SELECT '桥' || n, :category, '2026-03-01Z', ST_GeomFromText(:wkt, 4326), 'x' "
            "FROM generate_series(1, 601) n"
        ),
        {"category": field.category.id, "wkt": point(1, 1).wkt},
    )
    found = features(field, Query(limit=limit))
    assert numbers(found) == [f"桥{number}" for number in range(1, 602)]


def test_pages_stay_right_while_rows_are_written(three: Field) -> None:
    connection = three.session.connection()
    first = find_page(connection, INCIDENTS, WHOLE, Query(limit=1))
    three.session.execute(text("DELETE FROM incident WHERE external_id = 'a'"))
    three.session.execute(
        text(
            "INSERT INTO incident (external_id, category_id, occurred_at, geom, source) "
            "SELECT 'd', category_id, occurred_at, geom, source FROM incident "
            "WHERE external_id = 'b'"
        )
    )
    rest = features(three, Query(limit=1, cursor=first.next))
    assert numbers(rest) == ["b", "c", "d"]


@pytest.mark.parametrize("descending", [False, True])
def test_missing_values_have_a_place_in_the_order(three: Field, descending: bool) -> None:
    column = INCIDENTS.by_name["cell_code"]
    found = features(three, Query(limit=1, sorts=(Sort(column, descending),)))
    assert numbers(found) == (["c", "b", "a"] if descending else ["a", "b", "c"])


def test_a_grant_ends_at_its_period_in_local_days(three: Field) -> None:
    # 1 March 00:00 UTC is 8 o'clock of the same day in Shanghai.
    grant = replace(WHOLE, first=date(2026, 3, 2), last=date(2026, 3, 2))
    assert numbers(features(three, Query(), grant)) == ["b"]


def test_a_grant_ends_at_its_area(three: Field) -> None:
    nothing = replace(WHOLE, scope=Scope(()), units=frozenset())
    own = replace(WHOLE, scope=Scope((three.community.id,)), units=frozenset({three.community.id}))
    assert numbers(features(three, Query(), own)) == ["a", "b"]
    assert features(three, Query(), nothing) == []
    units = features(three, Query(), own, "units")
    assert [one["properties"]["code"] for one in units] == ["990001001001"]
    outside = features(three, Query(), WHOLE)[2]["id"]
    with pytest.raises(NotFoundError):
        find_feature(three.session.connection(), INCIDENTS, own, outside, Query())
    with pytest.raises(NotFoundError):
        find_page(three.session.connection(), CELLS, Grant("none"), Query())


def test_fields_that_were_not_granted_cannot_be_asked_for(three: Field) -> None:
    grant = replace(WHOLE, layers={"incidents": LayerGrant(fields=frozenset({"external_id"}))})
    found = features(three, Query(limit=1), grant)[0]
    assert found["properties"] == {"external_id": "a"}
    with pytest.raises(GridmapError, match="category"):
        condition("category = 'B1'", grant)


def test_cells_are_told_as_of_a_day(three: Field) -> None:
    three.session.execute(text("UPDATE cell SET valid_to = '2026-02-01' WHERE code LIKE '%002'"))
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    before = datetime(2026, 1, 15, tzinfo=UTC)
    codes = [
        [
            one["properties"]["code"][-3:]
            for one in features(three, Query(times=Period(at, at)), WHOLE, "cells")
        ]
        for at in (now, before)
    ]
    assert codes == [["001"], ["001", "002"]]


def test_a_page_that_holds_all_tells_how_many_match(three: Field) -> None:
    page = find_page(three.session.connection(), UNITS, WHOLE, Query())
    assert page.matched == page.count == 3


_NAMES = st.sampled_from(["external_id", "category", "source", "cell_code", "occurred_at", "no"])
_VALUES = st.one_of(
    st.text(max_size=5), st.floats(allow_nan=False, allow_infinity=False), st.booleans(),
    st.sampled_from(["a", "B1", "2026-03-02T00:00:00Z"]),
)  # fmt: skip
_LEAVES = st.builds(
    lambda op, name, value: {"op": op, "args": [{"property": name}, value]},
    st.sampled_from(["=", "<>", "<", ">=", "like", "t_after", "s_within", "in", "+"]),
    _NAMES,
    _VALUES,
)
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.builds(
        lambda op, args: {"op": op, "args": args},
        st.sampled_from(["and", "or", "not", "isNull", "between"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(tree=_TREES)
def test_any_tree_is_answered_or_refused_with_a_sentence(three: Field, tree: Any) -> None:
    try:
        chosen = cql.translate(tree, queryables(INCIDENTS, WHOLE), "t.geom")
    except GridmapError:
        return
    found = numbers(features(three, Query(conditions=(chosen,))))
    assert set(found) <= {"a", "b", "c"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("external_id IN ('a','c')", ["a", "c"]),
        ("'b' = external_id", ["b"]),
        ("external_id BETWEEN 'a' AND 'b'", ["a", "b"]),
        ("NOT (cell_code LIKE '%001')", ["b"]),
        # c lies in no cell, so that it is unknown whether a condition on one holds.
        ("NOT (cell_code = 'no such code')", ["a", "b"]),
        ("NOT (cell_code IN ('no', 'such'))", ["a", "b"]),
        ("NOT (cell_code BETWEEN 'no' AND 'none')", ["a", "b"]),
        ("NOT (NOT (cell_code = 'no such code'))", []),
        ("NOT (CASEI(cell_code) LIKE 'no%')", ["a", "b"]),
        ("NOT (cell_code = 'no' AND external_id <> 'a')", ["a", "b"]),
        ("cell_code = 'no' OR NOT (cell_code = 'no')", ["a", "b"]),
        ("cell_code = community_code", []),
        ("cell_code <> community_code", ["a", "b"]),
        ("occurred_at > DATE('2026-03-02')", ["b", "c"]),
        ("T_BEFORE(occurred_at, TIMESTAMP('2026-03-02T00:00:00Z'))", ["a"]),
        ("T_INTERSECTS(occurred_at, INTERVAL('2026-03-02','..'))", ["b", "c"]),
        ("T_INTERSECTS(INTERVAL(occurred_at,'..'), INTERVAL('2026-03-02','..'))", ["a", "b", "c"]),
        ("T_BEFORE(INTERVAL('..',occurred_at), DATE('2026-03-02'))", ["a"]),
        # Without its end no span is known.
        ("T_BEFORE(INTERVAL(occurred_at,ended_at), DATE('2027-03-02'))", []),
        ("S_INTERSECTS(geometry, BBOX(-180,-90,180,90)) AND external_id = 'c'", ["c"]),
        ("S_DISJOINT(geometry, BBOX(-180,-90,180,90))", []),
        ("CASEI(external_id) = CASEI('A')", ["a"]),
        ("external_id = 'o''; DROP TABLE incident'", []),
    ],
)
def test_conditions_choose_by_hand(three: Field, words: str, expected: list[str]) -> None:
    assert sorted(numbers(features(three, Query(conditions=condition(words))))) == expected


@pytest.mark.parametrize(
    "words",
    ["(" * 30 + "external_id = 'a'", "(" * 12 + "external_id = 'a'" + ")" * 12,
     "(" * 2000 + "1=1" + ")" * 2000, "NOT " * 30 + "external_id = 'a'", "external_id = 'a')",
     "S_INTERSECTS(geometry, POINT EMPTY)", "S_INTERSECTS(geometry, POLYGON((1 2)))",
     " + ".join(["1"] * 400) + " = 1", "reporter = 'x'", "external_id LIKE 3"],
)  # fmt: skip
def test_what_would_take_long_or_fail_is_refused(words: str) -> None:
    with pytest.raises(GridmapError):
        condition(words)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("external_id LIKE cell_code", []),
        ("cell_code LIKE community_code", []),
        ("cell_code BETWEEN community_code AND '999999999999999'", ["a", "b"]),
        ("community_code IN (community_code, cell_code)", ["a", "b"]),
        ("external_id = '((((((((((((((('", []),
    ],
)
def test_properties_are_compared_with_each_other(
    three: Field, words: str, expected: list[str]
) -> None:
    assert sorted(numbers(features(three, Query(conditions=condition(words))))) == expected


def test_an_empty_conjunction_is_refused() -> None:
    with pytest.raises(GridmapError):
        cql.translate({"op": "and", "args": []}, queryables(INCIDENTS, WHOLE), "t.geom")


def test_a_time_that_is_not_told_chooses_nothing() -> None:
    grant = replace(WHOLE, layers={"incidents": LayerGrant(fields=frozenset({"category"}))})
    day = date(2026, 3, 1)
    with pytest.raises(GridmapError, match="not told"):
        check_times(INCIDENTS, grant, Period(day, day))


def test_what_is_written_as_it_is_holds_nothing_to_escape(session: Session) -> None:
    constraints = "\n".join(
        session.scalars(
            text("""
                SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid)
                FROM pg_constraint WHERE contype = 'c'""")
        )
    ).splitlines()
    plain = {
        column.lookup.table if column.lookup else one.table
        for one in COLLECTIONS.values()
        for column in one.columns
        if column.plain
    }
    assert plain
    for table in plain:
        own = [one for one in constraints if one.startswith(f"{table} CHECK")]
        assert any("^[0-9]{12}$" in one or '\\x1f\\x7f"' in one for one in own), table
