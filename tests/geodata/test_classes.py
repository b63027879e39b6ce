"""Classes of a map that a person can read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from geodata.classes import CLASSES, class_of, round_breaks


def test_quantiles_become_round() -> None:
    assert round_breaks(list(range(1, 101))) == [20, 40, 60, 80]
    assert round_breaks([3, 3, 3]) == []
    assert round_breaks([]) == []
    assert len(round_breaks([10, 200, 3000])) == 2


@given(st.lists(st.integers(0, 100_000), max_size=60))
def test_every_value_has_a_class_and_breaks_rise(values: list[int]) -> None:
    breaks = round_breaks([float(value) for value in values])
    assert breaks == sorted(set(breaks))
    assert len(breaks) < CLASSES
    classes = [class_of(value, breaks) for value in sorted(values)]
    assert classes == sorted(classes)
    assert all(0 <= one < CLASSES for one in classes)
