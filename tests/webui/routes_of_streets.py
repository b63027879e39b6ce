"""The routes of streets; see ``routes.py``. Roads are nobody's own, so no id is foreign."""

from __future__ import annotations

from gridmap.workforce.rights import Action
from tests.webui.route import Route, many

_PLAN = Action.PLAN_PATROLS
_HERE = {"lon": 116.0, "lat": 28.0}

STREETS = {
    ("streets.index", "GET"): many(_PLAN, "/patrols/streets"),
    ("streets.state", "GET"): many(_PLAN, "/patrols/streets/state.json"),
    ("streets.tile", "GET"): many(
        _PLAN, "/patrols/streets/tiles/{tile_14}.mvt", "/patrols/streets/tiles/{tile_10}.mvt"
    ),
    ("streets.script", "GET"): many(_PLAN, "/patrols/streets/folium.map.js"),
    ("streets.build", "POST"): [Route(_PLAN, "/patrols/streets/build", form={}, own=(302,))],
    ("streets.trace_line", "POST"): [
        Route(_PLAN, "/patrols/trace", json={"mode": "foot", "waypoints": []}),
        Route(_PLAN, "/patrols/trace", json={"mode": "swim", "waypoints": [_HERE]}, own=(400,)),
        Route(_PLAN, "/patrols/trace", json={"waypoints": [{"lon": "x"}]}, own=(400,)),
    ],
    ("streets.match_recorded", "POST"): [
        # Far from the small town's streets.
        Route(_PLAN, "/patrols/match", json={"line": [[116.0, 20.0], [116.0, 20.01]]}, own=(400,)),
        Route(_PLAN, "/patrols/match", json={"line": [[1, 2, 3]]}, own=(400,)),
        Route(_PLAN, "/patrols/match", json={"line": "x"}, own=(400,)),
    ],
}
