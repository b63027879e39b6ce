"""Writes and reads of the queue."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, select, text, update
from sqlalchemy.orm import Session

from gridmap.jobs.models import Job, JobSchedule

#: What wakes the processes that wait for work.
CHANNEL = "gridmap_jobs"
#: What the connections are called by which these processes listen.
APPLICATION = "gridmap jobs"
#: How many such processes there are, as a value in SQL.
SERVING = f"""
    (SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = '{APPLICATION}')
"""
#: The hour of the first day of a period at which its jobs begin.
HOUR = 3
Every = Literal["week", "month", "quarter", "half", "year"]
_MONTHS: dict[Every, int] = {"month": 1, "quarter": 3, "half": 6, "year": 12}
#: How long a job that ended well is kept.
KEPT = timedelta(days=90)


def ask(
    session: Session, kind: str, parameters: Mapping[str, Any], owner_id: int | None = None
) -> Job:
    """Put a job into the queue; the processes hear of it when the transaction is committed.

    Parameters
    ----------
    session : Session
    kind : str
        What is to be done, see `gridmap.jobs.running.Doing`.
    parameters : mapping
        Plain values.
    owner_id : int, optional
        The user who asks.
    """
    job = Job(kind=kind, parameters=dict(parameters), owner_id=owner_id)
    session.add(job)
    session.flush()
    session.execute(text(f"NOTIFY {CHANNEL}"))
    return job


def serving(connection: Connection) -> int:
    """Return how many processes do jobs or wait for them, on whichever machine."""
    return int(connection.execute(text(f"SELECT {SERVING}")).scalar_one())


def cancel(session: Session, job_id: int) -> None:
    """End a job: at once where it waits, else when its process next tells how far it is."""
    now = datetime.now(UTC)
    waits = Job.id == job_id, Job.state == "waiting"
    session.execute(update(Job).where(*waits).values(state="cancelled", finished_at=now))
    runs = Job.id == job_id, Job.state == "running"
    session.execute(update(Job).where(*runs).values(cancel_asked=True))


def schedule(
    session: Session,
    kind: str,
    parameters: Mapping[str, Any],
    owner_id: int | None,
    every: Every = "month",
) -> JobSchedule:
    """Have a job asked for on the first day of each month or other period, in the town's time."""
    made = JobSchedule(
        kind=kind,
        parameters=dict(parameters),
        every=every,
        owner_id=owner_id,
        next_at=next_time(datetime.now(_zone(session)), every),
    )
    session.add(made)
    session.flush()
    return made


def ask_for_scheduled(session: Session) -> int:
    """Ask for the jobs whose time has come, and forget those of long ago; return how many.

    Periods in which the server did not run are not made up for.
    """
    zone = _zone(session)
    due = session.scalars(
        select(JobSchedule)
        .where(JobSchedule.next_at <= datetime.now(UTC))
        .with_for_update(skip_locked=True)
    ).all()
    for each in due:
        each.next_at = next_time(datetime.now(zone), cast(Every, each.every))
        ask(session, each.kind, each.parameters, each.owner_id)
    if due:
        forget_done(session)
    return len(due)


def forget_done(session: Session) -> None:
    """Delete the jobs that ended well long ago; why others failed is told as long as they last."""
    before = datetime.now(UTC) - KEPT
    session.execute(delete(Job).where(Job.state == "done", Job.finished_at < before))


def next_time(now: datetime, every: Every) -> datetime:
    """Return the moment of the next first day of a period at which jobs begin.

    Weeks begin on Monday; quarters, halves and years with that of the calendar.
    """
    start = period_start(now.date(), every)
    first = datetime(start.year, start.month, start.day, HOUR, tzinfo=now.tzinfo)
    if first > now:
        return first
    after = following(start, every)
    return first.replace(year=after.year, month=after.month, day=after.day)


def period_start(day: date, every: Every) -> date:
    """Return the first day of the period that a day lies in."""
    if every == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1, month=day.month - (day.month - 1) % _MONTHS[every])


def following(start: date, every: Every) -> date:
    """Return the first day of the period after the one that begins on a day."""
    if every == "week":
        return start + timedelta(days=7)
    index = start.year * 12 + start.month - 1 + _MONTHS[every]
    return date(index // 12, index % 12 + 1, 1)


def _zone(session: Session) -> ZoneInfo:
    return ZoneInfo(session.execute(text("SELECT time_zone FROM territory_settings")).scalar_one())
