"""Counts of indicators, whether entered or counted over the system's own records."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import cast

from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.reports.indicators.models import Indicator
from gridmap.reports.indicators.periods import Kind
from gridmap.reports.indicators.periods import parts as parts_of
from gridmap.reports.indicators.queries import Answer, Asked, counted
from gridmap.reports.indicators.rollup import Counts, rolled
from gridmap.reports.indicators.trees import Tree
from gridmap.reports.measures import MEASURES, Group, measured
from gridmap.territory.scope import Scope

#: By indicator, number of the period, and group of units.
Answers = dict[tuple[int, int, int], Answer]


def gathered(
    session: Session,
    asked: Collection[Asked],
    groups: Mapping[int, int],
    tree: Tree,
    *,
    apart: bool = False,
) -> Answers:
    """Add up the counts of indicators by period and group of units.

    Parameters
    ----------
    session : Session
    asked : collection of Asked
    groups : mapping of int to int
        The group of each unit; others do not count. Of units of several levels each indicator
        takes those of its own.
    tree : Tree
        In which these units lie.
    apart : bool
        See `queries.counted`.
    """
    if not groups:
        return {}
    entered = [each for each in asked if not _measures(each.indicator)]
    answers = counted(session, entered, groups, apart=apart) if entered else {}
    partly = [each for each in asked if each.indicator.entered in ("numerator", "denominator")
              and _measures(each.indicator)]  # fmt: skip
    single = {unit: unit for unit in groups}
    rows = counted(session, partly, single, apart=apart) if partly else {}
    for span, level in {(each.span, each.indicator.level) for each in asked}:
        here = [
            each for each in asked
            if _measures(each.indicator) and (each.span, each.indicator.level) == (span, level)
        ]  # fmt: skip
        if here:
            own = {unit.id for unit in tree.of_level(level)}
            members = {unit: group for unit, group in groups.items() if unit in own}
            answers |= _of_records(session, here, members, rows)
    return answers


def _of_records(
    session: Session, asked: Sequence[Asked], groups: Mapping[int, int], entered: Answers
) -> Answers:
    """Count indicators of one level over one span, of which a part may be entered."""
    span, level = asked[0].span, asked[0].indicator.level
    keys = {key for each in asked for key in _measures(each.indicator)}
    scope = Scope(tuple(_communities(session, list(groups), level)))
    frame = measured(session, sorted(keys), span, cast(Group, level), scope, list(groups))
    known = {
        (key, int(member)): Decimal(int(count))
        for key, member, count, value in zip(
            frame["measure"], frame["member"], frame["numerator"], frame["value"], strict=True
        )
        # People of whom nothing was counted by then are unknown, and not none.
        if value is not None or not MEASURES[key].unknown
    }
    found: Answers = {}
    for each in asked:
        one = each.indicator
        whole = _entries(each)
        counts = {}
        for unit in groups:
            typed = entered.get((one.id, each.number, unit))
            # All of the period is counted over the records: a part of it is no match.
            parts = typed.counts if typed and typed.counts.entries >= whole else Counts()
            numerator = (
                known.get((one.numerator_measure, unit))
                if one.numerator_measure
                else parts.numerator
            )
            denominator = (
                known.get((one.denominator_measure, unit))
                if one.denominator_measure
                else parts.denominator
            )
            # A rate is made of units that have both of its counts; one of another level has none.
            if numerator is not None and (one.form == "count" or denominator):
                counts[unit] = Counts(numerator, denominator, 1, whole)
        for group, sums in rolled(counts, groups).items():
            found[one.id, each.number, group] = Answer(sums, span.first, span.last)
    return found


def _entries(asked: Asked) -> int:
    """Return of how many entries a unit's count of the period is made."""
    one = asked.indicator
    return parts_of(cast(Kind, one.period_kind), asked.span) if one.over_time == "sum" else 1


def _measures(indicator: Indicator) -> list[str]:
    keys = (indicator.numerator_measure, indicator.denominator_measure)
    return [key for key in keys if key is not None]


def _communities(session: Session, units: Sequence[int], level: str) -> Sequence[int]:
    if level == "community":
        return units
    return session.scalars(
        text("SELECT id FROM unit WHERE level = 'community' AND parent_id = ANY(:units)"),
        {"units": list(units)},
    ).all()
