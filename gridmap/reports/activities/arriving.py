"""Rows of a table of activities: checked against the territory, and stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Row, insert, text, update
from sqlalchemy.orm import Session

from geodata.messages import N_, Message
from geodata.problems import Problems
from gridmap.errors import ForbiddenError
from gridmap.reports.activities.kinds import COUNTED, COUNTS, KINDS, typed_counts
from gridmap.reports.activities.models import Activity, Notice
from gridmap.reports.activities.notices import LONGEST
from gridmap.reports.activities.service import LONGEST_NOTE, MOST_COUNT, may_change
from gridmap.territory.importing.layer import Check, Choices, Write
from gridmap.territory.importing.origin import Counts, Origin
from gridmap.workforce.areas import unit_condition, unit_params
from gridmap.workforce.cell_list import today
from gridmap.workforce.rights import Actor

_COUNTS = tuple(name for name in COUNTS if name not in COUNTED)
_DAYS = ("day", "due", "rechecked_on")
# What makes two rows the same work; the cell of a place is the database's to tell.
_SAME = ("kind", "day", "unit_id", "cell_id", "place_id", "note", *_COUNTS)


@dataclass(frozen=True)
class _Ground:
    """The units, cells and places that the rows name, as far as the actor may record there."""

    units: Mapping[str, int]
    cells: Mapping[str, list[Row[Any]]]
    places: Mapping[str, list[Row[Any]]]
    elsewhere: frozenset[str]
    today: date


def check_for(actor: Actor) -> Check:
    """Return the check of rows on behalf of a person: no row reaches beyond the area."""

    def check(
        session: Session, frame: pd.DataFrame, problems: Problems, choices: Choices
    ) -> pd.DataFrame:
        ground = _read_ground(session, actor, frame)
        frame = frame.astype(object).where(frame.notna(), None)
        for name in _DAYS:
            frame[name] = [None if day is None else pd.Timestamp(day).date() for day in frame[name]]
        found = [
            _check_row(int(number), row, ground, problems)
            for number, row in zip(frame.index, _records(frame), strict=True)
        ]
        for name in ("unit_id", "cell_id", "place_id"):
            frame[name] = pd.Series([each[name] for each in found], frame.index, dtype=object)
        frame["note"] = frame["note"].fillna("")
        return frame

    return check


def write_for(actor: Actor) -> Write:
    """Return the writing of rows in a person's name; what is stored already stays one."""

    def write(
        session: Session, frame: pd.DataFrame, origin: Origin, choices: Choices, apply_it: bool
    ) -> Counts:
        # Two at once, as of somebody who sends a file twice, would each store what is new.
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext('table of activities'))"))
        rows = _with_counts(_records(frame))
        known = _stored(session, rows)
        fresh: dict[tuple[Any, ...], dict[str, Any]] = {}
        for row in rows:
            key = tuple(row[name] for name in _SAME)
            if key not in known and key not in fresh:
                fresh[key] = {name: row[name] for name in _SAME} | {
                    "recorded_by": actor.user_id,
                    "recorded_name": actor.name,
                    "import_id": origin.import_id,
                }
        if fresh:
            ids = session.scalars(
                insert(Activity).returning(Activity.id, sort_by_parameter_order=True),
                list(fresh.values()),
            )
            known |= dict(zip(fresh, ids, strict=True))
        changed = _write_notices(session, actor, rows, known, set(fresh))
        choices.advance(len(rows))
        return Counts(len(fresh), changed, len(rows) - len(fresh) - changed)

    return write


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    columns = [str(name) for name in frame]
    return [
        dict(zip(columns, row, strict=True)) for row in frame.itertuples(index=False, name=None)
    ]


