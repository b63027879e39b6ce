"""Writes a package: features flow from PostGIS into the zip file in memory that does not grow."""

from __future__ import annotations

import hashlib
import importlib.metadata
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from geodata.files.written import replacing
from gridmap.exchange.grant import Grant
from gridmap.exchange.packages.content import (
    DATA_DICTIONARY,
    METADATA,
    Statement,
    dictionary,
    metadata,
    statement,
)
from gridmap.exchange.packages.signing import Signer

CHECKSUMS = "SHA256SUMS"
SIGNATURE = "SHA256SUMS.sig"
#: Rows that are read in one go.
_CHUNK = 5000
# Coordinates pack well at any level; the lowest packs four times as fast as the usual one.
_LEVEL = 1


def write_package(
    connection: Connection,
    grant: Grant,
    path: Path,
    signer: Signer,
    *,
    licence: str = "",
    expect: Callable[[int], None] = lambda rows: None,
    advance: Callable[[int], None] = lambda rows: None,
) -> None:
    """Write all that a reader may be given to a zip file, which appears when it is whole.

    Parameters
    ----------
    connection : Connection
        In a transaction that sees one moment (repeatable read), so that layers fit together.
    grant : Grant
    path : Path
    signer : Signer
    licence : str
        The terms of use.
    expect : callable
        Told how many rows there will be.
    advance : callable
        Told how many rows were written since.
    """
    zone = connection.execute(text("SELECT time_zone FROM territory_settings")).scalar_one()
    connection.execute(text("SELECT set_config('TimeZone', :zone, true)"), {"zone": zone})
    statements = {one.key: statement(one, grant) for one in grant.collections()}
    layers = {
        key: int(connection.execute(text(each.count), each.values).scalar_one())
        for key, each in statements.items()
    }
    expect(sum(layers.values()))
    made_at = datetime.now(UTC).astimezone(ZoneInfo(zone))
    program = f"gridmap {importlib.metadata.version('gridmap')}"
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as draft, zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as packed:
        archive = _Archive(packed, made_at)
        for key, each in statements.items():
            with archive.add(f"{key}.geojson") as stream:
                _write_features(connection, each, stream, advance)
        for name, content in (
            (METADATA, metadata(grant, layers, made_at, licence, program)),
            (DATA_DICTIONARY, dictionary(grant)),
        ):
            with archive.add(name) as stream:
                stream.write(content)
        sums = archive.checksums()
        packed.writestr(archive.entry(CHECKSUMS), sums)
        packed.writestr(archive.entry(SIGNATURE), signer.sign(sums))


def _write_features(
    connection: Connection, source: Statement, stream: IO[bytes], advance: Callable[[int], None]
) -> None:
    rows = connection.execute(
        text(source.features),
        source.values,
        execution_options={"yield_per": _CHUNK, "stream_results": True},
    )
    before = b""
    stream.write(b'{"type": "FeatureCollection", "features": [\n')
    with closing(rows):
        for part in rows.scalars().partitions(_CHUNK):
            stream.write(before + ",\n".join(part).encode())
            before = b",\n"
            advance(len(part))
    stream.write(b"\n]}\n")


class _Archive:
    """A zip file whose contents are summed up while they are written."""

    def __init__(self, packed: zipfile.ZipFile, made_at: datetime) -> None:
        self._packed, self._time = packed, made_at.timetuple()[:6]
        self._sums: dict[str, str] = {}

    def entry(self, name: str) -> zipfile.ZipInfo:
        """Return the head of a file in the archive."""
        entry = zipfile.ZipInfo(name, self._time)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry._compresslevel = _LEVEL  # type: ignore[attr-defined]
        entry.external_attr = 0o644 << 16
        return entry

    def add(self, name: str) -> _Summed:
        """Open a file in the archive."""
        # Nobody knows before whether it gets larger than 4 GB.
        return _Summed(self._packed.open(self.entry(name), "w", force_zip64=True), name, self._sums)

    def checksums(self) -> bytes:
        """Return the sums as ``sha256sum --check`` reads them."""
        return "".join(f"{each}  {name}\n" for name, each in self._sums.items()).encode()


class _Summed:
    """A stream that notes the SHA-256 of what went through it."""

    def __init__(self, stream: IO[bytes], name: str, sums: dict[str, str]) -> None:
        self._stream, self._name, self._sums = stream, name, sums
        self._digest = hashlib.sha256()

    def __enter__(self) -> IO[bytes]:
        return self  # type: ignore[return-value]

    def write(self, content: bytes) -> int:
        self._digest.update(content)
        return self._stream.write(content)

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._sums[self._name] = self._digest.hexdigest()
