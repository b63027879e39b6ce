"""What people do to cases: one act, or one act on many; every act leaves a step behind.

Nothing here commits. Each case is locked, the version that the person saw is compared, and the
transition table decides; a deadline is worked out once, when a step is entered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import (
    ConflictError,
    ForbiddenError,
    GridmapError,
    NotFoundError,
    refuse_identity_number,
)
from gridmap.incidents.cases.access import locked_cases, own_cadre, parts
from gridmap.incidents.cases.calendar import work_time
from gridmap.incidents.cases.deadlines import Allowance, parse_allowances
from gridmap.incidents.cases.effects import APPLY, Doing, Work, nothing, settle_requests
from gridmap.incidents.cases.models import Case, CaseExtension, CaseRules, CaseStep
from gridmap.incidents.cases.photos import Picture, keep, prepare_all
from gridmap.incidents.cases.workflow import (
    ACT_NAMES,
    KEEPS_DEADLINE,
    NEEDS_NOTE,
    OPEN_STEPS,
    STEP_NAMES,
    Act,
    Level,
    Step,
    allowed,
    move,
)
from gridmap.territory.models import Unit
from gridmap.workforce import audit
from gridmap.workforce.cadres import find_cadres
from gridmap.workforce.responsibility import answering
from gridmap.workforce.rights import Actor, require_unit

#: How many cases one act takes, so that nobody waits long for the locks.
MOST = 500
Versions = Mapping[int, int]


def perform(
    session: Session,
    actor: Actor,
    case_id: int,
    version: int,
    doing: Doing,
    *,
    folder: Path | None = None,
    now: datetime | None = None,
) -> Case:
    """Do one act to a case.

    Parameters
    ----------
    session : Session
    actor : Actor
    case_id : int
    version : int
        The version of the case that the person saw.
    doing : Doing
    folder : Path, optional
        Where photos lie; needed when some are sent.
    now : datetime, optional
        The moment of the act.

    Returns
    -------
    Case
        As it is now.

    Raises
    ------
    NotFoundError
        If the case, the cadre or the unit does not exist in the actor's area.
    ForbiddenError
        If somebody else has to do this.
    ConflictError
        If somebody changed the case meanwhile, or it is at another step.
    GridmapError
        If the note is missing, a photo cannot be read, or nobody answers for the cell.
    """
    pictures = prepare_all(doing.photos)
    if pictures and folder is None:
        raise TypeError("photos need a folder")
    [case] = _perform(session, actor, {case_id: version}, doing, now, pictures, folder)
    return case


def dispatch_many(
    session: Session,
    actor: Actor,
    versions: Versions,
    *,
    assignee_id: int | None = None,
    unit_id: int | None = None,
    note: str = "",
    now: datetime | None = None,
) -> list[Case]:
    """Dispatch many cases at once, all of them or none.

    Parameters
    ----------
    session : Session
    actor : Actor
    versions : mapping of int to int
        The cases and the version of each that the person saw; up to `MOST`.
    assignee_id, unit_id, note, now
        See `Doing` and `perform`.

    Raises
    ------
    GridmapError
        As `perform`, naming the first case that cannot go.
    """
    doing = Doing(Act.DISPATCH, note, assignee_id, unit_id)
    return _perform(session, actor, versions, doing, now)


def _perform(
    session: Session,
    actor: Actor,
    versions: Versions,
    doing: Doing,
    now: datetime | None,
    pictures: Sequence[Picture] = (),
    folder: Path | None = None,
) -> list[Case]:
    if len(versions) > MOST:
        raise GridmapError(Message("Choose up to {count} cases at once.", count=MOST))
    cases = locked_cases(session, actor, dict(versions))
    if not cases:
        return []
    work = Work(
        session, actor, doing, now or datetime.now(UTC), work_time(session),
        _rules(session, cases), _asked(session, cases),
    )  # fmt: skip
    steps = {case.id: _check(work, case, own_cadre(session, actor)) for case in cases}
    if doing.act in NEEDS_NOTE and not doing.note.strip():
        raise GridmapError(Message("Write a note that says why."))
    refuse_identity_number(doing.note)
    if doing.act in (Act.DISPATCH, Act.REASSIGN):
        _find_receivers(work, cases)
    for case in cases:
        _do(work, case, steps[case.id], pictures, folder)
    session.flush()
    return cases


def allowed_acts(session: Session, actor: Actor, case: Case) -> list[Act]:
    """List what the actor may do to a case of his area now."""
    return allowed(
        Step(case.step),
        parts(case, actor, own_cadre(session, actor)),
        level=Level(case.level),
        extension_asked=bool(_asked(session, [case])),
    )


def _check(work: Work, case: Case, cadre_id: int | None) -> Step:
    """Return where the act leads from the case's step, unless it is not possible."""
    act = work.doing.act
    found = move(
        Step(case.step), act, level=Level(case.level), extension_asked=case.id in work.asked
    )
    if found is None:
        raise ConflictError(
            Message(
                "Case {id} is at the step {step}: it cannot be {act} now.",
                id=case.id,
                step=Message(STEP_NAMES[Step(case.step)]),
                act=Message(ACT_NAMES[act]),
            )
        )
    if not found.who & parts(case, work.actor, cadre_id):
        raise ForbiddenError(Message("This step of case {id} is somebody else's.", id=case.id))
    return found.to


