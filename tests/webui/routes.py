"""What every route needs, how it is asked, and what it answers to ids of another area."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gridmap.workforce.rights import Action

PUBLIC, SIGNED_IN = "public", "signed in"


@dataclass(frozen=True)
class Route:
    """How a route is tried.

    Parameters
    ----------
    needs : Action or str
        What the view says.
    asked : str
        An address; names in braces are ids of the `Ground`, own ones or foreign ones.
    form, json : mapping, optional
        What a write sends; strings are filled in like the address.
    own : tuple of int
        What the owner of the right gets with ids of the own area.
    foreign : tuple of int, optional
        What everybody but an administrator gets with foreign ids; None where the address and
        what is sent name none.
    """

    needs: Action | str
    asked: str
    form: Mapping[str, Any] | None = None
    json: Mapping[str, Any] | None = None
    own: tuple[int, ...] = (200,)
    foreign: tuple[int, ...] | None = None


def _many(needs: Action | str, *asked: str, own: tuple[int, ...] = (200,)) -> list[Route]:
    return [Route(needs, address, own=own) for address in asked]


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
        Route(Action.VIEW_MAP, "/map/search?q=FOREIGN"),
    ],
    ("map_data.identify_point", "GET"): [
        Route(Action.VIEW_MAP, f"/map/identify?lon={{lon}}&lat={{lat}}&zoom=18&layers={layers}")
        for layers in (_ALL_LAYERS, "unit", "cell", "building,place")
    ],
    ("map_data.feature", "GET"): [
        Route(Action.VIEW_MAP, f"/map/feature/{layer}/{{{layer}}}", foreign=(404,))
        for layer in ("unit", "cell", "building", "place", "incident")
    ],
    ("map_data.count", "GET"): _many(
        Action.VIEW_MAP, "/map/count", "/map/count?from=2025-01-01&to=2025-06-30&category=A"
    ),
    ("tiles.tile", "GET"): _many(
        Action.VIEW_MAP, *(f"/tiles/{_ALL_LAYERS}/{{tile_{z}}}.mvt" for z in (10, 14, 16))
    ),
    ("users.show", "GET"): _many(Action.MANAGE_USERS, "/users", "/users?q=a&state=active&page=2"),
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
    ("audit.show", "GET"): _many(
        Action.VIEW_AUDIT, "/audit", "/audit?act=user.create&subject=app_user"
    ),
}  # fmt: skip
