from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from flask import Flask

from gridmap.hotspots.analyses.registry import ANALYSES
from gridmap.hotspots.models import HotspotRun
from webui.hotspots.sentences import sentences

MONDAY, SUNDAY = date(2026, 1, 5), date(2026, 1, 11)


def said(app: Flask, analysis: str, **summary: Any) -> list[str]:
    run = HotspotRun(analysis=analysis, first=MONDAY, last=SUNDAY, incidents=700, summary=summary)
    with app.test_request_context("/?lang=en"):
        return sentences(run, [])


def test_the_weekday_that_stands_out_is_named(app: Flask) -> None:
    week = np.zeros((7, 24), dtype=int)
    week[:, 9] = 100
    even = said(app, "gi_star", week=week.tolist(), weekday=None)[1]
    assert "than on other days" not in even
    assert "100 % of all" in even
    friday = said(app, "gi_star", week=week.tolist(), weekday=4)[1]
    assert "on Friday" in friday


@pytest.mark.parametrize(
    ("map_p", "against", "told"),
    [
        (
            0.001,
            "mixed",
            "over the area and its homes, 999 times in all. A place as hot {} not once.",
        ),
        (0.002, "count", "over the area, 999 times in all. A place as hot {} once."),
        (0.013, "households", "over the homes, 999 times in all. A place as hot {} 12 times."),
    ],
)
def test_sureness_is_told_by_what_chance_did(
    app: Flask, map_p: float, against: str, told: str
) -> None:
    run = HotspotRun(
        analysis="gi_star", first=MONDAY, last=SUNDAY, incidents=700,
        summary={"map_p": map_p, "replications": 999, "against": against, "hotspots": 1},
    )  # fmt: skip
    first = cast(Any, SimpleNamespace(place="Market Road", cell_name="", cell="3", n=9, expected=2))
    with app.test_request_context("/?lang=en"):
        assert sentences(run, [first])[2].endswith(told.format("as the hottest here came up"))
        assert "does not prove" in sentences(run, [])[2]


def test_where_nothing_was_tested_nothing_is_said_of_chance(app: Flask) -> None:
    untested = {"density", "streets", "st_dbscan", "emerging", "forecast"}
    nothing = {name: said(app, name)[0] for name in untested}
    assert not [name for name, sentence in nothing.items() if "chance" in sentence]
    assert len(set(nothing.values())) == len(untested)
    assert untested < set(ANALYSES)


def test_the_raised_band_is_told_from_to_and_not_the_greatest_ratio(app: Flask) -> None:
    edges = {"observed": 9, "expected": 3.0, "p": 0.001}
    near = {"from_m": 0, "to_m": 100, "from_day": 0, "to_day": 7, "ratio": 9.9, "raised": False}
    far = {"from_m": 300, "to_m": 400, "from_day": 21, "to_day": 28, "ratio": 2.5, "raised": True}
    where, _, sure = said(
        app, "near_repeat", knox=[near | edges, far | edges], raised=1, hotspots=4, replications=319
    )
    assert "2.5 times" in where
    assert "300 to 400 m and 21 to 28 days apart" in where
    assert "319 random arrangements" in sure


@pytest.mark.parametrize(
    ("analysis", "summary"),
    [
        ("gi_star", {"inside": 9, "area_share": 0.01}),
        ("st_dbscan", {}),
        ("relative_risk", {"reference": "households"}),
    ],
)
def test_a_single_place_is_told_as_one(app: Flask, analysis: str, summary: dict[str, Any]) -> None:
    row = cast(Any, SimpleNamespace(place="Market Road", cell_name="", cell="3", n=9, expected=2))
    for hotspots, told in ((1, "ne place"), (2, "2 places")):
        run = HotspotRun(
            analysis=analysis, first=MONDAY, last=SUNDAY, incidents=700,
            summary={"hotspots": hotspots, **summary},
        )  # fmt: skip
        with app.test_request_context("/?lang=en"):
            where = sentences(run, [row])[0]
        assert told in where
        assert "Market Road" in where
        assert "{" not in where


def test_incidents_where_nobody_lives_are_told(app: Flask) -> None:
    assert said(app, "gi_star", left_out=12)[3] == "Left out are 12 incidents where nobody lives."
    assert len(said(app, "gi_star", left_out=0)) == 3


def test_incidents_on_no_street_are_told(app: Flask) -> None:
    off = said(app, "streets", on_streets=688)[3]
    assert off == "Left out are 12 incidents that lie near no street."
    assert len(said(app, "streets", on_streets=700)) == 3
