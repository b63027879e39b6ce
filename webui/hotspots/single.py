"""The page of one run: its progress, then its map, sentences, table and charts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from sqlalchemy import Connection, Row
from sqlalchemy.orm import Session
from werkzeug.http import generate_etag

from gridmap.exchange.incident_tiles import POINT_ZOOM
from gridmap.exchange.tiles import MAX_ZOOM
from gridmap.hotspots.analyses.registry import ANALYSES
from gridmap.hotspots.models import BESIDE_M, HotspotRun
from gridmap.hotspots.queries import bounds, features_json, find_run, listed, with_state
from gridmap.incidents.cases.categories import tree
from gridmap.incidents.statistics import clock
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.assets import asset
from webui.database import reading
from webui.hotspots import words
from webui.hotspots.blueprint import blueprint
from webui.hotspots.choices import about, category_names, may_change, named
from webui.hotspots.new import settings_of
from webui.hotspots.scripts import SCRIPT
from webui.hotspots.sentences import place, sentences
from webui.hotspots.tiles import SURFACE_ZOOM
from webui.language import say
from webui.maps import MapParts, base_map, map_parts, script_answer
from webui.waiting import is_served, state_answer

_BASE = "ground,road,building,unit,cell"
#: The names of the maps of one page and of the two that are compared.
MAPS = ("map", "left", "right")
#: What the script of a result calls for, in the order in which the browser would find out.
_MODULES = (
    "dashboard_charts", "hotspots_map", "canvas", "tiles", "labels", "shapes", "style", "mvt",
)  # fmt: skip
_SORTS = {
    "rank": lambda row: row.rank,
    "count": lambda row: row.n,
    "expected": lambda row: row.expected or 0,
    "p": lambda row: 1.0 if row.p is None else row.p,
    "place": lambda row: place(row),
    "cadre": lambda row: row.cadre or "",
}


@blueprint.get("/<int:run_id>")
@needs(Action.ANALYSE)
def show(run_id: int) -> ResponseReturnValue:
    """Show what a run found, or how far it is, or why it is not possible."""
    actor = current_actor()
    with reading() as connection, Session(connection) as session:
        found = with_state(session, actor, run_id)
        run = found.HotspotRun
        names = category_names(tree(session))
        shown = {
            "run": run,
            "found": found,
            "name": named(run, names),
            "about": about(run, names),
            "may_change": may_change(actor, run),
            "analysis": ANALYSES.get(run.analysis),
            "change": _change_url(run),
            "change_monthly": _change_url(run, monthly=run.id),
        }
        if run.finished_at is None:
            page = {"state": url_for("hotspots.state", run_id=run_id), "words": _script_words()}
            served = is_served(connection, found.state)
            return render_template(
                "hotspots/waiting.html", page=page, served=served, ahead=_ahead(), **shown
            )
        rows = listed(connection, run_id, clock(connection).today)
        page = page_of(connection, run, "map")
    parts = prepare("map")
    return render_template(
        "hotspots/run.html",
        rows=_sorted(rows),
        said=sentences(run, rows),
        legend=legend_of(run),
        wider=run.communities is not None
        and (
            actor.scope.communities is None or set(actor.scope.communities) > set(run.communities)
        ),
        # A month that the period cuts looks quieter than it was.
        cut=run.first.day != 1 or (run.last + timedelta(days=1)).day != 1,
        heat=_heat(run.summary["week"]),
        settings=settings_of(run),
        place=place,
        parts=parts,
        script=script_url("map", parts),
        modules=_MODULES,
        beside_m=BESIDE_M,
        page=page,
        **shown,
    )


@blueprint.get("/<int:run_id>/state.json")
@needs(Action.ANALYSE)
def state(run_id: int) -> Response:
    """Tell a waiting page how far a run is."""
    with reading() as connection, Session(connection) as session:
        found = with_state(session, current_actor(), run_id)
        return state_answer(
            connection,
            finished=found.HotspotRun.finished_at is not None,
            state=found.state,
            progress=found.progress,
            message=found.message,
        )


@blueprint.get("/<int:run_id>/features.json")
@needs(Action.ANALYSE)
def features(run_id: int) -> Response:
    """Answer with all shapes of a run as GeoJSON, for its map."""
    with reading() as connection, Session(connection) as session:
        find_run(session, current_actor(), run_id)
        content = features_json(connection, run_id)
    response = Response(content, mimetype="application/geo+json")
    response.add_etag()
    response.make_conditional(request)
    return response


@blueprint.get("/folium.<name>.js")
@needs(Action.ANALYSE)
def script(name: str) -> Response:
    """Answer with the script that makes a map."""
    if name not in MAPS:
        abort(404)
    return script_answer(prepare(name))


def _ahead() -> list[str]:
    """Return the addresses that a result needs and the browser can fetch while it is waited for."""
    parts = prepare("map")
    charts = asset("vendor/echarts/echarts.common.min.js")
    modules = [url_for("static", filename=f"js/{module}.js") for module in _MODULES]
    own = asset("js/hotspots_run.js")
    return [*parts.styles, *parts.scripts, script_url("map", parts), charts, *modules, own]


def _change_url(run: HotspotRun, **more: Any) -> str:
    """Return the address of the form with all that was chosen for a run."""
    chosen = {f"{run.analysis}-{name}": value for name, value in run.parameters.items()}
    return url_for(
        "hotspots.ask_new",
        analysis=run.analysis,
        first=run.first,
        last=run.last,
        name=run.name,
        unit=run.unit_id,
        category=run.categories,
        **chosen,
        **more,
    )


def prepare(name: str) -> MapParts:
    """Make the parts of a map with Folium."""
    return map_parts(base_map(name))


def script_url(name: str, parts: MapParts) -> str:
    """Return the address of a map's script, which changes with it."""
    return url_for("hotspots.script", name=name, v=generate_etag(parts.script.encode()))


