"""The form of a plan holds what an earlier plan was asked for."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest
from flask import Flask

from gridmap.patrols.plans.service import read_wish
from webui.plans.new import _wish
from webui.plans.typed import typed

_FULL = {
    "teams": [
        {"team_id": 3, "mode": "bicycle", "begins": "22:00", "ends": "06:00", "starts_at": 7,
         "end_point": (116.5, 28.25), "break_min": 30},
        {"team_id": 4, "begins": "19:00", "ends": "23:00", "start_point": (116.0, 28.0)},
    ],
    "musts": [
        {"place_id": 9, "dwell_min": 15, "opens": "20:00", "closes": "21:30"},
        {"place_id": 12},
    ],
    "run_id": 5, "most_places": 40, "dwell_min": 10, "every_h": 1.5,
    "streets": ["中山北路", "云梦一巷"], "balance": 0.02, "divide": True,
    "seed": date(2026, 6, 1).toordinal(), "effort": "quick",
}  # fmt: skip
_PLAIN = {
    "teams": [{"team_id": 3, "begins": "19:00", "ends": "23:00", "starts_at": 7}],
    "musts": [{"place_id": 9}],
}


@pytest.mark.parametrize("given", [_FULL, _PLAIN])
def test_what_is_typed_anew_is_read_as_the_same(given: dict[str, object]) -> None:
    wish = read_wish(given)
    plan = SimpleNamespace(
        name="夜间", unit_id=2, day=date(2026, 6, 1), wish=wish.model_dump(mode="json")
    )
    fields = typed(plan)
    with Flask(__name__).test_request_context(method="POST", data=fields):
        assert read_wish(_wish()) == wish
    assert (fields["name"], fields["unit"], fields["day"]) == ("夜间", "2", "2026-06-01")
