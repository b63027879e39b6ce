"""Counts measures, set by set in the database."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd
from sqlalchemy.orm import Session

from gridmap.incidents.statistics import Span
from gridmap.reports.measures.registry import Group
from gridmap.territory.scope import Scope


def measured(
    session: Session, keys: Collection[str], span: Span, group: Group, scope: Scope
) -> pd.DataFrame:
    """Count measures for each member of a group.

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

    Returns
    -------
    pandas.DataFrame
        A row for each member and measure: ``member`` (the id of a cell, cadre, unit or
        department), ``measure``, ``numerator`` and ``denominator`` (Int64; of hours the
        denominator is missing), and ``value``: a count as int, a rate in per cent as Decimal with
        two digits, rounded half up, hours as Decimal with two digits; None where there are none.

    Raises
    ------
    KeyError
        If a measure is unknown.
    """
    raise NotImplementedError
