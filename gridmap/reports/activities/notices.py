"""Notices to rectify that inspections give, and re-checks that find them corrected or not."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError, NotFoundError, refuse_identity_number
from gridmap.reports.activities.models import Activity, Notice
from gridmap.reports.activities.service import check_day, find_activity, find_changeable
from gridmap.workforce import audit
from gridmap.workforce.cell_list import today
from gridmap.workforce.rights import Action, Actor, require

LONGEST = 500


def give_notice(
    session: Session, actor: Actor, activity_id: int, finding: str, due: date
) -> Notice:
    """Give a notice to rectify with an inspection.

    Raises
    ------
    GridmapError
        If the activity is no inspection, the finding is missing, or it is due before the day of
        the inspection.
    """
    activity = find_changeable(session, actor, activity_id)
    if activity.kind != "inspection":
        raise GridmapError(Message("Only an inspection gives notices to rectify."))
    notice = Notice(
        activity_id=activity.id, finding=_words(finding), due=due, recheck_note="", rechecked_by=""
    )
    if not notice.finding:
        raise GridmapError(Message("Say what is to be rectified."))
    if due < activity.day:
        raise GridmapError(Message("The notice would be due before the inspection."))
    session.add(notice)
    session.flush()
    _tell(session, actor, "activity.notice", activity, None, notice)
    return notice


def recheck(
    session: Session,
    actor: Actor,
    notice_id: int,
    day: date,
    *,
    corrected: bool,
    note: str = "",
) -> Notice:
    """Note what a re-check found, which anybody may do who records activities of the area.

    Where nothing was corrected the notice stays open, and overdue once its day is past.

    Raises
    ------
    GridmapError
        If the day lies before the inspection or in the future.
    """
    require(actor, Action.RECORD_ACTIVITY)
    notice, activity = find_notice(session, actor, notice_id)
    check_day(day, today(session))
    if day < activity.day:
        raise GridmapError(Message("The re-check lies before the inspection."))
    before = _state(notice)
    notice.rechecked_on, notice.corrected = day, corrected
    notice.recheck_note, notice.rechecked_by = _words(note), actor.name
    session.flush()
    _tell(session, actor, "activity.recheck", activity, before, notice)
    return notice


def withdraw_notice(session: Session, actor: Actor, notice_id: int) -> Activity:
    """Take back a notice that was given by mistake; returns its activity."""
    notice, activity = find_notice(session, actor, notice_id)
    find_changeable(session, actor, activity.id)
    before = _state(notice)
    session.delete(notice)
    session.flush()
    audit.record(session, actor, "activity.notice_withdraw", ("activity", activity.id), before)
    return activity


def find_notice(session: Session, actor: Actor, notice_id: int) -> tuple[Notice, Activity]:
    """Return a notice of the actor's area with its activity, which is locked.

    Raises
    ------
    NotFoundError
        If there is none for this person.
    """
    activity_id = session.scalar(select(Notice.activity_id).where(Notice.id == notice_id))
    # Who deletes the activity locks it first too, so that nobody waits for each other.
    activity = (
        None if activity_id is None else find_activity(session, actor, activity_id, lock=True)
    )
    notice = session.get(Notice, notice_id, populate_existing=True)
    if activity is None or notice is None:
        raise NotFoundError(Message("There is no notice with the number {id}.", id=notice_id))
    return notice, activity


def _words(given: str) -> str:
    words = given.strip()
    if len(words) > LONGEST:
        raise GridmapError(Message("Write up to {count} characters.", count=LONGEST))
    refuse_identity_number(words)
    return words


def _state(notice: Notice) -> dict[str, Any]:
    return {
        "finding": notice.finding,
        "rectify_by": notice.due,
        "rechecked_on": notice.rechecked_on,
        "corrected": notice.corrected,
        "recheck_note": notice.recheck_note,
    }


def _tell(
    session: Session,
    actor: Actor,
    act: str,
    activity: Activity,
    before: dict[str, Any] | None,
    notice: Notice,
) -> None:
    audit.record(session, actor, act, ("activity", activity.id), before, _state(notice))
