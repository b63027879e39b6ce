"""The blueprint that all pages of what was walked belong to."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from webui.language import say
from webui.numbers import number
from webui.tracks import words

blueprint = Blueprint("tracks", __name__, url_prefix="/patrols/walked")

#: A day at a position each second, as GPX.
MOST_BYTES = 24 << 20
_WITH_POSITIONS = {"tracks.take_in", "tracks.record"}


@blueprint.url_value_preprocessor
def _allow_positions(endpoint: str | None, _: dict[str, Any] | None) -> None:
    """Raise the limit before anybody reads the form, as the guard against forgery does."""
    if endpoint in _WITH_POSITIONS:
        request.max_content_length = MOST_BYTES


@blueprint.context_processor
def _give_words() -> dict[str, Any]:
    return {"say": say, "words": words, "num": number, "kind_word": words.kind}
