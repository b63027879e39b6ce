"""The blueprint that all pages of patrol routes belong to, and the tabs that patrols share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from geodata.messages import N_
from gridmap.patrols.routes.files_in import MOST_BYTES
from webui.language import say
from webui.navigation import tabs
from webui.patrols import words

blueprint = Blueprint("patrols", __name__, url_prefix="/patrols")

#: The pages of patrols, in the order of the tabs; those that are not there are left out.
TABS = (
    ("patrols.index", N_("Routes")),
    ("plans.index", N_("Plans")),
    ("shifts.index", N_("Shifts")),
    ("tracks.index", N_("Walked")),
    ("streets.index", N_("Streets")),
)

#: What may be larger than other forms: files, and drawings with their lines.
_LARGE = {
    "patrols.take_file": MOST_BYTES,
    "patrols.add": 8 << 20,
    "patrols.save": 8 << 20,
    "patrols.near": 4 << 20,
    "patrols.beside": 4 << 20,
}


@blueprint.url_value_preprocessor
def _allow_large(endpoint: str | None, _: dict[str, Any] | None) -> None:
    """Raise the limit before anybody reads the form, as the guard against forgery does."""
    if endpoint in _LARGE:
        request.max_content_length = _LARGE[endpoint]


@blueprint.context_processor
def _give_words() -> dict[str, Any]:
    return {"say": say, "words": words}


@blueprint.app_context_processor
def _give_tabs() -> dict[str, Any]:
    return {"patrol_tabs": lambda: tabs(TABS)}
