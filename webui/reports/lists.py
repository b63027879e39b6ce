"""The list of reports."""

from __future__ import annotations

from typing import cast

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from gridmap.incidents.cases.lookups import unit_choices
from gridmap.reports.documents.models import STATES
from gridmap.reports.documents.order import KINDS
from gridmap.reports.documents.queries import PAGE, SORTS, Sort, Wanted, list_reports
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import one_of, optional_id, page_number
from webui.database import reading
from webui.paging import Pages
from webui.reports.blueprint import blueprint


@blueprint.get("")
@needs(Action.VIEW_MAP)
def index() -> ResponseReturnValue:
    """Show the reports that a person may read, the newest first."""
    actor = current_actor()
    wanted = Wanted(
        words=request.args.get("q", "")[:100],
        kind=one_of("kind", KINDS, "") or None,
        state=one_of("state", STATES, "") or None,
        unit_id=optional_id(request.args.get("unit"), _("Area covered")),
        sort=cast(Sort, one_of("sort", SORTS, "asked")),
        descending="sort" not in request.args or request.args.get("order") == "desc",
    )
    with reading() as connection, Session(connection) as session:
        rows, total = list_reports(session, actor, wanted, page_number())
        units = unit_choices(session, actor)
    return render_template(
        "reports/list.html",
        rows=rows,
        pages=Pages(total, PAGE),
        wanted=wanted,
        units=units,
        kinds=KINDS,
        states=STATES,
        filtered=bool(wanted.words or wanted.kind or wanted.state or wanted.unit_id),
        may_write=actor.may(Action.WRITE_REPORT),
        may_set=actor.may(Action.MANAGE_SETTINGS),
    )
