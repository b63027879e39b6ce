"""Filters in CQL2 (OGC 21-065r2) as conditions in SQL.

Each node of a tree from `gridmap.exchange.cql_reading` becomes SQL over the columns that the reader
may test. Values travel as parameters alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from geodata.messages import Message
from gridmap.exchange.collections import Column, ColumnType, Lookup
from gridmap.exchange.cql_reading import FilterError, call, given_geometry, is_value, only, unfit
from gridmap.exchange.periods import ZONE, begin, read_end
from gridmap.exchange.systems import CRS84, System

#: Of a tree, and of the list after IN.
MOST_NODES = 200
#: What a filter calls the geometry.
GEOMETRY = "geometry"

_COMPARISONS = ("=", "<>", "<", ">", "<=", ">=")
_ARITHMETIC = ("+", "-", "*", "/", "%", "^", "div")
# CQL2, Req 32: the spatial functions; each is true as in OGC Simple Features.
_SPATIAL = {
    name: f"ST_{name.removeprefix('s_').capitalize()}"
    for name in ("s_intersects", "s_equals", "s_disjoint", "s_touches", "s_within", "s_overlaps",
                 "s_crosses", "s_contains")
}  # fmt: skip
# CQL2, Req 36: a moment is an interval whose ends are the same; {a}, {b} are the ends of the
# first, {c}, {d} those of the second.
_TEMPORAL = {
    "t_after": "{a} > {d}",
    "t_before": "{b} < {c}",
    "t_contains": "{a} < {c} AND {b} > {d}",
    "t_disjoint": "({b} < {c} OR {a} > {d})",
    "t_during": "{a} > {c} AND {b} < {d}",
    "t_equals": "{a} = {c} AND {b} = {d}",
    "t_finishedby": "{a} < {c} AND {b} = {d}",
    "t_finishes": "{a} > {c} AND {b} = {d}",
    "t_intersects": "{a} <= {d} AND {b} >= {c}",
    "t_meets": "{b} = {c}",
    "t_metby": "{a} = {d}",
    "t_overlappedby": "{a} > {c} AND {a} < {d} AND {b} > {d}",
    "t_overlaps": "{a} < {c} AND {b} > {c} AND {b} < {d}",
    "t_startedby": "{a} = {c} AND {b} > {d}",
    "t_starts": "{a} = {c} AND {b} < {d}",
}
_NUMBERS = {"number", "integer"}
_MOMENTS = {"date", "date-time"}


@dataclass(frozen=True)
class Condition:
    """A condition over ``t`` and its parameters; ``spatial`` where it tests the place."""

    sql: str
    params: Mapping[str, Any] = field(default_factory=dict)
    spatial: bool = False


@dataclass(frozen=True)
class _Term:
    """A value: its SQL, its type, and the column in another table that it is made of."""

    sql: str
    type: ColumnType
    lookup: Lookup | None = None


def translate(
    tree: Any,
    columns: Mapping[str, Column],
    geometry: str,
    system: System = CRS84,
    prefix: str = "f",
    near: Callable[[str], str] | None = None,
) -> Condition:
    """Turn a tree into a condition.

    Parameters
    ----------
    tree : object
        From `parse`.
    columns : mapping of str to Column
        What the reader may test.
    geometry : str
        The geometry as it is told to the reader, in SQL.
    system : System
        Of the geometries in the filter.
    prefix : str
        What the names of its parameters begin with.
    near : callable, optional
        Where no index serves tests of `geometry`: given the SQL of an area, a condition that an
        index serves and that whatever meets the area fulfils.

    Raises
    ------
    FilterError
        Naming the property, function or value that cannot be used.
    """
    writer = _Writer(columns, geometry, system, prefix, near)
    return Condition(writer.condition(tree), writer.params, writer.spatial)


class _Writer:
    def __init__(
        self,
        columns: Mapping[str, Column],
        geometry: str,
        system: System,
        prefix: str,
        near: Callable[[str], str] | None,
    ) -> None:
        self.columns, self.geometry, self.system = columns, geometry, system
        self.prefix, self.near = prefix, near
        # Inside an odd number of NOTs it matters whether a part is false or unknown, and what an
        # index serves only ever tells which rows it is true of.
        self.negated = False
        self.params: dict[str, Any] = {}
        self.nodes = 0
        self.spatial = False

    def put(self, value: Any, kind: str) -> str:
        """Keep a value and return the parameter that stands for it."""
        name = f"{self.prefix}{len(self.params)}"
        self.params[name] = value
        return f"CAST(:{name} AS {kind})"

    def _count(self) -> None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise FilterError(Message("filter has more than {most} parts.", most=MOST_NODES))

    def condition(self, node: Any) -> str:
        """Return the SQL of something that is true or false."""
        self._count()
        if isinstance(node, bool):
            return "true" if node else "false"
        if isinstance(node, dict) and "property" in node:
            term = self.term(node)
            if term.type != "boolean":
                raise unfit(node, "boolean")
            return f"({_alone(term)})"
        op, args = call(node)
        if op in {"and", "or"} and args:
            return "(" + f" {op.upper()} ".join(map(self.condition, args)) + ")"
        if op == "not":
            self.negated = not self.negated
            inner = self.condition(only(op, args, 1)[0])
            self.negated = not self.negated
            return f"(NOT {inner})"
        special: dict[str, Callable[[str, list[Any]], str]] = {
            "isNull": self._is_null, "like": self._like, "between": self._between, "in": self._in,
        }  # fmt: skip
        if op in special:
            return special[op](op, args)
        if op in _COMPARISONS:
            return self._compare(op, args)
        if op in _SPATIAL:
            return self._spatial(op, args)
        if op in _TEMPORAL:
            ends = [self._ends(one) for one in only(op, args, 2)]
            (a, b), (c, d) = ends
            return "(" + _TEMPORAL[op].format(a=a, b=b, c=c, d=d) + ")"
        raise FilterError(Message("filter uses {name}, which is not known here.", name=op))

    def _spatial(self, op: str, args: list[Any]) -> str:
        shapes = [self._shape(one) for one in only(op, args, 2)]
        test = f"{_SPATIAL[op]}({', '.join(shapes)})"
        given = [shape for shape in shapes if shape != self.geometry]
        # What is disjoint from an area lies anywhere but there.
        if self.near is None or self.negated or op == "s_disjoint" or len(given) != 1:
            return test
        # Nothing is known of how choosy the test is; as it stands the planner thinks too much of it
        # and tests a whole town rather than stop when a page is full.
        return f"({self.near(given[0])} AND coalesce({test}, false))"

    def _is_null(self, op: str, args: list[Any]) -> str:
        (node,) = only(op, args, 1)
        if isinstance(node, dict) and node.get("property") == GEOMETRY:
            return f"({self.geometry} IS NULL)"
        return f"({_alone(self.term(node))} IS NULL)"

    def _like(self, op: str, args: list[Any]) -> str:
        value, pattern = only(op, args, 2)
        left, right = self.term(value), self.term(pattern)
        if left.type != "string" or right.type != "string":
            raise unfit(value, "string")
        if isinstance(pattern, str) and (len(pattern) - len(pattern.rstrip("\\"))) % 2:
            raise FilterError(
                Message("filter: the pattern {value} ends after a backslash.", value=pattern[-60:])
            )
        return self._tested(left, [right], lambda sql, others: f"({sql} LIKE {others[0]})")

    def _between(self, op: str, args: list[Any]) -> str:
        value, low, high = only(op, args, 3)
        middle = self.term(value)
        ends = [self._like_kind(middle, one) for one in (low, high)]
        return self._tested(
            middle, ends, lambda sql, told: f"({sql} BETWEEN {told[0]} AND {told[1]})"
        )

    def _in(self, op: str, args: list[Any]) -> str:
        value, choices = only(op, args, 2)
        left = self.term(value)
        if not isinstance(choices, list) or not choices:
            raise FilterError(Message("filter: IN needs a list of values."))
        if len(choices) > MOST_NODES:
            raise FilterError(Message("filter has more than {most} parts.", most=MOST_NODES))
        listed = [self._like_kind(left, one) for one in choices]
        return self._tested(left, listed, lambda sql, others: f"({sql} IN ({', '.join(others)}))")

    def _compare(self, op: str, args: list[Any]) -> str:
        first, second = only(op, args, 2)
        if is_value(first) and not is_value(second):
            # The value stands first, and takes the type of what it is compared with.
            right = self.term(second)
            left = self._like_kind(right, first)
            return self._tested(
                right, [left], lambda sql, told: f"({told[0]} {op} {sql})", one=op == "="
            )
        left = self.term(first)
        right = self._like_kind(left, second)
        return self._tested(
            left, [right], lambda sql, told: f"({sql} {op} {told[0]})", one=op == "="
        )

    def _like_kind(self, other: _Term, node: Any) -> _Term:
        """Return a term that can be compared with another."""
        if other.type in _MOMENTS and isinstance(node, str):
            node = {"timestamp" if other.type == "date-time" else "date": node}
        if other.type == "date-time" and isinstance(node, dict) and "date" in node:
            # A day stands for its beginning, in local time.
            return self._begin(read_end(str(node["date"]), "filter"))
        term = self.term(node)
        same = term.type == other.type or {term.type, other.type} <= _NUMBERS
        if not same:
            raise unfit(node, other.type)
        return term

    def term(self, node: Any) -> _Term:
        """Return a value: a property, a literal or what is reckoned of them."""
        self._count()
        if isinstance(node, bool):
            return _Term("true" if node else "false", "boolean")
        if isinstance(node, int | float):
            return _Term(self.put(float(node), "float8"), "number")
        if isinstance(node, str):
            if "\0" in node:
                raise FilterError(Message("filter holds a character that no text has."))
            return _Term(self.put(node, "text"), "string")
        if isinstance(node, dict):
            if "property" in node:
                return self._property(str(node["property"]))
            if "timestamp" in node or "date" in node:
                return self._moment(node)
            if "op" in node:
                return self._reckoned(node)
        raise FilterError(
            Message("filter: {value} cannot stand here.", value=json.dumps(node)[:100])
        )

    def _property(self, name: str) -> _Term:
        column = self.columns.get(name)
        if column is None:
            raise FilterError(
                Message(
                    "filter: there is no property {name} to test. There are: {names}.",
                    name=name,
                    names=", ".join([*self.columns, GEOMETRY]),
                )
            )
        if column.lookup is None:
            return _Term(column.alone, column.type)
        return _Term(f"o.{column.lookup.column}", column.type, column.lookup)

    def _moment(self, node: Mapping[str, Any]) -> _Term:
        end = read_end(str(node.get("date", node.get("timestamp"))), "filter")
        if "date" in node and not isinstance(end, datetime):
            return _Term(self.put(end, "date"), "date")
        return self._begin(end)

    def _begin(self, end: date | datetime) -> _Term:
        name = f"{self.prefix}{len(self.params)}"
        self.params[name] = end
        return _Term(begin(end, f":{name}"), "date-time")

    def _reckoned(self, node: Any) -> _Term:
        op, args = call(node)
        if op == "casei":
            term = self.term(only(op, args, 1)[0])
            if term.type != "string":
                raise unfit(args[0], "string")
            return _Term(f"lower({term.sql})", "string", term.lookup)
        if op not in _ARITHMETIC:
            raise FilterError(Message("filter uses {name}, which is not known here.", name=op))
        left, right = (self.term(one) for one in only(op, args, 2))
        if not {left.type, right.type} <= _NUMBERS:
            raise unfit(node, "number")
        # In decimal numbers a division by zero has no result and is no fault.
        sides = f"({_alone(left)})::numeric", f"({_alone(right)})::numeric"
        if op in {"/", "%", "div"}:
            sides = sides[0], f"nullif({sides[1]}, 0)"
        if op == "div":
            return _Term(f"div({sides[0]}, {sides[1]})", "number")
        return _Term(f"({sides[0]} {op} {sides[1]})", "number")

    def _ends(self, node: Any) -> tuple[str, str]:
        """Return both ends of a moment or an interval."""
        if isinstance(node, dict) and "interval" in node:
            given = node["interval"]
            if isinstance(given, list) and len(given) == 2:
                return self._end(given[0], "-infinity"), self._end(given[1], "infinity")
            raise FilterError(Message("filter: an interval has two ends, each a date or '..'."))
        if isinstance(node, dict) and "date" in node:
            return self._end(node["date"], ""), self._end(node["date"], "infinity")
        return self._span({"timestamp": node} if isinstance(node, str) else node)

    def _span(self, node: Any) -> tuple[str, str]:
        """Return both ends of a property or of a moment: a day lasts."""
        term = self.term(node)
        if term.type not in _MOMENTS:
            raise unfit(node, "date-time")
        moment = _alone(term)
        if term.type == "date":
            # A day lasts from its local midnight to the next.
            begins = f"(({moment})::timestamp AT TIME ZONE {ZONE})"
            ends = f"((({moment}) + 1)::timestamp AT TIME ZONE {ZONE})"
            return begins, f"({ends} - interval '1 microsecond')"
        return moment, moment

    def _end(self, given: Any, open_end: str) -> str:
        """Return an end of an interval; as its last one, a day counts to its own end."""
        if given == "..":
            return f"'{open_end}'::timestamptz"
        if isinstance(given, dict):
            # CQL2, 7.14: an end may be a property too.
            first, last = self._span(given)
            return last if open_end == "infinity" else first
        end = read_end(str(given), "filter")
        if open_end == "infinity" and not isinstance(end, datetime):
            return f"({self._begin(end + timedelta(days=1)).sql} - interval '1 microsecond')"
        return self._begin(end).sql

    def _shape(self, node: Any) -> str:
        """Return a geometry: the features' own, or one given in the filter."""
        self.spatial = True
        if isinstance(node, dict) and node.get("property") == GEOMETRY:
            return self.geometry
        given = self.put(given_geometry(node), "text")
        shape = f"ST_SetSRID(ST_GeomFromGeoJSON({given}), {int(self.system.srid)})"
        if self.system.flipped:
            shape = f"ST_FlipCoordinates({shape})"
        return shape if self.system.srid == 4326 else f"ST_Transform({shape}, 4326)"

    def _tested(
        self,
        term: _Term,
        others: list[_Term],
        make: Callable[[str, list[str]], str],
        *,
        one: bool = False,
    ) -> str:
        """Test a value against others; in its own table only against given ones.

        ``one`` says that it is tested to be one value itself.
        """
        if self.negated or any(other.lookup for other in others):
            return make(_alone(term), [_alone(other) for other in others])
        return _looked_up(term, lambda sql: make(sql, [other.sql for other in others]), one=one)


def _looked_up(term: _Term, test: Callable[[str], str], *, one: bool) -> str:
    """Test a value in the other table first, so that its index and few rows serve.

    Where there is no other row, or where the test is unknown there, this may be false.
    """
    if term.lookup is None:
        return test(term.sql)
    at = term.lookup
    found = f"(SELECT o.id FROM {at.table} o WHERE {test(term.sql)})"
    # Rows of a single key come in the order of an index, those of several do not.
    single = one and at.unique and term.sql == f"o.{at.column}"
    return f"({at.key} = {found})" if single else f"({at.key} = ANY(ARRAY{found}))"


def _alone(term: _Term) -> str:
    if term.lookup is None:
        return term.sql
    at = term.lookup
    return f"(SELECT {term.sql} FROM {at.table} o WHERE o.id = {at.key})"
