"""What all exports share, without the libraries that frames need."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from geodata.messages import GeodataError, Message

FORMATS = {".geojson": "geojson", ".json": "geojson", ".gpkg": "gpkg", ".csv": "csv",
           ".zip": "shapefile", ".fgb": "flatgeobuf"}  # fmt: skip


@dataclass
class Written:
    """What was written and what a person should know about it.

    Attributes
    ----------
    path : Path
        The file.
    count : int
        How many rows it holds.
    notes : list of Message
        Shortened names and texts, a coordinate system that the format cannot name ...
    """

    path: Path
    count: int
    notes: list[Message] = field(default_factory=list)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield the name of a draft, which replaces the file when all is written.

    Raises
    ------
    GeodataError
        If the file cannot be written.
    """
    partial = path.with_name(f".{path.stem}.partial{path.suffix}")
    try:
        yield partial
        os.replace(partial, path)
    except OSError as error:
        raise GeodataError(
            Message(
                "{file} cannot be written: {reason}",
                file=str(path),
                reason=error.strerror or str(error),
            )
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def write_collection(
    parts: Iterable[bytes], path: Path, members: Mapping[str, object] = MappingProxyType({})
) -> None:
    """Write features that are texts already.

    Parameters
    ----------
    parts : iterable of bytes
        Features as JSON in UTF-8 with commas between; a part may be empty.
    path : Path
        Where to.
    members : mapping
        Foreign members of the collection, before its features.
    """
    header = json.dumps({"type": "FeatureCollection", **members})[:-1]
    with path.open("wb") as stream:
        stream.write(f'{header}, "features": [\n'.encode())
        between = b""
        for part in parts:
            if part:
                stream.write(between + part)
                between = b",\n"
        stream.write(b"\n]}\n")
