"""The list of runs, with the one button."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from gridmap.hotspots.analyses.registry import ANALYSES
from gridmap.hotspots.queries import PAGE, Filter, list_runs
from gridmap.incidents.cases.categories import tree
from gridmap.incidents.cases.lookups import unit_choices
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import page_number
from webui.database import reading
from webui.hotspots.blueprint import blueprint
from webui.hotspots.choices import PERIODS, about, called, category_names, named
from webui.paging import Pages


@blueprint.get("")
@needs(Action.ANALYSE)
def index() -> ResponseReturnValue:
    """Show the runs that a person made or was shown, the newest first."""
    actor = current_actor()
    wanted = Filter(
        **called(),
        analysis=request.args.get("analysis") or None,
        mine=request.args.get("mine") == "1",
    )
    with reading() as connection, Session(connection) as session:
        rows, total = list_runs(session, actor, wanted, page_number())
        units = unit_choices(session, actor)
        categories = tree(session)
    return render_template(
        "hotspots/list.html",
        rows=rows,
        pages=Pages(total, PAGE),
        wanted=wanted,
        units=units,
        categories=categories,
        names=category_names(categories),
        periods=PERIODS,
        about=about,
        named=named,
        analyses=ANALYSES,
        filtered=bool(wanted.words or wanted.analysis or wanted.mine),
    )
