"""How the map shows each layer: its tiles, details and search.

Every text of SQL in an entry is a constant of this module over the table's alias ``t``; what
people send reaches the database as parameters alone. Names refer to ``:english``, which says
whether the reader wants English ones where there are such.
"""

from __future__ import annotations

from types import MappingProxyType

from geodata.messages import N_, Message
from gridmap.errors import NotFoundError
from gridmap.exchange.layer import Field, Layer


def _named(row: str) -> str:
    """Return the name of a row in the reader's language."""
    return f"CASE WHEN :english THEN coalesce({row}.name_en, {row}.name) ELSE {row}.name END"


_CELL_CODE = "(SELECT c.code FROM cell c WHERE c.id = t.cell_id)"
_COMMUNITY = f"(SELECT {_named('u')} FROM unit u WHERE u.id = t.community_id)"
_CATEGORY = f"(SELECT {_named('k')} FROM category k WHERE k.id = t.category_id)"
# The subquery is asked once, not for every row; IS TRUE keeps the planner to the index on place,
# since nearly every cell is valid.
_VALID = "(t.valid @> (SELECT local_date(now()))) IS TRUE"
_VALID_AS_OF = "(t.valid @> CAST(:as_of AS date)) IS TRUE"


def _latest(column: str) -> str:
    return (
        f"(SELECT n.{column} FROM building_count n WHERE n.building_id = t.id "
        "ORDER BY n.month DESC LIMIT 1)"
    )


def _in_cell(count: str, source: str, alias: str, point: str) -> str:
    """Count what lies in a cell; micro cells overlap basic ones, so nothing is linked to them."""
    linked = f"(SELECT {count} FROM {source} WHERE {alias}.cell_id = t.id)"
    covered = f"(SELECT {count} FROM {source} WHERE ST_Covers(t.geom, {alias}.{point}))"
    return f"CASE t.kind WHEN 'micro' THEN {covered} ELSE {linked} END"


def _latest_in_cell(column: str) -> str:
    added = f"coalesce(sum({column}), 0)"
    linked = f"(SELECT {added} FROM people_count WHERE cell_id = t.id)"
    covered = (
        f"(SELECT {added} FROM building b CROSS JOIN LATERAL (SELECT {column} FROM building_count "
        "WHERE building_id = b.id ORDER BY month DESC LIMIT 1) n WHERE ST_Covers(t.geom, b.anchor))"
    )
    return f"CASE t.kind WHEN 'micro' THEN {covered} ELSE {linked} END"


_UNITS_BELOW = """ARRAY(
    WITH RECURSIVE below AS (
        SELECT t.id UNION ALL SELECT u.id FROM unit u JOIN below ON u.parent_id = below.id
    ) SELECT id FROM below)"""

# A unit above communities belongs to who sees them all; it then counts as one of them.
_UNIT_COMMUNITY = f"""CASE WHEN t.level = 'community' THEN t.id ELSE (
    SELECT CASE WHEN bool_and(u.id = ANY(:scope)) THEN min(u.id) END
    FROM unit u WHERE u.level = 'community' AND u.id = ANY({_UNITS_BELOW})) END"""

UNIT = Layer(
    key="unit",
    title=N_("Units"),
    table="unit",
    group="territory",
    community=_UNIT_COMMUNITY,
    where="t.geom IS NOT NULL",
    attributes=MappingProxyType(
        {"level": (0, "t.level"), "name": (0, "t.name"), "name_en": (0, "t.name_en")}
    ),
    label_zoom=0,
    selection=((7, "t.level = 'county'"), (11, "t.level <> 'community'")),
    name=_named("t"),
    subtitle=f"coalesce((SELECT {_named('p')} FROM unit p WHERE p.id = t.parent_id), '')",
    search=("t.name", "t.code", "t.name_en"),
    fields=(
        Field(N_("Code"), "t.code"),
        Field(N_("Level"), "t.level", "word"),
        Field(
            N_("Cells"),
            f"(SELECT count(*) FROM cell c WHERE c.community_id = ANY({_UNITS_BELOW}) "
            "AND c.valid @> (SELECT local_date(now())))",
            "count",
        ),
        Field(
            N_("Buildings"),
            f"(SELECT count(*) FROM building b WHERE b.community_id = ANY({_UNITS_BELOW}))",
            "count",
        ),
        Field(N_("Area"), "ST_Area(t.geom::geography)", "area"),
    ),
    order=3,
    click_order=6,
)

