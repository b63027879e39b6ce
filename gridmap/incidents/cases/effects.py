"""What each act changes in a case beside its step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, GridmapError
from gridmap.incidents.cases.categories import WHOLE
from gridmap.incidents.cases.deadlines import Allowance, WorkTime, due, parse_allowances
from gridmap.incidents.cases.models import Case, CaseExtension
from gridmap.incidents.cases.workflow import NEXT_LEVEL, Act, Level, Step
from gridmap.territory.models import Unit
from gridmap.workforce.rights import Actor


@dataclass(frozen=True)
class Doing:
    """An act and what belongs to it.

    Attributes
    ----------
    act : Act
    note : str
        Some acts need one, see `workflow.NEEDS_NOTE`.
    assignee_id, unit_id : int or None
        To whom a case goes: a cadre, or a unit. Without either it is the cadre who answers for
        the cell that day.
    extension : Allowance or None
        How much more time is asked for.
    photos : sequence of bytes
    """

    act: Act
    note: str = ""
    assignee_id: int | None = None
    unit_id: int | None = None
    extension: Allowance | None = None
    photos: Sequence[bytes] = ()


@dataclass
class Work:
    """What all cases of one act share."""

    session: Session
    actor: Actor
    doing: Doing
    now: datetime
    time: WorkTime
    rules: dict[int, dict[str, Allowance]]
    asked: dict[int, CaseExtension]
    # The cadre of each case who answers for its cell, where nobody is named.
    cadres: dict[int, int] = field(default_factory=dict)
    level: Level = Level.CELL

    def due(self, case: Case, step: str) -> datetime:
        """Return when a step of a case is due that is entered now, or the whole case."""
        return due(self.time, self.now, self.rules[case.rules_id][step])


def nothing(work: Work, case: Case) -> None:
    """Change nothing but the step."""


def _give(work: Work, case: Case) -> None:
    case.assignee_id = work.cadres.get(case.id)
    case.unit_id = work.doing.unit_id
    case.level = work.level


def _take_back(work: Work, case: Case) -> None:
    case.returned += 1
    if case.step == Step.HANDLING:
        case.assignee_id = case.unit_id = None
        case.level = Level.CELL


def _escalate(work: Work, case: Case) -> None:
    """Hand a case to the mediation room one level up."""
    level = NEXT_LEVEL[Level(case.level)]
    unit = case.community_id
    if unit is not None and level is Level.TOWN:
        unit = work.session.scalar(select(Unit.parent_id).where(Unit.id == unit))
    if unit is None:
        raise ConflictError(
            Message("Case {id} lies in no community and cannot be escalated.", id=case.id)
        )
    case.level, case.unit_id, case.assignee_id = level, unit, None
    settle_requests(work, case)


def _ask(work: Work, case: Case) -> None:
    extension = work.doing.extension
    if extension is None:
        raise GridmapError(Message("Say how much more time is needed."))
    parse_allowances({"extension": {"amount": extension.amount, "unit": extension.unit}})
    work.session.add(
        CaseExtension(
            case_id=case.id,
            amount=extension.amount,
            unit=extension.unit,
            reason=work.doing.note.strip(),
            requested_at=work.now,
            requested_by=work.actor.name,
        )
    )


def _grant(work: Work, case: Case) -> None:
    """Count the time granted from the deadline, or from now where that has passed."""
    asked = work.asked[case.id]
    [extra] = parse_allowances({"asked": {"amount": asked.amount, "unit": asked.unit}}).values()
    case.step_due_at = due(work.time, max(case.step_due_at or work.now, work.now), extra)
    case.due_at = max(due(work.time, max(case.due_at, work.now), extra), case.step_due_at)
    case.extended += 1
    _decide(work, asked, granted=True)


def _refuse(work: Work, case: Case) -> None:
    _decide(work, work.asked[case.id], granted=False)


def _reopen(work: Work, case: Case) -> None:
    case.reopened += 1
    case.assignee_id = case.unit_id = None
    case.level = Level.CELL
    case.due_at = work.due(case, WHOLE)


APPLY: dict[Act, Callable[[Work, Case], None]] = {
    Act.DISPATCH: _give,
    Act.REASSIGN: _give,
    Act.RETURN: _take_back,
    Act.ESCALATE: _escalate,
    Act.REQUEST_EXTENSION: _ask,
    Act.GRANT_EXTENSION: _grant,
    Act.REFUSE_EXTENSION: _refuse,
    Act.REOPEN: _reopen,
}


def settle_requests(work: Work, case: Case) -> None:
    """End a request for more time with the handling for which it was made."""
    if case.id in work.asked:
        _decide(work, work.asked.pop(case.id), granted=False)


def _decide(work: Work, asked: CaseExtension, *, granted: bool) -> None:
    asked.granted, asked.decided_at, asked.decided_by = granted, work.now, work.actor.name
