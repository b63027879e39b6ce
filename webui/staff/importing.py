"""Cadres from an Excel file."""

from __future__ import annotations

from pathlib import Path

from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from geodata import mapping
from geodata.files.reading import read
from geodata.messages import N_, Message
from gridmap.errors import GridmapError
from gridmap.exchange.imports import import_layer
from gridmap.territory.importing.layer import Choices
from gridmap.territory.importing.report import Report
from gridmap.workforce.importing import cadres_for
from gridmap.workforce.rights import Action
from webui import imports
from webui.access import current_actor, needs
from webui.language import say
from webui.staff.blueprint import blueprint

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
    """Ask for the file."""
    return imports.ask(_CADRES)


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
    """Report what would happen."""
    return imports.check(_CADRES)


@blueprint.post("/import/confirm")
@needs(Action.MANAGE_CADRES)
def import_file() -> ResponseReturnValue:
    """Store the file that was reported on."""
    return imports.store(_CADRES)


def _take(session: Session, path: Path, choices: Choices) -> Report:
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
    actor = current_actor()
    return import_layer(session, actor, cadres_for(actor), raw, chosen, choices)


_CADRES = imports.Import(
    listing=N_("Staff"),
    title=N_("Import cadres"),
    heading=N_("Import cadres from Excel"),
    about=N_(
        "One row is one cadre. Name and home unit are needed; number, phone, kind, skills and "
        "languages may be there. Columns are known by their names in Chinese or English."
    ),
    example="staff.import_example",
    example_title=N_("Download an example"),
    fields=_TITLES,
    done=N_("{inserted} cadres added, {updated} changed, {unchanged} as before."),
    take=_take,
)
