"""How good forecasts were, beside naive ones: hit rate, PAI, PEI*, RRI and how sure they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.grids import Floats

LEAST_PERIODS = 6
"""Fewer judged periods say nothing about how sure the result is."""


class Verdict(StrEnum):
    """Whether a model may be used in place of the naive forecasts."""

    BEATS_NAIVE = "beats_naive"
    DOES_NOT_BEAT_NAIVE = "does_not_beat_naive"


class Scores(NamedTuple):
    """Scores of each judged period, arrays of float64 of shape (periods,).

    NaN where a period had no incidents at all, or for ``rri`` none before it in the chosen cells.

    Attributes
    ----------
    hit_rate : ndarray
        The share of the incidents n / N that fell in the chosen cells.
    pai : ndarray
        Predictive accuracy index (n / N) / (a / A): Chainey, Tompson and Uhlig (2008), Security
        Journal 21, 4-28.
    pei : ndarray
        PEI*, n / n*: the share of the incidents that the best choice of as much area would have
        caught, as Joshi, Curtis-Ham, D'Ath and Searle (2021), ISPRS Int. J. Geo-Inf. 10, 597,
        recommend; 0 to 1.
    rri : ndarray
        Recapture rate index (n / N) / (n0 / N0) with the counts before: Levine (2008), Security
        Journal 21, 295-302.
    """

    hit_rate: Floats
    pai: Floats
    pei: Floats
    rri: Floats


class Interval(NamedTuple):
    """A mean and its bootstrap interval."""

    mean: float
    low: float
    high: float


class Comparison(NamedTuple):
    """A model against naive forecasts.

    Attributes
    ----------
    pai : mapping of str to Interval
        The mean PAI of every forecast, the model's too.
    ratio : mapping of str to Interval
        The model's mean PAI divided by that of each naive forecast.
    verdict : Verdict
        It beats naive when the lower bounds of all ratios are above 1.
    periods : int
        How many were judged.
    """

    pai: Mapping[str, Interval]
    ratio: Mapping[str, Interval]
    verdict: Verdict
    periods: int


def chosen_share(risk: Floats, area: Floats, share: float) -> Floats:
    """Choose the cells of the greatest risk per area, up to a share of the whole area.

    Cells of equal risk at the end are taken in equal parts, so that exactly the share is chosen and
    no order of the cells matters: counts in them are those that a choice by lot would expect.

    Parameters
    ----------
    risk : ndarray of float64, shape (cells,)
        What is expected in each cell.
    area : ndarray of float64, shape (cells,)
        Their sizes, above 0, in any unit.
    share : float
        Above 0 and at most 1.

    Returns
    -------
    ndarray of float64, shape (cells,)
        The part of each cell that is chosen, 0 to 1.

    Raises
    ------
    ValueError
        When the share or a size is out of bounds, or a risk is not finite.
    """
    if not 0 < share <= 1 or not (area > 0).all() or not np.isfinite(risk).all():
        raise ValueError("choosing needs a share of 0 to 1, sizes above 0 and finite risks")
    _, level = np.unique(-risk / area, return_inverse=True)
    sizes = np.bincount(level, weights=area)
    before = np.cumsum(sizes) - sizes
    part = np.clip((share * area.sum() - before) / sizes, 0, 1)
    taken: Floats = part[level]
    return taken


def score(
    risks: Iterable[Floats],
    actual: NDArray[np.int64],
    area: Floats,
    *,
    share: float = 0.01,
    before: NDArray[np.int64] | None = None,
) -> Scores:
    """Score the forecasts of several periods.

    Parameters
    ----------
    risks : iterable of ndarray, each of shape (cells,)
        One forecast for each period.
    actual : ndarray of int64, shape (periods, cells)
        What happened.
    area : ndarray of float64, shape (cells,)
        Sizes of the cells.
    share : float
        The share of the area that is chosen.
    before : ndarray of int64, shape (periods, cells), optional
        Counts of the time before each period, for RRI; for example of the year before.

    Returns
    -------
    Scores
    """
    rows = []
    for period, risk in enumerate(risks):
        counts = actual[period].astype(np.float64)
        taken = chosen_share(risk, area, share)
        hits, total = float(taken @ counts), float(counts.sum())
        best = float(chosen_share(counts, area, share) @ counts)
        past = None if before is None else before[period].astype(np.float64)
        then = np.nan if past is None else _divide(float(taken @ past), float(past.sum()))
        rate = _divide(hits, total)
        rows.append((rate, rate / share, _divide(hits, best), _divide(rate, then)))
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    return Scores(*(table[:, k] for k in range(4)))


def bootstrap_mean(
    values: Floats, *, replications: int = 2000, level: float = 0.95, seed: int = 0
) -> Interval:
    """Return the mean over periods and its percentile interval, periods drawn with replacement.

    Efron and Tibshirani (1993), An introduction to the bootstrap, chapter 13.

    Parameters
    ----------
    values : ndarray of float64, shape (periods,)
        NaN is left out.
    replications : int
    level : float
        The share of the replications between the bounds.
    seed : int

    Returns
    -------
    Interval
    """
    known = values[~np.isnan(values)]
    if known.size == 0:
        return Interval(np.nan, np.nan, np.nan)
    means = known[_draws(known.size, replications, seed)].mean(axis=1)
    return Interval(float(known.mean()), *_bounds(means, level))


def compare(
    model: Scores,
    naive: Mapping[str, Scores],
    *,
    replications: int = 2000,
    level: float = 0.95,
    seed: int = 0,
    name: str = "model",
) -> Comparison:
    """Judge a model against naive forecasts of the same periods.

    The ratio of mean PAI is bootstrapped in pairs: whichever periods are drawn, they are drawn for
    both, since a quiet month is hard for every forecast.

    Parameters
    ----------
    model : Scores
    naive : mapping of str to Scores
        Not empty.
    replications, level, seed
        As in `bootstrap_mean`.
    name : str
        What the model is called in the result.

    Returns
    -------
    Comparison

    Raises
    ------
    Unsuitable
        ``TOO_FEW`` periods in which anything happened.
    """
    known = ~np.isnan(model.pai)
    if known.sum() < LEAST_PERIODS:
        raise Unsuitable(Reason.TOO_FEW, periods=float(known.sum()), least=LEAST_PERIODS)
    own = model.pai[known]
    draws = _draws(own.size, replications, seed)
    pai = {name: bootstrap_mean(own, replications=replications, level=level, seed=seed)}
    ratio = {}
    for other, scores in naive.items():
        theirs = scores.pai[known]
        pai[other] = bootstrap_mean(theirs, replications=replications, level=level, seed=seed)
        ratios = _ratio(own[draws].mean(axis=1), theirs[draws].mean(axis=1))
        middle = float(_ratio(own.mean(), theirs.mean()))
        ratio[other] = Interval(middle, *_bounds(ratios, level))
    beats = bool(ratio) and all(interval.low > 1 for interval in ratio.values())
    verdict = Verdict.BEATS_NAIVE if beats else Verdict.DOES_NOT_BEAT_NAIVE
    return Comparison(pai, ratio, verdict, int(known.sum()))


def means(scores: Sequence[Scores]) -> list[dict[str, float]]:
    """Return the mean hit rate, PAI, PEI* and RRI of each forecast over the periods it has."""
    return [
        {
            field: float(np.nanmean(values)) if (~np.isnan(values)).any() else float("nan")
            for field, values in one._asdict().items()
        }
        for one in scores
    ]


def _draws(periods: int, replications: int, seed: int) -> NDArray[np.int64]:
    return np.random.default_rng(seed).integers(0, periods, (replications, periods))


def _bounds(values: Floats, level: float) -> tuple[float, float]:
    tail = (1 - level) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


def _ratio(over: Floats | np.floating, under: Floats | np.floating) -> Floats:
    """Return ratios; 1 where both are 0, infinite where only the lower is."""
    over, under = np.asarray(over, dtype=np.float64), np.asarray(under, dtype=np.float64)
    return np.where(
        under > 0, over / np.where(under > 0, under, 1), np.where(over > 0, np.inf, 1.0)
    )


def _divide(over: float, under: float) -> float:
    return over / under if under > 0 else float("nan")
