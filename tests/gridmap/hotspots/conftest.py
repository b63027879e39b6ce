"""Published results, which the project does not carry; and the small demo town."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from gridmap.db import make_engine
from gridmap.embedded import Cluster
from gridmap.territory.scope import Scope
from gridmap.workforce.models import User
from gridmap.workforce.rights import Actor, Role
from tests.conftest import small_town
from tests.gridmap.hotspots.runs import NOW

DEFAULT = Path(__file__).parents[4] / "shared" / "data"


@pytest.fixture(scope="session")
def oracles() -> Path:
    """The folder of published results; its tests are skipped where it is absent."""
    folder = Path(os.environ.get("GRIDMAP_SAMPLE_DATA", DEFAULT)) / "hotspot_oracles"
    if not folder.is_dir():
        pytest.skip(f"no published results in {folder}; set GRIDMAP_SAMPLE_DATA")
    return folder


@pytest.fixture(scope="module")
def town(cluster: Cluster) -> Iterator[Engine]:
    with small_town(cluster, NOW) as url:
        engine = make_engine(url)
        yield engine
        engine.dispose()


@pytest.fixture
def people(town: Engine) -> dict[str, Actor]:
    """Two analysts with one community each, and somebody with both."""
    with Session(town) as session:
        one, two = session.scalars(
            text("SELECT id FROM unit WHERE level = 'community' ORDER BY code LIMIT 2")
        ).all()
        users = {user.login: user.id for user in session.query(User)}
    first = Actor(users["analyst"], "a", Role.ANALYST, Scope((one,)), frozenset({one}))
    other = Actor(users["planner"], "b", Role.ANALYST, Scope((two,)), frozenset({two}))
    both = Actor(users["supervisor"], "c", Role.ANALYST, Scope((one, two)), frozenset({one, two}))
    return {
        "one": first,
        "other": other,
        "both": both,
        "cadre": replace(first, user_id=users["cadre"], role=Role.CADRE),
    }
