"""Cases for the demo town: whole histories, worked out in arrays and written by COPY."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd
from psycopg import Connection, sql
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from gridmap.incidents.cases.calendar import work_time
from gridmap.incidents.cases.categories import Deadlines, change_category, rules_for
from gridmap.incidents.cases.deadlines import Allowance, WorkTime
from gridmap.incidents.cases.demo_words import ADDRESS, DESCRIPTIONS, NOTES
from gridmap.incidents.cases.models import Case
from gridmap.incidents.cases.workflow import Act, Step
from gridmap.workforce.rights import SYSTEM

#: The last whole half-year lies within, and a month can be set beside that of the year before.
DAYS = 400
#: What the codes of disputes begin with.
DISPUTE = "B"
Seconds = npt.NDArray[np.int64]
_HOUR = 3600

#: The ways a case goes: its acts with the step each leads to, and one case in how many.
_START = [(Act.REPORT, Step.FILING), (Act.FILE, Step.DISPATCH), (Act.DISPATCH, Step.HANDLING)]
_END = [
    (Act.FINISH, Step.FEEDBACK), (Act.FEED_BACK, Step.VERIFICATION), (Act.VERIFY, Step.CLOSING),
    (Act.CLOSE, Step.CLOSED),
]  # fmt: skip
_AGAIN = [*_END[:2], (Act.RETURN, Step.HANDLING)]
_MORE = [(Act.REQUEST_EXTENSION, Step.HANDLING), (Act.GRANT_EXTENSION, Step.HANDLING)]
_WAYS: list[tuple[float, list[tuple[Act, Step]]]] = [
    (0.75, [*_START, *_END]),
    (0.09, [*_START, *_AGAIN, *_END]),
    (0.08, [*_START, *_MORE, *_END]),
    (0.05, [*_START, (Act.ESCALATE, Step.HANDLING), *_END]),
    (0.03, [_START[0], (Act.WITHDRAW, Step.WITHDRAWN)]),
]
#: Work hours that people usually take for an act, after the one before.
_USUAL = {
    Act.FILE: 0.5, Act.DISPATCH: 0.6, Act.FINISH: 9.0, Act.FEED_BACK: 1.5, Act.VERIFY: 3.0,
    Act.CLOSE: 2.5, Act.RETURN: 3.0, Act.REQUEST_EXTENSION: 8.0, Act.GRANT_EXTENSION: 2.0,
    Act.ESCALATE: 7.0, Act.WITHDRAW: 1.0,
}  # fmt: skip
_BY_CADRE = {Act.FINISH, Act.FEED_BACK, Act.REQUEST_EXTENSION, Act.ESCALATE}

_INCIDENTS = """
    WITH last AS (
        SELECT max(occurred_at) AS at FROM incident WHERE occurred_at <= CAST(:now AS timestamptz)
    )
    SELECT i.id, i.occurred_at, i.category_id, k.code, i.community_id, a.cadre_id,
           d.name AS cadre, local_date(last.at) AS last_day
    FROM last JOIN incident i ON i.occurred_at <= last.at
        AND i.occurred_at >= least(last.at - make_interval(days => :days), :since)
    JOIN category k ON k.id = i.category_id AND left(k.code, 1) = ANY(:kinds)
        AND (left(k.code, 1) = :dispute OR i.occurred_at > last.at - make_interval(days => :days))
    LEFT JOIN assignment a ON a.cell_id = i.cell_id AND a.role = 'responsible'
        AND a.period @> local_date(CAST(:now AS timestamptz))
    LEFT JOIN cadre d ON d.id = a.cadre_id
    WHERE i.cell_id IS NOT NULL
    ORDER BY i.occurred_at, i.id
