"""The page of one building at /building/<id>."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from gridmap.exchange.area import find_area
from gridmap.exchange.building_page import (
    MONTHS,
    RECENT_DAYS,
    BuildingPage,
    building_page,
    building_shapes,
)
from gridmap.incidents.near import NEAR_M
from gridmap.incidents.statistics import Span, clock
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.dashboard import words
from webui.dashboard.cell import COUNTS, ROLE_NAMES, WHY, leads, month_ends
from webui.dashboard.parts import name_of
from webui.dashboard.state import days_of, english, link
from webui.database import reading
from webui.language import say
from webui.numbers import number
from webui.words import CODES

buildings = Blueprint("building_page", __name__, url_prefix="/building")


@buildings.get("/<int:building_id>")
@needs(Action.VIEW_DASHBOARD)
def show(building_id: int) -> ResponseReturnValue:
    """Show all that is known of a building."""
    actor = current_actor()
    with reading() as connection, Session(connection) as session:
        now = clock(session.connection())
        found = building_page(session, actor, building_id, now)
        area = find_area(session, actor, found.building.community_code, now.today)
    crumbs = [
        (name_of(part, english()), url_for("dashboard.show", unit=part.code)) for part in area.path
    ]
    crumbs += [
        (cell.name or cell.code, url_for("cell_page.show", cell_id=cell.id))
        for cell in found.cells[:1]
    ]
    return render_template(
        "dashboard/building.html",
        found=found,
        building=found.building,
        crumbs=crumbs,
        totals=found.counts[-1] if found.counts else None,
        counts=COUNTS,
        roles=ROLE_NAMES,
        why=WHY,
        codes=CODES,
        months=MONTHS,
        near=NEAR_M,
        recent_days=RECENT_DAYS,
        recent=_records(found, found.recent),
        all_near=_records(found, found.span),
        english=english(),
        say=say,
        num=number,
        link=link,
        page=_page(found),
    )


@buildings.get("/<int:building_id>/shapes.json")
@needs(Action.VIEW_DASHBOARD)
def shapes(building_id: int) -> Response:
    """Answer with the outlines of a building and of what lies around it."""
    with reading() as connection, Session(connection) as session:
        made = building_shapes(session, current_actor(), building_id)
    return Response(made, mimetype="application/json")


def _page(found: BuildingPage) -> dict[str, Any]:
    """Return what the page's script must know, as values for JSON."""
    months = list(found.months)
    spans = [Span(*days) for days in zip(months, month_ends(months, found.span.last), strict=True)]
    return {
        "language": "en" if english() else "zh",
        "shapes": url_for("building_page.shapes", building_id=found.building.id),
        "leads": leads("cell"),
        "months": {
            "labels": [words.month(month) for month in months],
            "counts": list(found.months.values()),
            "links": [_records(found, span) for span in spans],
        },
        "people": {
            "labels": [words.month(row.month) for row in found.counts],
            "counts": [row.residents for row in found.counts],
        },
        "words": {
            **{key: say(word) for key, word in words.SCRIPT.items()},
            "residents": say(COUNTS["residents"]),
        },
    }


def _records(found: BuildingPage, span: Span) -> str:
    """Return the way to the incidents nearby in some days."""
    return url_for("dashboard.records", building=found.building.id, **days_of(span))
