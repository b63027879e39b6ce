"""The page and the picture of every analysis, and how a picture is drawn."""

from __future__ import annotations

import re
from io import BytesIO

import numpy as np
import pytest
import shapely
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import Engine, text

from gridmap.hotspots.analyses.registry import ANALYSES
from tests.webui.runs import make_run
from webui.hotspots import words
from webui.hotspots.picture import Title, draw


def engine_of(app: Flask) -> Engine:
    engine: Engine = app.extensions["gridmap.engine"]
    return engine


def _check_picture(app: Flask, client: FlaskClient, run: int) -> None:
    """See in the picture the colour of each class that is painted, beside the legend."""
    with engine_of(app).connect() as connection:
        rows = connection.execute(
            text("SELECT kind, rank FROM hotspot_feature WHERE run_id = :id"), {"id": run}
        ).all()
        analysis = connection.execute(
            text("SELECT analysis FROM hotspot_run WHERE id = :id"), {"id": run}
        ).scalar_one()
    answer = client.get(f"/hotspots/{run}/export/png")
    assert answer.mimetype == "image/png"
    seen = _colours(answer.data)
    legend = words.LEGENDS[ANALYSES[analysis].legend]
    drawn = {row.kind for row in rows if row.rank is None} or {row.kind for row in rows}
    assert drawn <= {kind for kind, _, _ in legend}
    for kind, colour, _ in legend:
        if kind in drawn:
            assert _there(colour, seen), (kind, colour)


def _colours(png: bytes) -> list[tuple[int, ...]]:
    """Return the colours of the map's part of a picture, left of the legend."""
    picture = Image.open(BytesIO(png)).convert("RGB").crop((0, 104, 1190, 944))
    return [colour for _, colour in picture.getcolors(1 << 20) or []]


def _there(colour: str, seen: list[tuple[int, ...]]) -> bool:
    wanted = tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return any(sum(abs(a - b) for a, b in zip(one, wanted, strict=True)) < 24 for one in seen)


def test_a_picture_paints_listed_areas_only_where_nothing_smaller_is_painted(app: Flask) -> None:
    legend = [("top10", "#bd0026", "a"), ("top25", "#f03b20", "b")]
    area = np.array([shapely.box(120, 30, 120.1, 30.1)])
    title = Title("run", "", 1, "", "en")
    whole = ("top10", 1, shapely.box(120.02, 30.02, 120.08, 30.08))
    with app.app_context():
        alone = _colours(draw(title, legend, [whole], area))
        ring = ("top25", None, shapely.box(120.03, 30.03, 120.07, 30.07))
        over = _colours(draw(title, legend, [ring, whole], area))
    assert _there("#bd0026", alone)
    assert _there("#f03b20", over)
    assert not _there("#bd0026", over)


def test_the_legend_of_a_picture_has_the_colours_of_the_page(app: Flask) -> None:
    area = np.array([shapely.box(120, 30, 120.1, 30.1)])
    with app.test_request_context("/?lang=en"):
        for legend in words.LEGENDS.values():
            png = draw(Title("run", "", 1, "", "en"), legend, [], area)
            seen = Image.open(BytesIO(png)).convert("RGB").crop((1200, 104, 1260, 944))
            colours = {"#" + bytes(each).hex() for each in np.asarray(seen).reshape(-1, 3)}
            assert {colour for _, colour, _ in legend} <= colours


def test_the_arrow_of_a_picture_lies_clear_of_long_words(app: Flask) -> None:
    legend = [(f"top{i}", "#bd0026", "The densest places of all, with 10 %" * 3) for i in range(6)]
    with app.test_request_context("/?lang=en"):
        png = draw(Title("run", "", 1, "", "en"), legend, [], np.array([shapely.box(0, 0, 1, 1)]))
    dark = np.asarray(Image.open(BytesIO(png)).convert("L")) < 128
    arrow = np.flatnonzero(dark[:, 1516:1540].any(axis=1))
    # The arrow is dark, and above it is nothing before the last line of words.
    top = arrow[arrow > 800].min()
    assert dark[top : top + 30, 1516:1540].any(axis=1).all()
    assert not dark[top - 60 : top, 1216:].any()


@pytest.mark.parametrize("analysis", ANALYSES)
def test_the_page_of_every_analysis(app: Flask, client: FlaskClient, analysis: str) -> None:
    run = make_run(engine_of(app), None, analysis)
    for language, sure in (("en", "How sure:"), ("zh", "可信程度：")):
        page = client.get(f"/hotspots/{run}?lang={language}")
        assert page.status_code == 200
        said = re.findall(r"<p>([^<]+)</p>", page.text.split('class="card-box said"')[1])[:3]
        assert len(said) == 3
        assert said[2].startswith(sure)
        assert "{" not in "".join(said)
    # A table has no column in which nothing stands.
    table = page.text.partition('class="grid-table hot-table"')[2].partition("</table>")[0]
    heads, rows = len(re.findall("<th ", table)), re.findall("<tr data-rank.*?</tr>", table, re.S)
    cells = [re.findall("<td.*?</td>", row, re.S) for row in rows]
    assert {len(row) for row in cells} <= {heads}
    for column in zip(*[row[3:-3] for row in cells], strict=True):
        assert any("–</td>" not in cell for cell in column)
    _check_picture(app, client, run)
    assert client.get(f"/hotspots/compare?left={run}").status_code == 200
