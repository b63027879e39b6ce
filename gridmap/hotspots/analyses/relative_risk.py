"""Where the density of incidents is out of proportion to another: relative risk as a surface."""

from __future__ import annotations

from zlib import crc32

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.hotspots.analyses.busiest import LEAST, busiest
from gridmap.hotspots.analyses.comparison import check_reach, former
from gridmap.hotspots.analyses.density import inside
from gridmap.hotspots.analyses.events import Area, Context, Events, Floats
from gridmap.hotspots.analyses.parameters import RelativeRisk
from gridmap.hotspots.analyses.result import Found, Painted, Result
from gridmap.hotspots.bandwidths import cross_validated
from gridmap.hotspots.contours import regions
from gridmap.hotspots.density import sampled
from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.risk import Risk, compare_densities
from gridmap.hotspots.ticks import Tick

#: The classes, and the ratio at which each begins.
BANDS = (("risk0", -1.0), ("risk1", 0.5), ("risk2", 0.8), ("risk3", 1.25), ("risk4", 2.0))
#: Those of the finer steps of the surface.
_STEPS = (-1.0, 0.25, 0.5, 0.8, 1.25, 2.0, 4.0)
_MOST_LISTED = 100
_LEAST_M, _WIDER = 150.0, 1.5
_SMOOTH_M = 3.0
#: A place is listed from the score on that one in twenty maps by chance has anywhere.
_LEVEL = 0.05


def run(events: Events, area: Area, context: Context, asked: RelativeRisk, tick: Tick) -> Result:
    """Paint the ratio of both densities, and list where it is high beyond chance.

    Raises
    ------
    Unsuitable
        As `gridmap.hotspots.risk.compare_densities`; ``NO_EARLIER``.
    """
    others, households, told = _others(events, context, asked.reference)
    width = asked.bandwidth_m or max(
        _WIDER * cross_validated(events.x, events.y, lambda share: tick(0.2 * share)), _LEAST_M
    )
    tick(0.2)
    risk = compare_densities(
        (events.x, events.y), others, area.shape, width, households=households,
        replications=asked.replications, seed=crc32(events.x.tobytes()),
        tick=lambda share: tick(0.2 + 0.5 * share),
    )  # fmt: skip
    bands, kinds = _bands(risk, area)
    tick(0.8)
    found = _found(risk, area, events, bands, kinds)
    strongest = np.nanmax(np.where(risk.score.covered > 0, risk.score.values, np.nan))
    figures = {
        "bandwidth_m": float(width),
        "hotspots": int(found.listed.sum()),
        "reference": asked.reference,
        "others": float(len(others[0]) if households is None else households.sum()),
        "replications": len(risk.highest),
        "reached": int((risk.highest >= strongest).sum()),
        "kinds": kinds,
        **told,
    }
    return Result(found, figures, Painted(risk.ratio, np.array(_STEPS), "risk"))


def _others(
    events: Events, context: Context, reference: str
) -> tuple[tuple[Floats, Floats], Floats | None, dict[str, list[str]]]:
    """Return what is compared with: places, their households, and what the page tells of it."""
    if reference == "households":
        homes = context.households()
        return (homes.x, homes.y), homes.amount, {}
    if reference == "categories":
        others = context.others(events.first, events.last)
        if len(others) == 0:
            raise Unsuitable(Reason.NO_OTHERS, others=0)
        return (others.x, others.y), None, {}
    first, last = former(events.first, events.last, reference)
    earlier = context.between(first, last)
    check_reach(earlier)
    return (earlier.x, earlier.y), None, {"before": [str(first), str(last)]}


