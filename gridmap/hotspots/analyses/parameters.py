"""What can be chosen for each analysis, with defaults that suit most data.

``title`` and ``description`` of the fields are English templates. Pages read this, so nothing that
computes is imported here.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from geodata.messages import N_


class GiStar(BaseModel):
    """What can be chosen."""

    shape: Literal["hexagon", "square"] = Field("hexagon", title=N_("Shape"))
    size_m: int = Field(
        0, ge=0, le=20_000, title=N_("Size of the shapes, m"),
        description=N_("0 chooses 100 m, larger ones for a large area."),
    )  # fmt: skip
    against: Literal["mixed", "count", "households"] = Field(
        "mixed", title=N_("Compare"),
        description=N_("Area and homes explain much; what remains are places where more happens "
                       "than they let expect. Counts alone show where most happens, also where "
                       "most people live."),
    )  # fmt: skip


class Density(BaseModel):
    """What can be chosen."""

    bandwidth_m: float = Field(
        0, ge=0, le=20_000, title=N_("Bandwidth, m"),
        description=N_("How far an incident is felt. 0 chooses what fits best, from 100 m."),
    )  # fmt: skip
    border: Literal["corrected", "plain"] = Field(
        "corrected", title=N_("At the border of the area"),
        description=N_("Corrected, places at the border are not shown emptier than they are."),
    )  # fmt: skip


class Streets(BaseModel):
    """What can be chosen."""

    bandwidth_m: float = Field(
        100, ge=20, le=2_000, title=N_("Bandwidth, m"),
        description=N_("How far along the street an incident is felt."),
    )  # fmt: skip
    within_m: float = Field(
        50, ge=5, le=500, title=N_("At most so far from a street, m"),
        description=N_("Incidents further away are on no street and are left out."),
    )  # fmt: skip


class SpaceTimeScan(BaseModel):
    """What can be chosen."""

    against: Literal["permutation", "poisson"] = Field(
        "permutation", title=N_("Compare"),
        description=N_("With the usual times and places needs nothing but incidents and finds what "
                       "is new; with households finds where more happens than homes explain."),
    )  # fmt: skip
    most_days: int = Field(
        30, ge=1, le=366, title=N_("Longest cluster, days"),
        description=N_("A cluster in time is no longer than this."),
    )  # fmt: skip
    most_radius_m: float = Field(
        1000, ge=50, le=50_000, title=N_("Largest radius, m"),
        description=N_("A cluster is no wider than this around its middle."),
    )  # fmt: skip
    alive: Literal["any", "last"] = Field(
        "any", title=N_("When"),
        description=N_("Clusters at any time, or only those that last to the end of the period."),
    )  # fmt: skip
    replications: int = Field(
        199, ge=99, le=9_999, title=N_("Random arrangements"),
        description=N_("More make p finer and take longer."),
    )  # fmt: skip


class StDbscan(BaseModel):
    """What can be chosen."""

    radius_m: float = Field(
        100, ge=1, le=5_000, title=N_("Neighbours in place up to, m"),
        description=N_("Two incidents further apart are no neighbours."),
    )  # fmt: skip
    days: float = Field(
        7, ge=0.05, le=365, title=N_("Neighbours in time up to, days"),
        description=N_("Two incidents further apart in time are no neighbours."),
    )  # fmt: skip
    least: int = Field(
        0, ge=0, le=10_000, title=N_("Neighbours that begin a group"),
        description=N_("0 chooses more than chance would bring together in an even town."),
    )  # fmt: skip


class NearRepeat(BaseModel):
    """What can be chosen."""

    step_m: int = Field(
        100, ge=10, le=2_000, title=N_("Steps of distance, m"),
        description=N_("Pairs are counted in bands so wide."),
    )  # fmt: skip
    steps_m: int = Field(4, ge=1, le=20, title=N_("How many such bands"))
    step_days: int = Field(
        7, ge=1, le=60, title=N_("Steps of time, days"),
        description=N_("Pairs are counted in bands so long."),
    )  # fmt: skip
    steps_days: int = Field(4, ge=1, le=20, title=N_("How many such bands in time"))
    replications: int = Field(
        199, ge=99, le=9_999, title=N_("Random arrangements"),
        description=N_("More make p finer and take longer; 20 for each band are made at least."),
    )  # fmt: skip


class Emerging(BaseModel):
    """What can be chosen."""

    size_m: int = Field(
        0, ge=0, le=20_000, title=N_("Size of the shapes, m"),
        description=N_("0 chooses it by the number of incidents."),
    )  # fmt: skip
    periods: Literal["month", "week"] = Field(
        "month", title=N_("Steps of time"), description=N_("Six at least.")
    )


class Comparison(BaseModel):
    """What can be chosen."""

    size_m: int = Field(
        0, ge=0, le=20_000, title=N_("Size of the shapes, m"),
        description=N_("0 chooses it by the number of incidents."),
    )  # fmt: skip
    against: Literal["year", "before"] = Field(
        "year", title=N_("Compare with"),
        description=N_("The same days a year before leave out the season."),
    )  # fmt: skip


class Rhythm(BaseModel):
    """There is nothing to choose."""


class Forecast(BaseModel):
    """What can be chosen."""

    horizon: Literal["week", "month"] = Field(
        "week", title=N_("How far ahead"),
        description=N_("Months need at least a year of incidents before."),
    )  # fmt: skip
    size_m: int = Field(
        200, ge=50, le=5_000, title=N_("Size of the shapes, m"),
        description=N_("Squares of about this size are named for patrols."),
    )  # fmt: skip
