"""What a run found as a file: GeoJSON, GeoPackage, and a picture for a slide or a report."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from flask import Response, abort
from flask_babel import get_locale
from sqlalchemy import Row
from sqlalchemy.orm import Session

from geodata.files.writing import write
from gridmap.hotspots.models import HotspotRun
from gridmap.hotspots.queries import find_run, found_rows, outlines
from gridmap.incidents.cases.categories import tree
from gridmap.workforce import audit
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.database import writing
from webui.hotspots.blueprint import blueprint
from webui.hotspots.choices import about, category_names, named
from webui.hotspots.picture import Title, draw
from webui.hotspots.single import legend_of
from webui.language import moment, say

_FIELDS = ("rank", "kind", "count", "expected", "p", "score", "month", "place", "cell")
_TYPES = {"rank": "Int64", "count": "Int64", "month": "Int64", "expected": "float64",
          "p": "float64", "score": "float64"}  # fmt: skip


@blueprint.get("/<int:run_id>/export/<form>")
@needs(Action.EXPORT)
def export(run_id: int, form: str) -> Response:
    """Send a run as ``geojson``, ``gpkg`` or ``png``; the export is recorded."""
    make = _MAKERS.get(form)
    if make is None:
        abort(404)
    actor = current_actor()
    with writing() as session:
        run = find_run(session, actor, run_id)
        if run.finished_at is None:
            abort(404)
        rows = found_rows(session.connection(), run_id)
        content = make(session, run, rows)
        told = {"format": form, "rows": len(rows)}
        audit.record(session, actor, "hotspots.export", ("hotspot_run", run_id), None, told)
    response = Response(content, mimetype=_TYPES_OF_FILES[form])
    name = f"hotspots-{run.id}-{run.first}-{run.last}.{form}"
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response


def _file(session: Session, run: HotspotRun, rows: Sequence[Row[Any]], ending: str) -> bytes:
    table = pd.DataFrame([row._mapping for row in rows], columns=[*_FIELDS, "shape"])
    frame = gpd.GeoDataFrame(
        table[list(_FIELDS)].astype(_TYPES),
        geometry=shapely.from_wkb([bytes(shape) for shape in table["shape"]]),
        crs="EPSG:4326",
    )
    # A file tells by itself what it speaks of.
    frame["analysis"], frame["first"], frame["last"] = run.analysis, str(run.first), str(run.last)
    frame["incidents"] = run.incidents
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"hotspots{ending}"
        write(frame, path)
        return path.read_bytes()


def _picture(session: Session, run: HotspotRun, rows: Sequence[Row[Any]]) -> bytes:
    names = category_names(tree(session))
    language = str(get_locale())
    made = moment(run.finished_at, "yyyy-MM-dd HH:mm") if run.finished_at else ""
    title = Title(
        name=named(run, names),
        about=f"{run.first} – {run.last} · {about(run, names)}",
        incidents=run.incidents or 0,
        made=made,
        language=language,
    )
    legend = [(kind, colour, say(word)) for kind, colour, word in legend_of(run)]
    shapes = [(row.kind, row.rank, shapely.from_wkb(bytes(row.shape))) for row in reversed(rows)]
    area = shapely.from_wkb(list(outlines(session.connection(), run)))
    return draw(title, legend, shapes, area)


_MAKERS: dict[str, Callable[[Session, HotspotRun, Sequence[Row[Any]]], bytes]] = {
    "geojson": lambda session, run, rows: _file(session, run, rows, ".geojson"),
    "gpkg": lambda session, run, rows: _file(session, run, rows, ".gpkg"),
    "png": _picture,
}
_TYPES_OF_FILES = {
    "geojson": "application/geo+json",
    "gpkg": "application/geopackage+sqlite3",
    "png": "image/png",
}
