"""The demo town's first reports: asked for at its start, made beside the server as all others."""

from __future__ import annotations

from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from geodata.town.units import COUNTY_CODE, SEED_A, SEED_B
from gridmap.incidents.statistics import clock
from gridmap.jobs import service as jobs
from gridmap.reports.documents.models import Report
from gridmap.reports.documents.order import Kind, Order
from gridmap.reports.documents.periods import last_whole
from gridmap.reports.documents.service import KIND, new_report
from gridmap.territory.models import Unit

#: Of the communities of the founding reports: the half-year of one, the year of the other first.
_WANTED: tuple[tuple[Kind, str], ...] = (
    ("half_year", SEED_A[0]), ("year", SEED_B[0]), ("year", SEED_A[0]), ("half_year", SEED_B[0]),
)  # fmt: skip


def ask_first_reports(engine: Engine) -> int:
    """Ask for the reports that a new demo town shows; return how many were asked for.

    A town that has any report is left alone, and so is a database that is no demo town.
    """
    with Session(engine) as session, session.begin():
        # Of two servers that start at once only one asks.
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext('first reports'))"))
        if session.scalar(select(Report.id).limit(1)) is not None:
            return 0
        today = clock(session.connection()).today
        asked = 0
        for kind, name in _WANTED:
            unit = session.scalar(
                select(Unit.id).where(
                    Unit.code.startswith(COUNTY_CODE),
                    Unit.level == "community",
                    Unit.name.startswith(name),
                )
            )
            if unit is None:
                continue
            report = new_report(Order(kind, unit, *last_whole(kind, today)), None)
            session.add(report)
            session.flush()
            report.job_id = jobs.ask(session, KIND, {"report": report.id}).id
            asked += 1
    return asked