def _with_counts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give rows that tell another notice of the inspection above, without its counts, these too."""
    above: dict[str, Any] = {}
    for row in rows:
        if (
            row["finding"] is not None
            and all(row[name] is None for name in _COUNTS)
            and all(row[name] == above.get(name) for name in _SAME if name not in _COUNTS)
        ):
            row |= {name: above[name] for name in _COUNTS}
        above = row
    return rows


def _read_ground(session: Session, actor: Actor, frame: pd.DataFrame) -> _Ground:
    named = {
        name: frame[name].dropna().unique().tolist() for name in ("unit_code", "cell_code", "place")
    }
    params = {**unit_params(actor), **named}
    units = session.execute(
        text(f"""
            SELECT id, code, name, name_en, {unit_condition(actor, "id")} AS own FROM unit
            WHERE code = ANY(:unit_code) OR name = ANY(:unit_code) OR name_en = ANY(:unit_code)
        """),
        params,
    ).all()
    alike: dict[str, list[Row[Any]]] = defaultdict(list)
    for unit in units:
        for name in {unit.name, unit.name_en} - {None}:
            alike[name].append(unit)
    # A name that several units have tells nothing, unless one alone is the actor's.
    words = {unit.code: unit for unit in units}
    for name, rows in alike.items():
        own = [row for row in rows if row.own] or rows
        if len(own) == 1:
            words[name] = own[0]
    cells: dict[str, list[Row[Any]]] = defaultdict(list)
    for cell in session.execute(
        text(f"""
            SELECT id, code, community_id, valid_from, valid_to FROM cell
            WHERE code = ANY(:cell_code) AND {unit_condition(actor, "community_id")}
        """),
        params,
    ):
        cells[cell.code].append(cell)
    places: dict[str, list[Row[Any]]] = defaultdict(list)
    for place in session.execute(
        text(f"""
            SELECT id, name, community_id FROM place
            WHERE name = ANY(:place) AND community_id IS NOT NULL
              AND {unit_condition(actor, "community_id")}
        """),
        params,
    ):
        places[place.name].append(place)
    return _Ground(
        {word: unit.id for word, unit in words.items() if unit.own},
        cells,
        places,
        frozenset(word for word, unit in words.items() if not unit.own),
        today(session),
    )


def _check_row(
    number: int, row: Mapping[str, Any], ground: _Ground, problems: Problems
) -> dict[str, int | None]:
    """Tell what is wrong with a row; returns where it was, as far as that is known."""

    def tell(code: str, template: str, field: str, **more: Any) -> None:
        problems.add(code, template, row=number, field=field, value=row[field], **more)

    if row["day"] > ground.today:
        tell("day-to-come", N_("row {row}: the day {value} has not come yet"), "day")
    if row["day"].year < 1990:
        tell("day-too-old", N_("row {row}: the day {value} is too long ago"), "day")
    own = typed_counts(row["kind"])
    for name in _COUNTS:
        if row[name] is None:
            continue
        if name not in own:
            tell(
                "count-of-another",
                N_("row {row}: {field} is not counted for this kind: {kind}"),
                name,
                kind=Message(KINDS[row["kind"]].title),
            )
        elif row[name] > MOST_COUNT:
            tell("count-too-large", N_("row {row}: {field} is too large: {value}"), name)
    for name, most in (("note", LONGEST_NOTE), ("finding", LONGEST)):
        if len(row[name] or "") > most:
            tell("too-long", N_("row {row}: {field} has more than {most} characters"), name,
                 most=most)  # fmt: skip
    _check_notice(row, ground.today, tell)
    return _place_row(row, ground, tell)


def _check_notice(row: Mapping[str, Any], present: date, tell: Any) -> None:
    told = [
        name for name in ("finding", "due", "rechecked_on", "corrected") if row[name] is not None
    ]
    if not told:
        return
    if row["kind"] != "inspection":
        tell("notice-of-another", N_("row {row}: only inspections give notices to rectify"),
             told[0])  # fmt: skip
    elif row["finding"] is None or row["due"] is None:
        tell(
            "notice-incomplete",
            N_("row {row}: a notice to rectify needs both what is to be rectified and by when"),
            "finding" if row["finding"] is None else "due",
        )
    elif row["due"] < row["day"]:
        tell("notice-early", N_("row {row}: it would be due before the inspection"), "due")
    elif row["corrected"] and row["rechecked_on"] is None:
        tell("recheck-undated", N_("row {row}: say when it was rechecked"), "rechecked_on")
    elif row["rechecked_on"] is not None and row["rechecked_on"] < row["day"]:
        tell("recheck-early", N_("row {row}: the re-check lies before the inspection"),
             "rechecked_on")  # fmt: skip
    elif row["rechecked_on"] is not None and row["rechecked_on"] > present:
        tell("day-to-come", N_("row {row}: the day {value} has not come yet"), "rechecked_on")


def _place_row(row: Mapping[str, Any], ground: _Ground, tell: Any) -> dict[str, int | None]:
    unit = cell = place = None
    if (word := row["unit_code"]) is not None:
        unit = ground.units.get(word)
        if word in ground.elsewhere:
            tell("unit-elsewhere", N_("row {row}: the unit {value} does not lie in your area"),
                 "unit_code")  # fmt: skip
        elif unit is None:
            tell("unit-unknown",
                 N_("row {row}: no unit has the code {value}, or several have it as their name"),
                 "unit_code")  # fmt: skip
    if (word := row["cell_code"]) is not None:
        cell = next((each for each in ground.cells.get(word, []) if _valid(each, row["day"])), None)
        if cell is None:
            tell("cell-unknown",
                 N_("row {row}: no cell of your area had the code {value} on that day"),
                 "cell_code")  # fmt: skip
        elif unit is not None and unit != cell.community_id:
            tell("cell-elsewhere", N_("row {row}: the cell {value} lies in another community"),
                 "cell_code")  # fmt: skip
    if (word := row["place"]) is not None:
        within = cell.community_id if cell is not None else unit
        alike = [p for p in ground.places.get(word, []) if within in (None, p.community_id)]
        if len(alike) == 1:
            place = alike[0]
        else:
            template = (
                N_("row {row}: several places are called {value}; name the community")
                if alike
                else N_("row {row}: no place of your area is called {value}")
            )
            tell("place-unknown", template, "place")
    if row["unit_code"] is None and row["cell_code"] is None and row["place"] is None:
        tell("where-missing", N_("row {row}: name the community, the cell or the place"),
             "unit_code")  # fmt: skip
    if place is not None:
        return {"unit_id": place.community_id, "cell_id": None, "place_id": place.id}
    if cell is not None:
        return {"unit_id": cell.community_id, "cell_id": cell.id, "place_id": None}
    return {"unit_id": unit, "cell_id": None, "place_id": None}


def _valid(cell: Row[Any], day: date) -> bool:
    return (cell.valid_from is None or cell.valid_from <= day) and (
        cell.valid_to is None or day < cell.valid_to
    )


def _stored(session: Session, rows: list[dict[str, Any]]) -> dict[tuple[Any, ...], int]:
    """Return the activities that say what rows say, by `_SAME`."""
    days = sorted({(row["unit_id"], row["day"]) for row in rows})
    found = session.execute(
        text(f"""
            SELECT a.id, a.kind, a.day, a.unit_id,
                   CASE WHEN a.place_id IS NULL THEN a.cell_id END AS cell_id, a.place_id, a.note,
                   {", ".join(f"a.{name}" for name in _COUNTS)}
            FROM unnest(CAST(:units AS bigint[]), CAST(:days AS date[])) AS q (unit_id, day)
            JOIN activity a ON a.unit_id = q.unit_id AND a.day = q.day
        """),
        {"units": [unit for unit, _ in days], "days": [day for _, day in days]},
    )
    return {tuple(getattr(row, name) for name in _SAME): row.id for row in found}


def _write_notices(
    session: Session,
    actor: Actor,
    rows: list[dict[str, Any]],
    known: Mapping[tuple[Any, ...], int],
    fresh: set[tuple[Any, ...]],
) -> int:
    """Store the notices of rows; returns how many stored activities got or changed one.

    Raises
    ------
    ForbiddenError
        If a row gives or alters a notice of an inspection that is not the actor's to change.
    """
    given = [
        (known[key], key in fresh, row)
        for row in rows
        if row["finding"] is not None
        for key in [tuple(row[name] for name in _SAME)]
    ]
    if not given:
        return 0
    ids, stored, own = _stored_notices(session, actor, [activity for activity, _, _ in given])
    changed, new = 0, []
    for activity, is_fresh, row in given:
        key = (activity, row["finding"])
        told = _news(row, stored.get(key), actor.name)
        if not told:
            continue
        # A re-check may be anybody's.
        if "due" in told and not is_fresh and activity not in own:
            raise ForbiddenError(
                Message(
                    "Somebody else recorded the inspection of {day}: only that person and who "
                    "leads the area change its notices.",
                    day=row["day"],
                )
            )
        if key not in stored:
            stored[key] = {"activity_id": activity, "finding": row["finding"], **told}
            new.append(stored[key])
        else:
            stored[key] |= told
            if key in ids:
                session.execute(update(Notice).where(Notice.id == ids[key]).values(**told))
        changed += not is_fresh
    if new:
        session.execute(insert(Notice), new)
    return changed


_NoticeKey = tuple[int, str]


def _stored_notices(
    session: Session, actor: Actor, activities: list[int]
) -> tuple[dict[_NoticeKey, int], dict[_NoticeKey, dict[str, Any]], set[int]]:
    """Return ids and states of notices by activity and finding, and whose the actor may alter."""
    found = session.execute(
        text("SELECT * FROM activity_notice WHERE activity_id = ANY(:ids) ORDER BY id DESC"),
        {"ids": activities},
    ).all()
    own = session.execute(
        text("SELECT id, recorded_by FROM activity WHERE id = ANY(:ids)"), {"ids": activities}
    )
    return (
        {(row.activity_id, row.finding): row.id for row in found},
        {(row.activity_id, row.finding): row._asdict() for row in found},
        {row.id for row in own if may_change(actor, row)},
    )


def _news(row: Mapping[str, Any], stored: Mapping[str, Any] | None, name: str) -> dict[str, Any]:
    """Return what a row tells of a notice that is not stored.

    A row that tells of no re-check, or of an earlier one, leaves the last one as it is: it is of
    a file that was written before.
    """
    rechecked = row["rechecked_on"]
    corrected = None if rechecked is None else bool(row["corrected"])
    recheck = {"rechecked_on": rechecked, "corrected": corrected}
    if stored is None:
        return {"due": row["due"], **recheck, "rechecked_by": name if rechecked else ""}
    told: dict[str, Any] = {} if row["due"] == stored["due"] else {"due": row["due"]}
    last = stored["rechecked_on"]
    if rechecked is None or (last is not None and rechecked < last):
        return told
    if any(stored[key] != value for key, value in recheck.items()):
        told |= {**recheck, "rechecked_by": name}
    return told
