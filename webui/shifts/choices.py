"""What the address of a page of shifts says, and what its filters offer."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import request
from flask_babel import gettext as _
from sqlalchemy import Row
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.patrols.shifts.queries import routes
from gridmap.workforce.cadres import get_cadre, list_teams
from gridmap.workforce.models import Cadre, Team
from gridmap.workforce.rights import Actor
from webui.asking import optional_id

_MONTH = re.compile(r"\d{4}-\d{2}")


@dataclass(frozen=True)
class Filters:
    """What the filters of calendar and list offer, and what is chosen."""

    teams: Sequence[Team]
    routes: Sequence[Row[Any]]
    team_id: int | None
    route_id: int | None
    cadre: Cadre | None

    @property
    def team(self) -> Team | None:
        """The team that is chosen."""
        return next((team for team in self.teams if team.id == self.team_id), None)


def read_filters(session: Session, actor: Actor) -> Filters:
    """Read the filters; a cadre outside the area is refused, as everywhere."""
    cadre = optional_id(request.args.get("cadre"), _("Cadre"))
    return Filters(
        list_teams(session, actor),
        routes(session, actor),
        optional_id(request.args.get("team"), _("Team")),
        optional_id(request.args.get("route"), _("Route")),
        None if cadre is None else get_cadre(session, actor, cadre),
    )


def month_of(value: str | None, today: date) -> date:
    """Read a month as its first day.

    Raises
    ------
    GridmapError
        If it is none.
    """
    if not value:
        return today.replace(day=1)
    if not _MONTH.fullmatch(value) or not 1900 <= int(value[:4]) <= 2200:
        month = 0
    else:
        month = int(value[5:])
    if not 1 <= month <= 12:
        raise GridmapError(Message("{value} is not a month. Write it as 2026-03.", value=value))
    return date(int(value[:4]), month, 1)


def month_end(day: date) -> date:
    """Return the last day of a month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def month_before(day: date) -> date:
    """Return the first day of the month before."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def month_after(day: date) -> date:
    """Return the first day of the month after."""
    return month_end(day) + timedelta(days=1)
