from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from gridmap.hotspots.exposure import explained

AREA, HOMES = np.array([0.25, 0.25, 0.25, 0.25]), np.array([0.5, 0.5, 0.0, 0.0])


def test_one_exposure_explains_all_where_the_counts_follow_it() -> None:
    assert explained(np.array([5, 5, 5, 5]), AREA, HOMES) == pytest.approx(AREA, abs=2e-3)
    assert explained(np.array([7, 7, 0, 0]), AREA, HOMES) == pytest.approx(HOMES, abs=2e-3)


def test_a_mixture_by_hand() -> None:
    # Of 20, eight lie where nobody lives, so twice as many, 16, come from the area.
    share = explained(np.array([6, 6, 4, 4]), AREA, HOMES)
    assert share == pytest.approx(0.8 * AREA + 0.2 * HOMES, abs=1e-5)
    assert share == pytest.approx([0.3, 0.3, 0.2, 0.2], abs=1e-5)


@given(st.lists(st.integers(0, 50), min_size=5, max_size=5).filter(any), st.integers(0, 99))
def test_no_other_weights_are_likelier(counts: list[int], seed: int) -> None:
    parts = np.random.default_rng(seed).dirichlet(np.ones(5), 2)
    n = np.array(counts)

    def deviance(weight: float) -> float:
        return -float(n @ np.log(weight * parts[0] + (1 - weight) * parts[1]))

    share = explained(n, *parts)
    assert share.sum() == pytest.approx(1)
    best = optimize.minimize_scalar(deviance, bounds=(0, 1), method="bounded").fun
    assert -float(n @ np.log(share)) <= best + 1e-3
