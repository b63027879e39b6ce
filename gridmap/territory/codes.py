"""Cell codes: how the cells of a community are numbered.

A scheme is a plug-in: a package offers one under the entry point group
``gridmap.code_schemes`` and the setting ``GRIDMAP_CODE_SCHEME`` names it.
"""

from __future__ import annotations

from collections.abc import Collection
from importlib.metadata import entry_points
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from geodata.messages import Message
from gridmap.errors import ConflictError, GridmapError

ENTRY_POINTS = "gridmap.code_schemes"
# Cells whose representative points lie within 0.1 m of one meridian count as one column.
COLUMN_WIDTH_DEGREES = 1e-6


class CodeScheme(Protocol):
    """What a scheme of cell codes must be able to do."""

    def number(
        self, community_code: str, points: NDArray[np.float64], taken: Collection[str]
    ) -> list[str]:
        """Return new codes for cells at ``points``, an (n, 2) array of lon, lat in degrees.

        ``taken`` are all codes the community ever had; they stay as they are and none is
        given out again.
        """

    def fault(self, code: str, community_code: str) -> Message | None:
        """Return what is wrong with a code, or None."""


class FifteenDigits:
    """County 6, town 3, community 3 and serial 3 digits, west to east, then north to south."""

    SERIALS = 999

    def number(
        self, community_code: str, points: NDArray[np.float64], taken: Collection[str]
    ) -> list[str]:
        """Give numbers to cells from the serial after the largest one ever used in the community.

        Raises
        ------
        ConflictError
            If the community's 999 serials are used up.
        """
        serials = [int(code[12:]) for code in taken if self.fault(code, community_code) is None]
        first = max(serials, default=0) + 1
        if first + len(points) - 1 > self.SERIALS:
            raise ConflictError(
                Message(
                    "Community {community} has no serial numbers left for {count} more cells: "
                    "a code of 15 digits allows 999. Divide the community or choose another "
                    "scheme.",
                    community=community_code,
                    count=len(points),
                )
            )
        columns = np.round(points[:, 0] / COLUMN_WIDTH_DEGREES)
        order = np.lexsort((-points[:, 1], columns))
        serial = np.empty(len(points), dtype=int)
        serial[order] = np.arange(first, first + len(points))
        return [f"{community_code}{number:03d}" for number in serial.tolist()]

    def fault(self, code: str, community_code: str) -> Message | None:
        """Return what is wrong with a code, or None."""
        if not (len(code) == 15 and code.isascii() and code.isdigit()):
            return Message("Cell code {code} does not have 15 digits.", code=code)
        if not code.startswith(community_code):
            return Message(
                "Cell code {code} does not begin with the code of its community, {community}.",
                code=code,
                community=community_code,
            )
        return None


def code_scheme(name: str) -> CodeScheme:
    """Load a scheme of cell codes by the name of its entry point.

    Raises
    ------
    GridmapError
        If no installed package offers a scheme of this name; the error lists those there are.
    """
    offered = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if name not in offered:
        raise GridmapError(
            Message(
                "There is no scheme of cell codes named {name}. Installed are: {offered}.",
                name=name,
                offered=", ".join(sorted(offered)),
            )
        )
    scheme: CodeScheme = offered[name].load()()
    return scheme
