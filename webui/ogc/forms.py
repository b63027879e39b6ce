"""A page of features as a file: CSV, GeoPackage, FlatGeobuf, or GeoJSON in a Chinese datum.

RFC 7946 knows WGS 84 alone, so a page in GCJ-02 or BD-09 says so in a member ``coordinate_system``,
in its name and in a header, lest it be laid on a map as if it were WGS 84.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from flask import Response, request, send_file

from geodata.files.writing import write_parts
from geodata.messages import Message
from gridmap.errors import ParameterError
from gridmap.exchange.collections import Collection, Column
from gridmap.exchange.features import Page
from webui.ogc.answers import GEOJSON


@dataclass(frozen=True)
class Form:
    """A kind of file."""

    ending: str
    kind: str
    format: str
    system: str = "WGS84"


FORMS = {
    "csv": Form(".csv", "text/csv", "csv"),
    "gpkg": Form(".gpkg", "application/geopackage+sqlite3", "gpkg"),
    "fgb": Form(".fgb", "application/flatgeobuf", "flatgeobuf"),
    "gcj02": Form(".gcj02.geojson", GEOJSON, "geojson", "GCJ02"),
    "bd09": Form(".bd09.geojson", GEOJSON, "geojson", "BD09"),
}


def as_file(
    form: Form, collection: Collection, columns: tuple[Column, ...], page: Page
) -> Response:
    """Answer with a page as a file.

    Raises
    ------
    ParameterError
        If coordinates are asked for that the form does not hold.
    """
    if "crs" in request.args:
        raise ParameterError(
            "crs", Message("crs: this form is always in {system}.", system=form.system)
        )
    frame = _frame(columns, page)
    with TemporaryDirectory(prefix="gridmap-") as folder:
        path = Path(folder) / f"{collection.key}{form.ending}"
        shape = collection.shape if form.format != "csv" or collection.shape == "Point" else None
        write_parts([frame], path, form.format, form.system, shape=shape)
        content = BytesIO(path.read_bytes())
    response = send_file(content, form.kind, as_attachment=True, download_name=path.name)
    if form.system != "WGS84":
        response.headers["Content-Crs"] = f"<urn:gridmap:crs:{form.system}>"
    return response


def _frame(columns: tuple[Column, ...], page: Page) -> gpd.GeoDataFrame:
    """Return a page as a frame with the types of its columns, also where it is empty."""
    features = json.loads(b"[" + page.features + b"]")
    table = {"id": pd.Series([one["id"] for one in features], dtype="int64")}
    for column in columns:
        values = [one["properties"][column.name] for one in features]
        table[column.name] = _series(values, column)
    texts = [None if one["geometry"] is None else json.dumps(one["geometry"]) for one in features]
    shapes = gpd.GeoSeries(shapely.from_geojson(texts) if texts else [], crs="EPSG:4326")
    return gpd.GeoDataFrame(table, geometry=shapes)


def _series(values: list[Any], column: Column) -> pd.Series:
    if column.type == "date-time":
        return pd.Series(pd.to_datetime(values, utc=True, format="ISO8601")).dt.as_unit("us")
    kinds = {"integer": "Int64", "number": "float64", "boolean": "boolean"}
    return pd.Series(values, dtype=kinds.get(column.type, "str"))
