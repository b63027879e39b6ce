"""Photos: checked, made anew without what they tell beside the picture, and kept as files."""

from __future__ import annotations

import os
import secrets
import struct
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageFile, ImageOps
from sqlalchemy import text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError, NotFoundError
from gridmap.incidents.cases.models import CasePhoto
from gridmap.settings import Settings
from gridmap.workforce.rights import Actor

MOST = 9
MAX_BYTES = 15 * 1024 * 1024
#: More than any phone takes; a bomb of a few kilobytes may claim a hundred times as much.
MAX_PIXELS = 120_000_000
_LONGEST, _THUMBNAIL = 2048, 320
# The reader of JPEG also knows the several pictures in one file that phones write.
_FORMATS = ("JPEG", "PNG", "WEBP")
_strictly = threading.Lock()


@dataclass(frozen=True)
class Picture:
    """A photo ready to be kept: two JPEG files and the size of the larger."""

    full: bytes
    thumbnail: bytes
    width: int
    height: int


def photo_folder(settings: Settings) -> Path:
    """Return where photos lie: beside the database's files, never below the web root."""
    return settings.data_dir / "photos"


def prepare(data: bytes) -> Picture:
    """Check a photo and make it anew.

    It is turned upright, scaled to at most 2048 pixels, and drawn onto an empty picture, so that
    place, time, camera, comments and whatever hides behind the picture stay behind.

    Raises
    ------
    GridmapError
        If it is no JPEG, PNG or WebP picture, damaged, or too large.
    """
    if len(data) > MAX_BYTES:
        raise GridmapError(
            Message("A photo may have up to {megabytes} MB.", megabytes=MAX_BYTES // 1024**2)
        )
    try:
        clean = _read(data)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise GridmapError(_too_many()) from error
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, OverflowError) as error:
        raise GridmapError(
            Message("The photo cannot be read. Send a JPEG, PNG or WebP picture.")
        ) from error
    small = clean.copy()
    small.thumbnail((_THUMBNAIL, _THUMBNAIL))
    return Picture(_jpeg(clean, 85), _jpeg(small, 75), clean.width, clean.height)


def prepare_all(photos: Sequence[bytes]) -> list[Picture]:
    """Prepare the photos of one act.

    Raises
    ------
    GridmapError
        If there are too many, or as `prepare`.
    """
    if len(photos) > MOST:
        raise GridmapError(Message("Send up to {count} photos at once.", count=MOST))
    return [prepare(data) for data in photos]


def keep(
    session: Session, folder: Path, case_id: int, step_id: int, pictures: Sequence[Picture]
) -> list[CasePhoto]:
    """Store pictures as files, and their names in the database.

    The files are written first: a row never names a file that is not there. Should the
    transaction fail afterwards, the files stay behind unnamed and nobody can reach them.

    Parameters
    ----------
    session : Session
    folder : Path
        See `photo_folder`.
    case_id, step_id : int
        Where they belong.
    pictures : sequence of Picture
    """
    rows = [
        CasePhoto(
            case_id=case_id,
            step_id=step_id,
            name=write_picture(folder, picture),
            width=picture.width,
            height=picture.height,
            size=len(picture.full),
        )
        for picture in pictures
    ]
    session.add_all(rows)
    session.flush()
    return rows


def write_picture(folder: Path, picture: Picture) -> str:
    """Store a picture as two files, and return the random name by which `photo_path` has them."""
    name = secrets.token_hex(16)
    _write(photo_path(folder, name), picture.full)
    _write(photo_path(folder, name, thumbnail=True), picture.thumbnail)
    return name


def photo_path(folder: Path, name: str, *, thumbnail: bool = False) -> Path:
    """Return the file of a photo that `find_photo` returned."""
    return folder / name[:2] / f"{name}{'.small' if thumbnail else ''}.jpg"


def find_photo(session: Session, actor: Actor, case_id: int, photo_id: int) -> CasePhoto:
    """Return a photo of a case in the actor's area.

    Raises
    ------
    NotFoundError
        If there is none for this person.
    """
    name = session.scalar(
        text(f"""
            SELECT p.id FROM case_photo p JOIN incident_case c ON c.id = p.case_id
            WHERE p.id = :photo AND c.id = :case AND {actor.scope.condition("c.community_id")}
        """),
        {"photo": photo_id, "case": case_id, **actor.scope.params},
    )
    if name is None:
        raise NotFoundError(Message("There is no such photo."))
    return session.get_one(CasePhoto, photo_id)


def _read(data: bytes) -> Image.Image:
    """Read a whole photo, upright, small and clean; a damaged one is an error.

    Whether Pillow takes a damaged picture is a switch of the whole process, which WeasyPrint
    turns on as soon as a thread imports it. So it is turned off for each photo, and the photo is
    read again if it was turned on meanwhile; only here, one at a time, is it turned off.
    """
    with _strictly:
        while True:
            ImageFile.LOAD_TRUNCATED_IMAGES = False
            with Image.open(BytesIO(data), formats=_FORMATS) as opened:
                # Known from the header, before any pixel is unpacked.
                if opened.width * opened.height > MAX_PIXELS:
                    raise GridmapError(_too_many())
                opened.draft("RGB", (_LONGEST, _LONGEST))
                upright = ImageOps.exif_transpose(opened)
                upright.thumbnail((_LONGEST, _LONGEST))
                clean = _clean(upright)
            if not ImageFile.LOAD_TRUNCATED_IMAGES:
                return clean


def _clean(image: Image.Image) -> Image.Image:
    """Draw a picture onto a white one, which carries nothing else."""
    clean = Image.new("RGB", image.size, "white")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        clean.paste(layer, mask=layer.getchannel("A"))
    else:
        clean.paste(image.convert("RGB"))
    return clean


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
    return out.getvalue()


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, suffix=".draft")
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    Path(draft).replace(path)


def _too_many() -> Message:
    return Message("The photo has too many pixels. Send a smaller one.")
