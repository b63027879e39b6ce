"""Reading filters in CQL2 (OGC 21-065r2), text or JSON, and looking at the parts of their trees.

The library cql2 parses both encodings to one tree, which `gridmap.exchange.cql` turns into SQL.
"""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from typing import Any

import cql2
import shapely

from geodata.messages import Message
from gridmap.errors import ParameterError

#: Longer filters and deeper trees are refused before they are looked at.
MOST_CHARACTERS = 10_000
#: Each further parenthesis that is open doubles what the parser tries, and each NOT likewise.
DEEPEST, MOST_NOTS = 10, 20
_SHAPES = {"Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"}


class FilterError(ParameterError):
    """A filter that cannot be understood, or asks for what the reader may not test."""

    def __init__(self, message: Message) -> None:
        super().__init__("filter", message)


@lru_cache(maxsize=256)
def parse(text: str, language: str) -> Any:
    """Return the tree of a filter, which who reads it leaves as it is.

    Parameters
    ----------
    text : str
    language : {"cql2-text", "cql2-json"}

    Raises
    ------
    FilterError
        If it is no such filter; the message points at the place.
    """
    if len(text) > MOST_CHARACTERS:
        raise FilterError(
            Message("filter is longer than {most} characters.", most=f"{MOST_CHARACTERS:,}")
        )
    read = cql2.parse_json
    if language == "cql2-text":
        _check_nesting(text)
        read = cql2.parse_text
    try:
        return read(text).to_json()
    # Beside its own errors the library raises plain ones, as for POINT EMPTY.
    except Exception as error:
        where = " ".join(line.strip() for line in str(error).splitlines() if line.strip())
        raise FilterError(
            Message("filter cannot be read as {language}: {where}", language=language, where=where)
        ) from None


def _check_nesting(text: str) -> None:
    """Refuse a text on which the parser would take long or run out of its stack."""
    plain = re.sub(r"'(?:[^']|'')*'|\"[^\"]*\"", "", text)
    depth = deepest = 0
    for sign in re.findall(r"[()]", plain):
        depth += 1 if sign == "(" else -1
        deepest = max(deepest, depth)
        if depth < 0:
            break
    if depth != 0:
        raise FilterError(Message("filter: a parenthesis is missing."))
    if deepest > DEEPEST or len(re.findall(r"(?i)\bnot\b", plain)) > MOST_NOTS:
        raise FilterError(Message("filter is nested more than {most} deep.", most=DEEPEST))


def given_geometry(node: Any) -> str:
    """Return a geometry that a filter gives as GeoJSON, such as PostGIS can test.

    Raises
    ------
    FilterError
        If it is none, is empty, crosses itself or has no end.
    """
    if isinstance(node, dict) and "bbox" in node:
        node = _box(node["bbox"])
    text = json.dumps(node)
    shape = None
    if isinstance(node, dict) and node.get("type") in _SHAPES:
        try:
            shape = shapely.from_geojson(text)
        except shapely.errors.GEOSException:
            shape = None
    if (
        shape is None
        or shape.is_empty
        or not shape.is_valid
        or not all(map(math.isfinite, shape.bounds))
    ):
        raise FilterError(Message("filter: {value} is no geometry.", value=text[:100]))
    return text


def _box(corners: Any) -> dict[str, Any]:
    if not (
        isinstance(corners, list)
        and len(corners) in {4, 6}
        and all(isinstance(one, int | float) for one in corners)
    ):
        raise FilterError(Message("filter: BBOX takes four numbers."))
    half = len(corners) // 2
    west, south, east, north = corners[0], corners[1], corners[half], corners[half + 1]
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def call(node: Any) -> tuple[str, list[Any]]:
    """Return the operator or function of a part, and its arguments.

    Raises
    ------
    FilterError
        If the part is neither.
    """
    if (
        isinstance(node, dict)
        and isinstance(node.get("op"), str)
        and isinstance(node.get("args"), list)
    ):
        return node["op"], node["args"]
    raise FilterError(Message("filter: {value} cannot stand here.", value=json.dumps(node)[:100]))


def only(op: str, args: list[Any], count: int) -> list[Any]:
    """Return arguments of which there must be so many.

    Raises
    ------
    FilterError
        If there are more or fewer.
    """
    if len(args) != count:
        raise FilterError(Message("filter: {name} takes {count} arguments.", name=op, count=count))
    return args


def is_value(node: Any) -> bool:
    """Tell whether a part is a value, and neither a property nor reckoned of some."""
    return not isinstance(node, dict) or "timestamp" in node or "date" in node


def unfit(node: Any, kind: str) -> FilterError:
    """Return the fault of a part whose type is not the one that is needed."""
    return FilterError(
        Message(
            "filter: {value} is compared with a value of type {type}.",
            value=json.dumps(node, ensure_ascii=False)[:100],
            type=kind,
        )
    )
