"""A run as a picture: the shapes over the outlines of communities, with title, legend and scale.

Pillow draws it, which is there for photos; a library for charts would be the larger part of the
installation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from geodata.messages import N_, Message
from geodata.metric import metres_per_degree
from gridmap.i18n import translate

WIDTH, HEIGHT = 1600, 1000
_MARGIN, _TOP, _SIDE, _FOOT = 32, 104, 400, 56
#: Drawn twice as large and made smaller, lines have no steps.
_FINER = 2
_INK, _QUIET, _LINE, _GROUND = "#26323c", "#5d6973", "#8b99a5", "#f5f4f1"
_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
#: Fonts with Chinese letters, the best first.
_FONTS = (
    "NotoSansCJK-Regular.ttc", "NotoSansSC-Regular.otf", "NotoSansCJKsc-Regular.otf",
    "SourceHanSansSC-Regular.otf", "SourceHanSansCN-Regular.otf", "wqy-microhei.ttc",
    "wqy-zenhei.ttc", "NotoSerifCJK-Regular.ttc", "DroidSansFallbackFull.ttf", "uming.ttc",
)  # fmt: skip
_MOST_NUMBERED = 30
Shape = tuple[str, int | None, shapely.Geometry]


@dataclass(frozen=True)
class Title:
    """What stands above a picture and below it."""

    name: str
    about: str
    incidents: int
    made: str
    language: str


def draw(
    title: Title,
    legend: Sequence[tuple[str, str, str]],
    shapes: Sequence[Shape],
    area: NDArray[np.object_],
) -> bytes:
    """Draw a run.

    Parameters
    ----------
    title : Title
    legend : sequence of (class, colour, words)
    shapes : sequence of (class, rank, geometry)
        In EPSG:4326, in the order they are drawn.
    area : ndarray of Polygon or MultiPolygon
        The outlines of the communities, in EPSG:4326.

    Returns
    -------
    bytes
        A PNG.
    """
    image = Image.new("RGB", (WIDTH * _FINER, HEIGHT * _FINER), "#ffffff")
    canvas = ImageDraw.Draw(image)
    frame = _Frame.around(area if len(area) else np.array([shape for _, _, shape in shapes]))
    _map(canvas, frame, legend, shapes, area)
    _words(canvas, frame, title, legend)
    small = image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    out = BytesIO()
    # Fewer colours would be a smaller file, but change those that only the legend has.
    small.save(out, "PNG", optimize=True)
    return out.getvalue()


@dataclass(frozen=True)
class _Frame:
    """From degrees to pixels: lengths are true in both directions, as over a small area."""

    west: float
    north: float
    across: float
    down: float
    metres: float

    @classmethod
    def around(cls, shapes: NDArray[np.object_]) -> _Frame:
        west, south, east, north = shapely.total_bounds(shapes)
        lon_m, lat_m = metres_per_degree((south + north) / 2)
        width, height = (east - west) * lon_m, (north - south) * lat_m
        room_x = (WIDTH - _SIDE - 2 * _MARGIN) * _FINER
        room_y = (HEIGHT - _TOP - _FOOT) * _FINER
        scale = min(room_x / max(width, 1), room_y / max(height, 1))
        # In the middle of its room.
        left = _MARGIN * _FINER + (room_x - width * scale) / 2
        top = _TOP * _FINER + (room_y - height * scale) / 2
        return cls(
            west - left / (lon_m * scale), north + top / (lat_m * scale),
            lon_m * scale, lat_m * scale, scale,
        )  # fmt: skip

    def pixels(self, at: NDArray[np.float64]) -> list[tuple[float, float]]:
        """Return positions in degrees as pixels."""
        x, y = (at[:, 0] - self.west) * self.across, (self.north - at[:, 1]) * self.down
        return list(zip(x.tolist(), y.tolist(), strict=True))


def _map(
    canvas: ImageDraw.ImageDraw,
    frame: _Frame,
    legend: Sequence[tuple[str, str, str]],
    shapes: Sequence[Shape],
    area: NDArray[np.object_],
) -> None:
    colours = {kind: colour for kind, colour, _ in legend}
    for part in shapely.get_parts(area):
        canvas.polygon(frame.pixels(shapely.get_coordinates(part.exterior)), fill=_GROUND)
    # As on the page: where smaller shapes are painted, listed areas have an outline alone.
    painted = any(rank is None for _, rank, _ in shapes)
    for kind, rank, shape in shapes:
        if rank is None or shapely.get_dimensions(shape) < 2 or not painted:
            _fill(canvas, frame, shape, colours.get(kind, "#dfe3e6"))
    for part in shapely.get_parts(area):
        ring = frame.pixels(shapely.get_coordinates(part.exterior))
        canvas.line([*ring, ring[0]], fill=_LINE, width=_FINER)
    for _kind, rank, shape in shapes:
        if rank is not None and shapely.get_dimensions(shape) == 2:
            for part in shapely.get_parts(shape):
                ring = frame.pixels(shapely.get_coordinates(part.exterior))
                canvas.line(ring, fill=_INK, width=2 * _FINER)
    for _kind, rank, shape in shapes:
        if rank is not None and rank <= _MOST_NUMBERED:
            point = shapely.get_coordinates(shapely.point_on_surface(shape))
            _number(canvas, frame.pixels(point)[0], str(rank))


def _fill(canvas: ImageDraw.ImageDraw, frame: _Frame, shape: shapely.Geometry, colour: str) -> None:
    for part in shapely.get_parts(shape):
        at = frame.pixels(shapely.get_coordinates(part))
        if part.geom_type == "Polygon":
            canvas.polygon(frame.pixels(shapely.get_coordinates(part.exterior)), fill=colour)
            for hole in part.interiors:
                canvas.polygon(frame.pixels(shapely.get_coordinates(hole)), fill=_GROUND)
        elif part.geom_type == "Point":
            x, y = at[0]
            r = 5 * _FINER
            canvas.ellipse((x - r, y - r, x + r, y + r), fill=colour, outline="#ffffff")
        else:
            canvas.line(at, fill=colour, width=4 * _FINER, joint="curve")


def _number(canvas: ImageDraw.ImageDraw, at: tuple[float, float], words: str) -> None:
    x, y = at
    r = 13 * _FINER
    canvas.ellipse((x - r, y - r, x + r, y + r), fill="#ffffff", outline=_INK, width=_FINER)
    canvas.text((x, y), words, fill=_INK, font=_font(14 * _FINER), anchor="mm")


def _words(
    canvas: ImageDraw.ImageDraw,
    frame: _Frame,
    title: Title,
    legend: Sequence[tuple[str, str, str]],
) -> None:
    language = title.language if _has_chinese() else "en"

    def at(x: float, y: float, words: str, size: int, colour: str = _INK) -> None:
        font = _font(size * _FINER)
        canvas.text((x * _FINER, y * _FINER), words, fill=colour, font=font)

    at(_MARGIN, 24, title.name, 30)
    count = translate(Message(N_("{count} incidents"), count=f"{title.incidents:,}"), language)
    at(_MARGIN, 64, f"{title.about} · {count}", 18, _QUIET)
    left, y = WIDTH - _SIDE + 16, _TOP + 8
    canvas.text(
        (left * _FINER, y * _FINER), translate(N_("Legend"), language), fill=_INK,
        font=_font(18 * _FINER),
    )  # fmt: skip
    for _kind, colour, word in legend:
        y += 34
        canvas.rectangle(
            (left * _FINER, y * _FINER, (left + 28) * _FINER, (y + 20) * _FINER),
            fill=colour, outline=_QUIET,
        )  # fmt: skip
        for line in _lines(word, (_SIDE - 80) * _FINER):
            at(left + 40, y, line, 16)
            y += 22
        y -= 22
    # Beside the scale, where no words of the legend can reach it.
    _north(canvas, WIDTH - 72, HEIGHT - _FOOT - 84, translate(N_("N"), language))
    _scale(canvas, frame, left, HEIGHT - _FOOT - 40)
    made = translate(Message(N_("Made {moment} with gridmap; source: own data"),
                             moment=title.made), language)  # fmt: skip
    at(_MARGIN, HEIGHT - 40, made, 15, _QUIET)


def _lines(words: str, room: int) -> list[str]:
    """Break a text where its line is full: at spaces, or anywhere in Chinese."""
    font = _font(16 * _FINER)
    pieces = words.split(" ") if " " in words else list(words)
    gap = " " if " " in words else ""
    lines = [""]
    for piece in pieces:
        longer = f"{lines[-1]}{gap if lines[-1] else ''}{piece}"
        if lines[-1] and font.getlength(longer) > room:
            lines.append(piece)
        else:
            lines[-1] = longer
    return lines


def _north(canvas: ImageDraw.ImageDraw, x: float, y: float, word: str) -> None:
    points = [(x, y), (x + 10, y + 32), (x, y + 25), (x - 10, y + 32)]
    canvas.polygon([(a * _FINER, b * _FINER) for a, b in points], fill=_INK)
    font = _font(15 * _FINER)
    canvas.text((x * _FINER, (y + 44) * _FINER), word, fill=_INK, font=font, anchor="mm")


def _scale(canvas: ImageDraw.ImageDraw, frame: _Frame, x: float, y: float) -> None:
    most = 200 * _FINER / frame.metres
    power = 10 ** np.floor(np.log10(most))
    length = max(step * power for step in (1, 2, 5) if step * power <= most)
    across = length * frame.metres
    left, base = x * _FINER, y * _FINER
    canvas.line((left, base, left + across, base), fill=_INK, width=2 * _FINER)
    for end in (left, left + across):
        canvas.line((end, base - 6 * _FINER, end, base), fill=_INK, width=2 * _FINER)
    words = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    canvas.text((left, base + 8 * _FINER), words, fill=_INK, font=_font(15 * _FINER))


@lru_cache(maxsize=1)
def _font_file() -> Path | None:
    for folder in _FOLDERS:
        found = {path.name: path for path in Path(folder).expanduser().rglob("*.[to]t[cf]")}
        for name in _FONTS:
            if name in found:
                return found[name]
    return None


def _has_chinese() -> bool:
    return _font_file() is not None


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    path = _font_file()
    if path is None:
        # Without Chinese letters; names in Chinese show as boxes then.
        return ImageFont.load_default(size)
    # The third face of the Noto and Source Han collections has the letters of the mainland.
    index = 2 if path.suffix == ".ttc" and path.name.startswith("Noto") else 0
    return ImageFont.truetype(str(path), size, index=index)
