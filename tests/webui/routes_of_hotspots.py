"""The routes of hotspots; see ``routes.py``."""

from __future__ import annotations

from gridmap.workforce.rights import Action
from tests.webui.route import Route, many

_ANALYSE = Action.ANALYSE
_PERIOD = {"first": "2026-01-01", "last": "2026-03-31"}


def _act(act: str, /, run: str = "run", **form: str) -> list[Route]:
    """Only the owner may, who is nobody of those who try; the administrator, too."""
    address = f"/hotspots/{{{run}}}/{act}"
    return [Route(_ANALYSE, address, form=form, own=(403,), administrator=(302,), foreign=(404,))]


HOTSPOTS = {
    ("hotspots.index", "GET"): many(
        _ANALYSE, "/hotspots", "/hotspots?q=x&analysis=gi_star&mine=1&page=1"
    ),
    ("hotspots.simple", "POST"): [
        Route(_ANALYSE, "/hotspots/simple", form={"unit": "{unit}", "period": "month"},
              own=(302, 409), foreign=(404,)),
    ],
    ("hotspots.ask_new", "GET"): many(
        _ANALYSE, "/hotspots/new", "/hotspots/new?analysis=density&first=x&category=A1"
    ),
    ("hotspots.add", "POST"): [
        Route(_ANALYSE, "/hotspots/new", form={"analysis": "x", **_PERIOD}, own=(400,)),
        Route(_ANALYSE, "/hotspots/new",
              form={"analysis": "gi_star", "unit": "{unit}", **_PERIOD}, own=(302, 409),
              foreign=(404,)),
    ],
    ("hotspots.show", "GET"): [
        Route(_ANALYSE, "/hotspots/{run}", foreign=(404,)),
        Route(_ANALYSE, "/hotspots/{run}?sort=count&order=desc", foreign=(404,)),
        Route(_ANALYSE, "/hotspots/{spare_run}", own=(200, 404), foreign=(404,)),
    ],
    ("hotspots.state", "GET"): [
        Route(_ANALYSE, "/hotspots/{run}/state.json", foreign=(404,)),
    ],
    ("hotspots.features", "GET"): [
        Route(_ANALYSE, "/hotspots/{run}/features.json", foreign=(404,)),
    ],
    ("hotspots.shapes", "GET"): [
        Route(_ANALYSE, f"/hotspots/{{run}}/{{tile_{z}}}.mvt", foreign=(404,)) for z in (10, 14)
    ],
    # The method of this run has no surface.
    ("hotspots.surface", "GET"): [
        Route(_ANALYSE, "/hotspots/{run}/{tile_10}.png", own=(404,), foreign=(404,)),
    ],
    ("hotspots.keep", "POST"): _act("keep", kept="1"),
    ("hotspots.script", "GET"): many(_ANALYSE, "/hotspots/folium.map.js"),
    ("hotspots.compare", "GET"): [
        Route(_ANALYSE, "/hotspots/compare", own=(302,)),
        Route(_ANALYSE, "/hotspots/compare?left={run}&right={run}", foreign=(404,)),
        Route(_ANALYSE, "/hotspots/compare?left={run}", foreign=(404,)),
    ],
    # A GeoPackage holds the word by which foreign names are marked, in SQL.
    ("hotspots.export", "GET"): [
        Route(Action.EXPORT, f"/hotspots/{{run}}/export/{form}", own=(status,), foreign=(404,))
        for form, status in (("geojson", 200), ("png", 200), ("exe", 404))
    ],
    ("hotspots.rename", "POST"): _act("name", name="新"),
    ("hotspots.share", "POST"): _act("share", shared="1"),
    ("hotspots.schedule", "POST"): [
        *_act("schedule", monthly="1"), *_act("schedule", monthly="0"),
    ],
    ("hotspots.cancel", "POST"): _act("cancel"),
    ("hotspots.run_again", "POST"): [
        Route(_ANALYSE, "/hotspots/{run}/again", form={}, own=(302, 409), foreign=(404,)),
    ],
    ("hotspots.ask_delete", "GET"): [
        Route(_ANALYSE, "/hotspots/{run}/delete", own=(403,), administrator=(200,),
              foreign=(404,)),
    ],
    ("hotspots.delete", "POST"): [
        Route(_ANALYSE, "/hotspots/{spare_run}/delete", form={}, own=(403, 404),
              administrator=(302,), foreign=(404,)),
    ],
}  # fmt: skip
