"""The space-time cube and its Gi*."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from gridmap.hotspots.cube import make_cube, period_starts, space_time_gi_star
from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.weights import Weights


def day(text: str) -> np.datetime64:
    return np.datetime64(text, "D")


def row_of_places(n: int) -> Weights:
    """Each place with itself and its neighbours left and right."""
    return sparse.csr_array(sparse.diags_array([np.ones(n - 1), np.ones(n), np.ones(n - 1)],
                                               offsets=[-1, 0, 1]))  # fmt: skip


def test_months_are_whole_months_of_the_calendar() -> None:
    starts = period_starts(day("2023-12-02"), day("2024-03-31"), "month")
    assert starts.tolist() == [day(f"2024-0{m}-01").item() for m in (1, 2, 3, 4)]
    assert len(period_starts(day("2024-01-02"), day("2024-02-28"), "month")) == 1


def test_weeks_are_counted_back_from_the_last_day() -> None:
    starts = period_starts(day("2024-01-01"), day("2024-01-16"), "week")
    assert starts.tolist() == [day(f"2024-01-{d:02}").item() for d in (3, 10, 17)]


@given(st.integers(0, 400), st.integers(0, 900), st.sampled_from(["day", "week", "month"]))
def test_periods_are_whole_and_within_the_span(begin: int, length: int, kind: str) -> None:
    first = day("2020-02-10") + begin
    last = first + length
    starts = period_starts(first, last, kind)
    if len(starts) > 1:
        assert starts[0] >= first
        assert starts[-1] <= last + 1
        sizes = np.diff(starts).astype(int)
        assert set(sizes) <= {"day": {1}, "week": {7}, "month": {28, 29, 30, 31}}[kind]
        most = {"day": 1, "week": 7, "month": 31}[kind]
        assert (starts[0] - first).astype(int) < most
    if kind == "month":
        assert (starts.astype("datetime64[M]").astype("datetime64[D]") == starts).all() or len(
            starts
        ) == 1


def test_incidents_are_counted_where_and_when_they_were() -> None:
    starts = period_starts(day("2024-01-01"), day("2024-02-29"), "month")
    time = np.array(
        ["2023-12-31T23:59:59", "2024-01-01T00:00:00", "2024-01-31T23:59:59",
         "2024-02-01T00:00:00", "2024-03-01T00:00:00", "2024-02-10T00:00:00"],
        dtype="datetime64[s]",
    )  # fmt: skip
    cube = make_cube(np.array([0, 0, 0, 1, 1, -1]), time, 2, starts)
    assert cube.counts.tolist() == [[2, 0], [0, 1]]


@pytest.mark.parametrize("back", [0, 1, 2, 9])
def test_scores_are_those_of_the_definition(back: int) -> None:
    rng = np.random.default_rng(1)
    values = rng.poisson(2, (5, 6)).astype(float)
    weights = row_of_places(5)
    weights.data = rng.uniform(0.5, 2, weights.nnz)
    found = space_time_gi_star(values, weights, periods_back=back)
    dense, n = weights.toarray(), values.size
    for i in range(5):
        for t in range(6):
            w = np.zeros(values.shape)
            for u in range(max(0, t - back), t + 1):
                w[:, u] = dense[i]
            expected = w.sum() * values.mean()
            spread = values.std() * np.sqrt((n * (w**2).sum() - w.sum() ** 2) / (n - 1))
            assert found[i, t] == pytest.approx(((w * values).sum() - expected) / spread)


def test_without_previous_periods_and_with_one_period_it_is_gi_star() -> None:
    values = np.array([[0.0], [1], [5], [6], [0], [0]])
    z = space_time_gi_star(values, row_of_places(6), periods_back=3)[:, 0]
    # At place 2: 12 of 12 at 3 of 6 places; (12 - 3 * 2) / (sqrt(62/6 - 4) * sqrt(9 / 5)).
    assert z[2] == pytest.approx(6 / np.sqrt((62 / 6 - 4) * 9 / 5))


def test_a_bin_whose_neighbours_are_all_has_no_score() -> None:
    z = space_time_gi_star(np.array([[1, 2], [3, 5]]), row_of_places(2), periods_back=1)
    assert np.isnan(z[:, 1]).all()
    assert not np.isnan(z[:, 0]).any()


def test_what_has_no_scores_is_told() -> None:
    with pytest.raises(Unsuitable) as few:
        space_time_gi_star(np.array([[1.0, 2, 3]]), sparse.csr_array(np.ones((1, 1))))
    assert few.value.reason is Reason.TOO_FEW
    with pytest.raises(Unsuitable) as same:
        space_time_gi_star(np.full((3, 3), 2.0), row_of_places(3))
    assert same.value.reason is Reason.ONE_VALUE
    with pytest.raises(ValueError, match="own neighbour"):
        space_time_gi_star(np.eye(3), sparse.csr_array((3, 3)))
    with pytest.raises(ValueError, match="finite"):
        space_time_gi_star(np.full((3, 3), np.inf), row_of_places(3))
