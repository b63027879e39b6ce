"""Reports as files: Word, PDF, and HTML that needs nothing beside it."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path
from typing import Literal

from flask import Response, current_app, render_template
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, ForbiddenError
from gridmap.reports.documents.files import Language, document_of, facts_of, file_of
from gridmap.reports.documents.queries import find_report, pictures_of
from gridmap.reports.documents.service import SUBJECT
from gridmap.reports.paper.html import contents_list, to_html
from gridmap.reports.paper.laying import contents_title, lay_out
from gridmap.reports.structure import Document
from gridmap.workforce import audit
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.database import engine, reading, writing
from webui.downloads import FILE_TYPES, disposition
from webui.reports.blueprint import blueprint
from webui.reports.single import head_lines

#: What a name of a file must not hold on one system or another.
_UNFIT = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')


@blueprint.get("/<int:report_id>/<any(zh, en):language>.<any(docx, pdf, html):form>")
@needs(Action.VIEW_MAP)
def download(report_id: int, language: Language, form: Literal["docx", "pdf", "html"]) -> Response:
    """Answer with a report as a file, and tell the log of the export."""
    actor = current_actor()
    with reading() as connection, Session(connection) as session:
        row = find_report(session, actor, report_id)
        # What is published is for everybody who may read it, on paper too.
        if row.state != "published" and not actor.may(Action.EXPORT):
            raise ForbiddenError(Message("You do not have the right to do this."))
        if row.frozen_at is None:
            raise ConflictError(Message("The report is not finished yet."))
        document = document_of(session, report_id, language)
        if form == "html":
            content = _alone(session, report_id, document).encode()
    if form != "html":
        # The connection is given back first: to set a long report takes seconds.
        content = file_of(engine(), _data_dir(), report_id, language, form)
    with writing() as session:
        told = {"language": language, "form": form}
        audit.record(session, actor, "report.export", (SUBJECT, report_id), after=told)
    response = Response(content, content_type=FILE_TYPES[form])
    response.headers["Content-Disposition"] = disposition(
        f"{file_name(document)}.{form}", f"report-{report_id}-{language}.{form}"
    )
    return response


def file_name(document: Document) -> str:
    """Return what a document's file is called: its title, and the period if that lacks it."""
    parts = [document.title]
    if document.period not in document.title:
        parts.append(document.period)
    return _UNFIT.sub(" ", " ".join(parts)).strip()[:120]


def _alone(session: Session, report_id: int, document: Document) -> str:
    """Return a report as one file; its numbers lead nowhere, for it is read without the server."""
    pictures = pictures_of(session, report_id)

    def picture(key: str) -> str:
        return f"data:image/png;base64,{b64encode(pictures[key]).decode()}"

    content = to_html(
        document, picture=picture, link=lambda of: None, facts=facts_of(session, report_id)
    )
    folder = Path(current_app.static_folder or "")
    style = (folder / "css" / "report_page.css").read_text(encoding="utf-8")
    return render_template(
        "reports/alone.html",
        document=document,
        head=head_lines(document),
        contents=contents_list(lay_out(document)) if document.contents else "",
        contents_title=contents_title(document.language),
        content=content,
        style=style,
    )


def _data_dir() -> Path:
    return Path(current_app.config["DATA_DIR"])
