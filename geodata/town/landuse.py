"""What stands on each block: housing, shops, school, park, fields."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from geodata.town.chance import stream
from geodata.town.plan import BLOCKS, OUTSIDE, Plan

Ints = NDArray[np.int64]


class Use(IntEnum):
    """The use of a block."""

    OUT = 0
    RIVER = 1
    SLAB = 2
    TOWER = 3
    COURT = 4
    MIXED = 5
    SHOPS = 6
    SCHOOL = 7
    HOSPITAL = 8
    MARKET = 9
    INDUSTRY = 10
    PARK = 11
    OFFICE = 12
    VILLAGE = 13
    FIELD = 14
    SQUARE = 15


HOUSING = (Use.SLAB, Use.TOWER, Use.MIXED, Use.COURT, Use.VILLAGE)
_LETTERS = {
    "P": Use.PARK, "S": Use.SCHOOL, "H": Use.HOSPITAL, "M": Use.MARKET, "I": Use.INDUSTRY,
    "O": Use.OFFICE, "X": Use.SHOPS, "Q": Use.SQUARE, "G": Use.FIELD,
}  # fmt: skip

# The two communities of the reports, north at the top. Lower-case letters are compounds.
PLAN_A = ("PPXXbb", "PPOXSS", "aaXMcc", "ddXXee", "HHOIII", "GQXIII")
PLAN_B = ("ffgg", "PPhh", "PPii", "jjiQ")
# The basic cells of both: the four safety areas of A, and four cells of B.
CELLS_A = ("111222", "111222", "111222", "333444", "333444", "333444")
CELLS_B = ("1122", "3322", "3344", "3344")
# How many residential buildings each compound has: 48 in A and 67 in B.
COMPOUNDS_A = {"a": 12, "b": 9, "c": 7, "d": 10, "e": 10}
COMPOUNDS_B = {"f": 14, "g": 14, "h": 12, "i": 15, "j": 12}

# The four blocks of a superblock (SW, SE, NW, NE) and which of them belong together.
_PATTERNS: dict[str, tuple[tuple[Use, ...], tuple[int, ...]]] = {
    "slabs": ((Use.SLAB,) * 4, (0, 1, 2, 3)),
    "towers": ((Use.TOWER,) * 4, (0, 0, 2, 2)),
    "mixed": ((Use.MIXED, Use.MIXED, Use.SLAB, Use.MIXED), (0, 1, 2, 3)),
    "courts": ((Use.COURT, Use.COURT, Use.COURT, Use.MIXED), (0, 1, 2, 3)),
    "school": ((Use.SCHOOL, Use.SCHOOL, Use.SLAB, Use.TOWER), (0, 0, 2, 3)),
    "park": ((Use.PARK, Use.PARK, Use.MIXED, Use.SLAB), (0, 0, 2, 3)),
    "big park": ((Use.PARK,) * 4, (0, 0, 0, 0)),
    "hospital": ((Use.HOSPITAL, Use.HOSPITAL, Use.MIXED, Use.SLAB), (0, 0, 2, 3)),
    "market": ((Use.MARKET, Use.MIXED, Use.MIXED, Use.SLAB), (0, 1, 2, 3)),
    "industry": ((Use.INDUSTRY,) * 4, (0, 0, 0, 0)),
    "offices": ((Use.OFFICE, Use.OFFICE, Use.SHOPS, Use.MIXED), (0, 0, 2, 3)),
    "village": ((Use.VILLAGE, Use.VILLAGE, Use.FIELD, Use.FIELD), (0, 1, 2, 3)),
    "hamlet": ((Use.VILLAGE, Use.FIELD, Use.FIELD, Use.FIELD), (0, 1, 2, 3)),
    "village school": ((Use.VILLAGE, Use.VILLAGE, Use.SCHOOL, Use.VILLAGE), (0, 1, 2, 3)),
    "fields": ((Use.FIELD,) * 4, (0, 1, 2, 3)),
}
_NAMES = list(_PATTERNS)


@dataclass(frozen=True)
class LandUse:
    """The blocks' uses.

    Attributes
    ----------
    use : (rows, columns) int array
        Values of ``Use``.
    group : (rows, columns) int array
        Blocks with one number form one compound, campus or park, with no street between them.
    wanted : dict of int to int
        The exact number of residential buildings of a group, in the two seed communities.
    cell_hint : (rows, columns) int array
        The prescribed basic cell of blocks in the two seed communities, else 0.
    """

    use: Ints
    group: Ints
    wanted: dict[int, int]
    cell_hint: Ints


def make_landuse(plan: Plan, seed: int) -> LandUse:
    """Decide the use of every block.

    Parameters
    ----------
    plan : Plan
    seed : int

    Returns
    -------
    LandUse
    """
    rng = stream(seed, "landuse")
    dry = ~plan.river
    label = plan.label[dry]
    use, group = _fill(plan, label, rng)
    hint = np.zeros_like(use)
    wanted: dict[int, int] = {}
    for role, uses, cells, counts in (
        ("seed_a", PLAN_A, CELLS_A, COMPOUNDS_A),
        ("seed_b", PLAN_B, CELLS_B, COMPOUNDS_B),
    ):
        community = next(k for k, r in enumerate(plan.roles) if r == role)
        _draw(label == community, uses, cells, counts, use, group, hint, wanted)
    use[label == OUTSIDE] = Use.OUT
    full_use = np.full(plan.label.shape, int(Use.RIVER))
    full_use[dry] = use
    full_use[plan.label == OUTSIDE] = Use.OUT
    full_group = np.arange(plan.label.size).reshape(plan.label.shape) + 10 * plan.label.size
    full_group[dry] = group
    full_hint = np.zeros_like(full_use)
    full_hint[dry] = hint
    for community, role in enumerate(plan.roles):
        if role == "seed_b":  # The river in front of B lies in its south-western cell.
            full_hint[plan.river[:, None] & (plan.label == community)] = 3
    return LandUse(full_use, full_group, wanted, full_hint)


def _fill(plan: Plan, label: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Choose a pattern for every superblock."""
    owner = label[::2, ::2]
    urban = np.array([role == "urban" for role in plan.roles])[np.maximum(owner, 0)]
    order = _rank_within(owner, rng.random(owner.shape))
    middle = (np.array(owner.shape) - 1) / 2
    band, column = np.indices(owner.shape)
    away = np.hypot((band - middle[0]) / (middle[0] + 1), (column - middle[1]) / (middle[1] + 1))
    chance = rng.random(owner.shape)

    def pick(names: tuple[str, ...], odds: tuple[float, ...]) -> Ints:
        codes = np.array([_NAMES.index(name) for name in names])
        return codes[rng.choice(len(names), size=owner.shape, p=odds)]

    central = pick(("slabs", "towers", "mixed", "courts"), (0.3, 0.2, 0.22, 0.28))
    outer = pick(("slabs", "towers", "mixed", "courts"), (0.4, 0.38, 0.16, 0.06))
    pattern = np.where(away + 0.3 * chance < 0.6, central, outer)
    pattern = np.where(order == 0, _NAMES.index("school"), pattern)
    pattern = np.where(order == 1, pick(("park", "big park"), (0.6, 0.4)), pattern)
    pattern = np.where(order == 2, pick(("market", "offices"), (0.55, 0.45)), pattern)
    edge = pick(("industry", "hospital", "mixed"), (0.5, 0.15, 0.35))
    core = pick(("hospital", "mixed", "courts"), (0.25, 0.4, 0.35))
    pattern = np.where(order == 3, np.where(away > 0.6, edge, core), pattern)
    rural = pick(("village", "hamlet", "fields"), (0.3, 0.4, 0.3))
    rural = np.where(order == 0, _NAMES.index("village school"), rural)
    rural = np.where(order == 1, _NAMES.index("village"), rural)
    return _stamp(np.where(urban, pattern, rural), rng)


