"""The file of a backup: a tar of the database, the photos of its cases, and what a town has once.

That is its templates of the responsibility sheet and of reports, and the key that signs packages
for others: who has the file can sign as the town, and reads all else of it too.

The database is PostgreSQL's own custom format, which compresses itself, and photos are JPEG; so
the tar is not compressed, and any tar program can take it apart. A backup of an early version is
the database alone.
"""

from __future__ import annotations

import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import IO

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.exchange.packages.signing import signing_key_path
from gridmap.incidents.cases.photos import photo_folder, photo_path
from gridmap.reports.documents.template_files import template_paths
from gridmap.settings import Settings
from gridmap.workforce.sheet import template_path

_DATABASE = "database.dump"
_PHOTO = re.compile(r"photos/([0-9a-f]{2})/\1[0-9a-f]{30}(?:\.small)?\.jpg")
_TEMPLATE = "templates/responsibility.docx"
_SIGNING_KEY = "package-signing-key.pem"
_SINGLE = (_TEMPLATE, *template_paths(Path()), _SIGNING_KEY)
#: What PostgreSQL's custom format begins with.
_MAGIC = b"PGDMP"


class BackupError(GridmapError):
    """A backup cannot be made or read, and the message holds the reason."""

    status = 500


@dataclass(frozen=True)
class Packed:
    """What a backup holds.

    Attributes
    ----------
    size : int
        Bytes of the file.
    photos : int
        Photos that are in it.
    missing : int
        Photos that the database names and whose files are not there.
    """

    size: int
    photos: int
    missing: int


def pack(
    target: Path,
    dump: Path,
    settings: Settings,
    names: Iterable[str],
    advance: Callable[[int], None] = lambda steps: None,
) -> Packed:
    """Put a database and the photos it names into one file.

    Parameters
    ----------
    target : Path
        The file to write.
    dump : Path
        The database.
    settings : Settings
        Where photos, the template of the sheet and the signing key lie.
    names : iterable of str
        Of photos.
    advance : callable
        Told how many photos are done.
    """
    folder = photo_folder(settings)
    photos = missing = 0
    with tarfile.open(target, "w") as tar:
        tar.add(dump, _DATABASE, recursive=False, filter=_nameless)
        for inside, path in _single(settings).items():
            if path.is_file():
                tar.add(path, inside, recursive=False, filter=_nameless)
        for name in names:
            pair = [photo_path(folder, name, thumbnail=small) for small in (False, True)]
            if all(file.is_file() for file in pair):
                for file in pair:
                    inside = f"photos/{file.relative_to(folder).as_posix()}"
                    tar.add(file, inside, recursive=False, filter=_nameless)
                photos += 1
            else:
                missing += 1
            advance(1)
    return Packed(target.stat().st_size, photos, missing)


@contextmanager
def unpacked(file: Path) -> Iterator[Path]:
    """Yield the database of a backup as a file of its own; an early backup is one itself.

    Raises
    ------
    BackupError
        If the file is no backup, or is cut off.
    """
    with file.open("rb") as start:
        alone = start.read(len(_MAGIC)) == _MAGIC
    if alone:
        yield file
        return
    with tempfile.NamedTemporaryFile(suffix=".dump") as dump, _readable(file) as tar:
        first = tar.next()
        content = tar.extractfile(first) if first and first.name == _DATABASE else None
        if content is None:
            raise _unreadable(file, "no database in it")
        shutil.copyfileobj(content, dump)
        dump.flush()
        # A file that was cut off is found now, and not when half the photos are in place.
        for member in tar:
            _check(file, member)
        yield Path(dump.name)


@contextmanager
def adding_files(file: Path, settings: Settings) -> Iterator[int]:
    """Put a backup's photos in their place; they are taken out again if what follows fails.

    Photos have random names, so that none replaces another, and one that no database names is
    reached by nobody. What else lies in the folder stays, for other databases may name it. The
    template and the signing key have one name each and therefore come last, when nothing can fail
    any more. A signing key that was there is kept beside it, for partners may hold its other half.

    Yields
    ------
    int
        How many were not there before.
    """
    with file.open("rb") as start:
        alone = start.read(len(_MAGIC)) == _MAGIC
    added: list[Path] = []
    single: dict[str, bytes] = {}
    try:
        if not alone:
            with _readable(file) as tar:
                single = _spread(file, tar, photo_folder(settings), added)
        yield sum(1 for path in added if not path.name.endswith(".small.jpg"))
    except BaseException:
        for path in added:
            path.unlink(missing_ok=True)
        raise
    for inside, path in _single(settings).items():
        content = single.get(inside)
        if content is None:
            continue
        if inside == _SIGNING_KEY and path.exists() and path.read_bytes() != content:
            # Copied, so that there is a key whatever happens, and under a name that is free.
            former = path.with_suffix(f".{sha256(path.read_bytes()).hexdigest()[:8]}.pem")
            shutil.copy2(path, former)
        _place(BytesIO(content), path)


def _single(settings: Settings) -> dict[str, Path]:
    """Return what a town has once: the name in a backup, and where it lies."""
    return {
        _TEMPLATE: template_path(settings.data_dir),
        **template_paths(settings.data_dir),
        _SIGNING_KEY: signing_key_path(settings.data_dir),
    }


def _spread(file: Path, tar: tarfile.TarFile, folder: Path, added: list[Path]) -> dict[str, bytes]:
    """Put the photos that are not there yet into the folder, and return what else there is."""
    single = {}
    for member in tar:
        if member.name == _DATABASE:
            continue
        content = tar.extractfile(_check(file, member))
        if content is None:
            continue
        if member.name in _SINGLE:
            single[member.name] = content.read()
            continue
        path = folder / Path(member.name).relative_to("photos")
        if not path.exists():
            _place(content, path)
            added.append(path)
    return single


def _place(content: IO[bytes], path: Path) -> None:
    """Write a file for its owner alone: the account that serves, where root restores."""
    for folder in reversed(path.parents[:2]):
        if not folder.exists():
            folder.mkdir(parents=True, mode=0o750)
            _give(folder)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, suffix=".draft")
    try:
        with os.fdopen(descriptor, "wb") as out:
            shutil.copyfileobj(content, out)
        _give(Path(draft))
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)


def _give(path: Path) -> None:
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


@contextmanager
def _readable(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(file, "r:") as tar:
            yield tar
    except (tarfile.TarError, EOFError) as error:
        raise _unreadable(file, str(error)) from error


def _check(file: Path, member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Refuse what no backup of ours holds: a tar may name any path, and links."""
    ours = member.name in (_DATABASE, *_SINGLE) or _PHOTO.fullmatch(member.name)
    if not member.isreg() or not ours:
        raise _unreadable(file, member.name)
    return member


def _nameless(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Leave out the accounts of this machine, which mean nothing on another."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


def _unreadable(file: Path, reason: str) -> BackupError:
    return BackupError(
        Message("{file} is no backup that can be read: {reason}", file=str(file), reason=reason)
    )
