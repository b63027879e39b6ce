"""The shape of the lattice: from block coordinates to metres, longitude and latitude.

A place is given by two lattice coordinates: ``i`` counts blocks from the west, ``j`` from the
south, and fractions lie inside a block. One smooth bend of the plane turns the lattice into
streets that curve a little, and since everything is placed through it, blocks, cells, roads and
water share their nodes exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod, Proj

from geodata.town.chance import stream
from geodata.town.plan import BLOCKS, OUTSIDE, Plan

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ORIGIN = (112.9, 30.35)  # In the plain of the middle Yangtze, where a county seat could lie.
AREA_A = 1_200_000.0  # The report's 1.2 km², in m².
DECIMALS = 7  # A centimetre, and what RFC 7946 files keep: shared nodes survive an export.
STEPS = 2  # Nodes per block side, so that a street may bend inside a block.


@dataclass(frozen=True)
class Fabric:
    """The bent lattice.

    Attributes
    ----------
    plan : Plan
    across, along : float arrays
        The distances of the lattice lines in metres before bending.
    waves : (n, 6) float array
        The bend: wave numbers kx, ky, phase, and amplitudes in x and y of each wave.
    factor : float
        The scale that gives community A its area.
    nodes : (rows * 2 + 1, columns * 2 + 1, 2) float array
        Longitude and latitude of the lattice nodes at half-block steps.
    """

    plan: Plan
    across: Floats
    along: Floats
    waves: Floats
    factor: float
    nodes: Floats

    def metres(self, i: Floats, j: Floats) -> tuple[Floats, Floats]:
        """Return local metric coordinates of lattice coordinates."""
        return _bend(self.across, self.along, self.waves, self.factor, i, j)

    def lonlat(self, i: Floats, j: Floats) -> Floats:
        """Return longitude and latitude, shape (..., 2), of lattice coordinates."""
        return unproject(*self.metres(i, j))

    def side(self, i: Ints, j: Ints) -> tuple[Floats, Floats]:
        """Return the width of blocks and their height square to it, in metres, at their middles."""
        x, y = i.astype(float), j.astype(float)
        west, east = self.metres(x, y + 0.5), self.metres(x + 1, y + 0.5)
        south, north = self.metres(x + 0.5, y), self.metres(x + 0.5, y + 1)
        ex, ey, nx, ny = (east[0] - west[0], east[1] - west[1], north[0] - south[0],
                          north[1] - south[1])  # fmt: skip
        width = np.hypot(ex, ey)
        return width, np.abs(ex * ny - ey * nx) / width

    def frame(self, i: Floats, j: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Return how the lattice lies at some places.

        Returns
        -------
        east, north : float arrays
            The directions of the streets, in radians from the x axis.
        width, height : float arrays
            The width of a block and its height square to it, in metres, as they would be if the
            whole block were like this place.
        """
        step = 0.02
        (x0, y0), (x1, y1) = self.metres(i - step, j), self.metres(i + step, j)
        (x2, y2), (x3, y3) = self.metres(i, j - step), self.metres(i, j + step)
        ex, ey, nx, ny = x1 - x0, y1 - y0, x3 - x2, y3 - y2
        width = np.hypot(ex, ey)
        height = np.abs(ex * ny - ey * nx) / width
        return np.arctan2(ey, ex), np.arctan2(ny, nx), width / (2 * step), height / (2 * step)

    def faces(self, i: Ints, j: Ints) -> NDArray[np.object_]:
        """Return the polygons of blocks, whose nodes are shared with their neighbours."""
        ring = [(0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0), (0, 0)]
        corners = [self.nodes[2 * j + dj, 2 * i + di] for dj, di in ring]
        return polygons(np.stack(corners, axis=1))


def polygons(rings: Floats) -> NDArray[np.object_]:
    """Return the polygons of rings, shape (n, points, 2)."""
    return np.asarray(shapely.polygons(rings), dtype=object)


_PROJ = Proj(proj="aeqd", lon_0=ORIGIN[0], lat_0=ORIGIN[1], ellps="WGS84")


def unproject(x: Floats, y: Floats) -> Floats:
    """Return longitude and latitude, shape (..., 2), of local metric coordinates."""
    lon, lat = _PROJ(x, y, inverse=True)
    return np.round(np.stack([lon, lat], axis=-1), DECIMALS)


def make_fabric(plan: Plan, seed: int) -> Fabric:
    """Bend the plan into streets, and scale it so that community A covers 1.2 km².

    Parameters
    ----------
    plan : Plan
    seed : int

    Returns
    -------
    Fabric
    """
    rng = stream(seed, "fabric")
    across = _lines(_column_widths(plan, rng))
    along = _lines(_row_heights(plan, rng))
    waves = _waves(rng)
    rows, columns = plan.label.shape
    # Coarse waves change areas a little, so the scale is found in two rounds.
    factor = 1.0
    for _ in range(3):
        trial = _nodes(across, along, waves, factor, rows, columns)
        factor *= float(np.sqrt(AREA_A / _area_of_a(plan, trial)))
    return Fabric(
        plan, across, along, waves, factor, _nodes(across, along, waves, factor, rows, columns)
    )


