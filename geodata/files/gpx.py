"""GPX 1.0 and 1.1: waypoints as points, routes and tracks as lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geodata.files.table import RawTable, choose_layer
from geodata.files.vector import as_table, check_beginning, layer_names, read_layer
from geodata.messages import N_
from geodata.problems import Problems

LAYERS = ["waypoints", "routes", "tracks"]


def read_gpx(path: Path, layer: str | None = None) -> RawTable:
    """Read a GPX file.

    Parameters
    ----------
    path : Path
        A GPX 1.0 or 1.1 file.
    layer : str, optional
        ``waypoints``, ``routes``, ``tracks``, ``route_points`` or ``track_points``; without it
        the first three come together, told apart by the column ``gpx``.

    Raises
    ------
    GeodataError
        If it is no GPX file or there is no such layer.
    """
    check_beginning(path)
    present = layer_names(path)
    names = [choose_layer(path, present, layer)] if layer else LAYERS
    parts = [as_table(path, name, *read_layer(path, name)) for name in names]
    for part in parts:
        if part.layer == "tracks" and part.geometry is not None:
            _rebuild_tracks(path, part)
    filled = [part for part in parts if len(part)] or parts[:1]
    problems = Problems()
    rows = np.arange(1, sum(len(part) for part in filled) + 1, dtype=np.int64)
    shapes = np.concatenate([_own(part.geometry) for part in filled])
    frame = pd.concat(
        [part.frame.assign(gpx=part.layer) for part in filled], ignore_index=True
    ).dropna(axis="columns", how="all")
    useless = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    shapes[useless] = None
    problems.add_many(
        "track-too-short",
        N_("row {row}: the track or route has fewer than two points"),
        rows[useless],
        field="geometry",
    )
    return RawTable(frame, rows, problems, shapes, "EPSG:4326", layer=layer, path=path)


def _own(shapes: npt.NDArray[np.object_] | None) -> npt.NDArray[np.object_]:
    return np.empty(0, dtype=object) if shapes is None else shapes


def _rebuild_tracks(path: Path, tracks: RawTable) -> None:
    """Build tracks again without their segments of one point, which make the whole unreadable."""
    shapes = tracks.geometry
    if shapes is None or not shapely.is_missing(shapes).any():
        return
    points = as_table(path, "track_points", *read_layer(path, "track_points"))
    track, segment = (
        points.frame[name].to_numpy("int64") for name in ("track_fid", "track_seg_id")
    )
    segments = pd.Series(1, index=pd.MultiIndex.from_arrays([track, segment])).groupby(level=[0, 1])
    long = (segments.transform("size") > 1).to_numpy()
    if not long.any() or points.geometry is None:
        return
    number = segments.ngroup().to_numpy()[long]
    _, line = np.unique(number, return_inverse=True)
    lines = np.asarray(
        shapely.linestrings(shapely.get_coordinates(points.geometry[long]), indices=line)
    )
    owners = track[long][np.unique(line, return_index=True)[1]]
    broken = np.isin(owners, np.flatnonzero(shapely.is_missing(shapes)))
    if broken.any():
        fids, group = np.unique(owners[broken], return_inverse=True)
        shapes[fids] = shapely.multilinestrings(lines[broken], indices=group)
