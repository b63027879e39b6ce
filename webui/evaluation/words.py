"""Words of the pages of evaluations, and how their figures are written."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from geodata.messages import N_, Message
from gridmap.reports.measures import MEASURES
from webui.language import say
from webui.numbers import number
from webui.waiting import STATES as JOBS

__all__ = ["JOBS"]

KINDS = {
    "month": N_("Month"),
    "quarter": N_("Quarter"),
    "half": N_("Half-year"),
    "year": N_("Year"),
}
STATES = {
    "draft": N_("Draft"),
    "open": N_("Open for comments"),
    "published": N_("Published"),
}
#: The groups in the order of the tabs: what the members are called.
GROUPS = {
    "town": N_("Towns"),
    "community": N_("Communities"),
    "department": N_("Departments"),
    "team": N_("Patrol teams"),
    "cell": N_("Cells"),
    "cadre": N_("Cadres' areas"),
}
MEMBERS = {
    "town": N_("Town"),
    "community": N_("Community"),
    "department": N_("Department"),
    "team": N_("Patrol team"),
    "cell": N_("Cell"),
    "cadre": N_("Cadre's area"),
}
#: What makes a member large enough to compare.
DUE = {**dict.fromkeys(GROUPS, N_("Cases due")), "team": N_("Shifts due")}
UP_TO, BETWEEN, ABOVE = N_("up to {value}"), N_("{low} to {high}"), N_("above {value}")
FEW, NO_DATA = N_("too few to compare"), N_("no data")
SCRIPT = {
    "failed": N_("The data could not be read. Check the connection and try again."),
}


def period(kind: str, first: date) -> str:
    """Return what a period is called."""
    if kind == "month":
        return f"{first:%Y-%m}"
    if kind == "year":
        return say(Message("Year {year}", year=first.year))
    part = (first.month - 1) // 3 + 1
    if kind == "quarter":
        return say(Message("Quarter {part} of {year}", part=part, year=first.year))
    if first.month == 1:
        return say(Message("First half of {year}", year=first.year))
    return say(Message("Second half of {year}", year=first.year))


def value(key: str, part: dict[str, Any] | None) -> str:
    """Write the value of a measure with its unit."""
    if part is None or part["v"] is None:
        return "–"
    unit = MEASURES[key].unit
    return f"{bare(part)} {unit}" if unit else bare(part)


def bare(part: dict[str, Any] | None) -> str:
    """Write the value of a measure for a column whose head tells the unit."""
    if part is None or part["v"] is None:
        return "–"
    return f"{Decimal(str(part['v'])):,}"


def counts(key: str, part: dict[str, Any] | None) -> str:
    """Write the counts behind a value."""
    if part is None or part["v"] is None:
        return say(NO_DATA)
    if part["d"] is None:
        return say(Message("{count} cases", count=number(part["n"])))
    return f"{number(part['n'])} / {number(part['d'])}"


def signed(change: Decimal | None) -> str:
    """Write a change of points with its sign."""
    if change is None:
        return "–"
    arrow = "▲" if change > 0 else "▼" if change < 0 else "="
    return f"{arrow} {abs(change)}"
