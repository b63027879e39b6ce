"""What a layer of the map is: its tiles, details and search; the layers are in `layers`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

#: What a field shows, so that a page can write it in its own way.
FieldKind = Literal["text", "count", "area", "date", "time", "word"]


@dataclass(frozen=True)
class Field:
    """One line of a feature's details."""

    label: str
    sql: str
    kind: FieldKind = "text"


@dataclass(frozen=True, eq=False)
class Layer:
    """A kind of feature people can see, click and find.

    Parameters
    ----------
    key : str
        Its name in addresses and tiles.
    title : str
        Its name for people, an English template.
    table : str
        The table, whose alias is ``t``.
    group : {"base", "territory", "incident"}
        Which layers a map asks for in one request.
    geometry : str
        The geometry drawn and clicked.
    anchor : str
        The point where its label stands.
    community : str or None
        The expression that tells the community, for the reader's scope; None is public.
    min_zoom : int
        The first tile zoom that has it; a tile is drawn 512 pixels wide.
    attributes : mapping
        What tiles carry: name to (first tile zoom, SQL).
    label_zoom : int or None
        The first tile zoom with points for labels, for layers of polygons.
    selection : tuple of (int, str)
        Below a tile zoom only rows that meet the condition are drawn.
    smallest : float
        Below tile zoom 14 what is neither wider nor higher than so many pixels is left out.
    where : str
        A condition for all rows.
    name, subtitle : str
        What it is called and where it belongs.
    search : tuple of str
        The texts a search looks in; the first is its name or code.
    fields : tuple of Field
        Its details.
    """

    key: str
    title: str
    table: str
    group: Literal["base", "territory", "incident"]
    geometry: str = "t.geom"
    anchor: str = "ST_PointOnSurface(t.geom)"
    community: str | None = None
    min_zoom: int = 0
    attributes: Mapping[str, tuple[int, str]] = field(default_factory=lambda: MappingProxyType({}))
    label_zoom: int | None = None
    selection: tuple[tuple[int, str], ...] = ()
    smallest: float = 0
    where: str = "true"
    # The condition instead, where rows of a day `:as_of` are wanted; empty if days do not matter.
    where_as_of: str = ""
    name: str = "t.name"
    subtitle: str = "''"
    search: tuple[str, ...] = ()
    # Rows that make one thing to a person, such as the stretches of one road, are found once.
    search_once: str = "t.id"
    fields: tuple[Field, ...] = ()
    shown: bool = True
    # What is drawn later lies on top.
    order: int = 0
    # A click finds the smallest thing first.
    click_order: int = 0
    click_zoom: int = 0

    def rows(self, past: bool) -> str:
        """Return the condition for the rows of today, or of a ``past`` day ``:as_of``."""
        return (past and self.where_as_of) or self.where
