"""Is the server well: for operators and their watchdogs."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from gridmap.jobs.service import SERVING
from webui.access import public
from webui.database import reading

blueprint = Blueprint("health", __name__)
_ASKED = text(f"""
    SELECT (SELECT version_num FROM alembic_version) AS version, {SERVING} AS processes,
           (SELECT count(*) FROM job WHERE state = 'waiting') AS waiting
""")  # noqa: S608 - Of fixed parts.


@blueprint.get("/health")
@public
def health() -> ResponseReturnValue:
    """Answer 200 when the database answers and has our tables, else 503.

    Without a process for long work the pages go on, and what was asked for waits.
    """
    try:
        with reading() as connection:
            row = connection.execute(_ASKED).one()
    except SQLAlchemyError:
        return jsonify(status="failed", database="does not answer or is not migrated"), 503
    jobs = {"processes": row.processes, "waiting": row.waiting}
    status = "ok" if row.processes else "no process does jobs"
    return jsonify(status=status, database="ok", migration=row.version, jobs=jobs)
