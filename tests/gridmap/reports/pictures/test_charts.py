"""Charts: words that can be read, marks that differ without colour, and what is missing."""

from __future__ import annotations

import gc
import io
import weakref
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from PIL import Image

from gridmap.errors import UnavailableError
from gridmap.reports.pictures import charts, style
from gridmap.reports.pictures.figures import shown, with_unit
from tests.gridmap.reports.pictures.measuring import faults_of, words_of

MONTHS = [f"{month}月" for month in range(1, 13)]
LONG = [f"幸福安康和谐示范社区居民委员会第{n}网格党群服务中心" for n in range(1, 16)]
TWO = {"2025年": list(range(12)), "2026年": list(range(3, 15))}
#: What people type, and what no font has.
AWKWARD = ["$x^2$ {{7*7}}", "<img onerror=1>", "a\x07b\nc", "表情😀", "", "W" * 90]


def chart(
    labels: Sequence[str], series: Mapping[str, Sequence[float | None]], lying: bool = False
) -> Figure:
    return charts.bar_figure(labels, series, "", "zh", lying)


@pytest.mark.parametrize(
    ("labels", "series"),
    [
        (MONTHS, TWO),
        (LONG, {"结案率": [None if n == 3 else 90.25 + n for n in range(15)]}),
        ([f"社区{n}" for n in range(60)], {"件": list(range(60))}),
        (["网格"] * 300, {"件": [1] * 300}),
        (AWKWARD, {"件": [1, -2, 3.5, None, 1e9, 0]}),
        (MONTHS, {f"很长很长的类别名称第{n}类事件": [1e6 + n] * 12 for n in range(6)}),
        (["一", "二"], {"变化": [-12.5, None]}),
        (LONG, {"变化": [-729_050.9 - n for n in range(15)]}),
        ([], {}),
        (["全"], {"无": [None]}),
    ],
)
def test_no_word_lies_over_another(
    labels: list[str], series: dict[str, list[float | None]]
) -> None:
    for lying in (False, True):
        assert faults_of(chart(labels, series, lying)) == []
    assert faults_of(charts.line_figure(labels, series, "%", "zh")) == []


@settings(max_examples=8, phases=[Phase.generate])
@given(
    st.lists(st.text(max_size=40), min_size=1, max_size=20),
    st.lists(st.floats(-1e6, 1e6) | st.none(), min_size=20, max_size=20),
)
def test_whatever_the_names_and_values_they_can_be_read(
    labels: list[str], values: list[float | None]
) -> None:
    assert (
        faults_of(chart(labels, {"甲": values[: len(labels)], "乙": values[-len(labels) :]})) == []
    )


def test_each_value_stands_at_its_bar_and_a_gap_at_none() -> None:
    figure = chart(["一季度", "二季度", "三季度"], {"件": [1234.5, None, -2]})
    words = words_of(figure)
    assert {"一季度", "二季度", "三季度", "1,234.5", "−2"} <= set(words)
    [bars] = [each for each in figure.axes[0].containers if isinstance(each, BarContainer)]
    assert [bar.get_height() for bar in bars] == [1234.5, 0, -2]


def test_bars_lie_where_their_names_do_not_fit_below() -> None:
    [bars] = chart(LONG, {"件": list(range(15))}).axes[0].containers
    assert isinstance(bars, BarContainer)
    assert bars.orientation == "horizontal"
    [bars] = chart(MONTHS, {"件": list(range(12))}).axes[0].containers
    assert isinstance(bars, BarContainer)
    assert bars.orientation == "vertical"


def test_series_differ_without_colour() -> None:
    assert len({hatch for _, hatch in style.FILLS}) == len(style.FILLS)
    assert len({marker for _, _, marker in style.STROKES}) == len(style.STROKES)
    figure = chart(MONTHS, TWO)
    bars = [each.patches[0] for each in figure.axes[0].containers if isinstance(each, BarContainer)]
    assert [bar.get_hatch() or "" for bar in bars] == ["", "////"]


