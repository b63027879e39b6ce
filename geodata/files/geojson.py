"""GeoJSON (RFC 7946), read strictly enough that what is odd is named and what is sound is kept."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geodata.files.encodings import decode
from geodata.files.geojson_faults import Faults, mended
from geodata.files.table import RawTable
from geodata.messages import N_, GeodataError, Message
from geodata.problems import Problems

# A parsed GeoJSON takes about six times its size in memory.
MAX_BYTES = 512 << 20
GEOMETRY_TYPES = {
    "Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon",
    "GeometryCollection",
}  # fmt: skip
SYSTEM_MEMBER = "coordinate_system"


def read_geojson(path: Path, encoding: str | None = None) -> RawTable:
    """Read a FeatureCollection, a Feature, a bare geometry, or one of these on each line.

    Parameters
    ----------
    path : Path
        The file.
    encoding : str, optional
        The encoding, when it should not be detected; RFC 7946 knows only UTF-8.

    Returns
    -------
    RawTable
        ``system`` is EPSG:4326 unless a ``crs`` member or our own ``coordinate_system`` member
        says otherwise. A feature's ``id`` becomes the column ``id`` where there is none yet.

    Raises
    ------
    GeodataError
        If the file is no GeoJSON; a fault of single features is a problem of their rows.
    """
    if path.stat().st_size > MAX_BYTES:
        raise GeodataError(
            Message(
                "{file} is larger than {limit} MB; save it as GeoPackage and import that",
                file=path.name,
                limit=MAX_BYTES >> 20,
            )
        )
    text, used = decode(path.read_bytes(), path.name, encoding)
    documents = _documents(text.removeprefix("\ufeff"), path.name)
    problems = Problems()
    features: list[Any] = []
    for document in documents:
        features.extend(_features(document, path.name, problems))
    first = documents[0] if documents else {}
    raw = _assemble(features, problems)
    raw.path, raw.encoding, raw.system = path, used, _system(first, path.name)
    return raw


def _documents(text: str, name: str) -> list[Any]:
    """Return the one document of the file, or one per line."""
    try:
        return [json.loads(text)]
    except RecursionError as error:
        raise GeodataError(Message("{file} is nested too deeply", file=name)) from error
    except json.JSONDecodeError as error:
        lines = [line.strip("\x1e ") for line in text.splitlines()]
        lines = [line for line in lines if line]
        if error.msg == "Extra data" and len(lines) > 1:
            try:
                return list(json.loads("[" + ",".join(lines) + "]"))
            except (json.JSONDecodeError, RecursionError):
                pass
        raise GeodataError(
            Message(
                "{file} is no JSON: {reason} at line {line}, character {column}",
                file=name,
                reason=error.msg,
                line=error.lineno,
                column=error.colno,
            )
        ) from error


def _features(document: Any, name: str, problems: Problems) -> list[Any]:
    """Return the features of one document, or say why it has none."""
    if not isinstance(document, dict):
        raise GeodataError(
            Message("{file} is JSON but no GeoJSON: it is not an object with a type", file=name)
        )
    kind = document.get("type")
    _check_box(document, name, problems)
    if kind == "FeatureCollection":
        features = document.get("features")
        if not isinstance(features, list):
            raise GeodataError(
                Message("{file}: the member features is missing or is not a list", file=name)
            )
        return features
    if kind == "Feature":
        return [document]
    if kind in GEOMETRY_TYPES:
        return [{"type": "Feature", "properties": None, "geometry": document}]
    if "type" not in document:
        raise GeodataError(Message("{file} is no GeoJSON: it has no member type", file=name))
    raise GeodataError(
        Message(
            "{file} is no GeoJSON: its type is {kind}, not FeatureCollection, "
            "Feature or a geometry",
            file=name,
            kind=json.dumps(kind, ensure_ascii=False)[:60],
        )
    )


def _check_box(document: dict[str, Any], name: str, problems: Problems) -> None:
    box = document.get("bbox")
    numbers = isinstance(box, list) and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in box
    )
    if box is not None and not (numbers and len(box) in {4, 6}):
        problems.add(
            "bbox-ignored",
            N_("{file}: the bbox is not a list of 4 or 6 numbers; it is not used"),
            severity="warning",
            file=name,
        )


def _system(document: Any, name: str) -> str:
    """Return the coordinate system the document declares."""
    own = document.get(SYSTEM_MEMBER)
    if isinstance(own, str):
        return own
    declared = document.get("crs")
    if declared is None:
        return "EPSG:4326"
    try:
        text = str(declared["properties"]["name"])
    except (KeyError, TypeError) as error:
        raise GeodataError(
            Message("{file}: the member crs names no coordinate system", file=name)
        ) from error
    # The old specification writes urn:ogc:def:crs:EPSG::32632 and ...:OGC:1.3:CRS84.
    authority, _, code = text.removeprefix("urn:ogc:def:crs:").rpartition(":")
    if code.upper() == "CRS84":
        return "EPSG:4326"
    return f"{authority.split(':')[0] or 'EPSG'}:{code}"


def _assemble(features: list[Any], problems: Problems) -> RawTable:
    """Build columns and geometries from the features, and tell of those that are broken."""
    faults = Faults()
    sound = np.array([_is_sound(feature, row, faults) for row, feature in enumerate(features, 1)],
                     dtype=bool)  # fmt: skip
    rows = np.flatnonzero(sound).astype(np.int64) + 1
    kept = [feature for feature, good in zip(features, sound, strict=True) if good]
    shapes = _geometries([feature["geometry"] for feature in kept], rows, faults)
    frame = _columns([feature.get("properties") or {} for feature in kept])
    ids = [feature.get("id") for feature in kept]
    if "id" not in frame and any(value is not None for value in ids):
        frame["id"] = pd.Series(
            [str(value) if isinstance(value, str | int | float) else None for value in ids],
            dtype="str",
        )
    faults.tell(problems)
    return RawTable(frame, rows, problems, shapes)


def _columns(records: list[dict[str, Any]]) -> pd.DataFrame:
    """Make columns of the properties; what is mixed becomes text."""
    names = list(dict.fromkeys(name for record in records for name in record))
    return pd.DataFrame(
        {_clean(name): _column([record.get(name) for record in records]) for name in names},
        index=range(len(records)),
    )


def _column(values: list[Any]) -> pd.Series:
    kinds = {type(value) for value in values if value is not None}
    # A column of integers must not become one of floats where one is missing: the great ones,
    # which are identifiers, would change.
    if kinds == {int} and all(abs(value) < 2**63 for value in values if value is not None):
        return pd.Series(values, dtype="Int64")
    if kinds == {bool}:
        return pd.Series(values, dtype="boolean" if None in values else "bool")
    exact = not any(type(value) is int and abs(value) > 2**53 for value in values)
    if float in kinds and kinds <= {int, float} and exact:
        return pd.Series(values, dtype="float64")
    return pd.Series([_as_text(value) for value in values], dtype="str")


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return None if value is None else _clean(value)
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    return str(value) if isinstance(value, int) else _clean(json.dumps(value, ensure_ascii=False))


def _clean(text: str) -> str:
    """Drop what JSON can write but no database can hold: NUL, and halves of characters."""
    if "\0" in text or not text.isascii():
        return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    return text


def _is_sound(feature: Any, row: int, faults: Faults) -> bool:
    """Return whether the frame of a feature is right; its geometry is looked at later."""
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        faults.add(row, "not-a-feature", N_("row {row} is not an object of the type Feature"))
        return False
    if "geometry" not in feature:
        faults.add(
            row, "geometry-member-missing", N_("row {row}: the feature has no member geometry")
        )
        return False
    if not isinstance(feature.get("properties"), dict | None):
        faults.add(
            row, "properties-not-object", N_("row {row}: the properties are not an object or null")
        )
        return False
    if not isinstance(feature.get("id"), str | int | float | None):
        faults.add(
            row,
            "id-ignored",
            N_("row {row}: the id is neither a text nor a number; it is not used"),
            severity="warning",
        )
    return True


def _geometries(
    members: list[Any], rows: npt.NDArray[np.int64], faults: Faults
) -> npt.NDArray[np.object_]:
    """Return the geometries; only those that GEOS refuses are looked at one by one."""
    texts = np.array(
        [
            json.dumps(member)
            if isinstance(member, dict) and member.get("type") in GEOMETRY_TYPES
            else None
            for member in members
        ],
        dtype=object,
    )
    with warnings.catch_warnings():
        # A number too large for a double overflows here; it comes back missing.
        warnings.simplefilter("ignore", RuntimeWarning)
        shapes: npt.NDArray[np.object_] = shapely.from_geojson(texts, on_invalid="ignore")
    shapes = shapely.force_2d(shapes)
    for position in np.flatnonzero(shapely.is_missing(shapes)):
        if members[position] is not None:
            shapes[position] = mended(members[position], int(rows[position]), faults)
    return shapes
