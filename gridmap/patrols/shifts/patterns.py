"""Patterns by which shifts repeat, worked out without a database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.patrols.shifts.clock import span

MOST_GROUPS, MOST_SLOTS, MOST_DAYS = 31, 6, 62
_DAY = timedelta(days=1)


class Days(StrEnum):
    """On which days there are shifts."""

    EVERY = "every"
    WEEKDAYS = "weekdays"
    WORKDAYS = "workdays"
    OFF = "off"


class Turn(StrEnum):
    """How the groups follow each other.

    ``shift``: each next shift is the next group's, so that one group alone does duty at a time.
    ``week``: each week the next group has the shifts. ``all``: all groups together each time.
    ``cycle``: every group goes through the same days of duty and rest, each some days later.
    """

    SHIFT = "shift"
    WEEK = "week"
    ALL = "all"
    CYCLE = "cycle"


@dataclass(frozen=True)
class Slot:
    """A shift of the day: its local hour and how long it lasts by the clock."""

    begins: time
    minutes: int


@dataclass(frozen=True)
class Rule:
    """By which rule shifts repeat.

    Attributes
    ----------
    first : date
        On this day the first group has the first turn; there are no shifts before.
    slots : tuple of Slot
        The shifts of a day, in their order.
    groups : tuple of tuple of int
        The cadres who do duty together, in the order of their turns.
    days : Days
    weekdays : frozenset of int
        Where the days are chosen by hand, Monday being 0.
    turn : Turn
    cycle : tuple of int or None
        For a cycle the slot of each of its days, counted from 0; None is a day of rest.
    """

    first: date
    slots: tuple[Slot, ...]
    groups: tuple[tuple[int, ...], ...]
    days: Days = Days.EVERY
    weekdays: frozenset[int] = frozenset()
    turn: Turn = Turn.SHIFT
    cycle: tuple[int | None, ...] = ()


@dataclass(frozen=True)
class Planned:
    """A shift as a pattern has it.

    Attributes
    ----------
    slot : int
        Which shift of the day.
    nth : int
        Which of several groups that have the slot at once, as a cycle may want it.
    turn : int
        The group; 0 stands for all together.
    """

    day: date
    slot: int
    nth: int
    turn: int
    starts: datetime
    ends: datetime
    members: tuple[int, ...]

    @property
    def key(self) -> tuple[date, int, int]:
        """What tells the shift again when the pattern is made anew, also with other groups."""
        return self.day, self.slot, self.nth


def check(rule: Rule) -> None:
    """Refuse a rule that makes no sense.

    Raises
    ------
    GridmapError
        With a sentence that says how to mend it.
    """
    if not 1 <= len(rule.slots) <= MOST_SLOTS:
        raise GridmapError(Message("Give 1 to {most} shifts a day.", most=MOST_SLOTS))
    if any(not 15 <= slot.minutes <= 24 * 60 for slot in rule.slots):
        raise GridmapError(Message("A shift of a pattern lasts from 15 minutes to 24 hours."))
    if not 1 <= len(rule.groups) <= MOST_GROUPS:
        raise GridmapError(Message("Give 1 to {most} groups.", most=MOST_GROUPS))
    if any(not group for group in rule.groups):
        raise GridmapError(Message("Every group needs a member; groups are numbered without gaps."))
    if rule.days is Days.WEEKDAYS and not rule.weekdays:
        raise GridmapError(Message("Choose at least one day of the week."))
    if rule.turn is Turn.CYCLE:
        _check_cycle(rule)


def _check_cycle(rule: Rule) -> None:
    known = range(len(rule.slots))
    if not 2 <= len(rule.cycle) <= MOST_DAYS or all(slot is None for slot in rule.cycle):
        raise GridmapError(
            Message("A cycle has 2 to {most} days, with duty on one at least.", most=MOST_DAYS)
        )
    if any(slot is not None and slot not in known for slot in rule.cycle):
        raise GridmapError(Message("The cycle names a shift that is not among those of the day."))
    if len(rule.cycle) % len(rule.groups):
        raise GridmapError(
            Message(
                "A cycle of {days} days cannot be shared by {groups} groups: its days must be a "
                "multiple of the groups.",
                days=len(rule.cycle),
                groups=len(rule.groups),
            )
        )
    if rule.days is not Days.EVERY:
        raise GridmapError(Message("A cycle runs through all days: choose every day."))


def occurrences(
    rule: Rule,
    first: date,
    last: date,
    zone: ZoneInfo,
    is_workday: Callable[[date], bool] = lambda day: day.weekday() < 5,
) -> Iterator[Planned]:
    """Work out the shifts of a span, in the order of days and slots.

    What a day gets depends on the rule alone and not on the span that is asked for, so that it
    can be asked for again and piece by piece.

    Parameters
    ----------
    rule : Rule
    first, last : date
        Both included.
    zone : ZoneInfo
        In which the slots' hours are meant.
    is_workday : callable
        The town's calendar, with holidays and make-up workdays.
    """
    day, nth = rule.first, 0
    while day <= last:
        chosen = _chosen(rule, day, is_workday)
        if chosen and day >= first:
            taken: Counter[int] = Counter()
            for slot, turn in _turns(rule, day, nth):
                at = rule.slots[slot]
                starts, ends = span(day, at.begins, at.minutes, zone)
                # What lies wholly in an hour that clocks skip does not take place.
                if starts < ends:
                    members = _members(rule, turn)
                    yield Planned(day, slot, taken[slot], turn, starts, ends, members)
                taken[slot] += 1
        nth += chosen
        day += _DAY


def _chosen(rule: Rule, day: date, is_workday: Callable[[date], bool]) -> bool:
    if rule.days is Days.WEEKDAYS:
        return day.weekday() in rule.weekdays
    if rule.days is Days.EVERY:
        return True
    return is_workday(day) is (rule.days is Days.WORKDAYS)


def _turns(rule: Rule, day: date, nth: int) -> Iterator[tuple[int, int]]:
    """Yield the slots of a day with the group whose turn it is; 0 stands for all together.

    ``nth`` counts the days with shifts.
    """
    slots, groups = len(rule.slots), len(rule.groups)
    if rule.turn is Turn.CYCLE:
        passed, stagger = (day - rule.first).days, len(rule.cycle) // groups
        due = [
            (rule.cycle[(passed + group * stagger) % len(rule.cycle)], group)
            for group in range(groups)
        ]
        yield from sorted((slot, group) for slot, group in due if slot is not None)
        return
    monday = rule.first - rule.first.weekday() * _DAY
    week = (day - monday).days // 7
    for slot in range(slots):
        if rule.turn is Turn.ALL:
            yield slot, 0
        elif rule.turn is Turn.WEEK:
            yield slot, (week + slot) % groups
        else:
            yield slot, (nth * slots + slot) % groups


def _members(rule: Rule, turn: int) -> tuple[int, ...]:
    if rule.turn is Turn.ALL:
        return tuple(dict.fromkeys(cadre for group in rule.groups for cadre in group))
    return rule.groups[turn]


def to_json(rule: Rule) -> dict[str, Any]:
    """Write a rule as the database keeps it."""
    return {
        "first": rule.first.isoformat(),
        "slots": [[f"{slot.begins:%H:%M}", slot.minutes] for slot in rule.slots],
        "groups": [list(group) for group in rule.groups],
        "days": rule.days.value,
        "weekdays": sorted(rule.weekdays),
        "turn": rule.turn.value,
        "cycle": list(rule.cycle),
    }


def from_json(kept: Mapping[str, Any]) -> Rule:
    """Read a rule that `to_json` wrote."""
    return Rule(
        first=date.fromisoformat(kept["first"]),
        slots=tuple(Slot(time.fromisoformat(at), minutes) for at, minutes in kept["slots"]),
        groups=tuple(tuple(group) for group in kept["groups"]),
        days=Days(kept["days"]),
        weekdays=frozenset(kept["weekdays"]),
        turn=Turn(kept["turn"]),
        cycle=tuple(kept["cycle"]),
    )
