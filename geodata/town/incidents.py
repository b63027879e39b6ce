"""The incidents of two and a half years or more, where and when towns have them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.town.chance import stream
from geodata.town.counts import apportion
from geodata.town.fabric import Fabric
from geodata.town.hotspots import Hotspot
from geodata.town.landuse import LandUse, Use
from geodata.town.plan import Plan, Role
from geodata.town.rhythm import RHYTHMS, moments
from geodata.town.streets import Streets

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Community B in the last full calendar year: 16 criminal and 32 public order cases, 36 disputes
# mediated. The report's 30 % of e-bike thefts and 25 % of burglaries can be shares of neither, nor
# of both together, whatever the counts; of the thefts among them they are: 6 and 5 of 20.
LAST_YEAR_B = {
    "A11": 6, "A12": 5, "A13": 2, "A14": 1, "A15": 2, "A21": 7, "A22": 12, "A23": 6, "A24": 7,
    "B1": 14, "B2": 11, "B3": 4, "B4": 7,
}  # fmt: skip
# The report only says "fewer than the year before"; these figures are assumed.
YEAR_BEFORE_B = {
    "A11": 7, "A12": 6, "A13": 3, "A14": 1, "A15": 2, "A21": 9, "A22": 14, "A23": 7, "A24": 8,
    "B1": 15, "B2": 13, "B3": 5, "B4": 8,
}  # fmt: skip
# Community A receives four disputes in the last full half-year; the others are assumed.
LAST_HALF_A = {"B1": 2, "B2": 1, "B4": 1}
OTHER_HALVES_A = {"B1": 2, "B2": 2, "B3": 1, "B4": 1}
# Disputes that end a report's period are settled before it is written.
_TO_SETTLE = timedelta(days=31)
OUTSIDE_SHARE = 0.001
# How strongly incidents of some categories are drawn to blocks of some uses.
_DRAWN: dict[str, dict[Use, float]] = {
    "A11": {Use.MARKET: 4, Use.HOSPITAL: 4, Use.SHOPS: 3, Use.MIXED: 2, Use.SCHOOL: 1.5},
    "A14": {Use.SHOPS: 3, Use.MARKET: 3, Use.MIXED: 2},
    "A21": {Use.SHOPS: 4, Use.MIXED: 2.5, Use.MARKET: 2},
    "A23": {Use.SHOPS: 2, Use.MIXED: 1.5, Use.PARK: 1},
    "B3": {Use.INDUSTRY: 6, Use.SHOPS: 2, Use.OFFICE: 2},
    "C3": {Use.INDUSTRY: 3, Use.TOWER: 2},
    "C4": {Use.SCHOOL: 5, Use.MARKET: 3, Use.HOSPITAL: 3, Use.SHOPS: 2},
    "D1": {Use.COURT: 1.5, Use.MARKET: 2, Use.MIXED: 1.2},
    "D2": {Use.MARKET: 8, Use.SCHOOL: 3, Use.SHOPS: 3, Use.MIXED: 2.5, Use.HOSPITAL: 2},
    "D4": {Use.PARK: 2, Use.SHOPS: 1.2, Use.SQUARE: 2},
}
_EDGE = np.array([3.0, 2.6, 2.0, 1.4, 0.8, 0.3, 1e-6])  # By kind of street; the last is none.


@dataclass(frozen=True)
class Scene:
    """Where incidents can happen: the blocks with their buildings and streets."""

    plan: Plan
    fabric: Fabric
    land: LandUse
    streets: Streets
    buildings: pd.DataFrame  # ``i``, ``j``, ``s``, ``t``, ``use``, ``households``, ``shops``.
    heat: Floats  # Some blocks have more of everything.


def make_scene(
    plan: Plan, fabric: Fabric, land: LandUse, streets: Streets, buildings: pd.DataFrame, seed: int
) -> Scene:
    """Set the scene.

    Parameters
    ----------
    plan : Plan
    fabric : Fabric
    land : LandUse
    streets : Streets
    buildings : DataFrame
        The slots of the buildings with the columns of counts.
    seed : int

    Returns
    -------
    Scene
    """
    heat = stream(seed, "heat").lognormal(0, 0.35, land.use.shape)
    return Scene(plan, fabric, land, streets, buildings, heat)


def make_incidents(
    scene: Scene, planted: pd.DataFrame, truth: list[Hotspot], until: date, seed: int
) -> pd.DataFrame:
    """Let incidents happen.

    Parameters
    ----------
    scene : Scene
    planted : DataFrame
        The incidents of the hotspots.
    truth : list of dict
        Gets its ``external_ids`` filled in.
    until : date
        The last day; see `period_start`.
    seed : int

    Returns
    -------
    DataFrame
        The canonical incident frame with ``lon`` and ``lat``, ordered by time. One in a thousand
        lies just outside the county.
    """
    rng = stream(seed, "incidents")
    first = period_start(until)
    special = _reported(scene, first, until, rng)
    total = scene.plan.scale.incidents - len(planted) - len(special)
    # The small town has no community but the two, whose disputes are given.
    codes = [code for code in RHYTHMS if scene.plan.size != "small" or code[0] != "B"]
    number = apportion(total, np.array([RHYTHMS[c].share for c in codes]))
    parts = [
        _category(scene, code, int(n), first, until, rng, only=None)
        for code, n in zip(codes, number, strict=True)
    ]
    general = pd.concat(parts, ignore_index=True)
    _move_outside(scene, general, rng)
    frame = pd.concat([general, special, planted], ignore_index=True)
    frame = frame.iloc[np.argsort(frame["moment"].to_numpy(), kind="stable")]
    frame = frame.reset_index(drop=True)
    year = frame["moment"].dt.year
    serial = frame.groupby(year).cumcount() + 1
    ids = [f"{y}-{n:06d}" for y, n in zip(year.tolist(), serial.tolist(), strict=True)]
    for number_, spot in enumerate(truth):
        at = np.flatnonzero((frame["hotspot"] == number_).to_numpy())
        spot["external_ids"].extend(ids[k] for k in at)
    # China has one zone and no summer time in these years, so local time is UTC and eight hours.
    local = pd.Series(frame["moment"].to_numpy().astype("datetime64[us]"))
    return pd.DataFrame({
        "external_id": ids, "category": frame["category"].astype("str"),
        "occurred_at": local.dt.tz_localize("Asia/Shanghai"),
        "lon": frame["lon"], "lat": frame["lat"],
    })  # fmt: skip


def period_start(until: date) -> date:
    """Return the first day of the thirty months that end with ``until``, or an earlier one.

    The last full year is always told with the whole year before it.
    """
    months = (until + timedelta(days=1)).year * 12 + (until + timedelta(days=1)).month - 1 - 30
    thirty = date(months // 12, months % 12 + 1, min((until + timedelta(days=1)).day, 28))
    return min(thirty, date(last_full_year(until) - 1, 1, 1))


def last_full_year(until: date) -> int:
    """Return the calendar year before that of ``until``, of which a town writes its report."""
    return until.year - 1


def last_full_half(until: date) -> tuple[date, date]:
    """Return the first and the last day of the half-year before that of ``until``."""
    if until.month > 6:
        return date(until.year, 1, 1), date(until.year, 6, 30)
    return date(until.year - 1, 7, 1), date(until.year - 1, 12, 31)


def _reported(scene: Scene, first: date, until: date, rng: np.random.Generator) -> pd.DataFrame:
    """Draw what the reports tell of: disputes of community A, crimes and disputes of B."""
    parts = []
    year, half = last_full_year(until), last_full_half(until)
    for y in range(first.year, until.year + 1):
        figures = YEAR_BEFORE_B if y < year else LAST_YEAR_B
        parts += _of_span(scene, "seed_b", figures, (date(y, 1, 1), date(y, 12, 31)),
                          (first, until), rng)  # fmt: skip
        for span in (date(y, 1, 1), date(y, 6, 30)), (date(y, 7, 1), date(y, 12, 31)):
            figures = LAST_HALF_A if span == half else OTHER_HALVES_A
            parts += _of_span(scene, "seed_a", figures, span, (first, until), rng)
    return pd.concat(parts, ignore_index=True)


def _of_span(
    scene: Scene, role: Role, figures: dict[str, int], span: tuple[date, date],
    within: tuple[date, date], rng: np.random.Generator,
) -> list[pd.DataFrame]:  # fmt: skip
    """Draw the incidents of a community in a span of days; of a part of it fewer."""
    start, end = max(span[0], within[0]), min(span[1], within[1])
    if end < start:
        return []
    days, whole = (end - start).days + 1, (span[1] - span[0]).days + 1
    parts = []
    for code, count in figures.items():
        n = count if days == whole else round(count * 0.95 * days / whole)
        last = end - _TO_SETTLE if code[0] == "B" and days == whole else end
        parts.append(_category(scene, code, n, start, last, rng, only=role))
    return parts


def _category(
    scene: Scene, code: str, count: int, first: date, last: date, rng: np.random.Generator,
    only: Role | None,
) -> pd.DataFrame:  # fmt: skip
    """Draw incidents of one category; ``only`` confines them to a community.

    Otherwise crimes and public order cases keep out of community B, and disputes out of both.
    """
    rhythm = RHYTHMS[code]
    place = _at_buildings if rhythm.indoors else _along_streets
    i, j = place(scene, code, count, rng, only)
    lonlat = scene.fabric.lonlat(i, j)
    return pd.DataFrame({
        "category": pd.Series([code] * count, dtype="str"),
        "moment": moments(rng, count, rhythm, first, last),
        "lon": lonlat[:, 0], "lat": lonlat[:, 1], "hotspot": -1,
    })  # fmt: skip


def _allowed(scene: Scene, code: str, only: Role | None, i: Ints, j: Ints) -> NDArray[np.bool_]:
    label, roles = scene.plan.label[j, i], scene.plan.roles
    allowed: NDArray[np.bool_] = np.ones(len(i), dtype=bool)
    if only is not None:
        allowed = label == roles.index(only)
    elif code[0] in "AB":
        allowed = label != roles.index("seed_b")
        if code[0] == "B":
            allowed &= label != roles.index("seed_a")
    return allowed


def _at_buildings(
    scene: Scene, code: str, count: int, rng: np.random.Generator, only: Role | None
) -> tuple[Floats, Floats]:
    """Draw places in and around buildings, by households and shops."""
    table = scene.buildings
    i, j = table["i"].to_numpy(), table["j"].to_numpy()
    weight = table["households"].to_numpy() + 2.0 * table["shops"].to_numpy()
    if code in ("B2", "A22"):
        weight = weight * np.where(table["use"] == Use.VILLAGE, 0.2, 1.0)
    if code in ("C1", "C2", "D3"):
        weight = weight * np.where(table["use"] == Use.COURT, 2.5, 1.0)
    weight = weight * scene.heat[j, i] * _allowed(scene, code, only, i, j)
    at = _pick(rng, weight, count)
    s = np.clip(table["s"].to_numpy()[at] + rng.normal(0, 0.018, count), 0.04, 0.96)
    t = np.clip(table["t"].to_numpy()[at] + rng.normal(0, 0.018, count), 0.04, 0.96)
    return i[at] + s, j[at] + t


def _along_streets(
    scene: Scene, code: str, count: int, rng: np.random.Generator, only: Role | None
) -> tuple[Floats, Floats]:
    """Draw places beside the streets of blocks, by use, people and kind of street."""
    j, i = np.nonzero(scene.land.use > Use.RIVER)
    people = np.zeros(scene.land.use.shape)
    at = (scene.buildings["j"].to_numpy(), scene.buildings["i"].to_numpy())
    np.add.at(people, at, scene.buildings["households"] + 4.0 * scene.buildings["shops"])
    use = scene.land.use[j, i]
    drawn = np.zeros(len(Use))
    for kind, strength in _DRAWN.get(code, {}).items():
        drawn[kind] = strength
    weight = (people[j, i] / 150) ** 0.8 + drawn[use] + 0.02
    sides = np.stack([
        scene.streets.kind_h[j, i], scene.streets.kind_h[j + 1, i],
        scene.streets.kind_v[j, i], scene.streets.kind_v[j, i + 1],
    ], axis=1)  # fmt: skip
    pull = _EDGE[sides]
    weight = weight * (0.3 + pull.sum(axis=1) / 8) * scene.heat[j, i]
    block = _pick(rng, weight * _allowed(scene, code, only, i, j), count)
    steps = np.cumsum(pull[block], axis=1)
    side = (rng.random(count)[:, None] * steps[:, -1:] > steps).sum(axis=1).clip(0, 3)
    along, away = rng.uniform(0.04, 0.96, count), rng.uniform(0.035, 0.09, count)
    across = np.where(side % 2 == 0, away, 1 - away)
    s, t = np.where(side < 2, along, across), np.where(side < 2, across, along)
    return i[block].astype(float) + s, j[block].astype(float) + t


def _pick(rng: np.random.Generator, weight: Floats, count: int) -> Ints:
    steps = np.cumsum(weight)
    result: Ints = np.searchsorted(steps, rng.random(count) * steps[-1], side="right")
    return np.minimum(result, len(weight) - 1)


def _move_outside(scene: Scene, frame: pd.DataFrame, rng: np.random.Generator) -> None:
    """Move one incident in a thousand a few hundred metres beyond the county's box."""
    count = round(scene.plan.scale.incidents * OUTSIDE_SHARE)
    rows = rng.choice(np.flatnonzero(frame["category"].str[0].isin(["C", "D", "E"])), count,
                      replace=False)  # fmt: skip
    nodes = scene.fabric.nodes.reshape(-1, 2)
    west, south = nodes.min(axis=0)
    east, north = nodes.max(axis=0)
    beyond, side = rng.uniform(0.001, 0.006, count), rng.integers(0, 4, count)
    lon, lat = rng.uniform(west, east, count), rng.uniform(south, north, count)
    lon = np.where(side == 0, west - beyond, np.where(side == 1, east + beyond, lon))
    lat = np.where(side == 2, south - beyond, np.where(side == 3, north + beyond, lat))
    frame.loc[rows, "lon"], frame.loc[rows, "lat"] = np.round(lon, 7), np.round(lat, 7)
