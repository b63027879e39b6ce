"""The routes of evaluations; see ``routes.py``."""

from __future__ import annotations

from gridmap.workforce.rights import Action
from tests.webui.route import Route, many

_SEE, _ALL, _SET = Action.VIEW_DASHBOARD, Action.VIEW_MAP, Action.MANAGE_REPORTS
# What holds for every unit.
_ALL_UNITS = Action.MANAGE_SETTINGS
_PUBLISHED, _OPEN = "/evaluation/{evaluation}", "/evaluation/{open_evaluation}"

#: Both evaluations are of units above the community: those who work there read what is said of it
#: but change nothing. Cells and cadres' areas are seen by who answers for the area.
EVALUATION = {
    ("evaluation.index", "GET"): many(_SEE, "/evaluation", "/evaluation?page=1"),
    ("evaluation.add", "POST"): [
        Route(_SET, "/evaluation", form={"unit": "{unit}", "period": "x"}, own=(400,)),
        Route(_SET, "/evaluation", form={"unit": "{unit}", "period": "month:2026-03-01"},
              own=(302, 409), foreign=(404,)),
    ],
    ("evaluation.show", "GET"): [
        *many(
            _SEE, _PUBLISHED, f"{_PUBLISHED}?group=department", f"{_PUBLISHED}?group=cadre&page=1",
            f"{_PUBLISHED}?group=cell&sort=cases.closed&order=desc&figure=cases.on_time&q=a", _OPEN,
            f"{_OPEN}?group=team&sort=shifts.done&order=desc",
        ),
        # A unit of another area narrows the table to nothing.
        Route(_SEE, f"{_PUBLISHED}?group=cell&unit={{unit}}"),
        Route(_SEE, "/evaluation/99999999999999999999", own=(404,)),
    ],
    ("evaluation.shapes", "GET"): [
        *many(_SEE, f"{_PUBLISHED}/outlines.json"),
        Route(_SEE, f"{_PUBLISHED}/outlines.json?group=cell&unit={{unit}}"),
    ],
    ("evaluation.state", "GET"): many(_SEE, f"{_PUBLISHED}/state.json"),
    ("evaluation.export", "GET"): many(
        Action.EXPORT, f"{_PUBLISHED}/members.csv?group=community",
        f"{_PUBLISHED}/members.xlsx?group=cell", f"{_OPEN}/members.csv?group=team",
    ),
    ("evaluation.sheet", "GET"): [
        Route(_ALL, f"{_PUBLISHED}/community/{{unit}}", others=(404,), foreign=(404,)),
        Route(_ALL, f"{_PUBLISHED}/cell/{{cell}}", own=(200, 404), others=(404,), foreign=(404,)),
        Route(_ALL, f"{_PUBLISHED}/cadre/{{cadre}}", own=(200, 404), foreign=(404,)),
        # A team of the area, or one's own; a community that was not evaluated has none.
        Route(_ALL, f"{_OPEN}/team/{{team}}", own=(200, 404), foreign=(404,)),
        Route(_ALL, f"{_PUBLISHED}/cell/99999999999999999999", own=(404,)),
    ],
    ("evaluation.say_something", "POST"): [
        Route(_ALL, f"{_OPEN}/community/{{unit}}", form={"text": ""}, own=(400,), others=(404,),
              foreign=(404,)),
        Route(_ALL, f"{_PUBLISHED}/community/{{unit}}", form={"text": "x"}, own=(409,),
              others=(404,), foreign=(404,)),
    ],
    ("evaluation.count", "POST"): [
        Route(_SET, f"{_PUBLISHED}/count", form={}, own=(403,), administrator=(302,)),
    ],
    ("evaluation.open_it", "POST"): [
        Route(_SET, f"{_OPEN}/open", form={}, own=(403,), administrator=(302,)),
    ],
    ("evaluation.publish", "POST"): [
        Route(_SET, f"{_OPEN}/publish", form={}),
        Route(_SET, f"{_PUBLISHED}/publish", form={"sure": "1"}, own=(403,), administrator=(302,)),
    ],
    ("evaluation.delete", "POST"): [
        Route(_SET, f"{_OPEN}/delete", form={}),
        Route(_SET, f"{_PUBLISHED}/delete", form={"sure": "1"}, own=(403,), administrator=(409,)),
    ],
    ("evaluation.weights", "GET"): [
        *many(_SEE, "/evaluation/weights", "/evaluation/weights?version=1"),
        Route(_SEE, "/evaluation/weights?version=999", own=(404,)),
    ],
    ("evaluation.save", "POST"): [
        Route(_ALL_UNITS, "/evaluation/weights", form={"few": "x"}, own=(400,)),
    ],
    ("evaluation.departments", "GET"): many(_SEE, "/evaluation/departments"),
    ("evaluation.new_department", "GET"): many(_ALL_UNITS, "/evaluation/departments/new"),
    ("evaluation.add_department", "POST"): [
        Route(_ALL_UNITS, "/evaluation/departments/new", form={}, own=(400,)),
    ],
    ("evaluation.edit_department", "GET"): many(_ALL_UNITS, "/evaluation/departments/{department}"),
    ("evaluation.change_department", "POST"): [
        Route(_ALL_UNITS, "/evaluation/departments/{department}", form={"name": ""}, own=(400,)),
    ],
    ("evaluation.mine", "GET"): many(Action.HANDLE_CASE, "/evaluation/mine"),
}  # fmt: skip
