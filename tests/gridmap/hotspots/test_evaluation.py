"""Scores of forecasts: hand-made cases and relations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gridmap.hotspots.evaluation import (
    Scores,
    Verdict,
    bootstrap_mean,
    chosen_share,
    compare,
    means,
    score,
)
from gridmap.hotspots.faults import Reason, Unsuitable

TEN = np.ones(10)
COUNTS = np.array([[5, 3, 1, 1, 0, 0, 0, 0, 0, 0]])
CELLS = st.integers(2, 20)


def test_a_forecast_of_ten_cells_by_hand() -> None:
    # It takes cells 0 and 2: 6 of 10 incidents on 2 of 10 cells; the best choice had 8.
    risk = np.array([9.0, 0, 8, 0, 0, 0, 0, 0, 0, 0])
    before = np.array([[2, 0, 1, 0, 0, 0, 0, 0, 0, 7]])
    found = score([risk], COUNTS, TEN, share=0.2, before=before)
    assert found.hit_rate[0] == pytest.approx(0.6)
    assert found.pai[0] == pytest.approx(3.0)
    assert found.pei[0] == pytest.approx(0.75)
    # 3 of 10 were there before, 6 of 10 now.
    assert found.rri[0] == pytest.approx(2.0)


def test_equal_risks_are_taken_in_equal_parts() -> None:
    taken = chosen_share(np.array([1.0, 0, 0, 0]), np.ones(4), 0.5)
    assert taken == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3])
    found = score([np.zeros(10)], COUNTS, TEN, share=0.3)
    assert found.pai[0] == pytest.approx(1)


def test_a_large_cell_needs_more_to_be_chosen() -> None:
    # Per area they have 1, 2 and 0.2: the second whole, then 2 of the 4 of the first.
    area = np.array([4.0, 1, 5])
    assert chosen_share(np.array([4.0, 2, 1]), area, 0.3) == pytest.approx([0.5, 1, 0])


def test_a_period_without_incidents_has_no_score() -> None:
    found = score([TEN, TEN], np.vstack([COUNTS, 0 * COUNTS]), TEN, share=0.2)
    assert np.isnan(found.pai[1])
    assert np.isnan(found.rri).all()
    assert means([found])[0]["pai"] == pytest.approx(1)
    assert np.isnan(means([found])[0]["rri"])


@given(st.data(), CELLS, st.floats(0.01, 1))
def test_exactly_the_share_is_chosen_and_the_best_is_never_beaten(
    data: st.DataObject, cells: int, share: float
) -> None:
    risk = data.draw(hnp.arrays(np.float64, cells, elements=st.integers(0, 4)))
    counts = data.draw(hnp.arrays(np.int64, (1, cells), elements=st.integers(0, 5)))
    area = data.draw(hnp.arrays(np.float64, cells, elements=st.floats(0.5, 3)))
    taken = chosen_share(risk, area, share)
    assert taken @ area == pytest.approx(share * area.sum())
    assert taken.min() >= 0
    assert taken.max() <= 1
    wider = chosen_share(risk, area, min(1.0, share + 0.1))
    assert (wider >= taken - 1e-12).all()
    found = score([risk], counts, area, share=share)
    if counts.sum():
        assert 0 <= found.pei[0] <= 1 + 1e-9
        assert found.pai[0] == pytest.approx(found.hit_rate[0] / share)
        perfect = score([counts[0].astype(float)], counts, area, share=share)
        assert perfect.pei[0] == pytest.approx(1)


def of(pai: np.ndarray) -> Scores:
    return Scores(pai / 100, pai, pai / 10, pai)


def test_a_model_that_is_better_every_month_beats_naive() -> None:
    quiet_and_loud = np.tile([1.0, 9.0], 12)
    found = compare(of(quiet_and_loud * 1.2), {"counts": of(quiet_and_loud)})
    # In pairs the ratio is 1.2 in every draw, though the months differ ninefold.
    assert found.ratio["counts"] == pytest.approx((1.2, 1.2, 1.2))
    assert found.verdict is Verdict.BEATS_NAIVE
    assert found.periods == 24


def test_a_model_must_beat_every_naive_forecast() -> None:
    pai = np.tile([4.0, 5.0, 6.0], 8)
    found = compare(of(pai), {"worse": of(pai * 0.5), "alike": of(pai)})
    assert found.ratio["worse"].low > 1
    assert found.verdict is Verdict.DOES_NOT_BEAT_NAIVE
    assert compare(of(pai), {}).verdict is Verdict.DOES_NOT_BEAT_NAIVE


def test_chance_seldom_passes_for_a_better_model() -> None:
    rng = np.random.default_rng(6)
    passed = [
        compare(of(rng.gamma(9, 1, 48)), {"other": of(rng.gamma(9, 1, 48))}, replications=400)
        for _ in range(200)
    ]
    share = np.mean([found.verdict is Verdict.BEATS_NAIVE for found in passed])
    assert share < 0.08


def test_the_interval_of_a_mean_holds_it_and_comes_again() -> None:
    values = np.array([1.0, 2, 3, np.nan, 4])
    found = bootstrap_mean(values, seed=3)
    assert found.mean == 2.5
    assert found.low < 2.5 < found.high
    assert bootstrap_mean(values, seed=3) == found
    assert np.isnan(bootstrap_mean(np.array([np.nan])).mean)


def test_a_few_periods_are_no_proof() -> None:
    with pytest.raises(Unsuitable) as few:
        compare(of(np.ones(5)), {"other": of(np.ones(5))})
    assert few.value.reason is Reason.TOO_FEW
    with pytest.raises(ValueError, match="share"):
        chosen_share(TEN, TEN, 0.0)
