"""Find features by name or code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, TextClause, text

from gridmap.exchange.layer import Layer
from gridmap.exchange.layers import LAYERS
from gridmap.territory.scope import EVERYTHING, Scope

PAGE = 12
#: So many rows of a layer are ranked, those that begin with the text and as many that hold it.
#: Only such texts have more as say little, like 1号.
MOST = 1000


@dataclass(frozen=True)
class Found:
    """A feature that matches: what it is, its name, and where."""

    layer: str
    id: int
    name: str
    subtitle: str
    bounds: list[float]


def search(
    connection: Connection,
    wanted: str,
    offset: int = 0,
    scope: Scope = EVERYTHING,
    *,
    layers: frozenset[str] | None = None,
    english: bool = False,
) -> tuple[list[Found], bool]:
    """Find features whose name, code or address holds a text, the best matches first.

    Equal names come before those that begin with the text, those that end with it (the last
    digits of a code) and those that merely hold it; short ones before long ones.

    Parameters
    ----------
    connection : Connection
        Only read.
    wanted : str
        What a person typed; several words must all occur.
    offset : int
        How many matches to leave out, for the next page.
    scope : Scope
        What the reader may see.
    layers : frozenset of str, optional
        Keys of the layers to look in; by default all.
    english : bool
        Whether names are wanted in English where there are such.

    Returns
    -------
    tuple
        Up to `PAGE` features with bounds as west, south, east, north in degrees, and whether
        there are more.
    """
    words = wanted.lower().split()[:5]
    if not words or layers == frozenset():
        return [], False
    whole = " ".join(words)
    values: dict[str, Any] = {
        "whole": whole,
        "begins": f"{_literal(whole)}%",
        "ends": f"%{_literal(whole)}",
        "words": [f"%{_literal(word)}%" for word in words],
        "grams": sorted({gram for word in words for gram in _grams(word)}),
        "limit": PAGE + 1,
        "offset": offset,
        # The database stops reading a layer once it has enough for this page.
        "enough": PAGE + 1 + offset,
        "most": max(MOST, PAGE + 1 + offset),
        "english": english,
    }
    rows = connection.execute(_statement(scope, layers), values | scope.params)
    found = [Found(*row) for row in rows]
    return found[:PAGE], len(found) > PAGE


@lru_cache(maxsize=16)
def _statement(scope: Scope, layers: frozenset[str] | None) -> TextClause:
    searched = [
        layer for layer in LAYERS if layer.search and (layers is None or layer.key in layers)
    ]
    parts = " UNION ALL ".join(f"({_matches(layer, scope)})" for layer in _ordered(searched))
    return text(f"""
        SELECT layer, id, shown, subtitle,
               ARRAY[ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box)]
        FROM ({parts}) AS found
        ORDER BY match, length(name), layer_order, name, id LIMIT :limit OFFSET :offset""")


def _matches(layer: Layer, scope: Scope) -> str:
    title = layer.search[0]
    match = f"""CASE
        WHEN {" OR ".join(f"lower({column}) = :whole" for column in layer.search)} THEN 0
        WHEN {" OR ".join(f"lower({column}) LIKE :begins" for column in layer.search)} THEN 1
        WHEN lower({title}) LIKE :ends THEN 2 ELSE 3 END"""
    row = f"SELECT t.id, {title} AS name, {match} AS match, {layer.search_once} AS once"
    rows = f"{row} FROM {layer.table} t WHERE {layer.where} AND {scope.condition(layer.community)}"
    holds = f"lower(concat_ws(E'\\n', {', '.join(layer.search)})) LIKE ALL (:words)"
    return f"""
        SELECT '{layer.key}' AS layer, {_order(layer)} AS layer_order, q.id, q.name, q.match,
               {layer.name} AS shown,
               {layer.subtitle} AS subtitle, Box2D({layer.geometry}) AS box
        FROM (
            SELECT DISTINCT ON (match, length(name), name, once) id, name, match
            FROM (
                ({rows} AND lower({title}) LIKE :begins
                 ORDER BY lower({title}) USING ~<~ LIMIT :most)
                UNION ALL
                ({rows} AND search_grams({", ".join(layer.search)}) @> :grams AND {holds}
                 LIMIT :most)
            ) AS matching
            WHERE name <> '' ORDER BY match, length(name), name, once LIMIT :enough
        ) AS q JOIN {layer.table} t ON t.id = q.id"""


def _ordered(layers: Sequence[Layer]) -> list[Layer]:
    return sorted(layers, key=_order)


def _order(layer: Layer) -> int:
    """Areas come before what stands in them, among equally good matches."""
    return -layer.click_order


def _grams(word: str) -> list[str]:
    """Return the pairs of neighbours, or the only character, as `search_grams` of migration 6."""
    return [word[i : i + 2] for i in range(len(word) - 1)] or [word]


def _literal(word: str) -> str:
    for special in ("\\", "%", "_"):
        word = word.replace(special, "\\" + special)
    return word
