"""Who reads through the interfaces for other programs, and what that reader may be given."""

from __future__ import annotations

from gridmap.exchange.grant import Grant, of_actor
from webui.access import current_actor


def current_grant() -> Grant:
    """Return what the present reader may be given; the one place that finds it out."""
    return of_actor(current_actor())
