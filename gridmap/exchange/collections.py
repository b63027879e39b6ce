"""The layer registry: what a layer is called, how the map shows it, and its columns for programs.

One entry serves the map, files, the standard interfaces and the feed of changes alike; a test
registers one and sees it in all of them. Every text of SQL is a constant of this module: ``t`` is
the layer's own table, and what people send reaches the database as parameters alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from geodata.messages import N_
from gridmap.exchange import layers
from gridmap.exchange.layer import Layer
from gridmap.exchange.layers import LAYERS

#: As JSON Schema tells them; the last two are strings of a format.
ColumnType = Literal["string", "integer", "number", "boolean", "date", "date-time"]


@dataclass(frozen=True)
class Lookup:
    """A column that stands in another table, found by a key.

    Parameters
    ----------
    key : str
        The expression over ``t`` that holds the other row's id.
    table, column : str
        The other table, whose alias is the key's own name in `Collection.joins`.
    unique : bool
        Whether no two rows of the other table have the same value.
    """

    key: str
    table: str
    column: str
    unique: bool = False


@dataclass(frozen=True)
class Column:
    """A property of a collection's features.

    Parameters
    ----------
    name : str
        Its name in files and answers.
    sql : str
        Its value, over ``t`` and the aliases of `Collection.joins`.
    type : str
        What it holds.
    title : str
        Its name for people, an English template.
    guarded : bool
        Whether it tells of a person, such as a phone number: nobody is given it who was not
        granted it by name.
    count : bool
        Whether it counts people or homes, so that small numbers are not told.
    lookup : Lookup, optional
        Where it stands if not in the layer's own table.
    plain : bool
        Whether it is a text without anything that JSON escapes, by a constraint of its table.
    """

    name: str
    sql: str
    type: ColumnType
    title: str
    guarded: bool = False
    count: bool = False
    lookup: Lookup | None = None
    plain: bool = False

    @property
    def testable(self) -> bool:
        """Whether rows can be chosen and sorted by it without the joins."""
        return self.lookup is not None or self.sql.startswith("t.")

    @property
    def alone(self) -> str:
        """Return its value over ``t`` alone."""
        if self.lookup is None:
            return self.sql
        at = self.lookup
        return f"(SELECT o.{at.column} FROM {at.table} o WHERE o.id = {at.key})"


@dataclass(frozen=True, eq=False)
class Collection:
    """A layer: as other programs see it, and by `layer` as the map does.

    Parameters
    ----------
    key : str
        Its name in addresses and files.
    layer : Layer
        How the map shows it, and in which zooms tiles hold it.
    title, description : str
        English templates.
    table : str
        The table, whose alias is ``t``; its primary key begins with ``id``.
    columns : tuple of Column
    joins : mapping
        The other tables that columns need: alias to SQL, in order.
    community : str or None
        The expression of the community, for the reader's scope; None is public.
    unit : str or None
        Instead of it, the expression of a unit of any level.
    time : str or None
        The moment of a feature.
    days : str or None
        The span of days in which a feature is valid.
    where : str or None
        A condition for all rows.
    within : str or None
        That the incidents it is reckoned from lie between ``:granted_first`` and ``:granted_last``.
    shape : str
        The type of geometry, ``Unknown`` for several types.
    """

    key: str
    layer: Layer
    title: str
    description: str
    table: str
    columns: tuple[Column, ...]
    joins: Mapping[str, str] = field(default_factory=dict)
    community: str | None = "t.community_id"
    unit: str | None = None
    time: str | None = None
    days: str | None = None
    where: str | None = None
    within: str | None = None
    shape: str = "Unknown"

    @property
    def by_name(self) -> Mapping[str, Column]:
        """Return the columns by their names."""
        return {column.name: column for column in self.columns}

    def joined(self, columns: Iterable[Column]) -> str:
        """Return the joins that some columns need, and no others."""
        needed = {column.sql.partition(".")[0] for column in columns}
        found = []
        for alias, sql in reversed(list(self.joins.items())):
            if alias in needed:
                found.append(sql)
                needed.update(other for other in self.joins if f"{other}." in sql)
        return " ".join(reversed(found))


_COMMUNITY = Column("community_code", "community.code", "string", N_("Code of the community"),
                    lookup=Lookup("t.community_id", "unit", "code"), plain=True)  # fmt: skip
_LINKS = (
    Column("cell_code", "cell.code", "string", N_("Code of the cell"),
           lookup=Lookup("t.cell_id", "cell", "code"), plain=True),
    _COMMUNITY,
)  # fmt: skip
_LINKED = {
    "cell": "LEFT JOIN cell ON cell.id = t.cell_id",
    "community": "LEFT JOIN unit community ON community.id = t.community_id",
}
_LATEST = """
    LEFT JOIN LATERAL (
        SELECT * FROM building_count c WHERE c.building_id = t.id ORDER BY month DESC LIMIT 1
    ) latest ON true
