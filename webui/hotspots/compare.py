"""Two runs side by side, their maps linked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import Connection, Row
from sqlalchemy.orm import Session

from gridmap.hotspots.queries import Filter, list_runs, listed, with_state
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
        chosen = [None if each is None else with_state(session, actor, each) for each in ids]
        others, total = list_runs(session, actor, Filter(**called(), on_map=True), 1)
        sides = [
            _side(connection, found, name, names) if found is not None and _has_map(found) else None
            for found, name in zip(chosen, ("left", "right"), strict=True)
        ]
    runs = [row.HotspotRun for row in [*others, *(row for row in chosen if row is not None)]]
    offered = {run.id: run for run in runs}
    return render_template(
        "hotspots/compare.html",
        sides=sides,
        chosen=ids,
        shown=len(others),
        total=total,
        offered=sorted(offered.values(), key=lambda run: -run.id),
        named=named,
        about=about,
        names=names,
    )


def _has_map(found: Row[Any]) -> bool:
    run = found.HotspotRun
    return run.finished_at is not None and "peaks" not in run.summary


def _side(
    connection: Connection, found: Row[Any], name: str, names: Mapping[str, str]
) -> dict[str, Any]:
    run, parts = found.HotspotRun, prepare(name)
    rows = listed(connection, run.id, clock(connection).today)
    return {
        "run": run,
        "found": found,
        "name": named(run, names),
        "about": about(run, names),
        "parts": parts,
        "script": script_url(name, parts),
        "page": page_of(connection, run, name),
        "said": sentences(run, rows)[:1],
        "legend": legend_of(run),
    }
