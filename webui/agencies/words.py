"""What the pages of agencies call layers, fields and states."""

from __future__ import annotations

from collections.abc import Collection

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


def field_titles(layer: str, fields: Collection[str]) -> list[str]:
    """Return what people call some fields of a layer, in the layer's order."""
    columns = COLLECTIONS[layer].by_name
    known = [say(column.title) for name, column in columns.items() if name in fields]
    # One that a later version took away goes by its name.
    return known + sorted(set(fields) - set(columns))


def state_word(state: str) -> str:
    """Return what people call a key's state."""
    return say(_STATES[state])
