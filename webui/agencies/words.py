"""What the pages of agencies call layers, fields and states."""

from __future__ import annotations

from geodata.messages import N_
from gridmap.exchange.collections import COLLECTIONS
from webui.language import say

_STATES = {
    "valid": N_("Valid"),
    "soon": N_("Ends soon"),
    "expired": N_("Expired"),
    "revoked": N_("Revoked"),
}
SNAPS = {
    "exact": N_("exact place"),
    "cell": N_("middle of the cell"),
    "street": N_("middle of the street"),
}
EVERY = {"day": N_("Every day"), "week": N_("Every Monday"), "month": N_("On the 1st of the month")}
PACKAGE_STATES = {
    "waiting": N_("Waiting"),
    "running": N_("Being made"),
    "done": N_("Done"),
    "failed": N_("Failed"),
}


def layer_title(key: str) -> str:
    """Return what people call a layer."""
    return say(COLLECTIONS[key].title) if key in COLLECTIONS else key


def field_title(layer: str, field: str) -> str:
    """Return what people call a field of a layer."""
    column = COLLECTIONS[layer].by_name.get(field)
    return field if column is None else say(column.title)


def state_word(state: str) -> str:
    """Return what people call a key's state."""
    return say(_STATES[state])
