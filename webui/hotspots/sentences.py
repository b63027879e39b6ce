"""What a result says in three sentences: where, when, and how sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from babel.dates import get_day_names
from flask_babel import get_locale
from sqlalchemy import Row

from geodata.messages import N_, Message
from gridmap.hotspots.analyses.busiest import WINDOW
from gridmap.hotspots.models import HotspotRun
from webui.hotspots import words
from webui.language import say
from webui.numbers import number

_NOWHERE = {
    "gi_star": N_(
        "No place stands out among {count} incidents by this test, at a level of 5 % for the whole "
        "map."
    ),
    "density": N_("This method lists no dense place for the {count} incidents."),
    "streets": N_("This method lists no stretch of street for the {count} incidents."),
    "scan": N_("Among {count} incidents this method found no cluster at a level of 5 %."),
    "st_dbscan": N_(
        "Among {count} incidents no group has as many so close together as were asked for."
    ),
    "emerging": N_("Among {count} incidents this method found no hot class in any shape."),
    "getis_ord": N_("Among {count} incidents no shape is hot at a false discovery rate of 5 %."),
    "moran": N_(
        "Among {count} incidents no shape is high among high ones or alone among low ones, at a "
        "false discovery rate of 5 %."
    ),
    "relative_risk": N_(
        "Nowhere are the {count} incidents out of proportion to what they are compared with, at a "
        "level of 5 % for the whole map."
    ),
    "forecast": N_("For this period the forecast names no place."),
}
_NOWHERE_ELSE = N_("This method lists no place for the {count} incidents.")
_WHERE = N_(
    "{hotspots} places stand out among {count} incidents; they hold {share} % of them on {area} % "
    "of the area. The first is {place}: {there} incidents, where {expected} would be expected."
)
_WHERE_PLAIN = N_(
    "{hotspots} places stand out among {count} incidents. The first is {place}, with {there}."
)
_RISK = N_(
    "In {hotspots} places more of the {count} incidents happen than {reference} would suggest. The "
    "first is {place}: {there} incidents, where {expected} would be its share."
)
#: The same of a single place, for people do not say "1 places".
_ONE = {
    _WHERE: N_(
        "One place stands out among {count} incidents: {place}, with {there} incidents where "
        "{expected} would be expected; that is {share} % of all on {area} % of the area."
    ),
    _WHERE_PLAIN: N_("One place stands out among {count} incidents: {place}, with {there}."),
    _RISK: N_(
        "In one place, {place}, more of the {count} incidents happen than {reference} would "
        "suggest: {there}, where {expected} would be its share."
    ),
}
_CHANGED = N_(
    "Between {first} and {last} there were {before} incidents, now {count}. In {more} places there "
    "are really more than then, in {fewer} really fewer; elsewhere chance explains the difference."
)
_COMING = N_(
    "From {first} to {last} about {expected} incidents are to be expected; {share} % of them on "
    "the 1 % of the area with most, first of all at {place}."
)
_QUARTERS = N_(
    "Among {count} incidents, {hh} shapes are high among high ones and {hl} are single spots among "
    "low ones. The first place is {place}: {there} incidents, where {expected} would be expected."
)
_REFERENCES = {
    "households": N_("the households"),
    "categories": N_("the other categories"),
    "year": N_("the days from {first} to {last}"),
    "before": N_("the days from {first} to {last}"),
}
_NEAR = N_(
    "Among {count} incidents, {ratio} times as many pairs as by chance are {from_m} to {to_m} m "
    "and {from_day} to {to_day} days apart; {zones} places have a raised risk after the last day."
)
_NEAR_NONE = N_("Among {count} incidents none makes another nearby more likely than chance does.")
_HOURS = N_("{peaks} hours of the week have more of the {count} incidents than an even spread.")
_WHEN = N_("Most happens between {first}:00 and {after}:00 ({share} % of all).")
_WHEN_DAY = N_(
    "Most happens between {first}:00 and {after}:00 ({share} % of all), and on {day} more than on "
    "other days."
)
_WHEN_EVEN = N_("No hours stand out: incidents are spread over the whole day.")
_SURE = {
    "emerging": N_(
        "How sure: months are hot at a false discovery rate of 5 % over all shapes and months; a "
        "class follows from these months and the trend, and is no test of its own."
    ),
    "comparison": N_(
        "How sure: of the places painted as changed, about one in twenty would be painted by "
        "chance alone."
    ),
    "scan": N_(
        "How sure: among {replications} arrangements of the same incidents with their days dealt "
        "anew, {reached} have a cluster as strong as the strongest here."
    ),
    "getis_ord": N_(
        "How sure: of the shapes called hot or cold at 95 %, about one in twenty is so by chance "
        "alone; p follows from the normal distribution, which fits few incidents badly."
    ),
    "getis_ord_permutation": N_(
        "How sure: of the shapes called hot or cold at 95 %, about one in twenty is so by chance "
        "alone; p was judged by {replications} permutations of the values for each shape."
    ),
    "moran": N_(
        "How sure: of the shapes painted, about one in twenty is so by chance alone; p follows "
        "from the normal distribution, which fits few incidents badly."
    ),
    "moran_permutation": N_(
        "How sure: of the shapes painted, about one in twenty is so by chance alone; p was judged "
        "by {replications} permutations of the values for each shape."
    ),
    "relative_risk": N_(
        "How sure: of {replications} maps on which chance alone decides, {reached} have a place as "
        "far out of proportion as the strongest here. The p in the table says it for each place."
    ),
    "scan_bernoulli": N_(
        "How sure: among {replications} arrangements in which the categories are dealt anew among "
        "all incidents, {reached} have a cluster as strong as the strongest here."
    ),
    "scan_poisson": N_(
        "How sure: among {replications} arrangements of as many incidents by households and days, "
        "{reached} have a cluster as strong as the strongest here."
    ),
}
_SCATTERED = N_(
    "How sure: as many incidents were scattered by chance over {ground}, {replications} times in "
    "all. A place as hot as the hottest here came up {times}."
)
_GROUNDS = {
    "mixed": N_("the area and its homes"),
    "count": N_("the area"),
    "households": N_("the homes"),
}
_NEVER, _ONCE, _TIMES = N_("not once"), N_("once"), N_("{count} times")
_SURE_RHYTHM = N_(
    "How sure: of the hours named, about one in twenty would be named by chance alone."
)
_PROOF = N_(
    "How sure: on the last {judged} times the 1 % named beforehand held {hit} % of the incidents, "
    "{pai} times as many as an even spread; the average of before {long}, last time's counts "
    "{last}."
)
_BEATS = N_("The forecast is better than both, beyond chance.")
_NOT_BEATS = N_("It is not surely better than these simple rules: take the average just as well.")
_SURE_NEAR = N_(
    "How sure: a band counts as raised only if chance would raise any of the table in at most one "
    "of twenty tables; that was judged by {replications} random arrangements."
)
_SURE_NONE = N_(
    "How sure: that nothing stands out does not prove that nothing is there; with more incidents "
    "more could be seen."
)
_SURE_PLAIN = N_(
    "How sure: this method describes and does not test; use hot and cold areas to know what "
    "chance explains."
)
_HOLIDAYS = N_(
    "On the {days} days of public holidays there were {observed} incidents; other days of the same "
    "weekdays and months would suggest {expected}. {verdict}"
)
_HOLIDAYS_MORE = N_("So holidays have more, beyond chance.")
_HOLIDAYS_FEWER = N_("So holidays have fewer, beyond chance.")
_HOLIDAYS_ALIKE = N_("Chance explains the difference.")
_SPREAD = N_(
    "Of {spread} incidents only a from-to time is known; each is spread evenly over its span."
)
_LEFT_OUT = N_("Left out are {left_out} incidents where nobody lives.")
_OFF_STREETS = N_("Left out are {left_out} incidents that lie near no street.")
_ALLOWED = N_("What is expected allows for {what}.")
_COVARIATES = {
    "weekdays": N_("weekdays"),
    "categories": N_("categories"),
    "months": N_("months of the year"),
    "homes": N_("kind and height of buildings"),
}
#: The share of three hours of the day were all alike, and half as much again to be worth saying.
_EVEN_SHARE = 1.5 * WINDOW / 24


def sentences(run: HotspotRun, rows: Sequence[Row[Any]]) -> list[str]:
    """Say what a run found, when, and how sure that is."""
    said = [say(_where(run, rows)), say(_when(run)), say(_sure(run, rows))]
    if allowed := run.summary.get("allowed"):
        what = (", " if str(get_locale()) == "en" else "、").join(
            say(_COVARIATES[each]) for each in allowed
        )
        said.append(say(Message(_ALLOWED, what=what)))
    if left_out := run.summary.get("left_out"):
        said.append(say(Message(_LEFT_OUT, left_out=number(left_out))))
    # Of all incidents, those on streets are counted.
    if off := (run.incidents or 0) - run.summary.get("on_streets", run.incidents or 0):
        said.append(say(Message(_OFF_STREETS, left_out=number(off))))
    if holidays := run.summary.get("holidays"):
        said.append(say(_holidays(holidays[0])))
    if spread := run.summary.get("spread"):
        said.append(say(Message(_SPREAD, spread=number(spread))))
    return said


def _holidays(effect: Mapping[str, Any]) -> Message:
    sure = effect["found"]
    more = effect["observed"] > effect["expected"]
    verdict = (_HOLIDAYS_MORE if more else _HOLIDAYS_FEWER) if sure else _HOLIDAYS_ALIKE
    return Message(
        _HOLIDAYS,
        days=number(effect["days"]),
        observed=number(effect["observed"]),
        expected=number(round(effect["expected"])),
        verdict=Message(verdict),
    )


def _where(run: HotspotRun, rows: Sequence[Row[Any]]) -> Message:
    count = number(run.incidents or 0)
    if "former" in run.summary:
        return _changed(run, count)
    if "knox" in run.summary:
        return _near(run, count)
    if "peaks" in run.summary:
        return Message(_HOURS, peaks=number(len(run.summary["peaks"])), count=count)
    if not rows:
        return Message(_NOWHERE.get(run.analysis, _NOWHERE_ELSE), count=count)
    first, figures = rows[0], run.summary
    if "coming" in figures:
        return Message(
            _COMING,
            first=figures["coming"][0],
            last=figures["coming"][1],
            expected=number(round(figures["expected"])),
            share=words.percent(figures["top_share"]),
            place=place(first),
        )
    places = figures.get("hotspots", len(rows))
    values = {
        "hotspots": number(places),
        "count": count,
        "place": place(first),
        "there": number(first.n),
    }
    if first.expected is not None and ("quarters" in figures or "reference" in figures):
        return _local(figures, {**values, "expected": number(round(first.expected))})
    if "inside" not in figures or first.expected is None:
        return Message(_ONE[_WHERE_PLAIN] if places == 1 else _WHERE_PLAIN, **values)
    return Message(
        _ONE[_WHERE] if places == 1 else _WHERE,
        **values,
        share=words.percent(figures["inside"] / max(run.incidents or 1, 1)),
        area=words.percent(figures["area_share"]),
        expected=number(round(first.expected)),
    )


def _local(figures: Mapping[str, Any], values: Mapping[str, str]) -> Message:
    if "quarters" in figures:
        return Message(
            _QUARTERS, **values, **{k: number(n) for k, n in figures["quarters"].items()}
        )
    first, last = figures.get("before", ("", ""))
    reference = Message(_REFERENCES[figures["reference"]], first=first, last=last)
    template = _ONE[_RISK] if figures["hotspots"] == 1 else _RISK
    return Message(template, **values, reference=reference)


def _changed(run: HotspotRun, count: str) -> Message:
    figures = run.summary
    return Message(
        _CHANGED,
        first=figures["former"][0],
        last=figures["former"][1],
        before=number(figures["before"]),
        count=count,
        more=number(figures["more"]),
        fewer=number(figures["fewer"]),
    )


def _near(run: HotspotRun, count: str) -> Message:
    figures = run.summary
    if not figures["raised"]:
        return Message(_NEAR_NONE, count=count)
    # Of the bands that are not raised a few pairs more may make the greatest ratio.
    best = max(figures["knox"], key=lambda each: (each.get("raised", False), each["ratio"] or 0))
    return Message(
        _NEAR,
        count=count,
        ratio=f"{best['ratio']:.1f}",
        from_m=number(best["from_m"]),
        to_m=number(best["to_m"]),
        from_day=number(best["from_day"]),
        to_day=number(best["to_day"]),
        zones=number(figures["hotspots"]),
    )


def _when(run: HotspotRun) -> Message:
    week = np.array(run.summary.get("week") or np.zeros((7, 24)))
    hours = week.sum(axis=0)
    sums = sum(np.roll(hours, -step) for step in range(WINDOW))
    start, total = int(np.argmax(sums)), float(max(hours.sum(), 1))
    share = float(sums[start] / total)
    if share < _EVEN_SHARE:
        return Message(_WHEN_EVEN)
    values = {
        "first": f"{start:02}",
        "after": f"{(start + WINDOW) % 24:02}",
        "share": words.percent(share),
    }
    day = run.summary.get("weekday")
    if day is None:
        return Message(_WHEN, **values)
    return Message(_WHEN_DAY, **values, day=get_day_names(locale=get_locale())[day])


def _sure(run: HotspotRun, rows: Sequence[Row[Any]]) -> Message:
    if "verdict" in run.summary:
        return _proof(run.summary)
    if "peaks" in run.summary:
        return Message(_SURE_RHYTHM)
    if "knox" in run.summary:
        return Message(_SURE_NEAR, replications=number(run.summary["replications"]))
    if "map_p" in run.summary and rows:
        return _scattered(run.summary)
    template = _SURE.get(f"{run.analysis}_{_way(run.summary)}", _SURE.get(run.analysis))
    if not rows and (template or "map_p" in run.summary):
        return Message(_SURE_NONE)
    if template is None:
        return Message(_SURE_PLAIN)
    figures = run.summary
    return Message(
        template,
        replications=number(figures.get("replications", 0)),
        reached=figures.get("reached", "–"),
    )


def _way(figures: Mapping[str, Any]) -> str:
    """Return how p was found, where there are several ways."""
    return str(figures.get("proof", figures.get("against", "")))


def _scattered(figures: Mapping[str, Any]) -> Message:
    """Say how often chance made as hot a place, which people grasp sooner than a probability."""
    maps = figures["replications"]
    reached = round(figures["map_p"] * (maps + 1)) - 1
    times = Message((_NEVER, _ONCE)[reached]) if reached < 2 else Message(_TIMES, count=reached)
    ground = Message(_GROUNDS[figures["against"]])
    return Message(_SCATTERED, ground=ground, replications=number(maps), times=times)


def _proof(figures: Mapping[str, Any]) -> Message:
    """Say how the same forecasts did when they could be checked, for better or worse."""

    def mean(name: str) -> str:
        value = figures["pai"][name][0]
        return "–" if value is None else f"{value:.1f}"

    proof = Message(
        _PROOF,
        judged=figures["judged"],
        hit=words.percent(figures["hit_rate"] or 0),
        pai=mean("model"),
        long=mean("long"),
        last=mean("last"),
    )
    beats = figures["verdict"] == "beats_naive"
    return Message(
        "{proof} {verdict}", proof=proof, verdict=Message(_BEATS if beats else _NOT_BEATS)
    )


def place(row: Row[Any]) -> str:
    """Name a hotspot: its street or community, and the cell."""
    parts = [part for part in (row.place, row.cell_name or row.cell) if part]
    return " · ".join(parts) or f"{row.lat:.4f}, {row.lon:.4f}"
