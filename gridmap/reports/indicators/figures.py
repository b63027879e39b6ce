"""Indicators for documents: figures of a unit with all below it, and the ranking of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.incidents.statistics import Span
from gridmap.reports.indicators.boards import Figure, figure
from gridmap.reports.indicators.gathering import Answers, gathered
from gridmap.reports.indicators.models import Indicator
from gridmap.reports.indicators.periods import Kind, made_of, preceding
from gridmap.reports.indicators.queries import Asked, list_indicators
from gridmap.reports.indicators.ranking import ranks
from gridmap.reports.indicators.rollup import reached
from gridmap.reports.indicators.trees import LEVELS, Tree, find_tree, siblings
from gridmap.workforce.rights import SYSTEM


@dataclass(frozen=True)
class IndicatorFigure:
    """What an indicator says of a unit in a period.

    Attributes
    ----------
    indicator_id, code, name, name_en : int, str, str, str
    kind : Kind or None
        The period of the calendar that the days asked for are, if values of the indicator make it
        up.
    unit : str
        The sign behind the value: ``%``, ``m²``, or nothing.
    numerator, denominator : Decimal or None
        The counts, summed over the units they were entered for; None where there are no data.
    value : Decimal or None
        Of these two counts, rounded half up to the places of the indicator.
    target : Decimal or None
    better : {"up", "down"} or None
    reached : bool or None
        Whether the target is; None without a target or without data.
    counted, units : int
        Of how many of how many units it is made.
    rank, of : int or None, int
        Among the units beside it in the tree; those without a value have no rank.
    first, last : date or None
        The days that the values are of, which may be fewer than asked for.
    """

    indicator_id: int
    code: str
    name: str
    name_en: str
    kind: Kind | None
    unit: str
    numerator: Decimal | None
    denominator: Decimal | None
    value: Decimal | None
    target: Decimal | None
    better: str | None
    reached: bool | None
    counted: int
    units: int
    rank: int | None
    of: int
    first: date | None
    last: date | None


@dataclass(frozen=True)
class RankedUnit:
    """A unit in the ranking of an indicator.

    Attributes
    ----------
    rank, rank_before : int or None
        Of this period and of the one before; None where there is no value. Equal rates share a
        rank, and the next one follows after as many as share it.
    """

    rank: int | None
    rank_before: int | None
    unit_id: int
    code: str
    name: str
    name_en: str | None
    numerator: Decimal | None
    denominator: Decimal | None
    value: Decimal | None
    value_before: Decimal | None


def indicator_values(
    session: Session, codes: Sequence[str] | None, unit_id: int, first: date, last: date
) -> list[IndicatorFigure]:
    """Return what indicators say of a unit, by code.

    Parameters
    ----------
    session : Session
    codes : sequence of str or None
        Which; None for all in use. Those entered for larger units than this one are left out.
    unit_id : int
    first, last : date
        Values count whose whole period lies within these days. The unit is ranked among those
        beside it whose newest values are of the same days.
    """
    span = Span(first, last)
    tree = siblings(session, unit_id)
    own = next(unit for unit in tree.units if unit.id == unit_id)
    indicators = [
        each
        for each in list_indicators(session, retired=codes is not None)
        if (codes is None or each.code in codes)
        and LEVELS.index(each.level) >= LEVELS.index(own.level)
    ]
    found = []
    for level in LEVELS:
        here = [each for each in indicators if each.level == level]
        groups = tree.groups(level, own.level) if here else {}
        asked = [Asked(each, 0, span) for each in here]
        answers = gathered(session, asked, groups, tree, apart=True)
        found += [_figure_of(each, answers, groups, unit_id, span) for each in here]
    return sorted(found, key=lambda each: each.code)


def ranking(session: Session, code: str, unit_id: int, first: date, last: date) -> list[RankedUnit]:
    """Rank the units below a unit for which an indicator is entered, the best first.

    Parameters
    ----------
    session : Session
    code : str
    unit_id : int
    first, last : date
        As `indicator_values`. The period before is the calendar's, or has as many days.

    Raises
    ------
    NotFoundError
        If there is no such indicator.
    """
    indicator = session.scalar(select(Indicator).where(Indicator.code == code))
    if indicator is None:
        raise NotFoundError(Message("There is no indicator with the code {code}.", code=code))
    tree = find_tree(session, SYSTEM, unit_id)
    span = Span(first, last)
    spans = [span, preceding(cast(Kind, indicator.period_kind), span)]
    groups = tree.groups(indicator.level, indicator.level)
    asked = [Asked(indicator, number, each) for number, each in enumerate(spans)]
    answers = gathered(session, asked, groups, tree)
    now, former = (
        {
            unit: figure(indicator, answers.get((indicator.id, number, unit)), 1, each)
            for unit in groups
        }
        for number, each in enumerate(spans)
    )
    return _ranked(indicator, tree, now, former)


def _ranked(
    indicator: Indicator, tree: Tree, now: dict[int, Figure], former: dict[int, Figure]
) -> list[RankedUnit]:
    rank, rank_before = (
        ranks({unit: each.exact for unit, each in one.items()}, indicator.better)
        for one in (now, former)
    )
    rows = [
        RankedUnit(
            rank.get(unit.id),
            rank_before.get(unit.id),
            unit.id,
            unit.code,
            unit.name,
            unit.name_en,
            now[unit.id].counts.numerator,
            now[unit.id].counts.denominator,
            now[unit.id].value,
            former[unit.id].value,
        )
        for unit in tree.of_level(indicator.level)
    ]
    return sorted(rows, key=lambda row: (row.rank is None, row.rank or 0))


def _figure_of(
    indicator: Indicator, answers: Answers, groups: dict[int, int], unit_id: int, span: Span
) -> IndicatorFigure:
    units = list(groups.values()).count(unit_id)
    own = figure(indicator, answers.get((indicator.id, 0, unit_id)), units, span)
    beside = {
        group: figure(indicator, answer, 0, span)
        for (one, _, group), answer in answers.items()
        if one == indicator.id
    }
    comparable = {
        unit: each.exact
        for unit, each in beside.items()
        if each.days == own.days or indicator.over_time == "sum"
    }
    place = ranks(comparable, indicator.better)
    return IndicatorFigure(
        indicator_id=indicator.id,
        kind=made_of(cast(Kind, indicator.period_kind), span),
        code=indicator.code,
        name=indicator.name,
        name_en=indicator.name_en,
        unit=indicator.unit,
        numerator=own.counts.numerator,
        denominator=own.counts.denominator,
        value=own.value,
        target=indicator.target,
        better=indicator.better,
        reached=reached(own.exact, indicator.target, indicator.better),
        counted=own.counts.units,
        units=units,
        rank=place.get(unit_id),
        of=len(place),
        first=own.days.first if own.days else None,
        last=own.days.last if own.days else None,
    )
