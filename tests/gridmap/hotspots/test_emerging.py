"""The 17 classes: a series for each that a reader can check, and relations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.hotspots.cube import space_time_gi_star
from gridmap.hotspots.emerging import Pattern, classify, emerging
from tests.gridmap.hotspots.test_cube import row_of_places

# Ten periods: H is hot (z 5), C is cold (z -5), a dot is neither; digits are scores themselves,
# all hot. Written for hot spots; the cold ones are their mirror image.
SERIES = {
    "new": [".........H", "CC.......H"],
    "consecutive": ["........HH", "..HHHHHHHH", "C......HHH"],
    "intensifying": ["3345566789", ".345566789"],
    "persistent": ["5756575657", "H.HHHHHHHH"],
    "diminishing": ["9876655433", "98766.5433"],
    "sporadic": ["H........H", ".HH..HH.HH"],
    "oscillating": ["HC.......H", "..HHC.HHHH"],
    "historical": ["HHHHHHHHH.", "345678999."],
}
NONE = ["..........", "H.........", "HHHHHHHH..", "HHHCCC....", "HHHHHHHH.."]


def scores(text: str) -> list[float]:
    return [{"H": 5.0, "C": -5.0, ".": 0.0}.get(sign) or float(sign.strip("HC.") or 0)
            for sign in text]  # fmt: skip


CASES = [(kind, text) for kind, texts in SERIES.items() for text in texts]


@pytest.mark.parametrize(("kind", "text"), CASES)
@pytest.mark.parametrize("sign", [1, -1])
def test_each_class_has_its_series(kind: str, text: str, sign: int) -> None:
    z = sign * np.array([scores(text)])
    found = emerging(z, fdr=False).pattern[0]
    assert found is Pattern(f"{kind}_{'hot' if sign > 0 else 'cold'}")


@pytest.mark.parametrize("text", NONE)
def test_no_class_fits(text: str) -> None:
    assert emerging(np.array([scores(text)]), fdr=False).pattern[0] is Pattern.NONE
    assert emerging(-np.array([scores(text)]), fdr=False).pattern[0] is Pattern.NONE


def test_what_is_new_counts_before_what_was() -> None:
    z = np.array([scores("HHHHHHHHHC"), scores("CCCCCCCCCH")])
    assert emerging(z, fdr=False).pattern.tolist() == [Pattern.NEW_COLD, Pattern.NEW_HOT]


def test_there_are_seventeen_classes_and_each_occurs() -> None:
    every = np.array([scores(text) for _, text in CASES] + [scores(text) for text in NONE])
    both = np.concatenate([every, -every])
    assert set(emerging(both, fdr=False).pattern) == set(Pattern)
    assert len(Pattern) == 17


def test_nine_of_ten_periods_are_ninety_percent() -> None:
    hot = np.ones((2, 10), dtype=bool)
    hot[0, 3] = hot[1, [3, 5]] = False
    cold = np.zeros_like(hot)
    assert classify(hot, cold, np.zeros(2, dtype=int)).tolist() == [
        Pattern.PERSISTENT_HOT, Pattern.SPORADIC_HOT,
    ]  # fmt: skip


BINS = st.lists(st.sampled_from("HC."), min_size=2, max_size=12)


@given(BINS, st.sampled_from([-1, 0, 1]))
def test_hot_and_cold_mirror_each_other_and_follow_the_last_period(
    bins: list[str], direction: int
) -> None:
    hot = np.array([[sign == "H" for sign in bins]])
    cold = np.array([[sign == "C" for sign in bins]])
    found = str(classify(hot, cold, np.array([direction]))[0])
    mirrored = str(classify(cold, hot, np.array([-direction]))[0])
    swapped = {"hot": "cold", "cold": "hot"}
    kind, _, name = found.rpartition("_")
    assert mirrored == (f"{kind}_{swapped[name]}" if kind else found)
    if bins[-1] == "H":
        # Every place that is hot now has a class.
        assert found.endswith("_hot")
    elif bins[-1] == ".":
        assert found in {"none", "historical_hot", "historical_cold"}


def test_scores_without_a_value_are_neither_hot_nor_cold() -> None:
    found = emerging(np.array([[np.nan, np.nan, 5.0], [np.nan, np.nan, np.nan]]), fdr=False)
    assert found.pattern.tolist() == [Pattern.NEW_HOT, Pattern.NONE]


def test_a_place_that_turns_hot_is_found_in_a_cube_of_chance() -> None:
    values = np.random.default_rng(2).poisson(3, (40, 24))
    values[19:22, 21:] += 15
    z = space_time_gi_star(values, row_of_places(40))
    found = emerging(z)
    assert found.pattern[20] is Pattern.CONSECUTIVE_HOT
    away = np.r_[0:17, 24:40]
    assert (found.pattern[away] == Pattern.NONE).mean() > 0.95


def test_fewer_bins_count_with_the_false_discovery_rate() -> None:
    z = np.random.default_rng(4).normal(size=(200, 12))
    assert emerging(z).hot.sum() < emerging(z, fdr=False).hot.sum()
