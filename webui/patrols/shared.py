"""What the pages of routes have in common: the map, and a route as their scripts read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from flask import Response, url_for
from flask_babel import get_locale
from sqlalchemy.orm import Session
from werkzeug.http import generate_etag

from gridmap.exchange.incident_tiles import POINT_ZOOM
from gridmap.exchange.tiles import MAX_ZOOM
from gridmap.patrols.models import PatrolRoute, PatrolStop
from gridmap.patrols.network import SPEED, Mode
from gridmap.patrols.routes.queries import town_bounds
from gridmap.patrols.routes.versions import state_of
from gridmap.workforce.rights import Action, Actor
from webui.access import needs
from webui.language import say
from webui.maps import MapParts, base_map, map_parts, script_answer
from webui.patrols import words
from webui.patrols.blueprint import blueprint

_BASE = "ground,road,building,unit,cell,place"


@blueprint.get("/folium.js")
@needs(Action.VIEW_MAP)
def script() -> Response:
    """Answer with the script that makes the map."""
    return script_answer(map_of())


def map_of() -> MapParts:
    """Make the parts of the map with Folium."""
    # Shift belongs to nobody here, and Alt to the drawing.
    made = base_map("map", boxZoom=False)
    return map_parts(made)


def map_values() -> dict[str, Any]:
    """Return what templates with a map need."""
    parts = map_of()
    return {
        "parts": parts,
        "script": url_for("patrols.script", v=generate_etag(parts.script.encode())),
    }


def page_of(session: Session, actor: Actor, *, layers: str = _BASE) -> dict[str, Any]:
    """Return what every script of a map must know, as values for JSON."""
    language = str(get_locale())
    return {
        "language": language,
        "bounds": town_bounds(session, actor),
        "maxTileZoom": MAX_ZOOM,
        "pointZoom": POINT_ZOOM,
        "categories": [],
        "tiles": "/tiles/{layers}/{z}/{x}/{y}.mvt",
        "layers": layers.split(","),
        "signs": words.STOP_SIGNS["en" if language == "en" else "zh"],
        "stopKinds": {key: say(word) for key, word in words.STOP_KINDS.items()},
        "speeds": {mode.name.lower(): SPEED[mode] for mode in Mode if mode.name},
        "words": {key: say(word) for key, word in words.SCRIPT.items()},
    }


def route_json(route: PatrolRoute, stops: Sequence[PatrolStop]) -> dict[str, Any]:
    """Return a route as scripts read it: its state, with the line cut into legs."""
    return state_json(state_of(route, stops)) | {
        "id": route.id,
        "version": route.version,
        "archived": route.archived_at is not None,
    }


def state_json(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return a kept state as scripts read it; see `gridmap.patrols.routes.versions.state_of`."""
    line = state["geom"]["coordinates"]
    ends = [each.get("end", 0) for each in state["waypoints"]]
    whole = bool(ends) and ends[-1] == len(line) - 1
    waypoints = [
        {"lon": each["lon"], "lat": each["lat"], "free": each.get("free", False),
         "streets": each.get("streets", [])}
        for each in state["waypoints"]
    ] if whole else [
        # A line that was written by another program has no clicks but its ends.
        {"lon": lon, "lat": lat, "free": True, "streets": []} for lon, lat in (line[0], line[-1])
    ]  # fmt: skip
    cuts = ends if whole else [0, len(line) - 1]
    return {
        **{name: state[name] for name in
           ("name", "kind", "mode", "colour", "notes", "length_m", "moving_s", "dwell_s", "stops")},
        "team": state["team_id"],
        "unit": state["unit_id"],
        "waypoints": waypoints,
        "legs": [line[first : last + 1] for first, last in pairwise(cuts)],
        "line": line,
    }  # fmt: skip
