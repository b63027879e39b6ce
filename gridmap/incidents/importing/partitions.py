"""New years of incidents: filled apart, indexed, and then joined to the table.

Rows go several times faster into a table that nobody else looks at: its indexes are built once
at the end, its foreign keys are checked by one query, and where the server's ``wal_level`` is
minimal its rows need not be logged.

Some are filled and committed by connections of their own, see `filling`. An import that ends
before it has joined them leaves them behind; the next one drops them, or `gridmap tidy`.
"""

from __future__ import annotations

import secrets

from sqlalchemy import text
from sqlalchemy.orm import Session

#: Fewer rows of a new year go where the table puts them; stray dates open no partition.
FEWEST = 1000

_CONSTRAINTS = text("""
    SELECT pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = 'incident'::regclass AND contype = ANY(:kinds) ORDER BY conname
""")
_INDEXES = text("""
    SELECT substring(pg_get_indexdef(i.indexrelid) FROM ' USING .*$') FROM pg_index i
    WHERE i.indrelid = 'incident'::regclass
        AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
    ORDER BY i.indexrelid::regclass::text
""")
_LEFT = text("""
    SELECT oid::regclass::text AS name, pg_total_relation_size(oid) AS bytes FROM pg_class
    WHERE relkind = 'r' AND NOT relispartition AND relname LIKE 'incident\\_y%\\_apart\\_%'
        AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'incident'::regclass)
""")


# The lock that `gridmap.incidents.importing.writing.lock` takes.
_AT_WORK = text("""
    SELECT EXISTS (
        SELECT FROM pg_locks WHERE relation = 'incident'::regclass
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND mode = 'ShareRowExclusiveLock' AND granted)
""")


def is_new(session: Session, year: int) -> bool:
    """Tell whether the table has neither a partition for a year nor any row of it."""
    return bool(
        session.scalar(
            text("""
                SELECT to_regclass(:name) IS NULL AND NOT EXISTS (
                    SELECT FROM incident_other
                    WHERE occurred_at >= make_timestamptz(:year, 1, 1, 0, 0, 0, 'UTC')
                        AND occurred_at < make_timestamptz(:year + 1, 1, 1, 0, 0, 0, 'UTC'))
            """),
            {"name": partition(year), "year": year},
        )
    )


def partition(year: int) -> str:
    """Name the partition of a year, as ``open_incident_year`` does."""
    return f"incident_y{int(year)}"


def left(session: Session) -> list[tuple[str, int]]:
    """Return tables that imports left which ended too soon, with their bytes.

    While an import is at work nobody can tell them from its own, so there are none.
    """
    # The names first: a table that is there before, and no import after, belongs to none.
    found = [(row.name, row.bytes) for row in session.execute(_LEFT)]
    return [] if session.scalar(_AT_WORK) else found


def drop_left(session: Session, *, locked: bool = True) -> int:
    """Drop what imports left that ended too soon; return how many tables that were.

    Parameters
    ----------
    session : Session
    locked : bool
        Whether the session itself has locked the table of incidents, so that no import is at work.
    """
    names = session.scalars(_LEFT).all() if locked else [name for name, _ in left(session)]
    for name in names:
        # One that was joined meanwhile has another name.
        session.execute(text(f"DROP TABLE IF EXISTS {name}"))
    return len(names)


def create(session: Session, year: int) -> str:
    """Create the table of a year, not yet joined and without indexes; return its name."""
    name = f"{partition(year)}_apart_{secrets.token_hex(4)}"
    session.execute(text(f"CREATE TABLE {name} (LIKE incident INCLUDING DEFAULTS)"))
    return name


def add_indexes(session: Session, name: str) -> None:
    """Give a filled table the indexes of the whole."""
    for definition in session.scalars(_CONSTRAINTS, {"kinds": ["p", "u"]}).all():
        session.execute(text(f"ALTER TABLE {name} ADD {definition}"))
    for definition in session.scalars(_INDEXES).all():
        session.execute(text(f"CREATE INDEX ON {name}{definition}"))


def add_foreign_keys(session: Session, name: str) -> None:
    """Give a filled table the foreign keys of the whole; it is read once for each."""
    for definition in session.scalars(_CONSTRAINTS, {"kinds": ["f"]}).all():
        session.execute(text(f"ALTER TABLE {name} ADD {definition}"))


def attach(session: Session, year: int, name: str) -> None:
    """Join a table with all indexes and keys to the whole, which is at once.

    Readers wait from here to the end of the transaction, so it comes last.
    """
    session.execute(text(f"ALTER TABLE {name} RENAME TO {partition(year)}"))
    session.execute(
        text(
            f"ALTER TABLE incident ATTACH PARTITION {partition(year)} "
            f"FOR VALUES FROM ('{year:04d}-01-01 00:00:00+00') "
            f"TO ('{year + 1:04d}-01-01 00:00:00+00')"
        )
    )