"""


class Clock:
    """The work time of a span of days as arrays, for many moments at once; epoch seconds.

    What would end after the last day ends with it.
    """

    def __init__(self, work: WorkTime, first: date, last: date) -> None:
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        spans = [work.spans(day) for day in days]
        flat = [span for day in spans for span in day]
        self.begins = np.array([_epoch(begins) for begins, _ in flat], dtype=np.int64)
        self.ends = np.array([_epoch(ends) for _, ends in flat], dtype=np.int64)
        self.done = np.concatenate([[0], np.cumsum(self.ends - self.begins)])
        self.day_ends = np.array([_epoch(day[-1][1]) for day in spans if day], dtype=np.int64)
        midnights = [datetime.combine(day, datetime.min.time(), work.zone) for day in days]
        self.midnights = np.array([_epoch(midnight) for midnight in midnights], dtype=np.int64)

    def after(self, start: Seconds, seconds: Seconds) -> Seconds:
        """Return when so much work time has passed, as `deadlines.after_hours`."""
        span = np.minimum(np.searchsorted(self.ends, start, "right"), len(self.ends) - 1)
        before = self.done[span] + np.maximum(start - self.begins[span], 0)
        wanted = np.minimum(before + seconds, self.done[-1])
        at = np.searchsorted(self.done, wanted, "left") - 1
        found: Seconds = self.begins[at] + wanted - self.done[at]
        return found

    def after_days(self, start: Seconds, days: int) -> Seconds:
        """Return the end of the n-th workday after the day, as `deadlines.after_days`."""
        midnight = np.searchsorted(self.midnights, start, "right")
        midnight = np.minimum(midnight, len(self.midnights) - 1)
        nth = np.searchsorted(self.day_ends, self.midnights[midnight], "right") + days - 1
        found: Seconds = self.day_ends[np.minimum(nth, len(self.day_ends) - 1)]
        return found

    def due(self, start: Seconds, allowance: Allowance) -> Seconds:
        """Return when an allowance is used up."""
        if allowance.unit == "days":
            return self.after_days(start, allowance.amount)
        return self.after(start, np.full(len(start), allowance.amount * _HOUR))


def load_cases(session: Session, seed: int, now: datetime) -> int:
    """Give the demo town cases for what happened in `DAYS` days.

    Disputes go back to the beginning of last year, for its report; all of them come to be settled.

    The incidents of a town that was made some time ago end before today. Their cases are opened
    as many whole weeks later, so that what is open is open now.

    Parameters
    ----------
    session : Session
        Of a database with the demo town and its staff.
    seed : int
        Another number gives other histories.
    now : datetime
        The moment up to which things have happened.

    Returns
    -------
    int
        How many cases; none if there are any already.
    """
    if session.scalar(select(Case.id).limit(1)) is not None:
        return 0
    work = work_time(session)
    year = date(work.local_day(now).year - 1, 1, 1)
    since = datetime.combine(year, datetime.min.time(), work.zone)
    rows = session.execute(
        text(_INCIDENTS),
        {
            "now": now,
            "days": DAYS,
            "kinds": [DISPUTE, "C", "D", "E"],
            "dispute": DISPUTE,
            "since": since,
        },
    ).mappings()
    incidents = pd.DataFrame([dict(row) for row in rows])
    if incidents.empty:
        return 0
    _set_deadlines(session)
    late = (work.local_day(now) - incidents["last_day"].iloc[0]).days // 7 * 7
    rng = np.random.default_rng([seed, 20261])
    happened = _seconds(incidents["occurred_at"])
    # Disputes stay in the half-year whose report tells of them.
    late = late * ~incidents["code"].str.startswith(DISPUTE).to_numpy()
    incidents["opened"] = happened + late * 86400 + rng.integers(300, 5400, len(incidents))
    incidents = incidents[incidents["opened"] < _epoch(now)].reset_index(drop=True)
    first = min(year, work.local_day(now) - timedelta(days=DAYS + 30))
    clock = Clock(work, first, work.local_day(now) + timedelta(days=90))
    steps = _histories(session, rng, incidents, clock, _epoch(now))
    _store_cases(session, rng, incidents, steps)
    _store_steps(session, incidents, steps)
    return len(incidents)


def _set_deadlines(session: Session) -> None:
    """Give two kinds of cases deadlines of their own, as towns do."""
    change_category(session, SYSTEM, "C", deadlines={Step.HANDLING: Allowance(1, "days")})
    change_category(session, SYSTEM, "E2", deadlines={Step.HANDLING: Allowance(4, "hours")})


def _histories(
    session: Session, rng: np.random.Generator, incidents: pd.DataFrame, clock: Clock, now: int
) -> pd.DataFrame:
    """Return one row for each act that has happened; ``nth`` is the row of the incident."""
    incidents["rules_id"] = incidents["version_id"] = 0
    way = rng.choice(len(_WAYS), len(incidents), p=[share for share, _ in _WAYS])
    # Some people are slow, some cases are forgotten.
    pace = rng.lognormal(0, 0.35, len(incidents))
    pace[rng.random(len(incidents)) < 0.06] *= 7
    dispute = incidents["code"].str.startswith(DISPUTE).to_numpy()
    pace[dispute] = np.minimum(pace[dispute], 2)
    # Nobody withdraws a dispute.
    way[dispute & (way == len(_WAYS) - 1)] = 0
    parts = []
    for category, rows in incidents.groupby("category_id"):
        rules = rules_for(session, int(str(category)))
        incidents.loc[rows.index, "rules_id"] = rules.rules_id
        incidents.loc[rows.index, "version_id"] = rules.version_id
        for number, (_, acts) in enumerate(_WAYS):
            nth = rows.index.to_numpy()[way[rows.index] == number]
            opened = incidents["opened"].to_numpy()[nth]
            parts += _history(rng, nth, opened, pace[nth], acts, rules.deadlines, clock)
    steps = pd.concat(parts)
    return steps[steps["at"] <= now].sort_values(["nth", "at", "order"])


def _history(
    rng: np.random.Generator,
    nth: npt.NDArray[np.int64],
    opened: Seconds,
    pace: npt.NDArray[np.float64],
    acts: Sequence[tuple[Act, Step]],
    rules: Deadlines,
    clock: Clock,
) -> list[pd.DataFrame]:
    """Work out the same acts for many cases of one category."""
    at, whole = opened, clock.due(opened, rules["whole"])
    due: Seconds | None = None
    step: Step | None = None
    parts = []
    for order, (act, to) in enumerate(acts):
        if order:
            hours = _USUAL[act] * pace * rng.lognormal(0, 0.6, len(nth))
            at = clock.after(at, np.maximum(hours * _HOUR, 120).astype(np.int64))
        was_due = due
        if act is Act.GRANT_EXTENSION and due is not None:
            due = clock.after_days(np.maximum(due, at), 2)
            whole = np.maximum(clock.after_days(np.maximum(whole, at), 2), due)
        elif to in (Step.CLOSED, Step.WITHDRAWN):
            due = None
        elif act is not Act.REQUEST_EXTENSION:
            due = clock.due(at, rules[to])
        parts.append(
            pd.DataFrame(
                {
                    "nth": nth, "order": order, "act": str(act), "at": at,
                    "from_step": None if step is None else str(step), "to_step": str(to),
                    "was_due": 0 if was_due is None else was_due,
                    "due": 0 if due is None else due, "whole": whole,
                }
            )
        )  # fmt: skip
        step = to
    return parts


def _store_cases(
    session: Session, rng: np.random.Generator, incidents: pd.DataFrame, steps: pd.DataFrame
) -> None:
    """Write the cases as they are after their last acts."""
    by_case = steps.groupby("nth")
    last = by_case.last()
    nth = steps["nth"].to_numpy()
    acts = {
        act: pd.Series(np.bincount(nth[steps["act"] == act], minlength=len(incidents)))
        for act in (Act.DISPATCH, Act.ESCALATE, Act.RETURN, Act.GRANT_EXTENSION)
    }
    given, escalated = acts[Act.DISPATCH] > 0, acts[Act.ESCALATE] > 0
    in_unit = (given & incidents["cadre_id"].isna()) | escalated
    moved = steps[steps["from_step"] != steps["to_step"]]
    ended = last["to_step"].isin([str(Step.CLOSED), str(Step.WITHDRAWN)])
    words = rng.integers(0, 1000, len(incidents)).tolist()
    kinds = incidents["code"].str[:2]
    cases = pd.DataFrame(
        {
            "incident_id": incidents["id"],
            "occurred_at": incidents["occurred_at"],
            "category_version_id": incidents["version_id"],
            "rules_id": incidents["rules_id"],
            "description": [
                _pick(DESCRIPTIONS[kind], word) for kind, word in zip(kinds, words, strict=True)
            ],
            "address": [ADDRESS.format(number=1 + n % 120, building=1 + n % 17) for n in words],
            "reporter": rng.choice(
                ["citizen", "hotline", "cadre", "patrol"], len(incidents), p=[0.3, 0.3, 0.25, 0.15]
            ),
            "step": last["to_step"],
            "level": np.where(in_unit, "community", "cell"),
            "assignee_id": incidents["cadre_id"].where(given & ~escalated).astype("Int64"),
            "unit_id": incidents["community_id"].where(in_unit).astype("Int64"),
            "opened_at": _times(incidents["opened"]),
            "step_entered_at": _times(moved.groupby("nth")["at"].last()),
            "step_due_at": _times(last["due"]),
            "due_at": _times(last["whole"]),
            "ended_at": _times(last["at"].where(ended, 0)),
            "returned": acts[Act.RETURN],
            "extended": acts[Act.GRANT_EXTENSION],
            "version": by_case.size(),
        }
    )
    _copy(session, "incident_case", cases)


def _store_steps(session: Session, incidents: pd.DataFrame, steps: pd.DataFrame) -> None:
    """Write what happened, and the requests for more time."""
    numbers = session.execute(text("SELECT incident_id, id FROM incident_case"))
    case_ids = incidents["id"].map({row.incident_id: row.id for row in numbers})
    office = session.scalar(text("SELECT display_name FROM app_user WHERE login = 'supervisor'"))
    nth = steps["nth"].to_numpy()
    about = incidents.iloc[nth].reset_index(drop=True)
    steps = steps.reset_index(drop=True)
    given = (steps["act"] == Act.DISPATCH).groupby(steps["nth"]).cummax()
    escalated = (steps["act"] == Act.ESCALATE).groupby(steps["nth"]).cummax()
    in_unit = (given & about["cadre_id"].isna()) | escalated
    by_cadre = steps["act"].isin(list(map(str, _BY_CADRE)))
    _copy(
        session,
        "case_step",
        pd.DataFrame(
            {
                "case_id": case_ids.to_numpy()[nth],
                "at": _times(steps["at"]),
                "user_name": about["cadre"].where(by_cadre).fillna(office or SYSTEM.name),
                "act": steps["act"],
                "from_step": steps["from_step"],
                "to_step": steps["to_step"],
                "level": np.where(in_unit, "community", "cell"),
                "assignee_id": about["cadre_id"].where(given & ~escalated).astype("Int64"),
                "unit_id": about["community_id"].where(in_unit).astype("Int64"),
                "was_due_at": _times(steps["was_due"]),
                "due_at": _times(steps["due"]),
                "note": [
                    _pick(NOTES.get(act, ("",)), n)
                    for act, n in zip(steps["act"], nth.tolist(), strict=True)
                ],
            }
        ),
    )
    session.execute(
        text("""
            INSERT INTO case_extension (case_id, amount, unit, reason, requested_at, requested_by,
                decided_at, decided_by, granted)
            SELECT q.case_id, 2, 'days', q.note, q.at, q.user_name, g.at, g.user_name,
                   CASE WHEN g.id IS NOT NULL THEN true END
            FROM case_step q
            LEFT JOIN case_step g ON g.case_id = q.case_id AND g.act = 'grant_extension'
            WHERE q.act = 'request_extension'
        """)
    )


def _copy(session: Session, table: str, frame: pd.DataFrame) -> None:
    """Append a frame to a table; what is missing becomes null."""
    raw = session.connection().connection.driver_connection
    assert isinstance(raw, Connection)  # noqa: S101 - For the type checker.
    # Half of the time would go into making a moment of each number and a text of each moment.
    times = frame.select_dtypes("datetimetz")
    frame = frame.assign(**{str(name): _iso(times[name]) for name in times})
    plain = frame.astype(object).where(frame.notna(), None)
    target = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, frame.columns))
    )
    with raw.cursor() as cursor, cursor.copy(target) as copy:
        for row in zip(*(plain[name].tolist() for name in plain), strict=True):
            copy.write_row(row)


def _pick(choices: Sequence[str], number: int) -> str:
    return choices[number % len(choices)]


def _times(seconds: pd.Series[int]) -> pd.Series[pd.Timestamp]:
    """Return epoch seconds as times; zero is none."""
    return pd.to_datetime(seconds.where(seconds != 0), unit="s", utc=True)


def _iso(times: pd.Series[pd.Timestamp]) -> pd.Series[str]:
    """Return times as texts with the zone; none stays none."""
    texts = np.char.add(np.datetime_as_string(times.dt.tz_convert(None).to_numpy()), "Z")
    return pd.Series(texts, times.index, dtype=object).where(times.notna())


def _epoch(moment: datetime) -> int:
    return int(moment.timestamp())


def _seconds(times: pd.Series[datetime]) -> Seconds:
    found: Seconds = pd.DatetimeIndex(times).as_unit("s").asi8
    return found
