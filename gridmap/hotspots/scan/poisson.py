"""What the Poisson and the space-time permutation model have in common: counts and expectations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gridmap.hotspots.scan.arrays import Floats, Ints
from gridmap.hotspots.scan.circles import Circles
from gridmap.hotspots.scan.kernels import scan_all
from gridmap.hotspots.scan.pruned import scan_pruned
from gridmap.hotspots.scan.settings import Windows


@dataclass(frozen=True)
class Packed:
    """Cases, as the scan reads them: those of each location one after another, or a table."""

    first: Ints
    period: Ints
    count: Ints
    table: Floats


@dataclass(frozen=True)
class Expectation:
    """What is expected where and when: a sum over strata of a place's cases times a time's share.

    Attributes
    ----------
    circles, windows
        Where and when is looked.
    expected
        Expected cases over all periods, shape (locations, strata).
    shares
        The share of each stratum that is expected before each period, shape (strata,
        periods + 1).
    """

    circles: Circles
    windows: Windows
    expected: Floats
    shares: Floats

    @property
    def periods(self) -> int:
        """How many periods there are."""
        return int(self.shares.shape[1]) - 1

    @cached_property
    def total(self) -> float:
        """All cases."""
        return float(self.expected.sum())

    @property
    def every_window(self) -> bool:
        """Whether there are few enough windows to look at them all."""
        return self.periods == 1 or self.windows.prospective

    @property
    def most_periods(self) -> int:
        """The greatest length of a window that the periods allow."""
        return min(self.windows.max_periods, self.periods)

    @property
    def since(self) -> int:
        """The first period that a window can hold."""
        return self.periods - self.most_periods if self.windows.prospective else 0

    @cached_property
    def sizes(self) -> Floats:
        """What is expected at each location in each period looked at."""
        daily = np.diff(self.shares[:, self.since :], axis=1)
        return np.ascontiguousarray(self.expected @ daily)

    @cached_property
    def extremes(self) -> tuple[Floats, Floats]:
        """The least and greatest share of a stratum in so many successive periods."""
        least, most = np.zeros((2, self.most_periods + 1))
        used = self.shares[self.expected.sum(axis=0) > 0]
        for length in range(1, self.most_periods + 1):
            within = used[:, length:] - used[:, :-length]
            least[length], most[length] = within.min(), within.max()
        return least, most

    def pack(self, place: Ints, period: Ints) -> Packed:
        """Return cases, one by one in any order, as the scan reads them."""
        places = self.expected.shape[0]
        if self.every_window:
            late = period >= self.since
            width = self.periods - self.since
            cells = place[late] * width + (period[late] - self.since)
            return self.pack_table(np.bincount(cells, minlength=places * width))
        cells = np.bincount(place * self.periods + period, minlength=places * self.periods)
        filled = np.flatnonzero(cells)
        first = np.searchsorted(filled, np.arange(places + 1) * self.periods)
        return Packed(
            first.astype(np.int64), filled % self.periods, cells[filled].astype(np.int64),
            np.zeros((0, 0)),
        )  # fmt: skip

    def pack_table(self, counts: Ints) -> Packed:
        """Return counts by location and period looked at as the scan reads them."""
        table = counts.astype(float).reshape(self.expected.shape[0], -1)
        none = np.zeros(0, np.int64)
        return Packed(none, none, none, table)

    def greatest(
        self, cases: Packed, since: int, until: int, keep: bool, found: Floats, floor: float
    ) -> float:
        """Return the greatest ratio round some centres, see `kernels.scan_all`."""
        round_ = self.circles
        if not self.every_window:
            ratio = scan_pruned(
                since, until, round_.order, round_.first, round_.ends, round_.ends_first,
                cases.first, cases.period, cases.count, self.expected, self.shares,
                *self.extremes, self.total, self.windows.min_periods, self.windows.min_cases,
                keep, found, floor,
            )  # fmt: skip
            return float(ratio)
        ratio = scan_all(
            since, until, round_.order, round_.first, round_.ends, round_.ends_first,
            cases.table, self.sizes, self.total, self.total, False, self.windows.prospective,
            min(self.windows.min_periods, self.most_periods), self.most_periods,
            self.windows.min_cases, keep, found, floor,
        )  # fmt: skip
        return float(ratio)

    def within(self, locations: Ints, first: int, last: int) -> float:
        """Return what is expected at some locations from the first to the last period."""
        shares = self.shares[:, last + 1] - self.shares[:, first]
        return float(self.expected[locations].sum(axis=0) @ shares)
