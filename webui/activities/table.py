"""Many activities at once: a table to type in, or to paste into from a sheet."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from geodata.messages import GeodataError
from gridmap.i18n import translate
from gridmap.incidents.cases.lookups import unit_choices
from gridmap.reports.activities.files import (
    HEADINGS,
    columns_of,
    fields_of,
    table_of,
    take_in,
)
from gridmap.reports.activities.kinds import KINDS
from gridmap.territory.importing.layer import Choices
from gridmap.territory.importing.report import Report
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.activities import words
from webui.activities.blueprint import blueprint
from webui.database import writing
from webui.language import named, say

_ROWS, _MOST_ROWS = 12, 200


@blueprint.get("/table")
@needs(Action.RECORD_ACTIVITY)
def table() -> ResponseReturnValue:
    """Show an empty table for a kind."""
    return _page(_kind(request.args.get("kind")), [{} for _ in range(_ROWS)])


@blueprint.post("/table")
@needs(Action.RECORD_ACTIVITY)
def save_table() -> ResponseReturnValue:
    """Store all rows or none; each fault is shown in its row and field."""
    form = request.form
    kind = _kind(form.get("kind"))
    fields = fields_of(kind)
    count = form.get("rows", "")
    number = min(int(count) if count.isdecimal() and len(count) < 4 else _ROWS, _MOST_ROWS)
    rows = [
        {name: form.get(f"{n}-{name}", "").strip()[:4000] for name in fields}
        for n in range(1, number + 1)
    ]
    if not any(any(row.values()) for row in rows):
        return _page(kind, rows, whole=[_("Fill in at least one row.")]), 400
    try:
        with writing() as session:
            report = take_in(
                session, current_actor(), table_of(kind, rows), columns_of(kind), Choices()
            )
    except GeodataError as refused:
        return _page(kind, rows, whole=[say(refused.message)]), 400
    if not report.applied:
        faults = faults_of(report)
        cells = {(row, field): sentence for row, field, sentence in faults if field in fields}
        return _page(kind, rows, cells, [sentence for _, _, sentence in faults]), 400
    flash(
        _("{inserted} activities recorded, {unchanged} were there already.").format(
            inserted=report.counts.inserted, unchanged=report.counts.unchanged
        ),
        "done",
    )
    return redirect(url_for("activities.index", kind=kind))


def faults_of(report: Report) -> list[tuple[int, str, str]]:
    """Return row, field and sentence of each fault of a table, by row."""
    language = str(get_locale())
    titles = {field: say(title) for field, title in HEADINGS.items()}
    frame = report.problems.to_frame(lambda template: translate(template, language), titles)
    frame = frame[frame["severity"] == "error"].sort_values("row", kind="stable")
    return [
        (int(row), str(field), str(message))
        for row, field, message in zip(frame["row"], frame["field"], frame["message"], strict=True)
    ]


def _kind(given: str | None) -> str:
    return given if given is not None and given in KINDS else "sweep"


def _page(
    kind: str,
    rows: list[dict[str, str]],
    faults: dict[tuple[int, str], str] | None = None,
    whole: list[str] | None = None,
) -> str:
    with writing() as session:
        units = unit_choices(session, current_actor())
    page: dict[str, Any] = {
        "most": _MOST_ROWS,
        "words": {key: say(word) for key, word in words.SCRIPT.items()},
    }
    return render_template(
        "activities/table.html",
        kind=kind,
        fields=fields_of(kind),
        rows=rows,
        faults=faults or {},
        whole=whole or [],
        communities=[named(row) for row in units if row.level == "community"],
        page=page,
    )
