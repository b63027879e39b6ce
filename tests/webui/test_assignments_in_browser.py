"""The supervisor's main job in Chromium: five cells are given to a cadre, and given back."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

# Root may not run Chromium's sandbox, and these tests open no page but ours.


SignIn = Callable[[BrowserContext, str], None]


def opened(
    browser: Browser, server: str, sign_in: SignIn, complaints: list[str], **options: object
) -> Page:
    context = browser.new_context(base_url=server, **options)  # type: ignore[arg-type]
    sign_in(context, "supervisor")
    page = context.new_page()
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/assignments?lang=en")
    ready(page)
    return page


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What the browser complained of; a test clears what it provoked."""
    found: list[str] = []
    yield found
    assert found == []


@pytest.fixture
def page(
    browser: Browser, server: str, browser_session: SignIn, complaints: list[str]
) -> Iterator[Page]:
    size = {"width": 1366, "height": 768}
    page = opened(browser, server, browser_session, complaints, viewport=size)
    yield page
    page.context.close()


def ready(page: Page) -> None:
    page.wait_for_selector("html[data-map-ready]", state="attached")


def cells(page: Page) -> list[list[float]]:
    """Id, code, cadre, version and a point of all cells, as the page's endpoint tells them."""
    answer = page.request.get("/assignments/cells?box=-180,-90,180,90")
    return answer.json()["cells"]  # type: ignore[no-any-return]


def spot(page: Page, cell: list[float]) -> tuple[float, float]:
    """Where a cell lies on the screen."""
    x, y = page.evaluate(
        """([lat, lon]) => {
            const p = window.map_1.latLngToContainerPoint([lat, lon]);
            const box = window.map_1.getContainer().getBoundingClientRect();
            return [p.x + box.left, p.y + box.top];
        }""",
        [cell[5], cell[4]],
    )
    return x, y


def colour(page: Page, at: tuple[float, float]) -> list[int]:
    """The most frequent colour around a spot of the canvas, where a label may stand."""
    return page.evaluate(
        """([x, y]) => {
            const canvas = document.querySelector('.map-canvas');
            const box = canvas.getBoundingClientRect();
            const ratio = canvas.width / box.width;
            const { data } = canvas.getContext('2d').getImageData(
                (x - box.left) * ratio - 20, (y - box.top) * ratio - 20, 40, 40);
            const counts = new Map();
            for (let i = 0; i < data.length; i += 4) {
                const key = [data[i], data[i + 1], data[i + 2]].join();
                counts.set(key, (counts.get(key) || 0) + 1);
            }
            return [...counts].sort((a, b) => b[1] - a[1])[0][0].split(',').map(Number);
        }""",
        list(at),
    )  # type: ignore[no-any-return]


def choose_cadre(page: Page, words: str) -> None:
    page.fill("#cadre", words)
    page.wait_for_selector("#cadres [data-id]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#load")).to_contain_text("cells")


#: How many colours the page has for cadres, who take them in turn by their number.
COLOURS = 10


def free_cadre(page: Page, near: list[list[float]]) -> list[object]:
    """A cadre of another colour than any who holds the cells, with id and name."""
    rows = page.request.get("/assignments/cadres").json()["cadres"]
    taken = {cell[2] % COLOURS for cell in near if cell[2] is not None}
    names = [row[1] for row in rows]
    return next(row for row in rows if row[0] % COLOURS not in taken and names.count(row[1]) == 1)


def test_five_cells_are_given_to_a_cadre_and_given_back(page: Page) -> None:
    five = sorted(cells(page), key=lambda cell: cell[1])[:5]
    spots = [spot(page, cell) for cell in five]
    before = [colour(page, at) for at in spots]
    for at in spots:
        page.mouse.click(*at)
    expect(page.locator("#chosen-count")).to_have_attribute("data-count", "5")
    assert page.locator("#chosen li a").all_inner_texts() == [cell[1] for cell in five]
    assert page.locator("#assign-now").is_disabled()
    cadre = free_cadre(page, five)
    choose_cadre(page, str(cadre[1]))
    page.click("#assign-now")
    expect(page.locator("#confirm-words")).to_contain_text(str(cadre[1]))
    page.click("#confirm button[value=yes]")
    expect(page.locator("#toast")).to_contain_text(f"5 cells given to {cadre[1]}")
    assert {cell[2] for cell in cells(page) if cell[0] in {c[0] for c in five}} == {cadre[0]}
    ready(page)
    page.wait_for_timeout(300)
    after = [colour(page, at) for at in spots]
    assert all(now != then for now, then in zip(after, before, strict=True))
    page.click(".toast-undo")
    expect(page.locator("#toast")).to_contain_text("5 cells are as before")
    now = {cell[0]: cell[2] for cell in cells(page)}
    assert [now[cell[0]] for cell in five] == [cell[2] for cell in five]
    page.wait_for_timeout(300)
    assert [colour(page, at) for at in spots] == before


