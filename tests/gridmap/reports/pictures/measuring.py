"""What a test measures on a sheet: where its words stand."""

from __future__ import annotations

import io
from itertools import combinations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

Box = tuple[float, float, float, float]


def words_of(figure: Figure) -> list[str]:
    return [text.get_text() for text in _texts(figure)]


def faults_of(figure: Figure) -> list[str]:
    """Name the pairs of words that overlap, and the words that reach out of the sheet."""
    boxes = [(text.get_text(), _box(text)) for text in _texts(figure)]
    found = [
        f"{first!r} over {second!r}"
        for (first, one), (second, other) in combinations(boxes, 2)
        if min(one[2], other[2]) - max(one[0], other[0]) > 0.5
        and min(one[3], other[3]) - max(one[1], other[1]) > 0.5
    ]
    wide, high = figure.get_size_inches() * figure.dpi
    found += [
        f"{words!r} out of the sheet"
        for words, box in boxes
        if box[0] < -0.5 or box[1] < -0.5 or box[2] > wide + 0.5 or box[3] > high + 0.5
    ]
    return found


def pixels(content: bytes) -> np.ndarray:
    """The colours of a PNG, shape (height, width, 3)."""
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("RGB"))


def _texts(figure: Figure) -> list[Text]:
    """The words that are drawn; an axis keeps ticks beyond its end, which are not."""
    figure.canvas.draw()
    idle: set[Text] = set()
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        drawn = axis._update_ticks() if axis.axes.axison else []
        for tick in [*axis.majorTicks, *axis.minorTicks]:
            idle |= set() if tick in drawn else {tick.label1}
    return [
        text
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and text not in idle
    ]


def _box(text: Text) -> Box:
    """The box of the ink in pixels; the line's height beyond it is empty."""
    box = text.get_window_extent()
    spare = 0.12 * box.height / (1 + text.get_text().count("\n"))
    return box.x0, box.y0 + spare, box.x1, box.y1 - spare
