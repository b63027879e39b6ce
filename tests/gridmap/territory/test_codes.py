from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.errors import ConflictError, GridmapError
from gridmap.territory.codes import FifteenDigits, code_scheme

COMMUNITY = "990001001001"
DIGITS = FifteenDigits()


def test_west_to_east_then_north_to_south() -> None:
    # Two columns of two, written in no order: south-east, north-west, north-east, south-west.
    points = np.array([[116.2, 28.1], [116.1, 28.2], [116.2, 28.2], [116.1, 28.1]])
    codes = DIGITS.number(COMMUNITY, points, ())
    assert [code[-3:] for code in codes] == ["004", "001", "003", "002"]


def test_a_later_cell_does_not_renumber() -> None:
    later = DIGITS.number(COMMUNITY, np.array([[0.0, 0.0]]), [COMMUNITY + "001", COMMUNITY + "007"])
    assert later == [COMMUNITY + "008"]


def test_serials_run_out() -> None:
    with pytest.raises(ConflictError, match="no serial numbers left for 2 more cells"):
        DIGITS.number(COMMUNITY, np.zeros((2, 2)), [COMMUNITY + "998"])


@pytest.mark.parametrize("code", ["99000100100100", "99000100100100A", "990001001002001"])
def test_faults_are_named(code: str) -> None:
    assert code in str(DIGITS.fault(code, COMMUNITY))


@given(st.lists(st.tuples(st.floats(73, 135), st.floats(18, 54)), max_size=50))
def test_numbers_are_unique_and_their_order_is_that_of_the_map(
    points: list[tuple[float, float]],
) -> None:
    coordinates = np.array(points, dtype=float).reshape(-1, 2)
    codes = DIGITS.number(COMMUNITY, coordinates, ())
    assert sorted(codes) == [f"{COMMUNITY}{n:03d}" for n in range(1, len(points) + 1)]
    by_code = coordinates[np.argsort(codes)] if points else coordinates
    assert np.all(np.diff(by_code[:, 0]) >= -1e-6)


def test_a_scheme_is_found_by_name() -> None:
    assert code_scheme("digits15").fault(COMMUNITY + "001", COMMUNITY) is None
    with pytest.raises(GridmapError, match="Installed are: digits15"):
        code_scheme("roman")
