"""What a planner asks for, read from a form and kept with the plan."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gridmap.patrols.models import MODES

#: Seconds of the search, by how thorough it is to be.
EFFORTS: dict[str, int] = {"quick": 5, "usual": 12, "thorough": 60}
MOST_TEAMS, MOST_PLACES, MOST_MUSTS = 30, 300, 60
DAY_S = 86_400


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


Degrees = tuple[
    Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)],
    Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)],
]


class TeamWish(_Strict):
    """A team on duty.

    Attributes
    ----------
    team_id : int
    mode : str
    begins, ends : time
        Local; an end before the beginning is on the next day.
    starts_at, ends_at : int or None
        Ids of places.
    start_point, end_point : tuple of float or None
        Longitude and latitude in WGS 84, in place of them. The tour ends where it began if neither
        says another end.
    break_min : int
        Minutes of rest in the middle half of the shift, wherever the team then is; 0 for none.
    """

    team_id: int
    mode: str = "foot"
    begins: time
    ends: time
    starts_at: int | None = None
    start_point: Degrees | None = None
    ends_at: int | None = None
    end_point: Degrees | None = None
    break_min: int = Field(0, ge=0, le=180)

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.mode not in MODES:
            raise ValueError("mode")
        if (self.starts_at is None) == (self.start_point is None):
            raise ValueError("starts_at")
        if self.ends_at is not None and self.end_point is not None:
            raise ValueError("ends_at")
        if 60 * self.break_min > self.lasts_s / 3:
            raise ValueError("break_min")
        return self

    @property
    def begin_s(self) -> float:
        """Return the beginning in seconds of the plan's day."""
        return seconds(self.begins)

    @property
    def lasts_s(self) -> float:
        """Return how long the shift is; 24 hours where it ends when it began."""
        return (seconds(self.ends) - self.begin_s - 1) % DAY_S + 1


class MustWish(_Strict):
    """A place that must be visited, within hours if there are any."""

    place_id: int
    dwell_min: int = Field(10, ge=0, le=240)
    opens: time | None = None
    closes: time | None = None


class Keep(_Strict):
    """What a person decided of a visit of an earlier plan of the same wish.

    Attributes
    ----------
    of, number : str, int
        The visit.
    act : str
        ``pin``: by this team at this time; ``team``: by this team; ``out``: not at all.
    team : int
        Its number in the wish.
    begins_s : float or None
        Seconds of the day, with ``pin``.
    """

    of: str
    number: int = 0
    act: Literal["pin", "team", "out"]
    team: int = 0
    begins_s: float | None = None


class Wish(_Strict):
    """All that a plan is asked.

    Attributes
    ----------
    run_id : int or None
        The run of hotspots whose places are the optional stops.
    most_places : int
        So many of them, those with most incidents.
    every_h : float
        A visit is wanted at each of them in every so many hours; Koper (1995) found the effect
        of a visit gone after two.
    streets : list of str
        Names of streets that are to be swept whole.
    balance : float
        The share of the covered risk that even work of the teams may cost; 0 does not balance.
    divide : bool
        Each team keeps to an area of its own.
    seed : int or None
        Different every day on purpose, by this seed; None takes the best plan found.
    most_loss : float
        What being different may cost, a share of the covered risk.
    """

    teams: list[TeamWish] = Field(min_length=1, max_length=MOST_TEAMS)
    musts: list[MustWish] = Field(default=[], max_length=MOST_MUSTS)
    run_id: int | None = None
    most_places: int = Field(60, ge=0, le=MOST_PLACES)
    dwell_min: int = Field(12, ge=1, le=60)
    every_h: float = Field(2.0, ge=0.5, le=24)
    streets: list[str] = Field(default=[], max_length=30)
    balance: float = Field(0.0, ge=0, le=0.5)
    divide: bool = False
    seed: int | None = Field(None, ge=0, lt=1 << 31)
    most_loss: float = Field(0.03, ge=0, le=0.3)
    effort: Literal["quick", "usual", "thorough"] = "usual"
    kept: list[Keep] = []
    # The plan whose ways are avoided where it is different on purpose.
    yesterday_id: int | None = None


def seconds(clock: time) -> float:
    """Return a time of the day in seconds since midnight."""
    return 3600.0 * clock.hour + 60.0 * clock.minute + clock.second
