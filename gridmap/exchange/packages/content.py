"""What a package holds, as texts: one statement for each layer, the metadata and the dictionary."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gridmap.exchange.collections import Collection, Column
from gridmap.exchange.feature_sql import feature_sql
from gridmap.exchange.grant import Grant
from gridmap.exchange.privacy import published, snap_of
from gridmap.exchange.visible import geometry_of, visible
from gridmap.i18n import translate

DATA_DICTIONARY = "dictionary.csv"
METADATA = "metadata.json"
_CONFORMS = "https://www.rfc-editor.org/rfc/rfc7946"


@dataclass(frozen=True)
class Statement:
    """What reads a layer, and how many rows it has."""

    features: str
    count: str
    values: Mapping[str, Any]


def statement(collection: Collection, grant: Grant) -> Statement:
    """Compose what reads a layer's features as a reader may see them, as texts of GeoJSON.

    Parameters
    ----------
    collection : Collection
    grant : Grant
    """
    seen = published(collection, grant)
    conditions, values = visible(collection, grant)
    where = " AND ".join(conditions) or "true"
    feature = feature_sql(seen.columns, geometry_of(collection, grant), point=seen.shape == "Point")
    features = (
        f"SELECT {feature} FROM {seen.table} t {seen.joined(seen.columns)} "
        f"WHERE {where} ORDER BY t.id"
    )
    return Statement(features, f"SELECT count(*) FROM {seen.table} t WHERE {where}", values)


def metadata(
    grant: Grant, layers: Mapping[str, int], made_at: datetime, licence: str, program: str
) -> bytes:
    """Return what a package tells of itself, as JSON.

    Parameters
    ----------
    grant : Grant
        Whose package it is.
    layers : mapping of str to int
        The rows of each layer.
    made_at : datetime
        The moment of which all layers tell.
    licence : str
        The terms of use.
    program : str
        Name and version.
    """
    told = {
        "title": "gridmap",
        "source": program,
        "made_at": made_at.isoformat(timespec="seconds"),
        "licence": licence or None,
        "crs": "OGC:CRS84 (WGS 84, lon/lat)",
        "conforms_to": _CONFORMS,
        "agency_key": grant.name,
        "period": {"first": _day(grant.first), "last": _day(grant.last)},
        "whole_area": grant.units is None,
        "smallest_count": grant.smallest_count,
        "layers": [
            {
                "file": f"{one.key}.geojson",
                "title": {"zh": translate(one.title, "zh"), "en": one.title},
                "features": layers[one.key],
                "places": snap_of(one, grant.of(one)),
                "fields": [column.name for column in published(one, grant).columns],
            }
            for one in grant.collections()
        ],
    }
    return json.dumps(told, ensure_ascii=False, indent=2).encode() + b"\n"


def dictionary(grant: Grant) -> bytes:
    """Return the fields of all layers in both languages, as CSV that a spreadsheet opens."""
    stream = io.StringIO()
    rows = csv.writer(stream)
    rows.writerow(["file", "field", "type", "中文", "English", "small counts hidden 小数隐去"])
    for one in grant.collections():
        for column in published(one, grant).columns:
            rows.writerow(
                [
                    f"{one.key}.geojson",
                    column.name,
                    column.type,
                    translate(column.title, "zh"),
                    column.title,
                    _hidden(column, grant),
                ]
            )
    # The mark tells spreadsheets that this is UTF-8.
    return stream.getvalue().encode("utf-8-sig")


def _hidden(column: Column, grant: Grant) -> str:
    return f"< {grant.smallest_count}" if column.count and grant.smallest_count else ""


def _day(day: Any) -> str | None:
    return None if day is None else day.isoformat()
