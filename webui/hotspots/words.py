"""What pages of hotspots say: classes with their colours, faults with a remedy, three sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _

from geodata.messages import N_, Message
from gridmap.hotspots.analyses.registry import ANALYSES
from gridmap.hotspots.faults import Reason
from webui.language import say
from webui.numbers import number
from webui.words import WEEKDAYS

#: Shapes in which no incident is counted are not drawn, unless they are of another class.
_BLANK = ("blank", "#f5f4f1", N_("Left blank: no incidents counted"))
#: Class, colour and word of each legend, in the order they are shown. Diverging RdBu for hot and
#: cold, sequential YlOrRd for shares: ColorBrewer's, safe for colour-blind readers.
_SIGNIFICANCE = [
    ("hot99", "#b2182b", N_("Hot, 99 % sure")),
    ("hot95", "#ef8a62", N_("Hot, 95 % sure")),
    ("hot90", "#fddbc7", N_("Hot, 90 % sure")),
    ("ns", "#dfe3e6", N_("Not significant")),
    ("cold90", "#d1e5f0", N_("Cold, 90 % sure")),
    ("cold95", "#67a9cf", N_("Cold, 95 % sure")),
    ("cold99", "#2166ac", N_("Cold, 99 % sure")),
    _BLANK,
]
_SHARES = [
    ("top10", "#bd0026", N_("The densest places, with 10 % of the incidents")),
    ("top25", "#f03b20", N_("with 25 %")),
    ("top50", "#fd8d3c", N_("with 50 %")),
    ("top75", "#fecc5c", N_("with 75 %")),
]
LEGENDS: dict[str, list[tuple[str, str, str]]] = {
    "significance": _SIGNIFICANCE,
    "clusters": _SIGNIFICANCE[:2],
    "density": _SHARES,
    "streets": _SHARES,
    "change": [
        ("more", "#b2182b", N_("More than before")),
        ("fewer", "#2166ac", N_("Fewer than before")),
        ("ns", "#dfe3e6", N_("No significant change")),
        ("few", "#b4bac0", N_("Too few to say")),
        _BLANK,
    ],
    "emerging": [
        ("new_hot", "#7a0177", N_("New hot spot")),
        ("consecutive_hot", "#c51b8a", N_("Consecutive hot spot")),
        ("intensifying_hot", "#99000d", N_("Intensifying hot spot")),
        ("persistent_hot", "#cb181d", N_("Persistent hot spot")),
        ("diminishing_hot", "#fb6a4a", N_("Diminishing hot spot")),
        ("sporadic_hot", "#fdae6b", N_("Sporadic hot spot")),
        ("oscillating_hot", "#fdd49e", N_("Oscillating hot spot")),
        ("historical_hot", "#d9b99b", N_("Historical hot spot")),
        ("ns", "#dfe3e6", N_("No pattern")),
        ("new_cold", "#016c59", N_("New cold spot")),
        ("consecutive_cold", "#1c9099", N_("Consecutive cold spot")),
        ("intensifying_cold", "#08306b", N_("Intensifying cold spot")),
        ("persistent_cold", "#2171b5", N_("Persistent cold spot")),
        ("diminishing_cold", "#6baed6", N_("Diminishing cold spot")),
        ("sporadic_cold", "#9ecae1", N_("Sporadic cold spot")),
        ("oscillating_cold", "#c6dbef", N_("Oscillating cold spot")),
        ("historical_cold", "#b5c7d6", N_("Historical cold spot")),
        _BLANK,
    ],
    "moran": [
        ("hh", "#b2182b", N_("High among high")),
        ("hl", "#ef8a62", N_("High among low: a single spot")),
        ("lh", "#67a9cf", N_("Low among high: a gap")),
        ("ll", "#2166ac", N_("Low among low")),
        ("ns", "#dfe3e6", N_("Not significant")),
        _BLANK,
    ],
    "risk": [
        ("risk4", "#b2182b", N_("At least twice its share")),
        ("risk3", "#f4a582", N_("1.25 to 2 times")),
        ("risk2", "#e9ebec", N_("About its share (0.8 to 1.25)")),
        ("risk1", "#92c5de", N_("Half to 0.8 of it")),
        ("risk0", "#2166ac", N_("Less than half of it")),
        ("few", "#b4bac0", N_("Too few to say")),
    ],
    "groups": [("group", "#e6550d", N_("Incidents close in place and time"))],
    "near": [("alert", "#e6550d", N_("A raised risk, while it lasts"))],
    "forecast": [
        ("first1", "#bd0026", N_("The 1 % of the area with most incidents expected")),
        ("first5", "#fd8d3c", N_("up to 5 %")),
        ("first10", "#fecc5c", N_("up to 10 %")),
    ],
    "none": [],
}

#: The colours of the steps of a surface, from the lowest; ColorBrewer's YlOrRd and RdBu.
PALETTES = {
    "density": [
        "#ffffcc", "#ffeda0", "#fed976", "#feb24c", "#fd8d3c", "#fc4e2a", "#e31a1c", "#b10026",
    ],
    "risk": ["#2166ac", "#67a9cf", "#d1e5f0", "#e9ebec", "#fddbc7", "#ef8a62", "#b2182b"],
}  # fmt: skip

#: What a step of a surface says, by palette and whether it is what lies below all levels.
_STEPS = {
    ("density", False): N_("from {value} per km²"),
    ("risk", False): N_("from {value} times its share"),
    ("risk", True): N_("below {value} times its share"),
}

STATES = {
    "waiting": N_("Waiting"),
    "running": N_("Running"),
    "done": N_("Finished"),
    "failed": N_("Not possible"),
    "cancelled": N_("Cancelled"),
}

#: Why an analysis cannot answer, and what helps. Values are rounded before they are put in.
_FAULTS: dict[str, str] = {
    Reason.TOO_FEW: N_(
        "There are too few incidents to say anything. Choose a longer period, a larger area or "
        "more categories."
    ),
    Reason.ONE_PLACE: N_(
        "All incidents lie at one and the same place, so there is nothing to compare. Check how "
        "the positions were recorded, or choose a larger area."
    ),
    Reason.NO_POPULATION: N_(
        "No households are known in this area, so nothing can be compared with them. Import the "
        "counts of the buildings, or compare counts of incidents."
    ),
    Reason.BANDWIDTH_BEYOND_AREA: N_(
        "The bandwidth is larger than the area allows: everything would run together. Choose a "
        "smaller bandwidth, or 0 for a fitting one."
    ),
    Reason.BANDWIDTH_BELOW_PIXEL: N_(
        "The bandwidth is too small for so large an area. Choose a larger bandwidth or a smaller "
        "area."
    ),
    Reason.ONE_DAY: N_(
        "All incidents fall on one day, so nothing can be said of time. Choose a longer period."
    ),
    Reason.ONE_VALUE: N_(
        "Every part of the area has the same count, so none stands out. Choose a longer period "
        "or larger shapes."
    ),
    Reason.TOO_MANY_CELLS: N_(
        "The shapes are too small for so large an area. Choose larger shapes, or 0 for a fitting "
        "size."
    ),
    Reason.NO_STREETS: N_(
        "No streets are known in this area. Import the roads first, or choose a method for areas."
    ),
    Reason.NO_AREA: N_(
        "No community of this area has an outline. Import the outlines of the units first."
    ),
    Reason.RADIUS_TOO_SMALL: N_(
        "The distance is too small for so large an area. Choose a larger distance or a smaller "
        "area."
    ),
    Reason.TOO_MANY: N_(
        "There are too many incidents near each other for this method. Choose one category, a "
        "shorter period, a smaller area or smaller distances."
    ),
    Reason.TOO_LONG: N_(
        "Choose fewer or narrower bands, fewer random arrangements, one category, a shorter period "
        "or a smaller area."
    ),
    Reason.NO_EARLIER: N_(
        "There are no incidents for the whole of the former period. Choose a shorter or later "
        "period, or compare with as many days before."
    ),
    Reason.NO_CELLS: N_(
        "No grid cells are known in this area. Import or draw them first, or choose hexagons."
    ),
    Reason.TOO_MANY_NEIGHBOURS: N_(
        "Each shape would have too many neighbours to work out. Choose a smaller distance or "
        "number, or larger shapes."
    ),
    Reason.NO_OTHERS: N_(
        "There are too few other incidents to compare with. Choose some categories and not all, "
        "a longer period, or compare with households."
    ),
    Reason.NO_SEASON: N_(
        "The months of other years are not known: that needs two years of incidents up to the "
        "last day. Take all months alike, or compare with the usual times and places."
    ),
    Reason.ONE_KIND: N_(
        "All homes here are in buildings of one kind and height, or neither is known. Take all "
        "homes alike, or import kind and storeys of the buildings."
    ),
}
_UNKNOWN = N_(
    "The data do not suit this method. Choose a longer period, a larger area or another method."
)
_BROKEN = N_("Something went wrong on our side. The operator finds the cause in the log.")
#: What there is too little of, by the figure that an analysis names, and what helps with it.
_MORE_INCIDENTS = N_("Incidents in this period: {found}; the method needs at least {least}.")
_TOO_FEW: dict[str, tuple[str, str]] = {
    "events": (_MORE_INCIDENTS, _FAULTS[Reason.TOO_FEW]),
    "incidents": (_MORE_INCIDENTS, _FAULTS[Reason.TOO_FEW]),
    "found": (_MORE_INCIDENTS, _FAULTS[Reason.TOO_FEW]),
    "periods": (
        N_("Whole weeks or months: {found}; the method needs at least {least}."),
        N_("Choose a longer period, or weeks in place of months."),
    ),
    "places": (
        N_("Shapes in this area: {found}; the method needs at least {least}."),
        N_("Choose smaller shapes or a larger area."),
    ),
}

_COSTS = N_(
    "To compare {pairs} pairs of incidents near each other {times} times would take some {minutes} "
    "minutes."
)

#: What is listed, of methods all of whose places are of one class.
LISTED = {
    "density": N_("Listed are the places painted “with 25 %” and denser."),
    "streets": N_("Listed are the densest stretches, with 10 % of the incidents on streets."),
    "forecast": N_("Listed are the places of the 1 % of the area with most incidents expected."),
}

NOTE = N_(
    "Reports show where incidents are reported, which is not the same as where they happen: "
    "places with more people about, cameras or patrols report more. A hotspot is a place to "
    "help, not people to suspect."
)


def kind(analysis: str, code: str) -> str:
    """Return what a class is called in the legend of an analysis."""
    entry = ANALYSES.get(analysis)
    legend = LEGENDS.get(entry.legend, []) if entry else []
    return next((say(word) for each, _colour, word in legend if each == code), code)


def steps(surface: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the class and the words of each step of a surface, from the lowest."""
    palette, levels = surface["palette"], surface["levels"]
    said = []
    for number_of_step, level in enumerate(levels, 1):
        # Below the first boundary everything is less than it.
        below = level < 0
        value = levels[number_of_step] if below else level
        template = _STEPS[palette, below]
        said.append(
            (f"step-{palette}-{number_of_step}", say(Message(template, value=_short(value))))
        )
    return said