CELL = Layer(
    key="cell",
    title=N_("Cells"),
    table="cell",
    group="territory",
    community="t.community_id",
    where=_VALID,
    where_as_of=_VALID_AS_OF,
    min_zoom=12,
    attributes=MappingProxyType({"kind": (0, "t.kind"), "code": (13, "t.code")}),
    label_zoom=13,
    name="t.code",
    subtitle=_COMMUNITY,
    search=("t.code", "t.name"),
    fields=(
        Field(N_("Name"), "t.name"),
        Field(N_("Kind"), "t.kind", "word"),
        Field(N_("Community"), _COMMUNITY),
        Field(N_("Buildings"), _in_cell("count(*)", "building b", "b", "anchor"), "count"),
        Field(N_("Households"), _latest_in_cell("households"), "count"),
        Field(N_("Residents"), _latest_in_cell("residents"), "count"),
        Field(N_("Places"), _in_cell("count(*)", "place p", "p", "geom"), "count"),
        Field(N_("Incidents"), _in_cell("count(*)", "incident i", "i", "geom"), "count"),
        Field(N_("Area"), "t.area_m2", "area"),
        Field(N_("Valid from"), "t.valid_from", "date"),
        Field(N_("Replaced on"), "t.valid_to", "date"),
    ),
    order=4,
    click_order=5,
    click_zoom=13,
)

BUILDING = Layer(
    key="building",
    title=N_("Buildings"),
    table="building",
    group="base",
    anchor="t.anchor",
    community="t.community_id",
    min_zoom=14,
    attributes=MappingProxyType({"kind": (15, "t.kind"), "name": (16, "nullif(t.name, '')")}),
    label_zoom=16,
    subtitle=f"coalesce(nullif(t.address, ''), {_COMMUNITY}, '')",
    search=("t.name", "t.address", "t.external_id"),
    fields=(
        Field(N_("Address"), "t.address"),
        Field(N_("Kind"), "t.kind", "word"),
        Field(N_("Storeys"), "t.storeys", "count"),
        Field(N_("Households"), _latest("households"), "count"),
        Field(N_("Residents"), _latest("residents"), "count"),
        Field(N_("Temporary residents"), _latest("temporary_residents"), "count"),
        Field(N_("Rented homes"), _latest("rented_homes"), "count"),
        Field(N_("Shops"), _latest("shops"), "count"),
        Field(N_("Cell"), _CELL_CODE),
        Field(N_("Community"), _COMMUNITY),
    ),
    order=2,
    click_order=3,
    click_zoom=15,
)

_PLACES_FAR_OUT = "'police_room', 'service_centre', 'hospital'"

PLACE = Layer(
    key="place",
    title=N_("Places"),
    table="place",
    group="territory",
    anchor="t.geom",
    community="t.community_id",
    min_zoom=12,
    attributes=MappingProxyType({"kind": (0, "t.kind"), "name": (14, "nullif(t.name, '')")}),
    selection=(
        (13, f"t.kind IN ({_PLACES_FAR_OUT})"),
        (
            14,
            f"t.kind IN ({_PLACES_FAR_OUT}, 'community_office', 'school', 'market', 'station')",
        ),
    ),
    subtitle=f"coalesce(nullif(t.address, ''), {_COMMUNITY}, '')",
    search=("t.name", "t.address"),
    fields=(
        Field(N_("Kind"), "t.kind", "word"),
        Field(N_("Address"), "t.address"),
        Field(N_("Area"), "t.area_m2", "area"),
        Field(N_("Cell"), _CELL_CODE),
        Field(N_("Community"), _COMMUNITY),
    ),
    order=5,
    click_order=2,
    click_zoom=13,
)

_THROUGH = "'motorway', 'motorway_link', 'trunk', 'trunk_link'"
_MAIN = "'primary', 'primary_link'"
_COLLECTING = "'secondary', 'secondary_link', 'tertiary', 'tertiary_link'"

ROAD = Layer(
    key="road",
    title=N_("Roads"),
    table="road",
    group="base",
    anchor="ST_LineInterpolatePoint(t.geom, 0.5)",
    attributes=MappingProxyType(
        {
            "kind": (0, "t.kind"),
            "bridge": (14, "CASE WHEN t.bridge THEN true END"),
            "name": (13, "nullif(t.name, '')"),
        }
    ),
    selection=(
        (10, f"t.kind IN ({_THROUGH})"),
        (11, f"t.kind IN ({_THROUGH}, {_MAIN})"),
        (12, f"t.kind IN ({_THROUGH}, {_MAIN}, {_COLLECTING})"),
        (14, "t.kind NOT IN ('footway', 'path', 'steps', 'service', 'cycleway', 'track')"),
    ),
    search=("t.name",),
    search_once="t.name",
    fields=(
        Field(N_("Kind"), "t.kind", "word"),
        Field(N_("Length (m)"), "round(ST_Length(t.geom::geography))", "count"),
    ),
    order=1,
    click_order=4,
    click_zoom=15,
)

