"""The Poisson and the space-time permutation model of Kulldorff's scan statistic.

Both look for high rates in circles round the locations, over all time or, with periods, in
cylinders of successive periods. Their results are `clusters.Scan`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.scan.arrays import Floats, Ints
from gridmap.hotspots.scan.circles import make_circles
from gridmap.hotspots.scan.clusters import Inside, Scan, find_clusters
from gridmap.hotspots.scan.poisson import Expectation, Packed
from gridmap.hotspots.scan.settings import Chance, Windows
from gridmap.hotspots.ticks import Tick


def poisson_scan(
    x: ArrayLike,
    y: ArrayLike,
    counts: ArrayLike,
    expected: ArrayLike,
    *,
    population: ArrayLike | None = None,
    shares: ArrayLike | None = None,
    windows: Windows | None = None,
    chance: Chance | None = None,
    tick: Tick | None = None,
) -> Scan:
    """Find where more cases lie than the population leads to expect.

    Kulldorff (1997), A spatial scan statistic, Communications in Statistics 26, 1481-1496; in
    space and time Kulldorff, Athas, Feuer, Miller & Key (1998), Am. J. Public Health 88,
    1377-1380; prospective Kulldorff (2001), J. R. Statist. Soc. A 164, 61-72.

    Parameters
    ----------
    x, y
        Locations in metres, shape (n,).
    counts
        Cases, shape (n,), or (n, periods) for clusters in space and time.
    expected
        The population or, adjusted for covariates, `expectation.standardised`; only the
        proportions count. Shape (n,), or (n, strata) where strata have shares of their own.
    population
        What the cap `max_share` is a share of, shape (n,), otherwise what is expected.
    shares
        How what is expected spreads over the periods, shape (periods,) or (strata, periods);
        only the proportions count. Without it all periods are alike.
    windows, chance, tick
        See there.

    Raises
    ------
    Unsuitable
        There are too few cases or locations, all lie at one place, nobody lives there, or cases
        lie where nobody lives.
    """
    windows, chance = windows or Windows(), chance or Chance()
    east, north = np.asarray(x, float), np.asarray(y, float)
    cells = table(counts)
    total = enough(int(cells.sum()), windows)
    likely = np.asarray(expected, float)
    likely = likely.reshape(east.size, -1)
    if not likely.sum() > 0 or np.any((likely.sum(axis=1) <= 0) & (cells.sum(axis=1) > 0)):
        raise Unsuitable(Reason.NO_POPULATION)
    cap = likely.sum(axis=1) if population is None else np.asarray(population, float)
    model = Expectation(
        make_circles(east, north, cap, windows),
        windows,
        likely * (total / likely.sum()),
        _shares_before(shares, likely.shape[1], cells.shape[1]),
    )
    odds = model.expected.sum(axis=0) / total

    def draw(random: np.random.Generator) -> Packed:
        if model.periods == 1:
            return model.pack_table(random.multinomial(total, model.expected.sum(axis=1) / total))
        places, times = [], []
        for stratum, size in enumerate(random.multinomial(total, odds)):
            places.append(_spread(random, size, np.cumsum(model.expected[:, stratum])))
            times.append(_spread(random, size, model.shares[stratum, 1:]))
        return model.pack(np.concatenate(places), np.concatenate(times))

    def risk(cases: float, likely: float) -> float:
        if cases == total:
            return float("inf")
        return (cases / likely) / ((total - cases) / (total - likely))

    place, period = np.divmod(np.repeat(np.arange(cells.size), cells.ravel()), cells.shape[1])
    return _scan(east, north, model, place, period, draw, risk, chance, tick)


def permutation_scan(
    x: ArrayLike,
    y: ArrayLike,
    place: ArrayLike,
    period: ArrayLike,
    *,
    periods: int,
    stratum: ArrayLike | None = None,
    windows: Windows | None = None,
    chance: Chance | None = None,
    tick: Tick | None = None,
) -> Scan:
    """Find where and when more cases lie than there and then apart lead to expect.

    Nothing but cases is needed: a place with many cases all year and a day with many cases
    everywhere are both expected. Kulldorff, Heffernan, Hartman, Assunção & Mostashari (2005), A
    space-time permutation scan statistic for disease outbreak detection, PLoS Medicine 2(3), e59.

    Parameters
    ----------
    x, y
        Locations in metres, shape (n,).
    place, period
        The position of each case's location, and its period from 0 to `periods` - 1: shape
        (cases,).
    periods
        How many periods the study has.
    stratum
        Periods are exchanged among cases of the same stratum only, such as a category or a day of
        the week: small whole numbers, shape (cases,).
    windows, chance, tick
        See there; the cap is a share of the cases. `relative_risk` of a cluster is observed over
        expected.

    Raises
    ------
    Unsuitable
        There are too few cases or locations, all lie at one place, or in one period.
    """
    windows, chance = windows or Windows(), chance or Chance()
    east, north = np.asarray(x, float), np.asarray(y, float)
    places, times = np.asarray(place, np.int64), np.asarray(period, np.int64)
    total = enough(places.size, windows)
    if np.ptp(times) == 0:
        raise Unsuitable(Reason.ONE_DAY, found=total)
    kinds = np.zeros(total, np.int64)
    if stratum is not None:
        kinds = np.unique(np.asarray(stratum), return_inverse=True)[1].ravel()
    strata = int(kinds.max()) + 1
    by_place = np.bincount(places * strata + kinds, minlength=east.size * strata)
    by_time = np.bincount(kinds * periods + times, minlength=strata * periods)
    expected = by_place.reshape(-1, strata).astype(float)
    model = Expectation(
        make_circles(east, north, expected.sum(axis=1), windows),
        windows,
        expected,
        _shares_before(by_time.reshape(strata, periods), strata, periods),
    )
    members = [np.flatnonzero(kinds == kind) for kind in range(strata)]

    def draw(random: np.random.Generator) -> Packed:
        shuffled = times.copy()
        for member in members:
            shuffled[member] = random.permutation(times[member])
        return model.pack(places, shuffled)

    def ratio(cases: float, likely: float) -> float:
        return cases / likely

    return _scan(east, north, model, places, times, draw, ratio, chance, tick)


def _scan(
    x: Floats,
    y: Floats,
    model: Expectation,
    place: Ints,
    period: Ints,
    draw: Callable[[np.random.Generator], Packed],
    risk: Callable[[float, float], float],
    chance: Chance,
    tick: Tick | None,
) -> Scan:
    """Scan the cases, and as many as random data draw."""
    observed = model.pack(place, period)
    nothing = np.zeros((0, 4))

    def look(since: int, until: int, keep: bool, found: Floats, floor: float) -> float:
        return model.greatest(observed, since, until, keep, found, floor)

    def largest(random: np.random.Generator) -> float:
        return model.greatest(draw(random), 0, x.size, False, nothing, 0.0)

    def content(locations: Ints, first: int, last: int) -> Inside:
        first, last = first + model.since, last + model.since
        chosen = np.isin(place, locations) & (period >= first) & (period <= last)
        cases, likely = float(chosen.sum()), model.within(locations, first, last)
        return Inside(first, last, cases, likely, risk(cases, likely))

    return find_clusters(x, y, model.circles, look, largest, content, chance, tick)


def table(counts: ArrayLike) -> Ints:
    """Return counts as a table of locations and periods."""
    table = np.asarray(counts, np.int64)
    return table[:, None] if table.ndim == 1 else table


def enough(total: int, windows: Windows) -> int:
    """Refuse too few cases; return how many there are."""
    needed = max(2, windows.min_cases)
    if total < needed:
        raise Unsuitable(Reason.TOO_FEW, found=total, needed=needed)
    return total


def _shares_before(shares: ArrayLike | None, strata: int, periods: int) -> Floats:
    """Return which share of each stratum is expected before each period, and after the last."""
    table = np.ones(periods) if shares is None else np.asarray(shares, float)
    spread = np.broadcast_to(table, (strata, periods))
    before = np.zeros((strata, periods + 1))
    np.cumsum(spread, axis=1, out=before[:, 1:])
    return before / before[:, -1:]


def _spread(random: np.random.Generator, size: int, summed: Floats) -> Ints:
    """Draw positions with the odds that running sums make."""
    drawn = np.searchsorted(summed, random.random(size) * summed[-1], side="right")
    return np.asarray(np.minimum(drawn, summed.size - 1), np.int64)