def test_a_box_chooses_cells_by_mouse_and_by_button(page: Page) -> None:
    box = page.locator(".folium-map").bounding_box()
    assert box is not None
    start = (box["x"] + 4, box["y"] + 4)
    end = (box["x"] + box["width"] - 60, box["y"] + box["height"] - 4)
    page.keyboard.down("Shift")
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    count = page.locator("#chosen-count").get_attribute("data-count")
    assert int(count or 0) == len(cells(page))
    page.click("#clear")
    expect(page.locator("#chosen-count")).to_have_attribute("data-count", "0")
    page.click("#box")
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=4)
    page.mouse.up()
    expect(page.locator("#chosen-count")).to_have_attribute("data-count", count or "")
    expect(page.locator("#box")).to_have_attribute("aria-pressed", "false")


def test_who_comes_second_sees_what_the_first_did(page: Page, complaints: list[str]) -> None:
    [cell] = sorted(cells(page), key=lambda cell: cell[1])[:1]
    page.mouse.click(*spot(page, cell))
    token = page.locator('meta[name="csrf-token"]').get_attribute("content")
    cadre = free_cadre(page, [cell])
    # The same person in another window stands for a colleague.
    sent = {"cells": {str(cell[0]): cell[3]}, "cadre": cadre[0], "role": "responsible"}
    other = page.request.post(
        "/assignments/assign",
        data={**sent, "from": page.locator("#from").input_value()},
        headers={"X-CSRFToken": token or ""},
    )
    assert other.ok, other.text()
    rows = page.request.get("/assignments/cadres").json()["cadres"]
    third = next(row for row in rows if row[0] not in (cadre[0], cell[2]))
    choose_cadre(page, third[1])
    page.click("#assign-now")
    page.click("#confirm button[value=yes]")
    expect(page.locator("#fault")).to_contain_text(str(cell[1]))
    assert next(c for c in cells(page) if c[0] == cell[0])[2] == cadre[0]
    # What is chosen stays chosen, and shows who holds it now.
    expect(page.locator("#chosen li")).to_contain_text(str(cadre[1]))
    # The browser itself reports the refused request.
    assert [text for text in complaints if "409" not in text] == []
    complaints.clear()
    page.click("#undo-last")
    expect(page.locator("#toast")).to_contain_text("as before")


def test_workload_colours_the_cells_and_stays_in_the_address(page: Page) -> None:
    page.click('input[name="colour"][value="band"]')
    expect(page.locator("#legend li").first).to_contain_text("above the band")
    assert "colour=band" in page.url
    page.goto(page.url)
    ready(page)
    assert page.locator('input[name="colour"][value="band"]').is_checked()


def test_the_list_gives_cells_as_the_map_does(page: Page) -> None:
    page.goto("/assignments/list?lang=en")
    first = sorted(cells(page), key=lambda cell: cell[1])[:2]
    for cell in first:
        page.check(f'input[name="cell"][value="{cell[0]}"]')
    cadre = free_cadre(page, first)
    choose_cadre(page, str(cadre[1]))
    page.click("#assign-now")
    expect(page.locator("#toast")).to_contain_text(f"2 cells given to {cadre[1]}")
    expect(page.locator("tbody tr").first).to_contain_text(str(cadre[1]))
    page.click(".toast-undo")
    expect(page.locator("#toast")).to_contain_text("2 cells are as before")
    assert [c[2] for c in sorted(cells(page), key=lambda c: c[1])[:2]] == [c[2] for c in first]


def test_a_phone_chooses_with_a_finger(
    browser: Browser, server: str, browser_session: SignIn, complaints: list[str]
) -> None:
    size = {"width": 390, "height": 844}
    page = opened(
        browser, server, browser_session, complaints, viewport=size, has_touch=True, is_mobile=True
    )
    visible = page.locator(".folium-map").bounding_box()
    assert visible is not None
    middle = (visible["x"] + visible["width"] / 2, visible["y"] + visible["height"] / 2)
    cell = min(
        cells(page),
        key=lambda c: abs(spot(page, c)[0] - middle[0]) + abs(spot(page, c)[1] - middle[1]),
    )
    page.touchscreen.tap(*spot(page, cell))
    expect(page.locator("#chosen-count")).to_have_attribute("data-count", "1")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for button in ("#box", "#assign-now", "#cadre"):
        box = page.locator(button).bounding_box()
        assert box is not None
        assert box["height"] >= 48
    page.context.close()
