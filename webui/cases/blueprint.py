"""The blueprint that all pages of cases belong to, and what all of them need."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from webui.cases import words
from webui.language import say

blueprint = Blueprint("cases", __name__)

#: Forms that carry photos may be larger than others.
_WITH_PHOTOS = {"cases.save_new", "cases.act"}
_MOST_BYTES = 64 * 1024 * 1024


@blueprint.url_value_preprocessor
def _allow_photos(endpoint: str | None, _: dict[str, Any] | None) -> None:
    """Raise the limit before anybody reads the form, as the guard against forgery does."""
    if endpoint in _WITH_PHOTOS:
        request.max_content_length = _MOST_BYTES


@blueprint.context_processor
def _give_words() -> dict[str, Any]:
    return {"say": say, "words": words}
