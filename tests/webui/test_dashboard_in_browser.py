"""A supervisor goes from the county down to the records behind a number, in Chromium."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

SignIn = Callable[[BrowserContext], None]


@pytest.fixture
def page(browser: Browser, server: str, browser_session: SignIn) -> Iterator[Page]:
    """A page that must neither complain nor break the policy of its content."""
    context = browser.new_context(base_url=server, viewport={"width": 1366, "height": 768})
    browser_session(context)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert not complaints


def ready(page: Page) -> None:
    expect(page.locator("[data-ready=true]")).to_be_attached()


def test_from_the_county_to_the_records_behind_a_number(page: Page) -> None:
    page.goto("/dashboard?period=half&lang=en")
    ready(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # The figures and the map stand on the first screen.
    box = page.locator(".board").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 768
    page.locator("#map path").first.click()
    page.wait_for_url(re.compile("unit="))
    ready(page)
    page.locator(".parts tbody a").first.click()
    expect(page.locator(".crumbs a")).to_have_count(2)
    ready(page)
    number = page.locator(".parts tbody td.number a").first.inner_text()
    page.locator(".parts tbody td.number a").first.click()
    expect(page.locator(".list-title")).to_have_text(f"{number} incidents")
    page.locator(".table-plain tbody a", has_text=re.compile(r"^\d{15}$")).first.click()
    ready(page)
    expect(page.locator("#cell h1.list-title")).to_be_visible()
    page.get_by_role("link", name=re.compile("^On the map$")).click()
    page.wait_for_url(re.compile("/map"))
    page.go_back()
    page.locator(".crumbs a").first.click()
    ready(page)
    expect(page.locator(".crumbs h1")).to_be_visible()


def test_the_wall_is_dark_and_shows_no_menu(page: Page) -> None:
    page.goto("/dashboard?wall=1")
    ready(page)
    expect(page.locator(".top")).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 24, 30)"
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight + 1")


def test_the_wall_turns_and_outlives_a_lost_connection_and_session(
    browser: Browser, server: str, browser_session: SignIn
) -> None:
    # Without the watch for complaints: Chromium writes each failed request to the console.
    context = browser.new_context(base_url=server, viewport={"width": 1920, "height": 1080})
    browser_session(context)
    page = context.new_page()
    page.clock.install()
    page.goto("/dashboard?wall=1&lang=en")
    ready(page)
    said = page.locator("#wall-said")
    expect(said).to_contain_text("updated")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight + 1")
    size = "parseFloat(getComputedStyle(document.querySelector('.answer .big')).fontSize)"
    assert page.evaluate(size) > 64

    page.clock.fast_forward(20_000)
    expect(page.locator(".figure-change")).to_be_attached()
    # The third view is of the busiest town.
    page.clock.fast_forward(20_000)
    expect(page.locator(".crumbs")).not_to_contain_text("My area")
    ready(page)
    expect(page.locator(".figure-change")).to_have_count(0)
    busiest = page.locator(".crumbs h1").inner_text()

    context.set_offline(True)
    page.clock.fast_forward(20_000)
    expect(said).to_contain_text("No connection")
    expect(page.locator(".crumbs h1")).to_have_text(busiest)
    context.set_offline(False)
    page.clock.fast_forward(20_000)
    expect(said).to_contain_text("updated")

    context.clear_cookies(name="gridmap_session")
    page.clock.fast_forward(20_000)
    expect(said).to_contain_text("Signed out")
    link = said.get_by_role("link", name="Sign in again")
    assert "wall%3D1" in (link.get_attribute("href") or "")
    # Somebody signs in again in another window.
    browser_session(context)
    page.clock.fast_forward(20_000)
    expect(said).to_contain_text("updated")
    context.close()
