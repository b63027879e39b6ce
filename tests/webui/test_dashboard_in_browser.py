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
