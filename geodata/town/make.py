"""The demo town, put together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata.town.buildings import block_streets, make_buildings, outline
from geodata.town.categories import make_categories
from geodata.town.cells import make_cells
from geodata.town.counts import count_history, latest_counts
from geodata.town.fabric import make_fabric
from geodata.town.ground import make_ground
from geodata.town.groups import group_names
from geodata.town.hotspots import Hotspot, plant
from geodata.town.incidents import last_full_year, make_incidents, make_scene
from geodata.town.landuse import make_landuse
from geodata.town.places import make_places
from geodata.town.plan import SEEDS, Size, make_plan
from geodata.town.slots import make_blocks, make_slots
from geodata.town.streets import make_streets, road_frame
from geodata.town.units import make_register, make_units

UNTIL = date(2026, 6, 30)


@dataclass(frozen=True)
class Town:
    """A made-up county, its buildings and streets, and what happened there.

    Attributes
    ----------
    units, cells, buildings, places, roads, ground : GeoDataFrame
        The canonical frames, EPSG:4326, longitude first.
    building_counts : DataFrame
        ``external_id``, ``month`` (datetime64[s], first of the month), ``households``,
        ``residents``, ``temporary_residents``, ``rented_homes``, ``shops`` (int32): the monthly
        history, whose last month equals the counts in ``buildings``.
    categories : DataFrame
        ``code``, ``parent_code``, ``name``, ``name_en``.
    incidents : DataFrame
        ``external_id``, ``category``, ``occurred_at`` (datetime64[us, Asia/Shanghai]), ``lon``,
        ``lat``.
    truth : list of dict
        The planted hotspots, see `geodata.town.hotspots.Hotspot`.
    community_a, community_b : str
        The codes of the two communities that have exactly the figures of the founding reports.
    """

    units: gpd.GeoDataFrame
    cells: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    building_counts: pd.DataFrame
    places: gpd.GeoDataFrame
    roads: gpd.GeoDataFrame
    ground: gpd.GeoDataFrame
    categories: pd.DataFrame
    incidents: pd.DataFrame
    truth: list[Hotspot]
    community_a: str
    community_b: str


def make_town(size: Size = "town", seed: int = 1, until: date = UNTIL) -> Town:
    """Generate the demo town; the same arguments give the same frames.

    Everything is made up. Community A (幸福社区) has 1.2 km², 48 residential buildings, 2,530
    households, 7,425 residents, 662 temporary residents, 12 enterprises, five compounds, four
    basic cells, and four disputes in the last full half-year. Community B (临江社区) has five
    compounds, 67 buildings, 4,200 residents and besides them 1,125 temporary residents, 220 rented
    homes, one police room; in its last full year 16 criminal and 32 public order cases (20 thefts
    among them: 6 of e-bikes, 5 burglaries) and 36 disputes, all fewer than the year before. The
    sums of people are those of every month since December of that year.

    Parameters
    ----------
    size : {"small", "town", "city"}
        The two communities alone; 16 communities with 60,000 incidents; a city with a million.
    seed : int
    until : date
        The last day of the incidents, which go back two and a half years at least.

    Returns
    -------
    Town
    """
    plan = make_plan(size, seed)
    land = make_landuse(plan, seed)
    fabric = make_fabric(plan, seed)
    streets = make_streets(plan, land, seed)
    register = make_register(plan, seed)
    names = group_names(plan, land, register, seed)
    slots = outline(plan, fabric, land, make_slots(make_blocks(fabric, land, streets), land, seed))
    counts = latest_counts(plan, slots, seed)
    month = until.replace(day=1)
    buildings = make_buildings(plan, slots, counts, streets, register, names, month)
    households = np.zeros(plan.label.shape)
    np.add.at(households, (slots["j"].to_numpy(), slots["i"].to_numpy()), counts["households"])
    j, i = np.indices(plan.label.shape)
    beside = block_streets(streets, i.ravel(), j.ravel()).reshape(plan.label.shape)
    planted, truth = plant(plan, fabric, land, beside, until, seed)
    table = pd.concat([slots[["i", "j", "s", "t", "use"]], counts], axis=1)
    scene = make_scene(plan, fabric, land, streets, table, seed)
    codes = dict(zip(plan.roles, register.community_codes, strict=True))
    return Town(
        units=make_units(plan, fabric, register),
        cells=make_cells(plan, fabric, land, register, households, names, seed),
        buildings=buildings,
        building_counts=count_history(
            buildings["external_id"],
            counts,
            month,
            plan.scale.months,
            seed,
            [(slots["community"] == plan.roles.index(role)).to_numpy() for role in SEEDS],
            date(last_full_year(until), 12, 1),
        ),
        places=make_places(plan, fabric, land, streets, register, names, seed),
        roads=road_frame(plan, fabric, land, streets, seed),
        ground=make_ground(plan, fabric, land, names, seed),
        categories=make_categories(),
        incidents=make_incidents(scene, planted, truth, until, seed),
        truth=truth,
        community_a=codes["seed_a"],
        community_b=codes["seed_b"],
    )
