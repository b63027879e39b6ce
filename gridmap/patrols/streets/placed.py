"""The network with the plane of metres that it lies in."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock

import numpy as np
import pyproj
import shapely
from numpy.typing import ArrayLike, NDArray

from geodata.metric import local_metric_crs
from gridmap.patrols.network import Floats, Integers, Masks, Mode, Network
from gridmap.patrols.streets.routing import Router


@dataclass(frozen=True, eq=False)
class Placed:
    """A network and where on the globe it is.

    Attributes
    ----------
    network : Network
        In metres of `crs`.
    crs : pyproj.CRS
    bounds : tuple of float
        West, south, east and north in degrees.
    """

    network: Network
    crs: pyproj.CRS
    bounds: tuple[float, float, float, float]
    _routers: dict[Mode, Router] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def metres(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
        """Return positions in WGS 84 as metres in the network's plane."""
        x, y = self._ways[0].transform(np.asarray(lon, float), np.asarray(lat, float))
        return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)

    def degrees(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        """Return positions in the network's plane as longitude and latitude in WGS 84."""
        lon, lat = self._ways[1].transform(np.asarray(x, float), np.asarray(y, float))
        return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)

    def router(self, mode: Mode) -> Router:
        """Return the router of a mode, made once."""
        with self._lock:
            if mode not in self._routers:
                self._routers[mode] = Router(self.network, mode)
            return self._routers[mode]

    @cached_property
    def _ways(self) -> tuple[pyproj.Transformer, pyproj.Transformer]:
        return (
            pyproj.Transformer.from_crs("EPSG:4326", self.crs, always_xy=True),
            pyproj.Transformer.from_crs(self.crs, "EPSG:4326", always_xy=True),
        )


def place(
    lines: NDArray[np.object_],
    start: Integers,
    end: Integers,
    length_m: Floats,
    forward: Masks,
    backward: Masks,
    segment_id: Integers,
    name: NDArray[np.object_],
) -> Placed:
    """Put streets in degrees into the local plane of metres.

    Parameters
    ----------
    lines : ndarray of LineString, shape (segments,)
        In EPSG:4326; there must be some.
    start, end, length_m, forward, backward, segment_id, name : ndarray, shape (segments,)
        As in `Network`, nodes numbered from 0.
    """
    west, south, east, north = (float(value) for value in shapely.total_bounds(lines))
    crs = local_metric_crs((west + east) / 2, (south + north) / 2)
    forth = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    at, owner = shapely.get_coordinates(lines, return_index=True)
    plane = np.column_stack(forth.transform(at[:, 0], at[:, 1]))
    first = np.searchsorted(owner, np.arange(len(lines)))
    last = np.append(first[1:], len(owner)) - 1
    nodes = np.empty((int(max(start.max(), end.max())) + 1, 2))
    nodes[start], nodes[end] = plane[first], plane[last]
    network = Network(
        x=nodes[:, 0].copy(),
        y=nodes[:, 1].copy(),
        start=start,
        end=end,
        length_m=length_m,
        forward=forward,
        backward=backward,
        lines=np.asarray(shapely.linestrings(plane, indices=owner), dtype=object),
        segment_id=segment_id,
        name=name,
    )
    return Placed(network, crs, (west, south, east, north))
