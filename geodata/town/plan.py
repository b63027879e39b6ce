"""Which community each block belongs to: the town's plan before it has a shape.

The plan is a lattice of blocks (faces). Two by two blocks make a superblock, three by three
superblocks usually make a community, and a row of flat blocks between two bands is the river.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from geodata.town.chance import stream

Size = Literal["small", "town", "city"]
Role = Literal["urban", "village", "seed_a", "seed_b"]
#: The communities of the founding reports.
SEEDS: tuple[Role, ...] = ("seed_a", "seed_b")
BLOCKS = 6  # The blocks along one side of a community.
OUTSIDE = -1


@dataclass(frozen=True)
class Scale:
    """What one size of the demo town asks for.

    ``columns`` and ``bands`` count communities; ``rivers`` are the bands that have a river at
    their southern edge; ``seed_a`` is the (band, column) of community A, and community B lies
    north of it across the river.
    """

    columns: int
    bands: int
    rivers: tuple[int, ...]
    seed_a: tuple[int, int]
    incidents: int
    hotspots: int
    months: int


SCALES: dict[Size, Scale] = {
    "small": Scale(1, 2, (1,), (0, 0), 3_000, 2, 24),
    "town": Scale(4, 4, (2,), (1, 1), 60_000, 6, 24),
    "city": Scale(30, 29, (5, 14, 22), (13, 14), 1_000_000, 40, 12),
}


@dataclass(frozen=True)
class Plan:
    """The lattice of blocks and what each belongs to.

    Attributes
    ----------
    label : (rows, columns) int array
        The community of each block, or -1 outside the county. Row 0 is the southernmost.
    river : (rows,) bool array
        The rows that are river.
    row_line, column_line : int arrays
        The rank of each lattice line: 0 avenue, 1 main road, 2 street, 3 lane.
    roles, towns : lists
        The role and the town of each community.
    """

    size: Size
    scale: Scale
    label: NDArray[np.int64]
    river: NDArray[np.bool_]
    row_line: NDArray[np.int64]
    column_line: NDArray[np.int64]
    roles: list[Role]
    towns: NDArray[np.int64]


def make_plan(size: Size, seed: int) -> Plan:
    """Lay out the communities of one size.

    Parameters
    ----------
    size : {"small", "town", "city"}
    seed : int

    Returns
    -------
    Plan
    """
    scale = SCALES[size]
    superblocks, roles = _superblocks(size, scale, stream(seed, "plan"))
    blocks = np.kron(superblocks, np.ones((2, 2), dtype=np.int64))
    rows: list[NDArray[np.int64]] = []
    river: list[bool] = []
    row_line: list[int] = []
    for row in range(blocks.shape[0]):
        if row % BLOCKS == 0 and row // BLOCKS in scale.rivers:
            # The river belongs to the communities on its northern bank.
            bank = blocks[row]
            rows.append(np.where(bank == OUTSIDE, bank.max(), bank))
            river.append(True)
            row_line.append(1)
        rows.append(blocks[row])
        river.append(False)
        row_line.append(_rank(row, scale.bands))
    row_line.append(1)
    column_line = [_rank(column, scale.columns) for column in range(blocks.shape[1] + 1)]
    return Plan(
        size, scale, np.array(rows), np.array(river), np.array(row_line), np.array(column_line),
        roles, _towns(size, scale, roles),
    )  # fmt: skip


def _rank(line: int, communities: int) -> int:
    if line % 2:
        return 3
    if line % BLOCKS:
        return 2
    return 0 if line // BLOCKS == communities // 2 or (line // BLOCKS) % 4 == 2 else 1


def _superblocks(
    size: Size, scale: Scale, rng: np.random.Generator
) -> tuple[NDArray[np.int64], list[Role]]:
    """Give each superblock to a community; borders step aside by one superblock here and there."""
    count = scale.bands * scale.columns
    grid = np.kron(
        np.arange(count).reshape(scale.bands, scale.columns), np.ones((3, 3), dtype=np.int64)
    )
    a_band, a_column = scale.seed_a
    a, b = a_band * scale.columns + a_column, (a_band + 1) * scale.columns + a_column
    for band in range(scale.bands):
        for column in range(1, scale.columns):
            west, east = band * scale.columns + column - 1, band * scale.columns + column
            step, row = rng.integers(-1, 2), band * 3 + rng.integers(0, 3)
            if {west, east} & {a, b} or step == 0:
                continue
            edge = column * 3
            if step > 0:
                grid[row, edge] = west
            else:
                grid[row, edge - 1] = east
    # Community B is two by two superblocks; its neighbours take the rest of its place.
    south, first = (a_band + 1) * 3, a_column * 3
    grid[south + 2, first : first + 3] = b - 1 if size != "small" else OUTSIDE
    grid[south : south + 2, first + 2] = b + 1 if size != "small" else OUTSIDE
    roles = _roles(size, scale, rng)
    roles[a], roles[b] = "seed_a", "seed_b"
    return grid, roles


def _roles(size: Size, scale: Scale, rng: np.random.Generator) -> list[Role]:
    band, column = np.divmod(np.arange(scale.bands * scale.columns), scale.columns)
    middle = np.array([(scale.bands - 1) / 2, (scale.columns - 1) / 2])
    distance = np.hypot(band - middle[0], column - middle[1])
    if size == "city":
        centres = rng.uniform(2, scale.bands - 3, (9, 2))
        suburbs = np.hypot(band[:, None] - centres[:, 0], column[:, None] - centres[:, 1])
        # Six of seven communities are urban, in the middle and about nine other centres.
        reach = np.minimum(distance / 12.5, suburbs.min(axis=1) / 3.5)
        urban = reach <= np.quantile(reach, 6 / 7)
    else:
        urban = (distance < 2) & ~((band == 3) & (column == 2))
    return ["urban" if u else "village" for u in urban]


def _towns(size: Size, scale: Scale, roles: list[Role]) -> NDArray[np.int64]:
    band, column = np.divmod(np.arange(len(roles)), scale.columns)
    if size == "small":
        return np.zeros(len(roles), dtype=np.int64)
    if size == "town":
        return np.where(band == 0, 2, np.where(band == 3, 3, (column >= 2).astype(np.int64)))
    across = -(-scale.columns // 4)
    result: NDArray[np.int64] = (band // 2) * across + column // 4
    return result
