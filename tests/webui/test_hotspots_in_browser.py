"""An analyst presses the one button, reads the result, and takes it away; nothing foreign loads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from gridmap.db import make_engine
from gridmap.handlers import HANDLERS
from gridmap.jobs.running import work

SignIn = Callable[[BrowserContext, str], None]


@pytest.fixture(scope="module")
def worker(app: Flask, town_url: str) -> Iterator[None]:
    """What `gridmap jobs` does, in a thread."""
    engine, end = make_engine(town_url), threading.Event()
    thread = threading.Thread(target=work, args=(engine, HANDLERS, end))
    thread.start()
    yield
    end.set()
    thread.join()
    engine.dispose()


@pytest.fixture
def page(browser: Browser, server: str, browser_session: SignIn) -> Iterator[Page]:
    """A page that must neither complain nor reach for another server."""
    context = browser.new_context(base_url=server, viewport={"width": 1366, "height": 768})
    browser_session(context, "analyst")
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda asked: (
            None
            if asked.url.startswith((server, "data:", "blob:"))
            else complaints.append(asked.url)
        ),
    )
    yield page
    context.close()
    assert complaints == []


def test_a_phone_shows_place_incidents_and_class_first(page: Page, worker: None) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/hotspots?lang=en")
    page.select_option("[name=period]", "all")
    page.get_by_role("button", name="Where and when is it hot?").click()
    page.wait_for_selector("html[data-map-ready]", state="attached")
    row = page.locator(".hot-table tbody tr").first
    row.scroll_into_view_if_needed()
    for cell in row.locator("td").all()[:4]:
        box = cell.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    expect(row.locator(".of-cell")).to_be_hidden()


def test_from_the_button_to_the_file(page: Page, worker: None) -> None:
    page.goto("/hotspots?lang=en")
    page.select_option("[name=period]", "all")
    page.get_by_role("button", name="Where and when is it hot?").click()
    page.wait_for_selector("html[data-map-ready]", state="attached")
    expect(page.locator(".said p")).to_have_count(3)
    assert int(page.locator("#map_1").get_attribute("data-found") or 0) > 10
    # The table leads to the map, and the map tells of the same hotspot.
    page.locator(".to-map").first.click()
    expect(page.locator(".hot-table tr.chosen")).to_have_attribute("data-rank", "1")
    expect(page.locator(".leaflet-popup-content")).to_contain_text("incidents")
    expect(page.locator("#of-month")).to_be_hidden()
    page.locator("#month").fill("0")
    label, count = page.evaluate("""() => {
        const { labels, counts } = JSON.parse(document.getElementById("run").dataset.page).months;
        return [labels[0], counts[0].toLocaleString("en")];
    }""")
    expect(page.locator("#month-name")).to_have_text(f"{label} · {count} incidents")
    expect(page.locator("#of-month")).to_contain_text("a larger one stands for more")
    page.get_by_role("button", name="Play the months").click()
    expect(page.locator("#play")).to_have_text("Stop")
    with page.expect_download() as download:
        page.get_by_role("link", name="Picture").click()
    assert download.value.suggested_filename.endswith(".png")
    page.get_by_role("button", name="Share with colleagues").click()
    expect(page.locator(".flash-done")).to_contain_text("Colleagues")
    page.get_by_role("link", name="Compare").click()
    page.select_option("[name=right]", index=1)
    page.locator(".filters button").click()
    page.wait_for_selector("html[data-map-ready]", state="attached")
    page.evaluate(
        "void left_1.setView([left_1.getCenter().lat, left_1.getCenter().lng + 0.01], 15)"
    )
    page.wait_for_function(
        "() => Math.abs(left_1.getCenter().lng - right_1.getCenter().lng) < 1e-4 "
        "&& left_1.getZoom() === right_1.getZoom()"
    )


def test_clusters_and_outliers_from_the_form_to_a_shape_on_the_map(
    page: Page, worker: None
) -> None:
    page.goto("/hotspots/new?lang=en")
    page.check("input[name=analysis][value=moran]")
    page.fill("[name=first]", "2020-01-01")
    page.select_option("[name=moran-shape]", "square")
    page.select_option("[name=moran-near]", "nearest")
    page.get_by_role("button", name="Run the analysis").click()
    page.wait_for_selector("html[data-map-ready]", state="attached")
    expect(page.locator(".said p")).to_have_count(3)
    expect(page.locator(".said")).to_contain_text("permutations")
    expect(page.locator(".hot-legend").first).to_contain_text("High among low")
    # Shapes come in tiles, and one that is clicked tells what it is.
    assert int(page.locator("#map_1").get_attribute("data-found") or 0) > 10
    middle = page.locator("#map_1").bounding_box()
    assert middle is not None
    for right in range(0, 200, 25):
        place = {"x": middle["width"] / 2 + right, "y": middle["height"] / 2}
        page.locator("#map_1").click(position=place)
        if page.locator(".leaflet-popup-content").count():
            break
    expect(page.locator(".leaflet-popup-content")).to_contain_text("incidents")


def test_a_density_is_looked_at_as_a_surface(page: Page, worker: None) -> None:
    page.goto("/hotspots/new?lang=en&analysis=density&first=2020-01-01")
    page.get_by_role("button", name="Run the analysis").click()
    page.wait_for_selector("html[data-map-ready]", state="attached")
    areas, surface = (page.locator(f"[data-view={name}]") for name in ("areas", "surface"))
    expect(surface).to_be_hidden()
    page.get_by_label("Surface").check()
    page.wait_for_selector(".leaflet-surface-pane .leaflet-tile-loaded", state="attached")
    expect(surface).to_contain_text("per km²")
    expect(areas).to_be_hidden()
    page.get_by_label("Areas").check()
    expect(areas).to_be_visible()
    expect(page.locator(".leaflet-surface-pane img")).to_have_count(0)