def _find_receivers(work: Work, cases: Sequence[Case]) -> None:
    """Work out who gets the cases, once for all of them."""
    doing = work.doing
    if doing.assignee_id is not None and doing.unit_id is not None:
        raise GridmapError(Message("Choose a cadre or a unit, not both."))
    if doing.assignee_id is not None:
        [cadre] = find_cadres(work.session, work.actor, [doing.assignee_id])
        if not cadre.active:
            raise ConflictError(
                Message("{name} is no longer active: choose another cadre.", name=cadre.name)
            )
        work.cadres = dict.fromkeys([case.id for case in cases], cadre.id)
    elif doing.unit_id is not None:
        require_unit(work.actor, doing.unit_id)
        level = work.session.scalar(select(Unit.level).where(Unit.id == doing.unit_id))
        if level not in (Level.COMMUNITY, Level.TOWN):
            raise NotFoundError(Message("There is no unit with the id {id}.", id=doing.unit_id))
        work.level = Level(level)
    else:
        work.cadres = _answering(work, cases)


def _answering(work: Work, cases: Sequence[Case]) -> dict[int, int]:
    """Return for each case the cadre who answers today for the cell at its place.

    The case's own cell may have been redrawn since it happened.
    """
    day = work.time.local_day(work.now)
    located = work.session.execute(
        text("""
            SELECT c.id, l.cell_id FROM incident_case c, locate(c.geom, :day) l
            WHERE c.id = ANY(:cases)
        """),
        {"day": day, "cases": [case.id for case in cases]},
    )
    cells: dict[int, int | None] = {row.id: row.cell_id for row in located}
    wanted = {cell for cell in cells.values() if cell is not None}
    rows = {row.cell_id: row for row in answering(work.session, work.actor, day, wanted)}
    found = {}
    for case in cases:
        row = rows.get(cells[case.id])
        if row is None:
            raise GridmapError(
                Message("Case {id} lies in no cell: choose a cadre or a unit.", id=case.id)
            )
        if row.cadre_id is None:
            raise GridmapError(
                Message(
                    "Nobody answers for cell {code} (case {id}): choose a cadre or a unit.",
                    code=row.code,
                    id=case.id,
                )
            )
        found[case.id] = row.cadre_id
    return found


def _do(work: Work, case: Case, to: Step, pictures: Sequence[Picture], folder: Path | None) -> None:
    before = _state(case)
    was, was_due = Step(case.step), case.step_due_at
    APPLY.get(work.doing.act, nothing)(work, case)
    case.step = to
    if was is not to:
        settle_requests(work, case)
    if work.doing.act not in KEEPS_DEADLINE | {Act.GRANT_EXTENSION}:
        case.step_entered_at = work.now
        case.step_due_at = work.due(case, to) if to in OPEN_STEPS else None
        case.ended_at = None if to in OPEN_STEPS else work.now
    case.version += 1
    step = CaseStep(
        case_id=case.id,
        at=work.now,
        user_id=work.actor.user_id,
        user_name=work.actor.name,
        act=work.doing.act,
        from_step=was,
        to_step=to,
        level=case.level,
        assignee_id=case.assignee_id,
        unit_id=case.unit_id,
        was_due_at=was_due,
        due_at=case.step_due_at,
        note=work.doing.note.strip(),
    )
    work.session.add(step)
    audit.record_difference(
        work.session,
        work.actor,
        f"case.{work.doing.act}",
        ("incident_case", case.id),
        before,
        _state(case),
    )
    if pictures and folder is not None:
        work.session.flush()
        keep(work.session, folder, case.id, step.id, pictures)


def _rules(session: Session, cases: Sequence[Case]) -> dict[int, dict[str, Allowance]]:
    wanted = select(CaseRules).where(CaseRules.id.in_({case.rules_id for case in cases}))
    return {row.id: parse_allowances(row.deadlines) for row in session.scalars(wanted)}


def _asked(session: Session, cases: Sequence[Case]) -> dict[int, CaseExtension]:
    """Return the requests for more time that wait for an answer, by case."""
    wanted = select(CaseExtension).where(
        CaseExtension.case_id.in_([case.id for case in cases]), CaseExtension.granted.is_(None)
    )
    return {row.case_id: row for row in session.scalars(wanted)}


def _state(case: Case) -> dict[str, Any]:
    names = ("step", "level", "assignee_id", "unit_id", "step_due_at", "due_at", "version")
    return {name: getattr(case, name) for name in names}
