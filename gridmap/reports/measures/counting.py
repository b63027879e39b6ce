"""Counts measures, set by set in the database."""

from __future__ import annotations

from collections.abc import Collection
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from gridmap.incidents.statistics import Span
from gridmap.reports.measures import activities, cases, incidents, patrols, people, teams
from gridmap.reports.measures.members import members
from gridmap.reports.measures.registry import MEASURES, Group
from gridmap.territory.scope import Scope

#: Who counts the measures whose keys begin so: a frame of ``member``, ``measure``, ``numerator``
#: and ``denominator``, or ``hours``; members without records may be left out.
_COUNTERS = (
    (("incidents.",), incidents.count),
    (("cases.",), cases.count),
    (("disputes.",), cases.count_disputes),
    (("sweeps.", "inspections."), activities.count),
    (("patrols.",), patrols.count),
    (("people.",), people.count),
    (("shifts.",), teams.count_shifts),
    (("stops.", "routes."), teams.count_walks),
)


def measured(
    session: Session,
    keys: Collection[str],
    span: Span,
    group: Group,
    scope: Scope,
    ids: Collection[int] | None = None,
) -> pd.DataFrame:
    """Count measures for each member of a group.

    Cases are counted where they were due, and to the cadre who answered for the cell on that day;
    incidents and patrols of a month to who did at its end, people to who does at that of the span.
    People are those of each building's last count by the end of the span: a building that was
    first counted later is not known then, and where none was counted nothing is known.

    Parameters
    ----------
    session : Session
        Only read.
    keys : collection of str
        Of `MEASURES`; one that this group does not have gives no rows.
    span : Span
        Local days, both included.
    group : Group
        ``all`` has one member, 0.
    scope : Scope
        Whose records are counted.
    ids : collection of int, optional
        The members of the group in the scope, if they are known already.

    Returns
    -------
    pandas.DataFrame
        A row for each member and measure: ``member`` (the id of a cell, cadre, team, unit
        or department), ``measure``, ``numerator`` and ``denominator`` (of counts and hours the
        denominator is missing), and ``value``: a count as int, a rate in per cent as Decimal with
        two digits, rounded half up, hours as Decimal with two digits; None where there are none,
        and for a count of which nothing is known, see `Measure.unknown`.

    Raises
    ------
    KeyError
        If a measure is unknown.
    """
    wanted = [key for key in keys if group in MEASURES[key].groups]
    ids = members(session, span, group, scope) if ids is None else ids
    parts = [
        counter(session, own, span, group, scope)
        for begins, counter in _COUNTERS
        if (own := [key for key in wanted if key.startswith(begins)])
    ]
    found = pd.concat(parts) if parts else pd.DataFrame()
    whole = pd.MultiIndex.from_product([ids, wanted], names=["member", "measure"])
    if found.empty:
        found = pd.DataFrame(index=whole)
    else:
        found = found.set_index(["member", "measure"]).reindex(whole)
    return _with_values(found.reindex(columns=["numerator", "denominator", "hours"]).reset_index())


def _with_values(found: pd.DataFrame) -> pd.DataFrame:
    """Work out the values; what was not found is zero of nothing."""
    unit = found["measure"].map({key: measure.unit for key, measure in MEASURES.items()})
    numerator = found["numerator"].fillna(0).astype("int64").to_numpy()
    denominator = found["denominator"].fillna(0).astype("int64").to_numpy()
    rate, hours = (unit == "%").to_numpy(), found["hours"].astype("float64").to_numpy()
    value = numerator.astype(object)
    unknown = {key for key, measure in MEASURES.items() if measure.unknown}
    value[(found["measure"].isin(unknown) & found["numerator"].isna()).to_numpy()] = None
    some = rate & (denominator > 0)
    value[rate] = None
    # Half up on whole numbers, as `gridmap.incidents.cases.rates.percent` does it one by one.
    cents = (20_000 * numerator[some] + denominator[some]) // (2 * denominator[some])
    value[some] = [Decimal(int(each)).scaleb(-2) for each in cents]
    timed = (unit == "h").to_numpy()
    value[timed] = [None if np.isnan(h) else _hours(h) for h in hours[timed].tolist()]
    return pd.DataFrame(
        {
            "member": found["member"],
            "measure": found["measure"],
            "numerator": numerator,
            "denominator": pd.array(denominator, dtype="Int64"),
            "value": value,
        }
    ).assign(denominator=lambda made: made["denominator"].where(rate))


def _hours(hours: float) -> Decimal:
    return Decimal(repr(hours)).quantize(Decimal("0.01"), ROUND_HALF_UP)
