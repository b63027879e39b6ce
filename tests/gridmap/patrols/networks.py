"""Networks for tests: drawn by hand, and random ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from hypothesis import strategies as st

from geodata.metric import metres_per_degree
from gridmap.patrols.network import Mode, Network
from gridmap.patrols.streets.building import Streets

ALL = int(Mode.FOOT | Mode.BICYCLE | Mode.CAR)
Line = Sequence[tuple[float, float]]


def network_of(
    *lines: Line, backward: Sequence[int] | None = None, forward: Sequence[int] | None = None
) -> Network:
    """Join lines in metres where their ends are equal; without masks everybody goes both ways."""
    shapes = np.array([shapely.LineString(line) for line in lines], dtype=object)
    ends = np.array([[line[0], line[-1]] for line in lines], dtype=float)
    nodes, number = np.unique(ends.reshape(-1, 2), axis=0, return_inverse=True)
    number = number.reshape(-1, 2)
    masks = [
        np.array([ALL] * len(lines) if mask is None else mask, dtype=np.uint8)
        for mask in (forward, backward)
    ]
    return Network(
        x=nodes[:, 0],
        y=nodes[:, 1],
        start=number[:, 0],
        end=number[:, 1],
        length_m=shapely.length(shapes),
        forward=masks[0],
        backward=masks[1],
        lines=shapes,
        segment_id=np.arange(1, len(lines) + 1),
        name=np.array([f"S{k}" for k in range(len(lines))], dtype=object),
    )


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Streets between random crossings, some bent, some one-way for bicycles and cars."""
    corners = draw(
        st.lists(
            st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=2, max_size=12, unique=True
        )
    )
    pairs = draw(
        st.lists(
            st.tuples(st.sampled_from(corners), st.sampled_from(corners), st.integers(0, 3)).filter(
                lambda pair: pair[0] != pair[1]
            ),
            min_size=1,
            max_size=25,
        )
    )
    lines = [
        [a, ((a[0] + b[0]) / 2 + bend, (a[1] + b[1]) / 2 - bend), b] if bend else [a, b]
        for a, b, bend in pairs
    ]
    backward = [draw(st.sampled_from([ALL, int(Mode.FOOT)])) for _ in lines]
    scaled = [[(50.0 * x, 50.0 * y) for x, y in line] for line in lines]
    return network_of(*scaled, backward=backward)


#: The place in degrees of the point (0, 0) of roads in metres.
CORNER = (116.0, 28.0)
_SCALE = metres_per_degree(CORNER[1])


def roads_of(*rows: tuple[Line, Mapping[str, object]]) -> gpd.GeoDataFrame:
    """Make a frame of roads in metres from the corner, as an import stores them."""
    usual = {"name": "", "kind": "residential", "oneway": False, "bridge": False, "tunnel": False,
             "foot": None, "bicycle": None, "car": None}  # fmt: skip
    shapes = [shapely.LineString(np.array(line) / _SCALE + CORNER) for line, _ in rows]
    frame = pd.DataFrame([{**usual, **marks} for _, marks in rows], columns=list(usual))
    return gpd.GeoDataFrame(frame, geometry=shapes, crs="EPSG:4326")


def in_metres(streets: Streets) -> list[list[tuple[int, int]]]:
    """The lines of streets in whole metres from the corner, sorted."""
    lines = [
        [tuple(map(int, point)) for point in np.round((at - CORNER) * _SCALE).astype(int)]
        for at in map(shapely.get_coordinates, streets.lines)
    ]
    return sorted(min(line, line[::-1]) for line in lines)
