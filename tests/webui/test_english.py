"""English pages call units by their English names, wherever one is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from gridmap.embedded import Cluster
from gridmap.settings import Settings
from tests.conftest import small_town
from tests.gridmap.reports.paper.reading import words_of_pdf
from tests.webui.conftest import signed_in
from tests.webui.ids import ids_of
from tests.webui.routes import ROUTES
from tests.webui.routes_for_programs import FOR_PROGRAMS
from tests.webui.routes_of_sharing import AGENCIES, PACKAGES
from webui import create_app

Ids = Mapping[str, Any]
CHINESE, ENGLISH = "UnitInChinese", "UnitInEnglish"
#: What reaches people; programs are given both names.
ASKED = sorted(
    {
        route.asked
        for key, routes in ROUTES.items()
        if key[1] == "GET" and key not in FOR_PROGRAMS | AGENCIES | PACKAGES
        for route in routes
        if not route.asked.endswith(".mvt")
    }
    | {"/map/search?q=UnitIn", "/map/feature/incident/{incident}"}
)
#: Pages on which a unit is surely named; that the others are clean may be for want of one.
NAMING = [
    "/account", "/assignments/cadres", "/assignments/cells/{cell}/history", "/assignments/list",
    "/assignments/list.csv", "/building/{building}", "/cases", "/cases.csv", "/cases/{case}",
    "/cell/{cell}", "/dashboard", "/dashboard/records", "/map/feature/cell/{cell}",
    "/map/search?q=UnitIn", "/staff", "/staff/{cadre}", "/staff/teams", "/staff/new", "/users/new",
    "/assignments/{assignment}/sheet", "/assignments/{assignment}/sheet.docx",
    "/assignments/{assignment}/sheet.pdf",
    "/staff/absences", "/users", "/audit",
    "/patrols/shifts/sheet", "/patrols/shifts/sheet.xlsx?team={team}&month=2026-10",
    "/patrols/shifts/new?team={team}&day=2026-12-01",
    "/indicators", "/indicators/{indicator}", "/indicators/{indicator}/entry",
    "/indicators/{indicator}/entry.xlsx?first=2025-01-01", "/indicators/{indicator}/export/csv",
    "/patrols/shifts/new?team={team}&day=2026-12-01", "/activities", "/activities/due",
    "/activities/new", "/activities/plans", "/activities/table", "/activities/{activity}",
]  # fmt: skip


@pytest.fixture(scope="module")
def place(cluster: Cluster) -> Iterator[Flask]:
    """A town whose units have names that nothing else has."""
    with small_town(cluster) as url:
        app = create_app(Settings(database_url=url))
        engine = app.extensions["gridmap.engine"]
        with engine.begin() as connection:
            connection.execute(
                text("UPDATE unit SET name = :zh || code, name_en = :en || code"),
                {"zh": CHINESE, "en": ENGLISH},
            )
        yield app
        engine.dispose()


@pytest.fixture(scope="module")
def ids(place: Flask) -> Ids:
    """Ids of the community in which the demo's cadre works."""
    with place.extensions["gridmap.engine"].connect() as connection:
        unit = connection.execute(
            text("""
                SELECT a.unit_id FROM user_area a JOIN app_user u ON u.id = a.user_id
                WHERE login = 'cadre'
            """)
        ).scalar_one()
        return ids_of(connection, unit)


def read(client: FlaskClient, ids: Ids, asked: str) -> str:
    answer = client.get(asked.format_map(ids))
    if answer.status_code == 200 and answer.mimetype.endswith("spreadsheetml.sheet"):
        with ZipFile(BytesIO(answer.data)) as archive:
            sheets = [name for name in archive.namelist() if name.startswith("xl/")]
            return "".join(archive.read(name).decode() for name in sheets)
    if answer.status_code == 200 and asked.endswith(".docx"):
        with ZipFile(BytesIO(answer.data)) as archive:
            return archive.read("word/document.xml").decode()
    if answer.mimetype == "application/pdf":
        return words_of_pdf(answer.data)
    return answer.text


def of_language(app: Flask, login: str, language: str) -> FlaskClient:
    client = signed_in(app, login)
    client.set_cookie("lang", language)
    return client


@pytest.mark.parametrize("login", ["admin", "supervisor"])
@pytest.mark.parametrize("asked", ASKED)
def test_no_unit_is_named_in_chinese(place: Flask, ids: Ids, login: str, asked: str) -> None:
    assert CHINESE not in read(of_language(place, login, "en"), ids, asked)


@pytest.mark.parametrize("asked", NAMING)
def test_units_are_named_in_the_language_of_the_page(place: Flask, ids: Ids, asked: str) -> None:
    login = "cadre" if asked == "/account" else "admin"
    assert ENGLISH in read(of_language(place, login, "en"), ids, asked)
    page = read(of_language(place, login, "zh"), ids, asked)
    assert CHINESE in page
    assert ENGLISH not in page