"""
# Who answers for a cell today; a town may grant it to the fire brigade, not to everybody.
_RESPONSIBLE = """
    LEFT JOIN LATERAL (
        SELECT k.name, k.phone FROM assignment a JOIN cadre k ON k.id = a.cadre_id
        WHERE a.cell_id = t.id AND a.role = 'responsible'
            AND a.period @> (SELECT local_date(now()))
    ) answers ON true
"""


def _own(name: str, kind: ColumnType, title: str, *, count: bool = False) -> Column:
    """Return a column of the layer's own table."""
    return Column(name, f"t.{name}", kind, title, count=count)


UNITS = Collection(
    "units", layers.UNIT, N_("Units"), N_("Counties, towns and communities with their codes."),
    "unit",
    (
        _own("code", "string", N_("Code")),
        Column("parent_code", "parent.code", "string", N_("Code of the unit above"),
               lookup=Lookup("t.parent_id", "unit", "code"), plain=True),
        _own("level", "string", N_("Level: county, town or community")),
        _own("name", "string", N_("Name")),
        _own("name_en", "string", N_("English name")),
    ),
    joins={"parent": "LEFT JOIN unit parent ON parent.id = t.parent_id"},
    community=None,
    unit="t.id",
    shape="MultiPolygon",
)  # fmt: skip

CELLS = Collection(
    "cells", layers.CELL, N_("Cells"),
    N_("The cells of today; with a day in datetime, those that were valid then."),
    "cell",
    (
        _own("code", "string", N_("Code")),
        _COMMUNITY,
        _own("kind", "string", N_("Kind: basic, dedicated or micro")),
        _own("name", "string", N_("Name")),
        _own("valid_from", "date", N_("Valid from")),
        _own("valid_to", "date", N_("Replaced on")),
        Column("responsible", "answers.name", "string", N_("Responsible cadre"), guarded=True),
        Column("responsible_phone", "answers.phone", "string",
               N_("Phone of the responsible cadre"), guarded=True),
    ),
    joins={"community": _LINKED["community"], "answers": _RESPONSIBLE},
    days="t.valid",
    shape="MultiPolygon",
)  # fmt: skip

BUILDINGS = Collection(
    "buildings", layers.BUILDING, N_("Buildings"),
    N_("Buildings with their newest counts of households and residents."),
    "building",
    (
        _own("external_id", "string", N_("Number")),
        _own("name", "string", N_("Name")),
        _own("address", "string", N_("Address")),
        _own("kind", "string", N_("Kind")),
        _own("storeys", "integer", N_("Storeys")),
        Column("month", "latest.month", "date", N_("Month of the counts")),
        Column("households", "latest.households", "integer", N_("Households"), count=True),
        Column("residents", "latest.residents", "integer", N_("Residents"), count=True),
        Column("temporary_residents", "latest.temporary_residents", "integer",
               N_("Temporary residents"), count=True),
        Column("rented_homes", "latest.rented_homes", "integer", N_("Rented homes"), count=True),
        Column("shops", "latest.shops", "integer", N_("Shops"), count=True),
        *_LINKS,
    ),
    joins={**_LINKED, "latest": _LATEST},
)  # fmt: skip

PLACES = Collection(
    "places", layers.PLACE, N_("Places"),
    N_("Police rooms, service centres, schools, clinics and other places by kind."),
    "place",
    (
        _own("external_id", "string", N_("Number")),
        _own("name", "string", N_("Name")),
        _own("kind", "string", N_("Kind")),
        _own("address", "string", N_("Address")),
        _own("area_m2", "number", N_("Area (m²)")),
        *_LINKS,
    ),
    joins=_LINKED,
    shape="Point",
)  # fmt: skip

ROADS = Collection(
    "roads", layers.ROAD, N_("Roads"), N_("The centre lines of streets."), "road",
    (
        _own("external_id", "string", N_("Number")),
        _own("name", "string", N_("Name")),
        _own("kind", "string", N_("Kind")),
        _own("oneway", "boolean", N_("One way")),
        _own("bridge", "boolean", N_("Bridge")),
        _own("tunnel", "boolean", N_("Tunnel")),
        _own("foot", "boolean", N_("Open on foot")),
        _own("bicycle", "boolean", N_("Open to bicycles")),
        _own("car", "boolean", N_("Open to cars")),
    ),
    community=None,
    shape="LineString",
)  # fmt: skip

GROUND = Collection(
    "ground", layers.GROUND, N_("Water and parks"), N_("Water, parks and fields."), "ground",
    (
        _own("external_id", "string", N_("Number")),
        _own("name", "string", N_("Name")),
        _own("kind", "string", N_("Kind")),
    ),
    community=None,
)  # fmt: skip

