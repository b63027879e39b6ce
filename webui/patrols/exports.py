"""Routes as files: GPX and GeoJSON, named as the route is."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from io import BytesIO

from flask import Response, abort, send_file
from sqlalchemy.orm import Session

from gridmap.patrols.routes.files_out import geojson_of, gpx_of
from gridmap.patrols.routes.queries import find_route, stops_of
from gridmap.workforce import audit
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.database import reading, writing
from webui.patrols.blueprint import blueprint

_TYPES = {"gpx": "application/gpx+xml", "geojson": "application/geo+json"}


@blueprint.get("/<int:route_id>/export/<form>")
@needs(Action.EXPORT)
def export(route_id: int, form: str) -> Response:
    """Send a route as ``gpx`` or ``geojson``; the export is recorded."""
    if form not in _TYPES:
        abort(404)
    actor = current_actor()
    with reading() as connection, Session(connection) as session:
        route = find_route(session, actor, route_id)
        stops = stops_of(session, route_id)
        if form == "gpx":
            content = gpx_of(route, stops, datetime.now(UTC))
        else:
            content = geojson_of(route, stops)
    with writing() as session:
        audit.record(
            session, actor, "patrols.export", ("patrol_route", route_id), None, {"format": form}
        )
    # It writes Chinese letters as RFC 6266 asks for.
    return send_file(
        BytesIO(content),
        mimetype=_TYPES[form],
        as_attachment=True,
        download_name=f"{_file_name(route.name)}.{form}",
    )


def _file_name(name: str) -> str:
    """Return a name without what file systems refuse."""
    plain = re.sub(r'[\\/:*?"<>|\x00-\x1f]+', "-", name).strip(" .-")
    return plain or "route"
