"""Is the server well: for operators and their watchdogs."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from webui.access import public
from webui.database import reading

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
@public
def health() -> ResponseReturnValue:
    """Answer 200 when the database answers and has our tables, else 503."""
    try:
        with reading() as connection:
            version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except SQLAlchemyError:
        return jsonify(status="failed", database="does not answer or is not migrated"), 503
    return jsonify(status="ok", database="ok", migration=version)
