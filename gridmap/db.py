"""The one door to PostGIS: engine, sessions and the base of all models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic.config import Config
from sqlalchemy import Engine, MetaData, create_engine
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


class Base(DeclarativeBase):
    """Base of all models; constraints are named by one convention so migrations can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def make_engine(url: str, **options: Any) -> Engine:
    """Create an engine for PostGIS through psycopg 3.

    Parameters
    ----------
    url : str
        ``postgresql://...`` as libpq writes it; the driver is chosen here.
    **options : Any
        Passed to :func:`sqlalchemy.create_engine`.
    """
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            url = "postgresql+psycopg://" + url.removeprefix(scheme)
    options.setdefault("pool_pre_ping", True)
    # Days are told by the territory's own time zone. Sessions that all keep UTC make a query
    # that forgets it wrong everywhere, and so found, instead of wrong on another server only.
    given = dict(options.pop("connect_args", {}))
    given["options"] = f"-c timezone=UTC {given.get('options', '')}".strip()
    return create_engine(url, connect_args=given, **options)


def make_sessions(engine: Engine) -> sessionmaker[Session]:
    """Create the factory whose ``begin()`` the edges use: one transaction per act."""
    return sessionmaker(engine, expire_on_commit=False)


def alembic_config(engine: Engine) -> Config:
    """Configure Alembic for this engine, without a configuration file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    return config
