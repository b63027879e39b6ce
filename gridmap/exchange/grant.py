"""What one reader may be given: layers, fields, area, period and how exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Literal

from geodata.messages import Message
from gridmap.errors import ForbiddenError, NotFoundError
from gridmap.exchange.collections import COLLECTIONS, Collection, Column
from gridmap.territory.scope import EVERYTHING, Scope
from gridmap.workforce.rights import Action, Actor

#: Where a point is told: as it is, in the middle of its cell, or on the nearest street.
Snap = Literal["exact", "cell", "street"]


@dataclass(frozen=True)
class LayerGrant:
    """What of one layer.

    Attributes
    ----------
    fields : frozenset of str or None
        The columns; None stands for all that are not guarded.
    write : bool
        Whether its features may also be added, changed and deleted.
    snap : {"exact", "cell", "street"}
        How exactly points are told.
    """

    fields: frozenset[str] | None = None
    write: bool = False
    snap: Snap = "exact"

    def columns(self, collection: Collection) -> tuple[Column, ...]:
        """Return the columns of a collection that are granted, in its order."""
        return tuple(
            column
            for column in collection.columns
            if (not column.guarded if self.fields is None else column.name in self.fields)
        )


@dataclass(frozen=True)
class Grant:
    """What a key or a signed-in person may be given; every query of the exchange is given it.

    Attributes
    ----------
    name : str
        What logs call the reader.
    layers : mapping of str to LayerGrant
        By key of the collection; others do not exist for the reader.
    scope : Scope
        The communities.
    units : frozenset of int or None
        The areas and all units below them; None stands for all.
    first, last : date or None
        The local days of incidents, both included.
    smallest_count : int
        Counts of people and homes below it are not told; 0 tells all.
    key_id : int or None
        The key, None for a person.
    source : str
        What its own rows name as their source.
    """

    name: str
    layers: Mapping[str, LayerGrant] = field(default_factory=lambda: MappingProxyType({}))
    scope: Scope = EVERYTHING
    units: frozenset[int] | None = None
    first: date | None = None
    last: date | None = None
    smallest_count: int = 0
    key_id: int | None = None
    source: str = ""

    def collections(self) -> tuple[Collection, ...]:
        """Return the collections that exist for the reader."""
        return tuple(one for key, one in COLLECTIONS.items() if key in self.layers)

    def find(self, key: str) -> Collection:
        """Return the collection of a key.

        Raises
        ------
        NotFoundError
            If there is none, or nothing of it is granted: the reader is told the same.
        """
        if key not in self.layers or key not in COLLECTIONS:
            raise self._unknown(key)
        return COLLECTIONS[key]

    def of(self, collection: Collection) -> LayerGrant:
        """Return what is granted of a collection.

        Raises
        ------
        NotFoundError
            If nothing is, as if there were no such collection.
        """
        found = self.layers.get(collection.key)
        if found is None:
            raise self._unknown(collection.key)
        return found

    def _unknown(self, key: str) -> NotFoundError:
        return NotFoundError(
            Message(
                "There is no collection {collection}. There are: {collections}.",
                collection=key,
                collections=", ".join(one.key for one in self.collections()) or "-",
            )
        )

    def require_write(self, collection: Collection) -> None:
        """Refuse a write that is not granted.

        Raises
        ------
        NotFoundError
            If the collection does not exist for the reader.
        ForbiddenError
            If it may only be read.
        """
        if not self.of(collection).write:
            raise ForbiddenError(Message("This key may only read {layer}.", layer=collection.key))


def of_actor(actor: Actor) -> Grant:
    """Return what a signed-in person may be given: all but guarded fields, within the area."""
    if not actor.may(Action.EXPORT):
        return Grant(actor.name)
    every = {key: LayerGrant() for key in COLLECTIONS}
    return Grant(actor.name, MappingProxyType(every), actor.scope, actor.units)