def _short(value: float) -> str:
    return number(round(value)) if value >= 10 else f"{value:.3g}"


def title(analysis: str) -> str:
    """Return what an analysis is called; one that is no longer there keeps its key."""
    entry = ANALYSES.get(analysis)
    return say(entry.title) if entry else analysis


#: What would be possible, by the figure that a fault tells.
_LIMITS = {
    "most_m": (N_("Here at most {metres} m are possible."), math.floor),
    "least_m": (N_("Here at least {metres} m are needed."), math.ceil),
}


def fault(error: Mapping[str, Any] | None) -> list[str]:
    """Say why a run failed, and what helps."""
    error = error or {"reason": "broken"}
    reason, figures = error["reason"], error.get("figures", {})
    if reason == "message":
        return [say(Message(error["template"], **error["params"]))]
    if reason == "broken":
        return [say(_BROKEN)]
    least = figures.get("least", figures.get("needed"))
    if reason == Reason.TOO_FEW and least is not None:
        for figure, (sentence, remedy) in _TOO_FEW.items():
            if figure in figures:
                counts = {"found": number(figures[figure]), "least": number(least)}
                return [say(Message(sentence, **counts)), say(remedy)]
    if reason == Reason.TOO_LONG and figures:
        costs = {name: number(round(value)) for name, value in figures.items()}
        return [say(Message(_COSTS, **costs)), say(_FAULTS[reason])]
    limits = [
        say(Message(sentence, metres=number(rounded(figures[figure]))))
        for figure, (sentence, rounded) in _LIMITS.items()
        if figure in figures
    ]
    return [say(_FAULTS.get(reason, _UNKNOWN)), *limits]


