"""What pages show of indicators: the latest figures, and one with its ranking and its past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from gridmap.incidents.statistics import Span
from gridmap.reports.indicators.gathering import Asked, gathered
from gridmap.reports.indicators.models import Indicator
from gridmap.reports.indicators.periods import Kind, before, leading_up, parts, period_of, wholes
from gridmap.reports.indicators.queries import (
    LEVELS,
    Answer,
    newest_periods,
    units_below,
)
from gridmap.reports.indicators.ranking import ranks
from gridmap.reports.indicators.rollup import NO_DATA, Counts, Scale, reached, total
from gridmap.workforce.rights import Actor

#: How many periods a trend has.
TREND = 12


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
    def value(self) -> Any:
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
        The lengths of period that can be looked at, and the one that is.
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
    session: Session, actor: Actor, unit_id: int | None, indicators: Sequence[Indicator]
) -> list[Listed]:
    """Return the latest figure of each indicator in an area, and that of the period before.

    Parameters
    ----------
    session : Session
    actor : Actor
    unit_id : int or None
        The unit with all below it; None for all the actor sees.
    indicators : sequence of Indicator
    """
    found: list[Listed] = []
    for level in LEVELS:
        of_level = [each for each in indicators if each.level == level]
        units = [row.id for row in units_below(session, actor, unit_id, level)] if of_level else []
        spans = {
            each.id: _latest_two(each, newest)
            for each, newest in zip(
                of_level, _newest(session, of_level, units, 2), strict=True
            )
        }
        asked = [
            Asked(each, number, span)
            for each in of_level
            for number, span in enumerate(spans[each.id])
        ]
        answers = gathered(session, asked, dict.fromkeys(units, 0))
        for each in of_level:
            now, former = (
                _figure(each, answers.get((each.id, number, 0)), len(units), span)
                for number, span in enumerate([*spans[each.id], None, None][:2])
            )
            span = spans[each.id][0] if spans[each.id] else None
            met = reached(now.exact, each.target, each.better)
            found.append(Listed(each, span, now, former, met))
    return sorted(found, key=lambda each: each.indicator.code)


def board(
    session: Session,
    actor: Actor,
    indicator: Indicator,
    area: tuple[int | None, str | None],
    *,
    kind: str | None = None,
    span: Span | None = None,
    level: str | None = None,
) -> Board:
    """Return an indicator in an area: its figure, ranking and past.

    Parameters
    ----------
    session : Session
    actor : Actor
    indicator : Indicator
    area : tuple
        The unit's id and level; None and None for all the actor sees.
    kind : str, optional
        Another length of period than the indicator's own, if it consists of such.
    span : Span, optional
        The period of which a day is looked at; without it, the newest with entries.
    level : str, optional
        Which units are ranked; without it, those for which it is entered.
    """
    own: Kind = indicator.period_kind  # type: ignore[assignment]
    kinds = wholes(own)
    chosen = next((each for each in kinds if each == kind), own)
    units = units_below(session, actor, area[0], indicator.level)
    spans = _spans(session, indicator, chosen, span, [unit.id for unit in units])
    levels = _levels(indicator.level, area[1])
    ranked = level if level in levels else indicator.level
    members = (
        units if ranked == indicator.level else units_below(session, actor, area[0], ranked)
    )
    groups = _groups(units, members, ranked == indicator.level, session, actor, area[0], indicator)
    asked = [Asked(indicator, number, each) for number, each in enumerate(spans)]
    answers = gathered(session, asked, groups)
    sizes: dict[int, int] = {}
    for group in groups.values():
        sizes[group] = sizes.get(group, 0) + 1
    series = {
        unit.id: tuple(
            _figure(indicator, answers.get((indicator.id, number, unit.id)), sizes.get(unit.id, 0),
                    each)
            for number, each in enumerate(spans)
        )
        for unit in members
    }  # fmt: skip
    whole = tuple(
        _together(indicator, [one[number] for one in series.values()], each)
        for number, each in enumerate(spans)
    )
    met = reached(whole[-1].exact, indicator.target, indicator.better) if whole else None
    places = _places(indicator, members, series) if spans else ()
    return Board(indicator, kinds, chosen, tuple(spans), levels, ranked, whole, places, met)


def _places(
    indicator: Indicator, members: Sequence[Row[Any]], series: Mapping[int, tuple[Figure, ...]]
) -> tuple[Place, ...]:
    now = ranks({unit: one[-1].exact for unit, one in series.items()}, indicator.better)
    former = (
        ranks({unit: one[-2].exact for unit, one in series.items()}, indicator.better)
        if all(len(one) > 1 for one in series.values())
        else {}
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


def _levels(own: str, above: str | None) -> tuple[str, ...]:
    """Return the levels below the area's and not below the indicator's own, the lowest first."""
    top = 0 if above is None else LEVELS.index(above)
    lowest = LEVELS.index(own)
    return tuple(LEVELS[max(top, 0) : lowest + 1][::-1]) or (own,)


def _groups(
    units: Sequence[Row[Any]],
    members: Sequence[Row[Any]],
    same: bool,
    session: Session,
    actor: Actor,
    area: int | None,
    indicator: Indicator,
) -> dict[int, int]:
    """Return in whose sum each unit counts."""
    if same:
        return {unit.id: unit.id for unit in units}
    known = {member.id for member in members}
    parents = {unit.id: unit.parent_id for unit in units}
    if indicator.level == "community" and not known & set(parents.values()):
        towns = units_below(session, actor, area, "town")
        above = {town.id: town.parent_id for town in towns}
        parents = {unit: above.get(town) for unit, town in parents.items()}
    return {unit: parent for unit, parent in parents.items() if parent in known}


def _latest_two(indicator: Indicator, newest: Sequence[Span]) -> list[Span]:
    """Return the newest period, and the calendar's one before it."""
    if indicator.period_kind == "any" or not newest:
        return list(newest)
    kind: Kind = indicator.period_kind  # type: ignore[assignment]
    return [newest[0], before(kind, newest[0])]


def _newest(
    session: Session, indicators: Sequence[Indicator], units: Sequence[int], count: int
) -> list[list[Span]]:
    found = newest_periods(session, [each.id for each in indicators], units, count)
    return [found.get(each.id, []) for each in indicators]


def _spans(
    session: Session, indicator: Indicator, kind: Kind, span: Span | None, units: Sequence[int]
) -> list[Span]:
    if kind == "any":
        spans = newest_periods(session, [indicator.id], units, 10 * TREND).get(indicator.id, [])
        if span is not None:
            spans = [each for each in spans if each.first <= span.first]
        return spans[:TREND][::-1]
    if span is None:
        newest = newest_periods(session, [indicator.id], units).get(indicator.id, [])
        if not newest:
            return []
        span = newest[0]
    return leading_up(kind, period_of(kind, span.first), TREND)


def _figure(indicator: Indicator, answer: Answer | None, units: int, span: Span | None) -> Figure:
    kind: Kind = indicator.period_kind  # type: ignore[assignment]
    each = parts(kind, span) if span is not None and indicator.over_time == "sum" else 1
    blank = Figure(scale_of(indicator), NO_DATA, units, units * each)
    if answer is None:
        return blank
    return replace(blank, counts=answer.counts, days=Span(answer.first, answer.last))


def _together(indicator: Indicator, figures: Sequence[Figure], span: Span) -> Figure:
    days = [each.days for each in figures if each.days is not None]
    return Figure(
        scale_of(indicator),
        total(each.counts for each in figures),
        sum(each.units for each in figures),
        sum(each.due for each in figures),
        Span(min(d.first for d in days), max(d.last for d in days)) if days else None,
    )
