"""The list of evaluations, and the form for a new one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import cast

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.incidents.cases.lookups import unit_choices
from gridmap.reports.evaluation.access import reader_of
from gridmap.reports.evaluation.queries import PAGE, list_evaluations
from gridmap.reports.evaluation.service import ask_count, make_evaluation
from gridmap.reports.evaluation.spans import KINDS, Kind, recent
from gridmap.workforce.cell_list import today
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import day_of, id_of, page_number
from webui.database import writing
from webui.evaluation.blueprint import blueprint
from webui.language import say
from webui.paging import Pages

#: How many past periods of each kind the form offers.
_OFFERED = {"half": 4, "quarter": 6, "month": 13, "year": 3}


@blueprint.get("")
@needs(Action.VIEW_DASHBOARD)
def index() -> ResponseReturnValue:
    """List the evaluations that a person may open, the newest period first."""
    return _page({})


@blueprint.post("")
@needs(Action.MANAGE_REPORTS)
def add() -> ResponseReturnValue:
    """Make an evaluation, have it counted, and lead to its page."""
    try:
        with writing() as session:
            kind, day = _period(request.form.get("period", ""))
            unit_id = id_of(request.form.get("unit"), _("Unit"))
            made = make_evaluation(session, current_actor(), unit_id, kind, day)
            ask_count(session, current_actor(), made.id)
    except GridmapError as refused:
        if refused.status not in (400, 404, 409):
            raise
        return _page(request.form, say(refused.message)), refused.status
    return redirect(url_for("evaluation.show", evaluation_id=made.id))


def _period(given: str) -> tuple[Kind, date]:
    """Read a period as the form sends it: ``half:2026-01-01``."""
    kind, _colon, day = given.partition(":")
    if kind not in KINDS:
        raise GridmapError(Message("This period cannot be read: choose it again."))
    return kind, day_of(day)


def _page(given: Mapping[str, str], fault: str | None = None) -> str:
    actor = current_actor()
    with writing() as session:
        rows, total = list_evaluations(session, reader_of(session, actor), page_number())
        units = unit_choices(session, actor)
        day = today(session)
    periods = {kind: recent(cast(Kind, kind), day, count) for kind, count in _OFFERED.items()}
    return render_template(
        "evaluation/list.html",
        rows=rows,
        pages=Pages(total, PAGE),
        units=units,
        periods=periods,
        last_half=periods["half"][1],
        given=given,
        fault=fault,
        may_manage=actor.may(Action.MANAGE_REPORTS),
    )
