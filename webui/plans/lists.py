"""The list of plans."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from gridmap.patrols.plans.queries import PAGE, list_plans
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import page_number
from webui.database import reading
from webui.paging import Pages
from webui.plans.blueprint import blueprint


@blueprint.get("")
@needs(Action.PLAN_PATROLS)
def index() -> ResponseReturnValue:
    """Show the plans of the units that a person plans for, the newest first."""
    with reading() as connection, Session(connection) as session:
        rows, total = list_plans(session, current_actor(), page_number())
    return render_template("plans/list.html", rows=rows, pages=Pages(total, PAGE))
