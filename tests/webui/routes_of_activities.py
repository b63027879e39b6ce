"""The routes of activities; see ``routes.py``."""

from __future__ import annotations

from gridmap.workforce.rights import Action
from tests.webui.route import Route, many
from tests.webui.routes_of_work import TRIED

_DO, _LEAD, _AT = Action.RECORD_ACTIVITY, Action.MANAGE_REPORTS, "/activities"
_SWEEP = {"kind": "sweep", "day": "2026-03-05", "unit": "{unit}", "households": "12"}
_PLAN = {"kind": "visit", "every": "month", "unit": "{unit}", "target": "community",
         "starts": "2026-01-01", "version": "1"}  # fmt: skip
#: What a person gets who may record, but of these rows leads nothing and recorded none.
_BY_LEADER = (200, 302, 400, 403, 409)

ACTIVITIES = {
    ("activities.index", "GET"): [
        *many(
            _DO,
            _AT,
            f"{_AT}?kind=sweep&q=杂物&first=2025-01-01&sort=where&order=desc&page=1",
            f"{_AT}?mine=1&cell={{cell}}&place={{place}}",
            f"{_AT}?unit={{unit}}",
        ),
    ],
    ("activities.export_file", "GET"): many(
        Action.EXPORT, f"{_AT}/export.xlsx", f"{_AT}/export.xlsx?unit={{unit}}&first=2025-01-01"
    ),
    ("activities.new", "GET"): many(
        _DO, f"{_AT}/new", f"{_AT}/new?kind=inspection", f"{_AT}/new?unit={{unit}}&cell={{cell}}",
        f"{_AT}/new?place={{place}}&back=my",
    ),
    ("activities.add", "POST"): [
        Route(_DO, f"{_AT}/new", form=_SWEEP, own=(302,), foreign=(404,)),
        Route(_DO, f"{_AT}/new", form=_SWEEP | {"cell": "{cell}", "unit": ""}, own=(302,),
              foreign=(404,)),
        Route(_DO, f"{_AT}/new", form={"show": "1", "unit": "{unit}"}),
    ],
    ("activities.where", "GET"): [
        Route(_DO, f"{_AT}/where?unit={{unit}}&day=2026-03-01", foreign=(404,)),
    ],
    ("activities.show", "GET"): [Route(_DO, f"{_AT}/{{inspection}}", foreign=(404,))],
    ("activities.edit", "GET"): [
        Route(_DO, f"{_AT}/{{inspection}}/edit", own=(200, 403), foreign=(404,)),
    ],
    ("activities.change_it", "POST"): [
        Route(_DO, f"{_AT}/{{activity}}/edit", form=_SWEEP | {"version": "1"}, own=_BY_LEADER,
              foreign=(404,)),
    ],
    ("activities.delete_it", "POST"): [
        Route(_DO, f"{_AT}/{{activity}}/delete", form={"version": "1"}, own=_BY_LEADER,
              foreign=(404,)),
    ],
    ("activities.photo", "GET"): [
        Route(_DO, f"{_AT}/{{inspection}}/photos/1", own=(404,), foreign=(404,)),
    ],
    ("activities.drop_photo", "POST"): [
        Route(_DO, f"{_AT}/{{inspection}}/photos/1/remove", form={}, own=(403, 404),
              foreign=(404,)),
    ],
    ("activities.notices_page", "GET"): many(
        _DO, f"{_AT}/notices", f"{_AT}/notices?state=overdue&unit={{unit}}"
    ),
    ("activities.add_notice", "POST"): [
        Route(_DO, f"{_AT}/{{inspection}}/notices",
              form={"finding": "堵塞", "due": "2040-01-01"}, own=_BY_LEADER, foreign=(404,)),
    ],
    ("activities.note_recheck", "POST"): [
        Route(_DO, f"{_AT}/{{inspection}}/notices/{{notice}}/recheck",
              form={"day": "2026-11-01", "corrected": "0"}, own=TRIED, foreign=(404,)),
    ],
    ("activities.withdraw", "POST"): [
        Route(_DO, f"{_AT}/{{inspection}}/notices/{{notice}}/withdraw", form={}, foreign=(404,)),
        Route(_DO, f"{_AT}/{{inspection}}/notices/{{spare_notice}}/withdraw", form={"sure": "1"},
              own=(302, 403, 404), foreign=(404,)),
    ],
    ("activities.due", "GET"): many(
        _DO, f"{_AT}/due", f"{_AT}/due?kind=sweep&unit={{unit}}&state=overdue&since=2026-01-01"
    ),
    ("activities.plans_page", "GET"): many(
        _DO, f"{_AT}/plans", f"{_AT}/plans?q=x&kind=sweep&unit={{unit}}&sort=ends&order=desc&page=1"
    ),
    ("activities.new_plan", "GET"): many(_LEAD, f"{_AT}/plans/new"),
    ("activities.add_plan", "POST"): [
        Route(_LEAD, f"{_AT}/plans/new", form=_PLAN, own=TRIED, foreign=(404,)),
    ],
    ("activities.edit_plan", "GET"): [
        Route(_LEAD, f"{_AT}/plans/{{activity_plan}}", foreign=(404,)),
    ],
    ("activities.save_plan", "POST"): [
        Route(_LEAD, f"{_AT}/plans/{{activity_plan}}", form=_PLAN, own=TRIED, foreign=(404,)),
    ],
    ("activities.drop_plan", "POST"): [
        Route(_LEAD, f"{_AT}/plans/{{activity_plan}}/delete", form={"version": "1"},
              own=(200, 409), foreign=(404,)),
    ],
    ("activities.table", "GET"): many(_DO, f"{_AT}/table", f"{_AT}/table?kind=inspection"),
    ("activities.save_table", "POST"): [
        Route(_DO, f"{_AT}/table",
              form={"kind": "sweep", "rows": "1", "1-day": "2026-03-05",
                    "1-unit_code": "{unit_code}", "1-households": "7"},
              own=(302,), foreign=(400,)),
        Route(_DO, f"{_AT}/table", form={"kind": "sweep", "rows": "1", "1-day": "yesterday"},
              own=(400,)),
    ],
    ("activities.import_form", "GET"): many(_DO, f"{_AT}/import"),
    ("activities.template", "GET"): many(_DO, f"{_AT}/import/template.xlsx"),
    ("activities.check_file", "POST"): [Route(_DO, f"{_AT}/import", form={}, own=(400,))],
    ("activities.import_file", "POST"): [
        Route(_DO, f"{_AT}/import/confirm", form={"key": "x"}, own=(400,)),
    ],
}  # fmt: skip
