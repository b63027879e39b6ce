"""Which cases a page shows: filters, order and place, from the address and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, get_args

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from gridmap.incidents.cases.filters import Outcome, Wanted, to_json
from gridmap.incidents.cases.inbox import Place, Sort
from gridmap.incidents.cases.models import STEPS
from webui.asking import optional_day, optional_id

_FLAGS = ("returned", "reopened", "extended", "asked")


@dataclass(frozen=True)
class Choice:
    """A reader's filters and order."""

    wanted: Wanted
    sort: Sort = "due"

    @property
    def tab(self) -> str:
        """Return which tab this is."""
        if self.wanted.mine:
            return "mine"
        return self.wanted.due or "all"

    @property
    def filtered(self) -> bool:
        """Return whether anything but the tab narrows the list."""
        plain = Wanted(state="open", mine=self.wanted.mine, due=self.wanted.due)
        return self.wanted != plain

    def query(self, **changes: Any) -> dict[str, Any]:
        """Return the address' values, with some of them changed."""
        choice = replace(self, wanted=replace(self.wanted, **changes))
        return query_of(choice.wanted, choice.sort)

    def of_tab(self, tab: str) -> dict[str, Any]:
        """Return the address' values of another tab with the same filters."""
        due = tab if tab in ("today", "overdue") else None
        state = self.wanted.state if tab == "all" else "open"
        return self.query(mine=tab == "mine", due=due, state=state)


def read_choice(given: MultiDict[str, str]) -> Choice:
    """Read filters and order from the address or a form.

    Raises
    ------
    GridmapError
        If a day or an id cannot be read.
    """
    state = given.get("state") or "open"
    due = given.get("due")
    sort: Any = given.get("sort")
    wanted = Wanted(
        steps=tuple(step for step in STEPS if step in given.getlist("step")),
        state=None if state == "any" else "ended" if state == "ended" else "open",
        mine=given.get("mine") == "1",
        due="today" if due == "today" else "overdue" if due == "overdue" else None,
        categories=tuple(dict.fromkeys(each[:40] for each in given.getlist("category") if each)),
        unit=optional_id(given.get("unit"), gettext("Unit")),
        cell=optional_id(given.get("cell"), gettext("Cell")),
        assignee=optional_id(given.get("assignee"), gettext("Cadre")),
        answering=optional_id(given.get("answering"), gettext("Cadre")),
        department=optional_id(given.get("department"), gettext("Department")),
        level=given.get("level") or None,
        since=optional_day(given.get("since")),
        until=optional_day(given.get("until")),
        due_since=optional_day(given.get("due_since")),
        due_until=optional_day(given.get("due_until")),
        outcome=next((each for each in get_args(Outcome) if each == given.get("outcome")), None),
        words=given.get("q", "").strip()[:100],
        **{flag: given.get(flag) == "1" for flag in _FLAGS},
    )
    return Choice(wanted, sort if sort in get_args(Sort) else "due")


def query_of(wanted: Wanted, sort: Sort = "due") -> dict[str, Any]:
    """Return filters and order as the address holds them."""
    values: Mapping[str, Any] = to_json(wanted)
    query = {
        {"steps": "step", "categories": "category", "words": "q"}.get(name, name): "1"
        if value is True
        else value
        for name, value in values.items()
        if name != "state"
    }
    if wanted.state != "open":
        query["state"] = wanted.state or "any"
    if sort != "due":
        query["sort"] = sort
    return query


def read_place(given: str | None) -> Place | None:
    """Read the place after which a page begins; a broken one begins the list."""
    moment, _, number = (given or "").partition("~")
    try:
        return datetime.fromisoformat(moment), int(number)
    except ValueError:
        return None


def place_value(place: Place | None) -> str | None:
    """Return a place as the address holds it."""
    return None if place is None else f"{place[0].isoformat()}~{place[1]}"
