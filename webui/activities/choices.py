"""What the address of a list of activities says, and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import get_args

from flask import request
from flask_babel import gettext as _

from geodata.messages import Message
from gridmap.errors import GridmapError, NotFoundError
from gridmap.reports.activities.kinds import KINDS
from gridmap.reports.activities.queries import SortKey, Wanted
from webui.asking import optional_day, optional_id


def read_wanted(today: date) -> Wanted:
    """Read the filters and the order; without days it is this year so far.

    Raises
    ------
    GridmapError
        If a day or an id cannot be read.
    """
    given = request.args
    first = optional_day(given.get("first")) or today.replace(month=1, day=1)
    last = optional_day(given.get("last"))
    if last is not None and "first" not in given:
        first = min(first, last.replace(month=1, day=1))
    if last is not None and last < first:
        raise GridmapError(Message("The last day lies before the first."))
    sort: SortKey = next((key for key in get_args(SortKey) if key == given.get("sort")), "day")
    wanted = Wanted(
        kind=read_kind(),
        unit_id=optional_id(given.get("unit"), _("Unit")),
        cell_id=optional_id(given.get("cell"), _("Cell")),
        place_id=optional_id(given.get("place"), _("Place")),
        first=first,
        last=last,
        words=given.get("q", "").strip()[:100],
        mine=given.get("mine") == "1",
        sort=sort,
        descending=given.get("order") == "desc",
    )
    # The newest come first where nobody chose an order.
    return wanted if "sort" in given else replace(wanted, descending=True)


def read_kind() -> str | None:
    """Return the kind that the address names, if there is such a kind."""
    kind = request.args.get("kind")
    return kind if kind in KINDS else None


def known_id(number: int) -> int:
    """Return an id of a path that the database takes.

    Raises
    ------
    NotFoundError
        If it is larger than any id.
    """
    if number >= 1 << 63:
        raise NotFoundError(Message("There is no activity with the number {id}.", id=number))
    return number
