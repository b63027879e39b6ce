"""Assigning, ending and undoing, as the map's and the list's scripts ask for it."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from gridmap.workforce import assignments
from gridmap.workforce.assignment_undo import undo as take_back
from gridmap.workforce.cell_list import cells_by_id, cells_of_act, today
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import body, day_of, id_of, optional_day, versions
from webui.assignments.blueprint import blueprint
from webui.assignments.shared import describe
from webui.database import writing


@blueprint.post("/assign")
@needs(Action.ASSIGN)
def assign() -> ResponseReturnValue:
    """Give cells to a cadre: ``cells`` with their versions, ``cadre``, ``role``, ``from``."""
    sent = body()
    cells = versions(sent.get("cells"))
    with writing() as session:
        act = assignments.assign(
            session,
            current_actor(),
            cells,
            id_of(sent.get("cadre"), gettext("Cadre")),
            str(sent.get("role", "")),
            day_of(sent.get("from")),
            until=optional_day(sent.get("until")),
            expected=cells,
        )
        return jsonify(_done(session, act, list(cells)))


@blueprint.post("/end")
@needs(Action.ASSIGN)
def end() -> ResponseReturnValue:
    """Take a role from whoever holds it: ``cells`` with their versions, ``role``, ``from``."""
    sent = body()
    cells = versions(sent.get("cells"))
    with writing() as session:
        act = assignments.end(
            session,
            current_actor(),
            cells,
            str(sent.get("role", "")),
            day_of(sent.get("from")),
            expected=cells,
        )
        return jsonify(_done(session, act, list(cells)))


@blueprint.post("/undo")
@needs(Action.ASSIGN)
def undo() -> ResponseReturnValue:
    """Take back the person's last act of this day."""
    with writing() as session:
        act = take_back(session, current_actor())
        return jsonify(_done(session, act, cells_of_act(session, act)))


def _done(session: Session, act: int | None, cells: list[int]) -> dict[str, Any]:
    rows = cells_by_id(session, current_actor(), today(session), cells)
    return {"act": act, "cells": [describe(row) for row in rows]}
