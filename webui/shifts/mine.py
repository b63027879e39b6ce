"""My shifts, for the phone: now, next, check in; for a captain also the team's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import render_template
from flask.typing import ResponseReturnValue

from gridmap.patrols.shifts.access import captained, own_cadre
from gridmap.patrols.shifts.queries import own_shifts, swaps, team_shifts
from gridmap.patrols.shifts.rules import shift_settings
from gridmap.workforce.cell_list import today
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.database import writing
from webui.shifts.blueprint import blueprint

#: So far ahead somebody sees his shifts, and so far back a captain those of the team.
_AHEAD, _BACK = timedelta(days=62), timedelta(days=7)


@blueprint.get("/mine")
@needs(Action.VIEW_MAP)
def mine() -> ResponseReturnValue:
    """Show the reader's own shifts from now on, and to a captain the attendance to be noted."""
    actor, now = current_actor(), datetime.now(UTC)
    with writing() as session:
        me = own_cadre(session, actor)
        window = timedelta(minutes=shift_settings(session).window_minutes)
        rows = [] if me is None else own_shifts(session, me, now - window, now + _AHEAD)
        teams = captained(session, me)
        day = today(session)
        led = team_shifts(session, teams, day - _BACK, day) if teams else []
        found, waiting = swaps(
            session, actor, cadre_id=me, captained=teams, open_only=True, limit=20
        )
    valid = [row for row in rows if not row.cancelled]
    # One's own check-out may still be open while the next shift is near.
    current = next(
        (row for row in valid if row.ends > now or (row.checked_in_at and not row.checked_out_at)),
        None,
    )
    return render_template(
        "shifts/mine.html",
        me=me,
        rows=rows,
        current=current,
        later=[row for row in rows if current is None or row.id != current.id],
        running=current is not None and current.starts <= now,
        may_check_in=current is not None
        and current.checked_in_at is None
        and current.starts - window <= now < current.ends,
        may_check_out=current is not None
        and current.checked_in_at is not None
        and current.checked_out_at is None,
        opens=None if current is None else current.starts - window,
        led=led,
        asked=[row for row in found if row.state == "asked" and row.other_id == me],
        waiting=waiting,
        now=now,
        today=day,
    )
