"""Incidents on streets: the density along the network, not over the roofs between.

The estimator is the one of diffusion (McSwiggan, Baddeley and Nair 2017, Kernel density estimation
on a linear network, Scand. J. Statist. 44, 324-345): what each incident counts spreads along the
streets as heat does, for as long as would make a normal kernel of the bandwidth on an endless
street. It is the limit of the equal-split continuous kernel of Okabe and Sugihara (2012), Spatial
analysis along networks, chapter 9: continuous over crossings, nothing is counted twice there, and
nothing is lost at dead ends. Its time does not grow with the incidents or the number of ways
between them. A kernel of the distance alone (Xie and Yan 2008) would count the surroundings of a
crossing once for each street.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import sparse, special

from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.grids import Floats, Integers
from gridmap.hotspots.ticks import Tick
from gridmap.hotspots.weights import Weights

LEAST_INCIDENTS = 10
"""With fewer incidents no map is made."""

_SAME_M = 1e-9
_LEAST_SHARE = 0.05
# Terms per root of half the exponent: what is left out is of the order of exp(-9^2 / 2).
_TERMS = 9


@dataclass(frozen=True, eq=False)
class Lixels:
    """Streets in pieces of about one length, arrays of shape (n,), street by street.

    Attributes
    ----------
    street : ndarray of int64
        The number of the street, rising.
    start_m, length_m : ndarray of float64
        Where on the street the piece starts, and how long it is, in metres.
    first : ndarray of int64, shape (streets + 1,)
        The number of each street's first piece; the last is n.
    """

    street: Integers
    start_m: Floats
    length_m: Floats
    first: Integers

    def __len__(self) -> int:
        return len(self.street)

    def lines(self, streets: NDArray[np.object_]) -> NDArray[np.object_]:
        """Cut the streets into their pieces.

        Parameters
        ----------
        streets : ndarray of LineString, shape (streets,)
            Those the pieces were made of.

        Returns
        -------
        ndarray of LineString, shape (n,)
        """
        return _cut(self, streets)


def make_lixels(streets: NDArray[np.object_], length_m: float) -> Lixels:
    """Divide each street into equal pieces about as long as wanted.

    Parameters
    ----------
    streets : ndarray of LineString, shape (streets,)
        In a metric CRS, each longer than 0.
    length_m : float
        A third of the bandwidth, or less, shows its shape. No piece is longer than this.

    Raises
    ------
    Unsuitable
        ``NO_STREETS``: there are none.
    ValueError
        When a street has no length.
    """
    if len(streets) == 0:
        raise Unsuitable(Reason.NO_STREETS)
    whole = shapely.length(streets)
    if not (whole > 0).all():
        raise ValueError("a street has no length")
    pieces = np.maximum(np.ceil(whole / length_m - 1e-9), 1).astype(np.int64)
    first = np.concatenate([[0], np.cumsum(pieces)])
    street = np.repeat(np.arange(len(streets)), pieces)
    length = (whole / pieces)[street]
    return Lixels(street, (np.arange(first[-1]) - first[street]) * length, length, first)


def street_density(
    lixels: Lixels,
    ends: Integers,
    street: Integers,
    along_m: Floats,
    bandwidth_m: float,
    *,
    amounts: Floats | None = None,
    tick: Tick | None = None,
) -> Floats:
    """Estimate how many incidents there are on a kilometre of street.

    Parameters
    ----------
    lixels : Lixels
        The pieces.
    ends : ndarray of int64, shape (streets, 2)
        The crossings where each street starts and ends, numbered in any way. Streets meet where
        these agree, not where their lines cross.
    street, along_m : ndarray, shape (n,)
        Where the incidents are, see `snapping.snap`; those on no street do not count.
    bandwidth_m : float
        The kernel's standard deviation along a street, in metres.
    amounts : ndarray of float64, shape (n,), optional
        What each incident counts; 1 if not given.
    tick : Tick, optional
        Told how far it has come.

    Returns
    -------
    ndarray of float64, shape (lixels,)
        Incidents per kilometre. Times the lengths, they sum to the incidents on streets.

    Raises
    ------
    Unsuitable
        ``TOO_FEW`` incidents on streets.
    """
    on_street = street >= 0
    if on_street.sum() < LEAST_INCIDENTS:
        raise Unsuitable(Reason.TOO_FEW, incidents=int(on_street.sum()), least=LEAST_INCIDENTS)
    piece = lixel_of(lixels, street[on_street], along_m[on_street])
    counted = None if amounts is None else amounts[on_street]
    heat = np.bincount(piece, weights=counted, minlength=len(lixels)).astype(np.float64)
    return 1000 * _diffused(_conductance(lixels, ends), lixels.length_m, heat, bandwidth_m, tick)


def lixel_of(lixels: Lixels, street: Integers, along_m: Floats) -> Integers:
    """Return the piece at each place along a street; both arrays of shape (n,)."""
    first, last = lixels.first[street], lixels.first[street + 1] - 1
    number = first + (along_m / lixels.length_m[first]).astype(np.int64)
    return np.clip(number, first, last)


def _conductance(lixels: Lixels, ends: Integers) -> Weights:
    """Return the matrix that gives what leaves each piece, from the heat of all.

    Between the middles of neighbouring pieces flows the difference over their distance. A crossing
    keeps nothing, so it can be left out: by the star-mesh rule its streets flow into each other in
    proportion to the product of their halves' conductances.
    """
    n = len(lixels)
    inner = np.flatnonzero(np.diff(lixels.street) == 0)
    piece = np.concatenate([lixels.first[:-1], lixels.first[1:] - 1])
    crossing = np.unique(ends.T.ravel(), return_inverse=True)[1]
    # Very short pieces would need very many steps; heat passes them as if they were longer.
    distance_m = np.maximum(lixels.length_m, _LEAST_SHARE * lixels.length_m.max())
    half = 2 / distance_m[piece]
    shape = (n, int(crossing.max()) + 1)
    spokes = sparse.coo_array((half, (piece, crossing)), shape=shape).tocsr()
    hub = sparse.diags_array(1 / spokes.sum(axis=0))
    flow = 1 / distance_m[inner]
    chain = sparse.coo_array((flow, (inner, inner + 1)), shape=(n, n))
    between = (chain + chain.T + spokes @ hub @ spokes.T).tocsr()
    leaving: Weights = (sparse.diags_array(between.sum(axis=1)) - between).tocsr()
    return leaving


def _diffused(
    conductance: Weights,
    length_m: Floats,
    heat: Floats,
    bandwidth_m: float,
    tick: Tick | None,
) -> Floats:
    """Return the density after as long as makes a kernel of the bandwidth: exp(-t L) heat.

    By Chebyshev polynomials of the symmetric matrix, whose coefficients are Bessel functions
    (Tal-Ezer 1989, Polynomial approximation of functions of matrices and applications, J. Sci.
    Comput. 4, 25-60); they fall off so fast that what is left out does not show.
    """
    scale = sparse.diags_array(1 / np.sqrt(length_m))
    matrix = (scale @ conductance @ scale).tocsr()
    # No eigenvalue is greater than the greatest row sum (Gershgorin), and none is below 0.
    greatest = float(np.max(abs(matrix).sum(axis=1)))
    half = greatest * bandwidth_m**2 / 4
    matrix = (matrix * (2 / greatest) - sparse.eye_array(len(heat))).tocsr()
    before, now = scale @ heat, matrix @ (scale @ heat)
    result = special.ive(0, half) * before - 2 * special.ive(1, half) * now
    terms = int(np.ceil(_TERMS * np.sqrt(half))) + _TERMS
    for k in range(2, terms):
        before, now = now, 2 * (matrix @ now) - before
        result += (2 if k % 2 == 0 else -2) * special.ive(k, half) * now
        if tick is not None and k % 50 == 0:
            tick(k / terms)
    density: Floats = np.maximum(np.asarray(scale @ result), 0.0)
    return density


def _cut(lixels: Lixels, streets: NDArray[np.object_]) -> NDArray[np.object_]:
    """Cut all streets at once: corners and cuts, sorted by piece and by the way along it."""
    xy, street = shapely.get_coordinates(streets, return_index=True)
    step = np.hypot(*np.diff(xy, axis=0, prepend=xy[:1]).T)
    # Ways along all streets, one after the other, so that one table serves; between them is a
    # metre that no cut falls into.
    step[np.diff(street, prepend=-1) > 0] = 1.0
    way = np.cumsum(step)
    begin = way[np.searchsorted(street, np.arange(len(streets)))]
    end = way[np.searchsorted(street, np.arange(len(streets)), side="right") - 1]
    starts = begin[lixels.street] + lixels.start_m
    stops = np.minimum(starts + lixels.length_m, end[lixels.street])
    owner = lixel_of(lixels, street, way - begin[street])
    corner = (way > starts[owner] + _SAME_M) & (way < stops[owner] - _SAME_M)
    numbers = np.arange(len(lixels))
    piece = np.concatenate([numbers, owner[corner], numbers])
    places = np.concatenate([starts, way[corner], stops])
    order = np.lexsort([places, piece])
    points = np.column_stack([np.interp(places, way, xy[:, axis]) for axis in (0, 1)])
    return np.asarray(shapely.linestrings(points[order], indices=piece[order]), dtype=object)
