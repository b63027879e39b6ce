"""The routes of the dashboard, assignments, staff and cases; see ``routes.py``."""

from __future__ import annotations

from gridmap.workforce.rights import Action
from tests.webui.route import Route, many

#: A write that got as far as the service: done, or refused for what was sent.
TRIED = (200, 302, 400, 409)
_CELL = {"cells": {"{cell}": 0}, "role": "responsible", "from": "2026-12-01"}
_CADRE = {"name": "新人", "unit": "{unit}", "kind": "full_time"}
_TEAM = {"name": "新队", "unit": "{unit}", "kind": "patrol", "member": "{cadre}"}

DASHBOARD = {
    ("dashboard.show", "GET"): [
        Route(Action.VIEW_DASHBOARD, "/dashboard"),
        Route(Action.VIEW_DASHBOARD, "/dashboard?unit={unit_code}", foreign=(404,)),
        Route(Action.VIEW_DASHBOARD, "/dashboard?period=year&figure=rate&wall=1", own=(200, 400)),
    ],
    ("dashboard.shapes", "GET"): [
        Route(Action.VIEW_DASHBOARD, "/dashboard/outlines.json"),
        Route(Action.VIEW_DASHBOARD, "/dashboard/outlines.json?unit={unit_code}", foreign=(404,)),
    ],
    ("dashboard.records", "GET"): [
        Route(Action.VIEW_DASHBOARD, "/dashboard/records"),
        Route(Action.VIEW_DASHBOARD, "/dashboard/records?unit={unit_code}", foreign=(404,)),
        Route(Action.VIEW_DASHBOARD, "/dashboard/records?cell={cell}", foreign=(404,)),
        Route(Action.VIEW_DASHBOARD, "/dashboard/records?building={building}&period=half",
              foreign=(404,)),
        Route(Action.VIEW_DASHBOARD, "/dashboard/records?outside=1"),
        Route(Action.VIEW_DASHBOARD, "/dashboard/records?hour=22&hour=23&weekday=6&weekday=7"),
        Route(Action.VIEW_DASHBOARD, "/dashboard/records?without_unit={unit_code}", foreign=(404,)),
        Route(Action.VIEW_DASHBOARD, "/dashboard/records?without_cell={cell}", foreign=(404,)),
    ],
    ("dashboard.cells_without_cadre", "GET"): [
        Route(Action.VIEW_DASHBOARD, "/dashboard/uncovered"),
        Route(Action.VIEW_DASHBOARD, "/dashboard/uncovered?unit={unit_code}", foreign=(404,)),
    ],
    ("cell_page.show", "GET"): [Route(Action.VIEW_DASHBOARD, "/cell/{cell}", foreign=(404,))],
    ("cell_page.ask_change", "GET"): [
        Route(Action.EDIT_CELLS, "/cell/{cell}/change", foreign=(404,)),
        Route(Action.EDIT_CELLS, "/cell/{cell}/change?act=merge", foreign=(404,)),
    ],
    ("cell_page.change", "POST"): [
        Route(Action.EDIT_CELLS, "/cell/{cell}/change",
              form={"act": "split", "on": "2026-01-01", "shape": "x"}, own=TRIED, foreign=(404,)),
        Route(Action.EDIT_CELLS, "/cell/{cell}/change",
              form={"act": "merge", "on": "2026-01-01", "other": "{cell}", "sure": "1"},
              own=TRIED, foreign=(404,)),
    ],
    ("building_page.show", "GET"): [
        Route(Action.VIEW_DASHBOARD, "/building/{building}", foreign=(404,)),
    ],
    ("building_page.shapes", "GET"): [
        Route(Action.VIEW_DASHBOARD, "/building/{building}/shapes.json", foreign=(404,))
    ],
    ("cell_page.shapes", "GET"): [
        Route(Action.VIEW_DASHBOARD, "/cell/{cell}/shapes.json", foreign=(404,))
    ],
}  # fmt: skip

