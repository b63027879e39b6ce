"""An application over three communities, a citizen app's key and what it was granted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from gridmap.embedded import Cluster
from gridmap.exchange.grant import Grant, LayerGrant
from gridmap.settings import Settings
from gridmap.territory.scope import Scope
from gridmap.workforce.accounts import create_user
from gridmap.workforce.rights import SYSTEM, Role
from gridmap.workforce.sign_in import sign_in as enter
from tests.conftest import fresh_database
from tests.gridmap.exchange.copying import fill
from tests.webui.open311.asking import ADDRESSES, OPEN, middle
from webui import create_app
from webui.access import COOKIE


@pytest.fixture(scope="session")
def place(cluster: Cluster) -> Iterator[Flask]:
    """An application over three communities, with one user."""
    with fresh_database(cluster) as url:
        app = create_app(Settings(database_url=url))
        engine: Engine = app.extensions["gridmap.engine"]
        with engine.begin() as connection:
            fill(connection)
            connection.execute(
                text("""
                INSERT INTO category (code, name, name_en, parent_id, active)
                SELECT v.code, v.name, v.name_en, k.id, v.active
                FROM (VALUES ('A1', '路灯', 'Street lights', true), ('A2', '旧类', NULL, false))
                    AS v (code, name, name_en, active), category k WHERE k.code = 'A'""")
            )
            connection.execute(
                text("""
                INSERT INTO building (name, address, geom) VALUES
                    ('1幢', '滨江路18号', 'SRID=4326;POINT(110.012 30.005)'),
                    ('甲楼', '同名路', 'SRID=4326;POINT(110.012 30.006)'),
                    ('乙楼', '同名路', 'SRID=4326;POINT(110.012 30.007)')""")
            )
        with Session(engine) as session, session.begin():
            create_user(
                session, SYSTEM, "root", "root", Role.ADMINISTRATOR, password="walk-the-grid"
            )
        yield app
        engine.dispose()


@pytest.fixture
def client(place: Flask) -> FlaskClient:
    client = place.test_client()
    with Session(place.extensions["gridmap.engine"]) as session, session.begin():
        client.set_cookie(COOKIE, enter(session, "root", "walk-the-grid").token or "")
    return client


@pytest.fixture
def grant(place: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Give the reader another grant; at first one that may write in the middle community."""

    def give(layer: LayerGrant = OPEN, others: Any = ADDRESSES, **given: Any) -> None:
        unit = middle(place)
        given = {"scope": Scope((unit,)), "units": frozenset({unit}), **given}
        found = Grant("citizen app", {"incidents": layer, **others}, **given)
        monkeypatch.setattr("webui.open311.current_grant", lambda: found)

    give()
    return give
