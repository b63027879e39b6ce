"""Cadres from an Excel file: uploaded, reported on row by row, and stored once confirmed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from sqlalchemy.orm import Session

from geodata import mapping
from geodata.files.reading import read
from geodata.messages import N_, GeodataError, Message
from gridmap.errors import GridmapError
from gridmap.exchange.imports import import_layer
from gridmap.i18n import translate
from gridmap.territory.importing.layer import Choices
from gridmap.territory.importing.report import Report
from gridmap.workforce.importing import cadres_for
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.database import writing
from webui.language import say
from webui.staff.blueprint import blueprint
from webui.uploads import keep_upload, kept_upload

_ENDINGS = {".xlsx", ".xls", ".csv"}
_PROBLEMS_SHOWN = 200
_REQUIRED = {"name": N_("Full name"), "unit": N_("Home unit")}
#: What the report calls the fields.
_TITLES = _REQUIRED | {
    "external_id": N_("Staff number"),
    "phone": N_("Phone"),
    "kind": N_("Kind"),
    "skills": N_("Skills"),
    "languages": N_("Languages"),
}


@blueprint.get("/import")
@needs(Action.MANAGE_CADRES)
def import_form() -> ResponseReturnValue:
    """Ask for the file, and tell which columns it may have."""
    return render_template("staff/import.html", fault=None)


@blueprint.get("/import/example.csv")
@needs(Action.MANAGE_CADRES)
def import_example() -> ResponseReturnValue:
    """Answer with a file to start from."""
    rows = (
        "工号,姓名,联系电话,所属社区,人员类型,特长,语言\r\n"
        "WG0001,张三,10000000001,幸福社区,专职,调解、急救,普通话\r\n"
    )
    headers = {"Content-Disposition": "attachment; filename=cadres.csv"}
    return "\ufeff" + rows, 200, {"Content-Type": "text/csv; charset=utf-8", **headers}


@blueprint.post("/import")
@needs(Action.MANAGE_CADRES)
def check_file() -> ResponseReturnValue:
    """Read the file without writing, and report what would happen."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return render_template("staff/import.html", fault=gettext("Choose a file.")), 400
    ending = Path(sent.filename).suffix.lower()
    if ending not in _ENDINGS:
        fault = gettext("Choose an Excel or CSV file: .xlsx, .xls or .csv.")
        return render_template("staff/import.html", fault=fault), 400
    key, path = keep_upload(sent)
    try:
        with writing() as session:
            report = _run(session, path, dry_run=True, skip_bad=False)
    except GeodataError as error:
        shutil.rmtree(path.parent)
        return render_template("staff/import.html", fault=say(error.message)), 400
    return render_template(
        "import_report.html",
        listing={"url": url_for("staff.index"), "title": gettext("Staff")},
        form={"url": url_for("staff.import_form"), "title": gettext("Import cadres")},
        confirm=url_for("staff.import_file"),
        key=key,
        name=path.name,
        report=report.as_dict(),
        problems=_problems(report),
        more=max(0, sum(report.problems.counts().values()) - _PROBLEMS_SHOWN),
    )


@blueprint.post("/import/confirm")
@needs(Action.MANAGE_CADRES)
def import_file() -> ResponseReturnValue:
    """Store the file that was reported on, its good rows alone if the person says so."""
    path = kept_upload(request.form.get("key", ""))
    with writing() as session:
        report = _run(session, path, dry_run=False, skip_bad=request.form.get("skip") == "1")
    shutil.rmtree(path.parent)
    if not report.applied:
        # Somebody changed the units or the cadres between the report and the confirmation.
        raise GridmapError(Message("Some rows are bad now. Upload the file again."))
    flash(
        gettext("{inserted} cadres added, {updated} changed, {unchanged} as before.").format(
            inserted=report.counts.inserted,
            updated=report.counts.updated,
            unchanged=report.counts.unchanged,
        ),
        "done",
    )
    return redirect(url_for("staff.index"))


def _run(session: Session, path: Path, *, dry_run: bool, skip_bad: bool) -> Report:
    raw = read(path)
    chosen = mapping.guess("cadres", [str(name) for name in raw.frame], raw.frame.head(1000))
    lacking = [title for field, title in _REQUIRED.items() if field not in chosen.columns]
    if lacking:
        raise GridmapError(
            Message(
                "The file has no column {columns}. Its headings are: {headings}.",
                columns=", ".join(say(title) for title in lacking),
                headings=", ".join(str(name) for name in raw.frame)[:200],
            )
        )
    choices = Choices(dry_run=dry_run, skip_bad=skip_bad)
    actor = current_actor()
    return import_layer(session, actor, cadres_for(actor), raw, chosen, choices)


def _problems(report: Report) -> list[dict[str, Any]]:
    """Return the first problems by row, each with its sentence."""
    language = str(get_locale())
    titles = {field: say(title) for field, title in _TITLES.items()}
    frame = report.problems.to_frame(lambda template: translate(template, language), titles)
    shown = frame.sort_values("row", kind="stable").head(_PROBLEMS_SHOWN)
    return [
        {"row": None if row != row else int(row), "severity": severity, "message": message}
        for row, severity, message in zip(
            shown["row"].astype("float"), shown["severity"], shown["message"], strict=True
        )
    ]
