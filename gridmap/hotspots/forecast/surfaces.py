"""Incidents spread over a grid of squares by kernels."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from gridmap.hotspots.grids import Floats, Grid

_TRUNCATE = 4.0


class Surfaces:
    """Spreads points over the cells of a grid, keeping their number.

    Points are binned to a quarter of each cell, smoothed with a Gaussian and added up per cell.
    What a kernel would carry beyond the cells is given back to them in proportion (the correction
    of Diggle 1985, J. R. Statist. Soc. C 34, 138-147), so that each point counts 1.

    Parameters
    ----------
    grid : Grid
        Of squares.

    Raises
    ------
    ValueError
        For another kind of grid.
    """

    def __init__(self, grid: Grid) -> None:
        if grid.kind != "square":
            raise ValueError("forecasts are made on squares")
        self.grid = grid
        self._inside = np.repeat(np.repeat(grid.numbers >= 0, 2, axis=0), 2, axis=1)
        self._mass: dict[float, Floats] = {}

    def bins(self, x: Floats, y: Floats, weights: Floats | None = None) -> Floats:
        """Add up points in the quarters of cells.

        Parameters
        ----------
        x, y : ndarray of float64, shape (n,)
            Metres in the CRS of the grid; points in no cell are left out.
        weights : ndarray of float64, shape (n,), optional
            1 each, when they are not given.

        Returns
        -------
        ndarray of float64, shape (2 * rows, 2 * columns)
        """
        rows, columns = self._inside.shape
        half = self.grid.size_m / 2
        row = np.floor(y / half).astype(np.int64) - 2 * int(self.grid.row[0])
        column = np.floor(x / half).astype(np.int64) - 2 * int(self.grid.column.min())
        there = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        there[there] = self._inside[row[there], column[there]]
        sums = np.bincount(
            row[there] * columns + column[there],
            weights=None if weights is None else weights[there],
            minlength=rows * columns,
        )
        return sums.reshape(rows, columns).astype(np.float64)

    def spread(self, bins: Floats, bandwidth_m: float) -> Floats:
        """Smooth binned points and add them up per cell.

        Parameters
        ----------
        bins : ndarray, shape (2 * rows, 2 * columns)
            From `bins`.
        bandwidth_m : float
            Standard deviation of the Gaussian, in metres; 0 does not smooth.

        Returns
        -------
        ndarray of float64, shape (cells,)
            Its sum is that of the bins.
        """
        if bandwidth_m > 0:
            mass = self._mass_of(bandwidth_m)
            weighed = np.divide(bins, mass, out=np.zeros_like(bins), where=self._inside)
            bins = self._smoothed(weighed, bandwidth_m)
        rows, columns = self.grid.numbers.shape
        whole = bins.reshape(rows, 2, columns, 2).sum(axis=(1, 3))
        cells: Floats = whole[self.grid.numbers >= 0]
        return cells

    def _mass_of(self, bandwidth_m: float) -> Floats:
        """Return the share of a kernel at each place that falls in the cells."""
        if bandwidth_m not in self._mass:
            inside = self._inside.astype(np.float64)
            self._mass[bandwidth_m] = self._smoothed(inside, bandwidth_m)
        return self._mass[bandwidth_m]

    def _smoothed(self, bins: Floats, bandwidth_m: float) -> Floats:
        smooth: Floats = gaussian_filter(
            bins, 2 * bandwidth_m / self.grid.size_m, mode="constant", truncate=_TRUNCATE
        )
        return smooth
