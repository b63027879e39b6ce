"""The office of two communities with a team in each, and an account for each of their members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from gridmap.patrols.shifts.models import Shift
from gridmap.patrols.shifts.service import ShiftData, add_shift
from gridmap.workforce.models import Cadre, Team, TeamMember
from gridmap.workforce.rights import Actor, Role
from tests.gridmap.workforce.conftest import Office, cheap_hashes, open_office

__all__ = ["cheap_hashes"]

#: Monday, 8 in the morning in Shanghai, long after any test is run.
MONDAY = datetime(2040, 3, 5, tzinfo=UTC)


@dataclass
class Guard:
    """The office, its teams, and who signs in as which member; Wang is the captain here."""

    office: Office
    here: int
    there: int
    planner: Actor
    people: dict[str, Actor]

    @property
    def session(self) -> Session:
        return self.office.session

    def id(self, name: str) -> int:
        return self.office.cadres[name]

    def data(
        self, hours: float, length: float = 24, members: Sequence[str] = (), team: int | None = None
    ) -> ShiftData:
        """Return a shift so many hours after the Monday."""
        starts = MONDAY + timedelta(hours=hours)
        return ShiftData(
            team or self.here, starts, starts + timedelta(hours=length),
            tuple(self.id(name) for name in members),
        )  # fmt: skip

    def add(self, hours: float, length: float = 24, members: Sequence[str] = ("wang",)) -> Shift:
        return add_shift(self.session, self.planner, self.data(hours, length, members), accept=True)


def open_guard(session: Session) -> Guard:
    """Put the guard into a database; a test that commits calls this itself."""
    office = open_office(session)
    teams = {"here": Team(name="巡防队", kind="patrol", unit_id=office.here),
             "there": Team(name="邻队", kind="patrol", unit_id=office.there)}  # fmt: skip
    session.add_all(teams.values())
    session.flush()
    session.add_all(
        TeamMember(
            team_id=teams["there" if name == "chen" else "here"].id, cadre_id=cadre,
            captain=name == "wang",
        )
        for name, cadre in office.cadres.items()
    )  # fmt: skip
    people = {}
    for name, cadre in office.cadres.items():
        people[name] = office.user(
            name, Role.CADRE, office.there if name == "chen" else office.here
        )
        session.get_one(Cadre, cadre).user_id = people[name].user_id
    session.flush()
    planner = office.user("plan", Role.PLANNER, office.here)
    return Guard(office, teams["here"].id, teams["there"].id, planner, people)


@pytest.fixture
def guard(session: Session) -> Guard:
    return open_guard(session)
