from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
from flask import Flask

from gridmap.hotspots.analyses.registry import ANALYSES
from gridmap.hotspots.models import HotspotRun
from webui.hotspots.sentences import sentences

MONDAY, SUNDAY = date(2026, 1, 5), date(2026, 1, 11)


def said(app: Flask, analysis: str, last: date = SUNDAY, **summary: Any) -> list[str]:
    run = HotspotRun(analysis=analysis, first=MONDAY, last=last, incidents=700, summary=summary)
    with app.test_request_context("/?lang=en"):
        return sentences(run, [])


def morning(by_day: list[int]) -> list[list[int]]:
    week = np.zeros((7, 24), dtype=int)
    week[:, 9] = by_day
    return [[int(count) for count in day] for day in week]


def test_a_weekday_is_named_only_if_chance_does_not_explain_it(app: Flask) -> None:
    even = said(app, "gi_star", week=morning([101, 99, 100, 100, 100, 100, 100]))[1]
    assert "than on other days" not in even
    assert "100 % of all" in even
    friday = said(app, "gi_star", week=morning([90, 90, 90, 90, 160, 90, 90]))[1]
    assert friday.count("than on other days") == 1


def test_a_weekday_that_came_twice_has_twice_as_many(app: Flask) -> None:
    eight_days = said(app, "gi_star", date(2026, 1, 12), week=morning([200, *[100] * 6]))[1]
    assert "than on other days" not in eight_days


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


def test_incidents_where_nobody_lives_are_told(app: Flask) -> None:
    assert said(app, "gi_star", left_out=12)[3] == "Left out are 12 incidents where nobody lives."
    assert len(said(app, "gi_star", left_out=0)) == 3
