"""New years of incidents: filled apart, indexed, and then joined to the table.

Rows go several times faster into a table that nobody else can see: its indexes are built once
at the end, its foreign keys are checked by one query, and where the server's ``wal_level`` is
minimal its rows need not be logged.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

#: Fewer rows of a new year go where the table puts them; stray dates open no partition.
FEWEST = 1000

_CONSTRAINTS = text("""
    SELECT pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = 'incident'::regclass AND contype IN ('p', 'u', 'f')
    ORDER BY contype = 'f', conname
""")
_INDEXES = text("""
    SELECT substring(pg_get_indexdef(i.indexrelid) FROM ' USING .*$') FROM pg_index i
    WHERE i.indrelid = 'incident'::regclass
        AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
    ORDER BY i.indexrelid::regclass::text
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


def create(session: Session, year: int) -> str:
    """Create the table of a year, not yet joined and without indexes; return its name."""
    name = partition(year)
    session.execute(text(f"CREATE TABLE {name} (LIKE incident INCLUDING DEFAULTS)"))
    return name


def complete(session: Session, year: int) -> None:
    """Give a filled table the indexes and keys of the whole, so that joining it is at once."""
    name = partition(year)
    for definition in session.scalars(_CONSTRAINTS).all():
        session.execute(text(f"ALTER TABLE {name} ADD {definition}"))
    for definition in session.scalars(_INDEXES).all():
        session.execute(text(f"CREATE INDEX ON {name}{definition}"))


def attach(session: Session, year: int) -> None:
    """Join a completed table to the whole.

    Readers wait from here to the end of the transaction, so it comes last.
    """
    session.execute(
        text(
            f"ALTER TABLE incident ATTACH PARTITION {partition(year)} "
            f"FOR VALUES FROM ('{year:04d}-01-01 00:00:00+00') "
            f"TO ('{year + 1:04d}-01-01 00:00:00+00')"
        )
    )
