"""The page of one evaluation: a group as table and map, and what it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import Row
from sqlalchemy.orm import Session

from geodata.classes import class_of, round_breaks
from gridmap.incidents.cases.lookups import unit_choices
from gridmap.jobs.models import Job
from gridmap.reports.evaluation import queries
from gridmap.reports.evaluation.access import Reader, find_evaluation, reader_of
from gridmap.reports.evaluation.models import Evaluation, EvaluationWeights
from gridmap.reports.evaluation.queries import PAGE, MembersWanted
from gridmap.reports.evaluation.scoring import RANKED
from gridmap.reports.evaluation.weights import find_weights, parts_of
from gridmap.reports.measures import MEASURES
from gridmap.territory.models import Unit
from gridmap.territory.queries import outline_collection
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import optional_id, page_number
from webui.database import reading
from webui.evaluation import words
from webui.evaluation.blueprint import blueprint
from webui.language import named, say
from webui.paging import Pages
from webui.waiting import is_served, state_answer

#: More shapes than these are no map that a person can read.
MOST_SHAPES = 800
_MAPPED = ("town", "community", "cell")


@dataclass(frozen=True)
class Opened:
    """An evaluation that somebody looks at, and what of it.

    Attributes
    ----------
    counts : dict of str to int
        How many members of each group the reader sees.
    """

    evaluation: Evaluation
    reader: Reader
    version: EvaluationWeights
    counts: dict[str, int]
    former: int | None
    wanted: MembersWanted


def open_for(session: Session, evaluation_id: int) -> Opened:
    """Return an evaluation with the choices of the address."""
    reader = reader_of(session, current_actor())
    evaluation = find_evaluation(session, reader, evaluation_id)
    counts = queries.count_groups(session, reader, evaluation.id)
    return Opened(
        evaluation,
        reader,
        find_weights(session, evaluation.weights_id),
        counts,
        queries.former(session, evaluation),
        _wanted(counts),
    )


def _wanted(counts: dict[str, int]) -> MembersWanted:
    # Where there is one town, its communities are what is compared.
    usual = [group for group in ("community", "town", *words.GROUPS) if group in counts]
    group = request.args.get("group", "")
    group = group if group in counts else usual[0] if usual else "community"
    sort = request.args.get("sort", "rank" if group in RANKED else "code")
    # Single persons are listed by name; nothing puts them in order of what they reach.
    if group == "cadre":
        sort = "name"
    return MembersWanted(
        group=group,
        unit_id=optional_id(request.args.get("unit"), _("Unit")),
        search=request.args.get("q", "").strip()[:100],
        sort=sort,
        descending=group != "cadre" and request.args.get("order") == "desc",
    )


@blueprint.get("/<int:evaluation_id>")
@needs(Action.VIEW_DASHBOARD)
def show(evaluation_id: int) -> ResponseReturnValue:
    """Show a group of an evaluation; group, unit, order and page are in the address."""
    actor = current_actor()
    with reading() as connection, Session(connection) as session:
        it = open_for(session, evaluation_id)
        wanted = it.wanted
        rows, total = queries.list_members(
            session, it.reader, evaluation_id, it.former, wanted, offset=(page_number() - 1) * PAGE
        )
        shapes = _shapes(session, it)
        units = unit_choices(session, actor)
        comments = queries.all_comments(session, it.reader, evaluation_id)
        compared = queries.compared(session, evaluation_id, wanted.group)
        unit = session.get_one(Unit, it.evaluation.unit_id)
        job = None if it.evaluation.job_id is None else session.get(Job, it.evaluation.job_id)
        served = is_served(connection, job.state if job else None)
    figure = _figure(it)
    coloured, legend = _coloured(it, shapes, figure)
    return render_template(
        "evaluation/show.html",
        it=it,
        evaluation=it.evaluation,
        unit=unit,
        wanted=wanted,
        rows=rows,
        pages=Pages(total, PAGE),
        parts=parts_of(it.version, wanted.group),
        ranked=wanted.group in RANKED,
        compared=compared,
        units=units,
        comments=comments,
        job=job,
        served=served,
        figure=figure,
        legend=legend,
        shapes=shapes,
        page=_page(it, coloured, waiting=job is not None),
        may_manage=actor.may(Action.MANAGE_REPORTS) and actor.sees_unit(unit.id),
    )


def _figure(it: Opened) -> str:
    given = request.args.get("figure", "score")
    return given if given in parts_of(it.version, it.wanted.group) else "score"


def _shapes(session: Session, it: Opened) -> list[Row[Any]]:
    """Return the members that the map shows; none where they are too many, or no places."""
    if it.wanted.group not in _MAPPED or not it.counts.get(it.wanted.group, 0) > 0:
        return []
    rows, total = queries.list_members(
        session, it.reader, it.evaluation.id, it.former,
        MembersWanted(it.wanted.group, it.wanted.unit_id), limit=MOST_SHAPES,
    )  # fmt: skip
    return list(rows) if total <= MOST_SHAPES else []


def _coloured(
    it: Opened, rows: list[Row[Any]], figure: str
) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """Return the parts of the map with class and words, and the lines of the legend."""
    few = it.version.few
    values = {row.member_id: _value(row, figure) for row in rows}
    known = [
        value for row in rows if row.due >= few and (value := values[row.member_id]) is not None
    ]
    breaks = round_breaks(known)
    parts = []
    sheets = url_for("evaluation.sheet", evaluation_id=it.evaluation.id, group="cell", member_id=0)
    for row in rows:
        value = values[row.member_id]
        kind = "none" if value is None else "few" if row.due < few else ""
        parts.append(
            {
                "id": row.member_id,
                "code": row.code,
                "name": named(row) or row.code,
                "url": sheets.replace("/cell/0", f"/{row.grp}/{row.member_id}"),
                "text": _text(row, figure, value, kind),
                "class": kind or f"c{class_of(value or 0, breaks)}",
            }
        )
    return parts, _legend(breaks, figure)


def _value(row: Row[Any], figure: str) -> float | None:
    if figure == "score":
        return None if row.score is None else float(row.score)
    part = row.parts.get(figure)
    return None if part is None or part["v"] is None else float(part["v"])


def _text(row: Row[Any], figure: str, value: float | None, kind: str) -> str:
    if value is None:
        return say(words.NO_DATA)
    shown = str(row.score) if figure == "score" else words.value(figure, row.parts[figure])
    return f"{shown} ({say(words.FEW)})" if kind == "few" else shown


def _legend(breaks: list[float], figure: str) -> list[tuple[str, str]]:
    unit = "" if figure == "score" else f" {MEASURES[figure].unit}"
    marks = [f"{value:g}{unit}" for value in breaks]
    lines = []
    for i in range(len(marks) + 1 if marks else 0):
        if i == 0:
            line = say(words.UP_TO).format(value=marks[0])
        elif i == len(marks):
            line = say(words.ABOVE).format(value=marks[-1])
        else:
            line = say(words.BETWEEN).format(low=marks[i - 1], high=marks[i])
        lines.append((f"c{i}", line))
    return [*lines, ("few", say(words.FEW)), ("none", say(words.NO_DATA))]


def _page(it: Opened, coloured: list[dict[str, Any]], *, waiting: bool) -> dict[str, Any]:
    """Return what the page's scripts must know."""
    chosen: dict[str, Any] = {"group": it.wanted.group, "unit": it.wanted.unit_id}
    return {
        "parts": coloured,
        "outlines": url_for("evaluation.shapes", evaluation_id=it.evaluation.id, **chosen),
        "state": url_for("evaluation.state", evaluation_id=it.evaluation.id) if waiting else None,
        "words": {
            "failed": say(words.SCRIPT["failed"]),
            "waiting": say(words.SCRIPT["failed"]),
        },
    }


@blueprint.get("/<int:evaluation_id>/outlines.json")
@needs(Action.VIEW_DASHBOARD)
def shapes(evaluation_id: int) -> Response:
    """Answer with the outlines of the members that the map shows."""
    with reading() as connection, Session(connection) as session:
        it = open_for(session, evaluation_id)
        ids = [row.member_id for row in _shapes(session, it)]
        made = outline_collection(session, "cell" if it.wanted.group == "cell" else "unit", ids)
    response = Response(made, mimetype="application/json")
    response.add_etag()
    response.make_conditional(request)
    return response


@blueprint.get("/<int:evaluation_id>/state.json")
@needs(Action.VIEW_DASHBOARD)
def state(evaluation_id: int) -> Response:
    """Tell a waiting page how far the counting is."""
    with reading() as connection, Session(connection) as session:
        evaluation = find_evaluation(session, reader_of(session, current_actor()), evaluation_id)
        job = None if evaluation.job_id is None else session.get(Job, evaluation.job_id)
        return state_answer(
            connection,
            finished=job is None or job.state == "done",
            state=job.state if job else None,
            progress=job.progress if job else None,
            message=job.message if job else None,
        )
