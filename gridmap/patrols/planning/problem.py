"""What a patrol plan is asked: teams, places, streets, times; checked where they are made.

Times are seconds since midnight of the plan's day, and go on past 86,400 in a night shift. Nodes
are rows of the matrices.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Kind(StrEnum):
    """What a team does at a visit."""

    STOP = "stop"
    STREET = "street"
    BREAK = "break"


@dataclass(frozen=True)
class Window:
    """A span of time, seconds of the day; what is done in it begins and ends inside."""

    begin: float
    end: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.begin) and math.isfinite(self.end)) or self.end < self.begin:
            raise ValueError(f"a window ends after it begins: {self.begin} to {self.end}")


@dataclass(frozen=True)
class Break:
    """A rest that a team takes once, whole within the window.

    Attributes
    ----------
    seconds : float
    window : Window
    nodes : tuple of int
        Where it may be taken, police rooms for instance; where none is named, wherever the team
        then is: at its start or end, or at a place that it comes to.
    """

    seconds: float
    window: Window
    nodes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.seconds <= self.window.end - self.window.begin:
            raise ValueError(f"a break of {self.seconds} s does not fit into its window")


@dataclass(frozen=True)
class Visit:
    """One visit of a tour, planned or fixed by hand.

    Attributes
    ----------
    of : str
        Key of the stop or street; empty for a break.
    number : int
        Which of the visits wanted there, from 0; above 0 only where each window wants one.
    kind : Kind
    enter, leave : int
        Nodes; they differ where a street is swept.
    arrives, begins, ends : float
        Seconds of the day; ``begins`` less ``arrives`` is spent waiting.
    """

    of: str
    number: int
    kind: Kind
    enter: int
    leave: int
    arrives: float
    begins: float
    ends: float


@dataclass(frozen=True)
class Team:
    """A team on duty.

    Attributes
    ----------
    name : str
    mode : str
        A key of the problem's matrices.
    start, end : int
        Nodes where the tour begins and ends.
    shift : Window
    longest : float or None
        The most seconds between setting off and coming back, the break included.
    rest : Break or None
    sets_off : float or None
        When the fixed visits' tour sets off; needed where there are any.
    fixed : tuple of Visit
        The tour's first visits, given by hand and kept as they are; the rest is planned.
    """

    name: str
    mode: str
    start: int
    end: int
    shift: Window
    longest: float | None = None
    rest: Break | None = None
    sets_off: float | None = None
    fixed: tuple[Visit, ...] = ()

    def __post_init__(self) -> None:
        if self.fixed and self.sets_off is None:
            raise ValueError(f"the fixed visits of team {self.name} need a time of setting off")
        rest = self.rest
        if (
            rest
            and min(rest.window.end, self.shift.end) - max(rest.window.begin, self.shift.begin)
            < rest.seconds
        ):
            raise ValueError(f"the break of team {self.name} lies outside its shift")


@dataclass(frozen=True)
class Stop:
    """A place where a team stays for a while.

    Attributes
    ----------
    key : str
    node : int
    dwell : float
        Seconds, for instance 600 to 900 at a hot place (Koper 1995, Justice Quarterly 12,
        649-672).
    risk : float
        What one visit is worth, in any unit, not below 0.
    must : bool
    windows : tuple of Window
        In which of them a visit may lie; any time of a shift where there is none.
    risks : tuple of float
        What the visit in each window is worth, where they differ; with `each` only.
    each : bool
        A visit is wanted in each of the windows, not in any one; `visits_between` makes them.
    least_apart, most_apart : float or None
        Seconds between the beginnings of visits wanted in windows that follow each other; with
        `each` only.
    teams : frozenset of str or None
        The teams that may go there, where an area is divided between them; all where None.
    """

    key: str
    node: int
    dwell: float
    risk: float = 0.0
    must: bool = False
    windows: tuple[Window, ...] = ()
    risks: tuple[float, ...] = ()
    each: bool = False
    least_apart: float | None = None
    most_apart: float | None = None
    teams: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if self.dwell < 0 or not 0 <= self.risk < math.inf:
            raise ValueError(f"dwell and risk of {self.key} are not below 0")
        if self.risks and (not self.each or len(self.risks) != len(self.windows)):
            raise ValueError(f"risks of {self.key} are those of the windows that want a visit each")
        if not all(0 <= risk < math.inf for risk in self.risks):
            raise ValueError(f"dwell and risk of {self.key} are not below 0")
        if self.each and not self.windows:
            raise ValueError(f"a visit in each window of {self.key} needs windows")
        if not self.each and (self.least_apart is not None or self.most_apart is not None):
            raise ValueError(f"visits of {self.key} are apart only where each window wants one")
        later = zip(self.windows, self.windows[1:], strict=False)
        if self.each and any(b.begin < a.end for a, b in later):
            raise ValueError(f"the windows of {self.key} follow each other")

    def worth(self, number: int) -> float:
        """Return what one of its visits is worth."""
        return self.risks[number] if self.risks else self.risk


@dataclass(frozen=True)
class Street:
    """A street to be swept whole, from one end to the other.

    Attributes
    ----------
    key : str
    ends : tuple of int
        Its nodes; swept either way unless `one_way`, and then from the first to the second.
    seconds : mapping of str to float
        How long the sweep takes, by mode; teams of another mode do not sweep it.
    metres : float
    risk, must, windows, teams
        As of a `Stop`; a visit lies in any one of the windows.
    """

    key: str
    ends: tuple[int, int]
    seconds: Mapping[str, float]
    metres: float
    risk: float = 0.0
    must: bool = False
    windows: tuple[Window, ...] = ()
    one_way: bool = False
    teams: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if min(self.seconds.values(), default=-1.0) < 0 or self.metres < 0:
            raise ValueError(f"the sweep of {self.key} needs seconds for a mode, not below 0")
        if not 0 <= self.risk < math.inf:
            raise ValueError(f"the risk of {self.key} is not below 0")

    def worth(self, number: int) -> float:
        """Return what the sweep is worth; there is one alone."""
        return self.risk


@dataclass(frozen=True)
class Matrices:
    """Shortest ways of one mode between the nodes, arrays of shape (nodes, nodes).

    Attributes
    ----------
    seconds, metres : ndarray of float64
        From row to column; infinite where there is no way.
    """

    seconds: Floats
    metres: Floats

    def __post_init__(self) -> None:
        for table in (self.seconds, self.metres):
            if table.ndim != 2 or table.shape[0] != table.shape[1]:
                raise ValueError(f"a matrix is square, not of shape {table.shape}")
            if np.isnan(table).any() or (table < 0).any():
                raise ValueError("a matrix holds no value below 0")
        if self.seconds.shape != self.metres.shape:
            raise ValueError("the matrices of seconds and metres are of one shape")


@dataclass(frozen=True)
class Pin:
    """A visit kept by hand: to a team, to a time of beginning, or both. It becomes a must.

    Attributes
    ----------
    begins : float or None
        The earliest beginning, seconds of the day.
    within_s : float
        How much later than ``begins`` it may begin.
    """

    of: str
    number: int = 0
    team: str | None = None
    begins: float | None = None
    within_s: float = 0.0


@dataclass(frozen=True)
class Problem:
    """All that a plan has to respect.

    Attributes
    ----------
    teams : tuple of Team
    stops : tuple of Stop
    streets : tuple of Street
    matrices : mapping of str to Matrices
        By mode.
    pins : tuple of Pin
    worth : float or None
        Metres that a unit of risk is worth; where None, risk always comes before metres.
    resolution : float
        Seconds and metres are rounded up to it inside the search, so that no plan is late.
    """

    teams: tuple[Team, ...]
    stops: tuple[Stop, ...]
    matrices: Mapping[str, Matrices]
    streets: tuple[Street, ...] = ()
    pins: tuple[Pin, ...] = ()
    worth: float | None = None
    resolution: float = 1.0

    def __post_init__(self) -> None:
        keys = [place.key for place in self.places]
        names = [team.name for team in self.teams]
        for what, values in (("key", keys), ("team", names)):
            if len(values) != len(set(values)) or "" in values:
                raise ValueError(f"every {what} is named, and once")
        if not self.teams:
            raise ValueError("a plan needs a team")
        shapes = {table.seconds.shape for table in self.matrices.values()}
        if len(shapes) != 1:
            raise ValueError("the matrices of all modes are of one shape")
        self._check_nodes(shapes.pop()[0])
        for pin in self.pins:
            if pin.of not in keys or (pin.team is not None and pin.team not in names):
                raise ValueError(f"the pin of {pin.of} names a place and a team of the problem")

    @property
    def places(self) -> tuple[Stop | Street, ...]:
        """Return stops and streets, in order."""
        return (*self.stops, *self.streets)

    def _check_nodes(self, count: int) -> None:
        nodes = [stop.node for stop in self.stops]
        nodes += [node for street in self.streets for node in street.ends]
        for team in self.teams:
            if team.mode not in self.matrices:
                raise ValueError(f"there is no matrix for team {team.name}, mode {team.mode}")
            nodes += [team.start, team.end, *(team.rest.nodes if team.rest else ())]
            nodes += [node for visit in team.fixed for node in (visit.enter, visit.leave)]
        if nodes and not (min(nodes) >= 0 and max(nodes) < count):
            raise ValueError(f"a node is a row of the matrices, 0 to {count - 1}")


def visits_between(begin: float, end: float, every: float) -> tuple[Window, ...]:
    """Cut hours into windows of equal length, none longer than ``every``.

    Parameters
    ----------
    begin, end : float
        Seconds of the day.
    every : float
        Seconds, 7,200 for the two hours after which a visit's effect is gone (Koper 1995).

    Returns
    -------
    tuple of Window

    Raises
    ------
    ValueError
        For hours that end before they begin, or ``every`` not above 0.
    """
    if end <= begin or every <= 0:
        raise ValueError(f"no windows of {every} s from {begin} to {end}")
    count = math.ceil((end - begin) / every - 1e-9)
    edges = [begin + (end - begin) * i / count for i in range(count + 1)]
    return tuple(Window(a, b) for a, b in itertools.pairwise(edges))
