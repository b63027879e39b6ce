"""Hours, weekdays, months: hand-made spans, planted peaks, relations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.rhythm import (
    aoristic_weights,
    busiest_weekday,
    find_peaks,
    rhythm,
    season_index,
)

MONDAY = np.datetime64("2024-01-01", "s")
RNG = np.random.default_rng(8)


def at(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[s]")


def test_a_span_is_spread_over_its_hours() -> None:
    # Sunday 22:30 to Monday 01:00: half an hour, an hour, an hour of 2.5 hours.
    found = aoristic_weights(at("2024-01-07T22:30"), at("2024-01-08T01:00"))
    assert found[6, 22] == pytest.approx(0.2)
    assert found[6, 23] == pytest.approx(0.4)
    assert found[0, 0] == pytest.approx(0.4)
    assert found.sum() == pytest.approx(1)


def test_a_known_moment_counts_whole_in_its_hour() -> None:
    found = aoristic_weights(at("2024-01-03T17:59:59"), at("2024-01-03T17:59:59"))
    assert found[2, 17] == 1
    assert found.sum() == 1


def test_a_span_of_whole_weeks_tells_nothing() -> None:
    found = aoristic_weights(at("2024-01-03T17:20"), at("2024-01-17T17:20"))
    np.testing.assert_allclose(found, 1 / 168)


@given(st.integers(-(10**9), 10**9), st.integers(0, 30 * 86400))
def test_every_incident_weighs_one_within_its_span(begin: int, length: int) -> None:
    start = MONDAY + np.array([begin])
    found = aoristic_weights(start, start + length)
    assert found.sum() == pytest.approx(1)
    assert found.min() >= 0
    touched = {
        (int((t.astype("datetime64[D]").astype(int) + 3) % 7), int(t.astype(int) // 3600 % 24))
        for t in start[0] + np.append(np.arange(0, length, 1800), max(length - 1, 0))
    }
    assert {tuple(slot) for slot in np.argwhere(found > 1e-9).tolist()} == touched


def test_many_spans_are_the_sum_of_each() -> None:
    start = MONDAY + RNG.integers(0, 10**8, 50)
    end = start + RNG.integers(0, 10**6, 50)
    each = sum(aoristic_weights(start[i : i + 1], end[i : i + 1]) for i in range(50))
    np.testing.assert_allclose(aoristic_weights(start, end), each, atol=1e-9)


def test_a_span_backwards_is_refused() -> None:
    with pytest.raises(ValueError, match="ends before"):
        aoristic_weights(at("2024-01-02"), at("2024-01-01"))


def test_rates_allow_for_how_often_each_weekday_came() -> None:
    # Monday 1 to Tuesday 9 January has two Mondays and Tuesdays, one of the others.
    time = at("2024-01-01T08:10", "2024-01-08T08:50", "2024-01-03T08:00", "2024-01-10T08:00")
    found = rhythm(time, np.datetime64("2024-01-01"), np.datetime64("2024-01-09"))
    assert found.days.tolist() == [2, 2, 1, 1, 1, 1, 1]
    assert found.counts[0, 8] == 2
    assert found.rate[0, 8] == found.rate[2, 8] == 1
    assert found.counts.sum() == 3


def test_p_is_that_of_the_exact_binomial_test() -> None:
    counts, exposure = np.array([12, 3, 0, 5]), np.array([2.0, 1, 1, 1])
    found = find_peaks(counts, exposure)
    for x, e, p in zip(counts, exposure, found.p, strict=True):
        exact = stats.binomtest(int(x), 20, e / 5, alternative="greater").pvalue
        assert p == pytest.approx(exact)
    assert found.expected.tolist() == [8, 4, 4, 4]


def test_a_planted_peak_is_found_and_chance_seldom_is() -> None:
    counts = RNG.poisson(4, (7, 24))
    counts[4:6, 22] += 14
    peak = find_peaks(counts, np.full((7, 1), 52.0)).peak
    assert peak[4:6, 22].all()
    assert peak.sum() <= 3
    false = [find_peaks(RNG.poisson(4, (7, 24)), np.ones((7, 1))).peak.any() for _ in range(300)]
    assert np.mean(false) < 0.08


def test_without_exposure_there_is_no_p() -> None:
    found = find_peaks(np.array([4, 0]), np.array([1.0, 0.0]))
    assert np.isnan(found.p[1])
    with pytest.raises(Unsuitable) as few:
        find_peaks(np.zeros(3), np.ones(3))
    assert few.value.reason is Reason.TOO_FEW


def test_the_season_is_recovered_under_a_trend() -> None:
    days = np.arange("2018-04-15", "2022-03-20", dtype="datetime64[D]")
    month = days.astype("datetime64[M]").astype(int) % 12
    truth = 1 + 0.4 * np.cos(2 * np.pi * (np.arange(12) - 6) / 12)
    year = (days.astype("datetime64[M]") - np.datetime64("2018-04")).astype(int) / 12
    time = np.repeat(days, RNG.poisson(20 * truth[month] * 1.25**year)).astype("datetime64[s]")
    found = season_index(time, days[0], days[-1])
    np.testing.assert_allclose(found.ratio, truth / truth.mean(), atol=0.16)
    assert found.peaks.peak[6]
    assert not found.peaks.peak[0]
    assert found.counts.sum() == pytest.approx(found.expected.sum())


def test_a_season_needs_a_year() -> None:
    with pytest.raises(Unsuitable):
        season_index(at("2024-01-01"), np.datetime64("2023-03-02"), np.datetime64("2024-02-28"))


def test_a_weekday_stands_out_only_for_how_often_it_came() -> None:
    monday, sunday, next_monday = (np.datetime64(f"2026-01-{day}") for day in ("05", "11", "12"))
    even = np.array([101, 99, 100, 100, 100, 100, 100])
    assert busiest_weekday(even, monday, sunday) is None
    assert busiest_weekday(np.array([90, 90, 90, 90, 160, 90, 90]), monday, sunday) == 4
    # Monday came twice.
    assert busiest_weekday(np.array([200, *[100] * 6]), monday, next_monday) is None
