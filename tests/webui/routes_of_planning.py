"""The routes of plans and of what was walked; see ``routes.py``."""

from __future__ import annotations

from gridmap.workforce.rights import Action
from tests.webui.route import Route, many

_PLAN, _ALL = Action.PLAN_PATROLS, Action.REPORT_INCIDENT
_TEAM = {
    "team": "{team}", "mode": "foot", "begins": "19:00", "ends": "23:00", "starts_at": "{place}",
    "ends_at": "", "break_min": "", "must": "{place}",
}  # fmt: skip

PLANS = {
    ("plans.index", "GET"): many(_PLAN, "/patrols/plans"),
    ("plans.ask_new", "GET"): [
        *many(_PLAN, "/patrols/plans/new"),
        Route(_PLAN, "/patrols/plans/new?like={plan}", foreign=(404,)),
    ],
    ("plans.add", "POST"): [
        Route(_PLAN, "/patrols/plans/new", form={"unit": "{unit}", "day": "x"}, own=(400,),
              foreign=(400,)),
        Route(_PLAN, "/patrols/plans/new",
              form={"unit": "{unit}", "day": "2099-06-01", **_TEAM}, own=(302, 409),
              foreign=(404,)),
        Route(_PLAN, "/patrols/plans/new",
              form={"unit": "{unit}", "day": "2099-06-01", **_TEAM, "starts_at": "point",
                    "start_point": "116"}, own=(400,), foreign=(400,)),
        Route(_PLAN, "/patrols/plans/new",
              form={"unit": "{unit}", "day": "2099-06-01", **_TEAM, "team": "{team}",
                    "starts_at": "point", "start_point": "116.0，28.0"}, own=(302, 409),
              foreign=(404,)),
    ],
    ("plans.show", "GET"): [Route(_PLAN, "/patrols/plans/{plan}", foreign=(404,))],
    ("plans.state", "GET"): [Route(_PLAN, "/patrols/plans/{plan}/state.json", foreign=(404,))],
    ("plans.shapes", "GET"): [Route(_PLAN, "/patrols/plans/{plan}/tours.json", foreign=(404,))],
    ("plans.again", "POST"): [
        Route(_PLAN, "/patrols/plans/{plan}/again", form={}, own=(302,), foreign=(404,)),
    ],
    ("plans.to_route", "POST"): [
        Route(_PLAN, "/patrols/plans/{plan}/route/99", form={}, own=(404,), foreign=(404,)),
    ],
    ("plans.cancel", "POST"): [
        Route(_PLAN, "/patrols/plans/{plan}/cancel", form={}, own=(302,), foreign=(404,)),
    ],
    ("plans.delete", "POST"): [
        Route(_PLAN, "/patrols/plans/{plan}/delete", form={}, foreign=(404,)),
        Route(_PLAN, "/patrols/plans/{spare_plan}/delete", form={"sure": "1"}, own=(302, 404),
              foreign=(404,)),
    ],
}  # fmt: skip

TRACKS = {
    ("tracks.index", "GET"): [
        *many(_PLAN, "/patrols/walked", "/patrols/walked?months=12&days=7&sort=incidents"),
        Route(_PLAN, "/patrols/walked?unit={unit_code}", foreign=(404,)),
    ],
    ("tracks.streets", "GET"): [
        *many(_PLAN, "/patrols/walked/streets"),
        Route(_PLAN, "/patrols/walked/streets?unit={unit_code}&days=7", foreign=(404,)),
    ],
    ("tracks.script", "GET"): many(_ALL, "/patrols/walked/folium.js"),
    ("tracks.tile", "GET"): many(_PLAN, "/patrols/walked/tiles/{tile_14}.mvt"),
    ("tracks.tracks", "GET"): many(
        _ALL, "/patrols/walked/tracks",
        "/patrols/walked/tracks?route={route}&team={team}&from=2026-01-01&to=2026-02-01&sort=share",
    ),
    ("tracks.settings", "GET"): many(Action.MANAGE_SETTINGS, "/patrols/walked/settings"),
    ("tracks.save_settings", "POST"): [
        Route(Action.MANAGE_SETTINGS, "/patrols/walked/settings",
              form={"near_m": "x", "position_days": "30"}, own=(400,)),
    ],
    ("tracks.ask_new", "GET"): many(_PLAN, "/patrols/walked/new"),
    ("tracks.take_in", "POST"): [
        Route(_PLAN, "/patrols/walked/new", form={"route": "{route}"}, own=(400,)),
    ],
    ("tracks.record", "POST"): [
        Route(_ALL, "/patrols/walked/positions", json={"route": "{route}", "positions": []},
              own=(400,)),
    ],
    # A cadre sees what he recorded himself, and the demo's tracks are of nobody.
    ("tracks.show", "GET"): [
        Route(_ALL, "/patrols/walked/tracks/{track}", others=(404,), foreign=(404,)),
    ],
    ("tracks.state", "GET"): [
        Route(_ALL, "/patrols/walked/tracks/{track}/state.json", others=(404,), foreign=(404,)),
    ],
    ("tracks.shapes", "GET"): [
        Route(_ALL, "/patrols/walked/tracks/{track}/map.json", others=(404,), foreign=(404,)),
    ],
    ("tracks.delete", "POST"): [
        Route(_PLAN, "/patrols/walked/tracks/{track}/delete", form={}),
        Route(_PLAN, "/patrols/walked/tracks/{spare_track}/delete", form={"sure": "1"},
              own=(302, 404), foreign=(404,)),
    ],
}  # fmt: skip
