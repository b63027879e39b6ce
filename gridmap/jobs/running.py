"""Takes jobs from the queue, one at a time in each process, and does them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, Engine, Row, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from geodata.messages import GeodataError
from gridmap.jobs.service import APPLICATION, CHANNEL, ask_for_scheduled

log = logging.getLogger(__name__)

#: How long a process sleeps that nobody wakes.
WAIT_S = 5.0
_BEAT_S = 5.0
_TELL_EVERY_S = 0.4
# A process that gave no sign of life for so long was killed; its job is done anew.
_DEAD = "interval '30 seconds'"
#: A job that brought down its process so often is given up.
MOST_TRIES = 3
# How long a job of the program gives way to those of people, and how long until the next one need
# not.
_GIVES_WAY = "interval '10 minutes'"
# People wait for their jobs, nobody for those of the program itself, which yet have their turn now
# and then; and who has a job running lets the others go first.
_TAKE = text(f"""
    UPDATE job SET state = 'running', started_at = now(), seen_at = now(), progress = 0,
        message = '', tries = tries + 1
    WHERE id = (
        SELECT id FROM job
        WHERE state = 'waiting' OR state = 'running' AND seen_at < now() - {_DEAD}
        ORDER BY owner_id IS NULL AND (asked_at > now() - {_GIVES_WAY} OR EXISTS (
            SELECT FROM job own WHERE own.owner_id IS NULL AND own.started_at > now() - {_GIVES_WAY}
        )), EXISTS (
            SELECT FROM job other WHERE other.state = 'running' AND other.id <> job.id
                AND other.owner_id = job.owner_id AND other.seen_at >= now() - {_DEAD}
        ), id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING id, kind, parameters, owner_id, tries, cancel_asked
""")
# Only of the job that this process still has: after a long sleep another may have taken it.
_OWN = "id = :id AND tries = :tries AND state = 'running'"
_TELL = text(f"""
    UPDATE job SET progress = :progress, message = :message, seen_at = now()
    WHERE {_OWN} RETURNING cancel_asked
""")
_BEAT = text(f"UPDATE job SET seen_at = now() WHERE {_OWN}")
_END = text(f"""
    UPDATE job SET state = :state, progress = coalesce(:progress, progress),
        error = :error, finished_at = now(), seen_at = now()
    WHERE {_OWN}
""")
_PUT_BACK = text(f"""
    UPDATE job SET state = 'waiting', tries = tries - 1, seen_at = NULL WHERE {_OWN}
""")


class Cancelled(Exception):  # noqa: N818 - It is no fault.
    """Somebody asked for the end of the job, or another process has it."""


class _Ending(BaseException):
    """The process is to end, and the job goes back into the queue."""


@dataclass
class Doing:
    """A job that is being done.

    Attributes
    ----------
    engine : Engine
        For the work's own transactions.
    parameters : mapping
    owner_id : int or None
    """

    engine: Engine
    job: Row[Any]
    _guard: Connection
    _end: threading.Event
    _told: float = 0.0
    _message: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Return what was asked for."""
        found: Mapping[str, Any] = self.job.parameters
        return found

    @property
    def owner_id(self) -> int | None:
        """Return the user who asked."""
        found: int | None = self.job.owner_id
        return found

    def step(self, message: str, share: float) -> None:
        """Tell what is done now, with the share of all work that is behind."""
        self._message, self._told = message, 0.0
        self.tick(share)

    def tick(self, share: float) -> None:
        """Tell the share done, 0 to 1; cheap enough to be called often.

        Raises
        ------
        Cancelled
            If the job is to end.
        """
        if self._end.is_set():
            raise _Ending
        now = time.monotonic()
        if now < self._told + _TELL_EVERY_S:
            return
        self._told = now
        values = {"progress": min(max(share, 0.0), 1.0), "message": self._message}
        cancelled = self.say(_TELL, **values)
        if cancelled is not False:
            raise Cancelled

    def say(self, statement: Any, **values: Any) -> Any:
        """Run a statement about the job, from whichever thread."""
        values |= {"id": self.job.id, "tries": self.job.tries}
        with self._lock:
            result = self._guard.execute(statement, values)
            return result.scalar() if result.returns_rows else None


#: What is done for each kind of job.
Handlers = Mapping[str, Callable[[Doing], None]]


def work(engine: Engine, handlers: Handlers, end: threading.Event) -> None:
    """Do jobs until the end, with one connection that waits and one that watches over the job."""
    while not end.is_set():
        try:
            with listening(engine) as listener:
                while not end.is_set():
                    do_waiting(engine, handlers, end)
                    for _ in listener.notifies(timeout=WAIT_S, stop_after=1):
                        pass
        except SQLAlchemyError:
            log.exception("Jobs could not be looked for")
            end.wait(WAIT_S)


def do_waiting(engine: Engine, handlers: Handlers, end: threading.Event | None = None) -> int:
    """Do all jobs that wait or whose time has come; return how many ended well or ill."""
    end = end or threading.Event()
    with Session(engine) as session, session.begin():
        ask_for_scheduled(session)
    done = 0
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as guard:
        while not end.is_set() and (job := guard.execute(_TAKE).one_or_none()) is not None:
            _do(Doing(engine, job, guard, end), handlers)
            done += 1
    return done


def _do(doing: Doing, handlers: Handlers) -> None:
    job, state, error = doing.job, "failed", {"reason": "broken"}
    try:
        if job.cancel_asked:
            raise Cancelled
        if job.tries > MOST_TRIES:
            log.error("Job %d brought down its process %d times", job.id, MOST_TRIES)
        else:
            with _beating(doing):
                handlers[job.kind](doing)
            state, error = "done", {}
    except Cancelled:
        state, error = "cancelled", {}
    except _Ending:
        doing.say(_PUT_BACK)
        return
    except Exception as fault:
        error = told(fault)
        if error["reason"] == "broken":
            log.exception("Job %d (%s) failed", job.id, job.kind)
    whole = 1.0 if state == "done" else None
    doing.say(_END, state=state, progress=whole, error=Jsonb(error) if error else None)


def told(fault: Exception) -> dict[str, Any]:
    """Return of a fault what a page needs to say it in a sentence.

    A fault of ours is kept as its template and values; one that names a ``reason`` and
    ``figures``, as those of analyses do, by these; any other is on our side.
    """
    if isinstance(fault, GeodataError):
        params = {name: str(value) for name, value in fault.message.params.items()}
        return {"reason": "message", "template": fault.message.template, "params": params}
    reason, figures = getattr(fault, "reason", None), getattr(fault, "figures", {})
    if reason is not None:
        return {"reason": str(reason), "figures": {k: float(v) for k, v in figures.items()}}
    return {"reason": "broken"}


@contextmanager
def _beating(doing: Doing) -> Iterator[None]:
    """Give signs of life beside the work, which may say nothing for long."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(_BEAT_S):
            try:
                doing.say(_BEAT)
            except SQLAlchemyError:
                log.exception("Job %d could not give a sign of life", doing.job.id)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def listening(engine: Engine) -> Iterator[Any]:
    """Yield the driver's own connection, which hears of new jobs; others see that it is there."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # By this name others see it.
        connection.execute(text(f"SET application_name = '{APPLICATION}'"))
        connection.execute(text(f"LISTEN {CHANNEL}"))
        try:
            yield connection.connection.driver_connection
        finally:
            # Back in the pool it would go on listening.
            connection.invalidate()
