"""What an import did, in numbers that add up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from geodata.problems import Problems
from gridmap.territory.importing.origin import Counts

#: Rows that a file takes back itself.
REVERSALS = ("reversed", "reversal", "reversal-unmatched")


@dataclass(frozen=True)
class Report:
    """The result of an import, or of what it would have been.

    Attributes
    ----------
    read : int
        Rows in the file, the sum of the following six.
    inserted, updated, unchanged : int
        Good rows, by what became of them in the database.
    reversed : int
        Rows that take back others, and rows taken back.
    repeated : int
        Rows that a later row of the file replaces.
    rejected : int
        Rows with an error.
    applied : bool
        Whether anything was written.
    problems : Problems
    """

    layer: str
    read: int
    counts: Counts
    reversed: int
    repeated: int
    applied: bool
    problems: Problems

    @property
    def rejected(self) -> int:
        """The number of rows with an error."""
        return len(self.problems.bad_rows())

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored with the import run."""
        return {
            "read": self.read,
            "inserted": self.counts.inserted,
            "updated": self.counts.updated,
            "unchanged": self.counts.unchanged,
            "reversed": self.reversed,
            "repeated": self.repeated,
            "rejected": self.rejected,
            "problems": self.problems.counts(),
        }


def left_out(problems: Problems) -> tuple[int, int]:
    """Count the rows left out on purpose: reversed, and repeated."""
    rows = problems.dropped_rows()
    frame = problems.to_frame() if rows.size else None
    if frame is None:
        return 0, 0
    taken_back = np.unique(frame.loc[frame["code"].isin(REVERSALS), "row"])
    return len(taken_back), len(rows) - len(taken_back)
