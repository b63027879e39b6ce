"""The page of one plan: how far it is, then its tours on the map and in tables."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from gridmap.patrols.plans.queries import find_plan, map_of, tours_of
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.database import reading
from webui.plans import words
from webui.plans.blueprint import blueprint
from webui.plans.visits import together
from webui.tracks.map_page import map_page, map_values, shapes_answer, waiting_page
from webui.waiting import is_served, state_answer


@blueprint.get("/<int:plan_id>")
@needs(Action.PLAN_PATROLS)
def show(plan_id: int) -> ResponseReturnValue:
    """Show a plan, or how far it is, or why there is none."""
    with reading() as connection, Session(connection) as session:
        plan = find_plan(session, current_actor(), plan_id)
        tours = tours_of(session, plan_id)
        served = is_served(connection, plan.job_state)
    if plan.finished_at is None:
        page = waiting_page(url_for("plans.state", plan_id=plan_id), words.SCRIPT)
        return render_template("plans/waiting.html", served=served, plan=plan, page=page)
    return render_template(
        "plans/plan.html",
        plan=plan,
        tours=tours,
        together=together,
        missed=_missed(plan.summary["missed"]),
        colours=words.COLOURS,
        page=map_page(
            words.SCRIPT,
            shapes=url_for("plans.shapes", plan_id=plan_id),
            colours=words.COLOURS,
        ),
        **map_values(),
    )


@blueprint.get("/<int:plan_id>/state.json")
@needs(Action.PLAN_PATROLS)
def state(plan_id: int) -> Response:
    """Tell a waiting page how far a plan is."""
    with reading() as connection, Session(connection) as session:
        plan = find_plan(session, current_actor(), plan_id)
        return state_answer(
            connection,
            finished=plan.finished_at is not None,
            state=plan.job_state,
            progress=plan.progress,
            message=plan.message,
        )


@blueprint.get("/<int:plan_id>/tours.json")
@needs(Action.PLAN_PATROLS)
def shapes(plan_id: int) -> Response:
    """Answer with the tours of a plan as GeoJSON."""
    with reading() as connection, Session(connection) as session:
        find_plan(session, current_actor(), plan_id)
        content = map_of(connection, plan_id)
    return shapes_answer(content)


def _missed(missed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what is not covered, the windows of a place with one reason together."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for each in missed:
        row = found.setdefault(
            (each["of"], each["reason"]),
            {
                "name": each["name"], "must": each["must"], "reason": each["reason"],
                "windows": [], "risk": 0.0,
            },
        )  # fmt: skip
        row["risk"] += each["risk"]
        if each["window"]:
            row["windows"].append("–".join(words.clock(end) for end in each["window"]))
    return sorted(found.values(), key=lambda row: (not row["must"], -row["risk"]))