def _bands(risk: Risk, area: Area) -> tuple[NDArray[np.object_], list[str]]:
    """Return the areas of each class of the ratio, none on another, and their classes."""
    nested = regions(risk.ratio, np.array([least for _, least in BANDS]), area.shape)
    nested = np.array([area.shape, *shapely.simplify(nested, _SMOOTH_M)], dtype=object)
    inner = np.array([*nested[1:], shapely.Polygon()], dtype=object)
    # Centimetres, lest slivers along common borders cross themselves in degrees.
    shapes = shapely.difference(nested, inner, grid_size=0.01)
    kinds = ["few", *(name for name, _ in BANDS)]
    drawn = [i for i, shape in enumerate(shapes) if not shapely.is_empty(shape)]
    return np.array([shapes[i] for i in drawn], dtype=object), [kinds[i] for i in drawn]


def _found(
    risk: Risk, area: Area, events: Events, bands: NDArray[np.object_], kinds: list[str]
) -> Found:
    """Return the areas of all classes, and the places to list with what happened in them."""
    places, scores = _places(risk, area)
    where = inside(places, events.x, events.y)
    counts = np.bincount(where[where >= 0], minlength=len(places)).astype(np.int64)
    expected = _expected(risk, places)
    order = np.argsort(-scores, kind="stable")[:_MOST_LISTED]
    # The surface is high where many are near; a place with few of its own is beside the hot one.
    order = order[(counts[order] >= LEAST) & (counts[order] > expected[order])]
    p = np.array([risk.p(scores[i]) for i in order])
    ratio = counts / np.maximum(expected, 1e-9)
    level = np.array([least for _, least in BANDS])
    band = np.array([name for name, _ in BANDS])[np.searchsorted(level, ratio, side="right") - 1]
    drawn = len(bands)
    return Found(
        shapes=np.array([*bands, *(places[i] for i in order)], dtype=object),
        kind=np.array([*kinds, *band[order]]),
        count=np.concatenate([_counts(bands, events), counts[order]]),
        listed=np.arange(drawn + len(order)) >= drawn,
        score=np.concatenate([np.zeros(drawn), scores[order]]),
        expected=np.concatenate([np.full(drawn, np.nan), expected[order]]),
        p=np.concatenate([np.full(drawn, np.nan), p]),
        values=[{}] * drawn + [{"busiest": busiest(events.time[where == i])} for i in order],
    )


def _places(risk: Risk, area: Area) -> tuple[list[shapely.Geometry], Floats]:
    """Return where the score is one that few maps have anywhere, with the highest of each."""
    level = float(np.quantile(risk.highest, 1 - _LEVEL, method="higher"))
    places = list(shapely.get_parts(regions(risk.score, np.array([level]), area.shape)[0]))
    x, y = (axis.ravel() for axis in np.meshgrid(*risk.score.frame.axes()))
    values = np.where(risk.score.covered > 0, np.nan_to_num(risk.score.values), 0).ravel()
    high = values >= level
    at = inside(places, x[high], y[high])
    scores = np.full(len(places), level)
    np.maximum.at(scores, at[at >= 0], values[high][at >= 0])
    return places, scores


def _expected(risk: Risk, places: list[shapely.Geometry]) -> Floats:
    """Return the incidents expected in each place: the mean of the others' density there."""
    x, y = (axis.ravel() for axis in np.meshgrid(*risk.expected.frame.axes()))
    middle = shapely.get_coordinates(shapely.point_on_surface(places)).reshape(-1, 2)
    x, y = np.append(x, middle[:, 0]), np.append(y, middle[:, 1])
    values = np.nan_to_num(sampled(risk.expected, x, y))
    at = inside(places, x, y)
    sums = np.bincount(at[at >= 0], weights=values[at >= 0], minlength=len(places))
    seen = np.maximum(np.bincount(at[at >= 0], minlength=len(places)), 1)
    expected: Floats = sums / seen * shapely.area(places)
    return expected


def _counts(bands: NDArray[np.object_], events: Events) -> NDArray[np.int64]:
    shapely.prepare(bands)
    return np.array([shapely.contains_xy(band, events.x, events.y).sum() for band in bands],
                    dtype=np.int64)  # fmt: skip
