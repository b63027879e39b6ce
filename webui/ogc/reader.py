"""Who reads the open interfaces."""

from __future__ import annotations

from flask import g

from gridmap.exchange.grant import Grant, of_actor
from webui.access import current_actor


def current_grant() -> Grant:
    """Return what the present reader may be given."""
    if "grant" not in g:
        g.grant = of_actor(current_actor())
    found: Grant = g.grant
    return found
