"""What the pages of indicators say: periods, values and their changes in words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal
from flask_babel import get_locale

from geodata.messages import N_, Message
from gridmap.incidents.statistics import Span
from gridmap.reports.indicators.models import Indicator
from gridmap.reports.indicators.periods import Kind
from webui.language import say

KINDS: dict[str, str] = {
    "half_month": N_("Half-month"),
    "month": N_("Month"),
    "two_months": N_("Two months"),
    "quarter": N_("Quarter"),
    "half_year": N_("Half-year"),
    "year": N_("Year"),
    "any": N_("Any days"),
}
LEVELS = {
    "community": N_("Communities"),
    "town": N_("Towns"),
    "county": N_("Counties"),
}
FORMS = {"rate": N_("A rate or mean, of two counts"), "count": N_("A count")}
PER = {
    100: N_("per cent"),
    1: N_("for each one (a mean)"),
    1000: N_("per 1,000"),
    10000: N_("per 10,000"),
}
OVER_TIME = {
    "sum": N_("The sum of its parts, as of leaflets handed out"),
    "last": N_("As its last part, as of homes built so far"),
}
BETTER = {"up": N_("More is better"), "down": N_("Less is better"), "": N_("Neither")}
STATES = {
    "": N_("In use"),
    "missed": N_("Target missed"),
    "reached": N_("Target reached"),
    "none": N_("No data"),
    "retired": N_("No longer used"),
}
#: A sign and a word for whether a target is reached, by the class of the style sheet.
MET = {True: ("✓", N_("Target reached"), "met"), False: ("✕", N_("Target missed"), "missed")}
SCRIPT = {
    "failed": N_("The data could not be read. Check the connection and try again."),
    "target": N_("Target"),
    "noData": N_("no data"),
    "pasted": N_("{count} cells filled in. Nothing is stored yet."),
    "pastedNone": N_("Nothing of what was pasted fits the table."),
}
UP_TO, BETWEEN, ABOVE = N_("up to {value}"), N_("{low} to {high}"), N_("above {value}")
ONE_CLASS = N_("all alike")
FIELDS = {
    "code": N_("Code"), "name": N_("Name"), "name_en": N_("English name"),
    "numerator": N_("Numerator"), "numerator_en": N_("Numerator in English"),
    "denominator": N_("Denominator"), "denominator_en": N_("Denominator in English"),
}  # fmt: skip


def period(kind: Kind, span: Span | None) -> str:
    """Name a period as people do: 2026年11月上半月."""
    if span is None:
        return "–"
    first = span.first
    if kind == "any":
        return str(first) if first == span.last else f"{first} – {span.last}"
    values: dict[str, Any] = {"year": first.year, "month": first.month, "last": span.last.month}
    if kind == "half_month":
        template = (
            N_("{year}-{month:02}, first half") if first.day == 1
            else N_("{year}-{month:02}, second half")
        )  # fmt: skip
    elif kind == "half_year":
        template = N_("{year}, first half") if first.month == 1 else N_("{year}, second half")
    elif kind == "quarter":
        template, values["month"] = N_("{year}, quarter {month}"), (first.month + 2) // 3
    else:
        template = {
            "month": N_("{year}-{month:02}"),
            "two_months": N_("{year}-{month:02} to {last:02}"),
            "year": N_("Year {year}"),
        }[kind]
    return say(Message(template, **values))


def tick(kind: Kind, span: Span) -> str:
    """Name a period as shortly as the axis of a chart shows it."""
    first = span.first
    if kind == "year":
        return str(first.year)
    if kind in ("half_month", "any"):
        return f"{first:%y-%m-%d}"
    return f"{first:%y-%m}"


def value(indicator: Indicator, number: Decimal | None) -> str:
    """Write a value with its places, without its unit; a dash without data."""
    if number is None:
        return "–"
    digits = "." + "0" * indicator.places if indicator.places else ""
    return str(format_decimal(number, f"#,##0{digits}", locale=str(get_locale())))


def with_unit(indicator: Indicator, number: Decimal | None) -> str:
    """Write a value with its unit."""
    text = value(indicator, number)
    if number is None or not indicator.unit:
        return text
    return f"{text}%" if indicator.unit == "%" else f"{text} {indicator.unit}"


def count(number: Decimal | None) -> str:
    """Write a count without needless zeros; a dash without data."""
    if number is None:
        return "–"
    return str(format_decimal(number.normalize(), "#,##0.##", locale=str(get_locale())))


def count_of(number: float) -> str:
    """Write the end of a class."""
    return str(format_decimal(number, "#,##0.##", locale=str(get_locale())))


def typed(number: Decimal | None) -> str:
    """Write a count as it stands in a field."""
    if number is None:
        return ""
    return f"{number.normalize():f}"


def change(indicator: Indicator, now: Decimal | None, former: Decimal | None) -> str:
    """Say how a value changed against the period before, with an arrow."""
    if now is None:
        return ""
    if former is None:
        return say(N_("no value in the period before"))
    if now == former:
        return say(N_("= as in the period before"))
    sign = "▲" if now > former else "▼"
    amount = value(indicator, abs(now - former))
    if indicator.unit == "%":
        more = N_("{sign} {amount} points more than in the period before")
        fewer = N_("{sign} {amount} points less than in the period before")
    else:
        more = N_("{sign} {amount} more than in the period before")
        fewer = N_("{sign} {amount} less than in the period before")
    return say(Message(more if now > former else fewer, sign=sign, amount=amount))


def climbed(steps: int | None) -> str:
    """Say by how many ranks a unit rose or fell."""
    if steps is None:
        return "–"
    if steps == 0:
        return "="
    return f"{'▲' if steps > 0 else '▼'} {abs(steps)}"
