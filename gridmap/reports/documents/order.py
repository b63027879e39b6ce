"""What a report is asked to be about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Kind = Literal["half_year", "year", "month", "bulletin", "patrol_briefing", "cell_sheet"]
#: All kinds, in the order in which they are offered.
KINDS: tuple[Kind, ...] = (
    "half_year", "year", "month", "bulletin", "patrol_briefing", "cell_sheet",
)  # fmt: skip


@dataclass(frozen=True)
class Order:
    """A report that is asked for.

    Attributes
    ----------
    kind : Kind
    unit_id : int
        The area: a community, town or county with all below it.
    first, last : date
        The period, both days within it.
    cell_id : int or None
        The cell that a cell sheet tells of.
    """

    kind: Kind
    unit_id: int
    first: date
    last: date
    cell_id: int | None = None
