"""The log behind the feed of changes, which triggers keep; migration 0011 tells how."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, func, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from gridmap.db import Base

#: Names this database among its copies: one restored from a backup, or a standby that took over,
#: counts its transactions anew or otherwise, so that positions in another's log mean nothing.
DATABASE = """(
    SELECT format('%s.%s.%s', system_identifier, d.oid, timeline_id)
    FROM pg_control_system(), pg_control_checkpoint(), pg_database d
    WHERE d.datname = current_database()
)"""


class LayerChange(Base):
    """Features of a layer that changed together, see migration 0011."""

    __tablename__ = "layer_change"
    __table_args__ = (CheckConstraint("(first_id IS NULL) = (last_id IS NULL)", name="ids"),)

    layer: Mapped[str] = mapped_column(primary_key=True)
    xid: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, server_default=text("(pg_current_xact_id()::text)::bigint")
    )
    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    first_id: Mapped[int | None] = mapped_column(BigInteger)
    last_id: Mapped[int | None] = mapped_column(BigInteger)
    # Whether the features were deleted, or left the community or the day named here.
    departed: Mapped[bool] = mapped_column(server_default=text("false"))
    community_id: Mapped[int | None] = mapped_column(BigInteger)
    day: Mapped[date | None]


class LayerChangePruned(Base):
    """Below which transaction the log of a database is no longer whole."""

    __tablename__ = "layer_change_pruned"

    database: Mapped[str] = mapped_column(primary_key=True)
    below_xid: Mapped[int] = mapped_column(BigInteger)


def prune_changes(session: Session, days: int) -> int:
    """Forget changes older than some days; who has not read them must start over.

    Returns
    -------
    int
        How many rows of the log were deleted.
    """
    # What the feed has yet to hand out stays. Rows that a backup brought along may carry
    # transactions that this database has yet to reach: they must not make it refuse the cursors
    # of today.
    forgotten = session.execute(
        text(f"""
            WITH gone AS (
                DELETE FROM layer_change
                WHERE at < now() - make_interval(days => :days) AND NOT xid BETWEEN
                    pg_snapshot_xmin(pg_current_snapshot())::text::bigint
                    AND pg_snapshot_xmax(pg_current_snapshot())::text::bigint
                RETURNING xid
            ), pruned AS (
                INSERT INTO layer_change_pruned AS p (database, below_xid)
                SELECT {DATABASE},
                       least(max(xid) + 1, pg_snapshot_xmin(pg_current_snapshot())::text::bigint)
                FROM gone HAVING count(*) > 0
                ON CONFLICT (database)
                DO UPDATE SET below_xid = greatest(p.below_xid, excluded.below_xid)
            )
            SELECT count(*) FROM gone
        """),
        {"days": days},
    )
    return int(forgotten.scalar_one())
