"""What all pictures share: the font, sheets in millimetres, text that is measured, and the PNG.

Only matplotlib's objects are used, never pyplot, which keeps figures in a list that all threads
share. A figure belongs to the call that makes it, and is gone with it.
"""

from __future__ import annotations

import io
import re
from functools import cache, lru_cache
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from PIL import Image

from geodata.messages import Message
from gridmap.errors import UnavailableError

DPI = 200
MM_PER_INCH = 25.4
#: Point sizes of print: words on axes and in legends, small print, names on maps.
SIZE, SMALL, TINY = 8.0, 7.0, 6.0
INK, GREY, PALE = "#222222", "#6f6f6f", "#d9d9d9"
#: In this order; the page's fonts of LOOK.md that a server can have.
FAMILIES = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN",
    "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Microsoft YaHei", "SimHei", "PingFang SC",
)  # fmt: skip
#: Series of a chart: a colour, and what tells them apart without it.
FILLS = (
    ("#2b5f8f", ""), ("#f3b562", "////"), ("#a9cba4", "...."), ("#d7d7d7", "xxxx"),
    ("#8c4a6b", "\\\\\\\\"), ("#ffffff", "----"),
)  # fmt: skip
STROKES = (
    ("#2b5f8f", "-", "o"), ("#c26a00", "--", "s"), ("#4a8a45", "-.", "^"), ("#7a7a7a", ":", "D"),
    ("#8c4a6b", (0, (5, 1, 1, 1, 1, 1)), "v"), ("#222222", (0, (1, 1)), "x"),
)  # fmt: skip


@cache
def family() -> str:
    """Return the name of the system's Chinese font, and let matplotlib draw with it.

    Raises
    ------
    UnavailableError
        If there is none.
    """
    name = _installed() or _installed_lately()
    if name is None:
        raise UnavailableError(
            Message(
                "Pictures need a Chinese font, and this machine has none: install the package "
                "{package} and try again.",
                package="fonts-noto-cjk",
            )
        )
    # These are the program's own settings for all its pictures; nothing else draws with matplotlib.
    matplotlib.rcParams.update(
        {
            "font.family": [name],
            "font.size": SIZE,
            # Names are what people typed: a dollar in them starts no formula.
            "text.parse_math": False,
            "axes.formatter.use_mathtext": False,
            "axes.edgecolor": GREY,
            "axes.linewidth": 0.5,
            "xtick.color": INK,
            "ytick.color": INK,
            "text.color": INK,
            "hatch.linewidth": 0.45,
        }
    )
    return name


def _installed() -> str | None:
    known = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in FAMILIES if name in known), None)


def _installed_lately() -> str | None:
    """Look for a font that came after matplotlib made its list."""
    for path in sorted(font_manager.findSystemFonts()):
        if re.search(r"cjk|notosanssc|hansans|wqy|msyh|simhei|pingfang", Path(path).name.lower()):
            font_manager.fontManager.addfont(path)
    return _installed()


def new_figure(width_mm: float, height_mm: float) -> Figure:
    """Return an empty sheet."""
    family()
    figure = Figure((width_mm / MM_PER_INCH, height_mm / MM_PER_INCH), dpi=DPI)
    FigureCanvasAgg(figure)
    return figure


def png(figure: Figure) -> bytes:
    """Return a figure as PNG of `DPI`, and empty it.

    It is kept for years and sent with each document: 256 colours take a third of the room.
    """
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)  # noqa: S101 - As `new_figure` made it.
    canvas.draw()  # type: ignore[no-untyped-call]
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])  # type: ignore[no-untyped-call]
    stream = io.BytesIO()
    few = picture.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    # The palette's white is nearly white, which on a white page shows as a box.
    palette = [255 if tone > 250 else tone for tone in few.getpalette() or []]
    few.putpalette(palette)
    few.save(stream, format="png", dpi=(DPI, DPI))
    # Its parts know each other, so that memory would wait for the garbage collector.
    figure.clear()
    return stream.getvalue()


@cache
def _glyphs() -> frozenset[int]:
    found = font_manager.findfont(font_manager.FontProperties(family=family()))
    return frozenset(FT2Font(found, face_index=found.face_index).get_charmap())


def plain(text: str) -> str:
    """Return a text of which each character can be drawn, on one line.

    A character that the font has not becomes a white square, and a control character a blank.
    """
    known = _glyphs()
    words = " ".join("".join(" " if ord(c) < 32 or ord(c) == 127 else c for c in text).split())
    return "".join(c if ord(c) in known else "□" for c in words)


@lru_cache(maxsize=8192)
def width_mm(text: str, size: float) -> float:
    """Return how wide a line of text is."""
    renderer = FigureCanvasAgg(Figure((1, 1), dpi=DPI)).get_renderer()  # type: ignore[no-untyped-call]
    properties = font_manager.FontProperties(family=family(), size=size)
    width, _, _ = renderer.get_text_width_height_descent(text, properties, False)
    return float(width) / DPI * MM_PER_INCH


def line_mm(size: float) -> float:
    """Return the height of a line of text with the space to the next."""
    return size / 72 * MM_PER_INCH * 1.35


_HAN = r"\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
_TOKENS = re.compile(rf"[{_HAN}]|\s+|[^\s{_HAN}]+")


def wrapped(text: str, width: float, size: float, most: int = 3) -> list[str]:
    """Break a text into lines of a width in millimetres.

    Chinese breaks anywhere, other text between words, and a word that is wider than the line
    within. What does not fit into ``most`` lines is cut and marked by an ellipsis.
    """
    lines, line = [], ""
    for token in _TOKENS.findall(plain(text)):
        pieces = [token] if width_mm(token, size) <= width else list(token)
        for piece in pieces:
            if line.strip() and width_mm((line + piece).rstrip(), size) > width:
                lines.append(line.strip())
                line = ""
            line += piece
    lines.append(line.strip())
    if len(lines) <= most:
        return lines
    last = lines[most - 1]
    while last and width_mm(last + "…", size) > width:
        last = last[:-1]
    return [*lines[: most - 1], last + "…"]
