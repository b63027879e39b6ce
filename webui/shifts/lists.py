"""Lists: shifts with filters, order and pages, and what speaks against them."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import get_args
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.patrols.shifts.checking import MOST, stored_conflicts
from gridmap.patrols.shifts.conflicts import Fault
from gridmap.patrols.shifts.queries import PAGE, SortKey, Wanted, names, search
from gridmap.patrols.shifts.rules import shift_settings
from gridmap.patrols.shifts.service import cancel_shifts, restore_shifts
from gridmap.workforce.cell_list import today
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import id_of, one_of, optional_day, page_number
from webui.database import writing
from webui.language import say
from webui.paging import Pages
from webui.shifts import words
from webui.shifts.blueprint import blueprint
from webui.shifts.choices import month_end, read_filters

#: Conflicts are looked for in at most so long a time.
_LONGEST = timedelta(days=92)


@blueprint.get("/list")
@needs(Action.VIEW_WORKFORCE)
def list_page() -> ResponseReturnValue:
    """List shifts; filter, order and page are in the address."""
    actor = current_actor()
    sort: SortKey = next(
        (key for key in get_args(SortKey) if key == request.args.get("sort")), "starts"
    )
    with writing() as session:
        now = today(session)
        first = optional_day(request.args.get("first")) or now.replace(day=1)
        last = optional_day(request.args.get("last")) or max(month_end(now), month_end(first))
        if last < first:
            raise GridmapError(Message("The last day lies before the first."))
        filters = read_filters(session, actor)
        wanted = Wanted(
            first=first,
            last=last,
            team_id=filters.team_id,
            cadre_id=None if filters.cadre is None else filters.cadre.id,
            route_id=filters.route_id,
            state=one_of("state", tuple(words.LIST_STATES), ""),
            sort=sort,
            descending=request.args.get("order") == "desc",
        )
        rows, total = search(session, actor, wanted, offset=(page_number() - 1) * PAGE)
    return render_template(
        "shifts/list.html",
        rows=rows,
        wanted=wanted,
        filters=filters,
        pages=Pages(total, PAGE),
        today=now,
    )


@blueprint.get("/conflicts")
@needs(Action.VIEW_WORKFORCE)
def conflicts() -> ResponseReturnValue:
    """List what speaks against the stored shifts of a span, a month from today by default."""
    actor = current_actor()
    with writing() as session:
        first = optional_day(request.args.get("first")) or today(session)
        last = optional_day(request.args.get("last")) or first + timedelta(days=30)
        if last < first:
            raise GridmapError(Message("The last day lies before the first."))
        if last - first > _LONGEST:
            raise GridmapError(Message("Choose at most three months."))
        filters = read_filters(session, actor)
        found = stored_conflicts(session, actor, first, last, filters.team_id)
        cadres, teams = names(session, found)
        rest = shift_settings(session).rest_hours
    kind = one_of("kind", tuple(Fault), "")
    return render_template(
        "shifts/conflicts.html",
        found=[each for each in found if not kind or each.fault == kind],
        counts=Counter(each.fault for each in found),
        kind=kind,
        cadres=cadres,
        teams=teams,
        first=first,
        last=last,
        filters=filters,
        rest=rest,
        most=MOST,
        cut=len(found) == MOST,
    )


@blueprint.post("/cancel")
@needs(Action.PLAN_PATROLS)
def cancel() -> ResponseReturnValue:
    """Cancel the shifts that were ticked; the notice offers to take it back."""
    ids = [id_of(each, _("Shift")) for each in request.form.getlist("shift")[:500]]
    try:
        with writing() as session:
            done = cancel_shifts(session, current_actor(), ids, request.form.get("reason", ""))
    except GridmapError as refused:
        if refused.status == 404:
            raise
        flash(say(refused.message), "fault")
        return redirect(_back())
    if not done:
        flash(_("Tick the shifts that are to be cancelled."), "fault")
        return redirect(_back())
    flash(_("Shifts cancelled: {count}.").format(count=len(done)), "done")
    return redirect(_back(cancelled=",".join(map(str, done))))


@blueprint.post("/restore")
@needs(Action.PLAN_PATROLS)
def restore() -> ResponseReturnValue:
    """Bring cancelled shifts back."""
    ids = [id_of(each, _("Shift")) for each in request.form.getlist("shift")[:500]]
    try:
        with writing() as session:
            done = restore_shifts(session, current_actor(), ids)
    except GridmapError as refused:
        if refused.status == 404:
            raise
        flash(say(refused.message), "fault")
    else:
        flash(_("Shifts brought back: {count}.").format(count=len(done)), "done")
    return redirect(_back())


def _back(cancelled: str = "") -> str:
    """Return to the page that the form stands on; its address comes with the form."""
    given = urlsplit(request.form.get("back", ""))
    own = not given.netloc and given.path.startswith(url_for("shifts.index"))
    query = dict(parse_qsl(given.query)) if own else {}
    query.pop("cancelled", None)
    if cancelled:
        query["cancelled"] = cancelled
    path = given.path if own else url_for("shifts.list_page")
    return f"{path}?{urlencode(query)}" if query else path
