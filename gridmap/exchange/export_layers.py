"""Which layers can be exported, and which of their rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.exchange.collections import COLLECTIONS, Collection, Column


@dataclass(frozen=True)
class Exported:
    """How a layer is read: the fields of its canonical frame and, where it has them, its links.

    Attributes
    ----------
    fields, tables, order : str
        SQL; the layer's own table is ``t``.
    community : str, optional
        SQL of the id of the unit that a row belongs to.
    shape : str, optional
        The type of geometry, ``Unknown`` for several types; None without any.
    columns : tuple of Column
        The fields, where there is a geometry.
    """

    fields: str
    tables: str
    community: str | None = None
    order: str = "t.id"
    shape: str | None = "Unknown"
    columns: tuple[Column, ...] = ()


def _of_collection(one: Collection) -> Exported:
    """Return how a collection is read: every column but those that tell of a person."""
    columns = tuple(column for column in one.columns if not column.guarded)
    return Exported(
        ", ".join(f"{column.sql} AS {column.name}" for column in columns),
        f"{one.table} t {one.joined(columns)}",
        one.unit or one.community,
        "t.code, t.id" if "code" in one.by_name else "t.id",
        one.shape,
        columns,
    )


LAYERS = {
    **{key: _of_collection(one) for key, one in COLLECTIONS.items()},
    "building_counts": Exported(
        "b.external_id, t.month, t.households, t.residents, t.temporary_residents, "
        "t.rented_homes, t.shops",
        "building_count t JOIN building b ON b.id = t.building_id",
        "b.community_id",
        "t.building_id, t.month",
        shape=None,
    ),
    "categories": Exported(
        "t.code, parent.code AS parent_code, t.name, t.name_en",
        "category t LEFT JOIN category parent ON parent.id = t.parent_id",
        order="t.code",
        shape=None,
    ),
}


@dataclass(frozen=True)
class Choice:
    """Which rows are wanted.

    Attributes
    ----------
    community : str, optional
        The first digits of codes of communities: a community, a town or a county.
    first, last : date, optional
        Local days of incidents, both included.
    level : str, optional
        The level of units.
    """

    community: str | None = None
    first: date | None = None
    last: date | None = None
    level: str | None = None


EVERY_ROW = Choice()


def query_of(layer: str, choice: Choice, fields: str) -> tuple[str, dict[str, Any]]:
    """Return the statement and its parameters; only those ever hold what a person gave.

    Parameters
    ----------
    layer : str
        A key of `LAYERS`.
    choice : Choice
    fields : str
        The SQL of what is read of each row.

    Raises
    ------
    GridmapError
        If the layer knows no such choice.
    """
    source = LAYERS[layer]
    conditions, params = ["true"], dict[str, Any]()
    if choice.community is not None:
        if source.community is None:
            raise GridmapError(Message("{layer} belong to no community", layer=layer))
        conditions.append(
            f"{source.community} IN (SELECT id FROM unit WHERE starts_with(code, :community))"
        )
        params["community"] = choice.community
    if choice.first or choice.last:
        if layer != "incidents":
            raise GridmapError(Message("only incidents have a time, not {layer}", layer=layer))
        zone = "(SELECT time_zone FROM territory_settings)"
        if choice.first:
            conditions.append(f"t.occurred_at >= CAST(:first AS timestamp) AT TIME ZONE {zone}")
            params["first"] = choice.first
        if choice.last:
            conditions.append(f"t.occurred_at < CAST(:after AS timestamp) AT TIME ZONE {zone}")
            params["after"] = choice.last + timedelta(days=1)
    if choice.level:
        if layer != "units":
            raise GridmapError(Message("only units have a level, not {layer}", layer=layer))
        conditions.append("t.level = :level")
        params["level"] = choice.level
    where = " AND ".join(conditions)
    statement = f"SELECT {fields} FROM {source.tables} WHERE {where} ORDER BY {source.order}"
    return statement, params
