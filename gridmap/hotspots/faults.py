"""What makes an analysis impossible; the sentences for people are made where pages are."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why an analysis cannot answer."""

    TOO_FEW = "too_few"
    ONE_PLACE = "one_place"
    NO_POPULATION = "no_population"
    BANDWIDTH_BEYOND_AREA = "bandwidth_beyond_area"
    ONE_DAY = "one_day"
    ONE_VALUE = "one_value"
    BANDWIDTH_BELOW_PIXEL = "bandwidth_below_pixel"
    TOO_MANY_CELLS = "too_many_cells"
    NO_STREETS = "no_streets"
    RADIUS_TOO_SMALL = "radius_too_small"
    TOO_MANY = "too_many"
    TOO_LONG = "too_long"
    NO_AREA = "no_area"
    NO_EARLIER = "no_earlier"
    NO_CELLS = "no_cells"
    TOO_MANY_NEIGHBOURS = "too_many_neighbours"
    NO_OTHERS = "no_others"
    NO_SEASON = "no_season"
    ONE_KIND = "one_kind"


class Unsuitable(ValueError):  # noqa: N818 - It is no error of the program.
    """The data cannot carry the analysis that was asked.

    Parameters
    ----------
    reason
        Why.
    figures
        The numbers that the sentence for people names.
    """

    def __init__(self, reason: Reason, **figures: float) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.figures = figures
