"""Zip archives, as people pack shapefiles and tables, with Chinese names in any of two ways."""

from __future__ import annotations

import lzma
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from geodata.messages import GeodataError, Message

UTF8_NAME = 0x800
MAX_UNPACKED_BYTES = 4 << 30
# Among them what a password (RuntimeError), a full disk or a name too long (OSError) gives.
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError)


def member_name(info: zipfile.ZipInfo) -> str:
    """Return a member's name; without the UTF-8 mark Chinese Windows writes it in GBK."""
    if info.flag_bits & UTF8_NAME:
        return info.filename
    raw = info.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Unpack an archive into a folder that is removed afterwards.

    Raises
    ------
    GeodataError
        If it is no zip archive, is damaged or encrypted, or would fill the disk.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise GeodataError(
            Message("{file} is no zip archive or is damaged", file=path.name)
        ) from error
    with archive, TemporaryDirectory(prefix="gridmap-") as folder:
        members = [info for info in archive.infolist() if _wanted(info)]
        if sum(info.file_size for info in members) > MAX_UNPACKED_BYTES:
            raise GeodataError(
                Message("{file} unpacks to more than 4 GB; unpack it by hand", file=path.name)
            )
        for info in members:
            target = Path(folder).joinpath(*_safe_parts(info))
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(info) as source, target.open("wb") as sink:
                    shutil.copyfileobj(source, sink)
            except _DAMAGED as error:
                raise GeodataError(
                    Message(
                        "{member} in {file} cannot be unpacked: it is damaged, has a password or "
                        "an impossible name. Unpack it by hand.",
                        member=member_name(info),
                        file=path.name,
                    )
                ) from error
        yield Path(folder)


def _safe_parts(info: zipfile.ZipInfo) -> list[str]:
    """Return the path inside the folder; a name that leads out of it is cut to its inner part."""
    parts = PurePosixPath(member_name(info).replace("\\", "/")).parts
    return [part for part in parts if part not in {"/", "..", "."} and ":" not in part]


def _wanted(info: zipfile.ZipInfo) -> bool:
    return not info.is_dir() and not info.filename.startswith("__MACOSX/") and bool(
        _safe_parts(info)
    )  # fmt: skip
