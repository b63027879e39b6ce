"""The ledger of a report: each figure once, with the statement that counted it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, event

from gridmap.incidents.cases.rates import percent
from gridmap.reports.documents.compose.prose import (
    Judged,
    Language,
    Value,
    judge,
    plain,
    share,
)
from gridmap.reports.structure import Fact, Source


@dataclass
class Asked:
    """A source in both languages, while it is asked."""

    key: str
    title: Value
    endpoint: str | None
    arguments: dict[str, Any]
    statements: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    records: int | None = None

    def hear(self, statement: str, values: Any) -> None:
        """Keep a statement; a value that another one was asked differently gets its number."""
        self.statements.append("\n".join(line.strip() for line in statement.strip().splitlines()))
        for name, value in _plain(values if isinstance(values, Mapping) else {}).items():
            same = self.values.setdefault(name, value) == value
            if not same:
                self.values[f"{name} ({len(self.statements)})"] = value

    def counted_with(self, other: Asked) -> None:
        """Take over the statement of another source, which counted this one's figures too."""
        self.statements, self.values = list(other.statements), dict(other.values)


@dataclass(frozen=True)
class Changed:
    """A figure beside that of an earlier span; what is not told is None.

    Where both are the same, tables tell a difference of 0, and sentences none.
    """

    judged: Judged
    now: Fact
    before: Fact | None = None
    difference: Fact | None = None
    percent: Fact | None = None
    unchanged: Fact | None = None


class Ledger:
    """The facts of a report and their sources, independent of the language.

    Parameters
    ----------
    connection : Connection
        On which everything is asked; what runs on it while a source is open belongs to it.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.facts: dict[str, Fact] = {}
        self._sources: dict[str, Asked] = {}

    @contextmanager
    def asking(
        self,
        key: str,
        title: Value,
        endpoint: str | None = None,
        arguments: Mapping[str, Any] | None = None,
    ) -> Iterator[Asked]:
        """Open a source: the statements that run meanwhile are kept with their values.

        Parameters
        ----------
        key : str
        title : Value
            What was asked, in both languages.
        endpoint : str, optional
            The page that lists the records.
        arguments : mapping, optional
            What that page is asked.
        """
        asked = Asked(key, title, endpoint, _plain(arguments or {}))

        def hear(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
            # A savepoint is no source of figures.
            if statement.lstrip().upper().startswith(("SELECT", "WITH")):
                asked.hear(statement, values)

        self._sources[key] = asked
        event.listen(self.connection, "before_cursor_execute", hear)
        try:
            yield asked
        finally:
            event.remove(self.connection, "before_cursor_execute", hear)

    def count(
        self,
        key: str,
        value: int | float | str | None,
        source: str | Asked,
        *,
        unit: str = "",
        arguments: Mapping[str, Any] | None = None,
    ) -> Fact:
        """Enter a figure that was counted or measured; it is the same under the same key."""
        return self._enter(
            Fact(
                key=key, value=value, unit=unit, source=_key(source),
                arguments=_plain(arguments or {}),
            )
        )  # fmt: skip

    def rate(
        self,
        key: str,
        part: Fact,
        whole: Fact,
        *,
        of_few: bool = False,
    ) -> Fact:
        """Enter what share one count is of another, in per cent.

        Parameters
        ----------
        key : str
        part, whole : Fact
            Counts.
        of_few : bool
            Whether it is told even of fewer than `LEAST_BASE`: only where both counts stand
            beside it.
        """
        parts, wholes = _whole(part), _whole(whole)
        value = percent(parts, wholes) if of_few else share(parts, wholes)
        return self._enter(
            Fact(
                key=key, value=None if value is None else float(value), numerator=parts,
                denominator=wholes, unit="%", source=part.source, arguments=part.arguments,
            )
        )  # fmt: skip

    def compare(self, now: Fact, before: Fact | None, *, on_record: bool = True) -> Changed:
        """Enter how a count has changed.

        The change leads to the list of what is counted, beside that of the earlier span.

        Parameters
        ----------
        now : Fact
        before : Fact or None
            None if the data of that span are incomplete.
        on_record : bool
            See `prose.judge`.
        """
        judged = judge(_whole(now), None if before is None else _whole(before), on_record=on_record)
        none = judged.difference == 0
        if before is None or not (none or judged.kind in ("more", "fewer")):
            return Changed(judged, now, before)
        asked = self._compared(now, before)
        difference = self.count(f"{now.key}.change", judged.difference, now.source, arguments=asked)
        if none:
            return Changed(judged, now, before, unchanged=difference)
        if judged.percent is None:
            return Changed(judged, now, before, difference)
        told = self._enter(
            Fact(
                key=f"{now.key}.change_percent", value=float(judged.percent),
                numerator=judged.difference, denominator=_whole(before), unit="%",
                source=difference.source, arguments=difference.arguments,
            )
        )  # fmt: skip
        return Changed(judged, now, before, difference, told)

    def _compared(self, now: Fact, before: Fact) -> dict[str, Any]:
        """Return what the page of records is asked to set a count beside that of another span."""
        asked = {**self._sources[before.source].arguments, **before.arguments}
        # Incidents have days of theirs, cases days on which they were opened.
        first, last = ("from", "to") if "from" in asked else ("since", "until")
        return now.arguments | {"against_from": asked[first], "against_to": asked[last]}

    def sources(self, language: Language) -> tuple[Source, ...]:
        """Return the sources of all facts, titled in a language, in the order of asking."""
        used = {fact.source for fact in self.facts.values()}
        return tuple(
            Source(
                key=asked.key,
                title=plain(asked.title, language),
                statement=";\n".join(asked.statements),
                values=asked.values,
                records=asked.records,
                endpoint=asked.endpoint,
                arguments=asked.arguments,
            )
            for asked in self._sources.values()
            if asked.key in used
        )

    def _enter(self, fact: Fact) -> Fact:
        known = self.facts.setdefault(fact.key, fact)
        if known != fact:
            raise ValueError(f"The fact {fact.key} was entered twice with different values.")
        if fact.source not in self._sources:
            raise ValueError(f"The fact {fact.key} has no source.")
        return known


def _key(source: str | Asked) -> str:
    return source if isinstance(source, str) else source.key


def _whole(fact: Fact) -> int:
    if not isinstance(fact.value, int):
        raise TypeError(f"The fact {fact.key} is no count.")
    return fact.value


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values fit for JSON."""
    return {name: _json(value) for name, value in values.items()}


def _json(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_json(each) for each in value]
    if isinstance(value, Mapping):
        return _plain(value)
    return value if isinstance(value, (int, float, str, bool, type(None))) else str(value)