def test_a_line_has_a_gap_where_there_is_no_value() -> None:
    figure = charts.line_figure(["1", "2", "3"], {"件": [1, None, 3]}, "", "zh")
    drawn = np.asarray(figure.axes[0].get_lines()[0].get_ydata(), dtype=float)
    assert np.isnan(drawn).tolist() == [False, True, False]


def test_a_week_names_its_days_and_counts() -> None:
    counts = np.zeros((7, 24), dtype=int)
    counts[4, 20] = 37
    figure = charts.week_figure(counts, "zh")
    assert {"周一", "周日", "37", "0:00"} <= set(words_of(figure))
    assert faults_of(figure) == []
    assert faults_of(charts.week_figure(np.full((7, 24), 9999), "en")) == []
    assert "Fri" in words_of(charts.week_figure(counts, "en"))


def test_what_has_no_data_says_so() -> None:
    assert "无数据" in words_of(chart(["一"], {"件": [None]}))
    assert "No data" in words_of(charts.line_figure([], {}, "", "en"))


def test_wrong_tables_are_refused() -> None:
    with pytest.raises(ValueError, match="2 values for 1 labels"):
        charts.bars(["一"], {"件": [1, 2]}, unit="", language="zh")
    with pytest.raises(ValueError, match="told apart"):
        charts.bars(["一"], {str(n): [1] for n in range(7)}, unit="", language="zh")
    with pytest.raises(ValueError, match="24 hours"):
        charts.week([[1, 2], [3, 4]], language="zh")


def test_a_picture_is_a_png_of_print_size() -> None:
    with Image.open(io.BytesIO(charts.bars(MONTHS, TWO, unit="", language="zh"))) as picture:
        assert picture.format == "PNG"
        assert picture.info["dpi"] == pytest.approx((200, 200), abs=0.1)
        assert picture.width == pytest.approx(150 / 25.4 * 200, abs=1)
        # The paper is white, not nearly white.
        assert picture.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_threads_draw_the_same_at_once() -> None:
    one = charts.bars(MONTHS, TWO, unit="%", language="zh")
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(charts.bars, MONTHS, TWO, unit="%", language="zh") for _ in range(8)]
        assert {job.result() for job in jobs} == {one}


def test_nothing_of_a_drawn_figure_stays() -> None:
    figure = chart(MONTHS, TWO)
    trace = weakref.ref(figure)
    style.png(figure)
    assert figure.axes == []
    del figure
    gc.collect()
    assert trace() is None


def test_without_a_chinese_font_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    style.family.cache_clear()
    monkeypatch.setattr(style, "FAMILIES", ())
    try:
        with pytest.raises(UnavailableError, match="fonts-noto-cjk"):
            charts.bars(MONTHS, TWO, unit="", language="zh")
    finally:
        style.family.cache_clear()


def test_lines_break_between_words_and_anywhere_in_chinese() -> None:
    assert style.wrapped("one two", style.width_mm("one t", 8), 8) == ["one", "two"]
    assert style.wrapped("社区网格", style.width_mm("社区网", 8), 8) == ["社区网", "格"]
    assert style.wrapped("aaaaaaaa", style.width_mm("aaa", 8), 8, most=2) == ["aaa", "a…"]
    assert style.wrapped("", 10, 8) == [""]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"), (1234567, "1,234,567"), (93.715, "93.72"), (0.125, "0.13"), (-2.5, "−2.5"),
        (100, "100"), (-0.001, "0"),
    ],
)  # fmt: skip
def test_figures_are_rounded_half_up_without_idle_zeros(value: float, words: str) -> None:
    assert shown(value) == words


def test_units_are_named_in_both_languages() -> None:
    assert with_unit("面积", "m2", "zh") == "面积（m²）"
    assert with_unit("Time", "h", "en") == "Time (hours)"
    assert with_unit("Cases", "", "en") == "Cases"
