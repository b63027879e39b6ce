"""Patterns of shifts: who is on duty when, worked out by hand and for any rule."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.errors import GridmapError
from gridmap.incidents.cases.calendar import public_workday
from gridmap.patrols.shifts.clock import by_day, days_of, moment, night, span
from gridmap.patrols.shifts.conflicts import Duty, Fault, clashes
from gridmap.patrols.shifts.patterns import (
    Days,
    Rule,
    Slot,
    Turn,
    check,
    from_json,
    occurrences,
    to_json,
)

SHANGHAI, NEW_YORK, KOLKATA = map(ZoneInfo, ("Asia/Shanghai", "America/New_York", "Asia/Kolkata"))
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
ZONES = st.sampled_from([SHANGHAI, NEW_YORK, KOLKATA, LORD_HOWE, ZoneInfo("America/Sao_Paulo")])
DAYS = st.dates(date(2010, 1, 1), date(2030, 1, 1))
GROUPS = st.integers(1, 6).flatmap(
    lambda n: st.lists(st.integers(1, 3), min_size=n, max_size=n)
).map(lambda sizes: tuple(
    tuple(range(sum(sizes[:n]) + 1, sum(sizes[: n + 1]) + 1)) for n in range(len(sizes))
))  # fmt: skip
DUTY_24 = (Slot(time(8), 1440),)
FIRST = date(2026, 3, 2)


def days(rule: Rule, first: date, last: date, zone: ZoneInfo = SHANGHAI) -> list[tuple[int, int]]:
    return [(one.day.day, one.turn) for one in occurrences(rule, first, last, zone, public_workday)]


def test_24_hour_duty_goes_round_the_groups() -> None:
    rule = Rule(FIRST, DUTY_24, ((1, 2), (3, 4), (5, 6), (7, 8)))
    made = list(occurrences(rule, FIRST, date(2026, 3, 7), SHANGHAI))
    assert [one.members for one in made] == [(1, 2), (3, 4), (5, 6), (7, 8), (1, 2), (3, 4)]
    assert made[0].starts == datetime(2026, 3, 2, tzinfo=UTC)
    assert made[0].ends == datetime(2026, 3, 3, tzinfo=UTC)


def test_three_shifts_a_day_for_four_groups() -> None:
    slots = (Slot(time(0), 480), Slot(time(8), 480), Slot(time(16), 480))
    rule = Rule(FIRST, slots, ((1,), (2,), (3,), (4,)))
    made = list(occurrences(rule, FIRST, date(2026, 3, 3), SHANGHAI))
    assert [one.members[0] for one in made] == [1, 2, 3, 4, 1, 2]


def test_days_off_follow_the_calendar_with_make_up_workdays() -> None:
    # The national holiday of 2025: 1 to 8 October are off, Sunday 28 September and Saturday
    # 11 October are worked.
    rule = Rule(date(2025, 9, 26), DUTY_24, ((1,), (2,)), Days.OFF)
    made = days(rule, date(2025, 9, 26), date(2025, 10, 12))
    assert [day for day, _ in made] == [27, 1, 2, 3, 4, 5, 6, 7, 8, 12]
    assert [turn for _, turn in made] == [0, 1, 0, 1, 0, 1, 0, 1, 0, 1]
    work = Rule(date(2025, 9, 26), DUTY_24, ((1,),), Days.WORKDAYS)
    assert [day for day, _ in days(work, date(2025, 9, 26), date(2025, 10, 12))] == [
        26, 28, 29, 30, 9, 10, 11
    ]  # fmt: skip


def test_weekends_by_week_in_turns() -> None:
    rule = Rule(FIRST, (Slot(time(9), 480),), ((1,), (2,), (3,)), Days.WEEKDAYS,
                frozenset({5, 6}), Turn.WEEK)  # fmt: skip
    assert days(rule, FIRST, date(2026, 3, 29)) == [
        (7, 0), (8, 0), (14, 1), (15, 1), (21, 2), (22, 2), (28, 0), (29, 0)
    ]  # fmt: skip


def test_a_cycle_of_day_night_and_two_of_rest() -> None:
    slots = (Slot(time(8), 720), Slot(time(20), 720))
    rule = Rule(FIRST, slots, ((1,), (2,), (3,), (4,)), turn=Turn.CYCLE, cycle=(0, 1, None, None))
    check(rule)
    made = list(occurrences(rule, FIRST, date(2026, 3, 5), SHANGHAI))
    assert [(one.day.day, one.slot, one.members[0]) for one in made] == [
        (2, 0, 1), (2, 1, 2), (3, 0, 4), (3, 1, 1), (4, 0, 3), (4, 1, 4), (5, 0, 2), (5, 1, 3)
    ]  # fmt: skip


def test_an_hour_that_clocks_pass_twice_is_its_first() -> None:
    # New York set its clocks back from 2:00 to 1:00 on that night; 1:30 first came at 5:30 UTC.
    night = date(2026, 11, 1)
    for fold in (0, 1):
        assert moment(night, time(1, 30, fold=fold), NEW_YORK) == datetime(
            2026, 11, 1, 5, 30, tzinfo=UTC
        )


def test_months_and_leap_days_do_not_stop_the_turns() -> None:
    rule = Rule(date(2024, 2, 27), DUTY_24, ((1,), (2,), (3,)))
    made = days(rule, date(2024, 2, 27), date(2024, 3, 2))
    assert made == [(27, 0), (28, 1), (29, 2), (1, 0), (2, 1)]


@given(DAYS, GROUPS, st.times().map(lambda at: at.replace(second=0, microsecond=0)), ZONES)
def test_24_hour_duty_covers_every_moment_once(
    first: date, groups: tuple[tuple[int, ...], ...], at: time, zone: ZoneInfo
) -> None:
    rule = Rule(first, (Slot(at, 1440),), groups)
    made = list(occurrences(rule, first, first + timedelta(days=45), zone))
    assert [one.day for one in made] == [first + timedelta(days=n) for n in range(46)]
    assert all(left.ends == right.starts for left, right in pairwise(made))
    # Nobody twice at a time; with as many groups as here, so many days of rest.
    duties = [Duty(n, 1, one.starts, one.ends, one.members) for n, one in enumerate(made)]
    rest = timedelta(days=len(groups) - 1)
    found = clashes(duties, rest - timedelta(hours=2))
    assert found == []
    if len(groups) > 1:
        assert clashes(duties, rest + timedelta(hours=2)) != []


@given(DAYS, st.integers(1, 4), st.integers(1, 4), ZONES)
def test_a_staggered_cycle_covers_each_slot_once_a_day(
    first: date, stagger: int, rests: int, zone: ZoneInfo
) -> None:
    """Day and night for so many days each, then rest; as many groups as parts of the cycle."""
    slots = (Slot(time(7), 720), Slot(time(19), 720))
    cycle = (0,) * stagger + (1,) * stagger + (None,) * (stagger * rests)
    groups = tuple((n + 1,) for n in range(2 + rests))
    rule = Rule(first, slots, groups, turn=Turn.CYCLE, cycle=cycle)
    check(rule)
    made = list(occurrences(rule, first, first + timedelta(days=40), zone))
    count = Counter((one.day, one.slot) for one in made)
    assert set(count.values()) == {1}
    assert len(count) == 82
    duties = [Duty(n, 1, one.starts, one.ends, one.members) for n, one in enumerate(made)]
    # Twelve hours lie between two days on duty, eleven where a clock is set forward.
    assert clashes(duties, timedelta(hours=11)) == []


@given(
    DAYS, GROUPS, st.sampled_from(Days), st.sampled_from([Turn.SHIFT, Turn.WEEK, Turn.ALL]),
    st.integers(0, 40), st.integers(0, 40),
)  # fmt: skip
def test_what_a_day_gets_does_not_depend_on_the_span(
    first: date,
    groups: tuple[tuple[int, ...], ...],
    chosen: Days,
    turn: Turn,
    skipped: int,
    more: int,
) -> None:
    slots = (Slot(time(6), 480), Slot(time(22), 480))
    rule = Rule(first, slots, groups, chosen, frozenset({1, 6}), turn)
    begins = first + timedelta(days=skipped)
    until = begins + timedelta(days=more)
    whole = list(occurrences(rule, first - timedelta(days=9), until, SHANGHAI, public_workday))
    part = list(occurrences(rule, begins, until, SHANGHAI, public_workday))
    assert part == [one for one in whole if one.day >= begins]
    assert all(one.day >= first for one in whole)
    assert len({one.key for one in whole}) == len(whole)
    assert from_json(to_json(rule)) == rule


@given(DAYS, st.times(), st.integers(1, 4000), ZONES)
def test_later_hours_are_never_earlier_moments(
    day: date, at: time, minutes: int, zone: ZoneInfo
) -> None:
    starts, ends = span(day, at.replace(second=0, microsecond=0), minutes, zone)
    assert starts <= ends
    assert abs((ends - starts) - timedelta(minutes=minutes)) <= timedelta(hours=1)
    parts = list(by_day(starts, ends, zone))
    assert sum((until - begins for _, begins, until in parts), timedelta()) == ends - starts
    assert [day for day, _, _ in parts] == (days_of(starts, ends, zone) if starts < ends else [])
    dark = night(starts, ends, time(22), time(6), zone)
    bright = night(starts, ends, time(6), time(22), zone)
    assert dark + bright == ends - starts


def test_a_skipped_hour_is_its_end_and_a_repeated_one_its_first() -> None:
    # In New York 8 March 2026 has no 02:30, and 1 November has two of 01:30.
    assert moment(date(2026, 3, 8), time(2, 30), NEW_YORK) == datetime(2026, 3, 8, 7, tzinfo=UTC)
    assert moment(date(2026, 11, 1), time(1, 30), NEW_YORK) == datetime(
        2026, 11, 1, 5, 30, tzinfo=UTC
    )
    # Lord Howe sets its clocks by half an hour.
    assert moment(date(2026, 10, 4), time(2, 10), LORD_HOWE) == datetime(
        2026, 10, 3, 15, 30, tzinfo=UTC
    )


def test_a_night_of_24_hours_has_eight_hours() -> None:
    starts, ends = span(date(2026, 1, 31), time(8), 1440, SHANGHAI)
    assert night(starts, ends, time(22), time(6), SHANGHAI) == timedelta(hours=8)
    parts = [(day, (until - begins) / timedelta(hours=1))
             for day, begins, until in by_day(starts, ends, SHANGHAI)]  # fmt: skip
    assert parts == [(date(2026, 1, 31), 16.0), (date(2026, 2, 1), 8.0)]
    assert days_of(*span(date(2026, 1, 31), time(16), 480, SHANGHAI), SHANGHAI) == [
        date(2026, 1, 31)
    ]


def at(hour: float) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)


def test_one_person_twice_and_too_little_rest_are_told_at_the_later_shift() -> None:
    one, two, three = (
        Duty(1, 1, at(0), at(8), (7, 8)), Duty(2, 2, at(6), at(14), (7,)),
        Duty(3, 1, at(24.5), at(30), (7, 8)),
    )  # fmt: skip
    found = clashes([three, two, one], timedelta(hours=11))
    assert [(each.fault, each.duty.key, each.other and each.other.key, each.hours)
            for each in found] == [
        (Fault.TWICE, 2, 1, 0.0), (Fault.REST, 3, 2, 10.5)
    ]  # fmt: skip


@given(
    st.lists(
        st.tuples(st.integers(0, 200), st.integers(1, 40), st.sets(st.integers(1, 3), min_size=1)),
        min_size=1, max_size=12,
    )
)  # fmt: skip
def test_whoever_is_on_two_shifts_at_a_time_is_found(
    shifts: list[tuple[int, int, set[int]]],
) -> None:
    duties = [
        Duty(n, 1, at(begins), at(begins + hours), tuple(people))
        for n, (begins, hours, people) in enumerate(shifts)
    ]
    twice = {
        cadre
        for n, one in enumerate(duties)
        for other in duties[:n]
        if one.starts < other.ends and other.starts < one.ends
        for cadre in set(one.members) & set(other.members)
    }
    found = clashes(duties, timedelta())
    assert {each.cadre_id for each in found} == twice
    assert all(each.fault is Fault.TWICE for each in found)
    stored = [Duty(d.key, 1, d.starts, d.ends, d.members, new=False) for d in duties]
    assert clashes(stored, timedelta(hours=11)) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"slots": ()}, "shifts a day"),
        ({"slots": (Slot(time(8), 5),)}, "15 minutes"),
        ({"groups": ()}, "groups"),
        ({"groups": ((1,), ())}, "needs a member"),
        ({"days": Days.WEEKDAYS}, "day of the week"),
        ({"turn": Turn.CYCLE}, "A cycle has"),
        ({"turn": Turn.CYCLE, "cycle": (0, 3)}, "names a shift"),
        ({"turn": Turn.CYCLE, "cycle": (0, None, None)}, "multiple"),
        ({"turn": Turn.CYCLE, "cycle": (0, None), "days": Days.OFF}, "every day"),
    ],
)
def test_a_rule_without_sense_is_refused(change: dict[str, object], words: str) -> None:
    values: dict[str, object] = {"first": FIRST, "slots": DUTY_24, "groups": ((1,), (2,))}
    with pytest.raises(GridmapError, match=words):
        check(Rule(**(values | change)))  # type: ignore[arg-type]
