"""Who a person is to a case, and the one way to get hold of it for a change."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, TextClause, select, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, NotFoundError
from gridmap.incidents.cases.models import Case
from gridmap.incidents.cases.workflow import ACT_NAMES, Act, Who
from gridmap.workforce.models import Cadre
from gridmap.workforce.rights import Action, Actor


def own_cadre(session: Session, actor: Actor) -> int | None:
    """Return the cadre that the actor is, if any."""
    if actor.user_id is None:
        return None
    return session.scalar(select(Cadre.id).where(Cadre.user_id == actor.user_id, Cadre.active))


def parts(case: Case | Row[Any], actor: Actor, cadre_id: int | None) -> frozenset[Who]:
    """Tell in which parts a person meets a case of his area.

    Parameters
    ----------
    case : Case or row
        With ``reported_by``, ``assignee_id`` and ``unit_id``.
    actor : Actor
    cadre_id : int or None
        The cadre that the actor is, see `own_cadre`.
    """
    found = set()
    if (
        case.reported_by is not None
        and case.reported_by == actor.user_id
        and actor.may(Action.REPORT_INCIDENT)
    ):
        found.add(Who.REPORTER)
    # What was escalated to the town is no longer the community's to steer.
    leads = case.unit_id is None or actor.sees_unit(case.unit_id)
    if actor.may(Action.DISPATCH_CASE) and leads:
        found.add(Who.DISPATCHER)
    if actor.may(Action.HANDLE_CASE):
        if case.assignee_id is not None:
            mine = case.assignee_id == cadre_id
        else:
            mine = case.unit_id is not None and Who.DISPATCHER in found
        if mine:
            found.add(Who.HANDLER)
    return frozenset(found)


def find_case(session: Session, actor: Actor, case_id: int) -> Case:
    """Return a case of the actor's area.

    Raises
    ------
    NotFoundError
        If there is none for this person, also where the id was guessed.
    """
    query = select(Case).where(Case.id == case_id, _in_area(actor)).params(**actor.scope.params)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise _unknown(case_id)
    return found


def locked_cases(session: Session, actor: Actor, versions: dict[int, int]) -> list[Case]:
    """Lock cases in one order, and make sure that nobody changed them meanwhile.

    Parameters
    ----------
    session : Session
    actor : Actor
    versions : dict of int to int
        The version of each case that the person saw.

    Raises
    ------
    NotFoundError
        If one does not lie in the actor's area.
    ConflictError
        If one was changed since; it says by whom, when and how.
    """
    query = (
        select(Case)
        .where(Case.id.in_(versions), _in_area(actor))
        .params(**actor.scope.params)
        .order_by(Case.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    cases = list(session.scalars(query))
    for missing in sorted(set(versions) - {case.id for case in cases}):
        raise _unknown(missing)
    _check_versions(session, cases, versions)
    return cases


def _check_versions(session: Session, cases: Collection[Case], versions: dict[int, int]) -> None:
    for case in cases:
        if case.version == versions[case.id]:
            continue
        last = session.execute(
            text("""
                SELECT s.user_name, s.act,
                       to_char(s.at AT TIME ZONE t.time_zone, 'MM-DD HH24:MI') AS moment
                FROM case_step s, territory_settings t
                WHERE s.case_id = :case ORDER BY s.id DESC LIMIT 1
            """),
            {"case": case.id},
        ).one()
        raise ConflictError(
            Message(
                "Case {id} was changed by {name} at {time} ({act}). "
                "Look at it again before you go on.",
                id=case.id,
                name=last.user_name,
                time=last.moment,
                act=Message(ACT_NAMES[Act(last.act)]),
            )
        )


def _in_area(actor: Actor) -> TextClause:
    return text(actor.scope.condition("incident_case.community_id"))


def _unknown(case_id: int) -> NotFoundError:
    return NotFoundError(Message("There is no case with the number {id}.", id=case_id))
