"""The monthly sheet of a team, on the page, on paper and as an Excel file."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from geodata.files.excel import MEDIA_TYPE as EXCEL
from gridmap.patrols.shifts.access import captained, own_cadre
from gridmap.patrols.shifts.rules import shift_settings
from gridmap.patrols.shifts.sheet import Sheet, make_sheet
from gridmap.patrols.shifts.workbook import (
    SIGNS,
    SUMS,
    legend,
    signs,
    sum_of,
    title,
    write_workbook,
)
from gridmap.workforce import audit
from gridmap.workforce.cadres import list_teams
from gridmap.workforce.cell_list import today
from gridmap.workforce.models import Team
from gridmap.workforce.rights import Action, Actor
from webui.access import current_actor, needs
from webui.asking import optional_id
from webui.database import writing
from webui.shifts.blueprint import blueprint
from webui.shifts.choices import month_after, month_before, month_of


@blueprint.get("/sheet")
@needs(Action.VIEW_MAP)
def sheet() -> ResponseReturnValue:
    """Show a team's month; without a team, the first one of the reader's."""
    actor = current_actor()
    with writing() as session:
        month = month_of(request.args.get("month"), today(session))
        teams = _teams(session, actor)
        wanted = optional_id(request.args.get("team"), _("Team"))
        team = wanted or next((team.id for team in teams), None)
        made = None if team is None else make_sheet(session, actor, team, month)
        settings = shift_settings(session)
    language = str(get_locale())
    return render_template(
        "shifts/sheet.html",
        sheet=made,
        teams=teams,
        month=month,
        before=month_before(month),
        after=month_after(month),
        sums=SUMS,
        signs=signs,
        kinds=SIGNS,
        sum_of=sum_of,
        heading="" if made is None else title(made, language),
        legend=legend(settings, language),
    )


@blueprint.get("/sheet.xlsx")
@needs(Action.EXPORT)
def sheet_file() -> ResponseReturnValue:
    """Give a team's month as an Excel file, and tell the log of the export."""
    actor, language = current_actor(), str(get_locale())
    with writing() as session:
        month = month_of(request.args.get("month"), today(session))
        team = optional_id(request.args.get("team"), _("Team")) or 0
        made: Sheet = make_sheet(session, actor, team, month)
        content = write_workbook(made, shift_settings(session), language)
        after = {"month": f"{month:%Y-%m}", "rows": len(made.rows)}
        audit.record(session, actor, "export", ("team", team), after=after)
    name = quote(f"{title(made, language)}.xlsx")
    response = Response(content, mimetype=EXCEL)
    response.headers["Content-Disposition"] = (
        f"attachment; filename=shifts-{team}-{month:%Y-%m}.xlsx; filename*=UTF-8''{name}"
    )
    return response


def _teams(session: Session, actor: Actor) -> list[Team]:
    """Return the teams of the office's area, or those that the reader leads."""
    if actor.may(Action.VIEW_WORKFORCE):
        return list(list_teams(session, actor))
    led = captained(session, own_cadre(session, actor))
    return [team for team in list_teams(session, actor) if team.id in led]
