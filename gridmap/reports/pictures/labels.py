"""Where the names of a map stand: none over another, none over the edge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gridmap.reports.pictures import style

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Wish:
    """A name that wants a place.

    Attributes
    ----------
    text : str
    value : str
        A figure below it, or nothing.
    x, y : float
        Where it stands best, in millimetres.
    room : float
        How wide its area is, in millimetres; a name much wider would be read as a neighbour's.
    """

    text: str
    value: str
    x: float
    y: float
    room: float


@dataclass(frozen=True)
class Label:
    """A name in its place; the box is left, bottom, right, top in millimetres."""

    lines: tuple[str, ...]
    size: float
    box: Box


def place(wishes: Sequence[Wish], frame: Box, gap_mm: float = 0.0) -> list[Label]:
    """Place names, those that come first before the others.

    A name is broken into two lines, made smaller or moved a little before it is left out.

    Parameters
    ----------
    wishes : sequence of Wish
    frame : tuple of float
        Left, bottom, right, top in millimetres.
    gap_mm : float
        The least distance between two names.
    """
    boxes: list[Box] = []
    placed = []
    for wish in wishes:
        label = next((one for one in _tries(wish) if _free(one.box, boxes, frame)), None)
        if label is not None:
            placed.append(label)
            left, bottom, right, top = label.box
            boxes.append((left - gap_mm, bottom - gap_mm, right + gap_mm, top + gap_mm))
    return placed


def overlap(one: Box, other: Box) -> bool:
    """Tell whether two boxes share more than an edge."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _free(box: Box, boxes: Sequence[Box], frame: Box) -> bool:
    inside = box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]
    return inside and not any(overlap(box, other) for other in boxes)


def _tries(wish: Wish) -> Iterator[Label]:
    for lines, size in _forms(wish):
        wide = max(style.width_mm(line, size) for line in lines) + 0.8
        if wide > 1.25 * wish.room + 2:
            continue
        high = style.line_mm(size) * len(lines) + 0.4
        for right, up in ((0, 0), (0, 0.5), (0, -0.5), (0.25, 0), (-0.25, 0), (0, 1), (0, -1)):
            x, y = wish.x + right * wide, wish.y + up * high
            yield Label(lines, size, (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2))


def _forms(wish: Wish) -> Iterator[tuple[tuple[str, ...], float]]:
    """Yield the ways to write a name, from the best."""
    name = style.plain(wish.text)
    below = (wish.value,) if wish.value else ()
    for size in (style.SMALL, style.TINY):
        yield (name, *below), size
        half = style.wrapped(name, style.width_mm(name, size) * 0.62, size, most=9)
        if len(half) == 2:
            yield (*half, *below), size
    if wish.value:
        yield (name,), style.TINY
        yield below, style.TINY
