"""What a reader gives back, whatever the format."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.messages import N_, GeodataError, Message
from geodata.problems import Problems


@dataclass
class RawTable:
    """A file as it stands, before anything is known about its meaning.

    Attributes
    ----------
    frame : pandas.DataFrame
        The columns by the names in the file, without geometry. Text stays text.
    rows : ndarray of int64, shape (n,)
        The row of each record as a person counts it: in a table the header is row 1, in a file
        of features the first feature is 1.
    problems : Problems
        What was wrong with the file's form. Records that could not be read at all are only
        here; a record whose geometry could not be read has None for it.
    geometry : ndarray of shapely geometries, shape (n,), or None
        In the file's own coordinate system; None when the file has no geometry.
    system : str or None
        The coordinate system that the file declares.
    encoding : str or None
        The encoding the text was read with, for formats that do not fix it.
    layer : str or None
        The layer or sheet that was read.
    path : Path or None
        The file.
    unread : pandas.DataFrame or None
        The fields of rows that have too many or too few, indexed by the row; the surplus ones
        are in columns after those of ``frame``. Their faults are among the problems.
    """

    frame: pd.DataFrame
    rows: npt.NDArray[np.int64]
    problems: Problems = field(default_factory=Problems)
    geometry: npt.NDArray[np.object_] | None = None
    system: str | None = None
    encoding: str | None = None
    layer: str | None = None
    path: Path | None = None
    unread: pd.DataFrame | None = None

    def __len__(self) -> int:
        return len(self.rows)


def choose_layer(path: Path, layers: list[str], wanted: str | None) -> str:
    """Return the layer to read, or say which there are.

    Raises
    ------
    GeodataError
        If there is none, if several and none is named, or if the named one is not there.
    """
    if not layers:
        raise GeodataError(Message("{file} holds no layer with data", file=path.name))
    if wanted is None:
        if len(layers) == 1:
            return layers[0]
        raise GeodataError(
            Message(
                "{file} holds several layers: {layers}. Name the one to read.",
                file=path.name,
                layers=", ".join(layers),
            )
        )
    if wanted not in layers:
        raise GeodataError(
            Message(
                "{file} has no layer {layer}. It holds: {layers}.",
                file=path.name,
                layer=wanted,
                layers=", ".join(layers),
            )
        )
    return wanted


def tidy_names(names: list[str], problems: Problems) -> list[str]:
    """Return column names without blanks at the ends, none empty and none twice."""
    result: list[str] = []
    taken: set[str] = set()
    for position, raw in enumerate(names, start=1):
        name = raw.strip().strip("\ufeff") or f"column {position}"
        serial = 2
        unique = name
        while unique in taken:
            unique = f"{name} ({serial})"
            serial += 1
        if unique != name:
            problems.add(
                "column-twice",
                N_("the column {name} occurs more than once; the later one is called {unique}"),
                field=name,
                severity="warning",
                name=name,
                unique=unique,
            )
        taken.add(unique)
        result.append(unique)
    return result
