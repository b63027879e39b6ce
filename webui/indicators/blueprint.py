"""The blueprint that all pages of indicators belong to."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from webui.indicators import words
from webui.language import say

blueprint = Blueprint("indicators", __name__, url_prefix="/indicators")


@blueprint.context_processor
def _give_words() -> dict[str, Any]:
    return {"say": say, "words": words}
