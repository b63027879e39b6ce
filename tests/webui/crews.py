"""A team of three with accounts of their own, apart from the demo's rota."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.patrols.shifts.service import ShiftData, add_shift
from gridmap.workforce.accounts import create_user
from gridmap.workforce.demo import PASSWORD
from gridmap.workforce.models import Cadre, Team, TeamMember
from gridmap.workforce.rights import SYSTEM, Role

NAMES = ("甲一", "乙二", "丙三")
_number = count(1)


@dataclass(frozen=True)
class Crew:
    """The team, its members by name, and their sign-in names; the first is the captain."""

    team: int
    name: str
    ids: dict[str, int]
    logins: dict[str, str]


def make_crew(app: Flask) -> Crew:
    """Make a team in the community of the demo's cadre."""
    n = next(_number)
    with Session(app.extensions["gridmap.engine"]) as session, session.begin():
        unit = session.execute(
            text("SELECT d.unit_id FROM cadre d JOIN app_user u ON u.id = d.user_id "
                 "WHERE u.login = 'cadre'")
        ).scalar_one()  # fmt: skip
        team = Team(name=f"试验{n}队", kind="patrol", unit_id=unit)
        session.add(team)
        session.flush()
        ids, logins = {}, {}
        for name in NAMES:
            login = f"walker-{n}-{len(ids)}"
            user, _ = create_user(
                session, SYSTEM, login, name, Role.CADRE, areas=[unit], password=PASSWORD
            )
            cadre = Cadre(name=name, unit_id=unit, user_id=user.id)
            session.add(cadre)
            session.flush()
            session.add(TeamMember(team_id=team.id, cadre_id=cadre.id, captain=not ids))
            ids[name], logins[name] = cadre.id, login
        return Crew(team.id, team.name, ids, logins)


def add_now(app: Flask, crew: Crew, *names: str, minutes: int = -5, hours: float = 2) -> int:
    """Plan a shift that begins so many minutes from now; return its id."""
    starts = (datetime.now(UTC) + timedelta(minutes=minutes)).replace(microsecond=0)
    data = ShiftData(
        crew.team, starts, starts + timedelta(hours=hours), tuple(crew.ids[name] for name in names)
    )
    with Session(app.extensions["gridmap.engine"]) as session, session.begin():
        return add_shift(session, SYSTEM, data, accept=True).id
