"""From values to points, and from points to a score: rules that a reader can follow by hand.

A rate that is better high gives its per cent as points, one that is better low gives 100 less
its per cent. A time gives 100 points at no hour and none at its bound, in proportion between:
``100 x (1 - hours / bound)``. Points are rounded half up to two digits. The score is the mean of
the points, weighted: ``sum(weight x points) / sum(weight)`` over the measures that have data,
rounded likewise; a measure without data leaves both sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridmap.reports.measures import MEASURES, Group

Integers = NDArray[np.int64]
#: Ranks are told of what answers or works as a body, never of a person or of the cells that one
#: person holds.
RANKED: frozenset[Group] = frozenset({"community", "town", "department", "team"})


@dataclass(frozen=True)
class Part:
    """What a measure counts for.

    Attributes
    ----------
    weight : int
        Above 0.
    bound : int or None
        Hours at which a time gives no points; None of rates.
    """

    weight: int
    bound: int | None = None


def due_of(group: Group | str) -> str:
    """Return the measure that tells whether there is enough of a member to compare it."""
    return "shifts.due" if group == "team" else "cases.due"


def points(key: str, cents: Integers, bound: int | None) -> Integers:
    """Return hundredths of points.

    Parameters
    ----------
    key : str
        Of a measure.
    cents : ndarray of int64
        Its values in hundredths of a per cent or of an hour.
    bound : int or None
        In hours, for a time.
    """
    measure = MEASURES[key]
    if measure.unit == "h":
        if not bound:
            raise ValueError(f"the time {key} has no bound")
        left = np.maximum(100 * bound - cents, 0)
        return _half_up(100 * left, np.full_like(left, bound))
    share = np.clip(cents, 0, 10_000)
    return share if measure.better == "up" else 10_000 - share


def scored(found: pd.DataFrame, parts: Mapping[str, Part], few: int, group: Group) -> pd.DataFrame:
    """Return the score of each member with its parts.

    Parameters
    ----------
    found : pandas.DataFrame
        What `gridmap.reports.measures.measured` counted, the measure of `due_of` with it.
    parts : mapping of str to Part
        By measure; those that were not counted are left out.
    few : int
        With fewer cases, or shifts, due a member has no rank.
    group : Group

    Returns
    -------
    pandas.DataFrame
        ``member``, ``due``, ``score`` (hundredths; missing without any data), ``weight`` (of the
        measures with data), ``rank`` (missing where there is too little to compare, equal scores
        share it) and ``parts`` (by measure a dict of ``n``, ``d``, ``v``, ``p``).
    """
    keys = [key for key in found["measure"].unique() if key in parts]
    due = found[found["measure"] == due_of(group)]
    members = due["member"].to_numpy()
    total = np.zeros(len(members), np.int64)
    weight = np.zeros(len(members), np.int64)
    told: list[dict[str, Any]] = [{} for _ in members]
    for key in keys:
        rows = found[found["measure"] == key]
        known = rows["value"].notna().to_numpy()
        cents = np.zeros(len(members), np.int64)
        cents[known] = [int(value.scaleb(2)) for value in rows["value"][known]]
        given = points(key, cents, parts[key].bound)
        total += np.where(known, parts[key].weight * given, 0)
        weight += np.where(known, parts[key].weight, 0)
        _tell(told, key, rows, known, given)
    made = pd.DataFrame(
        {
            "member": members,
            "due": due["numerator"].to_numpy(),
            "score": pd.array(_half_up(total, np.maximum(weight, 1)), dtype="Int64"),
            "weight": weight,
            "parts": told,
        }
    )
    made["score"] = made["score"].where(weight > 0)
    compared = made["score"].where((made["due"] >= few) & (group in RANKED))
    made["rank"] = compared.rank(method="min", ascending=False).astype("Int64")
    return made


def _tell(
    told: list[dict[str, Any]],
    key: str,
    rows: pd.DataFrame,
    known: NDArray[np.bool_],
    given: Integers,
) -> None:
    rate = MEASURES[key].unit == "%"
    columns = zip(
        told, rows["numerator"].tolist(), rows["denominator"].tolist(), rows["value"].tolist(),
        known.tolist(), given.tolist(), strict=True,
    )  # fmt: skip
    for one, n, d, value, has, cents in columns:
        one[key] = {
            "n": n,
            "d": d if rate else None,
            "v": str(value) if has else None,
            "p": f"{cents // 100}.{cents % 100:02}" if has else None,
        }


def _half_up(above: Integers, below: Integers) -> Integers:
    """Divide whole numbers that are not negative, rounding half up."""
    return (2 * above + below) // (2 * below)