def legend_of(run: HotspotRun) -> list[tuple[str, str, str]]:
    """Return class, colour and words of what the map of a run paints."""
    entry = ANALYSES.get(run.analysis)
    legend = words.LEGENDS.get(entry.legend, []) if entry else []
    # Of many classes only those that there are.
    there = run.summary.get("kinds")
    return legend if there is None else [each for each in legend if each[0] in (*there, "blank")]


def page_of(connection: Connection, run: HotspotRun, name: str) -> dict[str, Any]:
    """Return what the script of a result must know, as values for JSON."""
    summary = run.summary
    category = run.categories[0] if len(run.categories) == 1 else ""
    return {
        # Hours and seasons have no map.
        "map": None if "peaks" in summary else name,
        "language": str(get_locale()),
        "bounds": bounds(connection, run),
        "maxTileZoom": MAX_ZOOM,
        "pointZoom": POINT_ZOOM,
        "categories": [],
        "tiles": f"/tiles/{_BASE}/{{z}}/{{x}}/{{y}}.mvt",
        "layers": _BASE.split(","),
        # Several categories have no tiles of their own.
        "incidents": f"/tiles/incident/{{z}}/{{x}}/{{y}}.mvt?category={category}"
        if len(run.categories) < 2
        else None,
        "first": run.first.isoformat(),
        "last": run.last.isoformat(),
        "features": url_for("hotspots.features", run_id=run.id, v=run.finished_at),
        # Shapes that are drawn and not listed.
        "found": _tiles(run, "mvt") if summary.get("drawn", True) else None,
        "surface": _tiles(run, "png") if "surface" in summary else None,
        "surfaceZoom": SURFACE_ZOOM,
        "colours": {kind: colour for kind, colour, _ in legend_of(run)},
        "kinds": {kind: say(word) for kind, _, word in legend_of(run)},
        "months": summary.get("months"),
        "words": _script_words(),
    }


def _tiles(run: HotspotRun, form: str) -> str:
    # The version is the moment of the run: made anew, its tiles have other addresses.
    made = run.finished_at.timestamp() if run.finished_at else 0
    return f"/hotspots/{run.id}/{{z}}/{{x}}/{{y}}.{form}?v={made:.0f}"


def _script_words() -> dict[str, str]:
    return {key: say(word) for key, word in SCRIPT.items()}


def _sorted(rows: Any) -> list[Row[Any]]:
    key = _SORTS.get(request.args.get("sort", "rank"), _SORTS["rank"])
    return sorted(rows, key=key, reverse=request.args.get("order") == "desc")


def _heat(week: list[list[int]]) -> list[list[tuple[int, int]]]:
    """Return the counts by weekday and hour, each with the step of its colour."""
    most = max(max(hours) for hours in week) or 1
    return [[(n, -(-5 * n // most)) for n in hours] for hours in week]
