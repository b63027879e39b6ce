"""The routes of patrols; see ``routes.py``."""

from __future__ import annotations

from typing import Any

from gridmap.workforce.rights import Action
from tests.webui.route import Route, many

_SEE, _PLAN = Action.VIEW_MAP, Action.PLAN_PATROLS
_LINE = [["{lon}", "{lat}"], ["{lon:.4f}", "{lat:.4f}"]]
_POINTS: list[dict[str, Any]] = [
    {"lon": lon, "lat": lat, "free": number > 0} for number, (lon, lat) in enumerate(_LINE)
]
#: A straight line beside a building of the community.
_DRAWN: dict[str, Any] = {"name": "线", "waypoints": _POINTS, "legs": [_LINE]}


def _act(act: str, **form: str) -> list[Route]:
    return [Route(_PLAN, f"/patrols/{{spare_route}}/{act}", form=form, own=(302,), foreign=(404,))]


PATROLS = {
    ("patrols.index", "GET"): many(
        _SEE, "/patrols", "/patrols?q=x&kind=inner&mode=foot&state=archived&sort=time&order=desc"
    ),
    ("patrols.script", "GET"): many(_SEE, "/patrols/folium.js"),
    ("patrols.ask_new", "GET"): [
        Route(_PLAN, "/patrols/new"),
        Route(_PLAN, "/patrols/new?after={route}", foreign=(404,)),
    ],
    ("patrols.add", "POST"): [
        Route(_PLAN, "/patrols/new", json={}, own=(400,)),
        Route(_PLAN, "/patrols/new", json=_DRAWN, foreign=(400,)),
        Route(_PLAN, "/patrols/new", json=_DRAWN | {"unit": "{unit}"}, foreign=(404,)),
        Route(_PLAN, "/patrols/new", json=_DRAWN | {"team": "{team}"}, foreign=(400,)),
    ],
    ("patrols.edit", "GET"): [Route(_PLAN, "/patrols/{route}/edit", foreign=(404,))],
    ("patrols.save", "POST"): [
        # Somebody has saved it meanwhile.
        Route(_PLAN, "/patrols/{route}/save", json=_DRAWN | {"version": 99}, own=(409,),
              foreign=(404,)),
    ],
    ("patrols.near", "POST"): [
        Route(_PLAN, "/patrols/near", json={"line": _LINE, "metres": 50}),
        Route(_PLAN, "/patrols/near", json={"line": _LINE, "metres": 50, "unit": "{unit}"},
              foreign=(404,)),
    ],
    ("patrols.beside", "POST"): [
        Route(_PLAN, "/patrols/beside", json={"line": _LINE, "metres": 500}),
    ],
    ("patrols.place", "GET"): many(_PLAN, "/patrols/place?lon={lon}&lat={lat}"),
    ("patrols.found", "GET"): many(_PLAN, "/patrols/found?q="),
    ("patrols.state", "GET"): [Route(_SEE, "/patrols/{route}/route.json", foreign=(404,))],
    ("patrols.show", "GET"): [
        Route(_SEE, "/patrols/{route}", foreign=(404,)),
        Route(_SEE, "/patrols/{route}?start=20:00", foreign=(404,)),
    ],
    ("patrols.version", "GET"): [
        Route(Action.VIEW_WORKFORCE, "/patrols/{route}/versions/1", foreign=(404,)),
    ],
    ("patrols.bring_back", "POST"): [
        Route(_PLAN, "/patrols/{route}/versions/1/restore", form={"version": "99"}, own=(302,),
              foreign=(404,)),
    ],
    ("patrols.copy", "POST"): _act("copy", name="副本"),
    ("patrols.archive", "POST"): [*_act("archive"), *_act("archive", archived="0")],
    ("patrols.paper", "GET"): [Route(_SEE, "/patrols/{route}/print?start=20:00", foreign=(404,))],
    ("patrols.follow", "GET"): [Route(_SEE, "/patrols/{route}/follow", foreign=(404,))],
    ("patrols.check_in", "POST"): [
        Route(_SEE, "/patrols/{route}/check-in", json={"stop": "{patrol_stop}"}, foreign=(404,)),
    ],
    ("patrols.export", "GET"): [
        Route(Action.EXPORT, f"/patrols/{{route}}/export/{form}", own=(status,), foreign=(404,))
        for form, status in (("gpx", 200), ("geojson", 200), ("exe", 404))
    ],
    ("patrols.ask_file", "GET"): many(_PLAN, "/patrols/import"),
    ("patrols.take_file", "POST"): [Route(_PLAN, "/patrols/import", form={}, own=(400,))],
}  # fmt: skip
