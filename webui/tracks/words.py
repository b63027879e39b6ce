"""Words of the pages of tracks, and how their figures are written."""

from __future__ import annotations

from geodata.messages import N_, Message
from webui.hotspots.words import fault, is_ours
from webui.language import say
from webui.numbers import length, percent
from webui.waiting import STATES
from webui.words import CODES

__all__ = ["STATES", "fault", "is_ours", "length", "percent"]

VERDICTS = {
    "visited": N_("Visited"),
    "too_short": N_("Stayed too short"),
    "missed": N_("Missed"),
}
SOURCES = {
    "gpx": "GPX",
    "geojson": "GeoJSON",
    "table": N_("Table"),
    "phone": N_("Phone"),
    "demo": N_("Demo"),
}
MODES = {"foot": N_("On foot"), "bicycle": N_("By bicycle"), "car": N_("By car")}
#: Why positions were left out, by the names of `cleaning.Fate`.
FATES = {
    "invalid": N_("without a time or a place"),
    "imprecise": N_("imprecise by the device's own word"),
    "repeated": N_("of a time that there was already"),
    "jump": N_("out of reach of those before and after"),
    "fast": N_("too fast for the way of moving"),
    "standing": N_("scattered about while standing"),
}
#: Kinds of streets that on the map are the name of something else too.
STREETS = {"residential": N_("Residential street")}
#: What the map's script says.
SCRIPT = {
    "failed": N_("The data could not be read. Check the connection and try again."),
    "never": N_("never walked on record"),
    "today": N_("walked within the last day"),
    "days": N_("last walked {days} days ago"),
    "unnamed": N_("Street without a name"),
    "share": N_("Share of incidents near a patrol"),
    "waiting": N_("waits"),
}
#: Days since a street was walked, its colour and words, the longest last.
AGES: list[tuple[int, str, str]] = [
    (7, "#08519c", N_("up to 7 days")),
    (14, "#4292c6", N_("up to 14 days")),
    (30, "#9ecae1", N_("up to 30 days")),
    (36500, "#fdae6b", N_("longer ago")),
]
NEVER = "#d94801"
OFF = N_("off the route")


def share(part: float | None) -> str:
    """Write what part of its route a track is; one that follows none of it was not on the route."""
    if part is None:
        return "–"
    return percent(part, 1) if part > 0 else say(OFF)


def minutes(seconds: float) -> str:
    """Write a time spent, in whole minutes or in seconds below one."""
    if seconds < 60:
        return say(Message("{count} s", count=round(seconds)))
    return say(Message("{count} min", count=round(seconds / 60)))


def hours(first: int | None, gone: int | None) -> str:
    """Write hours of the day, such as 20:00-23:00, or a dash."""
    return "–" if first is None or gone is None else f"{first:02d}:00–{gone:02d}:00"


def kind(code: str) -> str:
    """Say what kind of street a code of OpenStreetMap stands for."""
    return say(STREETS.get(code) or CODES.get(code, code))
