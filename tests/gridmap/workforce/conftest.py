"""Two communities of one town, four cells in the first and one in the second, and their staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest
from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from gridmap.territory.models import Cell, Unit
from gridmap.workforce import passwords
from gridmap.workforce.accounts import create_user
from gridmap.workforce.areas import actor_for
from gridmap.workforce.models import Cadre, User
from gridmap.workforce.rights import SYSTEM, Actor, Role
from tests.gridmap.conftest import add_units, rectangle, wkb

DAY = date(2025, 4, 1)
PASSWORD = "seven-quiet-bridges"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash in a millisecond; what is tested does not depend on how long it takes."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(1, 8, 1))
    passwords._nobody.cache_clear()


@dataclass
class Office:
    """Who and what a test works with; cells and cadres by a short name."""

    session: Session
    town: int
    here: int
    there: int
    cells: dict[str, int]
    cadres: dict[str, int]
    supervisor: Actor

    def user(self, login: str, role: Role, *areas: int) -> Actor:
        user, _ = create_user(
            self.session, SYSTEM, login, login.title(), role, areas=areas, password=PASSWORD
        )
        return actor_for(self.session, user)

    def ids(self, names: str) -> list[int]:
        return [self.cells[name] for name in names]

    def stored_user(self, actor: Actor) -> User:
        return self.session.get_one(User, actor.user_id)


def open_office(session: Session) -> Office:
    """Put the office into a database; a test that commits calls this itself."""
    here = add_units(session, rectangle(0, 0, 4, 2))
    town = here.parent_id
    assert town is not None
    there = Unit(
        code="990001001002", level="community", name="临江社区", parent_id=town,
        geom=wkb(rectangle(4, 0, 6, 2)),
    )  # fmt: skip
    session.add(there)
    session.flush()
    drawn = {
        "a": (here, rectangle(0, 0, 1, 2)), "b": (here, rectangle(1, 0, 2, 2)),
        "c": (here, rectangle(2, 0, 3, 2)), "d": (here, rectangle(3, 0, 4, 2)),
        "x": (there, rectangle(4, 0, 6, 2)),
    }  # fmt: skip
    cells = {
        name: Cell(
            code=f"{unit.code}{number:03d}", kind="basic", community_id=unit.id, geom=wkb(outline)
        )
        for number, (name, (unit, outline)) in enumerate(drawn.items(), start=1)
    }
    homes = {"wang": here, "li": here, "zhao": here, "chen": there}
    cadres = {name: Cadre(name=name.title(), unit_id=unit.id) for name, unit in homes.items()}
    session.add_all([*cells.values(), *cadres.values()])
    session.flush()
    made = Office(
        session, town, here.id, there.id,
        {name: cell.id for name, cell in cells.items()},
        {name: cadre.id for name, cadre in cadres.items()},
        SYSTEM,
    )  # fmt: skip
    made.supervisor = made.user("sun", Role.SUPERVISOR, here.id)
    return made


@pytest.fixture
def office(session: Session) -> Office:
    return open_office(session)
