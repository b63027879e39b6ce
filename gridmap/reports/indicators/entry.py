"""Values entered: the counts of units in a period, all of a table or none of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, GridmapError, ParameterError, refuse_identity_number
from gridmap.incidents.statistics import Span
from gridmap.reports.indicators.models import Indicator
from gridmap.reports.indicators.periods import Kind, period_of
from gridmap.reports.indicators.queries import find_indicator
from gridmap.reports.indicators.trees import find_tree
from gridmap.workforce import audit
from gridmap.workforce.cell_list import today
from gridmap.workforce.rights import Action, Actor, require

LONGEST_REASON = 200
_LARGEST = Decimal(10) ** 14
# A comma stands before three digits: 3,5 is no 35.
_NUMBER = re.compile(r"[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]*)?")

#: A cell of the table: the unit, and ``numerator`` or ``denominator``.
Cell = tuple[int, str]


@dataclass(frozen=True)
class Entered:
    """The counts of a unit as somebody wants them, without any where there are no data.

    Attributes
    ----------
    version : int
        That of the value which the person saw; 0 where there was none.
    """

    unit_id: int
    numerator: Decimal | None
    denominator: Decimal | None
    version: int = 0


@dataclass(frozen=True)
class Saved:
    """How many values were entered, corrected and taken away."""

    inserted: int
    updated: int
    removed: int


class CellFaultsError(GridmapError):
    """Some cells of the table cannot be stored, and so none is."""

    def __init__(self, faults: Mapping[Cell, Message]) -> None:
        super().__init__(
            Message("{count} cells cannot be stored: correct them and save again.",
                    count=len(faults))
        )  # fmt: skip
        self.faults = dict(faults)


class OutdatedError(ConflictError):
    """Somebody else entered values meanwhile; ``units`` are those concerned."""

    def __init__(self, units: Sequence[int]) -> None:
        super().__init__(
            Message(
                "Somebody else entered {count} of these values meanwhile. Look at what stands "
                "there now, and save again what is yours.",
                count=len(units),
            )
        )
        self.units = list(units)


def read_count(typed: str) -> Decimal | None:
    """Read a count as people write it; None for an empty cell.

    Thousands may be set apart by commas or spaces, and digits may be full-width.

    Raises
    ------
    GridmapError
        If it is no number, is negative, or has more than two digits after the point.
    """
    plain = "".join(unicodedata.normalize("NFKC", typed).split())
    if not plain:
        return None
    if not _NUMBER.fullmatch(plain):
        raise GridmapError(Message("{value} is no number.", value=typed.strip()[:40]))
    number = Decimal(plain.replace(",", ""))
    if number < 0:
        raise GridmapError(Message("A count is not negative."))
    if number >= _LARGEST:
        raise GridmapError(Message("This number is too large."))
    if number != number.quantize(Decimal("0.01")):
        raise GridmapError(Message("Write at most two digits after the point."))
    return number


def check_period(session: Session, indicator: Indicator, span: Span) -> None:
    """Refuse a period that is none of the indicator's, or has not begun.

    Raises
    ------
    ParameterError
        If it is.
    """
    kind: Kind = indicator.period_kind  # type: ignore[assignment]
    if span.last < span.first or (kind != "any" and period_of(kind, span.first) != span):
        raise ParameterError("first", Message("This is no period of the indicator."))
    if span.first > today(session):
        raise ParameterError("first", Message("This period has not begun yet."))


def save_values(
    session: Session,
    actor: Actor,
    indicator_id: int,
    span: Span,
    entered: Sequence[Entered],
    reason: str = "",
) -> Saved:
    """Store the values of one period: all of them, or none.

    Parameters
    ----------
    session : Session
    actor : Actor
    indicator_id : int
    span : Span
    entered : sequence of Entered
        One for each unit; values that are as before stay as they are.
    reason : str
        Why values are corrected or taken away; needed if any is.

    Raises
    ------
    ForbiddenError, NotFoundError, ParameterError
    CellFaultsError
        If a count cannot be stored; it tells for each cell why.
    OutdatedError
        If somebody else stored one of the values meanwhile.
    ConflictError
        If the indicator is retired, or a period overlaps another with a value.
    """
    require(actor, Action.WRITE_REPORT)
    indicator = find_indicator(session, indicator_id)
    if indicator.retired_at is not None:
        raise ConflictError(Message("This indicator is no longer used."))
    check_period(session, indicator, span)
    _check_cells(session, actor, indicator, entered)
    stored = _locked(session, indicator, span, [each.unit_id for each in entered])
    _refuse_outdated(entered, stored)
    new = [each for each in entered if each.unit_id not in stored and not _is_empty(each)]
    gone = [each for each in entered if each.unit_id in stored and _is_empty(each)]
    changed = [
        each
        for each in entered
        if each.unit_id in stored
        and not _is_empty(each)
        and (each.numerator, each.denominator)
        != (stored[each.unit_id].numerator, stored[each.unit_id].denominator)
    ]
    if changed or gone:
        _tell_corrections(session, actor, indicator, span, [*changed, *gone], reason)
    _write(session, actor, indicator, span, new, changed, gone)
    saved = Saved(len(new), len(changed), len(gone))
    if new or changed or gone:
        audit.record(
            session, actor, "indicator.enter", ("indicator", indicator.id), None,
            {"first": span.first, "last": span.last, "inserted": saved.inserted,
             "updated": saved.updated, "removed": saved.removed},
        )  # fmt: skip
    return saved


def _is_empty(each: Entered) -> bool:
    return each.numerator is None and each.denominator is None


def _check_cells(
    session: Session, actor: Actor, indicator: Indicator, entered: Sequence[Entered]
) -> None:
    known = {unit.id for unit in find_tree(session, actor).of_level(indicator.level)}
    faults: dict[Cell, Message] = {}
    for each in entered:
        if each.unit_id not in known:
            raise GridmapError(Message("There is no unit with the id {id}.", id=each.unit_id))
        fault = None if _is_empty(each) else _fault(indicator, each)
        if fault is not None:
            faults[each.unit_id, fault[0]] = fault[1]
    if faults:
        raise CellFaultsError(faults)


def _fault(indicator: Indicator, each: Entered) -> tuple[str, Message] | None:
    """Return the cell of a row that cannot be stored, and why."""
    for field in ("numerator", "denominator"):
        wanted = indicator.entered in ("both", field)
        if wanted and getattr(each, field) is None:
            return field, Message("Enter this count too, or leave the whole row empty.")
        if not wanted and getattr(each, field) is not None:
            return field, Message("This count is not entered.")
    if each.denominator is not None and each.denominator <= 0:
        return "denominator", Message(
            "The denominator is more than zero. Leave the row empty where there is nothing."
        )
    if (
        indicator.within
        and each.numerator is not None
        and each.denominator is not None
        and each.numerator > each.denominator
    ):
        return "numerator", Message(
            "{part} is more than {whole}, of which it is a part.",
            part=f"{each.numerator:f}",
            whole=f"{each.denominator:f}",
        )
    return None


def _locked(
    session: Session, indicator: Indicator, span: Span, units: Sequence[int]
) -> dict[int, Row[Any]]:
    rows = session.execute(
        text("""
            SELECT unit_id, numerator, denominator, version FROM indicator_value
            WHERE indicator_id = :indicator AND first = :first AND last = :last
              AND unit_id = ANY(:units) ORDER BY unit_id FOR UPDATE
        """),
        {"indicator": indicator.id, "first": span.first, "last": span.last, "units": list(units)},
    )
    return {row.unit_id: row for row in rows}


def _refuse_outdated(entered: Sequence[Entered], stored: Mapping[int, Row[Any]]) -> None:
    outdated = [
        each.unit_id
        for each in entered
        if each.version != (stored[each.unit_id].version if each.unit_id in stored else 0)
    ]
    if outdated:
        raise OutdatedError(outdated)


def _tell_corrections(
    session: Session,
    actor: Actor,
    indicator: Indicator,
    span: Span,
    corrected: Sequence[Entered],
    reason: str,
) -> None:
    reason = " ".join(reason.split())
    if not 0 < len(reason) <= LONGEST_REASON:
        raise ParameterError(
            "reason",
            Message("{count} values are corrected: say why, in up to {most} characters.",
                    count=len(corrected), most=LONGEST_REASON),
        )  # fmt: skip
    refuse_identity_number(reason)
    session.execute(
        text(f"""
            INSERT INTO indicator_change (indicator_id, unit_id, first, last, numerator_before,
                denominator_before, numerator, denominator, reason, user_id, user_name)
            SELECT v.indicator_id, v.unit_id, v.first, v.last, v.numerator, v.denominator,
                   n.numerator, n.denominator, :reason, :user_id, :user_name
            {_NEW} JOIN indicator_value v ON v.unit_id = n.unit_id
            WHERE v.indicator_id = :indicator AND v.first = :first AND v.last = :last
            ORDER BY v.unit_id
        """),
        _rows(indicator, span, corrected)
        | {"reason": reason, "user_id": actor.user_id, "user_name": actor.name},
    )


_NEW = """FROM unnest(CAST(:units AS bigint[]), CAST(:numerators AS numeric[]),
    CAST(:denominators AS numeric[])) AS n (unit_id, numerator, denominator)"""


def _rows(indicator: Indicator, span: Span, entered: Sequence[Entered]) -> dict[str, Any]:
    return {
        "indicator": indicator.id,
        "first": span.first,
        "last": span.last,
        "units": [each.unit_id for each in entered],
        "numerators": [each.numerator for each in entered],
        "denominators": [each.denominator for each in entered],
    }


def _write(
    session: Session,
    actor: Actor,
    indicator: Indicator,
    span: Span,
    new: Sequence[Entered],
    changed: Sequence[Entered],
    gone: Sequence[Entered],
) -> None:
    same = "v.indicator_id = :indicator AND v.first = :first AND v.last = :last"
    # A value that was taken away and entered again is another version than the first one.
    statements = (
        (gone, f"DELETE FROM indicator_value v WHERE {same} AND v.unit_id = ANY(:units)"),
        (changed, f"""
            UPDATE indicator_value v SET numerator = n.numerator, denominator = n.denominator,
                version = v.version + 1
            {_NEW} WHERE {same} AND v.unit_id = n.unit_id"""),
        (new, f"""
            INSERT INTO indicator_value (indicator_id, unit_id, first, last, numerator,
                denominator, level, form, within, entered, user_name, version)
            SELECT i.id, n.unit_id, :first, :last, n.numerator, n.denominator, i.level, i.form,
                   i.within, i.entered, :user_name,
                   (SELECT count(*) + 1 FROM indicator_change c WHERE c.indicator_id = i.id
                    AND c.unit_id = n.unit_id AND c.first = :first AND c.last = :last)
            {_NEW}, indicator i WHERE i.id = :indicator"""),
    )  # fmt: skip
    for rows, statement in statements:
        if not rows:
            continue
        values = _rows(indicator, span, rows) | {"user_name": actor.name}
        try:
            with session.begin_nested():
                session.execute(text(statement), values)
        except DBAPIError as error:
            # Another transaction stored the same value since this one looked, or of any days.
            if getattr(error.orig, "sqlstate", None) != "23P01":
                raise
            raise ConflictError(
                Message("For some of these days there is a value already: choose other days.")
            ) from error
