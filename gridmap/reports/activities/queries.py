"""Activities as pages read them: the list with its sums, one activity, and where one may be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError, NotFoundError
from gridmap.reports.activities.kinds import COUNTS, KINDS
from gridmap.workforce.areas import unit_condition, unit_params
from gridmap.workforce.rights import Actor

Rows = Sequence[Row[Any]]
SortKey = Literal["day", "kind", "where", "recorded"]
PAGE = 50
MOST_EXPORTED = 50_000
#: A word that names more places than this says little.
_MOST_PLACES, _MOST_CHOICES = 2000, 2000

_SORTS: Mapping[SortKey, str] = {
    "day": "a.day {0}, a.id {0}",
    "kind": "a.kind {0}, a.day DESC, a.id DESC",
    "where": "u.code {0}, c.code {0}, a.day DESC, a.id DESC",
    "recorded": "a.recorded_at {0}, a.id {0}",
}
_COLUMNS = f"""
    a.id, a.kind, a.day, a.note, {", ".join(f"a.{name}" for name in COUNTS)},
    a.unit_id, u.name AS unit, u.name_en AS unit_en, u.code AS unit_code,
    a.cell_id, c.code AS cell, c.name AS cell_name, a.place_id, l.name AS place,
    l.kind AS place_kind, a.recorded_by, a.recorded_name, a.recorded_at, a.version,
    (SELECT count(*) FROM activity_photo p WHERE p.activity_id = a.id) AS photos
"""
_JOINS = """
    JOIN unit u ON u.id = a.unit_id LEFT JOIN cell c ON c.id = a.cell_id
    LEFT JOIN place l ON l.id = a.place_id
