"""The blueprint that all pages of reports belong to, and the tabs they share with figures."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from geodata.messages import N_
from webui.language import say
from webui.navigation import tabs
from webui.numbers import number
from webui.reports import words

blueprint = Blueprint("reports", __name__, url_prefix="/reports")

#: The pages of reports, in the order of the tabs; those that are not there are left out.
TABS = (
    ("reports.index", N_("Documents")),
    ("evaluation.index", N_("Evaluation")),
    ("indicators.index", N_("Indicators")),
)


@blueprint.context_processor
def _give_words() -> dict[str, Any]:
    return {"say": say, "words": words, "num": number}


@blueprint.app_context_processor
def _give_tabs() -> dict[str, Any]:
    return {"report_tabs": lambda: tabs(TABS)}
