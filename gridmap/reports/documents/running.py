"""Makes the reports that wait, counts them anew to compare, and sets what was approved for good."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version

from sqlalchemy import Connection, Engine, delete, text
from sqlalchemy.orm import Session

from geodata.messages import N_
from gridmap.jobs.running import Cancelled, Doing, Handlers
from gridmap.reports.documents.compose import Composed, compose
from gridmap.reports.documents.compose.making import COUNTING
from gridmap.reports.documents.files import freeze_files
from gridmap.reports.documents.late import marks
from gridmap.reports.documents.models import (
    Report,
    ReportComparison,
    ReportEvent,
    ReportFile,
    ReportPicture,
)
from gridmap.reports.documents.scheduling import report_of_schedule
from gridmap.reports.documents.service import (
    KIND,
    KIND_AGAIN,
    KIND_COMPARISON,
    KIND_FILES,
    order_of,
)
from gridmap.settings import Settings

WAITING, STORING, SETTING = (
    N_("Waiting for another report of the area"),
    N_("Storing the result"),
    N_("Setting Word and PDF"),
)
#: The share of all work that counting and writing are; the rest is storing.
_COMPOSING = 0.95
_LOOK_EVERY_S = 0.5


def make_report(doing: Doing) -> None:
    """Make the report that a job names."""
    _make(doing, int(doing.parameters["report"]))


def make_scheduled(doing: Doing) -> None:
    """Make the report of a schedule, or end the schedule."""
    with Session(doing.engine) as session, session.begin():
        made = report_of_schedule(session, dict(doing.parameters), doing.owner_id, doing.job.id)
    if made is None:
        raise Cancelled
    _make(doing, made)


def set_files(doing: Doing) -> None:
    """Set the files of a report that was approved, those that are not there yet."""
    doing.step(SETTING, 0.0)
    freeze_files(doing.engine, Settings().data_dir, int(doing.parameters["report"]), doing.tick)


def count_again(doing: Doing) -> None:
    """Count a report's figures on the data of now, and keep what differs."""
    report_id = int(doing.parameters["report"])
    doing.step(COUNTING, 0.0)
    with reading_moment(doing.engine) as connection, Session(connection) as session:
        report = session.get(Report, report_id)
        if report is None:
            raise Cancelled
        moment = _moment(connection)
        then = report.facts
        now = compose(session, order_of(report), _teller(doing), pictures=False).facts
    changed = []
    for key in [*then, *(key for key in now if key not in then)]:
        before, after = then.get(key), now.get(key)
        values = before["value"] if before else None, after.value if after else None
        if values[0] != values[1]:
            unit = after.unit if after else before["unit"] if before else ""
            source = before["source"] if before else after.source if after else ""
            changed.append(
                {"fact": key, "unit": unit, "source": source, "then": values[0], "now": values[1]}
            )
    with Session(doing.engine) as session, session.begin():
        stored = session.get(ReportComparison, report_id, with_for_update=True)
        if stored is None:
            raise Cancelled
        stored.changed, stored.counted_at = changed, moment


HANDLERS: Handlers = {
    KIND: make_report,
    KIND_AGAIN: make_scheduled,
    KIND_FILES: set_files,
    KIND_COMPARISON: count_again,
}


@contextmanager
def reading_moment(engine: Engine) -> Iterator[Connection]:
    """Yield a connection on which all that is counted is of one moment, however long it takes."""
    with engine.connect() as connection:
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        yield connection


def _make(doing: Doing, report_id: int) -> None:
    with Session(doing.engine, expire_on_commit=False) as session, session.begin():
        report = session.get(Report, report_id)
        if report is None:
            raise Cancelled
        # A process that was killed after the last line had stored everything.
        if report.frozen_at is not None:
            return
        order = order_of(report)
    with _alone(doing, order.unit_id):
        doing.step(COUNTING, 0.0)
        with reading_moment(doing.engine) as connection, Session(connection) as session:
            moment, late = _moment(connection), marks(connection)
            made = compose(session, order, _teller(doing))
        doing.step(STORING, _COMPOSING)
        with Session(doing.engine) as session, session.begin():
            _store(session, report_id, made, moment, late)
            doing.tick(1.0)


@contextmanager
def _alone(doing: Doing, unit_id: int) -> Iterator[None]:
    """Wait until no other report of the area is being made; schedules may ask for several."""
    engine = doing.engine
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        key = {"unit": str(unit_id)}
        ask = text("SELECT pg_try_advisory_lock(hashtext('making a report'), hashtext(:unit))")
        while not connection.execute(ask, key).scalar_one():
            doing.step(WAITING, 0.0)
            time.sleep(_LOOK_EVERY_S)
        try:
            yield
        finally:
            connection.execute(
                text("SELECT pg_advisory_unlock(hashtext('making a report'), hashtext(:unit))"),
                key,
            )


class _teller:  # noqa: N801 - It is called like the function that it stands for.
    """Tells how far the composing is; a step that goes on is told seldom."""

    def __init__(self, doing: Doing) -> None:
        self._doing, self._message = doing, ""

    def __call__(self, share: float, message: str) -> None:
        if message == self._message:
            self._doing.tick(share * _COMPOSING)
        else:
            self._message = message
            self._doing.step(message, share * _COMPOSING)


def _moment(connection: Connection) -> datetime:
    found: datetime = connection.execute(text("SELECT now()")).scalar_one()
    return found.astimezone(UTC)


def _store(
    session: Session, report_id: int, made: Composed, moment: datetime, late: dict[str, str]
) -> None:
    report = session.get(Report, report_id, with_for_update=True)
    if report is None:
        raise Cancelled
    # Another process that was thought dead may have stored it; what is frozen stays.
    if report.frozen_at is not None:
        return
    for table in (ReportPicture, ReportFile):
        session.execute(delete(table).where(table.report_id == report_id))
    for key, content in made.pictures.items():
        session.add(ReportPicture(report_id=report_id, key=key, content=content))
    report.facts = {key: fact.model_dump(mode="json") for key, fact in made.facts.items()}
    report.documents = {
        language: document.model_dump(mode="json") for language, document in made.documents.items()
    }
    report.data = {**made.state, "marks": late}
    report.frozen_at, report.program = moment, version("gridmap")
    session.add(ReportEvent(report_id=report_id, state=report.state, person="gridmap"))
    session.flush()
