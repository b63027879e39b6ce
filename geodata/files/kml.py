"""KML: shapes by GDAL, and the extended data that its reader leaves out."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

import numpy as np
import pandas as pd

from geodata.files.encodings import decode
from geodata.files.table import RawTable, choose_layer
from geodata.files.vector import as_table, check_beginning, layer_names, read_layer
from geodata.messages import N_

# Columns the driver invents; they are dropped where no record fills them.
_EXTRAS = [
    "id", "timestamp", "begin", "end", "altitudeMode", "tessellate", "extrude", "visibility",
    "drawOrder", "icon", "snippet",
]  # fmt: skip
_SHAPES = {"Point", "LineString", "LinearRing", "Polygon", "MultiGeometry"}
_CHINESE = re.compile(rb"""^\s*<\?xml[^>]*encoding=["'](gbk|gb2312|gb18030)["'][^>]*\?>""", re.I)


def read_kml(path: Path, layer: str | None = None) -> RawTable:
    """Read a folder of a KML or KMZ file; it must be named when there are several.

    Raises
    ------
    GeodataError
        If it is no such file, or there is no such folder.
    """
    check_beginning(path)
    if path.suffix.lower() == ".kmz":
        return _read(path, path, layer)
    data = path.read_bytes()
    chinese = _CHINESE.match(data)
    if chinese is None:
        return _read(path, path, layer)
    # GDAL's parser knows no Chinese encoding.
    text, encoding = decode(data[chinese.end() :], path.name, "gb18030")
    with TemporaryDirectory(prefix="gridmap-") as folder:
        copy = Path(folder) / path.name
        copy.write_text('<?xml version="1.0" encoding="UTF-8"?>' + text, encoding="utf-8")
        raw = _read(copy, path, layer)
    raw.encoding = encoding
    return raw


def _read(file: Path, shown: Path, layer: str | None) -> RawTable:
    chosen = choose_layer(shown, layer_names(file), layer)
    raw = as_table(shown, chosen, *read_layer(file, chosen))
    empty = [
        name
        for name in _EXTRAS
        if name in raw.frame and raw.frame[name].replace([-1, 0, ""], np.nan).isna().all()
    ]
    raw.frame = raw.frame.drop(columns=empty)
    raw.system = "EPSG:4326"
    if file.suffix.lower() == ".kml":
        _add_extended(raw, file, chosen)
    return raw


def _add_extended(raw: RawTable, file: Path, layer: str) -> None:
    """Add the extended data of the folder's placemarks as columns of text."""
    content = file.read_bytes()
    if b"ExtendedData" not in content:
        return
    root = ElementTree.fromstring(content)  # noqa: S314 - GDAL has parsed it with the same expat.
    folders = [node for node in root.iter() if _tag(node) in {"Document", "Folder"}]
    named = [node for node in folders if _text(node, "name") == layer] or folders[:1]
    marks = [node for folder in named for node in folder if _tag(node) == "Placemark"]
    if len(marks) != len(raw):
        marks = [node for node in marks if any(_tag(child) in _SHAPES for child in node)]
    if len(marks) != len(raw):
        raw.problems.add(
            "extended-data-ignored",
            N_("{file}: the extended data of its placemarks cannot be told apart; it is not read"),
            severity="warning",
            file=raw.path.name if raw.path else "?",
        )
        return
    extended = pd.DataFrame([_data(mark) for mark in marks], index=raw.frame.index)
    fresh = extended.columns.difference(raw.frame.columns, sort=False)
    raw.frame = raw.frame.join(extended[fresh].astype("str").replace("", None))


def _data(mark: ElementTree.Element) -> dict[str, str | None]:
    """Return the names and values, of both the free form and the one with a schema."""
    found: dict[str, str | None] = {}
    for node in mark.iter():
        name = node.get("name")
        if name and _tag(node) == "Data":
            found[name] = _text(node, "value")
        elif name and _tag(node) == "SimpleData":
            found[name] = (node.text or "").strip() or None
    return found


def _tag(node: ElementTree.Element) -> str:
    return node.tag.rpartition("}")[2]


def _text(node: ElementTree.Element, tag: str) -> str | None:
    child = next((child for child in node if _tag(child) == tag), None)
    return None if child is None else (child.text or "").strip() or None
