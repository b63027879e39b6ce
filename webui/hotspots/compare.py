"""Two runs side by side, their maps linked."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from gridmap.hotspots.models import HotspotRun
from gridmap.hotspots.queries import Filter, find_run, list_runs, listed
from gridmap.incidents.cases.categories import tree
from gridmap.incidents.statistics import clock
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import optional_id
from webui.database import reading
from webui.hotspots.blueprint import blueprint
from webui.hotspots.choices import about, called, category_names, named
from webui.hotspots.sentences import sentences
from webui.hotspots.single import legend_of, page_of, prepare, script_url


@blueprint.get("/compare")
@needs(Action.ANALYSE)
def compare() -> ResponseReturnValue:
    """Show two runs, whose ids are in the address."""
    # The list sends two of the same name; a third is left out.
    ticked = [*request.args.getlist("run"), None, None]
    asked = [request.args.get(side, ticked[i]) for i, side in enumerate(("left", "right"))]
    ids = [optional_id(each, _("Run")) for each in asked]
    if ids == [None, None] and "q" not in request.args:
        return redirect(url_for("hotspots.index"))
    actor = current_actor()
    with reading() as connection, Session(connection) as session:
        names = category_names(tree(session))
        chosen = [None if each is None else find_run(session, actor, each) for each in ids]
        others, total = list_runs(session, actor, Filter(**called(), on_map=True), 1)
        sides = [
            _side(connection, run, name, names)
            if run is not None and run.finished_at and "peaks" not in run.summary
            else None
            for run, name in zip(chosen, ("left", "right"), strict=True)
        ]
    found = [row.HotspotRun for row in others]
    offered = {run.id: run for run in [*found, *filter(None, chosen)]}
    return render_template(
        "hotspots/compare.html",
        sides=sides,
        chosen=ids,
        shown=len(found),
        total=total,
        offered=sorted(offered.values(), key=lambda run: -run.id),
        named=named,
        about=about,
        names=names,
    )


def _side(
    connection: Connection, run: HotspotRun, name: str, names: dict[str, str] | Any
) -> dict[str, Any]:
    parts = prepare(name)
    rows = listed(connection, run.id, clock(connection).today)
    return {
        "run": run,
        "name": named(run, names),
        "about": about(run, names),
        "parts": parts,
        "script": script_url(name, parts),
        "page": page_of(connection, run, name),
        "said": sentences(run, rows)[:1],
        "legend": legend_of(run),
    }
