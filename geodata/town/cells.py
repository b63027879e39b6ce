"""The grid of responsibility: basic cells along streets, dedicated cells, micro cells."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geodata.town.chance import stream
from geodata.town.fabric import Fabric, inside
from geodata.town.landuse import LandUse, Use
from geodata.town.names import numeral
from geodata.town.plan import Plan
from geodata.town.units import Register, multi, unions

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
# Households of a basic cell: it grows until the first number, is joined to another below the
# second and never grows beyond the third. Villages are thinly settled and have smaller cells.
Limits = tuple[float, float, float]
URBAN: Limits = (280.0, 190.0, 560.0)
RURAL: Limits = (75.0, 45.0, 300.0)
Block = tuple[int, int]


def make_cells(
    plan: Plan, fabric: Fabric, land: LandUse, register: Register, households: Floats,
    names: dict[int, str], seed: int,
) -> gpd.GeoDataFrame:  # fmt: skip
    """Draw the cells of all communities.

    Basic and dedicated cells cover every community without overlap. Blocks are merged, whole,
    until a basic cell has some 300 to 500 households; in the seed communities the drawn plan
    prescribes them (the four safety areas of community A). Hospitals, industrial parks, most
    schools and some markets are dedicated cells, carved out of the basic ones. The compounds of
    the two seed communities are micro cells inside basic ones.

    Parameters
    ----------
    plan : Plan
    fabric : Fabric
    land : LandUse
    register : Register
    households : (rows, columns) float array
        The households of each block.
    names : dict of int to str
        The names of groups of blocks.
    seed : int

    Returns
    -------
    GeoDataFrame
        The canonical cell frame, ordered by code.
    """
    rng = stream(seed, "cells")
    dedicated = _dedicated(land, rng)
    i, j = inside(plan)
    owner = plan.label[j, i]
    cell = np.full(plan.label.shape, -1)
    count = 0
    order = np.argsort(owner, kind="stable")
    first = np.unique(owner[order], return_index=True)[1]
    for part in np.split(order, first[1:]):
        blocks = [(int(a), int(b)) for a, b in zip(j[part], i[part], strict=True)]
        limits = RURAL if plan.roles[owner[part[0]]] == "village" else URBAN
        count = _divide(blocks, land, dedicated, households, limits, cell, count)
    label = cell[j, i]
    kind = np.full(count, "basic", dtype=object)
    kind[label[dedicated[j, i]]] = "dedicated"
    community, group = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    community[label], group[label] = owner, land.group[j, i]
    micro = np.isin(land.group[j, i], list(land.wanted))
    numbers, at = np.unique(land.group[j, i][micro], return_inverse=True)
    home = np.zeros(len(numbers), dtype=np.int64)
    home[at] = owner[micro]
    faces = fabric.faces(i, j)
    shapes = np.concatenate([
        unions(faces, label, count), unions(faces[micro], at, len(numbers))
    ])  # fmt: skip
    frame = pd.DataFrame({
        "community": np.concatenate([community, home]),
        "kind": np.concatenate([kind, np.full(len(numbers), "micro", dtype=object)]),
        "group": np.concatenate([group, numbers]),
    })  # fmt: skip
    return _numbered(frame, shapes, register, names)


def _numbered(
    frame: pd.DataFrame, shapes: NDArray[np.object_], register: Register, names: dict[int, str]
) -> gpd.GeoDataFrame:
    """Give numbers to the cells of a community from west to east, then from north to south."""
    point = shapely.point_on_surface(shapes)
    order = np.lexsort((-shapely.get_y(point), shapely.get_x(point), frame["community"]))
    frame, shapes = frame.iloc[order].reset_index(drop=True), shapes[order]
    serial = frame.groupby("community").cumcount() + 1
    basic = frame.groupby(["community", "kind"]).cumcount() + 1
    community_code = [register.community_codes[c] for c in frame["community"]]
    titles = [
        f"{register.community_names[c][0]}第{numeral(n)}网格" if kind == "basic"
        else f"{names[g]}{'专属' if kind == 'dedicated' else '微'}网格"
        for c, kind, g, n in zip(frame["community"], frame["kind"], frame["group"], basic,
                                 strict=True)
    ]  # fmt: skip
    nothing = pd.Series([None] * len(frame), dtype=object)
    return gpd.GeoDataFrame({
        "code": [f"{c}{n:03d}" for c, n in zip(community_code, serial, strict=True)],
        "community_code": community_code, "kind": frame["kind"].to_numpy(), "name": titles,
        "valid_from": nothing, "valid_to": nothing,
    }, geometry=multi(shapes), crs="EPSG:4326")  # fmt: skip


def _dedicated(land: LandUse, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Mark the blocks of dedicated cells; whole campuses, and none that the plan of B has."""
    chance = rng.random(int(land.group.max()) + 1)[land.group]
    size = np.bincount(land.group.ravel())[land.group]
    result: NDArray[np.bool_] = np.isin(land.use, (Use.HOSPITAL, Use.INDUSTRY))
    result |= (land.use == Use.SCHOOL) & (size > 1) & ((chance < 0.6) | (land.cell_hint > 0))
    result |= (land.use == Use.MARKET) & (chance < 0.4) & (land.cell_hint == 0)
    return result


