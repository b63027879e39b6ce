"""What plans make due: overdue, to be done now, and done."""

from __future__ import annotations

from datetime import timedelta

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.incidents.cases.lookups import unit_choices
from gridmap.reports.activities.due import DueWanted, count_due, list_due
from gridmap.reports.activities.queries import PAGE, open_notices
from gridmap.workforce.cell_list import today
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.activities import words
from webui.activities.blueprint import blueprint
from webui.activities.choices import read_kind
from webui.asking import one_of, optional_day, optional_id, page_number
from webui.database import writing
from webui.paging import Pages

#: So far back the list looks where nobody chose a day.
BACK = timedelta(days=62)


@blueprint.get("/due")
@needs(Action.RECORD_ACTIVITY)
def due() -> ResponseReturnValue:
    """List what is due in the reader's area, the overdue first; filters are in the address."""
    actor = current_actor()
    with writing() as session:
        now = today(session)
        until = optional_day(request.args.get("until"))
        last = min(until or now, now)
        # No longer than a list can hold.
        since = max(optional_day(request.args.get("since")) or last - BACK, last - 18 * BACK)
        wanted = DueWanted(
            since=since,
            kind=read_kind(),
            unit_id=optional_id(request.args.get("unit"), _("Unit")),
            state=one_of("state", tuple(words.STATES), ""),
            until=until,
        )
        if until is not None and until < since:
            raise GridmapError(Message("The last day lies before the first."))
        counts = count_due(session, actor, now, wanted)
        rows = list_due(session, actor, now, wanted, offset=(page_number() - 1) * PAGE)
        late = open_notices(session, actor, now, limit=1)[2]
        units = unit_choices(session, actor)
    total = getattr(counts, wanted.state) if wanted.state else counts.total
    return render_template(
        "activities/due.html",
        rows=rows,
        wanted=wanted,
        counts=counts,
        late_notices=late,
        units=units,
        today=now,
        pages=Pages(total, PAGE),
    )
