"""The office with categories, a cadre for most cells, and people who work on cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from gridmap.incidents.cases.intake import Report, report
from gridmap.incidents.cases.models import Case
from gridmap.incidents.cases.steps import Doing, perform
from gridmap.incidents.cases.workflow import Act
from gridmap.incidents.models import Category
from gridmap.workforce import passwords
from gridmap.workforce.assignments import assign
from gridmap.workforce.models import Cadre
from gridmap.workforce.rights import SYSTEM, Actor, Role
from tests.gridmap.conftest import SOUTH, STEP, WEST
from tests.gridmap.workforce.conftest import Office, open_office


def at(text: str) -> datetime:
    """A moment in Shanghai, which is eight hours ahead; 2025-04-01 is a Tuesday."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


MONDAY = at("2025-03-31 09:00")


@dataclass
class Desk:
    """Where cases are taken in and followed."""

    office: Office
    folder: Path
    admin: Actor
    supervisor: Actor
    town: Actor
    cadre: Actor
    analyst: Actor
    stranger: Actor

    @property
    def session(self) -> Session:
        return self.office.session

    def take(
        self, x: float = 0.5, y: float = 0.5, actor: Actor | None = None, **given: object
    ) -> Case:
        """Take in a report at a place in steps of the field; cell a by itself."""
        now = given.pop("now", MONDAY)
        data = Report(
            **{
                "category": "B1",
                "description": "楼上漏水,邻里争执",
                "reporter": "hotline",
                "place": (WEST + x * STEP, SOUTH + y * STEP),
                **given,
            }  # type: ignore[arg-type]
        )
        return report(self.session, actor or self.supervisor, data, self.folder, now=now)  # type: ignore[arg-type]

    def do(
        self, case: Case, actor: Actor, act: Act, note: str = "", now: datetime = MONDAY,
        **given: object,
    ) -> Case:  # fmt: skip
        doing = Doing(act, note, **given)  # type: ignore[arg-type]
        return perform(
            self.session, actor, case.id, case.version, doing, folder=self.folder, now=now
        )

    def handled(self, now: datetime = MONDAY, **given: object) -> Case:
        """A case that the cadre handles."""
        case = self.take(now=now, **given)  # type: ignore[arg-type]
        self.do(case, self.supervisor, Act.FILE, now=now)
        return self.do(case, self.supervisor, Act.DISPATCH, now=now)


@pytest.fixture
def desk(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(1, 8, 1))
    passwords._nobody.cache_clear()
    return open_desk(session, tmp_path / "photos")


def open_desk(session: Session, folder: Path) -> Desk:
    """Put the desk into a database; a test that commits calls this itself."""
    office = open_office(session)
    assign(
        session, SYSTEM, office.ids("abc"), office.cadres["wang"], "responsible", date(2025, 1, 1)
    )
    dispute = Category(code="B", name="矛盾纠纷", name_en="Dispute")
    session.add(dispute)
    session.flush()
    session.add_all(
        [
            Category(code="B1", name="邻里纠纷", name_en="Neighbours", parent_id=dispute.id),
            Category(code="B2", name="物业纠纷", parent_id=dispute.id),
            Category(code="D1", name="垃圾堆放"),
        ]
    )
    session.flush()
    cadre = office.user("wang", Role.CADRE, office.here)
    session.get_one(Cadre, office.cadres["wang"]).user_id = cadre.user_id
    session.flush()
    return Desk(
        office,
        folder,
        office.user("root", Role.ADMINISTRATOR),
        office.supervisor,
        office.user("town", Role.SUPERVISOR, office.town),
        cadre,
        office.user("ana", Role.ANALYST, office.here),
        office.user("there", Role.SUPERVISOR, office.there),
    )
