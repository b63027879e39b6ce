"""The page of the street network: its state, figures and map, its gaps and islands."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.http import generate_etag

from gridmap.exchange.tiles import MAX_ZOOM, Tile
from gridmap.jobs.models import Job
from gridmap.patrols.models import StreetNetwork
from gridmap.patrols.network import Mode
from gridmap.patrols.streets.asking import ask_anew
from gridmap.patrols.streets.gaps import GAP_M, ROUND_M
from gridmap.patrols.streets.queries import street_tile, with_job
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.database import reading, writing
from webui.hotspots.single import prepare
from webui.language import say
from webui.maps import script_answer
from webui.streets import words
from webui.streets.blueprint import blueprint
from webui.waiting import state_answer

#: More gaps and islands than one looks through; the rest is told by its number.
SHOWN = 100


@blueprint.get("/streets")
@needs(Action.PLAN_PATROLS)
def index() -> ResponseReturnValue:
    """Show the network."""
    with reading() as connection, Session(connection) as session:
        state, job = with_job(session)
    parts = prepare("map")
    report = state.report
    return render_template(
        "streets/page.html",
        state=state,
        report=report,
        job=job,
        building=_open(job),
        failed=job is not None and job.state == "failed" and not _newer(state, job),
        gaps=report.get("gaps_listed", [])[:SHOWN],
        islands=report.get("islands", [])[:SHOWN],
        modes=words.MODES,
        waiting=words.WAITING,
        gap_m=int(GAP_M),
        round_m=int(ROUND_M),
        say=say,
        parts=parts,
        script=url_for("streets.script", v=generate_etag(parts.script.encode())),
        page=_page(state, job),
    )


@blueprint.get("/streets/state.json")
@needs(Action.PLAN_PATROLS)
def state() -> Response:
    """Tell a waiting page how far the building is."""
    with reading() as connection, Session(connection) as session:
        _, job = with_job(session)
        return state_answer(
            connection,
            finished=not _open(job),
            state=job.state if job else None,
            progress=job.progress if job else None,
            message=job.message if job else None,
        )


@blueprint.post("/streets/build")
@needs(Action.PLAN_PATROLS)
def build() -> ResponseReturnValue:
    """Have the network built anew."""
    with writing() as session:
        ask_anew(session, current_actor())
    flash(_("The network is being built anew; meanwhile the former one is used."), "done")
    return redirect(url_for("streets.index"))


@blueprint.get("/streets/tiles/<int:z>/<int:x>/<int:y>.mvt")
@needs(Action.PLAN_PATROLS)
def tile(z: int, x: int, y: int) -> Response:
    """Answer with a tile of the streets."""
    place = Tile(z, x, y)
    with reading() as connection:
        content = street_tile(connection, place.z, place.x, place.y)
    response = Response(content, mimetype="application/vnd.mapbox-vector-tile")
    response.set_etag(generate_etag(content), weak=True)
    response.make_conditional(request)
    return response


@blueprint.get("/streets/folium.map.js")
@needs(Action.PLAN_PATROLS)
def script() -> Response:
    """Answer with the script that makes the map."""
    return script_answer(prepare("map"))


def _open(job: Job | None) -> bool:
    return job is not None and job.state in ("waiting", "running")


def _newer(state: StreetNetwork, job: Job) -> bool:
    """Tell whether the network was built after a job had ended, by a command."""
    return (
        state.built_at is not None
        and job.finished_at is not None
        and state.built_at > job.finished_at
    )


def _page(state: StreetNetwork, job: Job | None) -> dict[str, Any]:
    """Return what the page's script must know, as values for JSON."""
    return {
        "language": str(get_locale()),
        "map": "map",
        "bounds": state.report.get("bounds"),
        "maxTileZoom": MAX_ZOOM,
        "layers": ["ground", "building", "unit"],
        "tiles": "/tiles/ground,building,unit/{z}/{x}/{y}.mvt",
        "streets": f"/patrols/streets/tiles/{{z}}/{{x}}/{{y}}.mvt?v={state.version}",
        "modes": {name: int(Mode[name.upper()]) for name in words.MODES},
        "gaps": state.report.get("gaps_listed", [])[:SHOWN],
        "islands": state.report.get("islands", [])[:SHOWN],
        "state": url_for("streets.state") if _open(job) else None,
        "words": {key: say(word) for key, word in words.SCRIPT.items()},
    }
