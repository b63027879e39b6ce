"""The SQL of a feature: GeoJSON put together from texts, as fast as PostgreSQL can write them.

`row_to_json` and `ST_AsGeoJSON` of a whole row look up the type of each column anew for every row,
which takes as long as all the rest. Here each column is written by what its type is known to need.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from gridmap.exchange.collections import Column
from gridmap.exchange.systems import CRS84, System

#: Seven decimals of a degree are a centimetre (RFC 7946, 11.2), three of a metre a millimetre.
_DEGREES, _METRES = 7, 3


@lru_cache(maxsize=256)
def feature_sql(
    columns: tuple[Column, ...],
    place: str,
    *,
    point: bool = False,
    system: System = CRS84,
    identified: bool = True,
) -> str:
    """Return the SQL of a feature over ``t`` and the joins of its columns.

    Parameters
    ----------
    columns : tuple of Column
        Its properties.
    place : str
        The SQL of its geometry.
    point : bool
        Whether every geometry is a point.
    system : System
        The coordinates of its geometry.
    identified : bool
        Whether it tells its id.
    """
    head = ["""'{"type":"Feature","id":'""", "t.id::text", """',"geometry":'"""]
    if not identified:
        head = ["""'{"type":"Feature","geometry":'"""]
    digits = _METRES if system.metric else _DEGREES
    shape = f"ST_AsGeoJSON({_shape(place, system, point=point)}, {digits}, 0)"
    parts = [*head, f"coalesce({shape}, 'null')", """',"properties":{'"""]
    for number, column in enumerate(columns):
        parts += _member(f"""{"," if number else ""}"{column.name}":""", column)
    parts.append("'}}'")
    return _joined(parts)


def _joined(parts: Sequence[str]) -> str:
    """Return the SQL that joins texts in pairs, so that few bytes are copied often."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return f"({_joined(parts[:middle])} || {_joined(parts[middle:])})"


def _member(name: str, column: Column) -> list[str]:
    """Return the SQL of a member of the properties, whose value is null where there is none."""
    if column.plain:
        # What stands around the value is joined to it at once: each joining is a copy more.
        return [f"""coalesce('{name}"' || ({column.sql}) || '"', '{name}' || 'null')"""]
    whole = column.type in {"integer", "boolean"}
    value = f"({column.sql})::text" if whole else f"to_json({column.sql})::text"
    return [f"'{name}'", f"coalesce({value}, 'null')"]


def _shape(place: str, system: System, *, point: bool) -> str:
    """Return the geometry in a coordinate system, in the order of its axes."""
    # RFC 7946, 3.1.6: a polygon's outline runs counterclockwise. PostGIS turns lines round with it,
    # which have a direction of their own.
    shape = place
    if not point:
        shape = (
            f"CASE ST_Dimension({place}) WHEN 2 THEN ST_ForcePolygonCCW({place}) ELSE {place} END"
        )
    if system.srid != 4326:
        shape = f"ST_Transform({shape}, {int(system.srid)})"
    return f"ST_FlipCoordinates({shape})" if system.flipped else shape