def _divide(
    blocks: list[Block], land: LandUse, dedicated: NDArray[np.bool_], households: Floats,
    limits: Limits, cell: Ints, count: int,
) -> int:  # fmt: skip
    """Give the blocks of one community to cells numbered from ``count``; return the next number."""
    free: set[Block] = set()
    areas: dict[int, list[Block]] = {}
    for block in blocks:
        if dedicated[block]:
            areas.setdefault(int(land.group[block]), []).append(block)
        elif land.cell_hint[block]:
            areas.setdefault(-int(land.cell_hint[block]), []).append(block)
        else:
            free.add(block)
    grown = _join_small(_grow(free, land, households, limits), households, limits)
    grown = _absorb_pockets(areas, grown, households, limits, dedicated)
    pieces = [*areas.values(), *grown]
    for piece in pieces:
        for block in piece:
            cell[block] = count
        count += 1
    return count


def _around(block: Block) -> tuple[Block, Block, Block, Block]:
    j, i = block
    return (j, i + 1), (j + 1, i), (j, i - 1), (j - 1, i)


def _grow(free: set[Block], land: LandUse, households: Floats, limits: Limits) -> list[list[Block]]:
    """Grow cells block by block, beginning where few neighbours are left."""
    left = set(free)
    result = []
    while left:
        start = min(left, key=lambda b: (sum(n in left for n in _around(b)), b))
        piece, weight = [start], float(households[start])
        left.discard(start)
        while weight < limits[0]:
            edge = {n for b in piece for n in _around(b) if n in left}
            edge = {n for n in edge if weight + households[n] <= limits[2]}
            if not edge:
                break
            j = sum(b[0] for b in piece) / len(piece)
            i = sum(b[1] for b in piece) / len(piece)
            groups = {int(land.group[b]) for b in piece}
            best = min(
                edge,
                key=lambda b: (
                    int(land.group[b]) not in groups,
                    # Blocks that few others could take come first, so that none is left behind.
                    (b[0] - j) ** 2 + (b[1] - i) ** 2 + 0.4 * sum(n in left for n in _around(b)),
                    b,
                ),
            )
            piece.append(best)
            left.discard(best)
            weight += float(households[best])
        result.append(piece)
    return result


def _has_neighbour(number: int, pieces: list[list[Block]]) -> bool:
    mine = {n for b in pieces[number] for n in _around(b)}
    return any(b in mine for k, p in enumerate(pieces) if k != number for b in p)


def _join_small(pieces: list[list[Block]], households: Floats, limits: Limits) -> list[list[Block]]:
    """Join cells with too few households to the smallest cell beside them."""
    owner = {b: k for k, piece in enumerate(pieces) for b in piece}
    weight = {k: float(sum(households[b] for b in p)) for k, p in enumerate(pieces)}
    settled: set[int] = set()
    while True:
        small = [k for k, w in weight.items() if w < limits[1] and k not in settled]
        if not small:
            return [pieces[k] for k in weight]
        k = min(small, key=lambda n: (weight[n], n))
        beside = {owner[n] for b in pieces[k] for n in _around(b) if n in owner} - {k}
        if not beside:
            settled.add(k)
            continue
        best = min(beside, key=lambda n: (weight[n], n))
        pieces[best] = pieces[best] + pieces[k]
        weight[best] += weight.pop(k)
        for b in pieces[k]:
            owner[b] = best


def _absorb_pockets(
    areas: dict[int, list[Block]], grown: list[list[Block]], households: Floats, limits: Limits,
    dedicated: NDArray[np.bool_],
) -> list[list[Block]]:  # fmt: skip
    """Open a dedicated cell to a nearly empty pocket that it has cut off from the other cells."""
    for number, piece in enumerate(grown):
        weight = sum(households[b] for b in piece)
        if len(grown) == 1 or weight >= limits[1] / 2 or _has_neighbour(number, grown):
            continue
        mine = {n for b in piece for n in _around(b)}
        for group, blocks in list(areas.items()):
            if group >= 0 and any(b in mine for b in blocks):
                for b in blocks:
                    dedicated[b] = False
                del areas[group]
                piece.extend(blocks)
                break
    return _join_small(grown, households, limits)
