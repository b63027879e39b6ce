"""The page of one track: how far it is, then what was walked of what was planned."""

from __future__ import annotations

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from gridmap.patrols.tracks.queries import find_track, map_of, visits_of
from gridmap.patrols.tracks.service import delete_track
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.database import reading, writing
from webui.language import say
from webui.tracks import words
from webui.tracks.blueprint import blueprint
from webui.tracks.map_page import map_page, map_values, shapes_answer, waiting_page
from webui.waiting import is_served, state_answer


@blueprint.get("/tracks/<int:track_id>")
@needs(Action.REPORT_INCIDENT)
def show(track_id: int) -> ResponseReturnValue:
    """Show a track: its route, what was walked and missed, and its stops."""
    actor = current_actor()
    with reading() as connection, Session(connection) as session:
        track = find_track(session, actor, track_id)
        visits = visits_of(session, track_id)
        served = is_served(connection, track.job_state)
    plans = actor.may(Action.PLAN_PATROLS)
    if track.matched_at is None:
        page = waiting_page(url_for("tracks.state", track_id=track_id), words.SCRIPT)
        return render_template(
            "tracks/waiting.html", served=served, track=track, page=page, plans=plans
        )
    return render_template(
        "tracks/track.html",
        track=track,
        visits=visits,
        plans=plans,
        dropped=[
            (say(words.FATES[fate]), count)
            for fate, count in track.report.get("dropped", {}).items()
            if fate in words.FATES and count
        ],
        page=map_page(
            words.SCRIPT,
            shapes=url_for("tracks.shapes", track_id=track_id),
            verdicts={key: say(word) for key, word in words.VERDICTS.items()},
        ),
        **map_values(),
    )


@blueprint.get("/tracks/<int:track_id>/state.json")
@needs(Action.REPORT_INCIDENT)
def state(track_id: int) -> Response:
    """Tell a waiting page how far a track is."""
    with reading() as connection, Session(connection) as session:
        track = find_track(session, current_actor(), track_id)
        return state_answer(
            connection,
            finished=track.matched_at is not None,
            state=track.job_state,
            progress=track.progress,
            message=track.message,
        )


@blueprint.get("/tracks/<int:track_id>/map.json")
@needs(Action.REPORT_INCIDENT)
def shapes(track_id: int) -> Response:
    """Answer with the shapes of a track as GeoJSON."""
    actor = current_actor()
    with reading() as connection, Session(connection) as session:
        find_track(session, actor, track_id)
        content = map_of(connection, actor, track_id)
    return shapes_answer(content)


@blueprint.post("/tracks/<int:track_id>/delete")
@needs(Action.PLAN_PATROLS)
def delete(track_id: int) -> ResponseReturnValue:
    """Throw a track away, once that is confirmed."""
    if request.form.get("sure") != "1":
        return render_template("tracks/delete.html", track_id=track_id)
    with writing() as session:
        delete_track(session, current_actor(), track_id)
    flash(_("The track is deleted."), "done")
    return redirect(url_for("tracks.tracks"))
