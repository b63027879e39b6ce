"""The list of cases: tabs, filters, pages, export, and dispatching many at once."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Row
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from geodata.files.formulas import harmless
from geodata.messages import N_, Message
from gridmap.errors import GridmapError
from gridmap.incidents.cases.categories import tree
from gridmap.incidents.cases.filters import Wanted, from_json
from gridmap.incidents.cases.inbox import Sort, count_cases, counts, list_cases
from gridmap.incidents.cases.lookups import cases_by_id, receivers, unit_choices
from gridmap.incidents.cases.steps import MOST, dispatch_many
from gridmap.incidents.cases.views import list_views
from gridmap.incidents.cases.workflow import Step
from gridmap.incidents.statistics import Span
from gridmap.workforce import audit
from gridmap.workforce.rights import Action, Actor
from webui.access import current_actor, needs
from webui.asking import id_of, optional_id
from webui.cases import words
from webui.cases.blueprint import blueprint
from webui.cases.choices import Choice, place_value, query_of, read_choice, read_place
from webui.cases.clock import Clock, town_clock
from webui.dashboard.narrowing import read_against
from webui.dashboard.words import change
from webui.database import writing
from webui.language import named, say

_PAGE = 50
_PART, _MOST_EXPORTED = 2000, 50_000
_HEAD = (
    N_("Number"), N_("Step"), N_("Category code"), N_("Category"), N_("Description"),
    N_("Address"), N_("Community"), N_("Cell"), N_("Handled by"), N_("Happened"), N_("Opened"),
    N_("Next due"), N_("Whole case due"), N_("Ended"), N_("Overdue"), N_("Returned"),
    N_("Extended"), N_("Longitude"), N_("Latitude"),
)  # fmt: skip


@blueprint.get("/cases")
@needs(Action.VIEW_MAP)
def index() -> ResponseReturnValue:
    """Show the list; filters, order and place are in the address."""
    actor, choice = current_actor(), read_choice(request.args)
    after, against = read_place(request.args.get("after")), read_against()
    with writing() as session:
        page = list_cases(session, actor, choice.wanted, sort=choice.sort, after=after, limit=_PAGE)
        compared = None if against is None else _compared(session, actor, choice.wanted, against)
        shown = frame_of(session, actor, choice)
        views = list_views(session, actor)
    days = {} if against is None else {"against_from": against.first, "against_to": against.last}
    return render_template(
        "cases/list.html",
        rows=page.rows,
        end=place_value(page.end),
        after=after,
        compared=compared,
        again=choice.query() | days,
        views=[(view, query_of(*stored_choice(view.wanted))) for view in views],
        may_dispatch=actor.may(Action.DISPATCH_CASE),
        may_export=actor.may(Action.EXPORT),
        page={"words": {key: say(word) for key, word in words.SCRIPT.items()}},
        **shown,
    )


def _compared(session: Session, actor: Actor, wanted: Wanted, span: Span) -> dict[str, Any]:
    """Return how many cases there are, how many were opened on other days, and the difference."""
    other = replace(wanted, since=span.first, until=span.last)
    number, before = (count_cases(session, actor, each) for each in (wanted, other))
    days = Message("{first} to {last}", first=span.first, last=span.last)
    return {
        "number": number,
        "other": before,
        "others": url_for("cases.index", **query_of(other)),
        "difference": say(change(number, before, days)),
    }


def frame_of(session: Session, actor: Actor, choice: Choice) -> dict[str, Any]:
    """Return what list, board and map have in common: tabs with counts, and the filters."""
    return {
        "choice": choice,
        "counts": counts(session, actor),
        "categories": tree(session),
        "units": unit_choices(session, actor),
        "clock": town_clock(session),
    }


def stored_choice(stored: dict[str, Any]) -> tuple[Wanted, Sort]:
    """Return the filters and the order of a saved view."""
    return from_json(stored), "due"


@blueprint.get("/cases.csv")
@needs(Action.EXPORT)
def export() -> ResponseReturnValue:
    """Send the cases of the list as a file that Excel opens; the export is recorded."""
    actor, choice = current_actor(), read_choice(request.args)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([say(title) for title in _HEAD])
    with writing() as session:
        clock, count = town_clock(session), 0
        for row in _all_rows(session, actor, choice):
            writer.writerow(_line(row, clock))
            count += 1
        after = {"filters": query_of(choice.wanted, choice.sort), "rows": count}
        audit.record(session, actor, "case.export", ("incident_case", None), None, after)
    # The mark tells Excel that the text is UTF-8.
    answer = Response("\ufeff" + out.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = "attachment; filename=cases.csv"
    return answer


def _all_rows(session: Session, actor: Actor, choice: Choice) -> Iterator[Row[Any]]:
    after, count = None, 0
    while True:
        page = list_cases(session, actor, choice.wanted, sort=choice.sort, after=after, limit=_PART)
        count += len(page.rows)
        if count > _MOST_EXPORTED:
            raise GridmapError(
                Message("These are more than {count} cases: choose a shorter period.",
                        count=_MOST_EXPORTED)
            )  # fmt: skip
        yield from page.rows
        if page.end is None:
            return
        after = page.end


def _line(row: Row[Any], clock: Clock) -> list[object]:
    texts = (
        say(words.STEPS[row.step]), row.category, words.category(row), row.description,
        row.address, named(row, "community"), row.cell or "", row.assignee or named(row, "unit"),
    )  # fmt: skip
    moments = (row.occurred_at, row.opened_at, row.next_due_at, row.due_at, row.ended_at)
    return [
        row.id,
        *map(harmless, texts),
        *map(clock.stamp, moments),
        int(row.overdue),
        row.returned,
        row.extended,
        f"{row.lon:.6f}",
        f"{row.lat:.6f}",
    ]


@blueprint.post("/cases/dispatch")
@needs(Action.DISPATCH_CASE)
def dispatch() -> ResponseReturnValue:
    """Ask once more with the cases chosen in view, then dispatch them, all or none."""
    form = request.form
    versions = _chosen(form.getlist("case"))
    back = url_for("cases.index", **query_of(*_choice_of(form.get("list", ""))))
    error, status = None, 200
    if form.get("sure") == "1":
        receiver = optional_id(form.get("assignee"), "cadre")
        try:
            with writing() as session:
                note = form.get("note", "")[:2000]
                dispatch_many(session, current_actor(), versions, assignee_id=receiver, note=note)
        except GridmapError as refused:
            error, status = say(refused.message), refused.status
        else:
            flash(say(Message("{count} cases are dispatched.", count=len(versions))), "done")
            return redirect(back)
    with writing() as session:
        actor = current_actor()
        rows = cases_by_id(session, actor, versions)
        cadres = receivers(session, actor, {row.community_id for row in rows if row.community_id})
        clock = town_clock(session)
    ready = [row for row in rows if row.step == Step.DISPATCH]
    return render_template(
        "cases/dispatch.html",
        rows=ready,
        left_out=len(versions) - len(ready),
        cadres=cadres,
        clock=clock,
        back=back,
        error=error,
        form=form,
        versions=versions,
    ), status


def _choice_of(query: str) -> tuple[Wanted, Sort]:
    choice = read_choice(MultiDict(parse_qsl(query)))
    return choice.wanted, choice.sort


def _chosen(values: list[str]) -> dict[int, int]:
    """Read cases with the version that the person saw, as ``17:4``."""
    if not values:
        raise GridmapError(Message("Choose at least one case."))
    if len(values) > MOST:
        raise GridmapError(Message("Choose up to {count} cases at once.", count=MOST))
    pairs = [value.partition(":") for value in values]
    name = gettext("Case")
    return {id_of(case, name): id_of(version, name) for case, _, version in pairs}
