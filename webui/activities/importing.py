"""Activities from a file: uploaded, reported on row by row, and stored once confirmed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from geodata.files.excel import MEDIA_TYPE as EXCEL
from geodata.files.reading import read
from geodata.messages import GeodataError, Message
from gridmap.errors import GridmapError
from gridmap.i18n import translate
from gridmap.reports.activities.files import (
    HEADINGS,
    mapping_of,
    take_in,
    write_template,
)
from gridmap.territory.importing.layer import Choices
from gridmap.territory.importing.report import Report
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.activities.blueprint import blueprint
from webui.database import writing
from webui.language import say
from webui.uploads import keep_upload, kept_upload

_ENDINGS = {".xlsx", ".csv"}
_PROBLEMS_SHOWN = 200


@blueprint.get("/import")
@needs(Action.RECORD_ACTIVITY)
def import_form() -> ResponseReturnValue:
    """Ask for the file, and tell which columns it may have."""
    return render_template("activities/import.html", fault=None)


@blueprint.get("/import/template.xlsx")
@needs(Action.RECORD_ACTIVITY)
def template() -> ResponseReturnValue:
    """Send an empty file with the headings that are known."""
    answer = Response(write_template(str(get_locale())), mimetype=EXCEL)
    answer.headers["Content-Disposition"] = "attachment; filename=activities-template.xlsx"
    return answer


@blueprint.post("/import")
@needs(Action.RECORD_ACTIVITY)
def check_file() -> ResponseReturnValue:
    """Read the file without writing, and report what would happen."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return render_template("activities/import.html", fault=_("Choose a file.")), 400
    if Path(sent.filename).suffix.lower() not in _ENDINGS:
        fault = _("Choose an Excel or CSV file: .xlsx or .csv.")
        return render_template("activities/import.html", fault=fault), 400
    key, path = keep_upload(sent)
    try:
        with writing() as session:
            report = _run(session, path, Choices(dry_run=True))
    except GeodataError as error:
        shutil.rmtree(path.parent)
        return render_template("activities/import.html", fault=say(error.message)), 400
    return render_template(
        "import_report.html",
        listing={"url": url_for("activities.index"), "title": _("Activities")},
        form={"url": url_for("activities.import_form"), "title": _("Import activities")},
        confirm=url_for("activities.import_file"),
        key=key,
        name=path.name,
        report=report.as_dict(),
        problems=_problems(report),
        more=max(0, sum(report.problems.counts().values()) - _PROBLEMS_SHOWN),
    )


@blueprint.post("/import/confirm")
@needs(Action.RECORD_ACTIVITY)
def import_file() -> ResponseReturnValue:
    """Store the file that was reported on, its good rows alone if the person says so."""
    path = kept_upload(request.form.get("key", ""))
    with writing() as session:
        report = _run(session, path, Choices(skip_bad=request.form.get("skip") == "1"))
    shutil.rmtree(path.parent)
    if not report.applied:
        # Somebody changed cells or places between the report and the confirmation.
        raise GridmapError(Message("Some rows are bad now. Upload the file again."))
    flash(
        _("{inserted} activities recorded, {updated} changed, {unchanged} as before.").format(
            inserted=report.counts.inserted,
            updated=report.counts.updated,
            unchanged=report.counts.unchanged,
        ),
        "done",
    )
    return redirect(url_for("activities.index"))


def _run(session: Session, path: Path, choices: Choices) -> Report:
    raw = read(path)
    return take_in(session, current_actor(), raw, mapping_of(raw), choices)


def _problems(report: Report) -> list[dict[str, Any]]:
    """Return the first problems by row, each with its sentence."""
    language = str(get_locale())
    titles = {field: say(title) for field, title in HEADINGS.items()}
    frame = report.problems.to_frame(lambda template: translate(template, language), titles)
    shown = frame.sort_values("row", kind="stable").head(_PROBLEMS_SHOWN)
    return [
        {"row": None if row != row else int(row), "severity": severity, "message": message}
        for row, severity, message in zip(
            shown["row"].astype("float"), shown["severity"], shown["message"], strict=True
        )
    ]
