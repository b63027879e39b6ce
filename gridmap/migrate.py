"""Bring a database to the state the models describe, and tell whether it is there."""

from __future__ import annotations

from alembic import command
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import errors
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from geodata.messages import Message
from gridmap.db import alembic_config
from gridmap.errors import GridmapError

#: What an administrator of the server does once for a database that others migrate.
_PREPARE = (
    "CREATE EXTENSION postgis; CREATE EXTENSION btree_gist; "
    "GRANT CREATE ON SCHEMA public TO {user};"
)
#: The right is lacking, the server has no such extension, or it is of another version.
_UNPREPARED = (errors.InsufficientPrivilege, errors.FeatureNotSupported, errors.UndefinedFile)


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
    """Apply the revisions that the database still needs, and list them.

    Raises
    ------
    GridmapError
        If an administrator of the server has to prepare the database first; it says how.
    """
    steps = pending(engine)
    try:
        if steps:
            command.upgrade(alembic_config(engine), "head")
    except DBAPIError as error:
        if not isinstance(error.orig, _UNPREPARED):
            raise
        raise GridmapError(
            Message(
                "the database is not prepared: {reason}. Let an administrator of the server run in "
                "it: {statements}",
                reason=str(error.orig).splitlines()[0],
                statements=_PREPARE.format(user=engine.url.username or "gridmap"),
            )
        ) from error
    return steps
