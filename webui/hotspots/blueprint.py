"""The blueprint that all pages of hotspots belong to."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from webui.hotspots import words
from webui.language import say
from webui.numbers import number, tenths

blueprint = Blueprint("hotspots", __name__, url_prefix="/hotspots")


@blueprint.context_processor
def _give_words() -> dict[str, Any]:
    return {"say": say, "words": words, "num": number, "tenths": tenths}
