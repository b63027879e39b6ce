"""What methods list, and refuse to list, of few incidents, few shapes and single places."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, cast

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from gridmap.hotspots.analyses import (
    density,
    emerging,
    forecast,
    near_repeat,
    relative_risk,
    st_dbscan,
)
from gridmap.hotspots.analyses.busiest import LEAST
from gridmap.hotspots.analyses.events import Area, Context, Events, Households
from gridmap.hotspots.analyses.registry import ANALYSES
from gridmap.hotspots.analyses.relative_risk import BANDS
from gridmap.hotspots.analyses.result import Result
from gridmap.hotspots.faults import Reason, Unsuitable

DAY = date(2026, 1, 1)
AREA = Area(shapely.box(0, 0, 3000, 3000), cast(Any, None))
Floats = NDArray[np.float64]


def events(x: Floats, y: Floats, days: int = 1) -> Events:
    """Incidents one after another, evenly over the days."""
    time = np.datetime64("2026-01-01", "s") + (np.arange(len(x)) * days // len(x)).astype("m8[D]")
    return Events(np.asarray(x, float), np.asarray(y, float), time, DAY, DAY + timedelta(days - 1))


def run(module: Any, given: Events, homes: Households | None = None, **chosen: Any) -> Result:
    asked = ANALYSES[module.__name__.split(".")[-1]].parameters.model_validate(chosen)
    town = cast(Context, type("Town", (), {"households": staticmethod(lambda: homes)}))
    found: Result = module.run(given, AREA, town, asked, lambda share: None)
    return found


def test_a_dense_place_has_a_handful_of_incidents_at_least() -> None:
    # Thirty-six incidents, each alone, and six at one place.
    x, y = (axis.ravel() for axis in np.meshgrid(*[np.arange(300.0, 3000, 480)] * 2))
    alone = run(density, events(x, y), bandwidth_m=100)
    assert alone.figures["hotspots"] == 0
    near = np.array([1500.0, 1505, 1510, 1500, 1505, 1510])
    found = run(density, events(np.append(x, near), np.append(y, near)), bandwidth_m=100)
    listed = found.found.listed
    assert found.found.count[listed].size == 1
    assert shapely.contains_xy(found.found.shapes[listed][0], 1505, 1505)


def test_what_is_more_than_its_share_has_more_incidents_than_expected() -> None:
    rng = np.random.default_rng(2)
    homes = Households(*rng.uniform(0, 3000, (2, 900)), rng.integers(1, 30, 900).astype(float))
    at = rng.choice(900, 800, p=homes.amount / homes.amount.sum())
    heaps = [rng.normal(middle, 60, (2, 25)) for middle in (300, 900, 2000, 2700)]
    x, y = np.column_stack([np.stack([homes.x[at], homes.y[at]]), *heaps]).clip(1, 2999)
    result = run(relative_risk, events(x, y), homes, bandwidth_m=150)
    listed = result.found.listed
    assert listed.any()
    assert result.found.expected is not None
    ratio = result.found.count[listed] / result.found.expected[listed]
    assert (ratio > 1).all()
    assert (result.found.count[listed] >= LEAST).all()
    least = dict(BANDS)
    assert all(
        each >= least[kind] for each, kind in zip(ratio, result.found.kind[listed], strict=True)
    )


def test_one_incident_is_no_series() -> None:
    x = np.array([100.0, 110, 1000, 2000, 2900])
    result = run(st_dbscan, events(x, x), radius_m=50, days=2, least=1)
    assert result.found.count.tolist() == [2]
    assert result.figures["hotspots"] == 1


@pytest.mark.parametrize("module", [emerging, forecast])
def test_a_single_shape_has_nothing_to_be_compared_with(module: Any) -> None:
    x, y = np.random.default_rng(1).uniform(0, 3000, (2, 800))
    with pytest.raises(Unsuitable) as refused:
        run(module, events(x, y, days=400), size_m=5000)
    assert refused.value.reason is Reason.TOO_FEW
    assert refused.value.figures["places"] < refused.value.figures["least"]


def test_of_many_incidents_it_is_told_that_not_all_pairs_were_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = events(*np.random.default_rng(1).uniform(0, 3000, (2, 120)), days=60)
    few = run(near_repeat, given, steps_m=1, steps_days=1).figures
    assert few["mantel"] is not None
    assert few["most_compared"] is None
    monkeypatch.setattr(near_repeat, "MOST_EVENTS", 100)
    many = run(near_repeat, given, steps_m=1, steps_days=1).figures
    assert [many["mantel"], many["jacquez"], many["most_compared"]] == [None, None, 100]
