"""What lies under the town on the base map: water, parks, fields, sports grounds, the railway."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geodata.town.chance import stream
from geodata.town.fabric import Fabric, polygons
from geodata.town.landuse import LandUse, Use
from geodata.town.plan import Plan
from geodata.town.streets import park_centres

Floats = NDArray[np.float64]
Offsets = NDArray[np.floating[Any]] | NDArray[np.int64]
_COVERS: dict[str, tuple[Use, ...]] = {
    "farmland": (Use.FIELD,),
    "residential": (Use.SLAB, Use.TOWER, Use.COURT, Use.VILLAGE),
    "commercial": (Use.MIXED, Use.SHOPS, Use.MARKET),
    "industrial": (Use.INDUSTRY,),
    "institution": (Use.SCHOOL, Use.HOSPITAL, Use.OFFICE),
    "green": (Use.PARK,),
    "square": (Use.SQUARE,),
}
RIVERS = ("安澜河", "柳溪", "白沙河", "清水河")


def make_ground(
    plan: Plan, fabric: Fabric, land: LandUse, names: dict[int, str], seed: int
) -> gpd.GeoDataFrame:
    """Draw the ground of the base map.

    Parameters
    ----------
    plan : Plan
    fabric : Fabric
    land : LandUse
    names : dict of int to str
        The names of the groups of blocks, for parks and squares.
    seed : int

    Returns
    -------
    GeoDataFrame
        The canonical ground frame; kinds ``farmland``, ``residential``, ``commercial``,
        ``industrial``, ``institution``, ``green``, ``square``, ``pitch``, ``water`` and ``rail``,
        in the order in which a map paints them.
    """
    rng = stream(seed, "ground")
    parts: list[tuple[str, list[str], NDArray[np.object_]]] = []
    for kind, uses in _COVERS.items():
        parts.append(_plain(fabric, land, uses, kind, names))
    parts.append(_banks(plan, fabric))
    parts.append(_gardens(fabric, land, rng))
    parts.append(_pitches(fabric, land))
    parts.append(_lakes(fabric, land, names, rng))
    parts.append(_ponds(fabric, land, rng))
    parts.append(_rivers(plan, fabric, rng))
    if plan.size != "small":
        parts.append(("rail", ["安澜铁路"], railway(plan, fabric)))
    frame = gpd.GeoDataFrame({
        "kind": np.concatenate([np.full(len(g), kind, dtype=object) for kind, _, g in parts]),
        "name": np.concatenate([np.array(names, dtype=object) for _, names, _ in parts]),
    }, geometry=np.concatenate([g for _, _, g in parts]), crs="EPSG:4326")  # fmt: skip
    frame.insert(0, "external_id", [f"G{n:06d}" for n in range(1, len(frame) + 1)])
    return frame[["external_id", "name", "kind", "geometry"]]


def railway(plan: Plan, fabric: Fabric) -> NDArray[np.object_]:
    """Return the railway: one curve through the northern part, clear of the seed communities."""
    rows, columns = plan.label.shape
    i = np.linspace(0, columns, columns * 4 + 1)
    turns = max(1, columns / 60)
    j = rows * 0.83 + 1.6 * np.sin(i / columns * 2 * np.pi * turns) + 1.2 * i / columns
    return np.array([shapely.linestrings(fabric.lonlat(i, j))], dtype=object)


def _shapes(fabric: Fabric, i: Offsets, j: Offsets, u: Floats, v: Floats) -> NDArray[np.object_]:
    """Draw outlines given by offsets (n, points) in blocks about lattice points."""
    return polygons(fabric.lonlat(i[:, None] + u, j[:, None] + v))


def _plain(
    fabric: Fabric, land: LandUse, uses: tuple[Use, ...], kind: str, names: dict[int, str]
) -> tuple[str, list[str], NDArray[np.object_]]:
    """Cover whole groups of blocks, a street's half width back from the lines."""
    j, i = np.nonzero(np.isin(land.use, uses))
    if not len(i):
        return kind, [], np.empty(0, dtype=object)
    group = land.group[j, i]
    order = np.argsort(group, kind="stable")
    first = np.unique(group[order], return_index=True)[1]
    merged = [
        shapely.coverage_union_all(part) for part in np.split(fabric.faces(i, j)[order], first[1:])
    ]
    inset = {"green": 9.0, "square": 14.0, "farmland": 4.0}.get(kind, 8.0) / 111_000
    shapes = shapely.buffer(np.array(merged, dtype=object), -inset, join_style="mitre")
    named = kind in ("green", "square")
    return kind, [names.get(int(g), "") if named else "" for g in group[order][first]], shapes


def _banks(plan: Plan, fabric: Fabric) -> tuple[str, list[str], NDArray[np.object_]]:
    """Cover the river's rows with green banks."""
    shapes = []
    for j in np.flatnonzero(plan.river):
        i = np.linspace(0, plan.label.shape[1], plan.label.shape[1] * 2 + 1)
        south, north = fabric.lonlat(i, i * 0 + j + 0.06), fabric.lonlat(i, i * 0 + j + 0.94)
        shapes.append(shapely.polygons(np.concatenate([south, north[::-1]])))
    return "green", ["滨河绿地"] * len(shapes), np.array(shapes, dtype=object)


