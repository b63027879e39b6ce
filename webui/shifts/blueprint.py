"""The blueprint that all pages of shifts belong to."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from gridmap.patrols.shifts.workbook import hours
from webui.shifts import words

blueprint = Blueprint("shifts", __name__, url_prefix="/patrols/shifts")


@blueprint.context_processor
def _give_words() -> dict[str, Any]:
    return {"words": words, "hours": hours}
