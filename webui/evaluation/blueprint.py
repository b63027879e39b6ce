"""The blueprint that all pages of evaluations belong to."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from gridmap.reports.measures import MEASURES
from webui.evaluation import words
from webui.language import say
from webui.numbers import number

blueprint = Blueprint("evaluation", __name__, url_prefix="/evaluation")


@blueprint.context_processor
def _give_words() -> dict[str, Any]:
    return {"say": say, "words": words, "num": number, "measures": MEASURES}
