"""What a page sends is read exactly, and what cannot be a route is refused with a sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.messages import GeodataError
from gridmap.errors import GridmapError, ParameterError
from gridmap.patrols.routes.drafts import MOST_POINTS, read_draft, read_line
from tests.gridmap.patrols.routes.conftest import at, draft, sent, stop


def test_legs_are_joined_and_each_click_knows_its_vertex() -> None:
    given_ = sent((0, 0), (1, 0), (1, 1))
    given_["legs"][0].insert(1, at(0.5, 0.1))
    read = read_draft(given_)
    assert read.line.tolist() == [at(0, 0), at(0.5, 0.1), at(1, 0), at(1, 1)]
    assert [point.end for point in read.waypoints] == [0, 2, 3]
    assert [point.streets for point in read.waypoints] == [(), ("东街",), ("东街",)]
    assert read.notices == ()


def test_a_line_that_crosses_itself_is_allowed_and_told() -> None:
    crossing = draft((0, 0), (2, 2), (2, 0), (0, 2))
    assert [str(notice) for notice in crossing.notices] == [
        "The route crosses itself or uses a street twice, which may be meant."
    ]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"waypoints": []}, "two points at least"),
        ({"legs": []}, "cannot be understood"),
        ({"legs": [[["x", 1]]]}, "cannot be understood"),
        ({"legs": [[[116, 28, 3], [116, 29, 3]]]}, "cannot be understood"),
        ({"legs": [[[116, 28], [116, 128]]]}, "not on the globe"),
        ({"legs": [[[116, 28], [116, 28]]]}, "two points at least"),
        ({"name": " "}, "name of up to 80"),
        ({"name": "x" * 81}, "name of up to 80"),
        ({"kind": "secret"}, "kind"),
        ({"mode": "horse"}, "mode"),
        ({"team": "no"}, "team"),
        ({"colour": "red"}, "red is no colour"),
        ({"notes": "x" * 5000}, "longer than 4000"),
        ({"stops": [{"lon": 1}]}, "cannot be understood"),
        ({"stops": ["x"]}, "cannot be understood"),
        ({"stops": [stop(1, 1, dwell_min=721)]}, "Stop 1: give minutes from 0 to 720"),
        ({"stops": [stop(1, 1), stop(1, 1, opens="25:00")]}, "Stop 2: write hours"),
        ({"stops": [stop(1, 1, opens="08:00", closes="08:00")]}, "ends when it begins"),
        ({"stops": [stop(1, 1)] * 201}, "at most 200 stops"),
        ({"notes": "11010519491231002X"}, "identity-card"),
    ],
)
def test_what_cannot_be_a_route_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(GeodataError, match=sentence):
        read_draft(sent((0, 0), (1, 0)) | changes)


def test_a_hundred_thousand_points_are_too_many() -> None:
    line = np.linspace(at(0, 0), at(4, 2), 100_000).tolist()
    with pytest.raises(GridmapError, match=f"100,000 points, and a route at most {MOST_POINTS:,}"):
        read_line(line)
    given_ = sent((0, 0), (4, 2)) | {"legs": [line]}
    with pytest.raises(GridmapError, match="100,000 points"):
        read_draft(given_)


def test_a_fault_names_its_field() -> None:
    with pytest.raises(ParameterError) as refused:
        read_draft(sent((0, 0), (1, 0)) | {"colour": "#12"})
    assert refused.value.parameter == "colour"


spots = st.tuples(st.integers(0, 40), st.integers(0, 20)).map(lambda p: (p[0] / 10, p[1] / 10))


@given(st.lists(spots, min_size=2, max_size=12))
def test_the_line_passes_every_click_in_order(clicks: list[tuple[float, float]]) -> None:
    if len(set(clicks)) < 2:
        with pytest.raises(GridmapError):
            read_draft(sent(*clicks))
        return
    read = read_draft(sent(*clicks))
    assert [read.line[point.end].tolist() for point in read.waypoints] == [at(*p) for p in clicks]


@given(st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["lon", "lat", "free", "streets", "opens", "dwell_min"]), inner, max_size=4
    ),
    max_leaves=12,
))  # fmt: skip
def test_whatever_is_sent_is_read_or_refused(rubbish: Any) -> None:
    for field in ("waypoints", "legs", "stops", "name", "kind", "colour", "team", "notes"):
        refused = None
        try:
            read = read_draft(sent((0, 0), (1, 0)) | {field: rubbish})
        except GeodataError as error:
            refused = error
        assert str(refused) if refused else len(read.line) > 1
