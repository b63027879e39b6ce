"""What evaluations say of a cadre's own area, for the phone."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from gridmap.reports.evaluation.access import reader_of
from gridmap.reports.evaluation.queries import own_members
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.database import writing
from webui.evaluation.blueprint import blueprint


@blueprint.get("/mine")
@needs(Action.HANDLE_CASE)
def mine() -> ResponseReturnValue:
    """Show what evaluations that are open or published say of the reader's own area and teams."""
    with writing() as session:
        reader = reader_of(session, current_actor())
        rows = own_members(session, reader)
    return render_template(
        "evaluation/mine.html", rows=rows, cadre=reader.cadre_id, teams=reader.teams
    )
