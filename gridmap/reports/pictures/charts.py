"""Charts of reports: bars, lines, and the week by hour; told apart without colour too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from geodata.messages import N_
from gridmap.i18n import translate
from gridmap.reports.pictures import style
from gridmap.reports.pictures.figures import shown, unit_name
from gridmap.reports.pictures.style import GREY, INK, PALE, SIZE, SMALL, TINY

WIDTH_MM = 150
#: No chart is higher than what fits on a page with its caption.
HIGHEST_MM = 225
_RIGHT_MM = 4.0
_NO_DATA = N_("No data")
_DAYS = tuple(map(N_, ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")))

Values = Sequence[float | None]


def bars(
    labels: Sequence[str],
    series: Mapping[str, Values],
    *,
    unit: str,
    language: str,
    horizontal: bool = False,
) -> bytes:
    """Draw bars side by side for each label, with their figures where they fit.

    Parameters
    ----------
    labels : sequence of str
        Where they would not fit below upright bars, the bars lie.
    series : mapping of str to sequence of float or None
        By name, at most six; None leaves a place empty.
    unit : str
        ``""`` for counts, ``%``, ``m2``, ``h``.
    language : {"zh", "en"}
    horizontal : bool
        Let the bars lie, from top to bottom.

    Returns
    -------
    bytes
        PNG, `WIDTH_MM` wide.

    Raises
    ------
    ValueError
        If the series differ in length from the labels, or are more than can be told apart.
    UnavailableError
        If the system has no Chinese font.
    """
    return style.png(bar_figure(labels, series, unit, language, horizontal))


def lines(
    labels: Sequence[str], series: Mapping[str, Values], *, unit: str, language: str
) -> bytes:
    """Draw lines over periods; where values are missing a line has a gap.

    Parameters, result and errors are those of `bars`.
    """
    return style.png(line_figure(labels, series, unit, language))


def week(counts: ArrayLike, *, language: str) -> bytes:
    """Draw how many there were by day of the week and hour of the day.

    Parameters
    ----------
    counts : array_like, shape (7, 24)
        From Monday.
    language : {"zh", "en"}

    Raises
    ------
    ValueError
        If it has another shape.
    UnavailableError
        If the system has no Chinese font.
    """
    return style.png(week_figure(counts, language))


def bar_figure(
    labels: Sequence[str],
    series: Mapping[str, Values],
    unit: str,
    language: str,
    horizontal: bool,
) -> Figure:
    """Return the sheet of `bars`, on which a test can measure."""
    table = _table(labels, series)
    slot = (WIDTH_MM - _left(table) - _RIGHT_MM) / max(len(labels), 1)
    upright = [style.wrapped(label, slot - 1.5, SIZE, most=99) for label in labels]
    if not horizontal and all(_fits(words, slot) for words in upright):
        return _upright(upright, table, list(series), unit, language)
    return _lying(labels, table, list(series), unit, language)


def line_figure(
    labels: Sequence[str], series: Mapping[str, Values], unit: str, language: str
) -> Figure:
    """Return the sheet of `lines`, on which a test can measure."""
    table, names = _table(labels, series), list(series)
    legend = _legend_rows(names)
    top = _top(legend, unit)
    # As wide as the room to the left of the first period's middle allows.
    periods = [style.wrapped(label, 26, SIZE, most=2) for label in labels]
    below = 4.5 + style.line_mm(SIZE) * max(map(len, periods), default=1)
    left = _left(table)
    axes = _axes(top + 58 + below, (left, below, WIDTH_MM - left - _RIGHT_MM, 58))
    where = np.arange(len(labels))
    for name, values, (colour, dash, marker) in zip(names, table, style.STROKES, strict=False):
        axes.plot(where, values, color=colour, linestyle=dash, linewidth=1.2, marker=marker,
                  markersize=3.2, markerfacecolor="white", label=name, clip_on=False)  # fmt: skip
    _dress(axes, table, unit, language, upright=True)
    axes.set_xlim(-0.4, max(len(labels) - 0.6, 0.4))
    _period_labels(axes, periods, left)
    _legend(axes, legend, names, lines=True)
    return _figure(axes)


def week_figure(counts: ArrayLike, language: str) -> Figure:
    """Return the sheet of `week`, on which a test can measure."""
    table = np.asarray(counts, dtype=float)
    if table.shape != (7, 24):
        raise ValueError(f"a week has 7 days of 24 hours, and this has the shape {table.shape}")
    axes = _axes(58, (16, 8, WIDTH_MM - 20.0, 42))
    most = max(float(table.max()), 1.0)
    axes.pcolormesh(table, cmap="YlOrRd", vmin=0, vmax=most, edgecolors="white", linewidth=0.5)
    axes.invert_yaxis()
    if table.max() < 10_000:
        size = SMALL if table.max() < 100 else TINY if table.max() < 1000 else TINY - 1
        for (day, hour), count in np.ndenumerate(table):
            colour = "white" if count > 0.6 * most else INK
            if count:
                axes.text(hour + 0.5, day + 0.5, f"{count:.0f}", ha="center", va="center",
                          size=size, color=colour)  # fmt: skip
    axes.set_yticks(np.arange(7) + 0.5, [translate(day, language) for day in _DAYS])
    axes.set_xticks(np.arange(0, 25, 3), [f"{hour}:00" for hour in range(0, 25, 3)])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return _figure(axes)


def _table(labels: Sequence[str], series: Mapping[str, Values]) -> np.ndarray:
    """Return the values, shape (series, labels), NaN where there is none."""
    if len(series) > len(style.FILLS):
        raise ValueError(f"{len(series)} series cannot be told apart; {len(style.FILLS)} can")
    for name, values in series.items():
        if len(values) != len(labels):
            raise ValueError(f"{name} has {len(values)} values for {len(labels)} labels")
    rows = [[np.nan if v is None else float(v) for v in values] for values in series.values()]
    return np.array(rows, dtype=float).reshape(len(series), len(labels))


def _fits(words: list[str], slot: float) -> bool:
    """Tell whether a label stands below its bar in three lines without a broken word."""
    return len(words) <= 3 and slot >= 5 and all(style.width_mm(w, SIZE) < slot for w in words)


def _axes(height_mm: float, box_mm: tuple[float, float, float, float]) -> Axes:
    """Return axes on a new sheet; the box is left, bottom, width, height."""
    figure = style.new_figure(WIDTH_MM, height_mm)
    left, bottom, width, height = box_mm
    return figure.add_axes(
        (left / WIDTH_MM, bottom / height_mm, width / WIDTH_MM, height / height_mm)
    )


def _left(table: np.ndarray) -> float:
    """Return the room to the left of upright values."""
    known = table[np.isfinite(table)].tolist()
    wide = max((style.width_mm(shown(value, digits=1), SIZE) for value in known), default=0.0)
    return max(14.0, wide + 5)


def _top(legend: list[list[int]], unit: str) -> float:
    """Return the room above the chart for its legend, the unit and a figure at the very top."""
    return 2.5 + style.line_mm(SIZE) * len(legend) + (5.0 if unit else 1.0)


def _figure(axes: Axes) -> Figure:
    figure = axes.get_figure(root=True)
    assert figure is not None  # noqa: S101 - The axes were made on it.
    return figure


def _upright(
    labels: list[list[str]], table: np.ndarray, names: list[str], unit: str, language: str
) -> Figure:
    legend = _legend_rows(names)
    below = 2.5 + style.line_mm(SIZE) * max(map(len, labels), default=1)
    top = _top(legend, unit)
    left = _left(table)
    wide = WIDTH_MM - left - _RIGHT_MM
    axes = _axes(top + 55 + below, (left, below, wide, 55))
    drawn = _draw(axes, table, upright=True)
    _dress(axes, table, unit, language, upright=True)
    axes.set_xticks(np.arange(len(labels)), ["\n".join(words) for words in labels])
    axes.set_xlim(-0.5, max(len(labels) - 0.5, 0.5))
    axes.tick_params(axis="x", length=0)
    _write(axes, table, drawn, wide / max(len(labels), 1) * drawn, upright=True)
    _legend(axes, legend, names)
    return _figure(axes)


def _lying(
    labels: Sequence[str], table: np.ndarray, names: list[str], unit: str, language: str
) -> Figure:
    left = min(max([style.width_mm(style.plain(x), SIZE) for x in labels], default=0) + 4, 62.0)
    step = max(5.0, 3.6 * len(names) + 1.5)
    legend = _legend_rows(names)
    top = _top(legend, unit)
    step = min(step, (HIGHEST_MM - top - 6) / max(len(labels), 1))
    height = step * max(len(labels), 1)
    axes = _axes(top + height + 6, (left, 6, WIDTH_MM - left - 12, height))
    drawn = _draw(axes, table, upright=False)
    _dress(axes, table, unit, language, upright=False)
    # Where a page cannot hold a line for each, every second, third ... is named.
    size = SIZE if step >= style.line_mm(SIZE) else TINY
    each = max(1, int(np.ceil(style.line_mm(size) / step)))
    deep = max(1, int(step * each / style.line_mm(size)))
    words = ["\n".join(style.wrapped(x, left - 3, size, most=min(deep, 2))) for x in labels]
    axes.set_yticks(np.arange(0, len(labels), each), words[::each], size=size)
    axes.set_ylim(max(len(labels) - 0.5, 0.5), -0.5)
    axes.tick_params(axis="y", length=0)
    _write(axes, table, drawn, step * drawn, upright=False)
    _legend(axes, legend, names)
    return _figure(axes)


def _draw(axes: Axes, table: np.ndarray, *, upright: bool) -> float:
    """Draw the bars, and return the thickness of one as a share of a label's slot."""
    thick = 0.78 / max(len(table), 1)
    where = np.arange(table.shape[1])
    for number, values in enumerate(table):
        colour, hatch = style.FILLS[number]
        at = where + (number - (len(table) - 1) / 2) * thick
        draw = axes.bar if upright else axes.barh
        draw(at, np.nan_to_num(values), thick, color=colour, hatch=hatch, edgecolor=INK,
             linewidth=0.4)  # fmt: skip
    return thick


