"""The routes of shifts; see ``routes.py``."""

from __future__ import annotations

from gridmap.workforce.rights import Action
from tests.webui.route import Route, many
from tests.webui.routes_of_work import TRIED

_LOOK, _PLAN, _ALL = Action.VIEW_WORKFORCE, Action.PLAN_PATROLS, Action.VIEW_MAP
_AT = "/patrols/shifts"
_SHIFT = {
    "team": "{team}", "starts": "2040-03-05T08:00", "ends": "2040-03-05T20:00",
    "member": "{cadre}", "version": "1",
}  # fmt: skip
_PATTERN = {
    "team": "{team}", "name": "某规则", "days": "every", "turn": "shift", "begins-0": "08:00",
    "hours-0": "8", "group-{cadre}": "1", "first": "2040-03-05", "from": "2040-03-05",
    "until": "2040-03-06", "act": "preview",
}  # fmt: skip
#: What a cadre may not, though he may come in: the office alone plans and notes.
_BY_OFFICE = (200, 302, 400, 403, 409)

SHIFTS = {
    ("shifts.index", "GET"): [
        *many(_LOOK, _AT, f"{_AT}?view=week&on=2026-10-01", f"{_AT}?team={{team}}&route=1"),
        Route(_LOOK, f"{_AT}?cadre={{cadre}}", foreign=(404,)),
    ],
    ("shifts.list_page", "GET"): many(
        _LOOK, f"{_AT}/list", f"{_AT}/list?team={{team}}&state=unrecorded&sort=members&order=desc"
    ),
    ("shifts.conflicts", "GET"): many(_LOOK, f"{_AT}/conflicts", f"{_AT}/conflicts?team={{team}}"),
    ("shifts.cancel", "POST"): [
        Route(_PLAN, f"{_AT}/cancel", form={"shift": "{spare_shift}"}, own=(302,), foreign=(404,)),
    ],
    ("shifts.restore", "POST"): [
        Route(_PLAN, f"{_AT}/restore", form={"shift": "{spare_shift}"}, own=(302,), foreign=(404,)),
    ],
    ("shifts.new", "GET"): many(_PLAN, f"{_AT}/new", f"{_AT}/new?team={{team}}&day=2026-12-01"),
    ("shifts.add", "POST"): [
        Route(_PLAN, f"{_AT}/new", form=_SHIFT, own=TRIED, foreign=(404,)),
    ],
    ("shifts.edit", "GET"): [Route(_PLAN, f"{_AT}/{{shift}}/edit", foreign=(404,))],
    ("shifts.change", "POST"): [
        Route(_PLAN, f"{_AT}/{{spare_shift}}/edit", form=_SHIFT, own=TRIED, foreign=(404,)),
    ],
    ("shifts.show", "GET"): [Route(_ALL, f"{_AT}/{{shift}}", foreign=(404,))],
    ("shifts.check_in", "POST"): [
        Route(_ALL, f"{_AT}/{{shift}}/check-in", form={}, own=(302, 403), foreign=(404,)),
    ],
    ("shifts.check_out", "POST"): [
        Route(_ALL, f"{_AT}/{{shift}}/check-out", form={}, own=(302, 403), foreign=(404,)),
    ],
    ("shifts.record", "POST"): [
        Route(_ALL, f"{_AT}/{{shift}}/attendance", form={"cadre": "1"}, own=(302, 403, 404),
              foreign=(404,)),
    ],
    ("shifts.ask_swap", "POST"): [
        Route(_ALL, f"{_AT}/{{shift}}/swap", form={"partner": "{cadre}"}, own=(302, 403),
              foreign=(404,)),
    ],
    ("shifts.patterns_page", "GET"): many(_LOOK, f"{_AT}/patterns"),
    ("shifts.new_pattern", "GET"): many(
        _PLAN, f"{_AT}/patterns/new", f"{_AT}/patterns/new?team={{team}}&preset=cycle"
    ),
    ("shifts.add_pattern", "POST"): [
        Route(_PLAN, f"{_AT}/patterns/new", form=_PATTERN, own=TRIED, foreign=(404,)),
    ],
    ("shifts.edit_pattern", "GET"): [
        Route(_PLAN, f"{_AT}/patterns/{{pattern}}", foreign=(404,)),
    ],
    ("shifts.change_pattern", "POST"): [
        Route(_PLAN, f"{_AT}/patterns/{{pattern}}", form=_PATTERN, own=TRIED, foreign=(404,)),
    ],
    ("shifts.end", "POST"): [
        Route(_PLAN, f"{_AT}/patterns/{{spare_pattern}}/end", form={}, own=(302,), foreign=(404,)),
    ],
    ("shifts.swaps_page", "GET"): many(_ALL, f"{_AT}/swaps", f"{_AT}/swaps?state=open"),
    ("shifts.decide", "POST"): [
        Route(_ALL, f"{_AT}/swaps/{{swap}}/{act}", form={}, own=_BY_OFFICE, foreign=(404,))
        for act in ("agree", "approve", "withdraw", "decline", "refuse")
    ] + [Route(_ALL, f"{_AT}/swaps/{{swap}}/eat", form={}, own=(404,), foreign=(404,))],
    ("shifts.mine", "GET"): many(_ALL, f"{_AT}/mine"),
    ("shifts.sheet", "GET"): [
        *many(_ALL, f"{_AT}/sheet"),
        Route(_ALL, f"{_AT}/sheet?team={{team}}&month=2026-10", foreign=(404,)),
    ],
    ("shifts.sheet_file", "GET"): [
        Route(Action.EXPORT, f"{_AT}/sheet.xlsx?team={{team}}&month=2026-10", foreign=(404,)),
    ],
    ("shifts.settings", "GET"): many(Action.MANAGE_SETTINGS, f"{_AT}/settings"),
    ("shifts.save_settings", "POST"): [
        Route(Action.MANAGE_SETTINGS, f"{_AT}/settings", form={}, own=TRIED),
    ],
}  # fmt: skip
