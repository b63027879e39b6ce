"""Roads along the lattice lines: avenues, streets, lanes, bridges, drives and park paths."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geodata.town.chance import stream
from geodata.town.fabric import Fabric
from geodata.town.landuse import LandUse, Use
from geodata.town.names import numeral, street_words
from geodata.town.plan import BLOCKS, OUTSIDE, Plan

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

KINDS = np.array(["primary", "secondary", "tertiary", "residential", "unclassified", "track"])
UNCLASSIFIED, TRACK = 4, 5
CHUNK = 4 * BLOCKS  # After so many blocks a street of a city changes its name.


@dataclass(frozen=True)
class Streets:
    """The streets on the block edges.

    Attributes
    ----------
    kind_h : (rows + 1, columns) int array
        The kind of the edge south of each block (index into ``KINDS``), or -1 for no street.
    kind_v : (rows, columns + 1) int array
        Likewise the edge west of each block.
    name_h, name_v : object arrays of the same shapes
        The street's name, or an empty text.
    bridge_v : (rows, columns + 1) bool array
        The edges that cross the river.
    """

    kind_h: Ints
    kind_v: Ints
    name_h: NDArray[np.object_]
    name_v: NDArray[np.object_]
    bridge_v: Bools


def make_streets(plan: Plan, land: LandUse, seed: int) -> Streets:
    """Decide where streets run, of which kind and name.

    Parameters
    ----------
    plan : Plan
    land : LandUse
    seed : int

    Returns
    -------
    Streets
    """
    rng = stream(seed, "streets")
    use = np.pad(land.use, 1)  # Zero is outside.
    group = np.pad(land.group, 1, constant_values=-1)
    south, north = (use[:-1, 1:-1], group[:-1, 1:-1]), (use[1:, 1:-1], group[1:, 1:-1])
    west, east = (use[1:-1, :-1], group[1:-1, :-1]), (use[1:-1, 1:], group[1:-1, 1:])
    rank_h = np.broadcast_to(plan.row_line[:, None], south[0].shape)
    rank_v = np.broadcast_to(plan.column_line[None, :], west[0].shape)
    kind_h = _kinds(rank_h, south, north, rng)
    kind_v = _kinds(rank_v, west, east, rng)
    wet = np.broadcast_to(plan.river[:, None], kind_v.shape)
    often = 1.0 if plan.size == "small" else 0.25
    bridge = wet & ((rank_v <= 1) | ((rank_v == 2) & (rng.random(kind_v.shape) < often)))
    # A bridge needs a road at both ends.
    ends = np.pad(kind_v >= 0, ((1, 1), (0, 0)))
    bridge &= ends[:-2] & ends[2:]
    kind_v = np.where(wet, np.where(bridge, rank_v, -1), kind_v)
    name_h, name_v = _names(plan, kind_h, kind_v, rng)
    return Streets(kind_h, kind_v, name_h, name_v, bridge)


def _kinds(
    rank: Ints, one: tuple[Ints, Ints], other: tuple[Ints, Ints], rng: np.random.Generator
) -> Ints:
    """Choose the kind of street between blocks from the line's rank and the uses beside it."""
    rural = [np.isin(u, (Use.FIELD, Use.VILLAGE, Use.OUT)) for u in (one[0], other[0])]
    both_rural = rural[0] & rural[1]
    field = [np.isin(u, (Use.FIELD, Use.OUT)) for u in (one[0], other[0])]
    kind = rank.copy()
    kind[both_rural & (rank == 2)] = UNCLASSIFIED
    kind[both_rural & (rank == 3)] = TRACK
    chance = rng.random(rank.shape)
    gone = one[1] == other[1]
    gone |= field[0] & field[1] & (rank == 3) & (chance < 0.7)
    gone |= field[0] & field[1] & (rank == 2) & (chance < 0.25)
    outside = [u == Use.OUT for u in (one[0], other[0])]
    gone |= outside[0] & outside[1]
    # Open land at the county's edge has no road along its border.
    gone |= (outside[0] | outside[1]) & field[0] & field[1]
    kind[gone] = -1
    return kind


