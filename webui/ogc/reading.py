"""What a request for features asks, read strictly: each fault names its parameter."""

from __future__ import annotations

import math
import re
from collections.abc import Collection as Names
from collections.abc import Mapping
from functools import partial

from werkzeug.datastructures import MultiDict

from geodata.messages import Message
from gridmap.errors import ParameterError
from gridmap.exchange import cql
from gridmap.exchange.collections import Collection, Column
from gridmap.exchange.cql_reading import parse
from gridmap.exchange.cursors import Sort
from gridmap.exchange.features import MOST, USUAL, Box, Query
from gridmap.exchange.grant import Grant
from gridmap.exchange.periods import Period, read_end, read_period
from gridmap.exchange.privacy import nearby, published
from gridmap.exchange.systems import CRS84, System, find_system, to_wgs84
from gridmap.exchange.visible import check_times, geometry_of, queryables
from gridmap.i18n import LANGUAGES

#: What every address takes: the form of the answer, its language, and a key for tools that can
#: send it in no other way.
COMMON = ("f", "lang", "key")
#: What a list of features takes besides the names of properties.
LIST = (
    "limit", "cursor", "bbox", "bbox-crs", "datetime", "crs", "properties", "sortby",
    "filter", "filter-lang", "filter-crs",
)  # fmt: skip
_LANGUAGES = ("cql2-text", "cql2-json")
_LONGEST = 4_000
_NUMBERS = re.compile(r"[\d.eE+\-, ]+", re.ASCII)


def refuse_unknown(given: MultiDict[str, str], *known: str) -> None:
    """Refuse parameters that mean nothing here or come twice, and other languages (Part 1, Req 9).

    Raises
    ------
    ParameterError
        Naming the first of them.
    """
    for name in given:
        if name not in known and name not in COMMON:
            raise ParameterError(
                name,
                Message(
                    "There is no parameter {parameter} here. There are: {names}.",
                    parameter=name[:60],
                    names=", ".join([*known, *COMMON]),
                ),
            )
        if len(given.getlist(name)) > 1:
            raise ParameterError(name, Message("{parameter} is given twice.", parameter=name))
    if given.get("lang", LANGUAGES[0]) not in LANGUAGES:
        raise ParameterError(
            "lang",
            Message(
                "{parameter}: {value} is not offered. There are: {names}.",
                parameter="lang",
                value=given["lang"][:60],
                names=", ".join(LANGUAGES),
            ),
        )


def read_query(
    given: MultiDict[str, str],
    collection: Collection,
    grant: Grant,
    offered: Mapping[str, System],
) -> Query:
    """Read what is asked of a list of features.

    Parameters
    ----------
    given : MultiDict
        The parameters of the address.
    collection : Collection
    grant : Grant
        Who asks; only granted columns can be tested.
    offered : mapping of str to System
        The coordinate systems.

    Raises
    ------
    ParameterError
        Naming the parameter that is wrong.
    """
    testable = queryables(collection, grant)
    refuse_unknown(given, *LIST, *testable)
    return Query(
        limit=_limit(given.get("limit")),
        cursor=given.get("cursor"),
        boxes=_boxes(given.get("bbox"), given.get("bbox-crs"), offered),
        times=read_times(given, collection, grant),
        conditions=_conditions(given, collection, grant, testable, offered),
        sorts=_sorts(given.get("sortby"), testable),
        properties=read_properties(given.get("properties"), collection, grant),
        system=read_system(given.get("crs"), offered),
    )


def read_times(given: MultiDict[str, str], collection: Collection, grant: Grant) -> Period | None:
    """Read ``datetime``, where features have a time; elsewhere every feature fits it."""
    if "datetime" not in given:
        return None
    times = read_period(given["datetime"])
    check_times(collection, grant, times)
    return times if collection.time or collection.days else None


def read_system(uri: str | None, offered: Mapping[str, System]) -> System:
    """Read ``crs``."""
    return CRS84 if uri is None else find_system(uri, offered, "crs")


def read_properties(
    text: str | None, collection: Collection, grant: Grant
) -> frozenset[str] | None:
    """Read the list of wanted properties."""
    if text is None:
        return None
    names = frozenset(name for name in text.split(",") if name)
    _require_known(names, [one.name for one in published(collection, grant).columns])
    return names


def _require_known(names: Names[str], known: list[str]) -> None:
    for name in names:
        if name not in known:
            raise ParameterError(
                "properties",
                Message(
                    "properties: there is no property {name}. There are: {names}.",
                    name=name[:60],
                    names=", ".join(known),
                ),
            )