def _bend(
    across: Floats, along: Floats, waves: Floats, factor: float, i: Floats, j: Floats
) -> tuple[Floats, Floats]:
    u = np.interp(i, np.arange(len(across)), across)
    v = np.interp(j, np.arange(len(along)), along)
    dx, dy = np.zeros_like(u), np.zeros_like(v)
    for kx, ky, phase, ax, ay in waves:
        wave = np.sin(kx * u + ky * v + phase)
        dx += ax * wave
        dy += ay * wave
    x, y = u + dx, v + dy
    turn = 0.1  # The whole town is turned a little, as most towns are.
    cos, sin = np.cos(turn) * factor, np.sin(turn) * factor
    return x * cos - y * sin, x * sin + y * cos


def _nodes(
    across: Floats, along: Floats, waves: Floats, factor: float, rows: int, columns: int
) -> Floats:
    j, i = np.meshgrid(
        np.arange(rows * STEPS + 1) / STEPS, np.arange(columns * STEPS + 1) / STEPS, indexing="ij"
    )
    return unproject(*_bend(across, along, waves, factor, i, j))


def _area_of_a(plan: Plan, nodes: Floats) -> float:
    j, i = np.nonzero(plan.label == plan.roles.index("seed_a"))
    south, west, north, east = 2 * j.min(), 2 * i.min(), 2 * j.max() + 2, 2 * i.max() + 2
    ring = np.concatenate([
        nodes[south, west:east], nodes[south:north, east],
        nodes[north, east:west:-1], nodes[north:south:-1, west],
    ])  # fmt: skip
    area, _ = Geod(ellps="WGS84").polygon_area_perimeter(ring[:, 0], ring[:, 1])
    return abs(float(area))


def _waves(rng: np.random.Generator) -> Floats:
    """Return waves of some kilometres that bend the streets, and short ones that unsettle them."""
    length = np.array([7_000, 5_200, 3_600, 2_700, 2_000, 1_500, 900, 620, 480])
    height = np.array([190, 130, 75, 50, 30, 20, 8, 5, 3.5])
    angle = rng.uniform(0, 2 * np.pi, len(length))
    push = rng.uniform(0, 2 * np.pi, len(length))
    k = 2 * np.pi / length
    return np.column_stack([
        k * np.cos(angle), k * np.sin(angle), rng.uniform(0, 2 * np.pi, len(length)),
        height * np.cos(push), height * np.sin(push),
    ])  # fmt: skip


def _lines(widths: Floats) -> Floats:
    edges: Floats = np.concatenate([[0.0], np.cumsum(widths)])
    edges -= edges[-1] / 2
    return edges


def _column_widths(plan: Plan, rng: np.random.Generator) -> Floats:
    return _split(plan.scale.columns, plan.scale.seed_a[1], rng)


def _row_heights(plan: Plan, rng: np.random.Generator) -> Floats:
    blocks = iter(_split(plan.scale.bands, plan.scale.seed_a[0], rng))
    return np.array([rng.uniform(105, 125) if wet else next(blocks) for wet in plan.river])


def _split(communities: int, seed_at: int, rng: np.random.Generator) -> Floats:
    """Return uneven block widths in metres; the column and band of community A keep their size."""
    if communities >= 4:
        size = rng.uniform(0.94, 1.08, communities)
        size[[0, -1]] *= 1.2
    else:
        size = np.ones(communities)
    size[seed_at] = 1.0
    thirds = rng.uniform(0.82, 1.18, (communities, 3))
    # The drawn plans of the seed communities need blocks of nearly equal size.
    thirds[seed_at] = rng.uniform(0.93, 1.07, 3)
    thirds *= 3 / thirds.sum(axis=1, keepdims=True)
    halves = rng.uniform(0.43, 0.57, (communities, 3))
    halves[seed_at : seed_at + 2] = rng.uniform(0.47, 0.53, halves[seed_at : seed_at + 2].shape)
    halves = np.stack([halves, 1 - halves], axis=-1) * 2
    width = 182.0 * size[:, None, None] * thirds[:, :, None] * halves
    result: Floats = width.reshape(communities * BLOCKS)
    return result


def inside(plan: Plan) -> tuple[Ints, Ints]:
    """Return the columns i and rows j of the blocks that belong to the county."""
    j, i = np.nonzero(plan.label != OUTSIDE)
    return i, j
