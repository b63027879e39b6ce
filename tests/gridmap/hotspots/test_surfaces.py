"""Surfaces in the database and as tiles."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geodata.metric import local_metric_crs
from gridmap.hotspots.analyses.events import Area, transformers
from gridmap.hotspots.analyses.result import Painted
from gridmap.hotspots.density import Surface, classed, sampled
from gridmap.hotspots.rasters import coverage, frame_around
from gridmap.hotspots.surfaces import SIDE, pack, tile_steps, unpack

LON, LAT = 114.0, 30.0
LEVELS = np.array([1.0, 2.0, 4.0])


@pytest.fixture
def painted() -> tuple[Area, Painted]:
    """A slope to the east of 0 to 6 over a square of four kilometres, but for a corner."""
    crs = local_metric_crs(LON, LAT)
    forth, _ = transformers(crs)
    x, y = forth.transform(LON, LAT)
    square = shapely.box(x - 2000, y - 2000, x + 2000, y + 2000)
    corner = shapely.box(x - 2000, y - 2000, x - 1000, y - 1000)
    shape = shapely.difference(square, corner)
    frame = frame_around(shape.bounds, 200)
    across, _ = frame.axes()
    values = np.tile((across - x + 2000) / 4000 * 6, (frame.rows, 1))
    surface = Surface(frame, values, coverage(shape, frame), 200.0, 100)
    return Area(shape, crs), Painted(surface, LEVELS, "density")


def test_a_kept_surface_has_its_steps_where_its_levels_are(painted: tuple[Area, Painted]) -> None:
    area, given = painted
    row = pack(1, area, given)
    kept = unpack(row)
    inside = kept.covered > 0
    assert inside.tolist() == (given.surface.covered > 0).tolist()
    steps = classed(kept.values[inside], np.arange(1.0, 4.0))
    assert steps.tolist() == classed(given.surface.values[inside], LEVELS).tolist()
    assert len(row.pixels) + len(row.covered) < 5_000


def test_a_tile_shows_the_steps_at_their_places(painted: tuple[Area, Painted]) -> None:
    area, given = painted
    row = pack(1, area, given)
    z = 11
    x = int((LON + 180) / 360 * 2**z)
    y = int((1 - np.arcsinh(np.tan(np.radians(LAT))) / np.pi) / 2 * 2**z)
    steps = tile_steps(row, z, x, y)
    assert steps.shape == (SIDE, SIDE)
    forth, _ = transformers(area.crs)
    rng = np.random.default_rng(1)
    wrong = 0
    for down, across in rng.integers(0, SIDE, (2000, 2)):
        lon = (x + (across + 0.5) / SIDE) / 2**z * 360 - 180
        lat = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * (y + (down + 0.5) / SIDE) / 2**z))))
        east, north = forth.transform(lon, lat)
        value = sampled(given.surface, np.array([east]), np.array([north]))
        wrong += int(steps[down, across] != classed(value, LEVELS)[0])
    # A byte may put a value that lies on a level to the other side.
    assert wrong <= 3
    assert set(np.unique(steps)) == {0, 1, 2, 3}
    assert not tile_steps(row, z, 0, 0).any()


def test_more_levels_than_a_byte_holds_are_refused(painted: tuple[Area, Painted]) -> None:
    area, given = painted
    with pytest.raises(ValueError, match="at most 9 levels"):
        pack(1, area, Painted(given.surface, np.arange(1.0, 11.0), "density"))
