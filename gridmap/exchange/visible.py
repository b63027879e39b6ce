"""What a grant lets be seen of a collection: its rows, its columns, and its places.

Every query of the exchange begins with `visible`, so that nobody is told of rows outside the area
or the period of a grant.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from geodata.messages import Message
from gridmap.errors import ParameterError
from gridmap.exchange import privacy
from gridmap.exchange.collections import INCIDENTS, Collection, Column
from gridmap.exchange.grant import Grant
from gridmap.exchange.periods import ALWAYS, Period

#: Bins of the pyramid of incidents that are some 500 m wide.
_LEVEL = 16
_CORNERS = """
    SELECT ST_Transform(ST_TileEnvelope(:level, x, y), 4326) FROM (
        SELECT unnest(ARRAY[min(x), max(x)]) AS x, unnest(ARRAY[min(y), max(y)]) AS y
        FROM incident_bin WHERE level = :level AND category_id = 0 AND upto[12] > 0
    ) corner WHERE x IS NOT NULL
"""


def visible(
    collection: Collection, grant: Grant, times: Period | None = None
) -> tuple[list[str], dict[str, Any]]:
    """Return the conditions, over ``t``, that keep a query within a grant.

    Parameters
    ----------
    collection : Collection
    grant : Grant
    times : Period or None
        The moments asked for; None for what is valid today.

    Returns
    -------
    conditions : list of str
    params : dict
    """
    grant.of(collection)
    conditions: list[str] = []
    params: dict[str, Any] = privacy.params(grant)
    if collection.unit is not None:
        if grant.units is not None:
            conditions.append(f"{collection.unit} = ANY(:units)")
            params["units"] = sorted(grant.units)
    elif collection.community is not None and grant.scope.communities is not None:
        conditions.append(grant.scope.condition(collection.community))
        params |= grant.scope.params
    if collection.where is not None:
        conditions.append(collection.where)
    if collection.time is not None:
        for name, span in (("granted", Period(grant.first, grant.last)), ("asked", times)):
            if span is not None and span != ALWAYS:
                condition, values = span.condition(collection.time, name)
                conditions.append(condition)
                params |= values
    if collection.within is not None and (grant.first or grant.last):
        conditions.append(collection.within)
        params |= {
            "granted_first": grant.first or date.min,
            "granted_last": grant.last or date.max,
        }
    if collection.days is not None:
        _valid(collection.days, times, conditions, params)
    return conditions, params


def _valid(days: str, times: Period | None, conditions: list[str], params: dict[str, Any]) -> None:
    """Choose what is valid today, or on some of the days asked for."""
    if times == ALWAYS:
        return
    # IS TRUE keeps the planner from an index on days, of which nearly every row is a hit.
    if times is None:
        conditions.append(f"({days} @> (SELECT local_date(now()))) IS TRUE")
        return
    span, values = times.days("valid")
    conditions.append(f"({days} && {span}) IS TRUE")
    params |= values


def queryables(collection: Collection, grant: Grant) -> dict[str, Column]:
    """Return the columns that may be tested and sorted by.

    A count that small numbers are kept back of could be found out by asking for ever closer
    bounds, so that it is none of them.
    """
    return {
        column.name: column
        for column in privacy.published(collection, grant).columns
        if column.testable and not (column.count and grant.smallest_count)
    }


def check_times(collection: Collection, grant: Grant, times: Period | None) -> None:
    """Refuse to choose by a time that is not told: it could be found by asking often.

    Raises
    ------
    ParameterError
    """
    told = {column.sql for column in privacy.published(collection, grant).columns}
    if times not in (None, ALWAYS) and collection.time and collection.time not in told:
        raise ParameterError(
            "datetime",
            Message("The times of {collection} are not told.", collection=collection.key),
        )


def geometry_of(collection: Collection, grant: Grant) -> str:
    """Return the SQL, over ``t``, of the geometry that is told, tested and drawn."""
    return privacy.published_geometry(collection, grant.of(collection).snap)


def extent(connection: Connection, grant: Grant) -> Mapping[str, Any]:
    """Return the box of the units that a reader may be given, in degrees.

    It is told of every collection instead of its features' own box, by which a reader of few
    features could locate one. Who is given every incident is told of those beyond all units too.
    """
    condition = "true" if grant.units is None else "t.id = ANY(:units)"
    params: dict[str, Any] = {} if grant.units is None else {"units": sorted(grant.units)}
    places = f"SELECT geom FROM unit t WHERE {condition}"
    if _sees_every_incident(grant):
        places += f" UNION ALL {_CORNERS}"
        params["level"] = _LEVEL
    box = connection.execute(
        text(
            "SELECT ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b) "
            f"FROM (SELECT ST_Extent(geom) b FROM ({places}) p) e"
        ),
        params,
    ).one()
    return {} if box[0] is None else {"bbox": [list(box)]}


def _sees_every_incident(grant: Grant) -> bool:
    layer = grant.layers.get(INCIDENTS.key)
    always = grant.first is None and grant.last is None
    return grant.units is None and always and layer is not None and layer.snap == "exact"
