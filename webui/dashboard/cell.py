"""The page of one cell at /cell/<id>, and its sheet for the printer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from sqlalchemy.orm import Session

from geodata.messages import N_
from gridmap.exchange.area import find_area
from gridmap.exchange.cell_page import MONTHS, RECENT_DAYS, CellPage, cell_page, cell_shapes
from gridmap.exchange.dashboard import Coverage
from gridmap.incidents.statistics import Span, clock
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.dashboard import words
from webui.dashboard.parts import name_of
from webui.dashboard.patrols import patrol_months
from webui.dashboard.state import days_of, link
from webui.database import reading
from webui.language import say
from webui.numbers import number, percent
from webui.tracks.words import AGES
from webui.tracks.words import SCRIPT as STREET_WORDS
from webui.words import CODES

cells = Blueprint("cell_page", __name__, url_prefix="/cell")

ROLE_NAMES = {
    "responsible": N_("Responsible cadre"),
    "deputy": N_("Deputy"),
    "group_leader": N_("Group leader"),
    "compound_guard": N_("Compound guard"),
    "police_liaison": N_("Police liaison"),
}
WHY = {
    "responsible": N_("responsible"),
    "substitute": N_("stands in for the responsible cadre"),
    "deputy": N_("deputy of the responsible cadre"),
}
_ACTS = {"split": N_("split"), "merge": N_("merged"), "redraw": N_("redrawn")}
COUNTS = {
    "households": N_("Households"),
    "residents": N_("Residents"),
    "temporary_residents": N_("Temporary residents"),
    "rented_homes": N_("Rented homes"),
    "shops": N_("Shops"),
}


@cells.get("/<int:cell_id>")
@needs(Action.VIEW_DASHBOARD)
def show(cell_id: int) -> ResponseReturnValue:
    """Show all that is known of a cell."""
    actor = current_actor()
    with reading() as connection, Session(connection) as session:
        now = clock(session.connection())
        found = cell_page(session, actor, cell_id, now)
        area = find_area(session, actor, found.cell.community_code, now.today)
    english = str(get_locale()) == "en"
    return render_template(
        "dashboard/cell.html",
        found=found,
        cell=found.cell,
        area=area,
        crumbs=[
            (name_of(part, english), url_for("dashboard.show", unit=part.code))
            for part in area.path
        ],
        totals=found.counts[-1] if found.counts else None,
        counts=COUNTS,
        roles=ROLE_NAMES,
        why=WHY,
        acts=_ACTS,
        codes=CODES,
        months=MONTHS,
        recent_days=RECENT_DAYS,
        recent=days_of(found.recent),
        today=now.today,
        english=english,
        say=say,
        num=number,
        arrow=words.arrow,
        percent=percent,
        ages=AGES,
        link=link,
        page=_page(found, area.unit.code if area.unit else None),
    )


@cells.get("/<int:cell_id>/shapes.json")
@needs(Action.VIEW_DASHBOARD)
def shapes(cell_id: int) -> Response:
    """Answer with the outlines of a cell and of what lies in it."""
    with reading() as connection, Session(connection) as session:
        made = cell_shapes(session, current_actor(), cell_id)
    return Response(made, mimetype="application/json")


def leads(cell: str) -> dict[str, str]:
    """Return where a click on a map leads, by what is clicked; the id follows.

    Parameters
    ----------
    cell : str
        What the map calls a cell.
    """
    found = {
        cell: url_for("cell_page.show", cell_id=0),
        "building": url_for("building_page.show", building_id=0),
    }
    if case := link("cases.show", case=0):
        found["case"] = case
    return {what: address.removesuffix("0") for what, address in found.items()}


def month_ends(months: list[date], newest: date) -> list[date]:
    """Return the last day of each month, of the last one the newest day of data."""
    return [month - timedelta(days=1) for month in months[1:]] + [newest]


def _page(found: CellPage, unit: str | None) -> dict[str, Any]:
    """Return what the page's script must know, as values for JSON."""
    months = list(found.months)
    links = [
        url_for(
            "dashboard.records",
            unit=unit,
            cell=found.cell.id,
            former=1,
            **days_of(Span(first, last)),
        )
        for first, last in zip(months, month_ends(months, found.recent.last), strict=True)
    ]
    return {
        "language": str(get_locale()),
        "shapes": url_for("cell_page.shapes", cell_id=found.cell.id),
        "leads": leads("near"),
        "months": {
            "labels": [words.month(month) for month in months],
            "counts": list(found.months.values()),
            "links": links,
        },
        "people": {
            "labels": [words.month(row.month) for row in found.counts],
            "counts": [row.residents for row in found.counts],
        },
        "patrols": patrol_months(
            {
                row.month: Coverage(row.incidents, row.walked_in_hour, row.planned_in_hour)
                for row in found.patrols.months
            }
        ),
        "ages": [days for days, _, _ in AGES],
        "words": {
            **{key: say(word) for key, word in words.SCRIPT.items()},
            "residents": say(COUNTS["residents"]),
            "unnamed": say(STREET_WORDS["unnamed"]),
            "never": say(STREET_WORDS["never"]),
            "today": say(STREET_WORDS["today"]),
            "days": say(STREET_WORDS["days"]),
        },
    }
