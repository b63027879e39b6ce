"""Maps of reports: areas in classes, points, hot places and routes, for paper without colour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle
from matplotlib.patheffects import withStroke

from geodata.messages import N_, Message
from gridmap.i18n import translate
from gridmap.reports.pictures import labels, legend, shapes, style
from gridmap.reports.pictures.figures import shown, with_unit
from gridmap.reports.pictures.ground import LEAST_ASPECT, Ground
from gridmap.reports.pictures.legend import Entry
from gridmap.reports.pictures.overlays import Overlay, in_plane
from gridmap.reports.pictures.shades import NO_DATA, TOO_FEW, shades
from gridmap.reports.pictures.shapes import add
from gridmap.reports.pictures.style import GREY, INK, SMALL, TINY

#: The room of the arrow above the legend, and of the scale bar below the map.
_NORTH_MM, _SCALE_MM = 11.0, 42.0
#: No map is higher for its width: its caption and its heading share its page.
_MOST_ASPECT = 1.5
#: So many areas are named; of more only some, so far apart that the colours are seen.
_MOST_NAMES, _GAP_MM = 80, 7.0
#: Outlines of units and cells that are narrower on paper would be all that is seen.
_LEAST_UNIT_MM, _LEAST_CELL_MM = 5.0, 3.0
_WATER, _GREEN, _LAND, _ROAD, _SHORE = (
    "#cfe0ec", "#e3ebdd", "#f6f5f2", "#8d8d8d", "#9fb8ca",
)  # fmt: skip
#: By the rank of the ground's roads.
_ROAD_WIDTHS = (1.1, 0.9, 0.7, 0.5, 0.2, 0.3)
_BOUNDARIES = {
    "town": (N_("Boundary of a town"), {"color": INK, "linewidth": 0.9, "linestyle": (0, (5, 2))}),
    "community": (N_("Boundary of a community"), {"color": "#3b3b3b", "linewidth": 0.7}),
    "cell": (N_("Boundary of a cell"), {"color": "#6b6b6b", "linewidth": 0.3}),
}


@dataclass(frozen=True, eq=False)
class MapPicture:
    """What a map shows.

    Attributes
    ----------
    ground : Ground
    areas : GeoDataFrame
        ``id``, ``name`` and the outline, in any CRS; see `Ground.parts`.
    values : mapping of int to float or None
        By the id of the area; None, and areas without a value, are hatched as "no data". Without
        any value areas are drawn as outlines alone.
    title, unit : str
        Of the legend; the unit is ``""``, ``%``, ``m2`` or ``h``.
    source : str
        Where the figures come from and for which period, in words.
    day : date
        As of when.
    language : {"zh", "en"}
    diverging : bool
        Values are changes: red above zero, blue and dotted below.
    few : frozenset of int
        The areas whose counts are too small to be shown.
    points : GeoDataFrame, optional
        Points; ``group`` names what they are told apart by, ``count`` makes them larger.
    hot : GeoDataFrame, optional
        Areas; ``level`` from -3 (cold, 99 %) to 3 (hot, 99 %), all hot without it.
    routes : GeoDataFrame, optional
        Lines; ``name`` is written beside them.
    width_mm : int
        How wide the picture is printed.
    """

    ground: Ground
    areas: gpd.GeoDataFrame
    values: Mapping[int, float | None]
    title: str
    source: str
    day: date
    language: str
    unit: str = ""
    diverging: bool = False
    few: frozenset[int] = frozenset()
    points: gpd.GeoDataFrame | None = None
    hot: gpd.GeoDataFrame | None = None
    routes: gpd.GeoDataFrame | None = None
    width_mm: int = 150


@dataclass(frozen=True)
class _Frame:
    """The part of the plane that is drawn, in metres, and its size on paper in millimetres."""

    x: tuple[float, float]
    y: tuple[float, float]
    wide: float
    high: float

    @property
    def metres(self) -> float:
        """How many metres a millimetre stands for."""
        return (self.x[1] - self.x[0]) / self.wide


def draw(picture: MapPicture) -> bytes:
    """Draw a map with legend, scale bar, north, source and date.

    Returns
    -------
    bytes
        PNG of 200 dpi.

    Raises
    ------
    ValueError
        If the ground is empty.
    UnavailableError
        If the system has no Chinese font.
    """
    return style.png(map_figure(picture))


def map_figure(picture: MapPicture) -> Figure:
    """Return the sheet of `draw`, on which a test can measure."""
    if picture.ground.empty:
        raise ValueError("without an outline there is nothing to draw")
    # Between asking for the font and drawing with it nothing else may come.
    style.family()
    frame = _frame(picture)
    coloured = _Coloured(picture)
    overlay = Overlay(
        picture.points, picture.hot, picture.routes, picture.ground.crs, picture.language
    )
    drawn = _boundary_levels(picture.ground, frame)
    boundaries = [
        Entry(translate(words, picture.language), line=line)
        for level, (words, line) in _BOUNDARIES.items()
        if level in drawn
    ]
    entries = [*coloured.entries, *overlay.entries(), *boundaries]
    tall = max(frame.high, legend.height_mm(entries) + _NORTH_MM)
    notes = _notes(picture)
    strip = max(8.0, style.line_mm(TINY) * len(notes) + 3)
    # Half of the frame's line lies outside of the map.
    top = tall + strip
    size = (picture.width_mm, top + 0.2)
    figure = style.new_figure(*size)
    axes = figure.add_axes(
        (
            0.2 / size[0],
            (top - frame.high) / size[1],
            frame.wide / size[0],
            frame.high / size[1],
        )
    )
    axes.set(xlim=frame.x, ylim=frame.y, xticks=[], yticks=[])
    axes.spines[:].set_linewidth(0.6)
    sheet = figure.add_axes((0, 0, 1, 1), xlim=(0, size[0]), ylim=(0, size[1]), zorder=5)
    sheet.set_axis_off()
    _draw_ground(axes, picture.ground, coloured)
    _draw_boundaries(axes, picture.ground, drawn)
    overlay.draw(axes)
    _draw_labels(sheet, picture, coloured, frame, top)
    _draw_north(sheet, frame.wide + 5, top, picture.language)
    legend.draw(sheet, entries, frame.wide + 3, top - _NORTH_MM)
    _draw_scale(sheet, frame, top - frame.high, picture.language)
    sheet.text(_SCALE_MM, top - frame.high - 1.5, "\n".join(notes), size=TINY, va="top",
               color=GREY, linespacing=1.2)  # fmt: skip
    return figure


def _frame(picture: MapPicture) -> _Frame:
    """Fit the outline into a frame that is not too flat and not too high."""
    west, south, east, north = shapely.bounds(picture.ground.outline)
    wide, high = 1.06 * (east - west), 1.06 * (north - south)
    aspect = float(np.clip(high / wide, LEAST_ASPECT, _MOST_ASPECT))
    wide = max(wide, high / aspect)
    x, y, high = (west + east) / 2, (south + north) / 2, wide * aspect
    width = picture.width_mm - legend.WIDTH_MM - 4
    return _Frame((x - wide / 2, x + wide / 2), (y - high / 2, y + high / 2), width, width * aspect)


class _Coloured:
    """The areas with their classes, and what the legend says of them."""

    def __init__(self, picture: MapPicture) -> None:
        self.areas = in_plane(picture.areas, picture.ground.crs).reset_index(drop=True)
        values = {
            int(key): float(value)
            for key, value in picture.values.items()
            if value is not None and not np.isnan(float(value)) and key not in picture.few
        }
        self.values = {key: values[key] for key in self.areas["id"] if key in values}
        self.any = bool(self.values) or bool(picture.few)
        self.shades = shades(self.values, picture.language, diverging=picture.diverging)
        self.groups: list[tuple[np.ndarray, dict[str, object]]] = []
        self.entries: list[Entry] = []
        if self.any:
            self._group(picture)

    def _group(self, picture: MapPicture) -> None:
        language = picture.language
        self.entries.append(Entry(with_unit(picture.title, picture.unit, language)))
        outlines = self.areas.geometry.to_numpy()
        classes = self.areas["id"].map(self.shades.of).fillna(-1).to_numpy(int)
        few = self.areas["id"].isin(picture.few).to_numpy(bool)
        for number, (fill, words) in enumerate(
            zip(self.shades.fills, self.shades.words, strict=True)
        ):
            self._add(outlines[classes == number], fill, words, always=True)
        self._add(outlines[few], TOO_FEW, translate(N_("Too few to be shown"), language))
        self._add(outlines[(classes < 0) & ~few], NO_DATA, translate(N_("No data"), language))

    def _add(
        self, outlines: np.ndarray, fill: dict[str, object], words: str, *, always: bool = False
    ) -> None:
        if len(outlines) or (always and self.values):
            self.groups.append((outlines, fill))
            self.entries.append(Entry(words, fill={**fill, "edgecolor": GREY, "linewidth": 0.4}))


def _boundary_levels(ground: Ground, frame: _Frame) -> list[str]:
    """Return whose boundaries are drawn, from the widest: not those that would cover the map."""
    levels = []
    for level in _BOUNDARIES:
        outlines = _outlines(ground, level)
        least = _LEAST_CELL_MM if level == "cell" else _LEAST_UNIT_MM
        if len(outlines):
            typical = float(np.median(np.sqrt(shapely.area(outlines))))
            if typical / frame.metres >= least:
                levels.append(level)
    return levels


def _outlines(ground: Ground, level: str) -> shapes.Shapes:
    units = ground.units[ground.units["level"] == level]
    outlines: shapes.Shapes = (ground.cells if level == "cell" else units).geometry.to_numpy()
    return outlines


def _draw_ground(axes: Axes, ground: Ground, coloured: _Coloured) -> None:
    """Draw land, water, areas and roads, with what lies outside the unit faded."""
    axes.set_facecolor(_LAND)
    cover = {
        kind: shapely.get_parts(np.array([shape]))
        for kind, shape in zip(ground.cover["kind"], ground.cover.geometry, strict=True)
    }
    none = np.array([], dtype=object)
    add(axes, shapes.areas(cover.get("green", none), facecolor=_GREEN, edgecolor="none"))
    for outlines, fill in coloured.groups:
        add(axes, shapes.areas(outlines, edgecolor="none", **fill))
    water, rails = cover.get("water", none), cover.get("rail", none)
    add(axes, shapes.areas(water, facecolor=_WATER, edgecolor=_SHORE, linewidth=0.2))
    streams = water[shapely.get_dimensions(water) == 1]
    add(axes, shapes.lines(streams, color=_SHORE, linewidth=0.6))
    add(axes, shapes.lines(rails, color=GREY, linewidth=0.7, linestyle=(0, (6, 3))))
    for rank, shape in zip(ground.roads["rank"], ground.roads.geometry, strict=True):
        add(axes, shapes.lines(np.array([shape]), color=_ROAD, linewidth=_ROAD_WIDTHS[rank]))
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    outside = shapely.difference(shapely.box(west, south, east, north), ground.outline)
    veil = {"facecolor": "white", "edgecolor": "none", "alpha": 0.65}
    add(axes, shapes.areas(np.array([outside]), **veil))


def _draw_boundaries(axes: Axes, ground: Ground, levels: list[str]) -> None:
    for level in reversed(levels):
        add(axes, shapes.lines(_outlines(ground, level), **_BOUNDARIES[level][1]))
    add(axes, shapes.lines(np.array([ground.outline]), color=INK, linewidth=1.3))


def _draw_labels(
    sheet: Axes, picture: MapPicture, coloured: _Coloured, frame: _Frame, top: float
) -> None:
    """Name the areas, or the units that are few enough to be named."""
    named, values = coloured.areas, coloured.values
    if len(named) > _MOST_NAMES:
        values = {}
        named = picture.ground.named_units("community", picture.language)
        if len(named) > _MOST_NAMES:
            named = picture.ground.named_units("town", picture.language)
    outlines = named.geometry.to_numpy()
    wishes = []
    for place in np.argsort(-shapely.area(outlines), kind="stable"):
        outline, key = outlines[place], named["id"].iloc[place]
        spot = shapely.centroid(outline)
        spot = spot if outline.contains(spot) else shapely.point_on_surface(outline)
        west, _, east, _ = shapely.bounds(outline)
        value = values.get(key)
        wishes.append(
            labels.Wish(
                str(named["name"].iloc[place]),
                "" if value is None else shown(value, signed=picture.diverging),
                (spot.x - frame.x[0]) / frame.metres + 0.2,
                (spot.y - frame.y[0]) / frame.metres + top - frame.high,
                (east - west) / frame.metres,
            )
        )
    halo = [withStroke(linewidth=1.8, foreground="white")]
    # A route through a name would be read as part of its letters.
    plate = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.4}
    behind = None if picture.routes is None else plate
    gap = _GAP_MM if len(named) > _MOST_NAMES else 0.0
    room = (0.7, top - frame.high + 0.5, frame.wide - 0.5, top - 0.5)
    for label in labels.place(wishes, room, gap):
        left, bottom, right, upper = label.box
        sheet.text((left + right) / 2, (bottom + upper) / 2, "\n".join(label.lines), ha="center",
                   va="center", size=label.size, linespacing=1.1, path_effects=halo,
                   bbox=behind)  # fmt: skip


def _draw_north(sheet: Axes, x: float, top: float, language: str) -> None:
    letter = translate(N_("N"), language)
    arrow = [(x, top - 0.5), (x + 1.6, top - 6.5), (x, top - 5.2), (x - 1.6, top - 6.5)]
    sheet.add_patch(Polygon(arrow, closed=True, facecolor=INK, edgecolor=INK, linewidth=0.3))
    sheet.text(x, top - 7, letter, size=SMALL, ha="center", va="top")


def _draw_scale(sheet: Axes, frame: _Frame, top: float, language: str) -> None:
    """Draw a bar of a round length below the map, dark and light in turn."""
    most = frame.metres * (_SCALE_MM - 16)
    power = 10 ** np.floor(np.log10(most))
    length = next(step * power for step in (5, 2, 1) if step * power <= most)
    wide = length / frame.metres / 2
    for part, colour in enumerate((INK, "white")):
        sheet.add_patch(
            Rectangle((1 + part * wide, top - 3.2), wide, 1.2, facecolor=colour, edgecolor=INK,
                      linewidth=0.5)
        )  # fmt: skip
    unit, worth = (
        (N_("{length} km"), length / 1000) if length >= 1000 else (N_("{length} m"), length)
    )
    words = translate(Message(unit, length=shown(worth)), language)
    sheet.text(1 + 2 * wide + 1.5, top - 2.6, words, size=TINY, va="center")


def _notes(picture: MapPicture) -> list[str]:
    """Return where the figures come from and as of when, in the room beside the scale bar."""
    if picture.language == "zh":
        day = f"{picture.day.year}年{picture.day.month}月{picture.day.day}日"
    else:
        day = picture.day.isoformat()
    message = Message("Source: {source}. As of {day}.", source=picture.source, day=day)
    words = translate(message, picture.language)
    return style.wrapped(words, picture.width_mm - _SCALE_MM - 2, TINY, most=4)
