"""Rows from an Excel file: uploaded, reported on row by row, and stored once confirmed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from geodata.messages import GeodataError, Message
from gridmap.errors import GridmapError
from gridmap.i18n import translate
from gridmap.territory.importing.layer import Choices
from gridmap.territory.importing.report import Report
from webui.database import writing
from webui.language import say
from webui.uploads import keep_upload, kept_upload

_ENDINGS = {".xlsx", ".csv"}
_PROBLEMS_SHOWN = 200


@dataclass(frozen=True)
class Import:
    """What people import on a page; all texts are messages, English.

    Its blueprint has the pages ``index``, ``import_form``, ``check_file`` and ``import_file``.

    Attributes
    ----------
    listing, title, heading : str
        What the list is called, and the page on a path of links and above itself.
    about : str
        What a row is, and which columns the file may have.
    example, example_title : str
        The page that answers with a file to start from, and what leads there.
    fields : mapping of str to str
        What the report calls the fields.
    done : str
        Says how many are ``inserted``, ``updated`` and ``unchanged``.
    take : callable
        Checks or stores a file for the present person.
    """

    listing: str
    title: str
    heading: str
    about: str
    example: str
    example_title: str
    fields: Mapping[str, str]
    done: str
    take: Callable[[Session, Path, Choices], Report]


def ask(kind: Import, fault: str | None = None) -> str:
    """Ask for the file, and tell which columns it may have."""
    return render_template("import_form.html", kind=kind, fault=fault, say=say)


def check(kind: Import) -> ResponseReturnValue:
    """Read the file that was sent without writing, and report what would happen."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return ask(kind, _("Choose a file.")), 400
    if Path(sent.filename).suffix.lower() not in _ENDINGS:
        return ask(kind, _("Choose an Excel or CSV file: .xlsx or .csv.")), 400
    key, path = keep_upload(sent)
    try:
        with writing() as session:
            report = kind.take(session, path, Choices(dry_run=True))
    except GeodataError as error:
        shutil.rmtree(path.parent)
        return ask(kind, say(error.message)), 400
    return render_template(
        "import_report.html",
        kind=kind,
        say=say,
        key=key,
        name=path.name,
        report=report.as_dict(),
        problems=_problems(report, kind.fields),
        more=max(0, sum(report.problems.counts().values()) - _PROBLEMS_SHOWN),
    )


def store(kind: Import) -> ResponseReturnValue:
    """Store the file that was reported on, its good rows alone if the person says so."""
    path = kept_upload(request.form.get("key", ""))
    with writing() as session:
        report = kind.take(session, path, Choices(skip_bad=request.form.get("skip") == "1"))
    shutil.rmtree(path.parent)
    if not report.applied:
        # Somebody changed what the rows name between the report and the confirmation.
        raise GridmapError(Message("Some rows are bad now. Upload the file again."))
    counts = report.counts
    done = Message(
        kind.done,
        inserted=counts.inserted,
        updated=counts.updated,
        unchanged=counts.unchanged,
    )
    flash(say(done), "done")
    return redirect(url_for(".index"))


def _problems(report: Report, fields: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the first problems by row, each with its sentence."""
    language = str(get_locale())
    titles = {field: say(title) for field, title in fields.items()}
    frame = report.problems.to_frame(lambda template: translate(template, language), titles)
    shown = frame.sort_values("row", kind="stable").head(_PROBLEMS_SHOWN)
    return [
        {"row": None if row != row else int(row), "severity": severity, "message": message}
        for row, severity, message in zip(
            shown["row"].astype("float"), shown["severity"], shown["message"], strict=True
        )
    ]
