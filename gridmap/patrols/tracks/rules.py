"""What a town decides about tracks: how near is near, and how long positions are kept."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.patrols.tracks.models import PatrolSettings
from gridmap.workforce import audit
from gridmap.workforce.rights import Action, Actor, require

BOUNDS = {"near_m": (5, 1000), "position_days": (0, 3650)}


def patrol_settings(session: Session) -> PatrolSettings:
    """Return the one row of settings."""
    return session.scalars(select(PatrolSettings)).one()


def change_settings(session: Session, actor: Actor, values: Mapping[str, int]) -> None:
    """Change the settings; what was counted stays until it is counted anew.

    Raises
    ------
    ForbiddenError
        If the actor may not change settings.
    GridmapError
        If a number is out of its bounds.
    """
    require(actor, Action.MANAGE_SETTINGS)
    for name, (low, high) in BOUNDS.items():
        if not low <= values[name] <= high:
            raise GridmapError(
                Message(
                    "{value} does not lie between {low} and {high}.",
                    value=values[name], low=low, high=high,
                )
            )  # fmt: skip
    audit.say_who(session, actor)
    stored = patrol_settings(session)
    for name in BOUNDS:
        setattr(stored, name, values[name])
    session.flush()
