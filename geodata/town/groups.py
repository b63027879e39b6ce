"""Names of compounds, campuses, parks and hamlets: one name for each group of blocks."""

from __future__ import annotations

import numpy as np

from geodata.town.chance import stream
from geodata.town.landuse import LandUse, Use
from geodata.town.names import COMPOUNDS, ENDINGS, SEED_COMPOUNDS, numeral
from geodata.town.plan import Plan
from geodata.town.units import Register

_OWN: dict[Use, tuple[str, ...]] = {
    Use.SCHOOL: ("小学", "中学", "实验学校"),
    Use.HOSPITAL: ("医院",),
    Use.MARKET: ("农贸市场",),
    Use.INDUSTRY: ("工业园",),
    Use.PARK: ("公园",),
    Use.OFFICE: ("政务中心", "商务中心"),
    Use.SHOPS: ("商业街区",),
    Use.SQUARE: ("广场",),
}
_FAMILIES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_LANDFORMS = "湾塝庄冲畈垸店坳集咀"


def group_names(plan: Plan, land: LandUse, register: Register, seed: int) -> dict[int, str]:
    """Name every group of blocks.

    Names of compounds and hamlets are unique within a town, those of campuses, hospitals,
    markets and parks within the county.

    Parameters
    ----------
    plan : Plan
    land : LandUse
    register : Register
    seed : int

    Returns
    -------
    dict of int to str
    """
    rng = stream(seed, "group names")
    taken_first = set(SEED_COMPOUNDS.values())
    compounds = [w + e for w in COMPOUNDS for e in ENDINGS if w + e not in taken_first]
    hamlets = [f + g for f in _FAMILIES for g in _LANDFORMS]
    seeds = dict(zip(sorted(land.wanted), SEED_COMPOUNDS.values(), strict=True))
    pools: dict[tuple[int, bool], list[str]] = {}
    counts: dict[str, int] = {}
    names: dict[int, str] = {}
    j, i = np.nonzero(land.use > Use.RIVER)
    group, first = np.unique(land.group[j, i], return_index=True)
    for g, n in zip(group.tolist(), first.tolist(), strict=True):
        use, community = Use(int(land.use[j[n], i[n]])), int(plan.label[j[n], i[n]])
        if g in seeds:
            names[g] = seeds[g]
        elif use in _OWN:
            endings = _OWN[use]
            word, ending = register.words[community], endings[int(rng.integers(len(endings)))]
            number = counts[word + ending] = counts.get(word + ending, 0) + 1
            names[g] = word + (f"第{numeral(number)}" if number > 1 else "") + ending
        elif use != Use.FIELD:
            rural = use == Use.VILLAGE
            key = (int(plan.towns[community]), rural)
            if not pools.get(key):
                source = hamlets if rural else compounds
                # A second round through the names is told apart by its number.
                again = key in pools
                pools[key] = [
                    source[k] + ("二区" if again else "") for k in rng.permutation(len(source))
                ]
            names[g] = pools[key].pop()
    return names
