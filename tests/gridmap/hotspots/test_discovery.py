"""The false discovery rate."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from gridmap.hotspots.discovery import discoveries, fdr_cutoff

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from esda import fdr

# The fifteen p of Benjamini and Hochberg's example (1995, section 4): four count at 5 %.
MYOCARDIAL = np.array([
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
    0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000,
])  # fmt: skip


def test_the_example_of_the_paper() -> None:
    assert discoveries(MYOCARDIAL, 0.05).tolist() == [True] * 4 + [False] * 11
    assert fdr_cutoff(MYOCARDIAL, 0.05) == pytest.approx(4 * 0.05 / 15)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.sampled_from([0.01, 0.05, 0.1, 0.2]))
def test_the_cutoff_equals_that_of_esda(values: list[float], alpha: float) -> None:
    p = np.array(values)
    assert fdr_cutoff(p, alpha) == pytest.approx(fdr(p, alpha), abs=1e-10)


def test_what_counts_equals_scipys_adjusted_p() -> None:
    rng = np.random.default_rng(5)
    p = np.concatenate([rng.uniform(0, 1, 900), rng.uniform(0, 0.002, 100)])
    assert (discoveries(p, 0.05) == (false_discovery_control(p) < 0.05)).all()


def test_what_was_not_tested_does_not_count() -> None:
    padded = np.append(MYOCARDIAL, [np.nan] * 100)
    assert fdr_cutoff(padded) == fdr_cutoff(MYOCARDIAL)
    assert not discoveries(padded)[-100:].any()
    assert fdr_cutoff(np.array([np.nan])) == 0
