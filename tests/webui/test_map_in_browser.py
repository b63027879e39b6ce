"""The map as people use it, in Chromium."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

SignIn = Callable[[BrowserContext], None]


@pytest.fixture
def page(browser: Browser, server: str, browser_session: SignIn) -> Iterator[Page]:
    """A page that must neither complain nor ask another server."""
    yield from watched(browser, server, browser_session, viewport={"width": 1366, "height": 768})


@pytest.fixture
def phone(browser: Browser, server: str, browser_session: SignIn) -> Iterator[Page]:
    yield from watched(
        browser,
        server,
        browser_session,
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
    )


def watched(browser: Browser, server: str, sign_in: SignIn, **options: object) -> Iterator[Page]:
    context = browser.new_context(base_url=server, **options)  # type: ignore[arg-type]
    sign_in(context)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda r: None if r.url.startswith((server, "data:")) else complaints.append(r.url),
    )
    yield page
    context.close()
    assert complaints == []


def opened(page: Page, address: str = "/map") -> Page:
    page.goto(address)
    page.wait_for_selector("html[data-map-ready]", state="attached")
    page.wait_for_selector("#count[data-count]", state="attached")
    return page


def query(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def colours(page: Page) -> int:
    """How many colours the canvas shows: a blank one has a single one."""
    return page.evaluate(
        """() => {
            const canvas = document.querySelector('.map-canvas');
            const { width, height } = canvas;
            const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
            const seen = new Set();
            for (let i = 0; i < data.length; i += 64) {
                seen.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
            }
            return seen.size;
        }"""
    )  # type: ignore[no-any-return]


def test_the_map_opens(page: Page) -> None:
    opened(page)
    assert colours(page) > 20
    assert page.locator("#layers label[data-layer]").count() == 9
    assert page.locator(".leaflet-control-scale-line").inner_text().endswith("m")
    assert page.locator("#count").inner_text() in page.locator("#summary").inner_text()


def test_search_flies_to_a_cell_and_shows_it(page: Page) -> None:
    opened(page)
    before = query(page)
    page.fill("#q", "001")
    page.wait_for_selector('#found [data-layer="cell"]')
    page.click('#found [data-layer="cell"]')
    page.wait_for_selector("#details table")
    after = query(page)
    assert after["sel"].startswith("cell:")
    assert float(after["z"]) > float(before["z"])
    assert page.locator("#details h2").inner_text().endswith("001")
    # The address alone brings back the same.
    opened(page, page.url)
    page.wait_for_selector("#details table")
    assert query(page) == after


def test_a_click_tells_what_is_there(page: Page) -> None:
    opened(page)
    page.mouse.click(288 + (1366 - 288) / 2, 52 + 340)
    page.wait_for_selector("#details table")
    assert page.locator("#details h2").inner_text()
    page.keyboard.press("Escape")
    assert page.locator("#details").is_hidden()
    assert "sel" not in query(page)


def test_a_period_and_a_category_change_the_number(page: Page) -> None:
    opened(page)
    count = page.locator("#count")
    everything = count.get_attribute("data-count") or ""
    page.click('[data-days="365"]')
    expect(count).not_to_have_attribute("data-count", everything)
    year = count.get_attribute("data-count") or ""
    assert int(year) < int(everything)
    assert query(page)["from"] < query(page)["to"]
    page.select_option("#category", "A")
    expect(count).not_to_have_attribute("data-count", year)
    assert int(count.get_attribute("data-count") or 0) < int(year)
    assert query(page)["category"] == "A"
    page.fill("#from", "2026-06-01")
    page.fill("#to", "2026-01-01")
    assert page.locator("#filter-error").is_visible()


def test_layers_are_switched_and_stay_so(page: Page) -> None:
    opened(page)
    before = colours(page)
    for key in ("incident", "unit", "cell", "place", "road", "building"):
        page.click(f'#layers label[data-layer="{key}"] input')
    page.wait_for_timeout(200)
    assert query(page)["layers"] == "ground"
    assert colours(page) < before
    opened(page, page.url)
    assert page.locator("#layers input:checked").count() == 1


def test_the_language_is_switched_where_one_is(page: Page) -> None:
    opened(page, "/map?from=2026-01-01")
    page.click("#language")
    page.wait_for_selector('html[lang="en"]')
    page.wait_for_selector("html[data-map-ready]", state="attached")
    assert page.locator("h2").first.inner_text() == "Incidents"
    assert query(page)["from"] == "2026-01-01"


def test_names_from_data_are_only_text(page: Page, town_url: str) -> None:
    import psycopg

    nasty = "<img src=x onerror=document.title=1>{{7*7}}${1}`"
    with psycopg.connect(town_url) as connection:
        connection.execute("UPDATE place SET name = %s WHERE id = 1", [nasty])
    opened(page)
    page.fill("#q", "onerror")
    page.wait_for_selector('#found [data-layer="place"]')
    page.click('#found [data-layer="place"]')
    page.wait_for_selector("#details table")
    assert page.locator("#details h2").inner_text() == nasty
    assert page.locator("#details img, #found img").count() == 0


def test_a_phone_has_one_column_and_large_targets(phone: Page) -> None:
    opened(phone)
    assert phone.locator("#panel").is_hidden()
    phone.tap("#panel-open")
    phone.tap('#layers label[data-layer="cell"]')
    for target in ("#panel-close", "#category", '#layers label[data-layer="cell"] span'):
        box = phone.locator(target).first.bounding_box()
        assert box
        assert box["height"] >= 48
    phone.tap("#panel-close")
    assert phone.locator("#panel").is_hidden()
    assert phone.evaluate("document.documentElement.scrollWidth") == 390


def test_a_circle_tells_what_it_counts(page: Page) -> None:
    opened(page)
    box = page.locator("#map_1").bounding_box()
    assert box
    heading = page.locator("#details h2")
    # Circles stand in a grid; one of them is met within some steps.
    for step in range(40):
        page.mouse.click(box["x"] + box["width"] / 2 + 7 * (step % 8), 400 + 7 * (step // 8))
        page.wait_for_selector("#details table")
        page.wait_for_timeout(150)
        if page.locator("#details button.act").count():
            break
    counted = [int(n.replace(",", "")) for n in page.locator("#details td").all_inner_texts()]
    assert int(re.sub(r"\D", "", heading.inner_text())) == sum(counted) > 0
    assert counted == sorted(counted, reverse=True)
    assert "sel" not in query(page)
    before = float(query(page)["z"])
    page.click("#details .act")
    # Wheeling in takes as long as the machine is busy.
    zoom = "new URLSearchParams(location.search).get('z')"
    page.wait_for_function(f"before => Number({zoom}) > before", arg=before)
    expect(page.locator("#details")).to_be_hidden()


def test_without_incidents_it_offers_all_of_them(page: Page) -> None:
    opened(page, "/map?from=2020-01-01&to=2020-01-02&category=A11")
    assert page.locator("#count").inner_text() == "0"
    page.click("#none-reset")
    expect(page.locator("#none")).to_be_hidden()
    assert not query(page).keys() & {"from", "to", "category"}


def test_the_cells_of_an_earlier_day_are_kept_in_the_address(page: Page) -> None:
    opened(page)
    with page.expect_response(lambda answer: "as_of=2024-02-01" in answer.url) as answer:
        page.fill("#as-of", "2024-02-01")
    assert answer.value.ok
    expect(page.locator("html[data-map-ready]")).to_be_attached()
    assert query(page)["as_of"] == "2024-02-01"
    opened(page, page.url)
    assert page.locator("#as-of").input_value() == "2024-02-01"


def test_keys_reach_search_layers_and_zoom(page: Page) -> None:
    opened(page)
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("(document.activeElement.id || document.activeElement.className)")
        )
    for wanted in ("q", "from", "category", "as-of", "map_1", "leaflet-control-zoom-in"):
        assert any(wanted in each for each in reached), reached
    page.fill("#q", "001")
    page.wait_for_selector("#found [role=option]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector("#details table")
    page.keyboard.press("Escape")
    assert page.locator("#details").is_hidden()


def test_it_prints_on_one_page_with_legend_and_north(page: Page) -> None:
    opened(page)
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    assert re.findall(rb"/Count (\d+)", printed) == [b"1"]
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".north").is_visible()
    assert page.locator("#layers").is_visible()
    assert page.locator(".presets").is_hidden()
    assert page.evaluate("document.querySelector('.page').getBoundingClientRect().height") <= 718
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator(".north").is_hidden()
