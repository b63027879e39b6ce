"""What a run found as a file: GeoJSON, GeoPackage, and a picture for a slide or a report."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
from gridmap.hotspots.queries import found_rows, outlines, with_state
from gridmap.incidents.cases.categories import tree
from gridmap.workforce import audit
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.database import reading, writing
from webui.hotspots import words
from webui.hotspots.blueprint import blueprint
from webui.hotspots.choices import about, category_names, named
from webui.hotspots.picture import Title, draw
from webui.hotspots.single import legend_of
from webui.language import moment, say

_FIELDS = ("rank", "kind", "count", "expected", "p", "score", "place", "cell")
_TYPES = {"rank": "Int64", "count": "Int64", "expected": "float64",
          "p": "float64", "score": "float64"}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """What an export is made of: the run, where it looked, its shapes, outlines, and names."""

    run: HotspotRun
    where: str
    rows: Sequence[Row[Any]]
    area: Sequence[bytes]
    names: Mapping[str, str]


@blueprint.get("/<int:run_id>/export/<form>")
@needs(Action.EXPORT)
def export(run_id: int, form: str) -> Response:
    """Send a run as ``geojson``, ``gpkg`` or ``png``; the export is recorded."""
    make = _MAKERS.get(form)
    if make is None:
        abort(404)
    actor = current_actor()
    with reading() as connection, Session(connection) as session:
        found = with_state(session, actor, run_id)
        run = found.HotspotRun
        if run.finished_at is None:
            abort(404)
        rows = found_rows(connection, run_id)
        area = outlines(connection, run)
        names = category_names(tree(session))
    # Drawing takes a while, in which no transaction stays open.
    content = make(Found(run, words.area(found), rows, area, names))
    told = {"format": form, "rows": len(rows)}
    with writing() as session:
        audit.record(session, actor, "hotspots.export", ("hotspot_run", run_id), None, told)
    response = Response(content, mimetype=_TYPES_OF_FILES[form])
    name = f"hotspots-{run.id}-{run.first}-{run.last}.{form}"
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response


def _file(found: Found, ending: str) -> bytes:
    run = found.run
    table = pd.DataFrame([row._mapping for row in found.rows], columns=[*_FIELDS, "shape"])
    frame = gpd.GeoDataFrame(
        table[list(_FIELDS)].astype(_TYPES),
        geometry=shapely.from_wkb([bytes(shape) for shape in table["shape"]]),
        crs="EPSG:4326",
    )
    frame["class"] = [words.kind(run.analysis, row.kind) for row in found.rows]
    # A file tells by itself what it speaks of.
    frame["area"] = found.where
    frame["categories"] = about(run, found.names, most=len(run.categories))
    frame["analysis"], frame["first"], frame["last"] = run.analysis, str(run.first), str(run.last)
    frame["incidents"] = run.incidents
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"hotspots{ending}"
        write(frame, path)
        return path.read_bytes()


def _picture(found: Found) -> bytes:
    run = found.run
    language = str(get_locale())
    made = moment(run.finished_at, "yyyy-MM-dd HH:mm") if run.finished_at else ""
    title = Title(
        name=named(run, found.names),
        about=f"{run.first} – {run.last} · {about(run, found.names)} · {found.where}",
        incidents=run.incidents or 0,
        made=made,
        language=language,
    )
    legend = [(kind, colour, say(word)) for kind, colour, word in legend_of(run)]
    geometries = shapely.from_wkb([bytes(row.shape) for row in found.rows])
    shapes = [
        (row.kind, row.rank, shape) for row, shape in zip(found.rows, geometries, strict=True)
    ]
    return draw(title, legend, shapes[::-1], shapely.from_wkb(list(found.area)))


_MAKERS: dict[str, Callable[[Found], bytes]] = {
    "geojson": lambda found: _file(found, ".geojson"),
    "gpkg": lambda found: _file(found, ".gpkg"),
    "png": _picture,
}
_TYPES_OF_FILES = {
    "geojson": "application/geo+json",
    "gpkg": "application/geopackage+sqlite3",
    "png": "image/png",
}
