"""ST-DBSCAN equals its definition, whatever the order of the points and the number of threads."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.hotspots import parallel
from gridmap.hotspots import st_dbscan as module
from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.st_dbscan import st_dbscan


def definition(x: Any, y: Any, t: Any, radius: float, days: float, min_points: int) -> Any:
    """Cluster by the definition, with a full matrix of who is near to whom."""
    away = (x[:, None] - x) ** 2 + (y[:, None] - y) ** 2
    near = (away <= radius**2) & (abs(t[:, None] - t) <= days)
    core = near.sum(axis=1) >= min_points
    labels = np.full(len(x), -1)
    number = 0
    for seed in np.flatnonzero(core):
        if labels[seed] < 0:
            reached = [seed]
            for point in reached:
                if labels[point] < 0:
                    labels[point] = number
                    reached.extend(np.flatnonzero(near[point] & core & (labels < 0)))
            number += 1
    for point in np.flatnonzero(~core):
        choices = np.flatnonzero(near[point] & core)
        if choices.size:
            labels[point] = labels[min(
                choices,
                key=lambda c: (away[point, c], abs(t[point] - t[c]), t[c], x[c], y[c]),
            )]  # fmt: skip
    return labels


def crowd(seed: int, size: int = 250) -> tuple[Any, Any, Any]:
    """Make clumps in noise; every other time on whole metres and days, where much is equal."""
    rng = np.random.default_rng(seed)
    home = rng.uniform(0, 1000, (8, 3))
    points = home[rng.integers(0, 8, size)] + rng.normal(0, 40, (size, 3))
    points[: size // 3] = rng.uniform(0, 1000, (size // 3, 3))
    if seed % 2:
        points = np.round(points / 10) * 10
    return points[:, 0], points[:, 1], points[:, 2] / 10


@pytest.mark.parametrize("min_points", [1, 2, 4, 9])
@pytest.mark.parametrize("seed", range(8))
def test_it_equals_the_definition(seed: int, min_points: int) -> None:
    x, y, t = crowd(seed)
    found = st_dbscan(x, y, t, radius=50, days=4, min_points=min_points)
    assert found.tolist() == definition(x, y, t, 50, 4, min_points).tolist()
    assert found.max() > 0


@pytest.mark.parametrize("seed", range(4))
def test_it_equals_scikit_learn_with_the_greater_of_both_distances(seed: int) -> None:
    """Border points aside, which scikit-learn gives to the cluster that comes to them first."""
    from sklearn.cluster import DBSCAN

    x, y, t = crowd(seed, 800)
    space = np.hypot(x[:, None] - x, y[:, None] - y) / 50
    time = abs(t[:, None] - t) / 4
    model = DBSCAN(eps=1, min_samples=5, metric="precomputed").fit(np.maximum(space, time))
    found = st_dbscan(x, y, t, radius=50, days=4, min_points=5)
    assert ((found >= 0) == (model.labels_ >= 0)).all()
    core = model.core_sample_indices_
    pairs = set(zip(found[core].tolist(), model.labels_[core].tolist(), strict=True))
    assert len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs}) > 1


def test_without_time_it_equals_scikit_learn_in_space() -> None:
    from sklearn.cluster import DBSCAN

    x, y, t = crowd(2, 3000)
    model = DBSCAN(eps=30, min_samples=6).fit(np.column_stack((x, y)))
    found = st_dbscan(x, y, 0 * t, radius=30, days=1, min_points=6)
    assert found.max() == model.labels_.max() > 3
    assert ((found >= 0) == (model.labels_ >= 0)).all()


@given(seed=st.integers(0, 999), shuffle=st.integers(0, 999))
def test_the_order_of_the_points_changes_nothing(seed: int, shuffle: int) -> None:
    x, y, t = crowd(seed)
    order = np.random.default_rng(shuffle).permutation(x.size)
    found = st_dbscan(x, y, t, radius=45, days=3, min_points=4)
    again = np.empty_like(found)
    again[order] = st_dbscan(x[order], y[order], t[order], radius=45, days=3, min_points=4)
    assert ((found < 0) == (again < 0)).all()
    pairs = set(zip(found.tolist(), again.tolist(), strict=True))
    assert len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs})


@pytest.mark.parametrize("threads", [1, 3])
def test_the_number_of_threads_and_pieces_changes_nothing(
    threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y, t = crowd(6, 2000)
    whole = st_dbscan(x, y, t, radius=40, days=3, min_points=5)
    monkeypatch.setattr(parallel, "cores", lambda: threads)
    monkeypatch.setattr(module, "BOXES", 7)
    shares: list[float] = []
    again = st_dbscan(x, y, t, radius=40, days=3, min_points=5, tick=shares.append)
    assert again.tolist() == whole.tolist()
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_five_in_a_street_within_a_week_are_one_cluster_and_the_later_ones_another() -> None:
    """Radius and days belong to the neighbourhood; one metre or one day more does not."""
    x = np.array([0.0, 100, 200, 300, 400, 0, 100, 200, 501, 900])
    t = np.array([0.0, 7, 3, 4, 0, 15, 15, 15, 0, 0])
    found = st_dbscan(x, 0 * x, t, radius=100, days=7, min_points=2)
    assert found.tolist() == [0, 0, 0, 0, 0, 1, 1, 1, -1, -1]


def test_a_border_point_goes_to_the_nearest_core_point() -> None:
    """The point at 90 is near to the core points at 0 and at 170, and nearer to the latter."""
    x = np.array([0.0, -5, -6, -7, 90, 170, 185, 186, 187])
    for order in itertools.permutations(range(4)):
        mixed = np.array([*order, *range(4, 9)])
        found = st_dbscan(x[mixed], 0 * x, 0 * x, radius=90, days=1, min_points=4)
        assert found[4] == found[5] == 1
        assert found[0] == 0


def test_what_cannot_be_clustered_is_refused() -> None:
    with pytest.raises(Unsuitable) as refused:
        st_dbscan([], [], [], radius=1, days=1, min_points=3)
    assert refused.value.reason is Reason.TOO_FEW
    with pytest.raises(Unsuitable) as refused:
        st_dbscan([0, 1e6], [0, 1e6], [0, 1e4], radius=1e-3, days=1e-3, min_points=3)
    assert refused.value.reason is Reason.RADIUS_TOO_SMALL
    with pytest.raises(ValueError, match="over 0"):
        st_dbscan([0], [0], [0], radius=0, days=1, min_points=3)
