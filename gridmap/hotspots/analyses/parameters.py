"""What can be chosen for each analysis, with defaults that suit most data.

``title`` and ``description`` of the fields are English templates; ``json_schema_extra`` names the
values of another field without which a field decides nothing. Pages read this, so nothing that
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
                       "than they would suggest. Counts alone show where most happens, also where "
                       "most people live."),
    )  # fmt: skip


class PlaceParameters(BaseModel):
    """What can be chosen of places, values and neighbours."""

    shape: Literal["hexagon", "square", "cell"] = Field(
        "hexagon", title=N_("Shape"),
        description=N_("Grid cells differ in size: compare them per household."),
    )  # fmt: skip
    size_m: int = Field(
        0, ge=0, le=20_000, title=N_("Size of the shapes, m"),
        json_schema_extra={"shape": ["hexagon", "square"]},
        description=N_("0 chooses it by the number of incidents: about two in each."),
    )  # fmt: skip
    values: Literal["count", "rate", "smoothed"] = Field(
        "count", title=N_("Compare"),
        description=N_("Smoothed rates (empirical Bayes) do not take one incident at a single "
                       "home for a hotspot."),
    )  # fmt: skip
    near: Literal["touching", "distance", "nearest"] = Field(
        "touching", title=N_("Neighbours"),
        description=N_("Whose incidents count together with those of a shape."),
    )  # fmt: skip
    distance_m: int = Field(
        0, ge=0, le=50_000, title=N_("Neighbours up to, m"),
        json_schema_extra={"near": ["distance"]},
        description=N_("For neighbours within a distance. 0 chooses twice the size of the shapes."),
    )  # fmt: skip
    nearest: int = Field(
        8, ge=1, le=200, title=N_("Number of neighbours"), json_schema_extra={"near": ["nearest"]},
        description=N_("For neighbours that are the nearest."),
    )  # fmt: skip
    proof: Literal["analytic", "permutation"] = Field(
        "analytic", title=N_("p by"),
        description=N_("Permutation assumes no bell curve, which counts hardly follow."),
    )  # fmt: skip
    replications: int = Field(
        999, ge=99, le=99_999, title=N_("Permutations"),
        json_schema_extra={"proof": ["permutation"]},
        description=N_("With 999, p is never below 0.002. On many shapes, of which many are "
                       "tested at once, more are needed to find anything."),
    )  # fmt: skip


class GetisOrd(PlaceParameters):
    """What can be chosen."""


class Moran(PlaceParameters):
    """What can be chosen; permutation first, for counts are skewed."""

    proof: Literal["analytic", "permutation"] = Field(
        "permutation", title=N_("p by"),
        description=N_("Permutation assumes no bell curve, which counts hardly follow."),
    )  # fmt: skip
    replications: int = Field(
        9_999, ge=99, le=99_999, title=N_("Permutations"),
        json_schema_extra={"proof": ["permutation"]},
        description=N_("With 999, p is never below 0.002. On many shapes, of which many are "
                       "tested at once, more are needed to find anything."),
    )  # fmt: skip


class Density(BaseModel):
    """What can be chosen."""

    bandwidth_m: float = Field(
        0, ge=0, le=20_000, title=N_("Bandwidth, m"),
        description=N_("How far an incident is felt. 0 chooses what fits best, from 100 m."),
    )  # fmt: skip
    rule: Literal["fits", "scott", "silverman"] = Field(
        "fits", title=N_("How 0 chooses"), json_schema_extra={"bandwidth_m": [0]},
        description=N_("By what fits the data best (cross-validation), or by a rule of thumb, "
                       "which smooths more."),
    )  # fmt: skip
    border: Literal["corrected", "plain"] = Field(
        "corrected", title=N_("At the border of the area"),
        description=N_("Corrected, places at the border are not shown emptier than they are."),
    )  # fmt: skip


class RelativeRisk(BaseModel):
    """What can be chosen."""

    reference: Literal["households", "categories", "year", "before"] = Field(
        "households", title=N_("Compare with"),
        description=N_("What the incidents are set against: where people live, the other "
                       "categories, or the same categories at another time."),
    )  # fmt: skip
    bandwidth_m: float = Field(
        0, ge=0, le=20_000, title=N_("Bandwidth, m"),
        description=N_("How far an incident is felt. 0 chooses what fits, from 150 m."),
    )  # fmt: skip
    replications: int = Field(
        199, ge=99, le=9_999, title=N_("Random arrangements"),
        description=N_("More make p finer and take longer."),
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

    against: Literal["permutation", "poisson", "bernoulli"] = Field(
        "permutation", title=N_("Compare"),
        description=N_("With the usual times and places needs nothing but incidents and finds what "
                       "is new; with households finds where more happens than homes explain; with "
                       "all other categories where these have a greater share, over the whole "
                       "period."),
    )  # fmt: skip
    weekdays: Literal["mixed", "kept"] = Field(
        "mixed", title=N_("Weekdays"), json_schema_extra={"against": ["permutation", "poisson"]},
        description=N_("Kept apart, a cluster is none because Fridays are always busy: there, "
                       "with the usual times and places; everywhere, with households."),
    )  # fmt: skip
    categories: Literal["mixed", "own"] = Field(
        "mixed", title=N_("Categories"), json_schema_extra={"against": ["permutation"]},
        description=N_("For the usual times and places: each by its own, a cluster is none because "
                       "a category that is common there had its season. The four most frequent are "
                       "taken each by itself, the others together. Takes minutes."),
    )  # fmt: skip
    months: Literal["alike", "usual"] = Field(
        "alike", title=N_("Months of the year"), json_schema_extra={"against": ["poisson"]},
        description=N_("For households: as in other years, a cluster is none because summers are "
                       "always busy. Needs two years of incidents up to the last day."),
    )  # fmt: skip
    homes: Literal["alike", "kinds"] = Field(
        "alike", title=N_("Homes"), json_schema_extra={"against": ["poisson"]},
        description=N_("For households: each kind and height of building has the rate that it has "
                       "in the whole area, so towers are compared with towers."),
    )  # fmt: skip
    most_share: int = Field(
        50, ge=1, le=50, title=N_("Largest share of all in a circle, %"),
        description=N_("Of the households, or of the incidents that are compared."),
    )  # fmt: skip
    most_days: int = Field(
        30, ge=1, le=366, title=N_("Longest cluster, days"),
        json_schema_extra={"against": ["permutation", "poisson"]},
        description=N_("A cluster in time is no longer than this."),
    )  # fmt: skip
    most_radius_m: float = Field(
        1000, ge=50, le=50_000, title=N_("Largest radius, m"),
        description=N_("A cluster is no wider than this around its middle."),
    )  # fmt: skip
    alive: Literal["any", "last"] = Field(
        "any", title=N_("When"), json_schema_extra={"against": ["permutation", "poisson"]},
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
    nearest: int = Field(
        3, ge=0, le=20, title=N_("Nearest incidents (Jacquez)"),
        description=N_("Without bands: how often are so many nearest in place the nearest in time "
                       "as well. 0 leaves it out."),
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
    """What can be chosen."""

    spans: Literal["spread", "start"] = Field(
        "spread", title=N_("Where only from and to are known"),
        description=N_("Spread evenly over the hours in between (aoristic), or taken at the "
                       "first moment. Incidents with one known moment are the same either way."),
    )  # fmt: skip


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
