"""The smallest areas that hold a share of all."""

import numpy as np
import pytest
import shapely

from gridmap.hotspots.contours import regions, share_levels
from gridmap.hotspots.density import density

SHARES = np.array([0.25, 0.5, 0.9])
X, Y = (a * 300 + 2000 for a in np.random.default_rng(4).normal(size=(2, 200_000)))


def test_regions_of_a_round_heap_are_the_circles_of_its_distribution() -> None:
    area = shapely.box(0, 0, 4000, 4000)
    surface = density(X, Y, area, 40.0, pixels=802)
    found = regions(surface, share_levels(surface, SHARES), area)
    # The kernel widens the heap.
    variance = (300**2 + 40**2) / 1e6
    circles = -2 * np.pi * variance * np.log(1 - SHARES)
    np.testing.assert_allclose(shapely.area(found) / 1e6, circles, rtol=0.02)
    assert shapely.covers(found[1:], found[:-1]).all()
    held = [shapely.contains_xy(region, X, Y).mean() for region in found]
    np.testing.assert_allclose(held, SHARES, atol=0.02)


def test_regions_end_at_the_border_and_keep_holes() -> None:
    area = shapely.Point(2000, 2000).buffer(900).difference(shapely.Point(2000, 2000).buffer(200))
    surface = density(X, Y, area, 60.0, pixels=402)
    region = regions(surface, share_levels(surface, np.array([0.999999])), area)[0]
    assert area.buffer(1e-6).covers(region)
    assert region.area == pytest.approx(area.area, rel=0.01)
    assert shapely.get_num_interior_rings(region) == 1


def test_a_level_nobody_reaches_is_an_empty_region() -> None:
    area = shapely.box(0, 0, 4000, 4000)
    surface = density(X, Y, area, 60.0, pixels=202)
    found = regions(surface, np.array([surface.values.max() * 2]), area)
    assert found[0].is_empty
