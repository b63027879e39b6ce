"""Which cases a list shows: what people choose, as conditions of SQL over the table ``c``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, Literal, get_args

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.incidents.cases.departments import ANSWERS_FOR
from gridmap.incidents.cases.models import LEVELS, STEPS
from gridmap.incidents.cases.workflow import OPEN_STEPS, WAITS_FOR, Who
from gridmap.workforce.rights import Action, Actor

Due = Literal["today", "overdue"]
Outcome = Literal["valid", "closed", "on_time", "not_on_time"]


@dataclass(frozen=True)
class Wanted:
    """What a reader looks for; what is left out does not matter.

    Attributes
    ----------
    steps : tuple of str
        Of `models.STEPS`.
    state : {"open", "ended", None}
    mine : bool
        Only what waits for the reader himself.
    due : {"today", "overdue", None}
        Open cases whose next deadline is today and not yet over, or is over.
    categories : tuple of str
        Codes, of which one must fit; the categories below belong to each.
    unit, cell : int or None
        A unit with the units below, or a cell.
    assignee : int or None
        A cadre.
    answering : int or None
        The cadre who was responsible for the cell on the day on which the case was due.
    department : int or None
        The one that answers for the category, see `departments`: on the day on which the case
        was due where it is asked for cases by it, else today.
    level : str or None
        Of `models.LEVELS`.
    since, until : date or None
        The first and the last day on which a case was opened.
    due_since, due_until : date or None
        The first and the last day on which the whole case was due 应结案; with these a case that
        was withdrawn does not count.
    outcome : {"valid", "closed", "on_time", "not_on_time", None}
        Not withdrawn; and then closed at all, by its deadline, or not so; see `rates`.
    words : str
        Words that all occur in description or address; a number finds the case of that number.
    returned, reopened, extended, asked : bool
        Only cases sent back, opened again, given more time, or in which more time is asked for.
    """

    steps: tuple[str, ...] = ()
    state: Literal["open", "ended"] | None = None
    mine: bool = False
    due: Due | None = None
    categories: tuple[str, ...] = ()
    unit: int | None = None
    cell: int | None = None
    assignee: int | None = None
    answering: int | None = None
    department: int | None = None
    level: str | None = None
    since: date | None = None
    until: date | None = None
    due_since: date | None = None
    due_until: date | None = None
    outcome: Outcome | None = None
    words: str = ""
    returned: bool = False
    reopened: bool = False
    extended: bool = False
    asked: bool = False


#: The moment at which the day after a date begins, or the date itself, in the town.
_DAY = "(CAST(:{name} AS date) + {days})::timestamp AT TIME ZONE {zone}"
_ZONE = "(SELECT time_zone FROM territory_settings)"
# As a subquery it is worked out once and not for every case.
TOMORROW = f"(SELECT (local_date(CAST(:now AS timestamptz)) + 1)::timestamp AT TIME ZONE {_ZONE})"
OVERDUE = "c.ended_at IS NULL AND c.next_due_at < CAST(:now AS timestamptz)"
TODAY = (
    "c.ended_at IS NULL AND c.next_due_at >= CAST(:now AS timestamptz) "
    f"AND c.next_due_at < {TOMORROW}"
)
ASKED = "EXISTS (SELECT FROM case_extension e WHERE e.case_id = c.id AND e.granted IS NULL)"

_CLOSED = "c.ended_at <= CAST(:now AS timestamptz)"
# A case that was withdrawn is nobody's to close.
_VALID = "c.step <> 'withdrawn'"
_OUTCOMES: Mapping[Outcome, str] = {
    "valid": _VALID,
    "closed": f"{_VALID} AND {_CLOSED}",
    "on_time": f"{_VALID} AND {_CLOSED} AND c.ended_at <= c.due_at",
    "not_on_time": f"{_VALID} AND ({_CLOSED} AND c.ended_at <= c.due_at) IS NOT TRUE",
}

_UNITS = """c.community_id IN (
    WITH RECURSIVE below AS (
        SELECT CAST(:unit AS bigint) AS id
        UNION ALL SELECT u.id FROM unit u JOIN below b ON u.parent_id = b.id
    ) SELECT id FROM below)"""
_CATEGORIES = """c.category_id IN (
    WITH RECURSIVE below AS (
        SELECT id FROM category WHERE code = ANY(:categories)
        UNION SELECT k.id FROM category k JOIN below b ON k.parent_id = b.id
    ) SELECT id FROM below)"""
_ANSWERING = """EXISTS (
    SELECT FROM assignment held WHERE held.cell_id = c.cell_id AND held.role = 'responsible'
    AND held.cadre_id = :answering AND held.period @> local_date(c.due_at))"""
_DEPARTMENT = f"""EXISTS (
    SELECT FROM ({ANSWERS_FOR}) a WHERE a.category_id = c.category_id
    AND a.department_id = :department AND a.period @> local_date({{at}}))"""


#: A condition, and its values.
_Part = tuple[str, dict[str, Any]]


def conditions(wanted: Wanted, actor: Actor) -> tuple[str, dict[str, Any]]:
    """Return the condition of a list within the actor's area, and its values but ``now``.

    Raises
    ------
    GridmapError
        If a word such as a step is unknown.
    """
    check(wanted)
    parts = [actor.scope.condition("c.community_id")]
    values: dict[str, Any] = dict(actor.scope.params)
    for condition, given in (
        *_state(wanted, actor), *_belonging(wanted), *_dated(wanted), *_searched(wanted),
    ):  # fmt: skip
        parts.append(condition)
        values |= given
    return " AND ".join(f"({part})" for part in parts), values


def _state(wanted: Wanted, actor: Actor) -> Iterator[_Part]:
    """Return what is asked of the course of a case: how far it is, and what happened to it."""
    if wanted.steps:
        yield "c.step = ANY(:steps)", {"steps": list(wanted.steps)}
    open_only = wanted.state == "open" or wanted.mine or wanted.due or wanted.asked
    if open_only or (wanted.steps and set(wanted.steps) <= set(OPEN_STEPS)):
        yield "c.ended_at IS NULL", {}
    if wanted.state == "ended":
        yield "c.ended_at IS NOT NULL", {}
    if wanted.mine:
        yield mine(actor), {"me": actor.user_id, "my_units": sorted(actor.units or ())}
    if wanted.due:
        yield OVERDUE if wanted.due == "overdue" else TODAY, {}
    if wanted.outcome is not None:
        yield _OUTCOMES[wanted.outcome], {}
    for column in ("returned", "reopened", "extended"):
        if getattr(wanted, column):
            yield f"c.{column} > 0", {}
    if wanted.asked:
        yield ASKED, {}


def _belonging(wanted: Wanted) -> Iterator[_Part]:
    """Return what is asked of what a case is about, where it is, and whose it is."""
    if wanted.categories:
        yield _CATEGORIES, {"categories": list(wanted.categories)}
    at = "c.due_at" if wanted.due_since or wanted.due_until else "now()"
    for condition, name in (
        (_UNITS, "unit"), (_ANSWERING, "answering"), (_DEPARTMENT.format(at=at), "department"),
        ("c.cell_id = :cell", "cell"), ("c.assignee_id = :assignee", "assignee"),
        ("c.level = :level", "level"),
    ):  # fmt: skip
        if getattr(wanted, name) is not None:
            yield condition, {name: getattr(wanted, name)}


def _dated(wanted: Wanted) -> Iterator[_Part]:
    """Return what is asked of the days on which a case was opened and due."""
    for column, prefix in (("opened_at", ""), ("due_at", "due_")):
        for name, sign, days in ((f"{prefix}since", ">=", 0), (f"{prefix}until", "<", 1)):
            day = getattr(wanted, name)
            if day is not None:
                moment = _DAY.format(name=name, days=days, zone=_ZONE)
                yield f"c.{column} {sign} {moment}", {name: day}
    if wanted.due_since is not None or wanted.due_until is not None:
        yield _VALID, {}


def _searched(wanted: Wanted) -> Iterator[_Part]:
    """Return what is asked of the words of a case, or of its number."""
    words = wanted.words.split()
    if not words:
        return
    given = {"words": [f"%{_literal(word.lower())}%" for word in words[:5]]}
    if len(words) == 1 and words[0].isascii() and words[0].isdigit() and len(words[0]) < 19:
        number = {"number": int(words[0])}
        yield "(c.id = :number OR c.words LIKE ALL(:words))", given | number
    else:
        yield "c.words LIKE ALL(:words)", given


def mine(actor: Actor) -> str:
    """Return the condition that an open case waits for the actor himself."""
    waits = {
        who: ", ".join(f"'{step}'" for step, waiting in WAITS_FOR.items() if waiting is who)
        for who in Who
    }
    ways = [f"c.step IN ({waits[Who.REPORTER]}) AND c.reported_by = :me"]
    if actor.may(Action.HANDLE_CASE):
        ways.append(
            f"c.step IN ({waits[Who.HANDLER]}) AND c.assignee_id = "
            "(SELECT d.id FROM cadre d WHERE d.user_id = :me AND d.active)"
        )
    if actor.may(Action.DISPATCH_CASE):
        leads = (
            "true" if actor.units is None else "(c.unit_id IS NULL OR c.unit_id = ANY(:my_units))"
        )
        ways.append(
            f"(c.step IN ({waits[Who.DISPATCHER]}) OR c.assignee_id IS NULL "
            f"AND c.unit_id IS NOT NULL OR {ASKED}) AND {leads}"
        )
    return " OR ".join(f"({way})" for way in ways)


def check(wanted: Wanted) -> None:
    """Refuse words that mean nothing.

    Raises
    ------
    GridmapError
        If there is one.
    """
    known = (
        all(step in STEPS for step in wanted.steps)
        and wanted.state in (None, "open", "ended")
        and wanted.due in (None, *get_args(Due))
        and wanted.level in (None, *LEVELS)
        and wanted.outcome in (None, *get_args(Outcome))
    )
    if not known:
        raise GridmapError(Message("This list of cases cannot be read: choose its filters again."))


def to_json(wanted: Wanted) -> dict[str, Any]:
    """Return the choices that differ from none, as JSON can hold them."""
    empty = asdict(Wanted())
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in asdict(wanted).items()
        if value != empty[name]
    }


def from_json(stored: Mapping[str, Any]) -> Wanted:
    """Return the choices that `to_json` stored, leaving out what a later version dropped."""
    names = {field.name for field in fields(Wanted)}
    values = {name: value for name, value in stored.items() if name in names}
    # Early versions stored one category.
    if stored.get("category"):
        values["categories"] = [stored["category"]]
    for name in ("since", "until", "due_since", "due_until"):
        if values.get(name) is not None:
            values[name] = date.fromisoformat(values[name])
    for name in ("steps", "categories"):
        if name in values:
            values[name] = tuple(values[name])
    return Wanted(**values)


def _literal(word: str) -> str:
    for special in ("\\", "%", "_"):
        word = word.replace(special, "\\" + special)
    return word