def _write(axes: Axes, table: np.ndarray, thick: float, room_mm: float, *, upright: bool) -> None:
    """Write the figures at the ends of the bars, if all of them fit."""
    words = [["" if np.isnan(v) else shown(v) for v in values] for values in table]
    for size in (SMALL, TINY):
        widest = max((style.width_mm(w, size) for row in words for w in row), default=0)
        if (widest + 0.4 if upright else style.line_mm(size) * 0.85) <= room_mm:
            break
    else:
        return
    for number, (values, row) in enumerate(zip(table, words, strict=True)):
        shift = (number - (len(table) - 1) / 2) * thick
        for place, (value, word) in enumerate(zip(values, row, strict=True)):
            below = value < 0
            at = (place + shift, value) if upright else (value, place + shift)
            away = (0, -1.5 if below else 1.5) if upright else (-2 if below else 2, 0)
            across, along = ("center", "top" if below else "bottom") if upright else (
                "right" if below else "left", "center")  # fmt: skip
            if word:
                axes.annotate(word, at, xytext=away, textcoords="offset points", ha=across,
                              va=along, size=size, annotation_clip=False)  # fmt: skip


def _dress(axes: Axes, table: np.ndarray, unit: str, language: str, *, upright: bool) -> None:
    """Set the scale of the values, its grid and its unit."""
    known = table[~np.isnan(table)]
    low = min(float(known.min(initial=0)), 0.0)
    high = max(float(known.max(initial=0)), 0.0)
    span = (high - low) or 1.0
    # Room for the figures at the ends.
    low, high = (low - 0.1 * span if low < 0 else 0.0), high + 0.12 * span
    if not upright:
        low = min(low, _low_beside_names(known[known < 0].tolist(), high, axes))
    axis = axes.yaxis if upright else axes.xaxis
    (axes.set_ylim if upright else axes.set_xlim)(low, high if high > low else low + 1)
    whole = bool(np.all(known == known.round()))
    axis.set_major_locator(MaxNLocator(5, integer=whole, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(lambda value, _: shown(value))
    axes.grid(axis="y" if upright else "x", color=PALE, linewidth=0.4)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=SMALL if not upright else SIZE, width=0.4, length=2)
    if name := unit_name(unit, language):
        axes.annotate(name, (0, 1), xytext=(0, 4), xycoords="axes fraction",
                      textcoords="offset points", size=SMALL, color=GREY)  # fmt: skip
    if not len(known):
        axes.annotate(translate(_NO_DATA, language), (0.5, 0.5), xycoords="axes fraction",
                      ha="center", va="center", size=SIZE, color=GREY)  # fmt: skip


def _low_beside_names(falls: list[float], high: float, axes: Axes) -> float:
    """Return how low a lying axis begins, lest figures left of their bars lie over the names."""
    wide = axes.get_position().width * WIDTH_MM
    lows = [0.0]
    for value in falls:
        # The share of the axis that the figure takes; the axis grows to the left to give it.
        share = min((style.width_mm(shown(value), SMALL) + 1.5) / wide, 0.7)
        lows.append((value - share * high) / (1 - share))
    return min(lows)


def _period_labels(axes: Axes, words: list[list[str]], left: float) -> None:
    """Name as many periods as have room, and always the first."""
    slot = (WIDTH_MM - left - _RIGHT_MM) / max(len(words) - 0.2, 0.8)
    wide = [max((style.width_mm(line, SIZE) for line in lines), default=0) for lines in words]
    each = max(1, int(np.ceil((max(wide, default=0) + 2) / slot)))
    named = [
        place
        for place in range(0, len(words), each)
        # Beyond the axes the sheet ends.
        if left + slot * (place + 0.4) + wide[place] / 2 < WIDTH_MM
    ]
    axes.set_xticks(named, ["\n".join(words[place]) for place in named])


def _legend_rows(names: Sequence[str]) -> list[list[int]]:
    """Put the names into rows of the chart's width; one series needs no legend."""
    if len(names) < 2:
        return []
    rows: list[list[int]] = [[]]
    used = 0.0
    for number, name in enumerate(names):
        wide = 11 + style.width_mm(_short(name), SIZE)
        if rows[-1] and used + wide > WIDTH_MM - 18:
            rows.append([])
            used = 0.0
        rows[-1].append(number)
        used += wide
    return rows


def _short(name: str) -> str:
    return style.wrapped(name, WIDTH_MM - 32.0, SIZE, most=1)[0]


def _legend(
    axes: Axes, rows: list[list[int]], names: Sequence[str], *, lines: bool = False
) -> None:
    """Write the names above the chart, each beside its fill or stroke."""
    figure = _figure(axes)
    tall = figure.get_size_inches()[1] * style.MM_PER_INCH
    sheet = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH_MM), ylim=(tall, 0))
    sheet.set_axis_off()
    for number, row in enumerate(rows):
        x, y = 14.0, 2.5 + style.line_mm(SIZE) * number
        for one in row:
            if lines:
                colour, dash, marker = style.STROKES[one]
                sheet.plot([x, x + 3.5, x + 7], [y, y, y], color=colour, linestyle=dash,
                           linewidth=1.2, marker=marker, markersize=3.2, markevery=[1],
                           markerfacecolor="white")  # fmt: skip
            else:
                colour, hatch = style.FILLS[one]
                sheet.bar(x + 3, 2.4, 5.5, bottom=y - 1.2, color=colour, hatch=hatch,
                          edgecolor=INK, linewidth=0.4)  # fmt: skip
            sheet.text(x + 8, y, _short(names[one]), va="center_baseline", size=SIZE)
            x += 11 + style.width_mm(_short(names[one]), SIZE)
