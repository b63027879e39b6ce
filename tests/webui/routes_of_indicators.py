"""The routes of indicators; see ``routes.py``."""

from __future__ import annotations

from gridmap.workforce.rights import Action
from tests.webui.route import Route, many

_LOOK, _WRITE, _MANAGE = Action.VIEW_DASHBOARD, Action.WRITE_REPORT, Action.MANAGE_SETTINGS
_XLSX = "/indicators/{indicator}/entry.xlsx"

INDICATORS = {
    ("indicators.index", "GET"): [
        *many(
            _LOOK, "/indicators", "/indicators?q=homes&state=missed&sort=met&order=desc",
            "/indicators?state=retired",
        ),
        Route(_LOOK, "/indicators?unit={unit_code}", foreign=(404,)),
    ],
    ("indicators.show", "GET"): [
        *many(
            _LOOK, "/indicators/{indicator}",
            "/indicators/{indicator}?period=two_months&on=2025-01-01",
        ),
        Route(_LOOK, "/indicators/{indicator}?unit={unit_code}&level=town", foreign=(404,)),
    ],
    ("indicators.history", "GET"): many(_LOOK, "/indicators/{indicator}/history"),
    ("indicators.script", "GET"): many(_LOOK, "/indicators/folium.js"),
    ("indicators.shapes", "GET"): [
        *many(_LOOK, "/indicators/outlines.json"),
        Route(_LOOK, "/indicators/outlines.json?unit={unit_code}&level=town", foreign=(404,)),
    ],
    ("indicators.export", "GET"): [
        *many(Action.EXPORT, "/indicators/{indicator}/export/csv"),
        Route(Action.EXPORT, "/indicators/{indicator}/export/xlsx?unit={unit_code}",
              foreign=(404,)),
    ],
    ("indicators.ask_values", "GET"): many(
        _WRITE, "/indicators/{indicator}/entry", "/indicators/{indicator}/entry?first=2025-01-01"
    ),
    ("indicators.save", "POST"): [
        # What a field of a unit elsewhere says is not read.
        Route(_WRITE, "/indicators/{indicator}/entry",
              form={"first": "2025-01-01", "numerator-{unit}": "1", "denominator-{unit}": "x"},
              own=(400,), foreign=(302,), administrator=(400,)),
    ],
    ("indicators.template", "GET"): many(_WRITE, f"{_XLSX}?first=2025-01-01"),
    ("indicators.take_file", "POST"): [
        Route(_WRITE, "/indicators/{indicator}/entry/file", form={"first": "2025-01-01"},
              own=(400,)),
    ],
    ("indicators.ask_new", "GET"): many(_MANAGE, "/indicators/new"),
    ("indicators.add", "POST"): [
        Route(_MANAGE, "/indicators/new", form={"name": "x"}, own=(400,)),
    ],
    ("indicators.edit", "GET"): many(_MANAGE, "/indicators/{indicator}/edit"),
    ("indicators.change", "POST"): [
        Route(_MANAGE, "/indicators/{indicator}/edit", form={"name": "x"}, own=(409,)),
    ],
    ("indicators.retire", "POST"): [
        Route(_MANAGE, "/indicators/{indicator}/retire", form={"retired": "0"}, own=(302,)),
    ],
}  # fmt: skip
