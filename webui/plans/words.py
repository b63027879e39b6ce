"""Words of the pages of plans, and how their figures are written."""

from __future__ import annotations

from geodata.messages import N_
from webui.hotspots.words import fault, is_ours
from webui.tracks.words import MODES, STATES, length, percent
from webui.words import CODES

__all__ = ["CODES", "MODES", "STATES", "fault", "is_ours", "length", "percent"]

KINDS = {
    "hot": N_("Hot place"),
    "stop": N_("Place"),
    "street": N_("Street, whole"),
    "break": N_("Break"),
}
#: Why a visit is not in a plan, by the reasons of the planner.
REASONS = {
    "window_too_short": N_("The hours are shorter than the stay."),
    "no_team_in_hours": N_("No team is on duty in these hours."),
    "unreachable": N_("No way leads there for the teams' way of moving."),
    "too_far": N_("Too far for every team, even if it did nothing else."),
    "worth_less": N_("The detour costs more than the visit is worth."),
    "balance": N_("It would make the longest shift longer; the teams were to work alike."),
    "no_room": N_("The teams are busy with places of more incidents."),
}
EFFORTS = {
    "quick": N_("Quick, some 5 s"),
    "usual": N_("Usual, some 12 s"),
    "thorough": N_("Thorough, about a minute"),
}
SCRIPT = {
    "failed": N_("The data could not be read. Check the connection and try again."),
    "waiting": N_("waits"),
    "rest": N_("Break"),
    "point": N_("{row}: {what}"),
    "start": N_("start"),
    "end": N_("end"),
}
#: One for each team, apart for colour-blind eyes (Wong 2011, Nature Methods 8, 441) and dark
#: enough on a pale map; more teams take them again.
COLOURS = [
    "#0072b2", "#d55e00", "#007a5a", "#a6427c", "#8a6d00", "#2f4b7c", "#b2182b", "#5e4fa2",
    "#3f7d20", "#555555",
]  # fmt: skip


def clock(seconds: float) -> str:
    """Write seconds of the day as a time; what is past midnight is of the next day."""
    minutes = int(seconds // 60)
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def hours(seconds: float) -> str:
    """Write a span as hours and minutes."""
    minutes = round(seconds / 60)
    return f"{minutes // 60}:{minutes % 60:02d}"
