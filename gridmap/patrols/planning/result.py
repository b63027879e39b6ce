"""A patrol plan: timed visits per team, what is covered, and what is not and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gridmap.patrols.planning.problem import Visit


class Reason(StrEnum):
    """Why a visit is not in the plan; the first that holds, in this order."""

    WINDOW_TOO_SHORT = "window_too_short"
    NO_TEAM_IN_HOURS = "no_team_in_hours"
    UNREACHABLE = "unreachable"
    TOO_FAR = "too_far"
    WORTH_LESS = "worth_less"
    BALANCE = "balance"
    NO_ROOM = "no_room"


@dataclass(frozen=True)
class Missed:
    """A visit that is wanted and not in the plan.

    Attributes
    ----------
    of : str
        Key of the stop or street.
    number : int
        Which of its visits.
    must : bool
    risk : float
    reason : Reason
        `NO_TEAM_IN_HOURS`: no team that may go there, in a mode that can, is on duty then.
        `TOO_FAR`: no team could do it, had it nothing else to do than what is fixed and its
        break. `WORTH_LESS`: it fits into a tour, at a detour worth more than its risk.
        `BALANCE`: it fits, but the busiest team would work longer. `NO_ROOM`: a team alone
        could do it, but it fits into no finished tour.
    detour : float or None
        Metres of the cheapest detour, with `WORTH_LESS` and `BALANCE`.
    displaces : float or None
        The least risk of one visit whose place it could take, with `NO_ROOM`; not less than its
        own but where a plan is different on purpose, or metres count. None where no single
        visit makes room for it.
    """

    of: str
    number: int
    must: bool
    risk: float
    reason: Reason
    detour: float | None = None
    displaces: float | None = None


@dataclass(frozen=True)
class Tour:
    """The round of one team; a team without visits stays at its post and has none.

    Attributes
    ----------
    team : str
    sets_off, back : float
        Seconds of the day.
    visits : tuple of Visit
        In order, the break among them.
    metres : float
        Of the whole way, streets swept included.
    working : float
        Seconds from setting off to coming back, less the break.
    """

    team: str
    sets_off: float
    back: float
    visits: tuple[Visit, ...]
    metres: float
    working: float


@dataclass(frozen=True)
class Change:
    """How a plan differs on purpose from the best one, and from yesterday's.

    Attributes
    ----------
    seed : int
    loss : float
        Share of the covered risk of the best plan found that the change costs; below 0 where
        it gained.
    repeated : float
        Share of the legs between visits that yesterday's plan had too.
    """

    seed: int
    loss: float
    repeated: float


@dataclass(frozen=True)
class Plan:
    """What was planned, proved by the checker before anybody sees it.

    Attributes
    ----------
    tours : tuple of Tour
        Of the teams that have visits, in the order of the problem's teams.
    missed : tuple of Missed
    covered_risk, wanted_risk : float
        Sums over the visits planned, and over all that were wanted.
    metres : float
    longest, shortest : float
        Working seconds of the busiest and the idlest team, 0 for a team without a tour.
    repeatable : bool
        The search ended by its count of iterations, not by the clock, so that the same seed
        gives the same plan again.
    change : Change or None
        Where the plan was to be different on purpose.
    """

    tours: tuple[Tour, ...]
    missed: tuple[Missed, ...]
    covered_risk: float
    wanted_risk: float
    metres: float
    longest: float
    shortest: float
    repeatable: bool
    change: Change | None = None
