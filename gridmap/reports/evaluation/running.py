"""Counts the evaluations that wait."""

from __future__ import annotations

from sqlalchemy.orm import Session

from geodata.messages import N_
from gridmap.jobs.running import Cancelled, Doing, Handlers
from gridmap.reports.evaluation.filling import fill
from gridmap.reports.evaluation.models import Evaluation
from gridmap.reports.evaluation.service import JOB

COUNTING = N_("Counting the cases, patrols and activities")


def count_evaluation(doing: Doing) -> None:
    """Count the evaluation that a job names, all of it or nothing."""
    doing.step(COUNTING, 0.0)
    with Session(doing.engine) as session, session.begin():
        # One moment for all counts, whatever happens meanwhile.
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        evaluation = session.get(Evaluation, int(doing.parameters["evaluation"]))
        if evaluation is None or evaluation.state == "published":
            raise Cancelled
        fill(session, evaluation, doing.tick)


HANDLERS: Handlers = {JOB: count_evaluation}