def is_ours(error: Mapping[str, Any] | None) -> bool:
    """Tell whether a run failed by a fault of the program and not for its data."""
    return error is None or error["reason"] == "broken"


def span(busiest: Mapping[str, Any] | None) -> str:
    """Say the busiest hours, as 08:00-11:00."""
    if not busiest:
        return "–"
    return f"{busiest['from']:02}:00–{busiest['to']:02}:00"


def weekday(number_of_day: int) -> str:
    """Return the short name of a weekday, Monday being 0."""
    return say(WEEKDAYS[number_of_day])


def percent(share: float) -> str:
    """Write a share in per cent, with one digit below ten."""
    value = 100 * share
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


def probability(p: float | None) -> str:
    """Write a p as people quote it."""
    if p is None:
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def measure(value: float | None, share: bool = False) -> str:
    """Write a score of a forecast, a share in per cent."""
    if value is None:
        return "–"
    return percent(value) if share else f"{value:.2f}"


def named(row: Any) -> str:
    """Return the name of something that may have an English one."""
    return str((row.name_en or row.name) if str(get_locale()) == "en" else row.name)


def area(row: Any) -> str:
    """Say where a run looked, of a row of the list of runs."""
    unit = (row.unit_en or row.unit) if str(get_locale()) == "en" else row.unit
    communities = row.HotspotRun.communities
    if unit:
        return str(unit)
    if communities is None:
        return str(_("All communities"))
    return str(_("Communities: %(count)s", count=len(communities)))


MONTHS = [
    N_("January"), N_("February"), N_("March"), N_("April"), N_("May"), N_("June"), N_("July"),
    N_("August"), N_("September"), N_("October"), N_("November"), N_("December"),
]  # fmt: skip

#: The forecasts that are compared, the model's first.
FORECASTS = [
    ("model", N_("This forecast")),
    ("long", N_("The average of all before")),
    ("last", N_("As many as last time")),
]
