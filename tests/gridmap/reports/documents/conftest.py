"""A community with the people who order, approve and read reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from gridmap.jobs.running import do_waiting
from gridmap.reports.documents import running
from gridmap.reports.documents.models import Report
from gridmap.reports.documents.order import Order
from gridmap.reports.documents.service import new_report
from gridmap.territory.models import Unit
from gridmap.territory.scope import Scope
from gridmap.workforce.models import User, UserArea
from gridmap.workforce.rights import Actor, Role
from tests.gridmap.conftest import Field, open_field
from tests.gridmap.reports.documents.standing_in import compose

FIRST, LAST = date(2026, 1, 1), date(2026, 6, 30)
#: By which documents of finished rows are known.
SAID = {
    language: {
        "language": language, "title": "x", "area": "x", "period": "x", "state": "x",
        "blocks": [{"kind": "heading", "level": 1, "text": "x", "section": "incidents"},
                   {"kind": "paragraph", "parts": ["y"]}],
    }
    for language in ("zh", "en")
}  # fmt: skip


@dataclass
class Place:
    """The community 幸福社区, another one, and people of the first by their sign-in names."""

    field: Field
    other: Unit
    people: dict[str, Actor]

    @property
    def session(self) -> Session:
        return self.field.session

    @property
    def unit(self) -> Unit:
        return self.field.community

    def order(self, **changes: object) -> Order:
        given = {"kind": "half_year", "unit_id": self.unit.id, "first": FIRST, "last": LAST}
        return Order(**{**given, **changes})  # type: ignore[arg-type]

    def finished(self, owner: str | None = "planner", **columns: object) -> Report:
        """Put a report into the database that is made, in whatever state."""
        owner_id = self.people[owner].user_id if owner else None
        report = new_report(self.order(), owner_id)
        report.frozen_at, report.program, report.documents = datetime.now(UTC), "1", SAID
        for name, value in columns.items():
            setattr(report, name, value)
        self.session.add(report)
        self.session.flush()
        return report


def open_place(session: Session) -> Place:
    """The community and its people; a test that commits calls this itself."""
    field = open_field(session)
    other = Unit(code="990001001002", level="community", name="邻居社区",
                 parent_id=field.community.parent_id)  # fmt: skip
    session.add(other)
    session.flush()
    people = {}
    for login, role in (
        ("planner", Role.PLANNER), ("supervisor", Role.SUPERVISOR), ("second", Role.SUPERVISOR),
        ("cadre", Role.CADRE), ("admin", Role.ADMINISTRATOR), ("foreign", Role.SUPERVISOR),
    ):  # fmt: skip
        unit = other if login == "foreign" else field.community
        # A password costs a hash, and nobody signs in here.
        user = User(login=login, display_name=login, role=role, password_hash="")
        session.add(user)
        session.flush()
        session.add(UserArea(user_id=user.id, unit_id=unit.id))
        everything = role is Role.ADMINISTRATOR
        people[login] = Actor(
            user.id, login, role,
            Scope() if everything else Scope((unit.id,)),
            None if everything else frozenset({unit.id}),
        )  # fmt: skip
    return Place(field, other, people)


@pytest.fixture
def place(session: Session) -> Place:
    return open_place(session)


@pytest.fixture
def own_place(own_engine: Engine) -> Iterator[Place]:
    """A place in a database of its own, for what other processes must see."""
    with Session(own_engine, expire_on_commit=False) as session:
        made = open_place(session)
        session.commit()
        yield made


@pytest.fixture
def make(own_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Do the jobs that wait, with a composer that counts incidents alone."""
    monkeypatch.setattr(running, "compose", compose)
    return lambda: do_waiting(own_engine, running.HANDLERS)
