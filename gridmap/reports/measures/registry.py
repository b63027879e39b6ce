"""What is measured: each count or rate with its two counts and the page that lists its records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from geodata.messages import N_

Group = Literal["cell", "cadre", "team", "community", "town", "department", "all"]
Unit = Literal["", "%", "h"]

#: Those whose members are places, and all together.
PLACES: frozenset[Group] = frozenset({"cell", "cadre", "community", "town", "all"})
EVERY: frozenset[Group] = PLACES | {"department"}
TEAMS: frozenset[Group] = frozenset({"team"})


#: The code of the category of disputes; those below it belong to it.
DISPUTES = "B"


@dataclass(frozen=True)
class Measure:
    """One measure.

    Attributes
    ----------
    key : str
    title : str
        As all titles a message, English.
    unit : {"", "%", "h"}
        A count, a rate in per cent, or hours by the clock, nights and days off included.
    numerator : str
        What is counted; of hours the cases whose times they are.
    denominator : str or None
        What a rate divides by; None of counts and hours.
    better : {"up", "down", None}
    groups : frozenset of Group
        For whose members it can be told.
    endpoint : str or None
        The page that lists the records.
    arguments : mapping
        What this page is asked for the records of the denominator, beside period and place; for
        what has no denominator those of the numerator.
    narrowed : mapping
        What it is asked besides for the records of the numerator.
    unknown : bool
        Whether without any record nothing is known, and not that there is none.
    """

    key: str
    title: str
    unit: Unit
    numerator: str
    denominator: str | None
    better: Literal["up", "down"] | None
    groups: frozenset[Group]
    endpoint: str | None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    narrowed: Mapping[str, Any] = field(default_factory=dict)
    unknown: bool = False


_ANY: dict[str, Any] = {"state": "any"}
_OVER, _DONE = {"state": "over"}, {"state": "done"}


def _of_cases(
    key: str, title: str, numerator: str, better: Literal["up", "down"], **narrowed: str
) -> Measure:
    """Return a rate whose denominator is the cases due in the period."""
    return Measure(
        key, title, "%", numerator, N_("Cases due"), better, EVERY, "cases.index", _ANY, narrowed
    )


def _hours(key: str, title: str, numerator: str) -> Measure:
    return Measure(key, title, "h", numerator, None, "down", EVERY, "cases.index", _ANY)


def _of_activities(key: str, title: str, done: str, due: str, kind: str) -> Measure:
    return Measure(key, title, "%", done, due, "up", PLACES, "activities.index", {"kind": kind})


def _people(name: str, title: str, counted: str) -> Measure:
    key = f"people.{name}"
    return Measure(key, title, "", counted, None, None, PLACES, None, unknown=True)


_ALL = (
    Measure(
        "incidents.count", N_("Incidents"), "", N_("Incidents"), None, None, PLACES,
        "dashboard.records",
    ),
    Measure(
        "cases.due", N_("Cases due"), "", N_("Cases due"), None, None, EVERY, "cases.index", _ANY
    ),
    _of_cases("cases.closed", N_("Closing rate"), N_("Cases closed"), "up", outcome="closed"),
    _of_cases(
        "cases.on_time", N_("On-time rate"), N_("Cases closed on time"), "up", outcome="on_time"
    ),
    _of_cases("cases.returned", N_("Return rate"), N_("Cases returned"), "down", returned="1"),
    _of_cases("cases.reopened", N_("Reopening rate"), N_("Cases reopened"), "down", reopened="1"),
    _hours("cases.to_dispatch_p50", N_("Time to dispatch, median"), N_("Cases dispatched")),
    _hours("cases.to_dispatch_p90", N_("Time to dispatch, 90 %"), N_("Cases dispatched")),
    _hours("cases.to_close_p50", N_("Time to close, median"), N_("Cases closed")),
    _hours("cases.to_close_p90", N_("Time to close, 90 %"), N_("Cases closed")),
    Measure(
        "disputes.settled", N_("Settlement rate of disputes"), "%", N_("Disputes settled"),
        N_("Disputes due"), "up", PLACES, "cases.index",
        _ANY | {"category": DISPUTES},
        {"outcome": "closed"},
    ),
    _of_activities(
        "sweeps.done", N_("Sweeps done of those due"), N_("Sweeps done"), N_("Sweeps due"), "sweep"
    ),
    _of_activities(
        "inspections.done", N_("Inspections done of those due"), N_("Inspections done"),
        N_("Inspections due"), "inspection",
    ),
    Measure(
        "patrols.covered", N_("Patrol coverage"), "%", N_("Incidents near a patrol"),
        N_("Incidents in cells"), "up", PLACES, "tracks.index",
    ),
    Measure(
        "shifts.due", N_("Shifts due"), "", N_("Shifts due"), None, None, TEAMS,
        "shifts.list_page", _OVER,
    ),
    Measure(
        "shifts.done", N_("Shifts done of those due"), "%", N_("Shifts done"), N_("Shifts due"),
        "up", TEAMS, "shifts.list_page", _OVER, _DONE,
    ),
    Measure(
        "shifts.attended", N_("Attendance rate"), "%", N_("Turns to which people came"),
        N_("Turns of which it is noted, without leave"), "up", TEAMS, "shifts.list_page", _OVER,
    ),
    Measure(
        "stops.visited", N_("Stops visited of those planned"), "%", N_("Stops visited"),
        N_("Stops planned"), "up", TEAMS, "tracks.tracks",
    ),
    Measure(
        "routes.walked", N_("Length walked of that planned"), "%", N_("Metres of route walked"),
        N_("Metres of route planned"), "up", TEAMS, "tracks.tracks",
    ),
    _people("buildings", N_("Buildings"), N_("Buildings counted by the period's end")),
    _people(
        "households", N_("Households"),
        N_("Households, by each building's last count until the period's end"),
    ),
    _people(
        "residents", N_("Residents"),
        N_("Residents, by each building's last count until the period's end"),
    ),
    _people(
        "temporary_residents", N_("Temporary residents"),
        N_("Temporary residents, by each building's last count until the period's end"),
    ),
    _people(
        "rented_homes", N_("Rented homes"),
        N_("Rented homes, by each building's last count until the period's end"),
    ),
)  # fmt: skip

MEASURES: dict[str, Measure] = {measure.key: measure for measure in _ALL}
