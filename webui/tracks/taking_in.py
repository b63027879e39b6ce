"""Tracks handed in: a file of positions, or what a phone recorded."""

from __future__ import annotations

import math
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
from flask import Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from geodata.messages import GeodataError, Message
from geodata.positions import read_positions
from gridmap.errors import ConflictError, GridmapError
from gridmap.incidents.cases.lookups import town_zone, unit_choices
from gridmap.patrols.models import MODES
from gridmap.patrols.tracks.choices import route_choices, team_choices
from gridmap.patrols.tracks.service import MOST_POSITIONS, NewTrack, add_track
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import body, optional_id
from webui.database import reading, writing
from webui.language import say
from webui.tracks.blueprint import blueprint

#: What a file's name ends with, and what it is then called.
ENDINGS = {
    ".gpx": "gpx", ".geojson": "geojson", ".json": "geojson", ".csv": "table", ".tsv": "table",
    ".xlsx": "table",
}  # fmt: skip
SYSTEMS = ("GCJ-02", "BD-09", "CGCS2000")


@blueprint.get("/new")
@needs(Action.PLAN_PATROLS)
def ask_new() -> ResponseReturnValue:
    """Ask for a file of positions and for the route that was walked."""
    return _form(None)


@blueprint.post("/new")
@needs(Action.PLAN_PATROLS)
def take_in() -> ResponseReturnValue:
    """Take in a file, and lead to its page, where it is matched to streets."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _form(gettext("Choose a file.")), 400
    name = Path(sent.filename.replace("\\", "/")).name
    source = ENDINGS.get(Path(name).suffix.lower())
    if source is None:
        return _form(gettext("Choose a GPX, GeoJSON, CSV or Excel file.")), 400
    try:
        positions = _read(sent.stream.read(), name)
        new = NewTrack(
            source,
            route_id=optional_id(request.form.get("route"), gettext("Route")),
            unit_id=optional_id(request.form.get("unit"), gettext("Unit")),
            team_id=optional_id(request.form.get("team"), gettext("Team")),
            mode=request.form.get("mode", "foot"),
            file_name=name,
        )
        with writing() as session:
            track = add_track(session, current_actor(), new, positions)
    except GeodataError as refused:
        if isinstance(refused, GridmapError) and refused.status not in (400, 409):
            raise
        return _form(say(refused.message)), 409 if isinstance(refused, ConflictError) else 400
    return redirect(url_for("tracks.show", track_id=track.id))


@blueprint.post("/positions")
@needs(Action.REPORT_INCIDENT)
def record() -> Response:
    """Take in what a phone recorded: ``{"route": id, "positions": [[lon, lat, ms, m], ...]}``."""
    content = body()
    positions = _from_phone(content.get("positions"))
    new = NewTrack("phone", route_id=optional_id(content.get("route"), gettext("Route")))
    with writing() as session:
        track = add_track(session, current_actor(), new, positions)
    return jsonify(url=url_for("tracks.show", track_id=track.id))


def _read(content: bytes, name: str) -> gpd.GeoDataFrame:
    with reading() as connection, Session(connection) as session:
        zone = str(town_zone(session))
    system = request.form.get("system") or None
    if system is not None and system not in SYSTEMS:
        raise GridmapError(Message("{value} is no coordinate system of the list.", value=system))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        positions, _ = read_positions(path, system=system, zone=zone)
    return positions


def _from_phone(given: Any) -> gpd.GeoDataFrame:
    """Return the positions of a phone as a frame.

    Raises
    ------
    GridmapError
        If they cannot be understood.
    """
    fault = GridmapError(Message("The request cannot be understood."))
    if not isinstance(given, list) or not 0 < len(given) <= MOST_POSITIONS:
        raise fault
    rows = []
    for each in given:
        if not isinstance(each, list) or len(each) != 4:
            raise fault
        lon, lat, at_ms, metres = each
        numbers = [value for value in (lon, lat, at_ms) if isinstance(value, int | float)]
        if len(numbers) != 3 or not all(math.isfinite(value) for value in numbers):
            raise fault
        if not (-180 <= lon <= 180 and -90 <= lat <= 90 and 0 < at_ms < 4e12):
            raise fault
        rows.append((lon, lat, at_ms, metres if isinstance(metres, int | float) else math.nan))
    frame = pd.DataFrame(rows, columns=["lon", "lat", "ms", "accuracy_m"])
    frame["at"] = pd.to_datetime(frame["ms"], unit="ms", utc=True)
    if frame["at"].max() > pd.Timestamp(datetime.now(UTC)) + pd.Timedelta(hours=1):
        raise GridmapError(Message("The phone's clock is wrong: it is ahead of the server's."))
    points = gpd.points_from_xy(frame["lon"], frame["lat"])
    return gpd.GeoDataFrame(frame[["at", "accuracy_m"]], geometry=points, crs="EPSG:4326")


def _form(fault: str | None) -> str:
    actor = current_actor()
    with reading() as connection, Session(connection) as session:
        routes, teams = route_choices(session, actor), team_choices(session, actor)
        units = unit_choices(session, actor)
    return render_template(
        "tracks/new.html",
        fault=fault,
        given=request.form,
        chosen=request.form.get("route") or request.args.get("route", ""),
        routes=routes,
        teams=teams,
        units=units,
        modes=MODES,
        systems=SYSTEMS,
    )
