"""Five classes for a map, with breaks that a person can read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

CLASSES = 5
#: Changes in per cent; the class in the middle means about the same.
CHANGE_BREAKS = (-30.0, -10.0, 10.0, 30.0)

#: Shares in per cent, where they do not differ enough to say.
SHARE_BREAKS = (20.0, 40.0, 60.0, 80.0)


def round_breaks(values: Sequence[float], classes: int = CLASSES) -> list[float]:
    """Return the upper ends of all classes but the last.

    The quantiles are rounded to the roundest numbers that still differ from each other, so that
    each class holds about as many values and a legend can be read.

    Parameters
    ----------
    values : sequence of float
        Not negative.
    classes : int
        How many classes at most.

    Returns
    -------
    list of float
        Rising; fewer than ``classes`` - 1 where the values hardly differ. A value that equals a
        break belongs to the class below it.
    """
    found = np.asarray(values, dtype=float)
    if found.size == 0 or found.min() == found.max():
        return []
    # More classes than values would stand empty in the legend.
    classes = min(classes, np.unique(found).size)
    quantiles = np.quantile(found, np.arange(1, classes) / classes)
    rough: list[float] = []
    for steps in (
        (1, 2, 5, 10),
        (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10),
        tuple(np.arange(1, 10.1, 0.1)),
    ):
        rough = sorted({_nearest(value, steps) for value in quantiles if value > 0})
        rough = [value for value in rough if found.min() <= value < found.max()]
        if len(rough) == classes - 1:
            break
    return rough


def class_of(value: float, breaks: Sequence[float]) -> int:
    """Return the class of a value, from 0."""
    return int(np.searchsorted(np.asarray(breaks, dtype=float), value, side="left"))


def _nearest(value: float, steps: Sequence[float]) -> float:
    power = 10 ** np.floor(np.log10(value))
    # Counts are whole; below ten a step between them would part nothing.
    options = [step * power for step in steps]
    best = min(options, key=lambda option: abs(option - value))
    return float(round(best, 6))
