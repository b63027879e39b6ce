"""Where imported rows come from, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """What every row keeps of its origin.

    Attributes
    ----------
    source : str
        The register or agency the rows are from; an external id is unique within it.
    import_id : int or None
        The row of ``import_run``.
    """

    source: str = ""
    import_id: int | None = None


@dataclass(frozen=True)
class Counts:
    """What became of the rows that were good.

    Attributes
    ----------
    inserted, updated, unchanged : int
        Rows of the file.
    """

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
        )
