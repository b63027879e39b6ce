"""Routes out of files: the lines a file holds, each to be matched to streets in the editor."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from geodata.messages import N_, GeodataError, Message
from gridmap.errors import GridmapError
from gridmap.patrols.routes.files_in import RouteFile, read_routes
from gridmap.patrols.routes.ground import check_in_town
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.database import reading
from webui.language import say
from webui.patrols.blueprint import blueprint
from webui.patrols.shared import map_values, page_of

#: In what a file's coordinates may be; the first is what GPX and KML are by their standards.
SYSTEMS = MappingProxyType({
    "WGS84": N_("WGS 84 (GPS; also CGCS2000)"),
    "GCJ02": N_("GCJ-02 (Amap, Tencent)"),
    "BD09": N_("BD-09 (Baidu)"),
})  # fmt: skip


@blueprint.get("/import")
@needs(Action.PLAN_PATROLS)
def ask_file() -> ResponseReturnValue:
    """Ask for a file."""
    return _page()


@blueprint.post("/import")
@needs(Action.PLAN_PATROLS)
def take_file() -> ResponseReturnValue:
    """Show the lines of a file, or say why it cannot be used."""
    try:
        found = _read()
        lines = _lines(found)
    except GeodataError as refused:
        return _page(say(refused.message)), 400
    return _page(found=found, lines=lines)


def _read() -> RouteFile:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise GridmapError(Message("Choose a file."))
    system = request.form.get("system", "WGS84")
    if system not in SYSTEMS:
        raise GridmapError(Message("The value of {name} cannot be used.", name="system"))
    with tempfile.TemporaryDirectory(prefix="gridmap-") as folder:
        # Only the ending matters; what people call a file may be no name of one here.
        path = Path(folder) / f"{_stem(sent.filename)}{Path(sent.filename).suffix.lower()}"
        sent.save(path)
        return read_routes(path, system)


def _stem(name: str) -> str:
    return Path(name.replace("\\", "/")).stem[:60].replace("\x00", "") or "file"


def _lines(found: RouteFile) -> list[dict[str, Any]]:
    """Return each line as the editor takes it, with what is against it."""
    lines = []
    with reading() as connection, Session(connection) as session:
        for number, line in enumerate(found.lines, start=1):
            fault = ""
            try:
                check_in_town(session, line.line)
            except GridmapError as refused:
                fault = say(refused.message)
            lines.append({
                "number": number,
                "name": line.name,
                "points": line.points,
                "recorded": line.recorded,
                "length_m": line.length_m,
                "fault": fault,
                "line": line.line.tolist() if not fault else [],
                "clicks": line.clicks.tolist() if not fault else [],
            })  # fmt: skip
    return lines


def _page(
    fault: str = "",
    *,
    found: RouteFile | None = None,
    lines: list[dict[str, Any]] | None = None,
) -> str:
    with reading() as connection, Session(connection) as session:
        page = page_of(session, current_actor()) | {
            "lines": lines or [],
            "stops": [] if found is None else [asdict(stop) for stop in found.stops],
            "editor": url_for("patrols.ask_new", imported=1),
            "match": url_for("streets.match_recorded"),
        }
    return render_template(
        "patrols/import.html",
        fault=fault,
        found=found,
        page=page,
        systems=SYSTEMS,
        system=request.form.get("system", "WGS84"),
        **map_values(),
    )
