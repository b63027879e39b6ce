"""Tables of the incidents and their categories."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.db import Base
from gridmap.territory.models import PLAIN_CODE, Imported, Linked, geometry


class Category(Base):
    """A category of incidents; categories form a tree."""

    __tablename__ = "category"
    __table_args__ = (CheckConstraint(PLAIN_CODE, name="plain_code"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"))
    name: Mapped[str]
    name_en: Mapped[str | None]
    # Step to {"amount": n, "unit": "hours" or "days"}; a step left out follows the category above.
    deadlines: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    # The town's own extension below the national tree.
    local: Mapped[bool] = mapped_column(server_default=text("false"))
    # Cases are no longer opened in it.
    active: Mapped[bool] = mapped_column(server_default=text("true"))


class Incident(Imported, Linked, Base):
    """Something that happened at a place and time; partitioned by year of ``occurred_at``."""

    __tablename__ = "incident"
    __table_args__ = (
        PrimaryKeyConstraint("id", "occurred_at"),
        # The key of a partitioned table must hold the partitioning column; that an external id
        # is unique over all years is held by the trigger.
        # The external id comes first, since sorting by a source that all share takes far longer.
        UniqueConstraint("external_id", "source", "occurred_at"),
        Index("ix_incident_geom", "geom", postgresql_using="gist"),
        # Holds all that figures of a period are counted by.
        Index(
            "ix_incident_occurred_at",
            "occurred_at",
            postgresql_include=["community_id", "cell_id", "category_id"],
        ),
        Index("ix_incident_cell_id_occurred_at", "cell_id", "occurred_at"),
        Index("ix_incident_community_id_occurred_at", "community_id", "occurred_at"),
        # Pages of one category in the order of ids need not read the incidents of all others.
        Index("ix_incident_category_id_id", "category_id", "id"),
        {"postgresql_partition_by": "RANGE (occurred_at)"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    occurred_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    # Where only a span is known, its end; ``occurred_at`` is its beginning. Readers take an end
    # before it for none: tables of years are joined without checks of their own.
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"))
    geom: Mapped[WKBElement] = mapped_column(geometry("POINT"))


#: The levels of `IncidentBin`, see migration 0003.
COARSEST_BINS, FINEST_BINS = 8, 17


class IncidentBin(Base):
    """How many incidents lie in a bin of the map, kept by triggers; migration 0003 tells how."""

    __tablename__ = "incident_bin"
    __table_args__ = (
        PrimaryKeyConstraint("level", "category_id", "x", "y", "year"),
        CheckConstraint("cardinality(upto) = 12", name="upto"),
    )

    # The world is 2 ** level bins wide, numbered from the north-west like map tiles.
    level: Mapped[int] = mapped_column(SmallInteger)
    # Zero stands for all categories, so this is no foreign key.
    category_id: Mapped[int] = mapped_column(Integer, autoincrement=False)
    x: Mapped[int]
    y: Mapped[int]
    year: Mapped[int] = mapped_column(SmallInteger)
    # Incidents of the year up to the end of each of its twelve months.
    upto: Mapped[list[int]] = mapped_column(ARRAY(Integer))


class IncidentCellYear(Base):
    """How many incidents happened in a cell in a year, kept by triggers; see migration 0009."""

    __tablename__ = "incident_cell_year"
    __table_args__ = (CheckConstraint("cardinality(upto) = 12", name="upto"),)

    # Zero stands for none, so these are no foreign keys.
    community_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    cell_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    # Those up to the end of each of its twelve months.
    upto: Mapped[list[int]] = mapped_column(ARRAY(Integer))


class IncidentDay(Base):
    """How many incidents happened in each hour of a local day, kept by triggers."""

    __tablename__ = "incident_day"
    __table_args__ = (CheckConstraint("cardinality(hours) = 24", name="hours"),)

    day: Mapped[date] = mapped_column(primary_key=True)
    hours: Mapped[list[int]] = mapped_column(ARRAY(Integer))
