"""Vector tiles, made in PostGIS and passed on as bytes (Mapbox Vector Tile 2.1).

A tile is drawn 512 pixels wide, so that the map at zoom 15 asks for tiles of zoom 14.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, TextClause, text

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.exchange.filters import IncidentFilter
from gridmap.exchange.incident_tiles import incident_tile
from gridmap.exchange.layer import Layer
from gridmap.territory.scope import EVERYTHING, Scope

#: From this zoom on tiles hold every detail; the map enlarges them for closer looks.
MAX_ZOOM = 16
EXTENT = 4096
#: Outlines reach this far out of the tile, so that no stroke is seen along its edge.
BUFFER = 64


@dataclass(frozen=True)
class Tile:
    """A tile of the web map's grid: zoom, column from the west, row from the north.

    Raises
    ------
    NotFoundError
        If there is no such tile.
    """

    z: int
    x: int
    y: int

    def __post_init__(self) -> None:
        if not (
            0 <= self.z <= MAX_ZOOM and 0 <= self.x < 1 << self.z and 0 <= self.y < 1 << self.z
        ):
            raise NotFoundError(
                Message(
                    "There is no tile {z}/{x}/{y}: zooms go from 0 to {max_zoom}, columns and "
                    "rows from 0 to 2 to the power of the zoom, less 1.",
                    z=self.z,
                    x=self.x,
                    y=self.y,
                    max_zoom=MAX_ZOOM,
                )
            )

    def bounds(self, margin: float = 0.0) -> dict[str, float]:
        """Return west, south, east and north in degrees.

        Parameters
        ----------
        margin : float
            How much to widen it on each side, as a share of its width.
        """
        tiles = 1 << self.z
        return {
            "west": (self.x - margin) / tiles * 360 - 180,
            "east": (self.x + 1 + margin) / tiles * 360 - 180,
            "north": _latitude((self.y - margin) / tiles),
            "south": _latitude((self.y + 1 + margin) / tiles),
        }


def make_tile(
    connection: Connection,
    layers: Sequence[Layer],
    tile: Tile,
    choice: IncidentFilter,
    scope: Scope = EVERYTHING,
    as_of: date | None = None,
) -> bytes:
    """Make a tile with some layers; one without features is empty.

    Parameters
    ----------
    connection : Connection
        Only read.
    layers : sequence of Layer
        What the tile holds, in drawing order.
    tile : Tile
        Which one.
    choice : IncidentFilter
        Which incidents are shown.
    scope : Scope
        What the reader may see.
    as_of : datetime.date, optional
        The day whose cells are drawn; without it those of today.
    """
    plain = tuple(layer for layer in layers if layer.group != "incident")
    content = b""
    if (statement := _statement(plain, tile.z, scope, as_of is not None)) is not None:
        values: dict[str, Any] = tile.bounds(BUFFER / EXTENT) | scope.params
        values |= {"as_of": as_of}
        values |= {"z": tile.z, "x": tile.x, "y": tile.y}
        # Half a pixel of the drawn tile, in degrees.
        values["tolerance"] = 360 / (1 << tile.z) / 1024
        content += bytes(connection.execute(statement, values).scalar_one())
    if len(plain) < len(layers):
        content += incident_tile(connection, tile.z, tile.x, tile.y, choice, scope)
    return content


@lru_cache(maxsize=512)
def _statement(layers: tuple[Layer, ...], zoom: int, scope: Scope, past: bool) -> TextClause | None:
    """Compose one statement for all layers that are drawn at a zoom."""
    parts = []
    for layer in layers:
        if zoom < layer.min_zoom:
            continue
        parts.append(_features(layer, zoom, _conditions(layer, zoom, scope, past)))
        if layer.label_zoom is not None and zoom >= layer.label_zoom:
            parts.append(_labels(layer, zoom, _conditions(layer, zoom, scope, past)))
    if not parts:
        return None
    return text("SELECT " + " || ".join(f"({part})" for part in parts))


def _features(layer: Layer, zoom: int, conditions: str) -> str:
    simplified = layer.geometry if zoom >= 15 else f"ST_Simplify({layer.geometry}, :tolerance)"
    return f"""
        SELECT coalesce(ST_AsMVT(f, '{layer.key}', {EXTENT}, 'mvt_geom', 'id'), '') FROM (
            SELECT t.id, {_attributes(layer, zoom)} ST_AsMVTGeom(
                ST_Transform({simplified}, 3857), ST_TileEnvelope(:z, :x, :y), {EXTENT}, {BUFFER}
            ) AS mvt_geom
            FROM {layer.table} t WHERE {conditions}
            AND {layer.geometry} && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
        ) f"""


def _labels(layer: Layer, zoom: int, conditions: str) -> str:
    """Select the points where labels stand, each in the one tile it lies in."""
    return f"""
        SELECT coalesce(ST_AsMVT(f, '{layer.key}_label', {EXTENT}, 'mvt_geom', 'id'), '') FROM (
            SELECT t.id, {_attributes(layer, zoom)} ST_AsMVTGeom(
                ST_Transform({layer.anchor}, 3857), ST_TileEnvelope(:z, :x, :y), {EXTENT}, 0
            ) AS mvt_geom
            FROM {layer.table} t WHERE {conditions}
            AND {layer.geometry} && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
        ) f"""


def _attributes(layer: Layer, zoom: int) -> str:
    return "".join(
        f"{sql} AS {name}, " for name, (first, sql) in layer.attributes.items() if zoom >= first
    )


def _conditions(layer: Layer, zoom: int, scope: Scope, past: bool) -> str:
    conditions = [layer.rows(past), scope.condition(layer.community), thinned(layer, zoom)]
    return " AND ".join(f"({condition})" for condition in conditions if condition != "true") or (
        "true"
    )


def thinned(layer: Layer, zoom: int) -> str:
    """Return the condition for the rows that are worth drawing at a zoom, over ``:tolerance``."""
    # The first rule that still holds at this zoom is the strictest.
    conditions = [rule for below, rule in layer.selection if zoom < below][:1]
    if layer.smallest and zoom < 14:
        # The tolerance is half a pixel.
        size, box = f"{2 * layer.smallest} * :tolerance", layer.geometry
        conditions.append(
            f"ST_XMax({box}) - ST_XMin({box}) > {size} OR ST_YMax({box}) - ST_YMin({box}) > {size}"
        )
    return " AND ".join(f"({condition})" for condition in conditions) or "true"


def _latitude(share: float) -> float:
    """Return the latitude of a height on the web map, measured from its top (0) to bottom (1)."""
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * share))))
