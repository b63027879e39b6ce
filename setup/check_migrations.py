"""Check that the migrations make what the models describe, in a database that lives meanwhile."""

from __future__ import annotations

import secrets
import sys

from alembic import command
from alembic.util import CommandError
from psycopg import sql

from gridmap.db import alembic_config, make_engine
from gridmap.embedded import Cluster
from gridmap.settings import Settings


def main() -> None:
    """Migrate an empty database and compare; exit with a sentence where they differ."""
    name = f"gridmap_check_{secrets.token_hex(6)}"
    with Cluster(Settings().data_dir / "tests", durable=False).running() as cluster:
        engine = make_engine(cluster.ensure_database(name))
        try:
            command.upgrade(alembic_config(engine), "head")
            command.check(alembic_config(engine))
        except CommandError as error:
            sys.exit(f"The models and the migrations differ: {error}")
        finally:
            engine.dispose()
            with cluster.connect() as server:
                server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


if __name__ == "__main__":
    main()