INCIDENTS = Collection(
    "incidents", layers.INCIDENT, N_("Incidents"),
    N_("What happened, with category, time and place; the case's step where there is a case."),
    "incident",
    (
        _own("external_id", "string", N_("Number")),
        Column("category", "category.code", "string", N_("Code of the category"),
               lookup=Lookup("t.category_id", "category", "code", unique=True), plain=True),
        _own("occurred_at", "date-time", N_("Time")),
        _own("ended_at", "date-time", N_("Until, where only a span is known")),
        _own("source", "string", N_("Source")),
        *_LINKS,
        Column("step", "incident_case.step", "string", N_("Step of the case"), guarded=True),
        Column("description", "incident_case.description", "string", N_("Description"),
               guarded=True),
        Column("reporter", "contact.name", "string", N_("Name of the reporter"), guarded=True),
        Column("reporter_phone", "contact.phone", "string", N_("Phone of the reporter"),
               guarded=True),
    ),
    joins={
        "category": "JOIN category ON category.id = t.category_id",
        **_LINKED,
        "incident_case": "LEFT JOIN incident_case ON incident_case.incident_id = t.id",
        "contact": "LEFT JOIN case_contact contact ON contact.case_id = incident_case.id",
    },
    time="t.occurred_at",
    shape="Point",
)  # fmt: skip

HOTSPOTS = Collection(
    "hotspots", layers.HOTSPOT, N_("Hotspots"),
    N_("The hotspots of shared analyses: where more happened than chance explains, and when. A "
       "place to help, not people to suspect."),
    "hotspot",
    (
        Column("analysis", "run.name", "string", N_("Analysis"),
               lookup=Lookup("t.run_id", "hotspot_run", "name")),
        Column("method", "run.analysis", "string", N_("Method"),
               lookup=Lookup("t.run_id", "hotspot_run", "analysis")),
        Column("first_day", "run.first", "date", N_("First day"),
               lookup=Lookup("t.run_id", "hotspot_run", "first")),
        Column("last_day", "run.last", "date", N_("Last day"),
               lookup=Lookup("t.run_id", "hotspot_run", "last")),
        _own("rank", "integer", N_("Rank, the surest first")),
        _own("kind", "string", N_("Class")),
        _own("incidents", "integer", N_("Incidents")),
        _own("expected", "number", N_("Incidents expected")),
        _own("p", "number", N_("Probability by chance")),
        _own("place", "string", N_("Place")),
        *_LINKS,
    ),
    joins={"run": "JOIN hotspot_run run ON run.id = t.run_id", **_LINKED},
    within="t.run_id = ANY(ARRAY(SELECT o.id FROM hotspot_run o"
           " WHERE o.first >= :granted_first AND o.last <= :granted_last))",
)  # fmt: skip

PATROL_ROUTES = Collection(
    "patrol_routes", layers.PATROL_ROUTE, N_("Patrol routes"),
    N_("The lines that teams patrol, with kind, mode, length and time; those in use."),
    "patrol_route",
    (
        _own("name", "string", N_("Name")),
        _own("kind", "string", N_("Kind of patrol")),
        _own("mode", "string", N_("Mode: foot, bicycle or car")),
        Column("team", "team.name", "string", N_("Team"),
               lookup=Lookup("t.team_id", "team", "name")),
        Column("unit_code", "owner.code", "string", N_("Code of the unit"),
               lookup=Lookup("t.unit_id", "unit", "code"), plain=True),
        _own("length_m", "number", N_("Length (m)")),
        _own("moving_s", "number", N_("Time on the way (s)")),
        _own("dwell_s", "number", N_("Time at the stops (s)")),
        _own("version", "integer", N_("Version")),
        _own("updated_at", "date-time", N_("Saved")),
        *_LINKS,
    ),
    joins={
        "team": "LEFT JOIN team ON team.id = t.team_id",
        "owner": "JOIN unit owner ON owner.id = t.unit_id",
        **_LINKED,
    },
    where="t.archived_at IS NULL",
    shape="LineString",
)  # fmt: skip

#: A feature is put together by one call, and PostgreSQL gives a call 100 arguments.
MOST_COLUMNS = 45
_REGISTRY: dict[str, Collection] = {}
#: By key, in the order in which they are listed.
COLLECTIONS: Mapping[str, Collection] = MappingProxyType(_REGISTRY)


def register(collection: Collection) -> None:
    """Make a layer known to the map, to files and to the interfaces for other programs.

    Raises
    ------
    ValueError
        If there is one of this key already, or it has more columns than a feature can tell.
    """
    if len(collection.columns) > MOST_COLUMNS:
        raise ValueError(f"{collection.key} has more than {MOST_COLUMNS} columns")
    if collection.key in _REGISTRY or collection.layer.key in {layer.key for layer in LAYERS}:
        raise ValueError(f"there are two layers {collection.key}")
    _REGISTRY[collection.key] = collection
    LAYERS.append(collection.layer)
    LAYERS.sort(key=lambda layer: layer.order)


for _one in (
    UNITS, CELLS, BUILDINGS, PLACES, ROADS, GROUND, INCIDENTS, HOTSPOTS, PATROL_ROUTES,
):  # fmt: skip
    register(_one)
