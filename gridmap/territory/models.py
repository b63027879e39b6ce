"""Tables of the territory: units, cells with their lineage, and what stands on the ground."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from gridmap.db import Base

# Between two quotation marks such a code is JSON as it stands.
PLAIN_CODE = r"""code !~ '[\x01-\x1f\x7f"\\]'"""


def geometry(kind: str) -> Geometry:
    """Return the column type of a WGS 84 geometry; the index is declared with the table."""
    return Geometry(kind, srid=4326, spatial_index=False)


class TerritorySettings(Base):
    """The one row of settings that guards in the database must know."""

    __tablename__ = "territory_settings"
    __table_args__ = (CheckConstraint("id", name="one_row"),)

    id: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    # Slivers up to this size are accepted where two outlines of one kind of cell meet.
    overlap_tolerance_m2: Mapped[float] = mapped_column(server_default=text("1"))
    # A cell may reach this far out of its community, for outlines drawn by different hands.
    outside_tolerance_m2: Mapped[float] = mapped_column(server_default=text("1"))
    # Decides which day an incident belongs to, and so which cell was valid then.
    time_zone: Mapped[str] = mapped_column(String, server_default=text("'Asia/Shanghai'"))


class ImportRun(Base):
    """One import: which file, read how, and what became of its rows."""

    __tablename__ = "import_run"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    layer: Mapped[str]
    file_name: Mapped[str]
    sha256: Mapped[str]
    coordinate_system: Mapped[str]
    mapping: Mapped[dict[str, Any]] = mapped_column(JSONB)
    # Counts: read, inserted, updated, unchanged, rejected, and problems by code.
    report: Mapped[dict[str, Any]] = mapped_column(JSONB)
    finished_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )


class Imported:
    """Columns of every row that may come from a file: where it came from, and its name there."""

    source: Mapped[str] = mapped_column(server_default=text("''"))
    external_id: Mapped[str | None]

    @declared_attr
    def import_id(self) -> Mapped[int | None]:
        """Return the column that names the import which last wrote the row."""
        return mapped_column(ForeignKey("import_run.id"))


class Linked:
    """Columns a trigger fills from the location: never written by hand."""

    @declared_attr
    def cell_id(self) -> Mapped[int | None]:
        """Return the column of the cell; null means outside every cell."""
        return mapped_column(ForeignKey("cell.id", ondelete="SET NULL"))

    @declared_attr
    def community_id(self) -> Mapped[int | None]:
        """Return the column of the community; null means outside every community."""
        return mapped_column(ForeignKey("unit.id", ondelete="SET NULL"))


class Unit(Base):
    """A county, town or community; the three levels form a tree."""

    __tablename__ = "unit"
    __table_args__ = (
        CheckConstraint("code ~ '^[0-9]{12}$'", name="code"),
        CheckConstraint("level IN ('county', 'town', 'community')", name="level"),
        CheckConstraint("(level = 'county') = (parent_id IS NULL)", name="parent"),
        UniqueConstraint("id", "level"),
        # A town's parent is a county and a community's a town, held by the key itself.
        ForeignKeyConstraint(["parent_id", "parent_level"], ["unit.id", "unit.level"]),
        Index("ix_unit_geom", "geom", postgresql_using="gist"),
        Index("ix_unit_parent_id", "parent_id"),
        # What is told of places names units and cells by their codes; so it reads no outlines.
        Index("ix_unit_id_code", "id", postgresql_include=["code"]),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    level: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(BigInteger)
    parent_level: Mapped[str | None] = mapped_column(
        Computed(
            "CASE level WHEN 'town' THEN 'county' WHEN 'community' THEN 'town' END", persisted=True
        )
    )
    name: Mapped[str]
    name_en: Mapped[str | None]
    geom: Mapped[WKBElement | None] = mapped_column(geometry("MULTIPOLYGON"))
    import_id: Mapped[int | None] = mapped_column(ForeignKey("import_run.id"))


class Cell(Base):
    """A grid cell as it was drawn for a span of time; a redraw closes it and opens another."""

    __tablename__ = "cell"
    __table_args__ = (
        CheckConstraint("kind IN ('basic', 'dedicated', 'micro')", name="kind"),
        CheckConstraint("code <> ''", name="code"),
        CheckConstraint(PLAIN_CODE, name="plain_code"),
        CheckConstraint("valid_from < valid_to", name="validity"),
        ForeignKeyConstraint(["community_id", "community_level"], ["unit.id", "unit.level"]),
        ExcludeConstraint(("code", "="), ("valid", "&&"), name="ex_cell_code", using="gist"),
        Index("ix_cell_geom", "geom", postgresql_using="gist"),
        Index("ix_cell_anchor", "anchor", postgresql_using="gist"),
        Index("ix_cell_search", text("search_grams(code, name)"), postgresql_using="gin"),
        Index(
            "ix_cell_begins",
            func.lower(text("code")).label("begins"),
            postgresql_ops={"begins": "text_pattern_ops"},
        ),
        Index("ix_cell_community_id", "community_id"),
        Index("ix_cell_code", "code"),
        Index("ix_cell_id_code", "id", postgresql_include=["code"]),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    code: Mapped[str]
    kind: Mapped[str]
    name: Mapped[str] = mapped_column(server_default=text("''"))
    community_id: Mapped[int] = mapped_column(BigInteger)
    community_level: Mapped[str] = mapped_column(Computed("'community'::text", persisted=True))
    # Days; null at the start means since ever, null at the end until further notice.
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    valid: Mapped[Range[date]] = mapped_column(
        DATERANGE, Computed("daterange(valid_from, valid_to)", persisted=True)
    )
    # The one tie-break for points on shared edges: smallest rank first, then smallest code.
    rank: Mapped[int] = mapped_column(
        SmallInteger,
        Computed(
            "CASE kind WHEN 'dedicated' THEN 0 WHEN 'basic' THEN 1 ELSE 2 END", persisted=True
        ),
    )
    geom: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))
    area_m2: Mapped[float] = mapped_column(
        Double, Computed("ST_Area(geom::geography)", persisted=True)
    )
    # Stands for whatever lies in the cell where a reader may not know the place itself.
    anchor: Mapped[WKBElement] = mapped_column(
        geometry("POINT"), Computed("ST_PointOnSurface(geom)", persisted=True)
    )
    import_id: Mapped[int | None] = mapped_column(ForeignKey("import_run.id"))


class CellLineage(Base):
    """Which cell came from which, and by what act."""

    __tablename__ = "cell_lineage"
    __table_args__ = (
        CheckConstraint("act IN ('split', 'merge', 'redraw')", name="act"),
        CheckConstraint("parent_id <> child_id", name="two_cells"),
        Index("ix_cell_lineage_child_id", "child_id"),
    )

    parent_id: Mapped[int] = mapped_column(
        ForeignKey("cell.id", ondelete="CASCADE"), primary_key=True
    )
    child_id: Mapped[int] = mapped_column(
        ForeignKey("cell.id", ondelete="CASCADE"), primary_key=True
    )
    act: Mapped[str]


class Building(Imported, Linked, Base):
    """A building as footprint or point; who lives in it is known as counts only."""

    __tablename__ = "building"
    __table_args__ = (
        CheckConstraint("GeometryType(geom) IN ('POINT', 'POLYGON', 'MULTIPOLYGON')", name="geom"),
        UniqueConstraint("source", "external_id"),
        Index("ix_building_geom", "geom", postgresql_using="gist"),
        Index(
            "ix_building_search",
            text("search_grams(name, address, external_id)"),
            postgresql_using="gin",
        ),
        Index(
            "ix_building_begins",
            func.lower(text("name")).label("begins"),
            postgresql_ops={"begins": "text_pattern_ops"},
        ),
        Index("ix_building_anchor", "anchor", postgresql_using="gist"),
        Index("ix_building_cell_id", "cell_id"),
        Index("ix_building_community_id", "community_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(server_default=text("''"))
    address: Mapped[str] = mapped_column(server_default=text("''"))
    kind: Mapped[str | None]
    storeys: Mapped[int | None] = mapped_column(SmallInteger)
    geom: Mapped[WKBElement] = mapped_column(geometry("GEOMETRY"))
    # A point that surely lies in the footprint decides the cell.
    anchor: Mapped[WKBElement] = mapped_column(
        geometry("POINT"), Computed("ST_PointOnSurface(geom)", persisted=True)
    )


class BuildingCount(Base):
    """The counts of one building in one month; earlier months stay as they were told."""

    __tablename__ = "building_count"
    __table_args__ = (
        CheckConstraint("extract(day FROM month) = 1", name="month"),
        CheckConstraint(
            "least(households, residents, temporary_residents, rented_homes, shops) >= 0",
            name="not_negative",
        ),
    )

    building_id: Mapped[int] = mapped_column(
        ForeignKey("building.id", ondelete="CASCADE"), primary_key=True
    )
    month: Mapped[date] = mapped_column(primary_key=True)
    households: Mapped[int] = mapped_column(server_default=text("0"))
    residents: Mapped[int] = mapped_column(server_default=text("0"))
    temporary_residents: Mapped[int] = mapped_column(server_default=text("0"))
    rented_homes: Mapped[int] = mapped_column(server_default=text("0"))
    shops: Mapped[int] = mapped_column(server_default=text("0"))


class PeopleCount(Base):
    """The newest counts of the buildings of a cell, added up by triggers; never written by hand.

    The cell 0 stands for the buildings of a community that lie in none of its cells.
    """

    __tablename__ = "people_count"
    __table_args__ = (Index("ix_people_count_community_id", "community_id"),)

    cell_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    community_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    # Those that were counted once.
    buildings: Mapped[int] = mapped_column(BigInteger)
    households: Mapped[int] = mapped_column(BigInteger)
    residents: Mapped[int] = mapped_column(BigInteger)
    temporary_residents: Mapped[int] = mapped_column(BigInteger)
    rented_homes: Mapped[int] = mapped_column(BigInteger)
    shops: Mapped[int] = mapped_column(BigInteger)


class Place(Imported, Linked, Base):
    """A place people go to: a police room, a school, a clinic, an enterprise."""

    __tablename__ = "place"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index("ix_place_geom", "geom", postgresql_using="gist"),
        Index("ix_place_search", text("search_grams(name, address)"), postgresql_using="gin"),
        Index(
            "ix_place_begins",
            func.lower(text("name")).label("begins"),
            postgresql_ops={"begins": "text_pattern_ops"},
        ),
        Index("ix_place_cell_id", "cell_id"),
        Index("ix_place_community_id", "community_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(server_default=text("''"))
    address: Mapped[str] = mapped_column(server_default=text("''"))
    kind: Mapped[str | None]
    area_m2: Mapped[float | None]
    geom: Mapped[WKBElement] = mapped_column(geometry("POINT"))


class Road(Imported, Base):
    """The centre line of a street between two junctions, or a stretch of it."""

    __tablename__ = "road"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index("ix_road_geom", "geom", postgresql_using="gist"),
        Index("ix_road_search", text("search_grams(name)"), postgresql_using="gin"),
        Index(
            "ix_road_begins",
            func.lower(text("name")).label("begins"),
            postgresql_ops={"begins": "text_pattern_ops"},
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(server_default=text("''"))
    # The value of OpenStreetMap's highway tag.
    kind: Mapped[str]
    oneway: Mapped[bool] = mapped_column(server_default=text("false"))
    bridge: Mapped[bool] = mapped_column(server_default=text("false"))
    tunnel: Mapped[bool] = mapped_column(server_default=text("false"))
    # Who may use it; without a mark that follows from the kind.
    foot: Mapped[bool | None]
    bicycle: Mapped[bool | None]
    car: Mapped[bool | None]
    geom: Mapped[WKBElement] = mapped_column(geometry("LINESTRING"))


class Ground(Imported, Base):
    """Water, parks and railways: what a basemap needs to look like the town."""

    __tablename__ = "ground"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index("ix_ground_geom", "geom", postgresql_using="gist"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(server_default=text("''"))
    kind: Mapped[str]
    geom: Mapped[WKBElement] = mapped_column(geometry("GEOMETRY"))
