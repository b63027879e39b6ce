"""The Word templates of reports, one for each language."""

from __future__ import annotations

from pathlib import Path

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from gridmap.errors import GridmapError
from gridmap.reports.documents import template as templates
from gridmap.reports.documents.files import Language
from gridmap.reports.documents.models import LANGUAGES
from gridmap.reports.documents.template_files import template_path
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.database import writing
from webui.language import say
from webui.reports.blueprint import blueprint

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@blueprint.get("/template")
@needs(Action.MANAGE_SETTINGS)
def template_page() -> ResponseReturnValue:
    """Show which templates are in use, and where to change them."""
    return _page()


@blueprint.get("/template/<any(zh, en):language>.docx")
@needs(Action.MANAGE_SETTINGS)
def template(language: Language) -> Response:
    """Answer with the present template of a language."""
    content = templates.template_or_default(_data_dir(), language)
    response = Response(content, mimetype=_WORD)
    response.headers["Content-Disposition"] = f"attachment; filename=report-{language}.docx"
    return response


@blueprint.post("/template/<any(zh, en):language>")
@needs(Action.MANAGE_SETTINGS)
def change_template(language: Language) -> ResponseReturnValue:
    """Store an uploaded template, or say what is wrong with it."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return _page(_("Choose a file."), language), 400
    try:
        with writing() as session:
            templates.store_template(session, current_actor(), _data_dir(), language, file.read())
    except GridmapError as error:
        return _page(say(error.message), language), error.status
    flash(_("The template is in use from now on."), "done")
    return redirect(url_for("reports.template_page"))


@blueprint.post("/template/<any(zh, en):language>/reset")
@needs(Action.MANAGE_SETTINGS)
def reset_template(language: Language) -> ResponseReturnValue:
    """Go back to the default template."""
    with writing() as session:
        templates.remove_template(session, current_actor(), _data_dir(), language)
    flash(_("The default template is in use from now on."), "done")
    return redirect(url_for("reports.template_page"))


def _page(fault: str | None = None, language: str = "") -> str:
    own = {each: template_path(_data_dir(), each).is_file() for each in LANGUAGES}
    return render_template("reports/template.html", own=own, fault=fault, faulty=language)


def _data_dir() -> Path:
    return Path(current_app.config["DATA_DIR"])
