"""Bandwidths by rule."""

import numpy as np
import pytest

from gridmap.hotspots.bandwidths import cross_validated, scott, silverman
from gridmap.hotspots.faults import Reason, Unsuitable

RNG = np.random.default_rng(17)
X, Y = RNG.normal(0, 400, 600), RNG.normal(0, 400, 600)


def least_squares_score(x: np.ndarray, y: np.ndarray, h: float) -> float:
    """Bowman's score over all pairs, as it is written."""
    n = len(x)
    away2 = (x[:, None] - x) ** 2 + (y[:, None] - y) ** 2

    def kernel(deviation: float) -> np.ndarray:
        return np.exp(-away2 / (2 * deviation**2)) / (2 * np.pi * deviation**2)

    others = kernel(h).sum() - n / (2 * np.pi * h**2)
    return float(kernel(np.sqrt(2) * h).sum() / n**2 - 2 * others / (n * (n - 1)))


def test_rules_of_a_normal_heap_are_their_formula() -> None:
    expected = 400 * 600 ** (-1 / 6)
    assert scott(X, Y) == pytest.approx(expected, rel=0.05)
    assert silverman(X, Y) == pytest.approx(expected, rel=0.08)


def test_far_points_widen_scott_and_not_silverman() -> None:
    x, y = np.append(X, [50_000.0] * 5), np.append(Y, [50_000.0] * 5)
    assert scott(x, y) > 5 * scott(X, Y)
    assert silverman(x, y) == pytest.approx(silverman(X, Y), rel=0.05)


def test_most_points_at_one_place_leave_silverman_the_deviation() -> None:
    x, y = np.append(X, np.zeros(5000)), np.append(Y, np.zeros(5000))
    assert silverman(x, y) == pytest.approx(scott(x, y))


@pytest.mark.parametrize("heaps", [1, 9])
def test_cross_validation_finds_the_least_of_its_score(heaps: int) -> None:
    rng = np.random.default_rng(heaps)
    middle = rng.integers(0, 3, (2, 600)) * 4000 * (heaps > 1)
    x, y = middle + rng.normal(0, 300, (2, 600))
    found = cross_validated(x, y)
    tried = np.geomspace(30, 2000, 200)
    scores = [least_squares_score(x, y, h) for h in tried]
    best = tried[int(np.argmin(scores))]
    assert found == pytest.approx(best, rel=0.05)
    assert least_squares_score(x, y, found) <= min(scores) * (1 - 1e-3)
    if heaps > 1:
        assert found < 0.25 * scott(x, y)


def test_repeats_at_one_place_do_not_shrink_it_to_nothing() -> None:
    once = cross_validated(X, Y)
    again = cross_validated(np.append(X, [X[0]] * 300), np.append(Y, [Y[0]] * 300))
    assert again == pytest.approx(once)


@pytest.mark.parametrize("rule", [scott, silverman, cross_validated])
def test_rules_need_points_at_several_places(rule: object) -> None:
    with pytest.raises(Unsuitable) as fault:
        rule(X[:9], Y[:9])  # type: ignore[operator]
    assert fault.value.reason is Reason.TOO_FEW
    with pytest.raises(Unsuitable) as fault:
        rule(np.full(50, 3.0), np.full(50, 4.0))  # type: ignore[operator]
    assert fault.value.reason is Reason.ONE_PLACE


@pytest.mark.parametrize("rule", [scott, silverman, cross_validated])
def test_rules_turn_and_grow_with_the_points(rule: object) -> None:
    h = rule(X, Y)  # type: ignore[operator]
    assert rule(Y + 5e6, X - 3e5) == pytest.approx(h, rel=1e-3)  # type: ignore[operator]
    assert rule(3 * X, 3 * Y) == pytest.approx(3 * h, rel=1e-3)  # type: ignore[operator]


def test_a_search_for_a_bandwidth_says_how_far_it_is() -> None:
    told: list[float] = []
    x, y = np.random.default_rng(1).normal(0, 100, (2, 500))
    assert cross_validated(x, y, told.append) == cross_validated(x, y)
    assert told == sorted(told)
    assert 0.6 < told[-1] <= 1
