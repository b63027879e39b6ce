"""What a report is about: its area, its period, and what it is compared with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.incidents.statistics import Question, Span
from gridmap.reports.documents.compose.ledger import Ledger
from gridmap.reports.documents.compose.prose import Both, Linked, Phrase, Value, say, span_shown
from gridmap.reports.documents.order import Kind, Order
from gridmap.territory.scope import EVERYTHING, Scope
from gridmap.workforce.rights import SYSTEM, Actor

#: The data of an earlier span count as complete if they begin no later than this part of it in.
_LATE = 20
_HAN = re.compile("[一-鿿]")


@dataclass(frozen=True)
class Part:
    """A unit right below the area, or a cell of a community."""

    id: int
    code: str
    name: Both


@dataclass(frozen=True)
class Area:
    """The unit that a report is about.

    Attributes
    ----------
    id, code, level, name : int, str, str, Both
    scope : Scope
        The communities in it; everything for the only county, with what lies outside them.
    units : tuple of int
        Itself and all units below it.
    parts : tuple of Part
        The next lower units; of a community its cells valid on the last day, by code.
    part_of : mapping of int to int
        The part of each community.
    """

    id: int
    code: str
    level: str
    name: Both
    scope: Scope
    units: tuple[int, ...]
    parts: tuple[Part, ...]
    part_of: Mapping[int, int]

    @property
    def parts_are_cells(self) -> bool:
        """Tell whether the parts are cells and not units."""
        return self.level == "community"


@dataclass(frozen=True)
class Versus:
    """An earlier span that figures are compared with.

    Attributes
    ----------
    span : Span
    name : Both
        As in ``比去年同期``, ``than in the first half of 2025``.
    complete : bool
        Whether the data go back so far.
    """

    span: Span
    name: Both
    complete: bool


@dataclass(frozen=True)
class Matter:
    """What a report is about, and how its figures are asked for.

    Attributes
    ----------
    session : Session
        With one snapshot.
    ledger : Ledger
    kind : Kind
    area : Area
    cell : Part or None
        Only this cell.
    span : Span
        Up to today if the period is not over.
    versus : Versus
    zone : ZoneInfo
    now : datetime
        The moment of the snapshot.
    """

    session: Session
    ledger: Ledger
    kind: Kind
    area: Area
    cell: Part | None
    span: Span
    versus: Versus
    zone: ZoneInfo
    now: datetime

    @property
    def connection(self) -> Connection:
        """Return the connection that the ledger listens to."""
        return self.ledger.connection

    @property
    def cell_id(self) -> int | None:
        """Return the id of the only cell."""
        return None if self.cell is None else self.cell.id

    @property
    def name(self) -> Both:
        """Return the name of the area, or of the cell in it."""
        if self.cell is None:
            return self.area.name
        return Both(self.cell.name.zh, f"{self.area.name.en}, {self.cell.name.en}")

    @property
    def today(self) -> date:
        """Return the town's day of the snapshot."""
        return self.now.astimezone(self.zone).date()

    @property
    def state(self) -> Phrase:
        """Say as of when the data are."""
        moment = self.now.astimezone(self.zone)
        return say(Both("{moment}", "{moment}"), moment=moment)

    @property
    def question(self) -> Question:
        """Return which incidents are counted."""
        cells = None if self.cell_id is None else (self.cell_id,)
        return Question(self.area.scope, self.span, self.zone, cells)

    @property
    def before(self) -> Span:
        """Return the span that is counted beside; what is incomplete is not told."""
        return self.versus.span

    @property
    def actor(self) -> Actor:
        """Return who sees the area and nothing else."""
        return replace(SYSTEM, scope=self.area.scope, units=frozenset(self.area.units))

    @property
    def period(self) -> Both:
        """Return the name of the period."""
        return span_shown(self.span.first, self.span.last)

    def listed(self, what: str, **more: Any) -> dict[str, Any]:
        """Return what the lists of `documents.behind` are asked."""
        asked: dict[str, Any] = {"what": what, "unit": self.area.id, "last": self.span.last}
        if self.cell_id is not None:
            asked["cell"] = self.cell_id
        return asked | more

    def page(self, **more: Any) -> dict[str, Any]:
        """Return what pages of the dashboard are asked for the period and the area."""
        asked = {
            "unit": self.area.code,
            "period": "custom",
            "from": self.span.first,
            "to": self.span.last,
        }
        if self.cell_id is not None:
            asked["cell"] = self.cell_id
        return asked | more


