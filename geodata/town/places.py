"""Places of each kind with names, addresses and areas."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata.town.buildings import block_streets
from geodata.town.chance import stream
from geodata.town.fabric import Fabric
from geodata.town.landuse import HOUSING, LandUse, Use
from geodata.town.names import COMPANY_TRADES, COMPANY_WORDS, SEED_COMPOUNDS
from geodata.town.plan import Plan, Role
from geodata.town.streets import Streets
from geodata.town.units import Register

# Of the five compounds of community A four are gated, and two have no property management. The
# canonical frames have no column for that, so it shows in places of kind ``other``.
GATED_A = ("a", "b", "c", "d")
MANAGED_A = ("a", "b", "c")

_ONE_EACH = {
    "school": (Use.SCHOOL, 0.78, (4_000, 16_000)),
    "hospital": (Use.HOSPITAL, 0.5, (9_000, 40_000)),
    "market": (Use.MARKET, 0.5, (1_500, 5_000)),
    "park": (Use.PARK, 0.25, (12_000, 90_000)),
}
# For each role: how many of which kind a community has.
_PER_COMMUNITY: dict[Role, dict[str, int]] = {
    "urban": {"police_room": 1, "community_office": 1, "clinic": 2, "kindergarten": 2, "bank": 2,
              "toilet": 3, "parking": 3, "care_home": 1, "enterprise": 3},
    "village": {"police_room": 1, "community_office": 1, "clinic": 1, "worship": 1, "toilet": 1,
                "kindergarten": 1},
    # Community A's twelve enterprises are listed with its industrial park.
    "seed_a": {"police_room": 1, "community_office": 1, "clinic": 2, "kindergarten": 2, "bank": 1,
               "toilet": 2, "parking": 2},
    "seed_b": {"police_room": 1, "community_office": 1, "clinic": 1, "kindergarten": 1,
               "toilet": 1, "parking": 1},
}  # fmt: skip
_TITLES = {
    "police_room": "警务室", "community_office": "社区用房", "clinic": "诊所",
    "kindergarten": "幼儿园", "bank": "银行网点", "toilet": "公共厕所", "parking": "停车场",
    "care_home": "养老院", "worship": "土地庙",
    "service_centre": "便民服务中心", "enterprise": "企业", "station": "火车站",
}  # fmt: skip
_AREAS = {
    "police_room": (30, 90), "clinic": (60, 240), "kindergarten": (600, 2_400), "bank": (120, 500),
    "toilet": (30, 90), "parking": (600, 3_000), "care_home": (700, 3_000), "worship": (40, 400),
    "service_centre": (400, 1_600), "enterprise": (800, 6_000), "station": (900, 3_000),
    "community_office": (60, 420), "other": (12, 90),
}  # fmt: skip


def make_places(
    plan: Plan, fabric: Fabric, land: LandUse, streets: Streets, register: Register,
    names: dict[int, str], seed: int,
) -> gpd.GeoDataFrame:  # fmt: skip
    """Set up the places of the county.

    Community A has exactly 12 enterprises, gate houses at four of its five compounds and property
    offices in three; community B has exactly one police room.

    Parameters
    ----------
    plan : Plan
    fabric : Fabric
    land : LandUse
    streets : Streets
    register : Register
    names : dict of int to str
        The names of groups of blocks.
    seed : int

    Returns
    -------
    GeoDataFrame
        The canonical place frame.
    """
    rng = stream(seed, "places")
    parts = [
        _institutions(land, names),
        _enterprises(land, rng),
        _everywhere(plan, land, register, rng),
        _centres(plan, land, register, rng),
        _of_compounds(land),
    ]
    frame = pd.concat([p for p in parts if len(p)], ignore_index=True)
    low, high = np.array([
        _AREAS.get(k) or _ONE_EACH[k][2] for k in frame["kind"]
    ], dtype=float).T  # fmt: skip
    i, j = frame["i"].to_numpy(np.int64), frame["j"].to_numpy(np.int64)
    community = plan.label[j, i]
    town = [register.town_names[t][0] for t in plan.towns[community]]
    street = block_streets(streets, i, j)
    lonlat = fabric.lonlat(i + frame["s"].to_numpy(), j + frame["t"].to_numpy())
    return gpd.GeoDataFrame({
        "external_id": [f"P{n:05d}" for n in range(1, len(frame) + 1)],
        "name": frame["name"], "kind": frame["kind"],
        "address": [f"{t}{s}" for t, s in zip(town, street, strict=True)],
        "area_m2": np.round(rng.uniform(low, high)),
    }, geometry=gpd.points_from_xy(lonlat[:, 0], lonlat[:, 1]), crs="EPSG:4326")  # fmt: skip


def _rows(
    i: np.ndarray, j: np.ndarray, s: np.ndarray | float, t: np.ndarray | float,
    kind: str | list[str], name: list[str],
) -> pd.DataFrame:  # fmt: skip
    return pd.DataFrame({"i": i, "j": j, "s": s, "t": t, "kind": kind, "name": name})


def _institutions(land: LandUse, names: dict[int, str]) -> pd.DataFrame:
    """One place for each school, hospital, market and park."""
    parts = []
    for kind, (use, t, _) in _ONE_EACH.items():
        j, i = np.nonzero(land.use == use)
        group, first = np.unique(land.group[j, i], return_index=True)
        parts.append(_rows(i[first], j[first], 0.5, t, kind, [names[g] for g in group.tolist()]))
    return pd.concat(parts, ignore_index=True)


def _enterprises(land: LandUse, rng: np.random.Generator) -> pd.DataFrame:
    """Two companies on each block of industry, twelve in community A's park of six blocks."""
    j, i = np.nonzero(land.use == Use.INDUSTRY)
    i, j, side = np.repeat(i, 2), np.repeat(j, 2), np.tile([0.28, 0.72], len(i))
    words = np.array(COMPANY_WORDS, dtype=object)[rng.integers(0, len(COMPANY_WORDS), len(i))]
    trades = np.array(COMPANY_TRADES, dtype=object)[rng.integers(0, len(COMPANY_TRADES), len(i))]
    serial = pd.Series(words + trades).groupby(words + trades).cumcount()
    name = [
        f"{w}{t}{'有限公司' if n == 0 else f'第{n + 1}分公司'}"
        for w, t, n in zip(words, trades, serial, strict=True)
    ]
    return _rows(i, j, side, rng.uniform(0.3, 0.7, len(i)), "enterprise", name)


