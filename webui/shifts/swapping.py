"""Swaps: what waits for an answer or a decision, and what became of the others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from gridmap.errors import GridmapError
from gridmap.patrols.shifts import swaps as service
from gridmap.patrols.shifts.access import captained, own_cadre
from gridmap.patrols.shifts.conflicts import Conflict
from gridmap.patrols.shifts.queries import PAGE, names, swaps
from gridmap.patrols.shifts.service import ConflictsError
from gridmap.workforce.rights import Action, Actor
from webui.access import current_actor, needs
from webui.asking import page_number
from webui.database import writing
from webui.language import say
from webui.paging import Pages
from webui.shifts import words
from webui.shifts.blueprint import blueprint


@blueprint.get("/swaps")
@needs(Action.VIEW_MAP)
def swaps_page() -> ResponseReturnValue:
    """List the swaps that concern the reader."""
    actor = current_actor()
    with writing() as session:
        me = own_cadre(session, actor)
        teams = captained(session, me)
        rows, total = swaps(
            session,
            actor,
            cadre_id=me,
            captained=teams,
            open_only=request.args.get("state") == "open",
            offset=(page_number() - 1) * PAGE,
        )
    return render_template(
        "shifts/swaps.html",
        rows=rows,
        pages=Pages(total, PAGE),
        me=me,
        captained=teams,
        now=datetime.now(UTC),
        only_open=request.args.get("state") == "open",
    )


@blueprint.post("/swaps/<int:swap_id>/<act>")
@needs(Action.VIEW_MAP)
def decide(swap_id: int, act: str) -> ResponseReturnValue:
    """Answer a swap, withdraw it, approve or refuse it."""
    if act not in words.SWAPS_DONE:
        abort(404)
    actor = current_actor()
    try:
        with writing() as session:
            _do(session, actor, swap_id, act)
    except ConflictsError as found:
        return _conflicts(swap_id, found.conflicts), found.status
    except GridmapError as refused:
        if refused.status in (403, 404):
            raise
        flash(say(refused.message), "fault")
        return redirect(url_for("shifts.swaps_page"))
    flash(say(words.SWAPS_DONE[act]), "done")
    return redirect(url_for("shifts.swaps_page"))


def _do(session: Session, actor: Actor, swap_id: int, act: str) -> None:
    if act in ("agree", "decline"):
        service.answer(session, actor, swap_id, agree=act == "agree")
    elif act == "withdraw":
        service.withdraw(session, actor, swap_id)
    elif act == "refuse":
        service.refuse(session, actor, swap_id, request.form.get("note", ""))
    else:
        accept = request.form.get("accept") == "1"
        service.approve(session, actor, swap_id, accept=accept)


def _conflicts(swap_id: int, conflicts: Sequence[Conflict]) -> str:
    """Show what speaks against a swap; unless it forbids it, one may put up with it."""
    with writing() as session:
        swap, shift, team = service.find_swap(session, current_actor(), swap_id)
        cadres, teams = names(session, conflicts)
    return render_template(
        "shifts/swap_conflicts.html",
        swap=swap,
        shift=shift,
        team=team,
        conflicts=conflicts,
        forbidden=ConflictsError(conflicts).forbidden,
        cadres=cadres,
        named_teams=teams,
    )
