"""What pages show of indicators: the latest figures, and one with its ranking and its past."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, cast

from sqlalchemy import Row
from sqlalchemy.orm import Session

from gridmap.incidents.statistics import Span
from gridmap.reports.indicators.gathering import gathered
from gridmap.reports.indicators.models import Indicator
from gridmap.reports.indicators.periods import (
    Kind,
    before,
    leading_up,
    parts,
    period_of,
    preceding,
    wholes,
)
from gridmap.reports.indicators.queries import Answer, Asked, newest_periods
from gridmap.reports.indicators.ranking import ranks
from gridmap.reports.indicators.rollup import NO_DATA, Counts, Scale, reached, total
from gridmap.reports.indicators.trees import Tree

#: How many periods a trend has.
TREND = 12
#: And one that is counted over the records, each of whose periods is counted anew.
TREND_OF_RECORDS = 6
#: And how many periods of any length are looked through.
MOST_ANY = 200


@dataclass(frozen=True)
class Look:
    """What of an indicator is looked at; what is left out is chosen by what there is.

    Attributes
    ----------
    today : date
    kind : str or None
        Another length of period than the indicator's own, if it consists of such.
    day : date or None
        A day of the period; without it, the newest period with entries.
    level : str or None
        Which units are ranked; without it, those for which it is entered.
    days : Span or None
        Exactly these days, whichever they are, as a report has them whose period is not over.
    """

    today: date
    kind: str | None = None
    day: date | None = None
    level: str | None = None
    days: Span | None = None


@dataclass(frozen=True)
class Figure:
    """A value with its counts.

    Attributes
    ----------
    counts : Counts
    exact, value : Fraction or None, Decimal or None
        The value itself, and as it is shown.
    units, due : int
        How many units and entries there should be.
    days : Span or None
        Of which days the counts are.
    """

    scale: Scale
    counts: Counts = NO_DATA
    units: int = 0
    due: int = 0
    days: Span | None = None

    @property
    def exact(self) -> Fraction | None:
        """Return the value itself."""
        return self.scale.exact(self.counts)

    @property
    def value(self) -> Decimal | None:
        """Return the value as it is shown."""
        return self.scale.value(self.counts)


@dataclass(frozen=True)
class Listed:
    """An indicator in the list: its latest figure and the one before, both None without data."""

    indicator: Indicator
    span: Span | None
    now: Figure
    former: Figure
    reached: bool | None


@dataclass(frozen=True)
class Place:
    """A unit in the ranking, with its figures from the oldest period to the one looked at."""

    unit: Row[Any]
    series: tuple[Figure, ...]
    rank: int | None
    rank_before: int | None
    reached: bool | None

    @property
    def now(self) -> Figure:
        """Return the figure of the period looked at."""
        return self.series[-1]

    @property
    def former(self) -> Figure | None:
        """Return the figure of the period before."""
        return self.series[-2] if len(self.series) > 1 else None


@dataclass(frozen=True)
class Board:
    """One indicator in one area.

    Attributes
    ----------
    kinds, kind : tuple of Kind, Kind
        The lengths of period that can be looked at, and the one that is: any where the days are
        told.
    spans : tuple of Span
        The periods, the last of which is looked at; empty without any data.
    levels, level : tuple of str, str
        The levels of units that can be ranked, and the one that is.
    whole : tuple of Figure
        Of the whole area, by period.
    places : tuple of Place
        By rank; those without data last.
    """

    indicator: Indicator
    kinds: tuple[Kind, ...]
    kind: Kind
    spans: tuple[Span, ...]
    levels: tuple[str, ...]
    level: str
    whole: tuple[Figure, ...]
    places: tuple[Place, ...]
    reached: bool | None

    @property
    def span(self) -> Span | None:
        """Return the period looked at."""
        return self.spans[-1] if self.spans else None


def scale_of(indicator: Indicator) -> Scale:
    """Return how an indicator's values are made of its counts."""
    return Scale(indicator.form, indicator.per, indicator.places)


def latest(
    session: Session, tree: Tree, indicators: Sequence[Indicator], today: date
) -> list[Listed]:
    """Return the latest figure of each indicator in an area, and that of the period before.

    Parameters
    ----------
    session : Session
    tree : Tree
        The area.
    indicators : sequence of Indicator
    today : date
        What is counted over the system's own records is so for the last period that is over.
    """
    sizes = Counter(unit.level for unit in tree.units)
    here = [each for each in indicators if sizes[each.level]]
    units = [unit.id for unit in tree.units]
    newest = newest_periods(session, [each.id for each in here], units, 2)
    spans = {each.id: _latest_two(each, newest.get(each.id, []), today) for each in here}
    asked = [Asked(one, n, span) for one in here for n, span in enumerate(spans[one.id])]
    answers = gathered(session, asked, dict.fromkeys(units, 0), tree)
    found = [_nothing(each) for each in indicators if not sizes[each.level]]
    for each in here:
        periods = spans[each.id]
        now, former = (
            figure(each, answers.get((each.id, n, 0)), sizes[each.level], span)
            for n, span in enumerate([*periods, None, None][:2])
        )
        met = reached(now.exact, each.target, each.better)
        found.append(Listed(each, periods[0] if periods else None, now, former, met))
    return sorted(found, key=lambda each: each.indicator.code)


