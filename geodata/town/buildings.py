"""The canonical frame of buildings: outlines, names, addresses and counts."""

from __future__ import annotations

from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geodata.town.fabric import Fabric
from geodata.town.footprints import footprints
from geodata.town.ground import railway
from geodata.town.landuse import LandUse, Use
from geodata.town.plan import Plan
from geodata.town.streets import Streets
from geodata.town.units import Register

_CLEAR_OF_RAILS = 28 / 111_000  # Degrees of latitude that are about 28 m.


def outline(plan: Plan, fabric: Fabric, land: LandUse, slots: pd.DataFrame) -> gpd.GeoDataFrame:
    """Draw the buildings and drop those that overrun their block or stand on the railway.

    Parameters
    ----------
    plan : Plan
    fabric : Fabric
    land : LandUse
    slots : DataFrame
        As `geodata.town.slots.make_slots` gives it.

    Returns
    -------
    GeoDataFrame
        ``slots`` with geometry; nothing is dropped in the two seed communities.
    """
    shapes = footprints(fabric, slots)
    i, j = slots["i"].to_numpy(), slots["j"].to_numpy()
    faces = fabric.faces(i, j)
    shapely.prepare(faces)
    keep = shapely.contains_properly(faces, shapes)
    if plan.size != "small":
        line = railway(plan, fabric)[0]
        shapely.prepare(line)
        keep &= ~shapely.dwithin(line, shapes, _CLEAR_OF_RAILS)
    keep |= np.isin(slots["group"], list(land.wanted))
    kept = slots[keep].reset_index(drop=True)
    return gpd.GeoDataFrame(kept, geometry=shapes[keep], crs="EPSG:4326")


def make_buildings(
    plan: Plan, slots: gpd.GeoDataFrame, counts: pd.DataFrame, streets: Streets,
    register: Register, names: dict[int, str], month: date,
) -> gpd.GeoDataFrame:  # fmt: skip
    """Name and number the buildings.

    Parameters
    ----------
    plan : Plan
    slots : GeoDataFrame
        As `outline` gives it.
    counts : DataFrame
        As `geodata.town.counts.latest_counts` gives it.
    streets : Streets
    register : Register
    names : dict of int to str
        The names of groups of blocks.
    month : date
        The month of the counts.

    Returns
    -------
    GeoDataFrame
        The canonical building frame.
    """
    street = block_streets(streets, slots["i"].to_numpy(), slots["j"].to_numpy())
    number = pd.Series(street).groupby(street).cumcount().to_numpy() + 1
    in_group = slots.groupby("group").cumcount().to_numpy() + 1
    title = np.array([names[g] for g in slots["group"]], dtype=object)
    house = np.isin(slots["use"], (Use.COURT, Use.VILLAGE)) & (slots["kind"] == "house").to_numpy()
    shop = (slots["kind"] == "shop").to_numpy()
    name = [
        f"{s}{n}号" if is_shop else f"{t}{k}号" if is_house else f"{t}{k}号楼"
        for s, n, t, k, is_shop, is_house in zip(
            street, number, title, in_group, shop, house, strict=True
        )
    ]
    town = np.array([t for t, _ in register.town_names], dtype=object)[plan.towns]
    place = town[slots["community"].to_numpy()]
    address = [f"{t}{s}{n}号" for t, s, n in zip(place, street, number, strict=True)]
    frame = gpd.GeoDataFrame({
        "external_id": [f"B{n:06d}" for n in range(1, len(slots) + 1)],
        "name": name, "address": address, "kind": slots["kind"].to_numpy(),
        "storeys": slots["storeys"].to_numpy(np.int32),
        "month": np.full(len(slots), month, dtype="datetime64[s]"),
    }, geometry=slots.geometry.to_numpy(), crs="EPSG:4326")  # fmt: skip
    for column in counts:
        frame[column] = counts[column].to_numpy(np.int32)
    return frame[[*[c for c in frame if c != "geometry"], "geometry"]]


def block_streets(
    streets: Streets, i: NDArray[np.int64], j: NDArray[np.int64]
) -> NDArray[np.object_]:
    """Return the name of the street that blocks are addressed by.

    Parameters
    ----------
    streets : Streets
    i, j : int arrays

    Returns
    -------
    object array of str
        The street south of the block, else west, north, east of it; never empty where any
        street touches the block, else 村道.
    """
    sides = (streets.name_h[j, i], streets.name_v[j, i], streets.name_h[j + 1, i],
             streets.name_v[j, i + 1])  # fmt: skip
    result = np.full(len(i), "村道", dtype=object)
    for side in reversed(sides):
        result = np.where(side != "", side, result)
    return result
