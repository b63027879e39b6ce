"""Which boxes a point may lie in, for a million points at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_MOST_TILES = 1 << 22


class TileIndex:
    """Boxes listed by the tiles of a regular grid that they touch.

    A tree of boxes asks for a geometry object per point; this needs none, and it answers with
    a few array operations.

    Parameters
    ----------
    bounds : ndarray of float64, shape (n, 4)
        West, south, east and north of each box; a row of NaN is no box.
    """

    def __init__(self, bounds: Floats) -> None:
        boxes = np.flatnonzero(np.isfinite(bounds).all(axis=1))
        self.bounds = bounds
        used = bounds[boxes]
        self.side = int(np.sqrt(np.clip(9 * len(boxes), 1, _MOST_TILES)))
        self.corner = used[:, :2].min(axis=0) if len(used) else np.zeros(2)
        extent = used[:, 2:].max(axis=0) - self.corner if len(used) else np.zeros(2)
        # A trifle larger, so that the eastern and the northern edge fall into the last tile.
        self.step = np.where(extent > 0, extent, 1.0) * (1 + 1e-9) / self.side
        first = self._tiles(used[:, 0], used[:, 1])
        last = self._tiles(used[:, 2], used[:, 3])
        spans = last - first + 1
        number, box = _expand(spans[0] * spans[1])
        column = first[0][box] + number // spans[1][box]
        tile = column * self.side + first[1][box] + number % spans[1][box]
        self.entries = boxes[box[np.argsort(tile, kind="stable")]]
        counts = np.bincount(tile, minlength=self.side**2) if len(tile) else np.zeros(
            self.side**2, dtype=np.int64
        )  # fmt: skip
        self.start = np.concatenate([[0], np.cumsum(counts)])

    def _tiles(self, x: Floats, y: Floats) -> Integers:
        place = np.stack([(x - self.corner[0]) / self.step[0], (y - self.corner[1]) / self.step[1]])
        tiles: Integers = np.clip(np.floor(place), 0, self.side - 1).astype(np.int64)
        return tiles

    def candidates(self, x: Floats, y: Floats) -> tuple[Integers, Integers]:
        """Return pairs of a point and a box around it, by their numbers, ordered by point."""
        tx, ty = self._tiles(x, y)
        tile = tx * self.side + ty
        begin = self.start[tile]
        number, at = _expand(self.start[tile + 1] - begin)
        box = self.entries[begin[at] + number]
        px, py = x[at], y[at]
        west, south, east, north = self.bounds[box].T
        around = (west <= px) & (px <= east) & (south <= py) & (py <= north)
        return at[around], box[around]


def _expand(counts: Integers) -> tuple[Integers, Integers]:
    """Return 0 ... count - 1 for each count one after another, and whose count it was."""
    owner = np.repeat(np.arange(len(counts)), counts)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    return number, owner
