"""Bring a database to the state the models describe, and tell whether it is there."""

from __future__ import annotations

from alembic import command
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from gridmap.db import alembic_config


def pending(engine: Engine) -> list[str]:
    """List the revisions that the database still needs, oldest first."""
    scripts = ScriptDirectory.from_config(alembic_config(engine))
    with engine.connect() as connection:
        applied = MigrationContext.configure(connection).get_current_heads()
    return [
        f"{step.revision} {step.doc}"
        for step in reversed(list(scripts.iterate_revisions("heads", applied or "base")))
        if step.revision not in applied
    ]


def migrate(engine: Engine) -> list[str]:
    """Apply the revisions that the database still needs, and list them."""
    steps = pending(engine)
    if steps:
        command.upgrade(alembic_config(engine), "head")
    return steps
