"""The county, its towns and its communities: codes, names and outlines."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geodata.town.chance import stream
from geodata.town.fabric import Fabric, inside
from geodata.town.names import COUNTY, Named, community_words, town_words
from geodata.town.plan import Plan

# Division codes begin with 11 to 82; none begins with 99, so no real county is meant.
COUNTY_CODE = "990101"
SEED_A: Named = ("幸福", "Xingfu")
SEED_B: Named = ("临江", "Linjiang")


@dataclass(frozen=True)
class Register:
    """The codes and names of the units, before they have outlines.

    Lists by community and by town number; ``words`` are the first names of the communities.
    """

    community_codes: list[str]
    community_names: list[Named]
    words: list[str]
    town_codes: list[str]
    town_names: list[Named]


def make_register(plan: Plan, seed: int) -> Register:
    """Name and number the towns and communities.

    Urban towns (街道) are numbered from 001 and others (镇) from 100; urban communities from 001
    and villages from 200, as division codes are.

    Parameters
    ----------
    plan : Plan
    seed : int

    Returns
    -------
    Register
    """
    rng = stream(seed, "register")
    village = np.array([role == "village" for role in plan.roles])
    count = int(plan.towns.max()) + 1
    rural = np.bincount(plan.towns, village) / np.bincount(plan.towns) >= 0.5
    serial = np.where(rural, 99 + np.cumsum(rural), np.cumsum(~rural))
    town_codes = [f"{COUNTY_CODE}{n:03d}000" for n in serial]
    town_names = [
        (name + ("镇" if r else "街道"), pinyin + (" Town" if r else " Subdistrict"))
        for (name, pinyin), r in zip(town_words(count, rng), rural, strict=True)
    ]
    words = iter(w for w in community_words(len(plan.roles) + 2, rng) if w not in (SEED_A, SEED_B))
    codes, names, first = [], [], []
    used: dict[tuple[int, bool], int] = {}
    for role, town, far in zip(plan.roles, plan.towns, village, strict=True):
        word = {"seed_a": SEED_A, "seed_b": SEED_B}.get(role) or next(words)
        key = (int(town), bool(far))
        used[key] = used.get(key, 0) + 1
        codes.append(f"{town_codes[town][:9]}{used[key] + (199 if far else 0):03d}")
        names.append((word[0] + ("村" if far else "社区"),
                      word[1] + (" Village" if far else " Community")))  # fmt: skip
        first.append(word[0])
    return Register(codes, names, first, town_codes, town_names)


def make_units(plan: Plan, fabric: Fabric, register: Register) -> gpd.GeoDataFrame:
    """Draw the units; children fill their parent exactly and share all nodes.

    Parameters
    ----------
    plan : Plan
    fabric : Fabric
    register : Register

    Returns
    -------
    GeoDataFrame
        The canonical unit frame: the county, then the towns, then the communities.
    """
    i, j = inside(plan)
    label = plan.label[j, i]
    faces = fabric.faces(i, j)
    communities = unions(faces, label, len(plan.roles))
    towns = unions(communities, plan.towns, len(register.town_codes))
    county = unions(towns, np.zeros(len(towns), dtype=np.int64), 1)
    county_code = COUNTY_CODE + "000000"
    town_of = [register.town_codes[t] for t in plan.towns]
    names = [COUNTY, *register.town_names, *register.community_names]
    return gpd.GeoDataFrame({
        "code": [county_code, *register.town_codes, *register.community_codes],
        "parent_code": [None, *[county_code] * len(towns), *town_of],
        "level": ["county"] + ["town"] * len(towns) + ["community"] * len(communities),
        "name": [name for name, _ in names],
        "name_en": [pinyin for _, pinyin in names],
    }, geometry=multi(np.concatenate([county, towns, communities])), crs="EPSG:4326")  # fmt: skip


def unions(
    shapes: NDArray[np.object_], label: NDArray[np.int64], count: int
) -> NDArray[np.object_]:
    """Join the polygons of a coverage by label, 0 to ``count`` - 1; interior edges vanish."""
    order = np.argsort(label, kind="stable")
    cuts = np.searchsorted(label[order], np.arange(1, count))
    joined = [shapely.coverage_union_all(part) for part in np.split(shapes[order], cuts)]
    result = np.empty(count, dtype=object)
    result[:] = joined
    return result


def multi(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return polygons as multipolygons."""
    single = shapely.get_type_id(shapes) == 3
    result = shapes.copy()
    n = int(single.sum())
    if n:
        result[single] = shapely.multipolygons(shapes[single], indices=np.arange(n))
    return result
