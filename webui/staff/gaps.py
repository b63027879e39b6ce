"""What needs a hand: cells without a cadre, and cadres above the load band."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from gridmap.workforce.cell_list import CellsWanted, list_cells, today
from gridmap.workforce.rights import Action
from gridmap.workforce.workload import Band, load_band
from webui.access import current_actor, needs
from webui.assignments.shared import loads
from webui.database import writing
from webui.staff.blueprint import blueprint

#: The rest is in the list of assignments, page by page.
MOST = 100


@blueprint.get("/gaps")
@needs(Action.VIEW_WORKFORCE)
def gaps() -> ResponseReturnValue:
    """List both, the largest first."""
    actor = current_actor()
    with writing() as session:
        day = today(session)
        wanted = CellsWanted(vacant=True, sort="households", descending=True)
        vacant, total = list_cells(session, actor, day, wanted, limit=MOST)
        above = list(loads(session, actor, day, band=Band.ABOVE))
        band = load_band(session)
    above.sort(key=lambda load: -load.households)
    return render_template(
        "staff/gaps.html", vacant=vacant, total=total, above=above, band=band, most=MOST
    )
