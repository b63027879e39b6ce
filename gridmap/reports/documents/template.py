"""The Word templates of reports: the town's own, or those that come with the program."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Literal

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from gridmap.reports.documents.models import Report, ReportFile
from gridmap.reports.documents.service import OPEN
from gridmap.reports.documents.template_files import read_template, template_path
from gridmap.reports.paper.word import check_template
from gridmap.reports.paper.word_template import default_template
from gridmap.workforce import audit
from gridmap.workforce.rights import Action, Actor, require

Language = Literal["zh", "en"]


def template_or_default(data_dir: Path, language: Language) -> bytes:
    """Return the template that is in use."""
    return read_template(data_dir, language) or default_template(language)


def store_template(
    session: Session, actor: Actor, data_dir: Path, language: Language, content: bytes
) -> None:
    """Store a template after trying it; reports that are not approved are set with it.

    Raises
    ------
    ForbiddenError
        If the actor may not change settings.
    GridmapError
        If it is no Word file, or names what does not exist.
    """
    require(actor, Action.MANAGE_SETTINGS)
    check_template(content)
    path = template_path(data_dir, language)
    path.parent.mkdir(parents=True, exist_ok=True)
    told = {"bytes": len(content), "language": language}
    audit.record(session, actor, "report.template", ("template", None), after=told)
    _forget_word(session, language)
    # Who asks for a report meanwhile gets the old template or the new one, never a half.
    with NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    os.replace(file.name, path)


def remove_template(session: Session, actor: Actor, data_dir: Path, language: str) -> None:
    """Go back to the default template; raises `ForbiddenError` as `store_template`."""
    require(actor, Action.MANAGE_SETTINGS)
    told = {"language": language}
    audit.record(session, actor, "report.template_reset", ("template", None), after=told)
    _forget_word(session, language)
    template_path(data_dir, language).unlink(missing_ok=True)


def _forget_word(session: Session, language: str) -> None:
    """Have drafts set anew; what was approved stays as it was handed out."""
    drafts = select(Report.id).where(Report.state.in_(OPEN))
    session.execute(
        delete(ReportFile).where(
            ReportFile.form == "docx",
            ReportFile.language == language,
            ReportFile.report_id.in_(drafts),
        )
    )
