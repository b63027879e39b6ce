from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageFile, PngImagePlugin

from gridmap.errors import GridmapError, NotFoundError
from gridmap.incidents.cases.inbox import case_file
from gridmap.incidents.cases.photos import (
    MAX_BYTES,
    find_photo,
    photo_folder,
    photo_path,
    prepare,
)
from gridmap.incidents.cases.workflow import Act
from gridmap.settings import Settings
from tests.gridmap.incidents.conftest import Desk

SECRET = b"31.2304N"


def jpeg(width: int = 40, height: int = 20, **options: object) -> bytes:
    image = Image.new("RGB", (width, height), "white")
    image.paste("red", (0, 0, width // 2, height))
    out = BytesIO()
    image.save(out, "JPEG", quality=95, **options)
    return out.getvalue()


def telling() -> bytes:
    """A photo turned on its side that tells where it was taken, in every place it can."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = SECRET.decode()
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (31.0, 13.0, 49.0)
    return jpeg(exif=exif, comment=SECRET, xmp=b"<x>" + SECRET + b"</x>") + SECRET


def test_what_a_photo_tells_stays_behind_and_it_stands_upright() -> None:
    data = telling()
    assert data.count(SECRET) == 4
    made = prepare(data)
    for part in (made.full, made.thumbnail):
        assert SECRET not in part
        with Image.open(BytesIO(part)) as image:
            assert image.format == "JPEG"
            assert not image.getexif()
            assert {"exif", "xmp", "comment", "icc_profile"}.isdisjoint(image.info)
            assert image.height > image.width
    assert (made.width, made.height) == (20, 40)
    with Image.open(BytesIO(made.full)) as image:
        top, bottom = image.getpixel((10, 5)), image.getpixel((10, 35))
    assert top[1] < 80 < 200 < bottom[1]  # type: ignore[index]


def test_large_photos_are_made_smaller_and_clear_parts_white() -> None:
    made = prepare(jpeg(6000, 3000))
    assert (made.width, made.height) == (2048, 1024)
    with Image.open(BytesIO(made.thumbnail)) as image:
        assert image.size == (320, 160)
    out = BytesIO()
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(out, "PNG")
    with Image.open(BytesIO(prepare(out.getvalue()).full)) as image:
        assert image.getpixel((4, 4)) == (255, 255, 255)
    for kind in ("PNG", "WEBP"):
        for mode in ("L", "P", "RGB"):
            out = BytesIO()
            Image.new(mode, (8, 8)).save(out, kind)
            assert prepare(out.getvalue()).width == 8


def png_of(width: int, height: int) -> bytes:
    """A picture of a few bytes that claims to be huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(12000, 10001), (40000, 40000), (2**31 - 1, 2**31 - 1)])
def test_bombs_are_refused_before_they_unpack(size: tuple[int, int]) -> None:
    with pytest.raises(GridmapError, match="too many pixels"):
        prepare(png_of(*size))


def gif() -> bytes:
    out = BytesIO()
    Image.new("P", (4, 4)).save(out, "GIF")
    return out.getvalue()


def text_bomb() -> bytes:
    out, words = BytesIO(), PngImagePlugin.PngInfo()
    words.add_text("a", "x" * 5_000_000, zip=True)
    Image.new("L", (4, 4)).save(out, "PNG", pnginfo=words)
    return out.getvalue()


DAMAGED = {"text": text_bomb(), "cut": jpeg(400, 400)[:-2000], "short": png_of(100, 100)}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<?php system($_GET['c']); ?>",
        gif(),
        jpeg()[:200],
        *DAMAGED.values(),
    ],
    ids=["empty", "svg", "php", "gif", "head", *DAMAGED],
)
def test_what_is_no_photo_is_refused(data: bytes) -> None:
    with pytest.raises(GridmapError, match="JPEG, PNG or WebP"):
        prepare(data)


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_damaged_photos_are_refused_where_weasyprint_takes_them(
    monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    script = "import weasyprint, PIL.ImageFile; print(PIL.ImageFile.LOAD_TRUNCATED_IMAGES)"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert said.stdout == b"True\n"
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with pytest.raises(GridmapError, match="JPEG, PNG or WebP"):
        prepare(data)


def test_a_photo_is_read_again_if_the_switch_was_turned_on_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", False)
    open_picture, opened = Image.open, []

    def open_late(*args: Any, **options: Any) -> Image.Image:
        opened.append(args)
        ImageFile.LOAD_TRUNCATED_IMAGES = len(opened) == 1
        return open_picture(*args, **options)

    monkeypatch.setattr(Image, "open", open_late)
    with pytest.raises(GridmapError, match="JPEG, PNG or WebP"):
        prepare(DAMAGED["cut"])
    assert len(opened) == 2


def test_a_file_too_large_is_refused() -> None:
    with pytest.raises(GridmapError, match="15 MB"):
        prepare(b"\0" * (MAX_BYTES + 1))


def test_photos_are_kept_with_their_step_and_found_within_the_area(
    desk: Desk, tmp_path: Path
) -> None:
    assert photo_folder(Settings(data_dir=tmp_path)) == tmp_path / "photos"
    case = desk.take(photos=[telling()])
    desk.do(case, desk.supervisor, Act.FILE)
    desk.do(case, desk.supervisor, Act.DISPATCH)
    desk.do(case, desk.cadre, Act.FINISH, photos=[jpeg(), jpeg()])
    told = case_file(desk.session, desk.cadre, case.id)
    assert [photo.step_id for photo in told.photos] == [
        told.steps[0].id, told.steps[3].id, told.steps[3].id,
    ]  # fmt: skip
    assert told.row.photos == 3
    for photo in told.photos:
        full = photo_path(desk.folder, photo.name)
        assert full.read_bytes()[:2] == b"\xff\xd8"
        assert full.stat().st_size == photo.size
        assert full.stat().st_mode & 0o077 == 0
        assert photo_path(desk.folder, photo.name, thumbnail=True).exists()
        assert len(photo.name) == 32
    assert len(list(desk.folder.rglob("*.*"))) == 6
    first = told.photos[0]
    assert find_photo(desk.session, desk.analyst, case.id, first.id) is first
    other = desk.take()
    for actor, number in [(desk.stranger, case.id), (desk.supervisor, other.id)]:
        with pytest.raises(NotFoundError):
            find_photo(desk.session, actor, number, first.id)
    with pytest.raises(GridmapError, match="up to 9"):
        desk.take(photos=[jpeg()] * 10)