"""


@dataclass(frozen=True)
class Wanted:
    """Which activities a list shows; what is left out does not matter.

    Attributes
    ----------
    unit_id : int or None
        A unit, with all units below it.
    first, last : date or None
        The days, both included.
    words : str
        Part of the note or of the name of the place.
    mine : bool
        Only what the reader recorded.
    """

    kind: str | None = None
    unit_id: int | None = None
    cell_id: int | None = None
    place_id: int | None = None
    first: date | None = None
    last: date | None = None
    words: str = ""
    mine: bool = False
    sort: SortKey = "day"
    descending: bool = True


@dataclass(frozen=True)
class Sums:
    """The activities of a kind in a list, and the sums of its counts."""

    kind: str
    activities: int
    counts: Mapping[str, int]


def search(
    session: Session, actor: Actor, wanted: Wanted, *, limit: int = PAGE, offset: int = 0
) -> Rows:
    """List activities of the actor's area page by page.

    Returns
    -------
    sequence of rows
        The activity with all counts, ``unit``, ``unit_en``, ``cell``, ``cell_name``, ``place``,
        ``place_kind`` by name, and ``photos`` (how many).
    """
    where, params = _conditions(session, actor, wanted)
    order = _SORTS[wanted.sort].format("DESC" if wanted.descending else "ASC")
    return session.execute(
        text(f"""
            SELECT {_COLUMNS} FROM activity a {_JOINS} WHERE {where}
            ORDER BY {order} LIMIT :limit OFFSET :offset
        """),
        {**params, "limit": limit, "offset": offset},
    ).all()


def sums(session: Session, actor: Actor, wanted: Wanted) -> list[Sums]:
    """Count the activities of a list by kind and sum their counts, in the order of the kinds."""
    where, params = _conditions(session, actor, wanted)
    added = ", ".join(f"sum(a.{name}) AS {name}" for name in COUNTS)
    rows = session.execute(
        text(f"SELECT a.kind, count(*) AS n, {added} FROM activity a WHERE {where} GROUP BY 1"),
        params,
    )
    found = {
        row.kind: Sums(
            row.kind,
            row.n,
            {name: int(getattr(row, name) or 0) for name in KINDS[row.kind].counts},
        )
        for row in rows
    }
    return [found[kind] for kind in KINDS if kind in found]


def export(session: Session, actor: Actor, wanted: Wanted) -> Iterator[Row[Any]]:
    """Yield all activities of a list, each with its first notice; see `search`.

    The notice's columns are ``finding``, ``due``, ``rechecked_on`` and ``notice_corrected``; an
    inspection with several notices comes once for each of them.

    Raises
    ------
    GridmapError
        If they are too many for one file.
    """
    where, params = _conditions(session, actor, wanted)
    order = _SORTS[wanted.sort].format("DESC" if wanted.descending else "ASC")
    rows = session.execute(
        text(f"""
            SELECT {_COLUMNS}, n.finding, n.due, n.rechecked_on, n.corrected AS notice_corrected
            FROM activity a {_JOINS} LEFT JOIN activity_notice n ON n.activity_id = a.id
            WHERE {where} ORDER BY {order}, n.id LIMIT :limit
        """),
        {**params, "limit": MOST_EXPORTED + 1},
    ).all()
    if len(rows) > MOST_EXPORTED:
        raise GridmapError(
            Message("These are more than {count} activities: choose a shorter period.",
                    count=MOST_EXPORTED)
        )  # fmt: skip
    yield from rows


def get_activity(session: Session, actor: Actor, activity_id: int) -> Row[Any]:
    """Return one activity as `search` does.

    Raises
    ------
    NotFoundError
        If there is none in the actor's area.
    """
    row = session.execute(
        text(f"""
            SELECT {_COLUMNS} FROM activity a {_JOINS}
            WHERE a.id = :id AND {unit_condition(actor, "a.unit_id")}
        """),
        {"id": activity_id, **unit_params(actor)},
    ).one_or_none()
    if row is None:
        raise NotFoundError(Message("There is no activity with the number {id}.", id=activity_id))
    return row


def parts(session: Session, activity_id: int) -> tuple[Rows, Rows]:
    """Return the notices and the photos of an activity, in their order."""
    notices = session.execute(
        text("SELECT * FROM activity_notice WHERE activity_id = :id ORDER BY id"),
        {"id": activity_id},
    ).all()
    photos = session.execute(
        text("SELECT id, width, height FROM activity_photo WHERE activity_id = :id ORDER BY id"),
        {"id": activity_id},
    ).all()
    return notices, photos


def open_notices(
    session: Session,
    actor: Actor,
    today: date,
    *,
    overdue: bool = False,
    units: Sequence[int] | None = None,
    limit: int = PAGE,
    offset: int = 0,
) -> tuple[Rows, int, int]:
    """List the notices that no re-check found corrected, the longest overdue first.

    Returns
    -------
    rows : sequence of rows
        ``id``, ``activity_id``, ``day``, ``finding``, ``due``, ``rechecked_on``, and the place and
        unit by name.
    total, overdue : int
        How many there are in all, and how many of them are past their day.
    """
    where = f"""n.corrected IS NOT TRUE AND {unit_condition(actor, "a.unit_id")}
        AND (CAST(:chosen AS bigint[]) IS NULL OR a.unit_id = ANY(:chosen))"""
    params = {
        **unit_params(actor), "today": today, "chosen": None if units is None else list(units),
        "limit": limit, "offset": offset,
    }  # fmt: skip
    source = "activity_notice n JOIN activity a ON a.id = n.activity_id"
    total, late = session.execute(
        text(f"""
            SELECT count(*), count(*) FILTER (WHERE n.due < :today) FROM {source} WHERE {where}
        """),
        params,
    ).one()
    rows = session.execute(
        text(f"""
            SELECT n.id, n.activity_id, a.day, n.finding, n.due, n.rechecked_on,
                   n.due < :today AS overdue, u.name AS unit, u.name_en AS unit_en, l.name AS place,
                   c.code AS cell
            FROM {source} {_JOINS} WHERE {where} {"AND n.due < :today" if overdue else ""}
            ORDER BY n.due, n.id LIMIT :limit OFFSET :offset
        """),
        params,
    ).all()
    return rows, total, late


def units_below(session: Session, unit_id: int) -> list[int]:
    """Return a unit and all units below it; none if it does not exist."""
    rows = session.scalars(
        text("""
            WITH RECURSIVE below AS (
                SELECT id FROM unit WHERE id = :unit
                UNION ALL SELECT u.id FROM unit u JOIN below b ON u.parent_id = b.id
            ) SELECT id FROM below ORDER BY id
        """),
        {"unit": unit_id},
    )
    return list(rows)


def unit_of(session: Session, cell_id: int | None, place_id: int | None) -> int | None:
    """Return the community of a place or a cell; None if it is in none, or neither is named."""
    found: int | None = session.scalar(
        text("""
            SELECT coalesce((SELECT community_id FROM place WHERE id = :place),
                            (SELECT community_id FROM cell WHERE id = :cell))
        """),
        {"cell": cell_id, "place": place_id},
    )
    return found


def where_choices(session: Session, actor: Actor, unit_id: int, day: date) -> tuple[Rows, Rows]:
    """Return the cells of a community valid on a day, and its places, each ``id`` and ``name``."""
    if not actor.sees_unit(unit_id):
        raise NotFoundError(Message("There is no unit with the id {id}.", id=unit_id))
    params = {"unit": unit_id, "day": day, "most": _MOST_CHOICES}
    cells = session.execute(
        text("""
            SELECT id, code, name FROM cell
            WHERE community_id = :unit AND kind <> 'micro'
              AND (valid @> CAST(:day AS date)) IS TRUE ORDER BY code LIMIT :most
        """),
        params,
    ).all()
    places = session.execute(
        text("""
            SELECT id, name, kind FROM place WHERE community_id = :unit AND name <> ''
            ORDER BY kind, name, id LIMIT :most
        """),
        params,
    ).all()
    return cells, places


def _conditions(session: Session, actor: Actor, wanted: Wanted) -> tuple[str, dict[str, Any]]:
    conditions = [unit_condition(actor, "a.unit_id")]
    params: dict[str, Any] = unit_params(actor)
    for column in ("kind", "cell_id", "place_id"):
        value = getattr(wanted, column)
        if value is not None:
            conditions.append(f"a.{column} = :{column}")
            params[column] = value
    if wanted.unit_id is not None:
        conditions.append("a.unit_id = ANY(:below)")
        params["below"] = units_below(session, wanted.unit_id)
    for name, sign in (("first", ">="), ("last", "<=")):
        if getattr(wanted, name) is not None:
            conditions.append(f"a.day {sign} :{name}")
            params[name] = getattr(wanted, name)
    if wanted.mine:
        conditions.append("a.recorded_by = :me")
        params["me"] = actor.user_id
    if words := wanted.words.strip().lower():
        conditions.append(
            "(search_grams(a.note) @> CAST(:grams AS text[]) AND strpos(lower(a.note), :words) > 0"
            " OR a.place_id = ANY(:places))"
        )
        params |= {"grams": _grams(words), "words": words, "places": _places(session, words)}
    return " AND ".join(conditions), params


def _grams(words: str) -> list[str]:
    """Return the pairs of neighbours, or the only character, as `search_grams` of migration 6."""
    return [words[i : i + 2] for i in range(len(words) - 1)] or [words]


def _places(session: Session, words: str) -> list[int]:
    rows = session.scalars(
        text("""
            SELECT id FROM place WHERE search_grams(name, address) @> CAST(:grams AS text[])
              AND strpos(lower(name), :words) > 0 LIMIT :most
        """),
        {"grams": _grams(words), "words": words, "most": _MOST_PLACES},
    )
    return list(rows)
