"""The demo town in the database."""

from __future__ import annotations

from sqlalchemy import Engine, select

from gridmap.db import make_sessions
from gridmap.territory.models import Unit


def database_name(size: str, seed: int) -> str:
    """Name the embedded database of one demo town, so that another does not replace it."""
    return "gridmap_demo" if (size, seed) == ("town", 1) else f"gridmap_demo_{size}_{seed}"


def load(engine: Engine, size: str, seed: int) -> bool:
    """Put the demo town into a database without units.

    Parameters
    ----------
    engine : Engine
        A migrated database.
    size : {"small", "town", "city"}
        How large the town is.
    seed : int
        Another number makes another town.

    Returns
    -------
    bool
        Whether it was loaded; a database that holds units already is left as it is.
    """
    with make_sessions(engine).begin() as session:
        return session.scalar(select(Unit.id).limit(1)) is None