def _names(
    plan: Plan, kind_h: Ints, kind_v: Ints, rng: np.random.Generator
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Name main roads and streets by line, and number the lanes after the street beside them."""
    rows, columns = plan.label.shape
    chunks_h, chunks_v = -(-columns // CHUNK), -(-rows // CHUNK)
    lines_h, lines_v = rows + 1, columns + 1
    words = [w for w, _ in street_words((lines_h * chunks_h + lines_v * chunks_v) * 2 // 3, rng)]
    importance = np.concatenate([
        np.repeat(plan.row_line, chunks_h) * 2.0, np.repeat(plan.column_line, chunks_v) * 2.0 + 1
    ])  # fmt: skip
    importance += rng.random(importance.size) * 0.9
    word = np.full(importance.size, "", dtype=object)
    order = np.argsort(importance, kind="stable")
    order = order[importance[order] < 6]  # Lanes have no word of their own.
    word[order] = words[: len(order)]
    word_h = word[: lines_h * chunks_h].reshape(lines_h, chunks_h)
    word_v = word[lines_h * chunks_h :].reshape(lines_v, chunks_v)
    counts: dict[str, int] = {}
    name_h = _line_names(plan.row_line, word_h, kind_h, plan.river, "路", counts)
    wet = np.zeros(columns, dtype=bool)
    name_v = _line_names(plan.column_line, word_v, kind_v.T, wet, "街", counts).T
    return name_h, name_v


def _line_names(
    rank: Ints, word: NDArray[np.object_], kind: Ints, wet: Bools, suffix: str,
    counts: dict[str, int],
) -> NDArray[np.object_]:  # fmt: skip
    """Name the edges of parallel lines; ``kind`` has one row per line."""
    lines, length = kind.shape
    name = np.full((lines, length), "", dtype=object)
    river = np.flatnonzero(wet)
    banks = {int(r): "南" for r in river} | {int(r) + 1: "北" for r in river}
    for line in range(lines):
        for start in range(0, length, BLOCKS):
            part = slice(start, min(start + BLOCKS, length))
            chunk = start // CHUNK
            if not (kind[line, part] >= 0).any():
                continue
            if rank[line] < 3:
                base = word[line - (banks.get(line) == "北"), chunk]
                end = "大道" if rank[line] == 0 else suffix
                name[line, part] = f"{base}{end}"
                if line in banks:
                    name[line, part] = f"{base}{banks[line]}路"
            else:
                base = word[line - 1, chunk] or word[line + 1, chunk]
                counts[base] = counts.get(base, 0) + 1
                name[line, part] = f"{base}{numeral(counts[base])}巷"
    name[kind < 0] = ""
    return name


def road_frame(
    plan: Plan, fabric: Fabric, land: LandUse, streets: Streets, seed: int
) -> gpd.GeoDataFrame:
    """Draw the roads: one feature for each stretch with one name, kind and bridge mark.

    Parameters
    ----------
    plan : Plan
    fabric : Fabric
    land : LandUse
    streets : Streets
    seed : int

    Returns
    -------
    GeoDataFrame
        The canonical road frame.
    """
    no_bridge = np.zeros(streets.kind_h.shape, dtype=bool)
    h = _runs(streets.kind_h, streets.name_h, no_bridge, fabric.nodes[::2])
    v = _runs(
        streets.kind_v.T, streets.name_v.T, streets.bridge_v.T, fabric.nodes[:, ::2].swapaxes(0, 1)
    )
    parts = [h, v, _drives(fabric, land, streets), _park_paths(plan, fabric, land)]
    frame = pd.concat([p for p in parts if len(p)], ignore_index=True)
    rng = stream(seed, "oneway")
    oneway = (frame["kind"] == "tertiary") & (rng.random(len(frame)) < 0.06)
    frame.insert(0, "external_id", [f"R{n:06d}" for n in range(1, len(frame) + 1)])
    frame["oneway"] = oneway.to_numpy(bool)
    columns = ["external_id", "name", "kind", "oneway", "bridge", "geometry"]
    return gpd.GeoDataFrame(frame[columns], geometry="geometry", crs="EPSG:4326")


def _runs(
    kind: Ints, name: NDArray[np.object_], bridge: Bools, nodes: NDArray[np.float64]
) -> pd.DataFrame:
    """Join consecutive edges of a line with the same properties into one line string."""
    length = kind.shape[1]
    flat_kind, flat_name, flat_bridge = kind.ravel(), name.ravel(), bridge.ravel()
    change = np.ones(flat_kind.size, dtype=bool)
    change[1:] = (
        (flat_kind[1:] != flat_kind[:-1])
        | (flat_name[1:] != flat_name[:-1])
        | (flat_bridge[1:] != flat_bridge[:-1])
    )
    change[::length] = True
    start = np.flatnonzero(change)
    end = np.append(start[1:], flat_kind.size)
    keep = flat_kind[start] >= 0
    start, end = start[keep], end[keep]
    points = 2 * (end - start) + 1
    run = np.repeat(np.arange(len(start)), points)
    step = np.arange(points.sum()) - np.repeat(np.cumsum(points) - points, points)
    line, first = start // length, start % length
    coordinates = nodes[line[run], 2 * first[run] + step]
    return pd.DataFrame({
        "name": flat_name[start], "kind": KINDS[flat_kind[start]], "bridge": flat_bridge[start],
        "geometry": shapely.linestrings(coordinates, indices=run),
    })  # fmt: skip


def _drives(fabric: Fabric, land: LandUse, streets: Streets) -> pd.DataFrame:
    """Draw the drives through compounds, and both alleys through old courts and villages."""
    opened = (
        Use.SLAB, Use.TOWER, Use.MIXED, Use.MARKET, Use.SCHOOL, Use.HOSPITAL, Use.INDUSTRY,
        Use.OFFICE, Use.COURT, Use.VILLAGE, Use.SHOPS, Use.SQUARE,
    )  # fmt: skip
    parts = []
    for upright, uses in ((True, opened), (False, (Use.COURT, Use.VILLAGE))):
        j, i = np.nonzero(np.isin(land.use, uses))
        if upright:
            low, high = streets.kind_h[j, i] >= 0, streets.kind_h[j + 1, i] >= 0
        else:
            low, high = streets.kind_v[j, i] >= 0, streets.kind_v[j, i + 1] >= 0
        same_low, same_high = _same_group(land, i, j, upright)
        joined = low | high | same_low | same_high
        i, j = i[joined], j[joined]
        t0 = np.where(low | same_low, 0.0, 0.15)[joined]
        t1 = np.where(high | same_high, 1.0, 0.85)[joined]
        t = np.stack([t0, np.full(len(i), 0.5), t1], axis=1)
        half = np.full_like(t, 0.5)
        a, b = (half, t) if upright else (t, half)
        line = fabric.lonlat(i[:, None] + a, j[:, None] + b)
        alley = np.isin(land.use[j, i], (Use.COURT, Use.VILLAGE))
        parts.append(pd.DataFrame({
            "name": "", "kind": np.where(alley, "living_street", "service"), "bridge": False,
            "geometry": shapely.linestrings(line),
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _same_group(land: LandUse, i: Ints, j: Ints, upright: bool) -> tuple[Bools, Bools]:
    group = np.pad(land.group, 1, constant_values=OUTSIDE)
    here = group[j + 1, i + 1]
    if upright:
        return here == group[j, i + 1], here == group[j + 2, i + 1]
    return here == group[j + 1, i], here == group[j + 1, i + 2]


def _park_paths(plan: Plan, fabric: Fabric, land: LandUse) -> pd.DataFrame:
    """Draw the path around the lake of a park of four blocks, and the ways in."""
    i, j = park_centres(land)
    if not len(i):
        return pd.DataFrame({"name": [], "kind": [], "bridge": [], "geometry": []})
    angle = np.linspace(0, 2 * np.pi, 25)
    # The ring passes through the middles of the four inner edges, where the ways in meet it.
    ring = fabric.lonlat(
        i[:, None] + 0.5 * np.cos(angle)[None, :], j[:, None] + 0.5 * np.sin(angle)[None, :]
    )
    lines = [np.asarray(shapely.linestrings(ring), dtype=object)]
    for di, dj in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        ends = np.array([0.5, 1.0])
        way = fabric.lonlat(i[:, None] + di * ends, j[:, None] + dj * ends)
        lines.append(np.asarray(shapely.linestrings(way), dtype=object))
    return pd.DataFrame(
        {"name": "", "kind": "footway", "bridge": False, "geometry": np.concatenate(lines)}
    )


def park_centres(land: LandUse) -> tuple[Ints, Ints]:
    """Return the lattice nodes (i, j) in the middle of parks of two by two blocks."""
    use, group = land.use, land.group
    four = (use[:-1, :-1] == Use.PARK) & (group[:-1, :-1] == group[1:, :-1])
    four &= (group[:-1, :-1] == group[:-1, 1:]) & (group[:-1, :-1] == group[1:, 1:])
    j, i = np.nonzero(four)
    return i + 1, j + 1
