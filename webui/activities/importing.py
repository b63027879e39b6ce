"""Activities from a file."""

from __future__ import annotations

from pathlib import Path

from flask import Response
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from sqlalchemy.orm import Session

from geodata.files.excel import MEDIA_TYPE as EXCEL
from geodata.files.reading import read
from geodata.messages import N_
from gridmap.reports.activities.files import (
    HEADINGS,
    mapping_of,
    take_in,
    write_template,
)
from gridmap.territory.importing.layer import Choices
from gridmap.territory.importing.report import Report
from gridmap.workforce.rights import Action
from webui import imports
from webui.access import current_actor, needs
from webui.activities.blueprint import blueprint


@blueprint.get("/import")
@needs(Action.RECORD_ACTIVITY)
def import_form() -> ResponseReturnValue:
    """Ask for the file."""
    return imports.ask(_ACTIVITIES)


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
    """Report what would happen."""
    return imports.check(_ACTIVITIES)


@blueprint.post("/import/confirm")
@needs(Action.RECORD_ACTIVITY)
def import_file() -> ResponseReturnValue:
    """Store the file that was reported on."""
    return imports.store(_ACTIVITIES)


def _take(session: Session, path: Path, choices: Choices) -> Report:
    raw = read(path)
    return take_in(session, current_actor(), raw, mapping_of(raw), choices)


_ACTIVITIES = imports.Import(
    listing=N_("Activities"),
    title=N_("Import activities"),
    heading=N_("Import activities from Excel"),
    about=N_(
        "One row is one activity. Kind and day are needed, and the community, the cell or the "
        "place; counts, note and a notice to rectify may be there. Columns are known by their "
        "names in Chinese or English."
    ),
    example="activities.template",
    example_title=N_("Download the template"),
    fields=HEADINGS,
    done=N_("{inserted} activities recorded, {updated} changed, {unchanged} as before."),
    take=_take,
)
