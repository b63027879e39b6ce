"""The routes of agencies and of what their keys open; see ``routes.py``."""

from __future__ import annotations

from gridmap.workforce.rights import Action
from tests.webui.route import OPEN, PUBLIC, Route, many

_MANAGE = Action.MANAGE_AGENCIES
_KEY = {"name": "新", "layer": "roads", "field-roads": "kind", "where": "everywhere", "rate": "60"}

AGENCIES = {
    ("agencies.show", "GET"): many(_MANAGE, "/agencies"),
    ("agencies.ask_new", "GET"): many(_MANAGE, "/agencies/new"),
    ("agencies.add", "POST"): [Route(_MANAGE, "/agencies/new", form={}, own=(400,))],
    ("agencies.look", "GET"): [
        Route(_MANAGE, "/agencies/{agency}"), Route(_MANAGE, "/agencies/999", own=(404,)),
    ],
    ("agencies.ask_change", "GET"): many(_MANAGE, "/agencies/{agency}/change"),
    ("agencies.change", "POST"): [
        Route(_MANAGE, "/agencies/{agency}/change", form={"name": "x"}, own=(400,)),
        Route(_MANAGE, "/agencies/{agency}/change",
              form={"name": "消防", "smallest_count": "5"}, own=(302,)),
    ],
    ("agencies.ask_new_key", "GET"): many(_MANAGE, "/agencies/{agency}/keys/new"),
    ("agencies.add_key", "POST"): [
        Route(_MANAGE, "/agencies/{agency}/keys/new", form={}, own=(400,)),
        Route(_MANAGE, "/agencies/{agency}/keys/new", form=_KEY),
    ],
    ("agencies.look_key", "GET"): many(_MANAGE, "/agencies/keys/{key}"),
    ("agencies.ask_change_key", "GET"): many(_MANAGE, "/agencies/keys/{key}/change"),
    ("agencies.alter_key", "POST"): [
        Route(_MANAGE, "/agencies/keys/{key}/change", form={}, own=(400,)),
        Route(_MANAGE, "/agencies/keys/{key}/change", form=_KEY, own=(302,)),
    ],
    ("agencies.revoke", "POST"): [
        Route(_MANAGE, "/agencies/keys/{spare_key}/revoke", form={}, own=(302, 409))
    ],
    ("agencies.rotate", "POST"): [Route(_MANAGE, "/agencies/keys/{key}/rotate", form={})],
    ("agencies.log_of_key", "GET"): [
        *many(_MANAGE, "/agencies/keys/{key}/log",
              "/agencies/keys/{key}/log?outcome=refused&from=2026-01-01"),
        Route(_MANAGE, "/agencies/keys/{key}/log?after=x", own=(400,)),
    ],
    ("agencies.order", "POST"): [
        Route(_MANAGE, "/agencies/keys/{key}/package", form={}, own=(302,))
    ],
    ("agencies.schedule", "POST"): [
        Route(_MANAGE, "/agencies/keys/{key}/schedule", form={"every": "day", "hour": "3"},
              own=(302,)),
        Route(_MANAGE, "/agencies/keys/{key}/schedule", form={"every": "year"}, own=(400,)),
    ],
    ("agencies.progress", "GET"): many(_MANAGE, "/agencies/packages/{package}.json"),
    ("agencies.download", "GET"): many(
        _MANAGE, "/agencies/packages/{package}/file", own=(404,)
    ),
}  # fmt: skip

#: A person has no packages: those of a key are tried with keys, in ``test_keys.py``.
PACKAGES = {
    ("packages.ask", "POST"): [Route(OPEN, "/packages", form={}, own=(403,))],
    ("packages.look", "GET"): many(OPEN, "/packages/{package}", own=(403,)),
    ("packages.fetch", "GET"): many(OPEN, "/packages/{package}/file", own=(403,)),
    ("packages.fetch_latest", "GET"): many(OPEN, "/packages/latest.zip", own=(403,)),
    ("packages.public_key", "GET"): [Route(PUBLIC, "/packages/public-key.pem")],
}
