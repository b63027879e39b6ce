"""When incidents of each category happen: season, weekday and hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rhythm:
    """The habits of one category.

    Attributes
    ----------
    share : float
        The part of all incidents.
    peaks : tuple of (hour, width, weight)
        When in the day it happens; the rest is spread evenly.
    week : tuple of 7 floats
        Weights of Monday to Sunday.
    season : tuple of (month, swing)
        The month with most incidents, and how much more than the mean it has.
    trend : float
        The change in a year.
    indoors : bool
        Whether it happens at a building rather than along a street.
    """

    share: float
    peaks: tuple[tuple[float, float, float], ...]
    week: tuple[float, ...]
    season: tuple[int, float]
    trend: float
    indoors: bool


_EVEN = (1.0, 1, 1, 1, 1, 1, 1)
_WORK = (1.2, 1.15, 1.1, 1.1, 1.1, 0.6, 0.5)
_FREE = (0.8, 0.8, 0.85, 0.9, 1.3, 1.6, 1.2)
_OFFICE = ((10.0, 1.3, 5.0), (15.3, 1.5, 4.0))
_EVENING = ((20.0, 1.8, 6.0),)

RHYTHMS: dict[str, Rhythm] = {
    "A11": Rhythm(0.0075, ((19.8, 1.9, 6), (8.0, 1.2, 0.8)), _EVEN, (10, 0.3), -0.18, False),
    "A12": Rhythm(0.0063, ((3.0, 1.6, 4), (14.5, 2.0, 2)), _EVEN, (1, 0.3), -0.18, True),
    "A13": Rhythm(0.0065, _OFFICE, _WORK, (11, 0.15), -0.1, True),
    "A14": Rhythm(0.0027, ((21.5, 2.5, 3),), _FREE, (7, 0.2), -0.15, False),
    "A15": Rhythm(0.0020, ((15.0, 3.0, 3),), _EVEN, (10, 0.2), -0.15, False),
    "A21": Rhythm(0.0130, ((22.3, 1.8, 5), (13.0, 1.5, 0.8)), _FREE, (7, 0.3), -0.14, False),
    "A22": Rhythm(0.0200, ((22.6, 1.3, 7), (6.0, 0.8, 0.7)), _FREE, (7, 0.45), -0.1, True),
    "A23": Rhythm(0.0060, ((20.5, 3.0, 3),), _EVEN, (6, 0.2), -0.14, False),
    "A24": Rhythm(0.0060, ((16.5, 3.0, 3),), _FREE, (10, 0.2), -0.14, False),
    "B1": Rhythm(0.0200, ((9.8, 1.5, 4), (16.0, 2.0, 4)), _EVEN, (6, 0.15), -0.05, True),
    "B2": Rhythm(0.0160, _OFFICE, _WORK, (12, 0.15), -0.05, True),
    "B3": Rhythm(0.0060, _OFFICE, _WORK, (1, 0.5), -0.05, False),
    "B4": Rhythm(0.0100, ((10.5, 2.0, 3), (19.3, 1.8, 3)), _FREE, (2, 0.25), -0.03, True),
    "C1": Rhythm(0.0550, _OFFICE, _WORK, (12, 0.3), -0.06, True),
    "C2": Rhythm(0.0350, ((10.0, 2.0, 3), (19.0, 2.5, 2)), _EVEN, (7, 0.4), -0.04, True),
    "C3": Rhythm(0.0300, _OFFICE, _WORK, (5, 0.2), 0.02, False),
    "C4": Rhythm(0.0600, ((7.8, 0.8, 5), (17.6, 1.0, 5)), _WORK, (11, 0.15), 0.0, False),
    "D1": Rhythm(0.1400, ((8.0, 1.6, 5), (15.5, 2.2, 3)), _EVEN, (7, 0.3), -0.03, False),
    "D2": Rhythm(0.1200, ((7.2, 1.1, 4), (18.3, 1.5, 6)), _FREE, (6, 0.3), 0.01, False),
    "D3": Rhythm(0.0400, _OFFICE, _WORK, (4, 0.2), -0.08, True),
    "D4": Rhythm(0.0980, ((9.2, 2.0, 4), (16.0, 2.5, 3)), _EVEN, (8, 0.15), 0.0, False),
    "E1": Rhythm(0.1500, ((9.3, 2.0, 4), (19.0, 2.4, 3)), _EVEN, (1, 0.15), 0.1, True),
    "E2": Rhythm(0.1500, _OFFICE, _WORK, (3, 0.2), 0.12, True),
}


def moments(
    rng: np.random.Generator, count: int, rhythm: Rhythm, first: date, last: date
) -> NDArray[np.datetime64]:
    """Draw local times by a category's habits.

    Parameters
    ----------
    rng : numpy.random.Generator
    count : int
    rhythm : Rhythm
    first, last : date
        The first and the last day, both included.

    Returns
    -------
    datetime64[s] array
        Local times without a zone.
    """
    days = pd.date_range(first, last, freq="D", unit="s")
    month, swing = rhythm.season
    turn = (days.day_of_year.to_numpy() / 365.25 - (month - 0.5) / 12) * 2 * np.pi
    weight = np.array(rhythm.week)[days.day_of_week.to_numpy()] * (1 + swing * np.cos(turn))
    years = np.arange(len(days)) / 365.25
    weight = weight * (1 + rhythm.trend) ** years
    day = rng.choice(len(days), size=count, p=weight / weight.sum())
    quarter = rng.choice(96, size=count, p=day_curve(rhythm))
    seconds = quarter * 900 + rng.integers(0, 900, count)
    result: NDArray[np.datetime64] = days.to_numpy()[day] + seconds.astype("timedelta64[s]")
    return result


def day_curve(rhythm: Rhythm) -> Floats:
    """Return the probability of each quarter of an hour of the day.

    Parameters
    ----------
    rhythm : Rhythm

    Returns
    -------
    (96,) float array
        Adds up to one.
    """
    hour = (np.arange(96) + 0.5) / 4
    weight = np.full(96, 0.12)
    for peak, width, height in rhythm.peaks:
        away = np.abs((hour - peak + 12) % 24 - 12)
        weight += height * np.exp(-0.5 * (away / width) ** 2)
    result: Floats = weight / weight.sum()
    return result
