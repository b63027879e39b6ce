"""Cells and who answers for them as a table, as a file, and over time."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date
from typing import get_args

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from sqlalchemy.orm import Session

from geodata.files.formulas import harmless
from gridmap.workforce import audit
from gridmap.workforce.cell_list import (
    CellsWanted,
    Rows,
    SortKey,
    find_cell,
    holders,
    list_cells,
    list_communities,
    today,
)
from gridmap.workforce.responsibility import cell_history as read_cell_history
from gridmap.workforce.rights import Action, Actor
from gridmap.workforce.workload import Band, load_band
from webui.access import current_actor, needs
from webui.asking import one_of, optional_id, page_number
from webui.assignments.blueprint import blueprint
from webui.assignments.shared import BANDS, ROLES, loads
from webui.assignments.words import WORDS
from webui.database import writing
from webui.language import named, say
from webui.paging import Pages

PAGE = 50
_STATES = ("all", "vacant", "above")


@dataclass(frozen=True)
class _Choice:
    """What the address asks for."""

    wanted: CellsWanted
    state: str
    cadre_id: int | None


@blueprint.get("/list")
@needs(Action.VIEW_WORKFORCE)
def list_page() -> ResponseReturnValue:
    """Show the table; filter, order and page are in the address."""
    actor = current_actor()
    with writing() as session:
        day = today(session)
        choice = _read_choice(session, actor, day)
        rows, total = list_cells(
            session, actor, day, choice.wanted, limit=PAGE, offset=(page_number() - 1) * PAGE
        )
        found = loads(session, actor, day, {row.cadre_id for row in rows if row.cadre_id})
        communities = list_communities(session, actor)
        cadres = holders(session, actor, day, choice.wanted.community_id)
        band = load_band(session)
    page = {
        "language": str(get_locale()),
        "words": {key: say(word) for key, word in WORDS.items()},
        "urls": {
            name: url_for(f"assignments.{name}") for name in ("cadres", "assign", "end", "undo")
        },
    }
    return render_template(
        "assignments/list.html",
        rows=rows,
        choice=choice,
        loads={load.cadre_id: load for load in found},
        communities=communities,
        cadres=cadres,
        pages=Pages(total, PAGE),
        page=page,
        roles=ROLES,
        bands=BANDS,
        band=band,
        today=day,
    )


@blueprint.get("/list.csv")
@needs(Action.EXPORT)
def export() -> ResponseReturnValue:
    """Answer with all cells of the choice as CSV that Excel opens, and tell the log."""
    actor = current_actor()
    with writing() as session:
        day = today(session)
        choice = _read_choice(session, actor, day)
        rows, total = list_cells(session, actor, day, choice.wanted, limit=None)
        audit.record(
            session, actor, "export", ("assignment", None),
            after={"rows": total, "query": request.query_string.decode()[:500]},
        )  # fmt: skip
    response = Response(_csv(rows), mimetype="text/csv")
    response.headers["Content-Disposition"] = f"attachment; filename=assignments-{day}.csv"
    return response


@blueprint.get("/cells/<int:cell_id>/history")
@needs(Action.VIEW_WORKFORCE)
def cell_history(cell_id: int) -> ResponseReturnValue:
    """Show who held which role in a cell and when."""
    actor = current_actor()
    with writing() as session:
        cell = find_cell(session, actor, cell_id)
        rows = read_cell_history(session, actor, cell_id)
        day = today(session)
    return render_template("assignments/history.html", cell=cell, rows=rows, roles=ROLES, today=day)


def _read_choice(session: Session, actor: Actor, day: date) -> _Choice:
    state = one_of("state", _STATES, "all")
    cadre_id = optional_id(request.args.get("cadre"), gettext("Cadre"))
    cadres = None if cadre_id is None else {cadre_id}
    if state == "above":
        cadres = {load.cadre_id for load in loads(session, actor, day, cadres, Band.ABOVE)}
    sort: SortKey = next(
        (key for key in get_args(SortKey) if key == request.args.get("sort")), "code"
    )
    return _Choice(
        CellsWanted(
            community_id=optional_id(request.args.get("community"), gettext("Community")),
            cadres=cadres,
            vacant=state == "vacant",
            search=request.args.get("q", "").strip()[:100],
            sort=sort,
            descending=request.args.get("order") == "desc",
        ),
        state,
        cadre_id,
    )


def _csv(rows: Rows) -> str:
    stream = io.StringIO()
    # The mark tells Excel that the file is UTF-8.
    stream.write("\ufeff")
    writer = csv.writer(stream)
    writer.writerow(
        [
            gettext("Cell"), gettext("Name"), gettext("Community"), gettext("Responsible cadre"),
            gettext("Phone"), gettext("Since"), gettext("Households"),
        ]
    )  # fmt: skip
    for row in rows:
        values = (
            row.code, row.name, named(row, "community"), row.cadre, row.phone, row.since,
            row.households,
        )  # fmt: skip
        writer.writerow([harmless(value) for value in values])
    return stream.getvalue()
