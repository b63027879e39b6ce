"""The part of the territory a reader may see, applied to every query in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Scope:
    """A reader's area.

    Parameters
    ----------
    communities : tuple of int, optional
        The ids of the communities the reader may see; without it all there is.
    """

    communities: tuple[int, ...] | None = None

    def condition(self, community: str | None) -> str:
        """Return the SQL condition that keeps a query within the area.

        Parameters
        ----------
        community : str or None
            The SQL expression of a row's community; None for what everybody may see, such as
            the basemap.
        """
        if self.communities is None or community is None:
            return "true"
        return f"{community} = ANY(:scope)"

    @property
    def params(self) -> dict[str, Any]:
        """Return the values `condition` refers to."""
        return {} if self.communities is None else {"scope": list(self.communities)}


EVERYTHING = Scope()
