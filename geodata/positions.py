"""Positions that a device recorded on its way, from GPX, GeoJSON or a table."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata import mapping
from geodata.files.reading import read
from geodata.files.table import RawTable
from geodata.messages import N_, GeodataError, Message
from geodata.problems import Problems

#: What programs call the list of times beside the coordinates of a line.
_TIMES = ("coordTimes", "times", "timestamps")
_NO_TIMES = N_(
    "{file} tells no times. A track needs the time of each position: a GPX track with <time>, "
    "GeoJSON points with a property time, or a table with columns for time, longitude and latitude."
)


def read_positions(
    path: Path, *, system: str | None = None, zone: str, now: dt.datetime | None = None
) -> tuple[gpd.GeoDataFrame, Problems]:
    """Read the positions of a track.

    Parameters
    ----------
    path : Path
        GPX with a track, GeoJSON of points with a time each or of lines with ``coordTimes``, or a
        table (CSV, Excel) with columns for time, longitude and latitude.
    system : str, optional
        The coordinate system where the file's own is not meant, such as ``GCJ-02``.
    zone : str
        The IANA time zone of times without an offset; those of GPX are UTC.
    now : datetime, optional
        Times after it are wrong. The clock's, when it is not given.

    Returns
    -------
    frame : GeoDataFrame, EPSG:4326
        Points with the columns ``at`` (UTC) and ``accuracy_m``, in the order of the file.
    problems : Problems
        Of single positions, which are left out.

    Raises
    ------
    GeodataError
        If the file cannot be read, tells no times, or holds no position that can be used.
    """
    gpx = path.suffix.lower() == ".gpx"
    raw = _read_gpx(path) if gpx else _as_points(read(path))
    chosen = mapping.guess("positions", [str(name) for name in raw.frame.columns], raw.frame[:100])
    if chosen.time is None:
        raise GeodataError(Message(_NO_TIMES, file=path.name))
    location = chosen.location
    if system is not None:
        location = location.model_copy(update={"system": system})
    elif location.system is None and raw.system is None:
        location = location.model_copy(update={"system": "EPSG:4326"})
    time = chosen.time.model_copy(update={"zone": "UTC" if gpx else zone})
    chosen = chosen.model_copy(update={"time": time, "location": location})
    frame, problems = mapping.apply(raw, chosen, now=now)
    if frame.empty:
        first = next((each for each in problems if each.severity == "error"), None)
        raise GeodataError(
            Message("{file} holds no position that can be used.", file=path.name)
            if first is None
            else Message(
                "{file} holds no position that can be used: {problem}",
                file=path.name,
                problem=first.message,
            )
        )
    return gpd.GeoDataFrame(frame), problems


def _read_gpx(path: Path) -> RawTable:
    try:
        return read(path, layer="track_points")
    except GeodataError as error:
        # A readable file of routes or waypoints alone lacks what makes a track.
        try:
            read(path)
        except GeodataError:
            raise error from None
        raise GeodataError(Message(_NO_TIMES, file=path.name)) from error


def _as_points(raw: RawTable) -> RawTable:
    """Take lines apart whose times stand in a list beside them, as exports of watches do."""
    name = next((name for name in _TIMES if name in raw.frame), None)
    if name is None or raw.geometry is None:
        return raw
    rows, times, points = [], [], []
    for row, listed, line in zip(raw.rows, raw.frame[name], raw.geometry, strict=True):
        moments = _flat(listed)
        coordinates = shapely.get_coordinates(line)
        if len(moments) != len(coordinates):
            raise GeodataError(
                Message(
                    "{file}: feature {row} has {times} times for {positions} positions",
                    file=raw.path.name if raw.path else "?",
                    row=int(row),
                    times=len(moments),
                    positions=len(coordinates),
                )
            )
        rows.append(np.full(len(coordinates), row))
        times += moments
        points.append(np.asarray(shapely.points(coordinates), dtype=object))
    return RawTable(
        pd.DataFrame({"time": pd.Series(times, dtype="str")}),
        np.arange(1, len(times) + 1, dtype=np.int64),
        raw.problems,
        np.concatenate(points) if points else np.empty(0, dtype=object),
        raw.system,
        raw.encoding,
        raw.layer,
        raw.path,
    )


def _flat(listed: Any) -> list[str]:
    """Return the times of a line, or of all parts of a line."""
    try:
        found = json.loads(listed) if isinstance(listed, str) else listed
    except json.JSONDecodeError:
        return []
    if not isinstance(found, list):
        return []
    flat: list[str] = []
    for each in found:
        flat += [str(one) for one in each] if isinstance(each, list) else [str(each)]
    return flat
