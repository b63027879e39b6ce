"""The state of an area in a period, out of territory, workforce, incidents and cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.exchange.area import Area
from gridmap.incidents.cases.inbox import Counts, counts
from gridmap.incidents.cases.rates import Rates, rates
from gridmap.incidents.categories import by_category
from gridmap.incidents.periods import Period
from gridmap.incidents.statistics import (
    Clock,
    Question,
    Rows,
    Span,
    Times,
    by_cell,
    by_community,
    by_time,
    months_before,
    total,
)
from gridmap.patrols.tracks.overview import Months, by_part
from gridmap.territory.queries import outline_collection
from gridmap.workforce.responsibility import uncovered
from gridmap.workforce.rights import Actor

#: Fewer incidents than this say nothing about a rate or a change.
TOO_FEW = 10
BUSIEST = 8
#: Of so many months patrols are told, up to the one looked at.
PATROL_MONTHS = 12


@dataclass(frozen=True)
class Coverage:
    """Of the incidents of some months, those near a patrol, walked or planned, at their hour.

    The incidents are whole months of ``patrol_coverage``, see
    `gridmap.patrols.tracks.models.PatrolCoverage`.
    """

    incidents: int = 0
    walked_in_hour: int = 0
    planned_in_hour: int = 0

    def __add__(self, other: Coverage) -> Coverage:
        """Return the sums of both."""
        return Coverage(
            self.incidents + other.incidents,
            self.walked_in_hour + other.walked_in_hour,
            self.planned_in_hour + other.planned_in_hour,
        )

    @property
    def without(self) -> int:
        """Return the incidents to which no patrol came near at their hour."""
        return self.incidents - self.walked_in_hour


@dataclass(frozen=True)
class Patrols:
    """What patrols cover of an area.

    Attributes
    ----------
    parts : mapping of int to Coverage
        By the id of the next lower units, or of the cells; only those that were counted.
    whole : Coverage
        Of all parts.
    months : mapping of date to Coverage
        Of the `PATROL_MONTHS` months until then, as far as they were counted, in order.
    """

    parts: Mapping[int, Coverage]
    whole: Coverage
    months: Mapping[date, Coverage]


@dataclass(frozen=True)
class Figures:
    """What happened in a part of the area.

    Households are None where nobody counted them, coverage where it is not asked or not counted.
    """

    n: int
    before: int
    households: int | None = None
    coverage: Coverage | None = None

    @property
    def change(self) -> float | None:
        """Return the change in per cent; None where it is too few to say."""
        if max(self.n, self.before) < TOO_FEW or self.before == 0:
            return None
        return 100 * (self.n - self.before) / self.before

    @property
    def rate(self) -> float | None:
        """Return the incidents per 1,000 households; None where it is too few to say."""
        if self.n < TOO_FEW or not self.households:
            return None
        return 1000 * self.n / self.households

    @property
    def covered(self) -> float | None:
        """Return the per cent that patrols covered at their hour; None where it is too few."""
        if self.coverage is None or self.coverage.incidents < TOO_FEW:
            return None
        return 100 * self.coverage.walked_in_hour / self.coverage.incidents


@dataclass(frozen=True)
class Events:
    """What happened in an area.

    Attributes
    ----------
    n, before, year_before : int
        Incidents in the period, the one before and the one a year before.
    parts : mapping of int to Figures
        By the id of the next lower units, or of the cells.
    elsewhere : Figures
        In none of the parts: in former cells, or outside all units.
    busiest : sequence of rows
        ``cell_id``, ``code``, ``name``, ``community``, ``community_en``, ``n``, ``before``.
    categories : sequence of rows
        See `gridmap.incidents.categories.by_category`.
    times : Times
    """

    n: int
    before: int
    year_before: int
    parts: Mapping[int, Figures]
    elsewhere: Figures
    busiest: Rows
    categories: Rows
    times: Times


@dataclass(frozen=True)
class State:
    """How the work stands.

    Attributes
    ----------
    uncovered : sequence of rows
        Cells without a responsible cadre, see `gridmap.workforce.responsibility.uncovered`.
    cases : Counts
        As of now, whatever the period.
    rates : Rates
        Of the cases due in a span of days.
    """

    uncovered: Rows
    cases: Counts
    rates: Rates


def events(session: Session, area: Area, period: Period, clock: Clock) -> Events:
    """Count what happened in an area in a period, against the period before.

    Parameters
    ----------
    session : Session
        Only read.
    area : Area
    period : Period
    clock : Clock
    """
    connection = session.connection()
    question = Question(area.scope, period.span, clock.zone)
    if area.parts_are_cells:
        counted = by_cell(connection, question, period.before)
        happened = (row for row in counted if row.cell_id is not None and row.n)
        busiest: Rows = sorted(happened, key=lambda row: (-row.n, row.cell_id))[:BUSIEST]
    else:
        counted, busiest = by_community(connection, question, period.before, BUSIEST)
    parts, elsewhere = _by_part(area, counted)
    return Events(
        n=sum(row.n for row in counted),
        before=sum(row.before for row in counted),
        year_before=total(connection, replace(question, span=period.year_before)),
        parts=parts,
        elsewhere=elsewhere,
        busiest=_named(session, busiest),
        categories=by_category(connection, question, period.before),
        times=by_time(connection, question),
    )


def state(session: Session, actor: Actor, area: Area, due: Span, clock: Clock) -> State:
    """Tell how the work stands in an area.

    Parameters
    ----------
    session : Session
    actor : Actor
        Who asks; `area` lies in his areas.
    area : Area
    due : Span
        In which the cases were due that the rates tell of.
    clock : Clock
    """
    here = replace(actor, scope=area.scope)
    return State(
        uncovered=uncovered(session, here, clock.today),
        cases=counts(session, here),
        rates=rates(session, here, due.first, due.last),
    )


def with_households(happened: Events, known: Mapping[int, int]) -> Events:
    """Return the events with the households of each part, see `households`."""
    parts = {key: replace(one, households=known.get(key, 0)) for key, one in happened.parts.items()}
    return replace(happened, parts=parts)


def patrols(session: Session, area: Area, span: Span) -> Patrols:
    """Tell what patrols covered in the months of a span, by part, and month by month until then."""
    first, last = span.first.replace(day=1), span.last
    told = Months(min(first, months_before(last, PATROL_MONTHS - 1)), last)
    parts: dict[int, Coverage] = {}
    months: dict[date, Coverage] = {}
    for row in by_part(session.connection(), area.scope, told, cells=area.parts_are_cells):
        one = Coverage(row.incidents, row.walked_in_hour, row.planned_in_hour)
        months[row.month] = months.get(row.month, Coverage()) + one
        part = row.part_id if area.parts_are_cells else area.part_of.get(row.part_id)
        if part is not None and row.month >= first:
            parts[part] = parts.get(part, Coverage()) + one
    return Patrols(parts, sum(parts.values(), Coverage()), months)


def with_coverage(happened: Events, known: Patrols) -> Events:
    """Return the events with what patrols covered of each part, see `patrols`."""
    parts = {
        key: replace(one, coverage=known.parts.get(key)) for key, one in happened.parts.items()
    }
    return replace(happened, parts=parts)


def households(session: Session, area: Area) -> dict[int, int]:
    """Count the households of each part of an area, by the newest counts of the buildings."""
    column = "cell_id" if area.parts_are_cells else "community_id"
    rows = session.execute(
        text(f"""
            SELECT {column}, sum(households)::integer FROM people_count
            WHERE {area.scope.condition("community_id")} GROUP BY 1
        """),
        area.scope.params,
    )
    found: dict[int, int] = {}
    for key, n in rows:
        part = key if area.parts_are_cells else area.part_of.get(key)
        if part is not None:
            found[part] = found.get(part, 0) + n
    return found


def _by_part(area: Area, counted_rows: Rows) -> tuple[dict[int, Figures], Figures]:
    counted: dict[int | None, list[int]] = {part.id: [0, 0] for part in area.parts}
    elsewhere = [0, 0]
    for row in counted_rows:
        key = row.cell_id if area.parts_are_cells else area.part_of.get(row.community_id)
        into = counted.get(key, elsewhere)
        into[0] += row.n
        into[1] += row.before
    return {part.id: _figures(counted[part.id]) for part in area.parts}, _figures(elsewhere)


def _figures(counts: list[int]) -> Figures:
    n, before = counts
    return Figures(n, before)


def _named(session: Session, most: Rows) -> Rows:
    return session.execute(
        text("""
            SELECT c.id AS cell_id, c.code, c.name, u.name AS community, u.name_en AS community_en,
                   m.n, m.before
            FROM unnest(CAST(:ids AS bigint[]), CAST(:ns AS integer[]), CAST(:befores AS integer[]))
                AS m (id, n, before)
            JOIN cell c ON c.id = m.id JOIN unit u ON u.id = c.community_id
            ORDER BY m.n DESC, c.code
        """),
        {
            "ids": [row.cell_id for row in most],
            "ns": [row.n for row in most],
            "befores": [row.before for row in most],
        },
    ).all()


def outlines(session: Session, area: Area, day: date) -> str:
    """Return the outlines of the parts as GeoJSON, fit for a map of the area.

    Parameters
    ----------
    session : Session
    area : Area
    day : date
        The day on which the cells are valid.

    Returns
    -------
    str
        A FeatureCollection; features have an ``id``, coordinates five digits.
    """
    kind: Literal["cell", "unit"] = "cell" if area.parts_are_cells else "unit"
    return outline_collection(session, kind, [part.id for part in area.parts])