def _rivers(
    plan: Plan, fabric: Fabric, rng: np.random.Generator
) -> tuple[str, list[str], NDArray[np.object_]]:
    """Let the water swing between its banks, wider and narrower."""
    shapes, names = [], []
    for number, j in enumerate(np.flatnonzero(plan.river)):
        columns = plan.label.shape[1]
        i = np.linspace(0, columns, columns * 6 + 1)
        a, b, c = rng.uniform(0, 2 * np.pi, 3)
        middle = 0.5 + 0.1 * np.sin(i * 0.9 + a) + 0.05 * np.sin(i * 2.3 + b)
        half = 0.27 + 0.05 * np.sin(i * 0.6 + c)
        south, north = fabric.lonlat(i, j + middle - half), fabric.lonlat(i, j + middle + half)
        shapes.append(shapely.polygons(np.concatenate([south, north[::-1]])))
        names.append(RIVERS[number % len(RIVERS)])
    return "water", names, np.array(shapes, dtype=object)


def _blob(rng: np.random.Generator, count: int, points: int = 40) -> tuple[Floats, Floats]:
    """Return ``count`` rounded outlines of mean radius one."""
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    radius = np.ones((count, points))
    for wave, size in ((2, 0.16), (3, 0.12), (5, 0.06)):
        phase = rng.uniform(0, 2 * np.pi, (count, 1))
        radius += size * rng.uniform(0.3, 1, (count, 1)) * np.sin(wave * angle + phase)
    return radius * np.cos(angle), radius * np.sin(angle)


def _lakes(
    fabric: Fabric, land: LandUse, names: dict[int, str], rng: np.random.Generator
) -> tuple[str, list[str], NDArray[np.object_]]:
    """Put a lake into the middle of every large park, inside its path."""
    i, j = park_centres(land)
    u, v = _blob(rng, len(i))
    shapes = _shapes(fabric, i.astype(float), j.astype(float), 0.34 * u, 0.34 * v)
    return "water", [names[int(g)] + "湖" for g in land.group[j, i]], shapes


def _ponds(
    fabric: Fabric, land: LandUse, rng: np.random.Generator
) -> tuple[str, list[str], NDArray[np.object_]]:
    """Scatter fish ponds among the fields, and one into some small parks."""
    i0, j0 = park_centres(land)
    large = np.isin(land.group, land.group[j0, i0]) if len(i0) else np.zeros(land.use.shape, bool)
    chance = rng.random(land.use.shape)
    pond = (land.use == Use.FIELD) & (chance < 0.22)
    j, i = np.nonzero(pond | ((land.use == Use.PARK) & ~large & (chance < 0.5)))
    u, v = _blob(rng, len(i), 20)
    size = rng.uniform(0.1, 0.24, (len(i), 1))
    middle = rng.uniform(0.4, 0.6, (2, len(i)))
    return "water", [""] * len(i), _shapes(
        fabric, i + middle[0], j + middle[1], size * u, size * v
    )  # fmt: skip


def _gardens(
    fabric: Fabric, land: LandUse, rng: np.random.Generator
) -> tuple[str, list[str], NDArray[np.object_]]:
    """Lay out lawns inside housing with towers and hospital grounds."""
    j, i = np.nonzero(np.isin(land.use, (Use.TOWER, Use.HOSPITAL, Use.OFFICE)))
    shapes = []
    for side in (0.27, 0.73):
        u, v = _blob(rng, len(i), 24)
        wide, tall = rng.uniform(0.1, 0.17, (len(i), 1)), rng.uniform(0.1, 0.3, (len(i), 1))
        middle = 0.5 + rng.uniform(-0.5, 0.5, len(i)) * (0.38 - tall[:, 0])
        shapes.append(_shapes(fabric, i + side, j + middle, wide * u, tall * v))
    merged = np.concatenate(shapes)
    return "green", [""] * len(merged), merged


def _pitches(fabric: Fabric, land: LandUse) -> tuple[str, list[str], NDArray[np.object_]]:
    """Draw running tracks at schools and ball courts on squares."""
    j, i = np.nonzero(land.use == Use.SCHOOL)
    angle = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    # A stadium shape: two half circles pulled apart.
    u = 0.13 * np.cos(angle) + 0.12 * np.sign(np.cos(angle))
    v = 0.15 * np.sin(angle)
    track = _shapes(fabric, i + 0.5, j + 0.29, np.tile(u, (len(i), 1)), np.tile(v, (len(i), 1)))
    j, i = np.nonzero(land.use == Use.SQUARE)
    box = np.array([(-0.09, -0.12), (0.09, -0.12), (0.09, 0.12), (-0.09, 0.12)])
    u, v = np.tile(box[:, 0], (len(i), 1)), np.tile(box[:, 1], (len(i), 1))
    courts = [_shapes(fabric, i + at, j + 0.5, u, v) for at in (0.3, 0.7)]
    shapes = np.concatenate([track, *courts])
    return "pitch", [""] * len(shapes), shapes
