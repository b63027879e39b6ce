"""What the pages of shifts say: spans, states, conflicts and patterns in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from flask_babel import format_date, format_datetime, get_timezone

from geodata.messages import N_, Message
from gridmap.patrols.shifts.conflicts import Conflict, Fault
from gridmap.patrols.shifts.patterns import Days, Rule, Turn
from webui.language import moment, say

STATES = {
    "present": N_("present"),
    "late": N_("late"),
    "absent": N_("absent"),
    "leave": N_("on leave"),
}
#: A sign beside the word, for who does not see the colour.
STATE_SIGNS = {"present": "✓", "late": "◔", "absent": "✕", "leave": "–"}
SWAP_STATES = {
    "asked": N_("waits for the other"),
    "agreed": N_("waits for approval"),
    "approved": N_("approved"),
    "declined": N_("declined"),
    "refused": N_("refused"),
    "withdrawn": N_("withdrawn"),
}
#: What is said when an act on a swap is done.
SWAPS_DONE = {
    "agree": N_("You agreed. The planner or the captain decides."),
    "decline": N_("You declined."),
    "withdraw": N_("The swap is withdrawn."),
    "approve": N_("The swap is approved, and the shifts are changed."),
    "refuse": N_("The swap is refused."),
}
FAULTS = {
    Fault.TWICE: N_("One person twice"),
    Fault.REST: N_("Too little rest"),
    Fault.ABSENT: N_("Away"),
    Fault.NOBODY: N_("Nobody"),
    Fault.INACTIVE: N_("No longer active"),
}
LIST_STATES = {
    "planned": N_("Not cancelled"),
    "over": N_("Over, not cancelled"),
    "done": N_("Over, somebody came"),
    "cancelled": N_("Cancelled"),
    "unrecorded": N_("Attendance missing"),
}
DAYS = {
    Days.EVERY: N_("Every day"),
    Days.WEEKDAYS: N_("These days of the week"),
    Days.WORKDAYS: N_("Workdays, with make-up workdays"),
    Days.OFF: N_("Weekends and holidays"),
}
TURNS = {
    Turn.SHIFT: N_("The next group each shift"),
    Turn.WEEK: N_("The next group each week"),
    Turn.ALL: N_("All groups together"),
    Turn.CYCLE: N_("A cycle of days of duty and rest, each group some days later"),
}
#: Team colours repeat after so many.
COLOURS = 8


def colour(team_id: int) -> str:
    """Return the class that colours a team."""
    return f"team-{team_id % COLOURS}"


def local_day(at: datetime) -> date:
    """Return the town's day of a moment."""
    return at.astimezone(get_timezone()).date()


def day(value: date, pattern: str = "MM-dd EEE") -> str:
    """Write a day with its weekday."""
    return str(format_date(value, pattern))


def clock(at: datetime) -> str:
    """Write the hour of a moment."""
    return moment(at, "HH:mm")


def hours_of(starts: datetime, ends: datetime) -> str:
    """Write from which hour until which a shift lasts, saying where it ends on a later day."""
    later = (local_day(ends) - local_day(starts)).days
    if later == 0:
        return f"{clock(starts)}–{clock(ends)}"
    if later == 1:
        return say(Message("{begins}–{ends} the next day", begins=clock(starts), ends=clock(ends)))
    return f"{clock(starts)}–{format_datetime(ends, 'MM-dd HH:mm')}"


def span(starts: datetime, ends: datetime) -> str:
    """Write a shift's day and hours."""
    return f"{day(local_day(starts))} {hours_of(starts, ends)}"


def field(at: datetime) -> str:
    """Write a moment as a field for date and time holds it."""
    return moment(at, "yyyy-MM-dd'T'HH:mm")


def conflict(found: Conflict, cadres: Mapping[int, str], teams: Mapping[int, str]) -> str:
    """Say what speaks against a shift."""
    name = "" if found.cadre_id is None else cadres.get(found.cadre_id, "")
    other = ""
    if found.other is not None:
        team = teams.get(found.other.team_id, "")
        other = f"{team} {span(found.other.starts, found.other.ends)}"
    if found.fault is Fault.TWICE:
        return say(
            Message("{name} is on another shift at this time: {other}.", name=name, other=other)
        )
    if found.fault is Fault.REST:
        return say(
            Message(
                "{name} has only {hours} h of rest between this and {other}.",
                name=name,
                hours=f"{found.hours:.1f}".removesuffix(".0"),
                other=other,
            )
        )
    if found.fault is Fault.ABSENT:
        return say(Message("{name} is away on {day}.", name=name, day=day(found.day or date.min)))
    if found.fault is Fault.NOBODY:
        return say("Nobody is on this shift.")
    if found.cadre_id is not None:
        return say(Message("{name} is no longer active.", name=name))
    return say(
        Message("The team {team} is no longer active.", team=teams.get(found.duty.team_id, ""))
    )


def rule(kept: Rule) -> str:
    """Say a pattern in a line."""
    slots = say(", ").join(
        say(
            Message(
                "{hours} h from {time}", hours=f"{slot.minutes / 60:g}", time=f"{slot.begins:%H:%M}"
            )
        )
        for slot in kept.slots
    )
    days = say(DAYS[kept.days])
    if kept.days is Days.WEEKDAYS:
        days = " ".join(weekday(number) for number in sorted(kept.weekdays))
    groups = say(Message("{count} groups", count=len(kept.groups)))
    turn = say(TURNS[kept.turn])
    if kept.turn is Turn.CYCLE:
        turn = say(Message("a cycle of {days} days", days=len(kept.cycle)))
    return f"{days} · {slots} · {groups} · {turn}"


def weekday(number: int) -> str:
    """Name a day of the week, Monday being 0."""
    # 5 January 1970 was a Monday.
    return str(format_date(date(1970, 1, 5) + timedelta(days=number), "EEE"))


def ids(written: str) -> list[str]:
    """Read the ids of the address that were cancelled last."""
    return [each for each in written.split(",")[:50] if each.isdecimal() and len(each) < 19]
