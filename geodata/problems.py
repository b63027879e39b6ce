"""What is wrong with the rows of a file, held by column so that a million rows cost no loop."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.messages import Message

Severity = Literal["error", "warning", "repaired", "dropped"]

COLUMNS = ["row", "field", "code", "severity", "value", "message"]


@dataclass(frozen=True)
class Problem:
    """One fault of one row.

    Attributes
    ----------
    row : int or None
        The row as a person counts it: in a table the header is row 1, in a file of features the
        first feature is 1. None when the fault is the whole file's.
    field : str or None
        The column or canonical field at fault.
    code : str
        A stable slug such as ``time-unreadable``.
    severity : {"error", "warning", "repaired", "dropped"}
        An error keeps the row out, a warning lets it in, a repair changed it and lets it in. A
        dropped row is sound but left out on purpose: reversed, or replaced by a later row.
    message : Message
        The sentence for a person.
    """

    row: int | None
    field: str | None
    code: str
    severity: Severity
    message: Message


@dataclass(frozen=True)
class _Block:
    """Problems of one kind: everything but the row and the value is the same for all of them."""

    code: str
    template: str
    severity: Severity
    field: str | None
    rows: npt.NDArray[np.int64]
    given: npt.NDArray[np.object_] | None
    params: dict[str, Any]

    def message(self, position: int) -> Message:
        """Return the message of one row of the block."""
        values: dict[str, Any] = {"row": int(self.rows[position]), "field": self.field}
        if self.given is not None:
            values["value"] = self.given[position]
        return Message(self.template, **{**values, **self.params})

    def texts(self, translate: Callable[[str], str], titles: Mapping[str, str]) -> pd.Series[str]:
        """Return the filled sentences, put together column by column."""
        named = titles.get(self.field or "", self.field)
        constant = {"field": named, **self.params}
        result = pd.Series("", index=range(len(self.rows)), dtype="str")
        for literal, name, spec, _ in string.Formatter().parse(translate(self.template)):
            result = result + literal
            if name == "row":
                result = result + pd.Series(self.rows).astype("str")
            elif name == "value" and self.given is not None:
                given = [_say(value, translate) for value in self.given]
                result = result + pd.Series(given, dtype="object").astype("str")
            elif name is not None:
                result = result + format(constant[name], spec or "")
        return result


def _say(value: object, translate: Callable[[str], str]) -> object:
    """Translate a value that is a sentence itself."""
    if isinstance(value, Message):
        return translate(value.template).format_map(value.params)
    return value


class Problems:
    """The problems of one file.

    Rows are the source's row numbers, which are also the index of the canonical frame, so that
    a later check can add to the same collection.
    """

    def __init__(self) -> None:
        self._blocks: list[_Block] = []

    def add(
        self,
        code: str,
        template: str,
        *,
        row: int | None = None,
        field: str | None = None,
        value: object = None,
        severity: Severity = "error",
        **params: Any,
    ) -> None:
        """Add one problem; without a row it is the whole file's."""
        rows = np.array([0 if row is None else row], dtype=np.int64)
        values = None if value is None else np.array([value], dtype=object)
        self._blocks.append(_Block(code, template, severity, field, rows, values, params))

    def add_many(
        self,
        code: str,
        template: str,
        rows: npt.ArrayLike,
        *,
        field: str | None = None,
        values: Any = None,
        severity: Severity = "error",
        **params: Any,
    ) -> None:
        """Add a problem of one kind for many rows.

        Parameters
        ----------
        code : str
            The stable slug.
        template : str
            The English sentence; ``{row}``, ``{field}`` and ``{value}`` are filled row by row.
        rows : array_like of int, shape (n,)
            Source row numbers. Nothing is added when it is empty.
        field : str, optional
            The column or canonical field at fault.
        values : array_like, shape (n,), optional
            What stood in the file.
        severity : {"error", "warning", "repaired", "dropped"}
            See `Problem`.
        **params : Any
            Values of further placeholders, the same for all rows.
        """
        numbers = np.asarray(rows, dtype=np.int64)
        if not numbers.size:
            return
        held = None if values is None else np.asarray(values, dtype=object)
        self._blocks.append(_Block(code, template, severity, field, numbers, held, params))

    def extend(self, other: Problems) -> None:
        """Take over the problems of another collection."""
        self._blocks.extend(other._blocks)

    def __len__(self) -> int:
        return sum(len(block.rows) for block in self._blocks)

    def __iter__(self) -> Iterator[Problem]:
        for block in self._blocks:
            for position, row in enumerate(block.rows):
                yield Problem(
                    int(row) or None,
                    block.field,
                    block.code,
                    block.severity,
                    block.message(position),
                )

    def counts(self) -> dict[str, int]:
        """Return how many problems there are of each code, the most frequent first."""
        totals: dict[str, int] = {}
        for block in self._blocks:
            totals[block.code] = totals.get(block.code, 0) + len(block.rows)
        return dict(sorted(totals.items(), key=lambda item: (-item[1], item[0])))

    def severities(self) -> dict[Severity, int]:
        """Return how many problems there are of each severity."""
        totals: dict[Severity, int] = {"error": 0, "warning": 0, "repaired": 0, "dropped": 0}
        for block in self._blocks:
            totals[block.severity] += len(block.rows)
        return totals

    def bad_rows(self) -> npt.NDArray[np.int64]:
        """Return the rows that an error keeps out, ascending and without repeats."""
        return self._rows("error")

    def dropped_rows(self) -> npt.NDArray[np.int64]:
        """Return the rows left out on purpose, ascending and without repeats."""
        return self._rows("dropped")

    def _rows(self, severity: Severity) -> npt.NDArray[np.int64]:
        found = [block.rows for block in self._blocks if block.severity == severity]
        rows = np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.int64)
        return rows[rows > 0]

    def of_file(self) -> list[Problem]:
        """Return the problems that concern the whole file and not one row."""
        return [
            Problem(None, block.field, block.code, block.severity, block.message(0))
            for block in self._blocks
            if len(block.rows) == 1 and block.rows[0] == 0
        ]

    def to_frame(
        self,
        translate: Callable[[str], str] = str,
        titles: Mapping[str, str] = MappingProxyType({}),
    ) -> pd.DataFrame:
        """Return one line per problem, ordered by row.

        Parameters
        ----------
        translate : callable, optional
            Turns an English template into the template of another language.
        titles : mapping of str to str, optional
            What the sentences call fields, such as the headings of the file.

        Returns
        -------
        pandas.DataFrame
            Columns row (0 for the whole file), field, code, severity, value and message.
        """
        if not self._blocks:
            return pd.DataFrame({name: pd.Series(dtype="object") for name in COLUMNS})
        parts = [
            pd.DataFrame(
                {
                    "row": block.rows,
                    "field": block.field or "",
                    "code": block.code,
                    "severity": block.severity,
                    "value": ""
                    if block.given is None
                    else pd.Series(block.given, dtype="object").astype("str"),
                    "message": block.texts(translate, titles),
                }
            )
            for block in self._blocks
        ]
        return (
            pd.concat(parts, ignore_index=True)
            .sort_values("row", kind="stable")
            .reset_index(drop=True)
        )

    def reasons(self, translate: Callable[[str], str] = str) -> pd.Series[str]:
        """Return the reasons for each rejected row, as one text, indexed by the row."""
        frame = self.to_frame(translate)
        errors = frame[(frame["severity"] == "error") & (frame["row"] > 0)]
        reasons: pd.Series[str] = errors.groupby("row")["message"].agg("; ".join)
        return reasons
