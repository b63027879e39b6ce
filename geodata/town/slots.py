"""Where buildings stand inside their blocks, and how large they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.town.chance import stream
from geodata.town.fabric import Fabric
from geodata.town.landuse import COMPOUNDS_A, LandUse, Use
from geodata.town.streets import Streets

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# How far buildings keep from the middle of a street of each kind, in metres (the last: no street).
_SETBACK = np.array([31.0, 26.0, 20.0, 13.0, 13.0, 11.0, 7.0])
_DRIVE = 12.0  # The gap for the drive in the middle of a block.


@dataclass(frozen=True)
class Blocks:
    """The usable rectangles of blocks in metres about their middles."""

    i: Ints
    j: Ints
    use: Ints
    group: Ints
    community: Ints
    width: Floats
    height: Floats
    x0: Floats
    x1: Floats
    y0: Floats
    y1: Floats

    def where(self, mask: NDArray[np.bool_]) -> Blocks:
        """Return some of the blocks."""
        return Blocks(**{k: v[mask] for k, v in vars(self).items()})

    def shrink(self, by: float) -> Blocks:
        """Return the blocks with their usable rectangles made smaller on all sides."""
        values = dict(vars(self))
        values.update(x0=self.x0 + by, x1=self.x1 - by, y0=self.y0 + by, y1=self.y1 - by)
        return Blocks(**values)


def make_blocks(fabric: Fabric, land: LandUse, streets: Streets) -> Blocks:
    """Measure every block of the county and the room that its streets leave.

    Parameters
    ----------
    fabric : Fabric
    land : LandUse
    streets : Streets

    Returns
    -------
    Blocks
    """
    j, i = np.nonzero(land.use > Use.RIVER)
    width, height = fabric.side(i, j)
    return Blocks(
        i, j, land.use[j, i], land.group[j, i], fabric.plan.label[j, i], width, height,
        -width / 2 + _SETBACK[streets.kind_v[j, i]], width / 2 - _SETBACK[streets.kind_v[j, i + 1]],
        -height / 2 + _SETBACK[streets.kind_h[j, i]],
        height / 2 - _SETBACK[streets.kind_h[j + 1, i]],
    )  # fmt: skip


def make_slots(blocks: Blocks, land: LandUse, seed: int) -> pd.DataFrame:
    """Place the buildings of all blocks.

    Parameters
    ----------
    blocks : Blocks
    land : LandUse
    seed : int

    Returns
    -------
    DataFrame
        One row per building: ``i``, ``j``, ``community``, ``group``, ``use``, the middle ``s``,
        ``t`` inside the block (0 to 1), ``w`` and ``d`` in metres, ``turn`` against the street in
        radians, ``shape``, ``kind``, ``storeys``, ``homes`` (households when full), ``upright``
        (along the street that runs north) and the block's ``width`` and ``height`` in metres.
    """
    rng = stream(seed, "slots")
    seeds = np.isin(blocks.group, list(land.wanted))
    parts = [
        _seed_slabs(blocks.where(seeds), land, rng),
        _slabs(blocks.where((blocks.use == Use.SLAB) & ~seeds), rng),
        _slabs(blocks.where(blocks.use == Use.MIXED).shrink(20), rng),
        _shops(blocks.where(np.isin(blocks.use, (Use.MIXED, Use.SHOPS))), rng),
        _grid(blocks.where(blocks.use == Use.SHOPS).shrink(26), 62, 56, (46, 34), "office", rng),
        _towers(blocks.where(blocks.use == Use.TOWER), rng),
        _courts(blocks.where(blocks.use == Use.COURT), rng),
        _village(blocks.where(blocks.use == Use.VILLAGE), rng),
        _grid(blocks.where(blocks.use == Use.INDUSTRY), 92, 60, (66, 38), "industrial", rng),
        _grid(blocks.where(blocks.use == Use.HOSPITAL), 66, 52, (46, 22), "hospital", rng),
        _grid(blocks.where(blocks.use == Use.OFFICE), 70, 62, (44, 26), "office", rng),
        _grid(blocks.where(blocks.use == Use.MARKET), 80, 44, (60, 28), "market", rng),
        _school(blocks.where(blocks.use == Use.SCHOOL), rng),
    ]
    slots = pd.concat([p for p in parts if len(p)], ignore_index=True)
    order = np.lexsort((slots["s"], -slots["t"], slots["i"], -slots["j"], slots["group"],
                        slots["community"]))  # fmt: skip
    return slots.iloc[order].reset_index(drop=True)


def _lattice(
    blocks: Blocks, columns: Ints, rows: Ints, gap_x: float = _DRIVE, gap_y: float = 0.0
) -> pd.DataFrame:
    """Divide the usable rectangles into rows and columns with a gap for the drives.

    The middle of each part comes as ``x``, ``y`` in metres about the block's middle, its room as
    ``room_x``, ``room_y``. The gap lies at the block's middle, where the drive runs.
    """
    count = columns * rows
    n = np.repeat(np.arange(len(blocks.i)), count)
    k = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    row, column = k // columns[n], k % columns[n]
    x, room_x = _divide(blocks.x0[n], blocks.x1[n], column, columns[n], gap_x)
    y, room_y = _divide(blocks.y0[n], blocks.y1[n], row, rows[n], gap_y)
    return pd.DataFrame({
        "i": blocks.i[n], "j": blocks.j[n], "community": blocks.community[n],
        "group": blocks.group[n], "use": blocks.use[n], "width": blocks.width[n],
        "height": blocks.height[n], "block": n, "row": row, "column": column,
        "x": x, "y": y, "room_x": room_x, "room_y": room_y,
    })  # fmt: skip


def _divide(low: Floats, high: Floats, k: Ints, parts: Ints, gap: float) -> tuple[Floats, Floats]:
    if gap == 0:
        room = (high - low) / parts
        return low + (k + 0.5) * room, room
    half = np.maximum(parts // 2, 1)
    first = k < half
    start, end = np.where(first, low, gap / 2), np.where(first, -gap / 2, high)
    room = (end - start) / half
    return start + (np.where(first, k, k - half) + 0.5) * room, room


def _finish(
    frame: pd.DataFrame, w: Floats, d: Floats, kind: str, storeys: Ints, homes: Floats,
    shape: str | NDArray[np.object_] = "rect", turn: Floats | float = 0.0, upright: bool = False,
) -> pd.DataFrame:  # fmt: skip
    """Keep the columns that describe a building, and drop those that do not fit."""
    result = pd.DataFrame({
        "i": frame["i"], "j": frame["j"], "community": frame["community"], "group": frame["group"],
        "use": frame["use"], "s": 0.5 + frame["x"] / frame["width"],
        "t": 0.5 + frame["y"] / frame["height"], "w": w, "d": d, "turn": turn, "shape": shape,
        "kind": kind, "storeys": storeys, "homes": homes, "upright": upright,
        "width": frame["width"], "height": frame["height"],
    })  # fmt: skip
    return result[(result["w"] >= 6) & (result["d"] >= 6)]


def _even(size: Floats, pitch: Floats | float) -> Ints:
    """Return an even number of parts of about ``pitch``."""
    return np.maximum(2 * np.round(size / pitch / 2), 2).astype(np.int64)


def _count(size: Floats, pitch: Floats | float) -> Ints:
    return np.maximum(np.round(size / pitch), 1).astype(np.int64)


def _slabs(blocks: Blocks, rng: np.random.Generator) -> pd.DataFrame:
    """Rows of slab blocks facing south, as in most housing from the eighties on."""
    n = len(blocks.i)
    tall = rng.choice([5, 6, 6, 7], n)
    columns = _even(blocks.x1 - blocks.x0, rng.choice([50.0, 66.0, 80.0], n))
    rows = _count(blocks.y1 - blocks.y0, rng.uniform(30, 38, n))
    frame = _lattice(blocks, columns, rows)
    storeys = tall[frame["block"]]
    frame = frame[(frame["room_y"] > 20) & (rng.random(len(frame)) > 0.06)]
    storeys = storeys[frame.index]
    w = np.minimum(frame["room_x"].to_numpy() - 9, 68) * rng.choice([1, 1, 0.86], len(frame))
    d = np.full(len(frame), 12.5) + rng.uniform(-1, 1, len(frame))
    shape = rng.choice(np.array(["rect", "comb"], dtype=object), n, p=[0.45, 0.55])
    stairs = np.maximum(np.round(w / 17), 1)
    return _finish(frame, w, d, "residential", storeys, storeys * stairs * 2.0,
                   shape[frame["block"]])  # fmt: skip


def _seed_slabs(blocks: Blocks, land: LandUse, rng: np.random.Generator) -> pd.DataFrame:
    """Exactly as many buildings as the reports give for each compound."""
    groups, size = np.unique(blocks.group, return_counts=True)
    wanted = np.array([land.wanted[int(g)] for g in groups])
    per_block = (wanted / size)[np.searchsorted(groups, blocks.group)]
    rows = np.ceil(per_block / 2).astype(np.int64)
    frame = _lattice(blocks, np.full(len(rows), 2), rows)
    rank = frame.groupby("group").cumcount()
    # The southern end of a compound stays open where fewer buildings are wanted than fit.
    order = frame.sort_values(["group", "j", "y"], ascending=[True, False, False]).index
    rank = frame.loc[order].groupby("group").cumcount().reindex(frame.index)
    frame = frame[rank.to_numpy() < frame["group"].map(land.wanted).to_numpy()]
    in_a = per_block[frame["block"]] <= max(COMPOUNDS_A.values()) / 2
    storeys = np.where(in_a, rng.choice([7, 9, 11], len(frame)), rng.choice([5, 6], len(frame)))
    w = np.minimum(frame["room_x"].to_numpy() - 10, 62) * rng.uniform(0.88, 1, len(frame))
    d = np.full(len(frame), 12.5)
    stairs = np.maximum(np.round(w / 17), 1)
    return _finish(frame, w, d, "residential", storeys, storeys * stairs * 2.0, "comb")


def _towers(blocks: Blocks, rng: np.random.Generator) -> pd.DataFrame:
    """Point towers around gardens."""
    n = len(blocks.i)
    tall = rng.choice([11, 14, 17, 18, 24], n)
    frame = _lattice(
        blocks, _even(blocks.x1 - blocks.x0, 76.0), _count(blocks.y1 - blocks.y0, 60.0)
    )
    storeys = tall[frame["block"]]
    # Every second row steps back a little, so that the towers see past each other.
    frame["y"] += np.where(frame["column"] % 2 == 0, 4.0, -4.0)
    keep = rng.random(len(frame)) > 0.1
    frame, storeys = frame[keep], storeys[keep]
    w = np.minimum(frame["room_x"].to_numpy() - 16, rng.uniform(26, 33, len(frame)))
    return _finish(frame, w, w * 0.68, "residential", storeys, storeys * 4.0, "tower")


def _courts(blocks: Blocks, rng: np.random.Generator) -> pd.DataFrame:
    """Old low houses around courtyards, close together."""
    frame = _lattice(
        blocks, _even(blocks.x1 - blocks.x0, 29.0), _even(blocks.y1 - blocks.y0, 31.0), 7.0, 7.0
    )
    frame = frame[rng.random(len(frame)) > 0.07]
    n = len(frame)
    w = frame["room_x"].to_numpy() * rng.uniform(0.78, 0.95, n)
    d = frame["room_y"].to_numpy() * rng.uniform(0.72, 0.93, n)
    shape = rng.choice(np.array(["U", "L", "rect", "O"], dtype=object), n, p=[0.3, 0.25, 0.2, 0.25])
    homes = rng.choice([1.0, 2, 3, 4, 6], n)
    return _finish(frame, w, d, "house", rng.integers(1, 4, n), homes, shape,
                   np.pi * rng.integers(0, 2, n).astype(float))  # fmt: skip


def _village(blocks: Blocks, rng: np.random.Generator) -> pd.DataFrame:
    """Farmhouses about a crossing, thinning out towards the fields."""
    frame = _lattice(
        blocks, _even(blocks.x1 - blocks.x0, 22.0), _even(blocks.y1 - blocks.y0, 23.0), 9.0, 9.0
    )
    size = rng.uniform(0.55, 0.95, len(blocks.i))[frame["block"]]
    lean = rng.uniform(-0.25, 0.25, (len(blocks.i), 2))[frame["block"]]
    u = 2 * frame["x"] / frame["width"] - lean[:, 0]
    v = 2 * frame["y"] / frame["height"] - lean[:, 1]
    frame = frame[(np.hypot(u, v) + rng.normal(0, 0.13, len(frame)) < size)
                  & (rng.random(len(frame)) > 0.18)]  # fmt: skip
    n = len(frame)
    room = np.minimum(frame["room_x"].to_numpy(), frame["room_y"].to_numpy())
    frame = frame.assign(x=frame["x"] + room * rng.uniform(-0.13, 0.13, n),
                         y=frame["y"] + room * rng.uniform(-0.16, 0.16, n))  # fmt: skip
    w, d = room * rng.uniform(0.42, 0.62, n), room * rng.uniform(0.38, 0.52, n)
    shape = rng.choice(np.array(["rect", "L", "U"], dtype=object), n, p=[0.55, 0.35, 0.1])
    return _finish(frame, w, d, "house", rng.integers(1, 4, n), rng.choice([1.0, 1, 1, 2], n),
                   shape, rng.normal(0, 0.16, n))  # fmt: skip


def _grid(
    blocks: Blocks, pitch_x: float, pitch_y: float, size: tuple[float, float], kind: str,
    rng: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    """Large single buildings: halls, wards, offices, works."""
    frame = _lattice(
        blocks, _even(blocks.x1 - blocks.x0, pitch_x), _count(blocks.y1 - blocks.y0, pitch_y)
    )
    frame = frame[rng.random(len(frame)) > 0.12]
    n = len(frame)
    w = np.minimum(frame["room_x"].to_numpy() * 0.86, size[0] * rng.uniform(0.75, 1.25, n))
    d = np.minimum(frame["room_y"].to_numpy() * 0.8, size[1] * rng.uniform(0.75, 1.25, n))
    forms = {"industrial": ["rect", "L"], "market": ["rect"], "hospital": ["U", "H", "rect"]}
    shape = rng.choice(np.array(forms.get(kind, ["rect", "L", "U", "H"]), dtype=object), n)
    low, high = {"industrial": (1, 3), "market": (1, 3), "hospital": (4, 13)}.get(kind, (4, 16))
    return _finish(frame, w, d, kind, rng.integers(low, high, n), np.zeros(n), shape)


def _school(blocks: Blocks, rng: np.random.Generator) -> pd.DataFrame:
    """Teaching buildings on the northern half; the southern half is left to the sports ground."""
    values = dict(vars(blocks))
    values["y0"] = blocks.y0 + (blocks.y1 - blocks.y0) * 0.52
    upper = Blocks(**values)
    frame = _lattice(upper, _even(upper.x1 - upper.x0, 66.0), _count(upper.y1 - upper.y0, 36.0))
    n = len(frame)
    w, d = frame["room_x"].to_numpy() * 0.8, np.minimum(frame["room_y"].to_numpy() * 0.6, 20)
    shape = rng.choice(np.array(["rect", "U", "comb"], dtype=object), n)
    return _finish(frame, w, d, "school", rng.integers(3, 6, n), np.zeros(n), shape)


def _shops(blocks: Blocks, rng: np.random.Generator) -> pd.DataFrame:
    """Rows of shops along the four sides of a block."""
    parts = []
    pitch, depth = 36.0, 13.0
    for vertical, end in ((False, 0), (False, 1), (True, 0), (True, 1)):
        low, high = (blocks.y0, blocks.y1) if vertical else (blocks.x0, blocks.x1)
        # The rows along the western and eastern sides leave the corners to the others.
        trim = depth + 6 if vertical else 0.0
        count = _even(high - low - 2 * trim, pitch)
        n = np.repeat(np.arange(len(count)), count)
        k = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        along, room = _divide(low[n] + trim, high[n] - trim, k, count[n], 0.0 if vertical else 14.0)
        edges = (blocks.x0, blocks.x1) if vertical else (blocks.y0, blocks.y1)
        across = edges[end][n] + (depth / 2 if end == 0 else -depth / 2)
        frame = pd.DataFrame({
            "i": blocks.i[n], "j": blocks.j[n], "community": blocks.community[n],
            "group": blocks.group[n], "use": blocks.use[n], "width": blocks.width[n],
            "height": blocks.height[n], "x": across if vertical else along,
            "y": along if vertical else across,
        })  # fmt: skip
        keep = rng.random(len(frame)) > 0.14
        frame, room = frame[keep], room[keep]
        long = room * rng.uniform(0.86, 0.97, len(frame))
        short = depth - rng.uniform(0, 2.5, len(frame))
        w, d = (short, long) if vertical else (long, short)
        storeys = rng.integers(1, 4, len(frame))
        homes = np.where(blocks.use[n][keep] == Use.MIXED, (storeys == 3) * 2.0, 0.0)
        parts.append(_finish(frame, w, d, "shop", storeys, homes, upright=vertical))
    return pd.concat(parts, ignore_index=True)
