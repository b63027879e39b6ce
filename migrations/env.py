"""Runs the migrations on the engine it is given; there is no offline mode."""

from __future__ import annotations

from typing import Any

from alembic import context
from geoalchemy2 import alembic_helpers
from sqlalchemy import Engine, text

from gridmap.models import Base

# PostGIS's own table, and partitions, which follow their parent.
FOREIGN_TABLES = ("spatial_ref_sys",)
PARTITION_PREFIXES = ("incident_y", "incident_other")


def include_object(thing: Any, name: str | None, kind: str, reflected: bool, to: Any) -> bool:
    """Leave out what the models do not describe on purpose."""
    foreign = kind == "table" and name is not None and reflected
    if foreign and (name in FOREIGN_TABLES or name.startswith(PARTITION_PREFIXES)):
        return False
    return bool(alembic_helpers.include_object(thing, name, kind, reflected, to))


def migrate(engine: Engine) -> None:
    """Bring the database to the wanted revision, all of it or nothing."""
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_object=include_object,
            render_item=alembic_helpers.render_item,
            compare_type=True,
        )
        with context.begin_transaction():
            # Two processes that start at once must not migrate twice.
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('gridmap.migrate'))"))
            context.run_migrations()


migrate(context.config.attributes["engine"])