def find_matter(session: Session, order: Order) -> Matter:
    """Read the area and work out the spans of a report.

    Parameters
    ----------
    session : Session
        Only read, with one snapshot.
    order : Order

    Raises
    ------
    NotFoundError
        If the unit does not exist, or the cell does not lie in it.
    """
    connection = session.connection()
    zone_name, now, oldest = connection.execute(
        text("""
            SELECT time_zone, now(), (SELECT min(day) FROM incident_day WHERE 0 <> ANY(hours))
            FROM territory_settings
        """)
    ).one()
    zone = ZoneInfo(zone_name)
    today = now.astimezone(zone).date()
    span = Span(order.first, max(order.first, min(order.last, today)))
    return Matter(
        session=session,
        ledger=Ledger(connection),
        kind=order.kind,
        area=_area(connection, order.unit_id, min(span.last, today)),
        cell=None if order.cell_id is None else _cell(connection, order),
        span=span,
        versus=_versus(order, span, oldest),
        zone=zone,
        now=now,
    )


def year_before(span: Span) -> Span:
    """Return the same days of the year before; a leap day falls back to the 28th."""
    return Span(_year_back(span.first), _year_back(span.last))


def is_complete(span: Span, oldest: date | None) -> bool:
    """Tell whether data that begin on a day are those of a whole span."""
    return oldest is not None and oldest <= span.first + timedelta(days=span.days // _LATE)


def _versus(order: Order, span: Span, oldest: date | None) -> Versus:
    """Choose what a span is compared with: years and half-years with those of the year before.

    So is what an annual or half-year report tells of, also where it ends before they do. A month
    is compared with the month before, a week with the week before, and any other span with as many
    days right before it. Of a period that is not over only as many days are compared.
    """
    months = _months(order.first, order.last)
    if months in (6, 12) or order.kind in ("year", "half_year"):
        earlier = year_before(span)
        zh = "上年" if months == 12 else "去年同期"
        name = Both(zh, span_shown(earlier.first, earlier.last).en)
    elif months == 1:
        last = order.first - timedelta(days=1)
        first = last.replace(day=1)
        if span.last < order.last:
            last = min(last, first + timedelta(span.days - 1))
        earlier = Span(first, last)
        name = Both("上月", span_shown(earlier.first, earlier.last).en)
    else:
        earlier = Span(span.first - timedelta(days=span.days), span.first - timedelta(days=1))
        name = Both("上周", "the week before")
        if span.days != 7:
            name = Both(f"此前{span.days}天", f"the {span.days} days before")
    return Versus(earlier, name, is_complete(earlier, oldest))


def _months(first: date, last: date) -> int | None:
    """Return how many whole months a span has that begins with one of its own: 1, 6, 12."""
    after = last + timedelta(days=1)
    if first.day != 1 or after.day != 1:
        return None
    months = (after.year - first.year) * 12 + after.month - first.month
    return months if (first.month - 1) % months == 0 else None


def _year_back(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def _area(connection: Connection, unit_id: int, day: date) -> Area:
    rows = connection.execute(
        text("""
            WITH RECURSIVE below AS (
                SELECT id, id AS part FROM unit WHERE id = :unit
                UNION ALL
                SELECT u.id, CASE WHEN b.id = :unit THEN u.id ELSE b.part END
                FROM unit u JOIN below b ON u.parent_id = b.id
            )
            SELECT u.id, u.code, u.level, u.name, u.name_en, u.parent_id, b.part,
                   (SELECT count(*) FROM unit WHERE parent_id IS NULL) AS tops
            FROM below b JOIN unit u ON u.id = b.id ORDER BY u.code
        """),
        {"unit": unit_id},
    ).all()
    own = next((row for row in rows if row.id == unit_id), None)
    if own is None:
        raise NotFoundError(Message("There is no unit with the id {id}.", id=unit_id))
    communities = tuple(row.id for row in rows if row.level == "community")
    only = own.parent_id is None and own.tops == 1
    parts: tuple[Part, ...]
    if own.level == "community":
        parts = _cells(connection, unit_id, day)
    else:
        parts = tuple(
            Part(row.id, row.code, named(row)) for row in rows if row.part == row.id != unit_id
        )
    return Area(
        id=own.id,
        code=own.code,
        level=own.level,
        name=named(own),
        scope=EVERYTHING if only else Scope(communities),
        units=tuple(row.id for row in rows),
        parts=parts,
        part_of={row.id: row.part for row in rows if row.level == "community"},
    )


def named(row: Any) -> Both:
    """Return ``name`` and ``name_en`` of a row; without an English name it has its own."""
    return Both(row.name, row.name_en or row.name)


def cell_named(code: str, name: str | None, community: str) -> Both:
    """Return what a cell is called, in English by the serial that maps show.

    Parameters
    ----------
    code : str
    name : str or None
        Chinese as a rule; one without Chinese letters serves in English too.
    community : str
        The code of its community, with which its own begins.
    """
    english = name if name and not _HAN.search(name) else f"Cell {code.removeprefix(community)}"
    return Both(name or code, english)


def cell_of(matter: Matter, row: Any) -> Value:
    """Return what the ``cell`` of a row is called; in English with its community if need be.

    The row has ``cell_id``, the code of the ``cell``, its ``cell_name``, and the code and the
    English name of its community as ``unit`` and ``unit_name``.
    """
    if row.cell is None:
        return Both("—", "—")
    zh, en = cell_named(row.cell, row.cell_name, row.unit)
    name = Both(zh, en if matter.area.parts_are_cells else f"{row.unit_name}, {en}")
    return to_cell(name, row.cell_id)


def to_cell(name: Value, cell_id: int) -> Linked:
    """Lead from what a cell is called to its page."""
    return Linked(name, "cell_page.show", {"cell_id": cell_id})


def _cells(connection: Connection, community: int, day: date) -> tuple[Part, ...]:
    rows = connection.execute(
        text("""
            SELECT c.id, c.code, c.name, u.code AS unit
            FROM cell c JOIN unit u ON u.id = c.community_id
            WHERE c.community_id = :community AND c.kind <> 'micro'
              AND (c.valid @> CAST(:day AS date)) IS TRUE ORDER BY c.code
        """),
        {"community": community, "day": day},
    ).all()
    return tuple(Part(row.id, row.code, cell_named(row.code, row.name, row.unit)) for row in rows)


def _cell(connection: Connection, order: Order) -> Part:
    row = connection.execute(
        text("""
            WITH RECURSIVE below AS (
                SELECT CAST(:unit AS bigint) AS id
                UNION ALL SELECT u.id FROM unit u JOIN below b ON u.parent_id = b.id
            )
            SELECT c.id, c.code, c.name, u.code AS unit
            FROM cell c JOIN unit u ON u.id = c.community_id
            WHERE c.id = :cell AND c.community_id IN (SELECT id FROM below)
        """),
        {"cell": order.cell_id, "unit": order.unit_id},
    ).one_or_none()
    if row is None:
        raise NotFoundError(Message("There is no cell with the id {id}.", id=order.cell_id))
    return Part(row.id, row.code, cell_named(row.code, row.name, row.unit))