def _stamp(pattern: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Spread the patterns over their four blocks, some mirrored."""
    uses = np.array([[int(u) for u in p[0]] for p in _PATTERNS.values()]).reshape(-1, 2, 2)
    parts = np.array([p[1] for p in _PATTERNS.values()]).reshape(-1, 2, 2)
    use, part = uses[pattern], parts[pattern]
    flip = rng.random(pattern.shape) < 0.5
    use[flip], part[flip] = use[flip][:, ::-1], part[flip][:, ::-1]
    flip = rng.random(pattern.shape) < 0.5
    use[flip], part[flip] = use[flip][:, :, ::-1], part[flip][:, :, ::-1]
    number = np.arange(pattern.size).reshape(pattern.shape)[:, :, None, None] * 4 + part
    rows, columns = pattern.shape
    shape = (rows * 2, columns * 2)
    return (
        use.transpose(0, 2, 1, 3).reshape(shape).astype(np.int64),
        number.transpose(0, 2, 1, 3).reshape(shape).astype(np.int64),
    )


def _rank_within(owner: Ints, value: NDArray[np.float64]) -> Ints:
    """Rank the superblocks of each community by a random value, from 0."""
    flat = owner.ravel()
    order = np.lexsort((value.ravel(), flat))
    start = np.searchsorted(flat[order], flat[order])
    rank = np.empty(flat.size, dtype=np.int64)
    rank[order] = np.arange(flat.size) - start
    return rank.reshape(owner.shape)


def _draw(
    where: NDArray[np.bool_], uses: tuple[str, ...], cells: tuple[str, ...],
    counts: dict[str, int], use: Ints, group: Ints, hint: Ints, wanted: dict[int, int],
) -> None:  # fmt: skip
    """Write the drawn plan of a seed community into the arrays."""
    rows, columns = np.nonzero(where)
    south, west = rows.min(), columns.min()
    height, base = len(uses), int(group.max()) + 1
    for up in range(height):
        for right, letter in enumerate(uses[height - 1 - up]):
            at = (south + up, west + right)
            slot = base + ord(letter)
            if letter in counts:
                use[at] = Use.SLAB
                wanted[slot] = counts[letter]
            else:
                use[at] = _LETTERS[letter]
            # Offices, shops and squares stand alone; the rest forms one area.
            alone = letter in "XOMQG"
            group[at] = base + 200 + up * BLOCKS + right if alone else slot
            hint[at] = int(cells[height - 1 - up][right])