def _limit(text: str | None) -> int:
    if text is None:
        return USUAL
    if not text.isdecimal() or not text.isascii() or int(text[:10]) < 1:
        raise ParameterError(
            "limit", Message("limit: {value} is no whole number from 1 on.", value=text[:60])
        )
    # Part 1, Req 21: more than the most is no fault.
    return min(int(text[:10]), MOST)


def _boxes(text: str | None, uri: str | None, offered: Mapping[str, System]) -> tuple[Box, ...]:
    system = CRS84 if uri is None else find_system(uri, offered, "bbox-crs")
    if text is None:
        return ()
    try:
        # Python reads more than the standard writes: digits of all scripts, and 1_000.
        numbers = [float(part) for part in text.split(",")] if _NUMBERS.fullmatch(text) else []
    except ValueError:
        numbers = []
    if len(numbers) not in {4, 6} or not all(map(math.isfinite, numbers)):
        raise ParameterError(
            "bbox",
            Message(
                "bbox: write four numbers joined by commas, the lower corner and the upper one."
            ),
        )
    half = len(numbers) // 2
    # Heights are of no account: nothing here has one.
    corners = (numbers[0], numbers[1], numbers[half], numbers[half + 1])
    west, south, east, north = to_wgs84(corners, system)
    if not all(map(math.isfinite, (west, south, east, north))):
        raise ParameterError("bbox", Message("bbox lies outside its coordinate system."))
    if south > north:
        raise ParameterError(
            "bbox", Message("bbox: the southern edge lies north of the northern one.")
        )
    if south < -90 or north > 90:
        raise ParameterError("bbox", Message("bbox: latitudes lie between -90 and 90."))
    if west > east:
        # Part 1, 7.15.3: such a box spans the antimeridian.
        return ((west, south, 180.0, north), (-180.0, south, east, north))
    return ((west, south, east, north),)


def _conditions(
    given: MultiDict[str, str],
    collection: Collection,
    grant: Grant,
    testable: Mapping[str, Column],
    offered: Mapping[str, System],
) -> tuple[cql.Condition, ...]:
    place = geometry_of(collection, grant)
    found = []
    for number, (name, column) in enumerate(testable.items()):
        if name in given:
            tree = {"op": "=", "args": [{"property": name}, _value(given[name], column)]}
            found.append(cql.translate(tree, testable, place, prefix=f"p{number}_"))
    language = given.get("filter-lang", "cql2-text")
    if language not in _LANGUAGES:
        raise ParameterError(
            "filter-lang",
            Message(
                "filter-lang: {value} is not known. There are: {names}.",
                value=language[:60],
                names=", ".join(_LANGUAGES),
            ),
        )
    system = CRS84
    if "filter-crs" in given:
        system = find_system(given["filter-crs"], offered, "filter-crs")
    if "filter" in given:
        tree = parse(given["filter"], language)
        snap = grant.of(collection).snap
        # Where places are moved the index on the stored ones does not find it by itself.
        near = None if snap == "exact" else partial(nearby, collection, snap)
        found.append(cql.translate(tree, testable, place, system, near=near))
    return tuple(found)


def _value(text: str, column: Column) -> object:
    """Read the value of a parameter that is named like a property (Part 1, Rec 15)."""
    if len(text) > _LONGEST:
        raise ParameterError(
            column.name, Message("{parameter} is too long.", parameter=column.name)
        )
    if column.type in {"integer", "number"}:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise ParameterError(column.name,
                Message("{parameter}: {value} is no number.", parameter=column.name,
                        value=text[:60])
            )  # fmt: skip
        return number
    if column.type == "boolean":
        if text not in {"true", "false"}:
            raise ParameterError(
                column.name, Message("{parameter} is either true or false.", parameter=column.name)
            )
        return text == "true"
    if column.type in {"date", "date-time"}:
        read_end(text, column.name)
    if "\0" in text:
        raise ParameterError(
            column.name,
            Message("{parameter} holds a character that no text has.", parameter=column.name),
        )
    return text


def _sorts(text: str | None, testable: Mapping[str, Column]) -> tuple[Sort, ...]:
    if not text:
        return ()
    found = []
    for part in text.split(","):
        # A plus in an address is a space once it is decoded.
        name = part.removeprefix("-").removeprefix("+").strip()
        if name not in testable:
            raise ParameterError(
                "sortby",
                Message(
                    "sortby: there is no property {name} to sort by. There are: {names}.",
                    name=name[:60],
                    names=", ".join(testable),
                ),
            )
        found.append(Sort(testable[name], part.startswith("-")))
    if len({sort.column.name for sort in found}) < len(found):
        raise ParameterError("sortby", Message("{parameter} is given twice.", parameter="sortby"))
    return tuple(found)
