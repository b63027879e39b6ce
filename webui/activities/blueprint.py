"""The blueprint that all pages of activities belong to, and what all of them need."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from gridmap.reports.activities.kinds import COUNTS, KINDS
from webui.activities import words
from webui.language import say
from webui.words import CODES

blueprint = Blueprint("activities", __name__, url_prefix="/activities")

#: Forms that carry photos may be larger than others.
_WITH_PHOTOS = {"activities.add", "activities.change_it"}
_MOST_BYTES = 64 * 1024 * 1024


@blueprint.url_value_preprocessor
def _allow_photos(endpoint: str | None, _: dict[str, Any] | None) -> None:
    """Raise the limit before anybody reads the form, as the guard against forgery does."""
    if endpoint in _WITH_PHOTOS:
        request.max_content_length = _MOST_BYTES


@blueprint.context_processor
def _give_words() -> dict[str, Any]:
    return {"say": say, "words": words, "KINDS": KINDS, "COUNTS": COUNTS, "CODES": CODES}
