"""The blueprint that all pages of patrol routes belong to, and the tabs that patrols share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, request, url_for

from geodata.messages import N_
from webui.access import may_open
from webui.language import say
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


@blueprint.context_processor
def _give_words() -> dict[str, Any]:
    return {"say": say, "words": words}


@blueprint.app_context_processor
def _give_tabs() -> dict[str, Any]:
    return {"patrol_tabs": _tabs}


def _tabs() -> list[dict[str, Any]]:
    """Return the tabs that the present person may open."""
    if g.get("actor") is None:
        return []
    return [
        {
            "url": url_for(endpoint),
            "title": say(title),
            "current": request.blueprint == endpoint.partition(".")[0],
        }
        for endpoint, title in TABS
        if may_open(endpoint)
    ]
