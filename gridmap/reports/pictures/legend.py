"""The legend beside a map: its entries, how high they are, and how they are drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from gridmap.reports.pictures import style
from gridmap.reports.pictures.style import INK, SMALL

#: How wide the legend is, and a swatch in it.
WIDTH_MM, SWATCH_MM = 41.0, 6.0
_GAP = 1.6


@dataclass(frozen=True)
class Entry:
    """A line of the legend.

    Attributes
    ----------
    text : str
    fill, line, marker : dict, optional
        How its swatch is painted, as matplotlib names it; without any it is a heading.
    """

    text: str
    fill: dict[str, Any] | None = None
    line: dict[str, Any] | None = None
    marker: dict[str, Any] | None = None
    size: float = field(default=SMALL)

    @property
    def heading(self) -> bool:
        """Whether it stands above others."""
        return self.fill is None and self.line is None and self.marker is None

    def lines(self) -> list[str]:
        """Return its text in lines of the legend's width."""
        room = WIDTH_MM - 2 - (0 if self.heading else SWATCH_MM + 2)
        return style.wrapped(self.text, room, self.size, most=4 if self.heading else 3)

    def height_mm(self) -> float:
        """Return its height with the gap below it."""
        return style.line_mm(self.size) * len(self.lines()) + _GAP


def height_mm(entries: list[Entry]) -> float:
    """Return how high a legend is."""
    return sum(entry.height_mm() + (_GAP if entry.heading else 0) for entry in entries)


def draw(sheet: Axes, entries: list[Entry], left: float, top: float) -> None:
    """Draw a legend on a sheet in millimetres, from its upper left corner."""
    y = top
    for entry in entries:
        y -= _GAP if entry.heading else 0
        middle = y - style.line_mm(entry.size) * len(entry.lines()) / 2
        if entry.fill is not None:
            sheet.add_patch(Rectangle((left, middle - 1.4), SWATCH_MM, 2.8, **entry.fill))
        if entry.line is not None:
            sheet.add_line(Line2D([left, left + SWATCH_MM], [middle, middle], **entry.line))
        if entry.marker is not None:
            sheet.add_line(
                Line2D([left + SWATCH_MM / 2], [middle], linestyle="none", **entry.marker)
            )
        sheet.text(
            left + (0 if entry.heading else SWATCH_MM + 2),
            middle,
            "\n".join(entry.lines()),
            size=entry.size,
            va="center",
            weight="bold" if entry.heading else "normal",
            color=INK,
            linespacing=1.15,
        )
        y -= entry.height_mm()
