"""Where a page of features begins: after the last row of the page before, by its sort values.

So a page stays right whatever was written meanwhile, and the last page costs what the first does.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any

from geodata.messages import Message
from gridmap.errors import ParameterError
from gridmap.exchange.collections import Column
from gridmap.exchange.cql import Condition

#: No sign of a cursor itself.
_BETWEEN = "~"
_SQL_TYPES = {"string": "text", "number": "float8", "integer": "bigint", "boolean": "boolean",
              "date": "date", "date-time": "timestamptz"}  # fmt: skip


@dataclass(frozen=True)
class Sort:
    """A column to sort by."""

    column: Column
    descending: bool = False


def continue_after(cursor: str, layer: str, sorts: Sequence[Sort]) -> Condition:
    """Return the condition, over ``t``, of what comes after a cursor.

    Parameters
    ----------
    cursor : str
        From `write_cursor`.
    layer : str
        The key of the layer that is listed.
    sorts : sequence of Sort
        In which order; then by id.

    Raises
    ------
    ParameterError
        If the cursor is none of a list of this layer in this order.
    """
    values = _read(cursor, layer, len(sorts) + 1)
    last = values[-1] or ""
    if not (last.isascii() and last.isdecimal()) or len(last) > 18:
        raise _foreign()
    params: dict[str, Any] = {"after_id": int(last)}
    after = "t.id > :after_id"
    for number in reversed(range(len(sorts))):
        sort, value = sorts[number], values[number]
        key, name = sort.column.alone, f"after{number}"
        if value is None:
            # Missing values come last, and first in descending order.
            later = f"{key} IS NOT NULL" if sort.descending else "false"
            after = f"({later} OR ({key} IS NULL AND {after}))"
            continue
        params[name] = value
        given = f"CAST(CAST(:{name} AS text) AS {_SQL_TYPES[sort.column.type]})"
        later = f"{key} < {given}" if sort.descending else f"({key} > {given} OR {key} IS NULL)"
        after = f"({later} OR ({key} = {given} AND {after}))"
        if number == 0 and key == "t.occurred_at":
            # Never missing and indexed: the index leads to where the page begins.
            after = f"({key} {'<=' if sort.descending else '>='} {given} AND {after})"
    return Condition(after, params)


def first_key(cursor: str, layer: str, sorts: Sequence[Sort]) -> str | None:
    """Return the first sort value of the row that a cursor stands behind.

    Raises
    ------
    ParameterError
        If the cursor is none of a list of this layer in this order.
    """
    return _read(cursor, layer, len(sorts) + 1)[0]


def write_cursor(layer: str, key: Sequence[str | None]) -> str:
    """Return the cursor of the page after a row of a layer, from its sort values and id as texts.

    Other layers have rows of the same ids: the layer is told first.
    """
    packed = json.dumps([layer, *key], ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def with_state(cursor: str, mark: str) -> str:
    """Return a cursor that holds only while something outside the list stays as it is."""
    return f"{mark}{_BETWEEN}{cursor}"


def split_state(cursor: str) -> tuple[str, str]:
    """Return the mark of the state then, for `require_one_state`, and what `with_state` was given.

    Raises
    ------
    ParameterError
        If it is no such cursor.
    """
    mark, between, rest = cursor.partition(_BETWEEN)
    if not between:
        raise _foreign()
    return mark, rest


def mark_of(state: str) -> str:
    """Return the mark of a state in a cursor."""
    return hashlib.sha256(state.encode()).hexdigest()[:12]


def require_one_state(marks: Set[str]) -> str:
    """Return the mark that all parts of a list have.

    Raises
    ------
    ParameterError
        If the state was changed between them, so that their order no longer holds.
    """
    if len(marks) != 1:
        raise ParameterError(
            "cursor",
            Message("cursor: cells were changed since this list was begun. Begin it anew."),
        )
    return next(iter(marks))


def _read(cursor: str, layer: str, length: int) -> list[str | None]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        raise _foreign() from None
    if not isinstance(values, list) or len(values) != length + 1 or values[0] != layer:
        raise _foreign()
    if not all(one is None or (isinstance(one, str) and _storable(one)) for one in values):
        raise _foreign()
    return values[1:]


def _storable(value: str) -> bool:
    """Tell whether a text can be one of the database's."""
    return "\0" not in value and not any("\ud800" <= sign <= "\udfff" for sign in value)


def _foreign() -> ParameterError:
    return ParameterError(
        "cursor",
        Message("cursor: this is no place in this list. Follow the link to the next page."),
    )
