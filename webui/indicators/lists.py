"""The list of indicators with their latest figures, and how values were corrected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from gridmap.reports.indicators.boards import Listed, latest
from gridmap.reports.indicators.queries import (
    PAGE,
    corrections,
    find_indicator,
    list_indicators,
)
from gridmap.workforce.cell_list import today
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import one_of, page_number
from webui.database import reading
from webui.indicators import words
from webui.indicators.asked import ground_of
from webui.indicators.blueprint import blueprint
from webui.language import named
from webui.paging import Pages

_SORTS: dict[str, Callable[[Listed], Any]] = {
    "code": lambda row: row.indicator.code,
    "name": lambda row: named(row.indicator),
    "period": lambda row: row.span.last.toordinal() if row.span else 0,
    "met": lambda row: {False: 0, None: 1, True: 2}[row.reached],
}


@blueprint.get("")
@needs(Action.VIEW_DASHBOARD)
def index() -> ResponseReturnValue:
    """List the indicators of the reader's area."""
    actor = current_actor()
    state = one_of("state", words.STATES, "")
    query = request.args.get("q", "").strip().lower()
    with reading() as connection, Session(connection) as session:
        ground = ground_of(session, actor)
        defined = list_indicators(session, retired=state == "retired")
        wanted = [
            each
            for each in defined
            if query in f"{each.code} {each.name} {each.name_en}".lower()
            and (each.retired_at is not None) == (state == "retired")
        ]
        found = latest(session, ground.tree, wanted, today(session))
    rows = [row for row in found if _is_in(row, state)]
    sort = one_of("sort", _SORTS, "code")
    rows.sort(key=_SORTS[sort], reverse=request.args.get("order") == "desc")
    pages = Pages(len(rows), PAGE)
    return render_template(
        "indicators/list.html",
        ground=ground,
        rows=rows[(page_number() - 1) * PAGE : page_number() * PAGE],
        missed=[row for row in found if row.reached is False],
        met=[row for row in found if row.reached],
        known=bool(defined),
        state=state,
        query=request.args.get("q", ""),
        pages=pages,
        may_manage=actor.may(Action.MANAGE_SETTINGS),
    )


@blueprint.get("/<int:indicator_id>/history")
@needs(Action.VIEW_DASHBOARD)
def history(indicator_id: int) -> ResponseReturnValue:
    """List what was corrected, the newest first."""
    with reading() as connection, Session(connection) as session:
        indicator = find_indicator(session, indicator_id)
        rows, total = corrections(session, current_actor(), indicator_id, page_number())
    return render_template(
        "indicators/history.html", indicator=indicator, rows=rows, pages=Pages(total, PAGE)
    )


def _is_in(row: Listed, state: str) -> bool:
    if state == "none":
        return row.now.value is None
    if state in ("missed", "reached"):
        return row.reached is (state == "reached")
    return True
