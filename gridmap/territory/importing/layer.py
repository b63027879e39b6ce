"""What the import of a layer has to know and do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import pandas as pd
from sqlalchemy.orm import Session

from geodata.problems import Problems
from gridmap.territory.importing.origin import Counts, Origin


@dataclass(frozen=True)
class Choices:
    """What the person who imports has chosen.

    Attributes
    ----------
    dry_run : bool
        Only report.
    skip_bad : bool
        Import the good rows although there are bad ones.
    new_categories : bool
        Add the categories of incidents that are unknown.
    keep_outside : bool
        Let rows in that lie far outside the territory.
    source : str
        The register the rows are from; an external id is unique within it.
    scheme : str
        The scheme that numbers cells without a code.
    advance : callable
        Told how many rows were stored.
    """

    dry_run: bool = False
    skip_bad: bool = False
    new_categories: bool = False
    keep_outside: bool = False
    source: str = ""
    scheme: str = "digits15"
    advance: Callable[[int], None] = field(default=lambda steps: None, compare=False)


Known = Callable[[Session, Choices], Mapping[str, Collection[str]]]
Check = Callable[[Session, pd.DataFrame, Problems, Choices], pd.DataFrame]
Write = Callable[[Session, pd.DataFrame, Origin, Choices, bool], Counts]


def nothing_known(session: Session, choices: Choices) -> Mapping[str, Collection[str]]:
    """Return that no field is limited to what the database holds."""
    return {}


@dataclass(frozen=True)
class LayerImport:
    """The import of one layer.

    Attributes
    ----------
    name : str
        A key of `geodata.mapping.LAYERS`.
    check : callable
        Takes the session, the canonical frame, the problems to add to and the choices; returns
        the frame, perhaps with further columns. Bad rows are taken out by the caller.
    write : callable
        Takes the session, the good rows, their origin, the choices and whether to write at all
        or only to count; never commits.
    known : callable
        Which values of which fields the database knows.
    prepare : callable, optional
        Begins, beside the reading of the frame, what the check will need.
    """

    name: str
    check: Check
    write: Write
    known: Known = nothing_known
    prepare: Callable[[Session], None] | None = None