ASSIGNMENTS = {
    ("assignments.show", "GET"): many(Action.VIEW_WORKFORCE, "/assignments"),
    ("assignments.script", "GET"): many(Action.VIEW_WORKFORCE, "/assignments/folium.js"),
    ("assignments.cells", "GET"): many(
        Action.VIEW_WORKFORCE, "/assignments/cells?box=112,29,114,31", "/assignments/cells",
        own=(200, 400),
    ),
    ("assignments.cadres", "GET"): many(Action.VIEW_WORKFORCE, "/assignments/cadres"),
    ("assignments.list_page", "GET"): many(
        Action.VIEW_WORKFORCE,
        "/assignments/list", "/assignments/list?q=OREIGN", "/assignments/list?community={unit}",
        "/assignments/list?cadre={cadre}",
    ),
    ("assignments.export", "GET"): many(Action.EXPORT, "/assignments/list.csv"),
    ("assignments.cell_history", "GET"): [
        Route(Action.VIEW_WORKFORCE, "/assignments/cells/{cell}/history", foreign=(404,))
    ],
    ("assignments.assign", "POST"): [
        Route(Action.ASSIGN, "/assignments/assign", json=_CELL | {"cadre": "{cadre}"},
              own=TRIED, foreign=(404,))
    ],
    ("assignments.end", "POST"): [
        Route(Action.ASSIGN, "/assignments/end", json=_CELL, own=TRIED, foreign=(404,))
    ],
    # One takes back the own act; there may be none.
    ("assignments.undo", "POST"): [
        Route(Action.ASSIGN, "/assignments/undo", json={}, own=(*TRIED, 404))
    ],
    ("assignments.undo_handover", "POST"): [
        Route(Action.ASSIGN, "/assignments/handover/{cadre}/undo", form={}, own=(*TRIED, 404))
    ],
    ("assignments.handover_form", "GET"): [
        Route(Action.ASSIGN, "/assignments/handover/{cadre}", foreign=(404,))
    ],
    ("assignments.hand_over", "POST"): [
        Route(Action.ASSIGN, "/assignments/handover/{cadre}",
              form={"from": "2026-12-01", "to": "{cadre}", "cell": "{cell}", "version-{cell}": "0"},
              own=TRIED, foreign=(404,))
    ],
    ("assignments.sheet", "GET"): [
        Route(Action.EXPORT, "/assignments/{assignment}/sheet", foreign=(404,))
    ],
    ("assignments.sheet_file", "GET"): [
        Route(Action.EXPORT, "/assignments/{assignment}/sheet.docx", foreign=(404,)),
        Route(Action.EXPORT, "/assignments/{assignment}/sheet.pdf", foreign=(404,)),
    ],
    ("assignments.template_page", "GET"): many(Action.MANAGE_SETTINGS, "/assignments/template"),
    ("assignments.template", "GET"): many(Action.MANAGE_SETTINGS, "/assignments/template.docx"),
    ("assignments.change_template", "POST"): [
        Route(Action.MANAGE_SETTINGS, "/assignments/template", form={}, own=TRIED)
    ],
    ("assignments.reset_template", "POST"): [
        Route(Action.MANAGE_SETTINGS, "/assignments/template/reset", form={}, own=TRIED)
    ],
}  # fmt: skip

STAFF = {
    ("staff.index", "GET"): many(
        Action.VIEW_WORKFORCE, "/staff", "/staff?q=OREIGN", "/staff?unit={unit}"
    ),
    ("staff.show", "GET"): [Route(Action.VIEW_WORKFORCE, "/staff/{cadre}", foreign=(404,))],
    ("staff.gaps", "GET"): many(Action.VIEW_WORKFORCE, "/staff/gaps"),
    ("staff.new", "GET"): many(Action.MANAGE_CADRES, "/staff/new", "/staff/new?unit={unit}"),
    ("staff.add", "POST"): [
        Route(Action.MANAGE_CADRES, "/staff/new", form=_CADRE, own=TRIED, foreign=(400, 404))
    ],
    ("staff.edit", "GET"): [Route(Action.MANAGE_CADRES, "/staff/{cadre}/edit", foreign=(404,))],
    ("staff.change", "POST"): [
        Route(Action.MANAGE_CADRES, "/staff/{cadre}/edit", form=_CADRE, own=TRIED, foreign=(404,))
    ],
    ("staff.activate", "POST"): [
        Route(Action.MANAGE_CADRES, "/staff/{cadre}/active", form={"active": "1"}, own=TRIED,
              foreign=(404,))
    ],
    ("staff.absences", "GET"): many(Action.VIEW_WORKFORCE, "/staff/absences"),
    ("staff.add_days", "POST"): [
        Route(Action.ASSIGN, "/staff/absences",
              form={"cadre": "{cadre}", "first": "2027-01-01", "last": "2027-01-02"},
              own=TRIED, foreign=(400, 404))
    ],
    ("staff.remove_days", "POST"): [
        Route(Action.ASSIGN, "/staff/absences/{absence}/remove", form={}, own=(*TRIED, 404),
              foreign=(404,))
    ],
    ("staff.teams", "GET"): many(Action.VIEW_WORKFORCE, "/staff/teams"),
    ("staff.team", "GET"): [Route(Action.VIEW_WORKFORCE, "/staff/teams/{team}", foreign=(404,))],
    ("staff.new_team", "GET"): many(Action.MANAGE_CADRES, "/staff/teams/new?unit={unit}"),
    ("staff.add_team", "POST"): [
        Route(Action.MANAGE_CADRES, "/staff/teams/new", form=_TEAM, own=TRIED, foreign=(400, 404))
    ],
    ("staff.edit_team", "GET"): [
        Route(Action.MANAGE_CADRES, "/staff/teams/{team}/edit", foreign=(404,))
    ],
    ("staff.change_team", "POST"): [
        Route(Action.MANAGE_CADRES, "/staff/teams/{team}/edit", form=_TEAM, own=TRIED,
              foreign=(400, 404))
    ],
    ("staff.disband", "POST"): [
        Route(Action.MANAGE_CADRES, "/staff/teams/{spare_team}/disband", form={},
              own=(*TRIED, 404), foreign=(404,))
    ],
    ("staff.import_form", "GET"): many(Action.MANAGE_CADRES, "/staff/import"),
    ("staff.import_example", "GET"): many(Action.MANAGE_CADRES, "/staff/import/example.csv"),
    ("staff.check_file", "POST"): [
        Route(Action.MANAGE_CADRES, "/staff/import", form={}, own=TRIED)
    ],
    ("staff.import_file", "POST"): [
        Route(Action.MANAGE_CADRES, "/staff/import/confirm", form={"key": "../../x"},
              own=(*TRIED, 404))
    ],
}  # fmt: skip

