"""The list of activities with filters, order, pages and sums, and its Excel file."""

from __future__ import annotations

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from geodata.files.excel import MEDIA_TYPE as EXCEL
from gridmap.incidents.cases.lookups import unit_choices
from gridmap.reports.activities.files import write_excel
from gridmap.reports.activities.queries import PAGE, export, search, sums
from gridmap.workforce import audit
from gridmap.workforce.cell_list import today
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.activities.blueprint import blueprint
from webui.activities.choices import read_wanted
from webui.asking import page_number
from webui.database import writing
from webui.paging import Pages


@blueprint.get("")
@needs(Action.RECORD_ACTIVITY)
def index() -> ResponseReturnValue:
    """List activities; filters, order and page are in the address."""
    actor = current_actor()
    with writing() as session:
        wanted = read_wanted(today(session))
        rows = search(session, actor, wanted, offset=(page_number() - 1) * PAGE)
        added = sums(session, actor, wanted)
        units = unit_choices(session, actor)
    return render_template(
        "activities/list.html",
        rows=rows,
        wanted=wanted,
        sums=added,
        units=units,
        pages=Pages(sum(each.activities for each in added), PAGE),
    )


@blueprint.get("/export.xlsx")
@needs(Action.EXPORT)
def export_file() -> ResponseReturnValue:
    """Send the activities of the list as an Excel file; the export is recorded."""
    actor = current_actor()
    with writing() as session:
        wanted = read_wanted(today(session))
        content, count = write_excel(export(session, actor, wanted), str(get_locale()))
        after = {"filters": request.args.to_dict(), "rows": count}
        audit.record(session, actor, "export", ("activity", None), None, after)
    answer = Response(content, mimetype=EXCEL)
    answer.headers["Content-Disposition"] = "attachment; filename=activities.xlsx"
    return answer
