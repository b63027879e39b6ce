"""A cadre's own page: what waits for me, and my cells."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from gridmap.incidents.cases.access import own_cadre
from gridmap.incidents.cases.filters import Wanted
from gridmap.incidents.cases.inbox import counts, list_cases
from gridmap.patrols.shifts.queries import next_shift
from gridmap.reports.activities.due import own_duties
from gridmap.reports.activities.kinds import KINDS
from gridmap.workforce.responsibility import answering
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.activities import words as activity_words
from webui.cases import words
from webui.cases.clock import town_clock
from webui.database import writing
from webui.language import say
from webui.shifts import words as shift_words

#: Apart from the other pages of cases, since it has its own entry in the menu.
own = Blueprint("my", __name__)
_MOST = 60


@own.get("/my")
@needs(Action.HANDLE_CASE)
def show() -> ResponseReturnValue:
    """Show what waits for the reader, the most urgent first, and which cells are his."""
    actor = current_actor()
    with writing() as session:
        clock = town_clock(session)
        found = list_cases(session, actor, Wanted(mine=True), limit=_MOST)
        total = counts(session, actor)
        cadre = own_cadre(session, actor)
        day = clock.now.astimezone(clock.zone).date()
        shift = None if cadre is None else next_shift(session, cadre, clock.now)
        answered = [] if cadre is None else answering(session, actor, day)
        cells = [row for row in answered if row.cadre_id == cadre or row.responsible_id == cadre]
        # Whoever stands in does the work, and not who is away.
        acting = [row.cell_id for row in cells if row.cadre_id == cadre]
        duties = own_duties(session, acting, _MOST + 1) if acting else []
    groups: dict[str, list[object]] = {"overdue": [], "today": [], "later": []}
    for row in found.rows:
        due = row.next_due_at.astimezone(clock.zone).date()
        groups["overdue" if row.overdue else "today" if due == day else "later"].append(row)
    return render_template(
        "cases/my.html",
        groups=groups,
        counts=total,
        duties=duties[:_MOST],
        more_duties=len(duties) > _MOST,
        activity_words=activity_words,
        kinds=KINDS,
        today=day,
        more=found.end is not None,
        cells=cells,
        cadre=cadre,
        shift=shift,
        shift_words=shift_words,
        clock=clock,
        words=words,
        say=say,
    )
