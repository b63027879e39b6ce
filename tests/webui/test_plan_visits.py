"""Lines of a plan's table, and what is decided of them for the next plan."""

from __future__ import annotations

from typing import Any

import pytest

from gridmap.errors import GridmapError
from gridmap.patrols.plans.wishes import Keep
from webui.plans.visits import decided, together


def visit(of: str, kind: str, name: str, begins: int, number: int = 0) -> dict[str, Any]:
    return {"of": of, "number": number, "kind": kind, "name": name, "begins": begins}


VISITS = [
    visit("hot:3", "hot", "夜市", 68_400, number=1),
    visit("street:1", "street", "东街", 69_000),
    visit("street:2", "street", "东街", 69_100),
    visit("street:9", "street", "北巷", 69_200),
    visit("", "break", "", 69_300),
    visit("street:3", "street", "东街", 70_000),
]


def test_the_segments_of_a_street_that_follow_are_one_line() -> None:
    numbers = [[number for number, _ in line] for line in together(VISITS)]
    assert numbers == [[1], [2, 3], [4], [5], [6]]


def test_what_is_decided_of_a_line_holds_for_all_its_segments() -> None:
    form = {"visit-street:1-0": "pin", "visit-street:3-0": "out", "visit-street:9-0": "4"}
    assert decided(VISITS, 2, form) == [
        Keep(of="street:1", act="pin", team=2, begins_s=69_000),
        Keep(of="street:2", act="pin", team=2, begins_s=69_100),
        Keep(of="street:9", act="team", team=4),
        Keep(of="street:3", act="out"),
    ]


def test_the_second_visit_of_a_hot_place_is_kept_as_the_second() -> None:
    assert decided(VISITS, 0, {"visit-hot:3-1": "pin"}) == [
        Keep(of="hot:3", number=1, act="pin", team=0, begins_s=68_400)
    ]


def test_what_is_no_team_is_refused() -> None:
    with pytest.raises(GridmapError):
        decided(VISITS, 0, {"visit-hot:3-1": "x"})
