"""Tables of the incidents and their categories."""

from __future__ import annotations

from datetime import datetime

from geoalchemy2 import WKBElement
from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.db import Base
from gridmap.territory.models import Imported, Linked, geometry


class Category(Base):
    """A category of incidents; categories form a tree."""

    __tablename__ = "category"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"))
    name: Mapped[str]
    name_en: Mapped[str | None]


class Incident(Imported, Linked, Base):
    """Something that happened at a place and time; partitioned by year of ``occurred_at``."""

    __tablename__ = "incident"
    __table_args__ = (
        PrimaryKeyConstraint("id", "occurred_at"),
        # The key of a partitioned table must hold the partitioning column; that an external id
        # is unique over all years is held by the trigger.
        UniqueConstraint("source", "external_id", "occurred_at"),
        Index("ix_incident_geom", "geom", postgresql_using="gist"),
        Index("ix_incident_cell_id_occurred_at", "cell_id", "occurred_at"),
        Index("ix_incident_community_id_occurred_at", "community_id", "occurred_at"),
        {"postgresql_partition_by": "RANGE (occurred_at)"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    occurred_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"))
    geom: Mapped[WKBElement] = mapped_column(geometry("POINT"))
