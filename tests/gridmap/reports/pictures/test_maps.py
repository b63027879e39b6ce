"""Maps: what is read from the database, what is drawn, and what can be read on paper."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely
from geoalchemy2.shape import from_shape
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.patches import Rectangle
from shapely.geometry import LineString
from sqlalchemy import update

from gridmap.errors import NotFoundError
from gridmap.reports.pictures import labels, maps, style
from gridmap.reports.pictures.ground import Ground, read_ground
from gridmap.reports.pictures.labels import Wish
from gridmap.reports.pictures.shades import shades
from gridmap.territory.models import Cell, Road, Unit
from gridmap.territory.models import Ground as Cover
from tests.gridmap.conftest import Field, point, rectangle
from tests.gridmap.reports.pictures.measuring import faults_of, pixels, words_of

Halves = Callable[[], tuple[Cell, Cell]]
#: A thousandth of a degree at 28° north, in metres.
ACROSS, ALONG = 98.4, 110.8


def picture(ground: Ground, **changes: object) -> maps.MapPicture:
    given = {
        "ground": ground, "areas": ground.named_cells("zh"), "values": {}, "title": "事件",
        "source": "试验镇，2026年上半年", "day": date(2026, 7, 1), "language": "zh",
    }  # fmt: skip
    return maps.MapPicture(**{**given, **changes})  # type: ignore[arg-type]


@pytest.fixture
def ground(field: Field, halves: Halves) -> Ground:
    halves()
    field.session.add_all(
        [
            Road(kind="primary", geom=from_shape(LineString([point(0, 1), point(4, 1)]), 4326)),
            Road(kind="service", geom=from_shape(LineString([point(1, 0), point(1, 2)]), 4326)),
            Cover(kind="water", geom=from_shape(rectangle(0, 1.8, 4, 2), 4326)),
            Cover(kind="commercial", geom=from_shape(rectangle(0, 0, 1, 1), 4326)),
        ]
    )
    field.session.flush()
    return read_ground(field.session, field.community.id)


def test_the_ground_is_in_metres(ground: Ground) -> None:
    assert ground.crs.axis_info[0].unit_name == "metre"
    west, south, east, north = shapely.bounds(ground.outline)
    assert east - west == pytest.approx(4 * ACROSS, rel=0.01)
    # The plane's north leans half a degree here.
    assert north - south == pytest.approx(2 * ALONG, rel=0.02)
    assert ground.named_cells("zh")["name"].tolist() == ["西", "东"]
    # The text of an English report has their codes.
    assert ground.named_cells("en")["name"].tolist() == ["001", "002"]
    assert ground.cells.area.sum() == pytest.approx(shapely.area(ground.outline), rel=0.001)
    assert ground.roads["rank"].tolist() == [1, 5]
    assert ground.roads.geometry.length.tolist() == pytest.approx([4 * ACROSS, 2 * ALONG], rel=0.01)
    assert ground.cover["kind"].tolist() == ["water"]


def test_the_parts_of_a_unit_are_those_of_the_next_level(field: Field, halves: Halves) -> None:
    halves()
    community = read_ground(field.session, field.community.id)
    assert community.parts("zh")["name"].tolist() == ["西", "东"]
    town = read_ground(field.session, field.community.parent_id or 0)
    assert town.parts("zh")["name"].tolist() == ["幸福社区"]
    field.community.name_en = "Xingfu"
    field.session.flush()
    town = read_ground(field.session, field.community.parent_id or 0)
    assert town.parts("en")["name"].tolist() == ["Xingfu"]
    # The town has no outline of its own: that of its community stands for it.
    assert shapely.area(town.outline) == pytest.approx(8 * ACROSS * ALONG, rel=0.01)


def test_cells_are_those_of_the_day_and_named_without_their_unit(field: Field) -> None:
    old, new = date(2025, 1, 1), date(2026, 1, 1)
    field.cell(1, rectangle(0, 0, 4, 2), name="幸福社区第一网格", valid_from=old, valid_to=new)
    field.cell(2, rectangle(0, 0, 4, 2), valid_from=new)
    past = read_ground(field.session, field.community.id, date(2025, 6, 1))
    assert past.named_cells("zh")["name"].tolist() == ["第一网格"]
    today = read_ground(field.session, field.community.id)
    assert today.named_cells("zh")["name"].tolist() == ["002"]


def test_what_has_no_outline_cannot_be_drawn(field: Field) -> None:
    field.session.execute(update(Unit).values(geom=None))
    ground = read_ground(field.session, field.community.id)
    assert ground.empty
    assert not len(ground.parts("zh"))
    with pytest.raises(ValueError, match="outline"):
        maps.draw(picture(ground))
    with pytest.raises(NotFoundError, match="unit"):
        read_ground(field.session, 0)


def test_a_map_has_all_that_paper_needs(ground: Ground) -> None:
    west, east = ground.cells["id"]
    figure = maps.map_figure(picture(ground, values={west: 3, east: 12}))
    words = words_of(figure)
    assert {"北", "事件", "≤ 5", "> 5", "西\n3", "东\n12", "网格界"} <= set(words)
    assert "来源：试验镇，2026年上半年。截至2026年7月1日。" in "".join(words).replace("\n", "")
    assert faults_of(figure) == []
    english = maps.map_figure(
        picture(ground, values={west: 3, east: 12}, language="en", source="Records", unit="%")
    )
    assert {"N", "事件 (%)", "Source: Records. As of 2026-07-01."} <= set(words_of(english))


def test_the_scale_bar_is_as_long_as_it_says(ground: Ground) -> None:
    figure = maps.map_figure(picture(ground))
    axes, sheet = figure.axes
    [words] = [word for word in words_of(figure) if word.endswith("米")]
    bar = [each for each in sheet.patches if isinstance(each, Rectangle)]
    millimetres = sum(part.get_width() for part in bar)
    box = axes.get_position()
    wide_mm = box.width * figure.get_size_inches()[0] * 25.4
    metres = millimetres / wide_mm * (axes.get_xlim()[1] - axes.get_xlim()[0])
    assert words == "100 米"
    assert metres == pytest.approx(100)
    # A metre is as long upwards as sideways.
    high_mm = box.height * figure.get_size_inches()[1] * 25.4
    across, along = np.ptp(axes.get_xlim()) / wide_mm, np.ptp(axes.get_ylim()) / high_mm
    assert across == pytest.approx(along)


def test_areas_have_the_colour_of_their_class(ground: Ground) -> None:
    west, east = ground.cells["id"]
    image = pixels(maps.draw(picture(ground, values={west: 1, east: 100})))
    high, wide, _ = image.shape
    # The legend is 45 mm wide; within the map look left and right, off roads and names.
    at = int(high * 0.30), wide * 105 / 150
    left, right = image[at[0], int(at[1] * 0.30)], image[at[0], int(at[1] * 0.62)]
    assert left.tolist() == pytest.approx([255, 255, 178], abs=6)
    assert right.tolist() == pytest.approx([189, 0, 38], abs=6)


def test_no_data_and_too_few_are_told_apart(ground: Ground) -> None:
    west, east = ground.cells["id"]
    chosen = picture(ground, values={west: None, east: 2}, few=frozenset({int(east)}))
    words = words_of(maps.map_figure(chosen))
    assert {"无数据", "数量过少，不予显示", "东"} <= set(words)
    # A count that is too small is not printed either.
    assert not any("2" in word for word in words if "东" in word)
    nothing = words_of(maps.map_figure(picture(ground)))
    assert "无数据" not in nothing


def test_what_lies_over_the_areas_is_in_the_legend(ground: Ground) -> None:
    x, y = shapely.get_coordinates(shapely.centroid(ground.outline))[0]
    groups = [f"类别{n}" for n in range(8) for _ in range(9 - n)]
    points = gpd.GeoDataFrame(
        {"group": groups, "count": range(len(groups))},
        geometry=gpd.points_from_xy(np.full(len(groups), x), np.full(len(groups), y)),
        crs=ground.crs,
    )
    hot = gpd.GeoDataFrame(
        {"level": [3, -2]}, geometry=[rectangle(0, 0, 1, 1), rectangle(2, 0, 3, 1)], crs=4326
    )
    routes = gpd.GeoDataFrame(
        {"name": ["内环$x$"]}, geometry=[LineString([point(0, 0), point(4, 2)])], crs=4326
    )
    figure = maps.map_figure(picture(ground, points=points, hot=hot, routes=routes))
    words = words_of(figure)
    assert {"热点（99%）", "冷点（95%）", "内环$x$", "类别0", "类别5", "其他"} <= set(words)
    assert not {"类别6", "热点（90%）"} & set(words)
    assert faults_of(figure) == []
    assert len(maps.draw(picture(ground, points=points.drop(columns=["group", "count"])))) > 5000


def test_sixty_long_names_do_not_overlap(field: Field) -> None:
    for number in range(60):
        row, column = divmod(number, 10)
        field.cell(
            number + 1,
            rectangle(column * 0.4, row / 3, (column + 1) * 0.4, (row + 1) / 3),
            name=f"幸福安康和谐示范小区第{number}网格（含沿街商铺及地下车库）",
        )
    ground = read_ground(field.session, field.community.id)
    values = {int(key): 1000.5 * number for number, key in enumerate(ground.cells["id"])}
    figure = maps.map_figure(picture(ground, values=values, title="很长的图例标题" * 8))
    assert faults_of(figure) == []
    # Where a name has no room its figure has.
    assert sum(any(c.isdigit() for c in word) for word in words_of(figure)) > 30


@given(
    st.lists(
        st.tuples(st.text("社区网格a ", max_size=12), st.floats(0, 100), st.floats(0, 80)),
        max_size=30,
    )
)
def test_places_are_free_and_within_the_frame(names: list[tuple[str, float, float]]) -> None:
    wishes = [Wish(name, "12", x, y, 30.0) for name, x, y in names]
    placed = labels.place(wishes, (0, 0, 100, 80))
    for number, one in enumerate(placed):
        assert one.box[0] >= 0
        assert one.box[1] >= 0
        assert one.box[2] <= 100
        assert one.box[3] <= 80
        assert not any(labels.overlap(one.box, other.box) for other in placed[:number])


def test_changes_are_centred_on_zero_and_fewer_is_dotted() -> None:
    found = shades({1: -40, 2: -1, 3: 0, 4: 1, 5: 40}, "zh", diverging=True)
    assert [found.of[key] for key in range(1, 6)] == [0, 1, 2, 3, 4]
    assert found.words[2] == "不变"
    assert [bool(fill.get("hatch")) for fill in found.fills] == [True, True, False, False, False]
    same = shades({1: -5, 2: 5, 3: 0}, "en", diverging=True)
    assert same.words == ["under 0", "unchanged", "over 0"]
    assert [same.of[key] for key in (1, 2, 3)] == [0, 2, 1]


def test_classes_say_which_counts_they_hold() -> None:
    found = shades({n: n for n in range(1, 101)}, "en", diverging=False)
    assert found.words == ["≤ 20", "21–40", "41–60", "61–80", "> 80"]
    assert [found.of[n] for n in (20, 21, 100)] == [0, 1, 4]
    assert shades({1: 7}, "en", diverging=False).words == ["7"]
    assert shades({}, "en", diverging=False).words == []


def test_darker_is_more_in_a_print_without_colour() -> None:
    found = shades({n: n for n in range(1, 101)}, "en", diverging=False)
    rgb = [[int(fill["facecolor"][i : i + 2], 16) for i in (1, 3, 5)] for fill in found.fills]
    grey = [0.299 * r + 0.587 * g + 0.114 * b for r, g, b in rgb]
    assert all(light - dark > 20 for light, dark in pairwise(grey))


def test_a_character_without_glyph_becomes_a_square() -> None:
    assert style.plain("网格\U0001f600\x00\n甲") == "网格□ 甲"
