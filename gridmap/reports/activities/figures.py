"""Figures of activities for evaluation and reports: done of due, and sums of counts.

A period of a plan is due in a span if it ends in it and is over, or ends in it and was done
already; it is done where an activity of the plan's kind lies in it, at that cell, community, unit
or place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from gridmap.incidents.statistics import Span
from gridmap.territory.scope import Scope

Group = Literal["cell", "cadre", "community", "town", "department", "all"]


@dataclass(frozen=True)
class Done:
    """How much of what was due of a kind is done; ``member`` is an id of the group, 0 for all."""

    member: int
    kind: str
    due: int
    done: int


@dataclass(frozen=True)
class Total:
    """The activities of a kind and the sums of its counts, by keys of `kinds.COUNTS`."""

    kind: str
    activities: int
    counts: Mapping[str, int]


def done_of_due(session: Session, span: Span, scope: Scope, group: Group) -> Sequence[Done]:
    """Tell how much was due and done, by member of a group and kind.

    What is planned for communities counts for no cell and no cadre, since nobody knows whose it
    is; what is planned for places and cells counts for the cell and who was responsible for it on
    the period's last day. Departments have no activities: their rows are none.

    Parameters
    ----------
    session : Session
    span : Span
        Local days, both included.
    scope : Scope
        The communities; towns and counties count where all of theirs are in it.
    group : Group
    """
    raise NotImplementedError


def totals(session: Session, span: Span, scope: Scope) -> Sequence[Total]:
    """Count the activities of a span by kind, and sum their counts; kinds without any are left out.

    ``notices`` and ``corrected`` are those of the inspections of the span, whenever corrected.
    """
    raise NotImplementedError
