"""How many people live in each building, as counts, now and in the months before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.town.chance import stream
from geodata.town.landuse import Use
from geodata.town.plan import Plan, Role

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

COUNTS = ["households", "residents", "temporary_residents", "rented_homes", "shops"]
# The figures of the first report for community A. It gives no rented homes and no shops.
FIGURES_A = {"households": 2_530, "residents": 7_425, "temporary_residents": 662}
# The figures of the second report for community B. It counts 4,200 people and, besides them,
# 1,125 temporary residents in 220 rented homes; it gives no households, so 1,480 are assumed.
FIGURES_B = {
    "households": 1_480, "residents": 4_200, "temporary_residents": 1_125, "rented_homes": 220,
}  # fmt: skip


def latest_counts(plan: Plan, slots: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Fill the buildings with people.

    Parameters
    ----------
    plan : Plan
    slots : DataFrame
        As `geodata.town.slots.make_slots` gives it.
    seed : int

    Returns
    -------
    DataFrame
        The columns ``COUNTS``, in the order of ``slots``; the sums over the seed communities are
        exactly the reports' figures.
    """
    rng = stream(seed, "counts")
    homes = slots["homes"].to_numpy()
    use = slots["use"].to_numpy()
    households = rng.binomial(homes.astype(np.int64), 0.92)
    residents = np.where(households > 0, rng.poisson(households * 1.88) + households, 0)
    share = np.select(
        [use == Use.COURT, use == Use.VILLAGE, use == Use.MIXED, use == Use.TOWER],
        [0.22, 0.02, 0.14, 0.07], 0.1,
    )  # fmt: skip
    temporary = rng.poisson(residents * share * rng.gamma(4, 0.25, len(slots)))
    rented = np.minimum(np.round(temporary / 2.6).astype(np.int64), households)
    is_shop = (slots["kind"] == "shop").to_numpy()
    shops = np.where(is_shop, np.maximum(1, np.round(slots["w"] / 9)), 0).astype(np.int64)
    slab = (use == Use.SLAB) & (slots["kind"] == "residential").to_numpy()
    shops += np.where(slab, rng.poisson(0.25, len(slots)), 0)
    frame = pd.DataFrame(dict(zip(COUNTS, (households, residents, temporary, rented, shops),
                                  strict=True)))  # fmt: skip
    seeds: tuple[tuple[Role, dict[str, int]], ...] = (("seed_a", FIGURES_A), ("seed_b", FIGURES_B))
    for role, figures in seeds:
        at = np.flatnonzero(
            (slots["community"] == plan.roles.index(role)) & (slots["kind"] == "residential")
        )
        weight = homes[at] * rng.uniform(0.9, 1.1, len(at))
        for column, total in figures.items():
            part = apportion(total, weight)
            frame.loc[at, column] = part
            weight = part * rng.uniform(0.92, 1.08, len(at))
    return frame


def apportion(total: int, weight: Floats) -> Ints:
    """Divide a total by weights into whole numbers that add up to it (largest remainders).

    Parameters
    ----------
    total : int
    weight : float array
        Not negative, not all zero.

    Returns
    -------
    int array
    """
    exact = total * weight / weight.sum()
    result: Ints = np.floor(exact).astype(np.int64)
    missing = total - int(result.sum())
    result[np.argsort(result - exact, kind="stable")[:missing]] += 1
    return result


def count_history(
    ids: pd.Series[str], latest: pd.DataFrame, month: date, months: int, seed: int,
    steady: Sequence[NDArray[np.bool_]] = (), since: date | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Tell what was counted in each building month by month, ending with the latest counts.

    Towns change slowly: households and residents drift by some per cent over two years, temporary
    residents and rented homes by more and with the season, fewest after the Spring Festival.

    Parameters
    ----------
    ids : Series of str
        External ids of the buildings.
    latest : DataFrame
        The columns ``COUNTS`` for the same buildings.
    month : date
        The first day of the latest month.
    months : int
    seed : int
    steady : sequence of bool arrays, optional
        Groups of buildings of which people only move from one to another, so that the sums stay.
    since : date, optional
        The first month in which they do.

    Returns
    -------
    DataFrame
        ``external_id``, ``month`` and the columns ``COUNTS``, by month and then by building, for
        buildings in which anything is counted.
    """
    rng = stream(seed, "history")
    used = latest.to_numpy().sum(axis=1) > 0
    now = latest[used]
    back = np.arange(months)[::-1][:, None]
    period = pd.date_range(end=pd.Timestamp(month), periods=months, freq="MS", unit="s")
    season = np.cos((period.month.to_numpy() - 8) / 12 * 2 * np.pi)[:, None]
    season = season - season[-1]
    held = np.flatnonzero(period >= pd.Timestamp(since or month))
    kept = [group[used] for group in steady]
    columns: dict[str, NDArray[np.int32]] = {}
    for name, drift, swing in (
        ("households", 0.0015, 0.0), ("residents", 0.002, 0.004),
        ("temporary_residents", 0.006, 0.09), ("rented_homes", 0.005, 0.04), ("shops", 0.003, 0.02),
    ):  # fmt: skip
        end = now[name].to_numpy(float)
        slope = rng.normal(drift, 2 * drift, len(end))
        past = end * (1 - slope * back + swing * season)
        values = np.maximum(np.round(past), 0).astype(np.int32)
        for group in kept:
            _hold(values, past, group, held)
        values[-1] = now[name].to_numpy()
        columns[name] = values
    columns["rented_homes"] = np.minimum(columns["rented_homes"], columns["households"])
    frame = pd.DataFrame({name: values.ravel() for name, values in columns.items()})
    code = np.tile(np.arange(len(now)), months)
    frame.insert(0, "external_id", ids[used].array.take(code))
    frame.insert(1, "month", np.repeat(period.to_numpy(), len(now)))
    return frame


def _hold(values: NDArray[np.int32], past: Floats, group: NDArray[np.bool_], held: Ints) -> None:
    """Make the sums of a group in the months held those of the last, and lead up to them."""
    total = int(np.round(past[-1, group]).sum())
    if total == 0:
        return
    first = held[0]
    # What came before begins where the months held do.
    level = total / past[first, group].sum()
    values[:first, group] = np.maximum(np.round(past[:first, group] * level), 0)
    for at in held:
        values[at, group] = apportion(total, np.maximum(past[at, group], 0))
