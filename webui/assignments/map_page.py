"""The map on which cells are given to cadres."""

from __future__ import annotations

from flask import Response, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from werkzeug.http import generate_etag

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.exchange.tiles import MAX_ZOOM
from gridmap.workforce.cell_list import Box, cadres_in_view, cell_bounds, cells_in_view, today
from gridmap.workforce.rights import Action
from gridmap.workforce.workload import load_band
from webui.access import current_actor, needs
from webui.assignments.blueprint import blueprint
from webui.assignments.shared import ROLES, describe, loads
from webui.assignments.words import WORDS
from webui.database import writing
from webui.language import named, say
from webui.maps import MapParts, base_map, map_parts, script_answer


@blueprint.get("")
@needs(Action.VIEW_WORKFORCE)
def show() -> ResponseReturnValue:
    """Show the map; its state is in the address, which the page's script reads."""
    actor = current_actor()
    with writing() as session:
        bounds = cell_bounds(session, actor)
        day, band = today(session), load_band(session)
    if bounds is None:
        return render_template("empty.html")
    parts = _parts()
    page = {
        "language": str(get_locale()),
        "bounds": bounds,
        "maxTileZoom": MAX_ZOOM,
        "today": day.isoformat(),
        "band": band,
        "mayAssign": actor.may(Action.ASSIGN),
        "words": {key: say(word) for key, word in WORDS.items()},
        "urls": _urls(),
    }
    script = url_for("assignments.script", v=generate_etag(parts.script.encode()))
    return render_template(
        "assignments/map.html", parts=parts, script=script, page=page, roles=ROLES, today=day
    )


@blueprint.get("/folium.js")
@needs(Action.VIEW_WORKFORCE)
def script() -> Response:
    """Answer with the script that makes the map."""
    return script_answer(_parts())


@blueprint.get("/cells")
@needs(Action.VIEW_WORKFORCE)
def cells() -> ResponseReturnValue:
    """Tell who is responsible for the cells in a ``box``: west, south, east, north."""
    box = _box(request.args.get("box", ""))
    with writing() as session:
        rows = cells_in_view(session, current_actor(), today(session), box)
    return jsonify(cells=[[*describe(row), round(row.lon, 6), round(row.lat, 6)] for row in rows])


@blueprint.get("/cadres")
@needs(Action.VIEW_WORKFORCE)
def cadres() -> ResponseReturnValue:
    """Tell what each cadre answers for, as lists: see ``columns``.

    With a ``box`` only those are told who work in or near it.
    """
    actor = current_actor()
    with writing() as session:
        day = today(session)
        near = None
        if "box" in request.args:
            near = cadres_in_view(session, actor, day, _box(request.args["box"]))
        found = loads(session, actor, day, near)
    columns = ["id", "name", "unit", "cells", "households", "tasks", "area", "band"]
    return jsonify(
        columns=columns,
        cadres=[
            [
                load.cadre_id,
                load.name,
                named(load, "unit"),
                load.cells,
                load.households,
                load.tasks,
                round(load.area_m2),
                load.band.value,
            ]
            for load in found
        ],
    )


def _urls() -> dict[str, str]:
    names = ("cells", "cadres", "assign", "end", "undo")
    return {
        **{name: url_for(f"assignments.{name}") for name in names},
        "tiles": "/tiles/{layers}/{z}/{x}/{y}.mvt",
        "history": url_for("assignments.cell_history", cell_id=0).replace("/0/", "/{id}/"),
    }


def _parts() -> MapParts:
    made = base_map(
        "map",
        # Shift and drag chooses cells here.
        boxZoom=False,
    )
    return map_parts(made)


def _box(given: str) -> Box:
    """Read a box.

    Raises
    ------
    GridmapError
        If it is none.
    """
    try:
        west, south, east, north = (float(part) for part in given.split(","))
    except ValueError:
        west, south, east, north = 1.0, 1.0, 0.0, 0.0
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise GridmapError(
            Message("The box must be west, south, east and north in degrees, not {value}.",
                    value=given)
        )  # fmt: skip
    return west, south, east, north
