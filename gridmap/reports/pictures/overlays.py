"""What lies over the areas of a map: hot places, routes and points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
from matplotlib.axes import Axes

from geodata.messages import N_
from gridmap.i18n import translate
from gridmap.reports.pictures import shapes
from gridmap.reports.pictures.legend import Entry
from gridmap.reports.pictures.shapes import add
from gridmap.reports.pictures.style import INK

#: Groups of points, from the largest; what comes after them is one group.
_MARKERS = (("o", "#b2182b"), ("^", "#2166ac"), ("s", "#e08214"), ("D", "#1b7837"),
            ("v", "#762a83"), ("P", "#222222"))  # fmt: skip
_OTHERS = ("X", "#8a8a8a")
_MARK_SIZE = 3.6
#: The largest mark of a count, in marks of one.
_MOST_MARKS = 60
#: Three steps of significance each; hot is hatched and cold dotted, denser the surer.
LEVELS: dict[int, tuple[str, str, str]] = {
    3: ("#b2182b", "//////", N_("Hot spot, 99 %")),
    2: ("#ef8a62", "////", N_("Hot spot, 95 %")),
    1: ("#fddbc7", "//", N_("Hot spot, 90 %")),
    -1: ("#d1e5f0", "..", N_("Cold spot, 90 %")),
    -2: ("#67a9cf", "....", N_("Cold spot, 95 %")),
    -3: ("#2166ac", "......", N_("Cold spot, 99 %")),
}
_ROUTES: tuple[tuple[str, Any], ...] = (
    ("#7a0177", "-"), ("#08519c", (0, (5, 1.5))), ("#a63603", (0, (1, 1))),
    ("#006d2c", (0, (5, 1, 1, 1))), ("#222222", (0, (3, 1, 1, 1, 1, 1))),
    ("#54278f", (0, (8, 3))),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Overlay:
    """Hot places, routes and points in the plane of a map; see `maps.MapPicture`."""

    points: gpd.GeoDataFrame | None
    hot: gpd.GeoDataFrame | None
    routes: gpd.GeoDataFrame | None
    crs: pyproj.CRS
    language: str

    def entries(self) -> list[Entry]:
        """Return the entries of the legend."""
        hot = set(self._levels())
        return [
            *(Entry(name, marker=mark) for name, mark, _ in self._groups()),
            *(
                Entry(translate(words, self.language), fill=_level_fill(level))
                for level, (_, _, words) in LEVELS.items()
                if level in hot
            ),
            *(Entry(name, line=line) for name, line, _ in self._lines()),
        ]

    def draw(self, axes: Axes) -> None:
        """Draw all on axes in the plane."""
        if self.hot is not None:
            outlines = in_plane(self.hot, self.crs).geometry.to_numpy()
            levels = np.array(self._levels())
            for level in LEVELS:
                add(axes, shapes.areas(outlines[levels == level], **_level_fill(level)))
        for _, line, path in self._lines():
            add(axes, shapes.lines(path, color="white", linewidth=2.8))
            add(axes, shapes.lines(path, **line))
        for _, mark, group in self._groups():
            size = np.full(len(group), _MARK_SIZE**2)
            if "count" in group:
                # The area of a mark, not its width, stands for the count.
                size = size * np.clip(group["count"].to_numpy(float), 1, _MOST_MARKS)
            axes.scatter(
                group.geometry.x, group.geometry.y, s=size, marker=mark["marker"],
                c=mark["markerfacecolor"], edgecolors="white", linewidths=0.3, zorder=3,
            )  # fmt: skip

    def _levels(self) -> list[int]:
        if self.hot is None:
            return []
        if "level" not in self.hot:
            return [3] * len(self.hot)
        return [int(level) for level in self.hot["level"]]

    def _lines(self) -> list[tuple[str, dict[str, Any], np.ndarray]]:
        if self.routes is None:
            return []
        routes = in_plane(self.routes, self.crs)
        found = []
        for number, name in enumerate(routes["name"]):
            colour, dash = _ROUTES[number % len(_ROUTES)]
            style = {"color": colour, "linewidth": 1.6, "linestyle": dash}
            found.append((str(name), style, routes.geometry.to_numpy()[number : number + 1]))
        return found

    def _groups(self) -> list[tuple[str, dict[str, Any], gpd.GeoDataFrame]]:
        """Return the groups of points from the largest, the seventh and later ones as one."""
        if self.points is None or not len(self.points):
            return []
        points = in_plane(self.points, self.crs)
        if "group" not in points:
            return [
                (translate(N_("Place of an incident"), self.language), _mark(*_MARKERS[0]), points)
            ]
        names = list(points["group"].value_counts(sort=True).index)
        found = [
            (str(name), _mark(*_MARKERS[number]), points[points["group"] == name])
            for number, name in enumerate(names[: len(_MARKERS)])
        ]
        if rest := names[len(_MARKERS) :]:
            others = points[points["group"].isin(rest)]
            found.append((translate(N_("Other"), self.language), _mark(*_OTHERS), others))
        return found


def in_plane(frame: gpd.GeoDataFrame, crs: pyproj.CRS) -> gpd.GeoDataFrame:
    """Return a frame in a CRS; one that names none is taken to be in it."""
    return frame if frame.crs is None or frame.crs == crs else frame.to_crs(crs)


def _mark(marker: str, colour: str) -> dict[str, Any]:
    return {
        "marker": marker,
        "markersize": _MARK_SIZE,
        "markerfacecolor": colour,
        "markeredgecolor": "white",
        "markeredgewidth": 0.3,
    }


def _level_fill(level: int) -> dict[str, Any]:
    colour, hatch, _ = LEVELS[level]
    return {
        "facecolor": colour,
        "hatch": hatch,
        # What is dark enough to hide a dark hatch gets a light one.
        "hatchcolor": INK if abs(level) < 3 else "#ffffff",
        "edgecolor": INK,
        "linewidth": 0.4,
        "alpha": 0.8,
    }
