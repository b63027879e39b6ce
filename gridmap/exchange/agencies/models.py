"""Tables of the agencies: their keys, the log of requests, and what hides small counts."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, INET, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.db import Base


def _key_column(*, primary: bool = True) -> Mapped[int]:
    return mapped_column(ForeignKey("api_key.id", ondelete="CASCADE"), primary_key=primary)


class Agency(Base):
    """Another office that reads our layers with keys."""

    __tablename__ = "agency"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name"),
        CheckConstraint(
            "smallest_count = 0 OR smallest_count BETWEEN 3 AND 100", name="smallest_count"
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    contact: Mapped[str] = mapped_column(server_default=text("''"))
    note: Mapped[str] = mapped_column(server_default=text("''"))
    # Of the agency and not of a key: two keys with two thresholds would tell by their difference
    # what each of them hides.
    smallest_count: Mapped[int] = mapped_column(SmallInteger, server_default=text("5"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class ApiKey(Base):
    """A key of an agency; only the hash of its token is kept."""

    __tablename__ = "api_key"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name"),
        CheckConstraint("rate_per_minute > 0", name="rate_per_minute"),
        CheckConstraint("first_day <= last_day", name="period"),
        CheckConstraint("octet_length(token_hash) = 32", name="token_hash"),
        Index("ix_api_key_agency_id", "agency_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id", ondelete="CASCADE"))
    name: Mapped[str]
    # The first characters of the token, by which people tell keys apart.
    prefix: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    created_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    rate_per_minute: Mapped[int] = mapped_column(server_default=text("600"))
    # Local days of incidents, both included.
    first_day: Mapped[date | None]
    last_day: Mapped[date | None]
    # Without this flag a key whose units are gone sees nothing, and not everything.
    everywhere: Mapped[bool] = mapped_column(server_default=text("false"))
    # Grows with every change, so that a grant kept in memory is known to be old.
    version: Mapped[int] = mapped_column(server_default=text("1"))


class KeyUnit(Base):
    """A unit whose features a key may read; its lower units belong to it."""

    __tablename__ = "key_unit"
    __table_args__ = (Index("ix_key_unit_unit_id", "unit_id"),)

    key_id: Mapped[int] = _key_column()
    unit_id: Mapped[int] = mapped_column(
        ForeignKey("unit.id", ondelete="CASCADE"), primary_key=True
    )


class KeyLayer(Base):
    """What a key may be given of one collection."""

    __tablename__ = "key_layer"
    __table_args__ = (CheckConstraint("snap IN ('exact', 'cell', 'street')", name="snap"),)

    key_id: Mapped[int] = _key_column()
    collection: Mapped[str] = mapped_column(primary_key=True)
    # Null stands for all that are not guarded.
    fields: Mapped[list[str] | None] = mapped_column(ARRAY(TEXT))
    write: Mapped[bool] = mapped_column(server_default=text("false"))
    snap: Mapped[str] = mapped_column(server_default=text("'exact'"))


class ApiRate(Base):
    """How many requests a key has left; lost in a crash, and then full again."""

    __tablename__ = "api_rate"
    __table_args__ = ({"prefixes": ["UNLOGGED"], "postgresql_with": {"fillfactor": "20"}},)

    key_id: Mapped[int] = _key_column()
    tokens: Mapped[float]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ApiAccess(Base):
    """One request with a key."""

    __tablename__ = "api_access"
    __table_args__ = (
        Index("ix_api_access_key_id", "key_id", "at", "id"),
        Index("ix_api_access_at", "at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    key_id: Mapped[int] = _key_column(primary=False)
    method: Mapped[str]
    path: Mapped[str]
    status: Mapped[int] = mapped_column(SmallInteger)
    rows: Mapped[int | None] = mapped_column(BigInteger)
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    address: Mapped[str | None] = mapped_column(INET)


class Package(Base):
    """A signed file of all that a key may be given, asked for or made on a schedule."""

    __tablename__ = "package"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name="state"),
        # One at a time for each key.
        Index(
            "uq_package_open",
            "key_id",
            unique=True,
            postgresql_where=text("state IN ('waiting', 'running')"),
        ),
        Index("ix_package_key_id", "key_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key_id: Mapped[int] = _key_column(primary=False)
    state: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    scheduled: Mapped[bool] = mapped_column(server_default=text("false"))
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    # The last sign of life of the process that makes it.
    seen_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # The key's version whose grant is in the file: one made of an older grant is given to nobody.
    version: Mapped[int | None]
    rows: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    rows_expected: Mapped[int | None] = mapped_column(BigInteger)
    file: Mapped[str | None]
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None]


class PackageSchedule(Base):
    """When a key's packages are made by themselves."""

    __tablename__ = "package_schedule"
    __table_args__ = (
        CheckConstraint("every IN ('day', 'week', 'month')", name="every"),
        CheckConstraint("hour BETWEEN 0 AND 23", name="hour"),
        Index("ix_package_schedule_next_at", "next_at"),
    )

    key_id: Mapped[int] = _key_column()
    every: Mapped[str]
    # Of the town's own time.
    hour: Mapped[int] = mapped_column(SmallInteger)
    next_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class CountShield(Base):
    """The least thresholds at which a building's counts are still told; triggers keep them.

    The counts of `peers` are told or hidden together, so that no total gives one of them away.
    """

    __tablename__ = "count_shield"
    __table_args__ = (Index("ix_count_shield_area", "area", "cell"),)

    building_id: Mapped[int] = mapped_column(
        ForeignKey("building.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    # The community and the cell, 0 for none.
    area: Mapped[int] = mapped_column(BigInteger)
    cell: Mapped[int] = mapped_column(BigInteger)
    # The same number in buildings of one area makes a group.
    peers: Mapped[int] = mapped_column(BigInteger)
    households: Mapped[int] = mapped_column(server_default=text("0"))
    residents: Mapped[int] = mapped_column(server_default=text("0"))
    temporary_residents: Mapped[int] = mapped_column(server_default=text("0"))
    rented_homes: Mapped[int] = mapped_column(server_default=text("0"))
    shops: Mapped[int] = mapped_column(server_default=text("0"))