GROUND = Layer(
    key="ground",
    title=N_("Water and parks"),
    table="ground",
    group="base",
    attributes=MappingProxyType({"kind": (0, "t.kind"), "name": (12, "nullif(t.name, '')")}),
    label_zoom=12,
    selection=((12, "t.kind IN ('water', 'green', 'farmland')"), (14, "t.kind <> 'residential'")),
    smallest=5,
)

HOTSPOT = Layer(
    key="hotspot",
    title=N_("Hotspots"),
    table="hotspot",
    group="territory",
    community="t.community_id",
    min_zoom=8,
    attributes=MappingProxyType({"kind": (0, "t.kind")}),
    name="coalesce(t.place, (SELECT r.name FROM hotspot_run r WHERE r.id = t.run_id))",
    subtitle="(SELECT r.name FROM hotspot_run r WHERE r.id = t.run_id)",
    fields=(
        Field(N_("Analysis"), "(SELECT r.name FROM hotspot_run r WHERE r.id = t.run_id)"),
        Field(N_("First day"), "(SELECT r.first FROM hotspot_run r WHERE r.id = t.run_id)", "date"),
        Field(N_("Last day"), "(SELECT r.last FROM hotspot_run r WHERE r.id = t.run_id)", "date"),
        Field(N_("Incidents"), "t.incidents", "count"),
        Field(N_("Cell"), _CELL_CODE),
        Field(N_("Community"), _COMMUNITY),
    ),
    shown=False,
    order=2,
    click_order=7,
)

PATROL_ROUTE = Layer(
    key="patrol_route",
    title=N_("Patrol routes"),
    table="patrol_route",
    group="territory",
    anchor="ST_LineInterpolatePoint(t.geom, 0.5)",
    community="t.community_id",
    where="t.archived_at IS NULL",
    min_zoom=9,
    attributes=MappingProxyType(
        {"kind": (0, "t.kind"), "colour": (0, "t.colour"), "name": (13, "t.name")}
    ),
    subtitle=f"coalesce((SELECT m.name FROM team m WHERE m.id = t.team_id), {_COMMUNITY}, '')",
    search=("t.name",),
    fields=(
        Field(N_("Kind"), "t.kind", "word"),
        Field(N_("Mode"), "t.mode", "word"),
        Field(N_("Team"), "(SELECT m.name FROM team m WHERE m.id = t.team_id)"),
        Field(N_("Length (m)"), "round(t.length_m::numeric)", "count"),
        Field(N_("Time, min"), "round(((t.moving_s + t.dwell_s) / 60)::numeric)", "count"),
        Field(N_("Stops"), "(SELECT count(*) FROM patrol_stop s WHERE s.route_id = t.id)", "count"),
        Field(N_("Community"), _COMMUNITY),
    ),
    shown=False,
    order=5,
    click_order=3,
    click_zoom=12,
)

INCIDENT = Layer(
    key="incident",
    title=N_("Incidents"),
    table="incident",
    group="incident",
    anchor="t.geom",
    community="t.community_id",
    name=_CATEGORY,
    subtitle=_COMMUNITY,
    fields=(
        Field(N_("Category"), _CATEGORY),
        Field(N_("Time"), "t.occurred_at AT TIME ZONE :zone", "time"),
        Field(N_("Until, where only a span is known"), "t.ended_at AT TIME ZONE :zone", "time"),
        Field(N_("Cell"), _CELL_CODE),
        Field(N_("Community"), _COMMUNITY),
        Field(N_("Source"), "t.source"),
        Field(N_("Number"), "t.external_id"),
    ),
    order=6,
    click_order=1,
    click_zoom=16,
)

#: In the order in which they are drawn; `gridmap.exchange.collections.register` fills it.
LAYERS: list[Layer] = []


def find_layer(key: str) -> Layer:
    """Return the layer of a key.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    for layer in LAYERS:
        if layer.key == key:
            return layer
    raise NotFoundError(
        Message(
            "There is no layer {layer}. There are: {layers}.",
            layer=key,
            layers=", ".join(layer.key for layer in LAYERS),
        )
    )


def find_layers(keys: str) -> tuple[Layer, ...]:
    """Return the layers of keys joined by commas, each once, in the order of the registry."""
    wanted = {find_layer(key).key for key in keys.split(",")}
    return tuple(layer for layer in LAYERS if layer.key in wanted)
