"""The page of a building: the way to it and back up, and numbers that agree with their records."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import Row, text

SignIn = Callable[[str], FlaskClient]


@pytest.fixture(scope="module")
def building(app: Flask) -> Row[tuple[int, int, str]]:
    """The building with the most residents, its cell and the code of its community."""
    with app.extensions["gridmap.engine"].connect() as connection:
        return connection.execute(
            text("""
                SELECT b.id, b.cell_id, u.code FROM building b
                JOIN building_count n ON n.building_id = b.id JOIN unit u ON u.id = b.community_id
                ORDER BY n.residents DESC, b.id LIMIT 1
            """)
        ).one()


def test_the_page_leads_back_up_to_the_county(
    client: FlaskClient, building: Row[tuple[int, int, str]]
) -> None:
    page = client.get(f"/building/{building.id}?lang=en").text
    crumbs = page.split('class="crumbs"')[1].split("</nav>")[0]
    ways = re.findall(r'href="([^"]+)"', crumbs)
    assert len(ways) == 4
    assert ways[-2:] == [f"/dashboard?unit={building.code}", f"/cell/{building.cell_id}"]
    assert all(client.get(way).status_code == 200 for way in ways)
    assert f'href="/building/{building.id}"' in client.get(f"/cell/{building.cell_id}").text


def test_the_number_nearby_is_that_of_its_records(
    client: FlaskClient, building: Row[tuple[int, int, str]]
) -> None:
    page = client.get(f"/building/{building.id}?lang=en").text
    found = re.search(r'href="([^"]+)" id="recent">(\d+)<', page)
    assert found
    records = client.get(found[1].replace("&amp;", "&")).text
    assert f"{found[2]} incidents" in records
    assert f'href="/building/{building.id}"' in records


def test_monthly_counts_stand_in_a_table(
    client: FlaskClient, app: Flask, building: Row[tuple[int, int, str]]
) -> None:
    with app.extensions["gridmap.engine"].connect() as connection:
        months = connection.execute(
            text("SELECT month FROM building_count WHERE building_id = :id ORDER BY month DESC"),
            {"id": building.id},
        ).scalars().all()  # fmt: skip
    page = client.get(f"/building/{building.id}").text
    shown = re.findall(r'<th scope="row">(\d{4}-\d{2})</th>', page)
    assert shown == [f"{month:%Y-%m}" for month in months][:24]


@pytest.mark.parametrize(
    ("number", "status"), [("0", 404), ("999999999", 404), ("9" * 25, 404), ("-1", 404), ("x", 404)]
)
def test_a_building_that_is_not_there(client: FlaskClient, number: str, status: int) -> None:
    for address in (f"/building/{number}", f"/building/{number}/shapes.json"):
        assert client.get(address).status_code == status


@pytest.mark.parametrize("number", ["-1", "x", "1.5", "%00", "9" * 25])
def test_records_near_what_is_no_number(client: FlaskClient, number: str) -> None:
    assert client.get(f"/dashboard/records?building={number}").status_code == 400


def test_the_panel_of_the_map_leads_to_pages_that_the_reader_may_open(
    client: FlaskClient, sign_in: SignIn, building: Row[tuple[int, int, str]]
) -> None:
    for feature, page in (
        (f"building/{building.id}", f"/building/{building.id}"),
        (f"cell/{building.cell_id}", f"/cell/{building.cell_id}"),
    ):
        assert client.get(f"/map/feature/{feature}").json["page"] == page
        assert sign_in("cadre").get(f"/map/feature/{feature}").json.get("page") is None


def open_map(browser: Browser, server: str, put: Callable[[BrowserContext], None]) -> Page:
    context = browser.new_context(base_url=server, viewport={"width": 1366, "height": 768})
    put(context)
    return context.new_page()


def test_from_a_search_to_the_page_and_back_to_the_map(
    browser: Browser,
    server: str,
    browser_session: Callable[[BrowserContext], None],
    app: Flask,
    building: Row[tuple[int, int, str]],
) -> None:
    with app.extensions["gridmap.engine"].connect() as connection:
        name = connection.scalar(
            text("SELECT name FROM building WHERE id = :id"), {"id": building.id}
        )
    page = open_map(browser, server, browser_session)
    page.goto("/map?lang=en")
    page.fill("#q", name)
    page.locator("#found [role=option]", has_text=name).first.click()
    page.get_by_role("link", name="All about it").click()
    expect(page.locator("#building[data-ready=true]")).to_be_attached()
    expect(page.locator("h1.list-title")).to_have_text(name)
    page.get_by_role("link", name="On the map").click()
    expect(page.locator("#details h2")).to_have_text(name)
    page.go_back()
    page.locator(".crumbs a").last.click()
    expect(page.locator("#cell[data-ready=true]")).to_be_attached()
    page.locator("#map path.building").first.click()
    expect(page.locator("#building[data-ready=true]")).to_be_attached()
    page.context.close()
