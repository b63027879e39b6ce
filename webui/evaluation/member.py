"""The sheet of one member: its score, the parts of it, and what was said."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import Row
from sqlalchemy.orm import Session

from gridmap.errors import GridmapError
from gridmap.incidents.statistics import Span, months_before
from gridmap.patrols.shifts.access import captained
from gridmap.reports.evaluation import queries
from gridmap.reports.evaluation.access import Reader, find_evaluation, reader_of
from gridmap.reports.evaluation.models import Evaluation
from gridmap.reports.evaluation.scoring import RANKED, Part
from gridmap.reports.evaluation.service import comment
from gridmap.reports.evaluation.weights import find_weights, parts_of
from gridmap.reports.measures import MEASURES, records_of
from gridmap.territory.models import Unit
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.dashboard.state import link
from webui.database import reading, writing
from webui.evaluation import words
from webui.evaluation.blueprint import blueprint
from webui.language import say

_MEMBER = (
    "/<int:evaluation_id>/<any(cell, cadre, team, community, town, department):group>"
    "/<int:member_id>"
)
#: Of what is planned these list what was done: the rest is on no record.
_DONE_ONLY = ("activities.index", "tracks.tracks")


@blueprint.get(_MEMBER)
@needs(Action.VIEW_MAP)
def sheet(evaluation_id: int, group: str, member_id: int) -> ResponseReturnValue:
    """Show what an evaluation says of one member."""
    return _page(evaluation_id, group, member_id)


@blueprint.post(_MEMBER)
@needs(Action.VIEW_MAP)
def say_something(evaluation_id: int, group: str, member_id: int) -> ResponseReturnValue:
    """Add a comment; what was typed is kept when something is wrong."""
    given = request.form.get("text", "")
    try:
        with writing() as session:
            comment(session, current_actor(), evaluation_id, group, member_id, given)
    except GridmapError as refused:
        if refused.status not in (400, 409):
            raise
        fault = say(refused.message)
        return _page(evaluation_id, group, member_id, given, fault), refused.status
    flash(_("Your comment is kept with the evaluation."), "done")
    return redirect(
        url_for("evaluation.sheet", evaluation_id=evaluation_id, group=group, member_id=member_id)
    )


def _page(
    evaluation_id: int, group: str, member_id: int, given: str = "", fault: str | None = None
) -> str:
    with reading() as connection, Session(connection) as session:
        reader = reader_of(session, current_actor())
        evaluation = find_evaluation(session, reader, evaluation_id)
        member = queries.find_member(session, reader, evaluation_id, group, member_id)
        version = find_weights(session, evaluation.weights_id)
        parts = parts_of(version, group)
        former_id = queries.former(session, evaluation)
        former = queries.former_member(session, former_id, group, member_id)
        said = queries.comments(session, evaluation_id, group, member_id)
        compared = queries.compared(session, evaluation_id, group)
        cells = queries.cells_held(session, member_id, evaluation) if group == "cadre" else []
        unit = session.get_one(Unit, evaluation.unit_id)
        months = _sheets(session, reader, evaluation, member)
    return render_template(
        "evaluation/sheet.html",
        evaluation=evaluation,
        unit=unit,
        member=member,
        group=group,
        version=version,
        lines=[_line(evaluation, member, key, part, former) for key, part in parts.items()],
        whole=sum(part.weight for part in parts.values()),
        former=former,
        said=said,
        ranked=group in RANKED,
        compared=compared,
        cells=cells,
        months=months,
        due=words.DUE[group],
        given=given,
        fault=fault,
        sees_all=bool(reader.groups),
    )


def _sheets(
    session: Session, reader: Reader, evaluation: Evaluation, member: Row[Any]
) -> list[date]:
    """Return the months of a team's sheets that the reader may open; see `shifts.sheet`."""
    if member.grp != "team":
        return []
    actor = reader.actor
    office = actor.may(Action.VIEW_WORKFORCE) and actor.sees_unit(member.unit_id)
    if not office and member.member_id not in captained(session, reader.cadre_id):
        return []
    months = [evaluation.first]
    while (after := months_before(months[-1], -1)) <= evaluation.last:
        months.append(after)
    return months


def _line(
    evaluation: Evaluation, member: Row[Any], key: str, part: Part, former: Row[Any] | None
) -> dict[str, Any]:
    """Return what the table says of one measure."""
    counted = member.parts.get(key)
    known = counted is not None and counted["v"] is not None
    share = None
    if known:
        share = (Decimal(counted["p"]) * part.weight / member.weight).quantize(
            Decimal("0.01"), ROUND_HALF_UP
        )
    return {
        "key": key,
        "measure": MEASURES[key],
        "weight": part.weight,
        "bound": part.bound,
        "counted": counted if known else None,
        "share": share,
        "former": None if former is None else former.parts.get(key),
        "numerator": _way(evaluation, member, key, numerator=True),
        "denominator": _way(evaluation, member, key, numerator=False),
    }


def _way(evaluation: Evaluation, member: Row[Any], key: str, *, numerator: bool) -> str | None:
    """Return the way to the records of a count, None where there is none for the reader.

    Of activities and walks those that were done are on record, of all else what was counted in
    all.
    """
    measure = MEASURES[key]
    listed = numerator if measure.endpoint in _DONE_ONLY else not numerator
    if not (listed or (numerator and measure.narrowed)):
        return None
    found = records_of(
        measure, Span(evaluation.first, evaluation.last), member.grp, member.member_id,
        member.unit_code or "", numerator=numerator,
    )  # fmt: skip
    return None if found is None else link(found[0], **found[1])
