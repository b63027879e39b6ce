"""People of the field's community, and one of elsewhere."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from gridmap.territory.models import Unit
from gridmap.workforce.accounts import create_user
from gridmap.workforce.areas import actor_for
from gridmap.workforce.rights import SYSTEM, Actor, Role
from tests.gridmap.conftest import Field


@pytest.fixture
def people(session: Session, field: Field) -> dict[str, Actor]:
    """A cadre and another, a supervisor, and a supervisor of another community (``far``)."""
    other = Unit(
        code="990001001002", level="community", name="临江社区", parent_id=field.community.parent_id
    )
    session.add(other)
    session.flush()
    found = {}
    for login, role, unit in (
        ("cadre", Role.CADRE, field.community),
        ("other", Role.CADRE, field.community),
        ("supervisor", Role.SUPERVISOR, field.community),
        ("far", Role.SUPERVISOR, other),
    ):
        user, _ = create_user(
            session, SYSTEM, login, login, role, areas=[unit.id], password="walk-the-grid"
        )
        found[login] = actor_for(session, user)
    return found
