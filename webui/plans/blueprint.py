"""The blueprint that all pages of plans belong to."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from webui.language import say
from webui.numbers import number
from webui.plans import words

blueprint = Blueprint("plans", __name__, url_prefix="/patrols/plans")


@blueprint.context_processor
def _give_words() -> dict[str, Any]:
    return {"say": say, "words": words, "num": number}
