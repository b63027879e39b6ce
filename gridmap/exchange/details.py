"""What lies at a point, and what is known of a feature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, TextClause, text

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.exchange.filters import IncidentFilter
from gridmap.exchange.incident_tiles import choose_rows
from gridmap.exchange.layer import Field, Layer
from gridmap.territory.scope import EVERYTHING, Scope

#: How many features of one layer a click names.
MOST = 5


@dataclass(frozen=True)
class Hit:
    """A feature under a click."""

    layer: str
    id: int
    name: str
    subtitle: str


@dataclass(frozen=True)
class Details:
    """What is known of a feature; `geometry` is a GeoJSON geometry as text."""

    layer: str
    id: int
    name: str
    subtitle: str
    fields: list[tuple[Field, str | float]]
    geometry: str


def identify(
    connection: Connection,
    layers: Sequence[Layer],
    lon: float,
    lat: float,
    zoom: float,
    choice: IncidentFilter,
    scope: Scope = EVERYTHING,
    pixels: float = 8,
    as_of: date | None = None,
    *,
    english: bool = False,
) -> list[Hit]:
    """Name the features at a point of the map, the smallest first.

    Parameters
    ----------
    connection : Connection
        Only read.
    layers : sequence of Layer
        The layers that are shown.
    lon, lat : float
        Degrees, WGS 84.
    zoom : float
        The map's zoom, in tiles of 256 pixels.
    choice : IncidentFilter
        The incidents that are shown.
    scope : Scope
        What the reader may see.
    pixels : float
        How far from a point or line a click may be.
    as_of : datetime.date, optional
        The day whose cells are shown; without it those of today.
    english : bool
        Whether names are wanted in English where there are such.
    """
    values: dict[str, Any] = {
        "lon": lon,
        "lat": lat,
        "reach": 360 / (256 * 2**zoom) * pixels,
        "most": MOST,
        "as_of": as_of,
        "english": english,
    } | scope.params
    hits: list[Hit] = []
    for layer in sorted(layers, key=lambda layer: layer.click_order):
        # Tile zoom is one less than the map's, for tiles are drawn twice as wide.
        if not layer.fields or int(zoom + 0.5) - 1 < max(layer.min_zoom, layer.click_zoom):
            continue
        chosen = "true"
        if layer.group == "incident":
            chosen, days = choose_rows(connection, choice)
            values |= days
        rows = connection.execute(_at_point(layer, scope, chosen, as_of is not None), values)
        hits += [Hit(layer.key, *row) for row in rows]
    return hits


@lru_cache(maxsize=256)
def _at_point(layer: Layer, scope: Scope, chosen: str, past: bool) -> TextClause:
    order = "ST_Distance(t.geom, place.point), ST_Area(t.geom), t.id DESC"
    return text(f"""
        SELECT t.id, coalesce({layer.name}, ''), coalesce({layer.subtitle}, '')
        FROM {layer.table} t,
             (SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) AS point) AS place
        WHERE ST_DWithin({layer.geometry}, place.point,
                         CASE WHEN ST_Dimension({layer.geometry}) = 2 THEN 0 ELSE :reach END)
          AND t.geom && ST_Expand(ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), :reach)
          AND {layer.rows(past)} AND {scope.condition(layer.community)} AND {chosen}
        ORDER BY {order} LIMIT :most""")


def describe(
    connection: Connection,
    layer: Layer,
    feature: int,
    scope: Scope = EVERYTHING,
    *,
    english: bool = False,
) -> Details:
    """Return what is known of a feature, with English names where they are wanted.

    Raises
    ------
    NotFoundError
        If there is no such feature, or not for this reader.
    """
    row = connection.execute(
        _one(layer, scope),
        {"id": feature, "zone": _zone(connection), "english": english} | scope.params,
    ).one_or_none()
    if row is None:
        raise NotFoundError(
            Message("{layer} {id} does not exist.", layer=Message(layer.title), id=feature)
        )
    name, subtitle, geometry, *facts = row
    fields = [
        (field, _plain(fact))
        for field, fact in zip(layer.fields, facts, strict=True)
        if fact not in (None, "")
    ]
    return Details(layer.key, feature, name, subtitle, fields, geometry)


@lru_cache(maxsize=64)
def _one(layer: Layer, scope: Scope) -> TextClause:
    facts = "".join(f", {field.sql}" for field in layer.fields)
    return text(f"""
        SELECT coalesce({layer.name}, ''), coalesce({layer.subtitle}, ''),
               ST_AsGeoJSON(t.geom, 6){facts}
        FROM {layer.table} t
        WHERE t.id = :id AND {scope.condition(layer.community)}
          AND CAST(:zone AS text) IS NOT NULL""")


def _zone(connection: Connection) -> str:
    return str(connection.execute(text("SELECT time_zone FROM territory_settings")).scalar_one())


def _plain(fact: Any) -> str | float:
    if isinstance(fact, datetime):
        return fact.isoformat(sep=" ", timespec="minutes")
    if isinstance(fact, date):
        return fact.isoformat()
    if isinstance(fact, (Decimal, int, float)):
        return float(fact)
    return str(fact)
