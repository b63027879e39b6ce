"""What every route needs, how it is asked, and what it answers to ids of another area."""

from __future__ import annotations

from gridmap.workforce.rights import Action
from tests.webui.route import PUBLIC, SIGNED_IN, Route, many
from tests.webui.routes_for_programs import FOR_PROGRAMS
from tests.webui.routes_of_activities import ACTIVITIES
from tests.webui.routes_of_evaluation import EVALUATION
from tests.webui.routes_of_hotspots import HOTSPOTS
from tests.webui.routes_of_indicators import INDICATORS
from tests.webui.routes_of_patrols import PATROLS
from tests.webui.routes_of_planning import PLANS, TRACKS
from tests.webui.routes_of_reports import REPORTS
from tests.webui.routes_of_sharing import AGENCIES, PACKAGES
from tests.webui.routes_of_shifts import SHIFTS
from tests.webui.routes_of_streets import STREETS
from tests.webui.routes_of_work import ASSIGNMENTS, CASES, DASHBOARD, STAFF

_ALL_LAYERS = "ground,road,building,unit,cell,place,incident"

#: By endpoint and method.
ROUTES: dict[tuple[str, str], list[Route]] = {
    ("home", "GET"): [Route(SIGNED_IN, "/", own=(302,))],
    ("health.health", "GET"): [Route(PUBLIC, "/health")],
    ("account.show_sign_in", "GET"): [Route(PUBLIC, "/sign-in", own=(200, 302))],
    ("account.enter", "POST"): [Route(PUBLIC, "/sign-in", form={"login": "x"}, own=(401,))],
    ("account.leave", "POST"): [Route(PUBLIC, "/sign-out", form={}, own=(302,))],
    ("account.show", "GET"): [Route(SIGNED_IN, "/account")],
    ("account.ask_password", "GET"): [Route(SIGNED_IN, "/account/password")],
    ("account.renew_password", "POST"): [
        Route(SIGNED_IN, "/account/password", form={"old": "x"}, own=(400,))
    ],
    ("map_page.show", "GET"): [Route(Action.VIEW_MAP, "/map")],
    ("map_page.script", "GET"): [Route(Action.VIEW_MAP, "/map/folium.zh.js")],
    ("map_data.search_names", "GET"): [
        Route(Action.VIEW_MAP, "/map/search?q={name}"),
        Route(Action.VIEW_MAP, "/map/search?q={cell_code}"),
        Route(Action.VIEW_MAP, "/map/search?q=OREIGN"),
    ],
    ("map_data.identify_point", "GET"): [
        Route(Action.VIEW_MAP, f"/map/identify?lon={{lon}}&lat={{lat}}&zoom=18&layers={layers}")
        for layers in (_ALL_LAYERS, "unit", "cell", "building,place")
    ],
    ("map_data.feature", "GET"): [
        Route(Action.VIEW_MAP, f"/map/feature/{layer}/{{{layer}}}", foreign=(404,))
        for layer in ("unit", "cell", "building", "place", "incident")
    ],
    ("map_data.count", "GET"): many(
        Action.VIEW_MAP, "/map/count", "/map/count?from=2025-01-01&to=2025-06-30&category=A"
    ),
    ("tiles.tile", "GET"): many(
        Action.VIEW_MAP, *(f"/tiles/{_ALL_LAYERS}/{{tile_{z}}}.mvt" for z in (10, 14, 16))
    ),
    ("users.show", "GET"): many(Action.MANAGE_USERS, "/users", "/users?q=a&state=active&page=1"),
    ("users.ask_new", "GET"): [Route(Action.MANAGE_USERS, "/users/new")],
    ("users.add", "POST"): [Route(Action.MANAGE_USERS, "/users/new", form={}, own=(400,))],
    ("users.ask_change", "GET"): [Route(Action.MANAGE_USERS, "/users/{user}", foreign=(403,))],
    ("users.change", "POST"): [
        Route(Action.MANAGE_USERS, "/users/{user}", form={"display_name": ""}, own=(400,),
              foreign=(403,))
    ],
    ("users.switch", "POST"): [
        Route(Action.MANAGE_USERS, "/users/{user}/active", form={"active": "yes"}, own=(302,),
              foreign=(403,))
    ],
    ("users.reset", "POST"): [
        Route(Action.MANAGE_USERS, "/users/{spare_user}/password", form={}, foreign=(403,))
    ],
    ("audit.show", "GET"): many(
        Action.VIEW_AUDIT, "/audit", "/audit?act=user.create&subject=app_user"
    ),
}  # fmt: skip
ROUTES |= (
    DASHBOARD | ASSIGNMENTS | STAFF | CASES | AGENCIES | PACKAGES | FOR_PROGRAMS | HOTSPOTS | SHIFTS
)
ROUTES |= STREETS | PATROLS | PLANS | TRACKS | INDICATORS | REPORTS | ACTIVITIES
ROUTES |= STREETS | PATROLS | PLANS | TRACKS | INDICATORS
ROUTES |= STREETS | PATROLS | PLANS | TRACKS | REPORTS
ROUTES |= EVALUATION
