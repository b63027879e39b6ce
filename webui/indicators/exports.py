"""An indicator as a CSV or Excel file."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response, abort
from flask_babel import get_locale
from sqlalchemy.orm import Session

from geodata.files.excel import MEDIA_TYPE as EXCEL
from gridmap.reports.indicators.boards import board
from gridmap.reports.indicators.files import titles, write_board, write_csv
from gridmap.reports.indicators.queries import find_indicator
from gridmap.workforce import audit
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.database import reading, writing
from webui.indicators.asked import ground_of, look_of
from webui.indicators.blueprint import blueprint


@blueprint.get("/<int:indicator_id>/export/<form>")
@needs(Action.EXPORT)
def export(indicator_id: int, form: str) -> Response:
    """Send the ranking that the address asks for as ``csv`` or ``xlsx``; the export is recorded."""
    if form not in ("csv", "xlsx"):
        abort(404)
    actor, language = current_actor(), str(get_locale())
    with reading() as connection, Session(connection) as session:
        indicator = find_indicator(session, indicator_id)
        ground = ground_of(session, actor)
        found = board(session, ground.tree, indicator, look_of(session))
    content = write_csv(found, language) if form == "csv" else write_board(found, language)
    told = {"format": form, "rows": len(found.places)}
    with writing() as session:
        audit.record(session, actor, "export", ("indicator", indicator_id), None, told)
    last = found.span.last if found.span else ""
    return attachment(
        content,
        "text/csv" if form == "csv" else EXCEL,
        f"{indicator.code}-{last}.{form}",
        f"{titles(indicator, language)[0]} {last}.{form}",
    )


def attachment(content: str | bytes, mimetype: str, plain: str, name: str) -> Response:
    """Answer with a file, under a plain name and one in any letters."""
    response = Response(content, mimetype=mimetype)
    response.headers["Content-Disposition"] = (
        f"attachment; filename={plain}; filename*=UTF-8''{quote(name, safe='')}"
    )
    return response
