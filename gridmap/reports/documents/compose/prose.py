"""Prose from figures by rules a reader can follow: plain data in, the parts of a paragraph out.

Every sentence is written once for both languages, with gaps that are filled with the same facts,
so that the Chinese and the English document cannot tell different figures. The rules:

- A figure is compared with that of an earlier span as more, fewer, as many, none in both, none
  before, or the first on record (`judge`).
- The per cent of a change is told only from a base of `LEAST_BASE`; below it the two counts are.
- A share is told in per cent only of a whole of `LEAST_BASE`; below it the two counts are.
- A rate of what was due always stands beside its two counts, so it is told of few as well.
- Per cents are rounded half up to two digits, from the counts and never from rounded values.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal, NamedTuple, TypeAlias

from gridmap.incidents.cases.rates import percent
from gridmap.reports.structure import Fact, Name, Number, Parts

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
Part: TypeAlias = str | Number | Name

#: Of a smaller number no per cent is told: a single record would move it by more than ten.
LEAST_BASE = 10


class Both(NamedTuple):
    """A text in both languages; gaps are named in braces.

    ``{n:case|cases}`` is the figure and, in English, the word for one and for several.
    """

    zh: str
    en: str


@dataclass(frozen=True)
class Phrase:
    """A text with what fills its gaps."""

    text: Both
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Signed:
    """The figure of a change with its sign; the fact itself is never negative."""

    fact: Fact
    more: bool


@dataclass(frozen=True)
class Linked:
    """What a record is called, with the page on which it is seen and what that is asked."""

    name: Value
    endpoint: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Listing:
    """Phrases one after another: ``甲、乙、丙``, ``a, b and c``; of one kind or as clauses."""

    items: Sequence[Value]
    clauses: bool = False


Value: TypeAlias = "Fact | Signed | Both | Phrase | Linked | Listing | date | str"


def say(text: Both, **values: Value) -> Phrase:
    """Return a phrase with its gaps filled."""
    return Phrase(text, values)


def told(value: Value, language: Language) -> Parts:
    """Say a phrase in a language.

    Parameters
    ----------
    value : Fact, Both, Phrase, Listing, date or str
        A string stands as it is in both languages, such as the code of a cell.
    language : {"zh", "en"}

    Returns
    -------
    tuple of str, Number or Name
        Neighbouring strings are joined.

    Raises
    ------
    KeyError
        If a gap of the text is not filled.
    """
    return _joined(_parts(value, language))


def plain(value: Value, language: Language) -> str:
    """Say a phrase as a string, for titles and for what a picture shows."""
    return "".join(part if isinstance(part, str) else part.shown for part in told(value, language))


def _parts(value: Value, language: Language) -> list[Part]:
    if isinstance(value, Fact):
        return [number(value)]
    if isinstance(value, Signed):
        return [signed(value)]
    if isinstance(value, Linked):
        return [linked(value, language)]
    if isinstance(value, str):
        return [value]
    if isinstance(value, date):
        return [day_shown(value, language)]
    if isinstance(value, Both):
        return [getattr(value, language)]
    if isinstance(value, Listing):
        return _listed([_parts(item, language) for item in value.items], value.clauses, language)
    found: list[Part] = []
    for literal, name, words, _ in string.Formatter().parse(getattr(value.text, language)):
        found.append(literal)
        if name is not None:
            given = value.values[name]
            found += _parts(given, language)
            if words:
                found.append(" " + _word(given, words))
    return found


def _word(given: Value, words: str) -> str:
    one, _, several = words.partition("|")
    return one if isinstance(given, Fact) and given.value == 1 else several or one


def _listed(items: Sequence[list[Part]], clauses: bool, language: Language) -> list[Part]:
    between = {"zh": "；" if clauses else "、", "en": "; " if clauses else ", "}[language]
    last = between if language == "zh" or clauses else " and "
    found: list[Part] = []
    for at, item in enumerate(items):
        if at:
            found.append(last if at == len(items) - 1 else between)
        found += item
    return found


def _joined(parts: Sequence[Part]) -> Parts:
    found: list[Part] = []
    for part in parts:
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        elif part != "":
            found.append(part)
    return tuple(found)


# --------------------------------------------------------------------------------- figures


def number(fact: Fact, *, in_table: bool = False) -> Number:
    """Return a fact as it is printed.

    Per cents and hours have two digits in tables, so that they stand below each other; in prose
    zeros at the end are left out. Whole numbers have separators of thousands.
    """
    return Number(shown=shown(fact, in_table=in_table), fact=fact.key)


def signed(value: Signed, *, in_table: bool = False) -> Number:
    """Return a change as it is printed, with a minus as wide as the plus."""
    told = number(value.fact, in_table=in_table)
    return told.model_copy(update={"shown": ("+" if value.more else "−") + told.shown})


def shown(fact: Fact, *, in_table: bool = False) -> str:
    """Return the figure of a fact as it is printed, a dash where there is none."""
    value = fact.value
    if value is None:
        return "—"
    if isinstance(value, str):
        return value
    if isinstance(value, int) and fact.unit != "%":
        return f"{value:,}"
    digits = Decimal(str(value)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    text = f"{digits:,}" if in_table else _trimmed(digits)
    return f"{text}%" if fact.unit == "%" and not in_table else text


def _trimmed(value: Decimal) -> str:
    return f"{value:,}".rstrip("0").rstrip(".") if value % 1 else f"{int(value):,}"


def linked(value: Linked, language: Language) -> Name:
    """Return the name of a record in a language."""
    arguments = {
        key: each.isoformat() if isinstance(each, date) else each
        for key, each in value.arguments.items()
    }
    return Name(shown=plain(value.name, language), endpoint=value.endpoint, arguments=arguments)


def share(part: int, whole: int) -> Decimal | None:
    """Return a share in per cent, rounded half up; None of fewer than `LEAST_BASE`."""
    return None if whole < LEAST_BASE else percent(part, whole)


Kind = Literal["more", "fewer", "same", "none", "new", "first", "unknown"]


@dataclass(frozen=True)
class Judged:
    """What became of a figure.

    Attributes
    ----------
    kind : str
        ``more``, ``fewer``, ``same``; ``none`` in both spans, ``new`` (none in the earlier one),
        ``first`` (none on record before), or ``unknown`` where the earlier data are incomplete.
    difference : int
        Never negative.
    percent : Decimal or None
        Of the earlier figure; None from a base below `LEAST_BASE`.
    """

    kind: Kind
    difference: int = 0
    percent: Decimal | None = None


def judge(now: int, before: int | None, *, on_record: bool = True) -> Judged:
    """Compare a figure with that of an earlier span.

    Parameters
    ----------
    now : int
    before : int or None
        None if the data of that span are incomplete.
    on_record : bool
        Whether anything of the kind is on record before; it matters where `before` is 0.
    """
    if before is None:
        return Judged("unknown")
    if before == 0:
        return Judged("none") if now == 0 else Judged("new" if on_record else "first", now)
    difference = abs(now - before)
    if difference == 0:
        return Judged("same")
    return Judged("more" if now > before else "fewer", difference, share(difference, before))


# ----------------------------------------------------------------------------------- dates


def day_shown(day: date, language: Language) -> str:
    """Return a day: ``2026年6月30日``, ``30 June 2026``; with the hour if it has one."""
    if language == "zh":
        text = f"{day.year}年{day.month}月{day.day}日"
    else:
        text = f"{day.day} {MONTHS[day.month - 1]} {day.year}"
    return f"{text} {day:%H:%M}" if isinstance(day, datetime) else text


MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def span_shown(first: date, last: date) -> Both:
    """Name a span of days, as a year, half-year or month where it is one.

    Parameters
    ----------
    first, last : date
        Both included.
    """
    year = first.year
    if (first.month, first.day, last) == (1, 1, date(year, 12, 31)):
        return Both(f"{year}年", f"{year}")
    for month, end, zh, en in (
        (1, date(year, 6, 30), "上半年", "the first half"),
        (7, date(year, 12, 31), "下半年", "the second half"),
    ):
        if (first.month, first.day, last) == (month, 1, end):
            return Both(f"{year}年{zh}", f"{en} of {year}")
    if first.day == 1 and _is_month(first, last):
        return Both(f"{year}年{first.month}月", f"{MONTHS[first.month - 1]} {year}")
    if (first.year, first.month) == (last.year, last.month):
        zh, en = f"{last.day}日", f"{first.day}"
    elif first.year == last.year:
        zh, en = f"{last.month}月{last.day}日", f"{first.day} {MONTHS[first.month - 1]}"
    else:
        zh, en = day_shown(last, "zh"), day_shown(first, "en")
    return Both(f"{day_shown(first, 'zh')}至{zh}", f"{en} to {day_shown(last, 'en')}")


def within(first: date, last: date) -> Both:
    """Begin a sentence about a span of days."""
    name = span_shown(first, last)
    return Both(name.zh, f"{'From' if ' to ' in name.en else 'In'} {name.en}")


def heading(name: Both) -> Both:
    """Return the name of a span as it stands alone: ``First half of 2026``."""
    en = name.en.removeprefix("the ")
    return Both(name.zh, en[:1].upper() + en[1:])


def _is_month(first: date, last: date) -> bool:
    after = date.fromordinal(last.toordinal() + 1)
    return after.day == 1 and (first.year, first.month) == (last.year, last.month)
