"""Words of the dashboard: periods, changes and classes of the map, as a supervisor says them."""

from __future__ import annotations

from datetime import date

from geodata.messages import N_, Message
from gridmap.exchange.dashboard import TOO_FEW
from gridmap.incidents.periods import Kind, Period
from webui.numbers import number

KINDS: dict[Kind, str] = {
    "week": N_("Week"),
    "month": N_("Month"),
    "quarter": N_("Quarter"),
    "half": N_("Half-year"),
    "custom": N_("Other days"),
}
_BEFORE: dict[Kind, tuple[str, str]] = {
    "week": (N_("the week before"), N_("the same days of the week before")),
    "month": (N_("the month before"), N_("the same days of the month before")),
    "quarter": (N_("the quarter before"), N_("the same days of the quarter before")),
    "half": (N_("the half-year before"), N_("the same days of the half-year before")),
    "custom": (N_("as many days before"), N_("as many days before")),
}
LAST_YEAR = N_("a year ago")

#: What colours the map, by its name in the address.
FIGURES = {
    "total": N_("Incidents"),
    "rate": N_("Per 1,000 households"),
    "change": N_("Change in per cent"),
    "patrols": N_("Patrol coverage"),
}
FIGURE_HELP = {
    "total": N_("Incidents in the period"),
    "rate": N_("Incidents in the period per 1,000 households"),
    "change": N_("Change against the period before, in per cent"),
    "patrols": N_("Incidents of these months near a patrol at their hour, in per cent"),
}

#: What the page's script says, by key.
SCRIPT: dict[str, Message | str] = {
    "failed": N_("The data could not be read. Check the connection and try again."),
    "incidents": N_("Incidents"),
    "few": Message("too few to say (below {least})", least=TOO_FEW),
    "no_data": N_("no households known"),
    "no_patrols": N_("no patrol on record"),
    "walked": N_("Walked"),
    "planned": N_("By the rota"),
    "up_to": N_("up to {value}"),
    "above": N_("above {value}"),
    "between": N_("{low} to {high}"),
    "updated": N_("updated {time}"),
    "stale": N_("No connection: the state of {time}; trying again."),
    "signedOut": N_("Signed out: the state of {time}."),
    "signIn": N_("Sign in again"),
}


def month(day: date) -> str:
    """Write a month as the axis of a chart shows it."""
    return f"{day.year}-{day.month:02}"


def reference(period: Period) -> Message:
    """Name the period before."""
    whole, so_far = _BEFORE[period.kind]
    return Message(whole if period.whole else so_far)


def change(n: int, before: int, than: Message) -> Message:
    """Say a change in words: 比上月多 12 件."""
    count = number(abs(n - before))
    if n > before:
        return Message("{count} more than {reference}", count=count, reference=than)
    if n < before:
        return Message("{count} fewer than {reference}", count=count, reference=than)
    return Message("as many as {reference}", reference=than)


def arrow(n: int, before: int) -> str:
    """Return the sign of a change."""
    return "▲" if n > before else "▼" if n < before else "="