def board(session: Session, tree: Tree, indicator: Indicator, look: Look) -> Board:
    """Return an indicator in an area: its figure, ranking and past.

    Parameters
    ----------
    session : Session
    tree : Tree
        The area.
    indicator : Indicator
    look : Look
    """
    own = cast(Kind, indicator.period_kind)
    kind: Kind = next((each for each in wholes(own) if each == look.kind), own)
    if look.days is not None:
        kind, spans = "any", [preceding(own, look.days), look.days]
    else:
        spans = _spans(session, indicator, kind, look, tree)
    levels = tree.levels_above(indicator.level)
    level = look.level if look.level in levels else (levels or (indicator.level,))[0]
    groups = tree.groups(indicator.level, level)
    asked = [Asked(indicator, number, each) for number, each in enumerate(spans)]
    answers = gathered(session, asked, groups, tree)
    sizes = Counter(groups.values())
    members = tree.of_level(level)
    series = {
        unit.id: tuple(
            figure(indicator, answers.get((indicator.id, n, unit.id)), sizes[unit.id], span)
            for n, span in enumerate(spans)
        )
        for unit in members
    }
    whole = tuple(
        _together(indicator, [one[number] for one in series.values()])
        for number in range(len(spans))
    )
    met = reached(whole[-1].exact, indicator.target, indicator.better) if whole else None
    places = _places(indicator, members, series) if spans else ()
    return Board(indicator, wholes(own), kind, tuple(spans), levels, level, whole, places, met)


def figure(indicator: Indicator, answer: Answer | None, units: int, span: Span | None) -> Figure:
    """Return a figure of so many units in a period from its counts; None stands for no data."""
    kind = cast(Kind, indicator.period_kind)
    each = parts(kind, span) if span is not None and indicator.over_time == "sum" else 1
    scale = scale_of(indicator)
    if answer is None:
        return Figure(scale, NO_DATA, units, units * each)
    days = Span(answer.first, answer.last)
    return Figure(scale, answer.counts, units, units * each, days)


def _places(
    indicator: Indicator, members: Sequence[Row[Any]], series: Mapping[int, tuple[Figure, ...]]
) -> tuple[Place, ...]:
    now, former = (
        ranks(
            {unit: one[at].exact for unit, one in series.items() if len(one) >= -at},
            indicator.better,
        )
        for at in (-1, -2)
    )
    places = [
        Place(
            unit,
            series[unit.id],
            now.get(unit.id),
            former.get(unit.id),
            reached(series[unit.id][-1].exact, indicator.target, indicator.better),
        )
        for unit in members
    ]
    return tuple(sorted(places, key=lambda each: (each.rank is None, each.rank or 0)))


def _nothing(indicator: Indicator) -> Listed:
    """Return an indicator of an area that has no unit for which it is entered."""
    blank = Figure(scale_of(indicator))
    return Listed(indicator, None, blank, blank, None)


def _latest_two(indicator: Indicator, newest: Sequence[Span], today: date) -> list[Span]:
    """Return the newest period, and the calendar's one before it."""
    kind = cast(Kind, indicator.period_kind)
    if kind == "any":
        return list(newest)
    if indicator.entered == "nothing":
        newest = [before(kind, period_of(kind, today))]
    return [newest[0], before(kind, newest[0])] if newest else []


def _spans(
    session: Session, indicator: Indicator, kind: Kind, look: Look, tree: Tree
) -> list[Span]:
    """Return the periods of a trend, the oldest first."""
    units = [unit.id for unit in tree.of_level(indicator.level)]
    if kind == "any":
        spans = newest_periods(session, [indicator.id], units, MOST_ANY).get(indicator.id, [])
        if look.day is not None:
            spans = [each for each in spans if each.first <= look.day]
        return spans[:TREND][::-1]
    day = look.day
    if day is None and indicator.entered == "nothing":
        day = before(kind, period_of(kind, look.today)).last
    if day is None:
        newest = newest_periods(session, [indicator.id], units).get(indicator.id, [])
        if not newest:
            return []
        day = newest[0].first
    counted = indicator.numerator_measure or indicator.denominator_measure
    count = TREND_OF_RECORDS if counted else TREND
    return leading_up(kind, period_of(kind, day), count)


def _together(indicator: Indicator, figures: Sequence[Figure]) -> Figure:
    days = [each.days for each in figures if each.days is not None]
    return Figure(
        scale_of(indicator),
        total(each.counts for each in figures),
        sum(each.units for each in figures),
        sum(each.due for each in figures),
        Span(min(d.first for d in days), max(d.last for d in days)) if days else None,
    )
