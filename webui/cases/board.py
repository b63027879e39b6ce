"""The open cases by step, and on a map."""

from __future__ import annotations

from flask import jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from gridmap.incidents.cases.inbox import board
from gridmap.incidents.cases.lookups import MOST_POINTS, board_cards, case_points, own_bounds
from gridmap.incidents.cases.workflow import OPEN_STEPS
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.cases import words
from webui.cases.blueprint import blueprint
from webui.cases.choices import read_choice
from webui.cases.clock import town_clock
from webui.cases.lists import frame_of
from webui.cases.smallmap import map_page
from webui.database import writing
from webui.language import say

_EACH = 12


@blueprint.get("/cases/board")
@needs(Action.VIEW_MAP)
def show_board() -> ResponseReturnValue:
    """Show the open cases of the filters in a column for each step."""
    actor, choice = current_actor(), read_choice(request.args)
    with writing() as session:
        totals = {row.step: row for row in board(session, actor, choice.wanted)}
        cards = board_cards(session, actor, choice.wanted, _EACH)
        shown = frame_of(session, actor, choice)
    columns = [
        (str(step), totals.get(step), [card for card in cards if card.step == step])
        for step in OPEN_STEPS
    ]
    return render_template("cases/board.html", columns=columns, **shown)


@blueprint.get("/cases/map")
@needs(Action.VIEW_MAP)
def show_map() -> ResponseReturnValue:
    """Show the open cases of the filters on a map."""
    actor, choice = current_actor(), read_choice(request.args)
    with writing() as session:
        shown = frame_of(session, actor, choice)
        bounds = own_bounds(session, actor)
    page = map_page(bounds, layers=["ground", "road", "building", "unit", "cell"]) | {
        "points": url_for("cases.points", **choice.query()),
        "case": url_for("cases.show", case=0).removesuffix("0"),
    }
    return render_template("cases/map.html", page=page, **shown)


@blueprint.get("/cases/points")
@needs(Action.VIEW_MAP)
def points() -> ResponseReturnValue:
    """Tell where the open cases of the filters are, the most urgent first."""
    choice = read_choice(request.args)
    with writing() as session:
        rows = case_points(session, current_actor(), choice.wanted)
        clock = town_clock(session)
    return jsonify(
        more=len(rows) > MOST_POINTS,
        points=[
            {
                "id": row.id,
                "at": [round(row.lat, 6), round(row.lon, 6)],
                "tone": "overdue" if row.overdue else "today" if row.today else "later",
                "step": say(words.STEPS[row.step]),
                "category": words.category(row),
                "description": row.description,
                "due": clock.due(row.next_due_at).words,
            }
            for row in rows[:MOST_POINTS]
        ],
    )
