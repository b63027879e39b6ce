"""The routes of reports; see ``routes.py``."""

from __future__ import annotations

from gridmap.workforce.rights import Action
from tests.webui.route import Route, many

_ALL, _WRITE, _SET = Action.VIEW_MAP, Action.WRITE_REPORT, Action.MANAGE_SETTINGS
_REPORT = "/reports/{report}"

REPORTS = {
    ("reports.index", "GET"): [
        *many(_ALL, "/reports", "/reports?q=a&kind=year&state=draft&sort=period&order=desc&page=1"),
        # A unit of another area narrows the list to nothing.
        Route(_ALL, "/reports?unit={unit}"),
    ],
    ("reports.ask_new", "GET"): [
        *many(_WRITE, "/reports/new", "/reports/new?kind=bulletin"),
        Route(_WRITE, "/reports/new?kind=cell_sheet&cell_id={cell}"),
    ],
    ("reports.add", "POST"): [
        Route(_WRITE, "/reports/new", form={"kind": "x"}, own=(400,)),
        Route(_WRITE, "/reports/new", form={"kind": "month", "unit": "{unit}"}, own=(302, 409),
              foreign=(404,)),
    ],
    # The published one is for everybody of the area.
    ("reports.show", "GET"): [
        Route(_ALL, _REPORT, foreign=(404,)),
        Route(_ALL, "/reports/{draft_report}", others=(404,), foreign=(404,)),
    ],
    ("reports.state", "GET"): [Route(_ALL, f"{_REPORT}/state.json", foreign=(404,))],
    ("reports.picture", "GET"): [
        Route(_ALL, f"{_REPORT}/pictures/none.png", own=(404,), foreign=(404,)),
    ],
    ("reports.download", "GET"): [
        Route(_ALL, f"{_REPORT}/{language}.{form}", foreign=(404,))
        for language, form in (("zh", "docx"), ("en", "pdf"), ("zh", "html"))
    ] + [Route(_ALL, "/reports/{draft_report}/en.html", others=(404,), foreign=(404,))],
    ("reports.comment", "POST"): [
        Route(_WRITE, "/reports/{draft_report}/comment", form={"text": ""}, own=(400,),
              foreign=(404,)),
        Route(_WRITE, f"{_REPORT}/comment", form={"text": "x"}, own=(409,), foreign=(404,)),
    ],
    ("reports.remark", "POST"): [
        Route(_WRITE, "/reports/{draft_report}/remark", form={"section": "none", "text": "x"},
              own=(400,), foreign=(404,)),
    ],
    ("reports.step", "POST"): [
        Route(_WRITE, "/reports/{draft_report}/publish", form={}, own=(403, 409), foreign=(404,)),
    ],
    ("reports.again", "POST"): [
        Route(_WRITE, f"{_REPORT}/again", form={}, own=(302, 409), foreign=(404,)),
    ],
    ("reports.cancel", "POST"): [
        Route(_WRITE, "/reports/{draft_report}/cancel", form={}, own=(302, 403), foreign=(404,)),
    ],
    ("reports.ask_delete", "GET"): [
        Route(_WRITE, "/reports/{draft_report}/delete", own=(200, 403), foreign=(404,)),
    ],
    # The published one stays, whoever asks.
    ("reports.delete", "POST"): [
        Route(_WRITE, f"{_REPORT}/delete", form={}, own=(403, 409), foreign=(404,)),
    ],
    ("reports.changes", "GET"): [Route(_WRITE, f"{_REPORT}/changes", foreign=(404,))],
    ("reports.changes_state", "GET"): [
        Route(_WRITE, f"{_REPORT}/changes/state.json", foreign=(404,)),
    ],
    ("reports.compare", "POST"): [
        Route(_WRITE, f"{_REPORT}/changes", form={}, own=(302,), foreign=(404,)),
    ],
    ("reports.of_area", "GET"): [
        *(Route(Action.VIEW_DASHBOARD, f"/reports/records/area/{what}?unit={{unit}}",
                foreign=(404,))
          for what in ("communities", "cells", "buildings", "places", "people")),
        Route(Action.VIEW_DASHBOARD, "/reports/records/area/cells?unit={unit}&kind=held",
              foreign=(404,)),
        Route(Action.VIEW_DASHBOARD, "/reports/records/area/none?unit={unit}", own=(404,),
              foreign=(404,)),
    ],
    ("reports.of_work", "GET"): [
        Route(Action.VIEW_WORKFORCE, f"/reports/records/work/{what}?unit={{unit}}", foreign=(404,))
        for what in ("cadres", "teams", "routes", "shifts", "tracks")
    ],
    ("reports.schedules", "GET"): many(_WRITE, "/reports/schedules"),
    ("reports.add_schedule", "POST"): [
        Route(_WRITE, "/reports/schedules", form={"kind": "month", "unit": "{unit}"},
              own=(302, 409), foreign=(404,)),
    ],
    ("reports.delete_schedule", "POST"): [
        Route(_WRITE, "/reports/schedules/999999/delete", form={}, own=(404,)),
    ],
    ("reports.template_page", "GET"): many(_SET, "/reports/template"),
    ("reports.template", "GET"): many(_SET, "/reports/template/zh.docx"),
    ("reports.change_template", "POST"): [
        Route(_SET, "/reports/template/zh", form={}, own=(400,)),
    ],
    ("reports.reset_template", "POST"): [
        Route(_SET, "/reports/template/en/reset", form={}, own=(302,)),
    ],
}  # fmt: skip