def _everywhere(
    plan: Plan, land: LandUse, register: Register, rng: np.random.Generator
) -> pd.DataFrame:
    """Set up what every community has, beside streets where people live."""
    j, i = np.nonzero(np.isin(land.use, HOUSING))
    owner = plan.label[j, i]
    order = np.argsort(owner, kind="stable")
    start = np.searchsorted(owner[order], np.arange(len(plan.roles) + 1))
    rows = []
    for community, role in enumerate(plan.roles):
        homes = order[start[community] : start[community + 1]]
        word = register.words[community]
        for kind, count in _PER_COMMUNITY[role].items():
            for number in range(1, count + 1):
                at = homes[rng.integers(len(homes))]
                title = _TITLES[kind]
                if kind == "enterprise":
                    title = COMPANY_TRADES[rng.integers(len(COMPANY_TRADES))] + "商行"
                elif kind == "bank":
                    title = ("农商银行", "邮储银行", "商业银行")[number % 3] + "网点"
                elif kind == "community_office" and role == "village":
                    title = "村委会"
                name = word + title + (f"{number}号" if count > 1 and kind != "bank" else "")
                rows.append((i[at], j[at], rng.uniform(0.15, 0.85), 0.09, kind, name))
    return pd.DataFrame(rows, columns=["i", "j", "s", "t", "kind", "name"])


def _centres(
    plan: Plan, land: LandUse, register: Register, rng: np.random.Generator
) -> pd.DataFrame:
    """One service centre for each town; the railway station north of the middle."""
    rows = []
    for town, (name, _) in enumerate(register.town_names):
        mine = (plan.towns[np.maximum(plan.label, 0)] == town) & (plan.label >= 0)
        j, i = np.nonzero(mine & np.isin(land.use, (Use.OFFICE, Use.MIXED)))
        if not len(i):
            j, i = np.nonzero(mine & np.isin(land.use, HOUSING))
        at = rng.integers(len(i))
        rows.append((i[at], j[at], 0.5, 0.1, "service_centre", name + _TITLES["service_centre"]))
    if plan.size != "small":
        # The nearest block of the county to the railway's course through the middle.
        row, column = plan.label.shape[0] * 0.83 + 0.6, plan.label.shape[1] / 2
        j, i = np.nonzero(plan.label >= 0)
        at = np.argmin((j + 0.5 - row) ** 2 + (i + 0.5 - column) ** 2)
        rows.append((i[at], j[at], 0.5, 0.5, "station", "安澜站"))
    return pd.DataFrame(rows, columns=["i", "j", "s", "t", "kind", "name"])


def _of_compounds(land: LandUse) -> pd.DataFrame:
    """Gate houses and property offices of community A's compounds."""
    letters = dict(zip(SEED_COMPOUNDS, sorted(land.wanted), strict=True))
    rows = []
    for title, which, t in (("门岗", GATED_A, 0.08), ("物业服务处", MANAGED_A, 0.2)):
        for letter in which:
            j, i = np.argwhere(land.group == letters[letter])[0]
            rows.append((i, j, 0.46, t, "other", SEED_COMPOUNDS[letter] + title))
    return pd.DataFrame(rows, columns=["i", "j", "s", "t", "kind", "name"])