CASES = {
    ("cases.index", "GET"): many(
        Action.VIEW_MAP, "/cases", "/cases?q=OREIGN", "/cases?unit={unit}&state=all",
        "/cases?cell={cell}", "/cases?assignee={cadre}", own=(200, 404),
    ),
    ("cases.export", "GET"): many(Action.EXPORT, "/cases.csv", "/cases.csv?state=all"),
    ("cases.show_board", "GET"): many(Action.VIEW_MAP, "/cases/board"),
    ("cases.show_map", "GET"): many(Action.VIEW_MAP, "/cases/map"),
    ("cases.points", "GET"): many(Action.VIEW_MAP, "/cases/points"),
    ("cases.show", "GET"): [Route(Action.VIEW_MAP, "/cases/{case}", foreign=(404,))],
    ("cases.photo", "GET"): [
        Route(Action.VIEW_MAP, "/cases/{case}/photos/1", own=(200, 404), foreign=(404,))
    ],
    ("cases.act", "POST"): [
        # Which step a role may do is a question of the case's state.
        Route(Action.REPORT_INCIDENT, "/cases/{case}", form={"act": "x", "version": "1"},
              own=(*TRIED, 403), foreign=(400, 404))
    ],
    ("cases.reach", "POST"): [
        Route(Action.HANDLE_CASE, "/cases/{case}/contact", form={}, own=(*TRIED, 403, 404),
              foreign=(404,))
    ],
    ("cases.dispatch", "POST"): [
        Route(Action.DISPATCH_CASE, "/cases/dispatch",
              form={"case": "{case}:1", "assignee": "{cadre}", "sure": "1"},
              own=(*TRIED, 404), foreign=(302, 400, 404))
    ],
    ("cases.new", "GET"): many(Action.REPORT_INCIDENT, "/cases/new"),
    ("cases.save_new", "POST"): [
        Route(Action.REPORT_INCIDENT, "/cases/new",
              form={"hit": "building:{building}", "category": "", "description": "x"},
              own=TRIED, foreign=(400, 404))
    ],
    ("cases.similar", "GET"): many(
        Action.REPORT_INCIDENT, "/cases/similar?lon={lon}&lat={lat}&category=B1",
    ),
    ("cases.keep_view", "POST"): [
        Route(Action.VIEW_MAP, "/cases/views", form={"name": "x"}, own=TRIED)
    ],
    ("cases.drop_view", "POST"): [
        Route(Action.VIEW_MAP, "/cases/views/999/remove", form={}, own=(404,))
    ],
    ("cases.rules", "GET"): many(Action.MANAGE_SETTINGS, "/cases/settings"),
    ("cases.category", "GET"): many(Action.MANAGE_SETTINGS, "/cases/settings/categories/B1"),
    ("cases.save_rules", "POST"): [
        Route(Action.MANAGE_SETTINGS, "/cases/settings", form={}, own=TRIED)
    ],
    ("cases.save_category", "POST"): [
        Route(Action.MANAGE_SETTINGS, "/cases/settings/categories/B1", form={}, own=TRIED)
    ],
    ("cases.add_category", "POST"): [
        Route(Action.MANAGE_SETTINGS, "/cases/settings/categories/B/add", form={}, own=TRIED)
    ],
    ("cases.keep_day", "POST"): [
        Route(Action.MANAGE_SETTINGS, "/cases/settings/days", form={}, own=TRIED)
    ],
    ("cases.drop_day", "POST"): [
        Route(Action.MANAGE_SETTINGS, "/cases/settings/days/2026-01-01/remove", form={},
              own=(*TRIED, 404))
    ],
    ("my.show", "GET"): many(Action.HANDLE_CASE, "/my", own=(200, 302, 404)),
}  # fmt: skip
