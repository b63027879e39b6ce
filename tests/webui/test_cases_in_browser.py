"""A case from a cadre's phone to its closing, with a return and an extension, in Chromium."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import text
from sqlalchemy.orm import Session

SignIn = Callable[[BrowserContext, str], None]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 1366, "height": 768}}


@pytest.fixture(autouse=True)
def photos(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "gridmap.photos", tmp_path / "photos")


@pytest.fixture
def spot(app: Flask) -> dict[str, float]:
    """A place in a cell for which the demo's cadre answers."""
    with Session(app.extensions["gridmap.engine"]) as session:
        row = session.execute(
            text("""
                SELECT ST_Y(p) AS latitude, ST_X(p) AS longitude FROM cell c
                JOIN assignment a ON a.cell_id = c.id AND a.role = 'responsible'
                    AND a.period @> local_date(now())
                JOIN cadre d ON d.id = a.cadre_id JOIN app_user u ON u.id = d.user_id
                CROSS JOIN LATERAL ST_PointOnSurface(c.geom) p
                WHERE u.login = 'cadre' AND c.valid_to IS NULL ORDER BY c.id LIMIT 1
            """)
        ).one()
    return dict(row._mapping)


@pytest.fixture
def open_page(
    browser: Browser, server: str, browser_session: SignIn
) -> Iterator[Callable[..., Page]]:
    """Open a page as somebody; it must neither complain nor ask another server."""
    contexts, complaints = [], []

    def make(login: str, **options: object) -> Page:
        context = browser.new_context(base_url=server, **options)  # type: ignore[arg-type]
        contexts.append(context)
        browser_session(context, login)
        page = context.new_page()
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda r: None if r.url.startswith((server, "blob:", "data:")) else
            complaints.append(r.url),
        )  # fmt: skip
        return page

    yield make
    for context in contexts:
        context.close()
    # A refusal comes as a page, which Chromium mentions.
    assert [each for each in complaints if "409" not in each] == []


def act(page: Page, name: str, note: str = "") -> None:
    """Open an act if it is folded, fill in its note and send it."""
    form = page.locator(f'form:has(input[name="act"][value="{name}"])')
    if not form.is_visible():
        page.locator(f'details.act:has(input[name="act"][value="{name}"]) summary').click()
    if note:
        form.locator("textarea").fill(note)
    form.locator("button").click()
    page.wait_for_selector(".flash-done")


def test_a_case_from_the_phone_to_its_closing(
    open_page: Callable[..., Page], spot: dict[str, float], tmp_path: Path
) -> None:
    phone = open_page("cadre", geolocation=spot, permissions=["geolocation"], **PHONE)
    desk = open_page("supervisor", **DESK)
    photo = tmp_path / "large.jpg"
    Image.effect_noise((3000, 2000), 60).convert("RGB").save(photo, quality=95)

    # The cadre reports where he stands, with a photo.
    phone.goto("/my")
    phone.get_by_role("link", name=re.compile("上报|Report")).last.tap()
    phone.wait_for_selector("#pick-map[data-ready]")
    phone.tap("#locate")
    phone.wait_for_selector("form[data-place]")
    phone.select_option("#category", "D1")
    phone.fill("#description", "垃圾桶满溢,无人清运")
    phone.set_input_files("#photos", str(photo))
    expect(phone.locator("#photos-said")).to_contain_text("KB")
    sent = phone.evaluate("document.getElementById('photos').files[0].size")
    assert sent < photo.stat().st_size / 2
    phone.tap("#save")
    phone.wait_for_selector("#case")
    address = phone.url
    assert phone.locator(".timeline img").count() == 1

    # The centre files and dispatches it; it comes to the cadre who answers for the cell.
    desk.goto(address)
    act(desk, "file")
    act(desk, "dispatch")
    number = address.rsplit("/", 1)[1]
    phone.goto("/my")
    phone.locator(f'a[href="/cases/{number}"]').tap()

    # More time is asked for and granted, the work done, sent back, and done again.
    act(phone, "request_extension", "等清运车")
    desk.goto(address)
    expect(desk.locator(".case-main .flash-soon")).to_contain_text("等清运车")
    act(desk, "grant_extension")
    phone.reload()
    act(phone, "finish", "已清运")
    desk.reload()
    act(desk, "return", "照片看不清")
    phone.reload()
    expect(phone.locator(".timeline")).to_contain_text("照片看不清")
    act(phone, "finish", "重新拍照")
    act(phone, "feed_back", "已告知居民")
    desk.reload()
    act(desk, "verify")
    act(desk, "close")
    expect(desk.locator(".case-head .step-closed")).to_be_visible()
    expect(desk.locator(".case-head .due-done")).to_be_visible()
    assert desk.locator(".timeline li").count() == 11
    phone.goto("/my")
    assert phone.locator(f'a[href="/cases/{number}"]').count() == 0


def test_two_at_once_are_told(open_page: Callable[..., Page], spot: dict[str, float]) -> None:
    first, second = open_page("supervisor", **DESK), open_page("admin", **DESK)
    first.goto(f"/cases/new?lon={spot['longitude']}&lat={spot['latitude']}")
    first.select_option("#category", "B1")
    first.fill("#description", "装修噪音争执")
    first.click("#save")
    first.wait_for_selector("#case")
    second.goto(first.url)
    act(first, "file")
    folded = second.locator('details.act:has(input[value="withdraw"]) summary')
    folded.click()
    second.locator('form:has(input[value="withdraw"]) textarea').fill("重复")
    second.locator('form:has(input[value="withdraw"]) button').click()
    expect(second.locator('[role="alert"]')).to_contain_text("综治中心主任")


def test_similar_ones_are_shown_before_saving(
    open_page: Callable[..., Page], spot: dict[str, float]
) -> None:
    page = open_page("supervisor", **DESK)
    place = f"/cases/new?lon={spot['longitude']}&lat={spot['latitude']}"
    page.goto(place)
    page.select_option("#category", "D4")
    page.fill("#description", "<img src=x onerror=alert(1)> 路灯坏了")
    page.click("#save")
    page.wait_for_selector("#case")
    page.goto(place)
    page.select_option("#category", "D4")
    expect(page.locator("#similar")).to_contain_text("onerror")
    assert page.locator("#similar img").count() == 0


def test_an_address_is_found_and_taken(open_page: Callable[..., Page]) -> None:
    page = open_page("supervisor", **DESK)
    page.goto("/cases/new")
    page.wait_for_selector("#pick-map[data-ready]")
    page.fill("#find", "路")
    page.locator("#hits button").first.click()
    assert re.match(r"(building|place):\d+", page.input_value("#hit"))
    assert page.input_value("#lon")
    # A moved map is another place.
    page.locator("#pick-map").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#hit")).to_have_value("")


def test_the_map_shows_overdue_ones_and_leads_to_them(open_page: Callable[..., Page]) -> None:
    page = open_page("admin", **DESK)
    page.goto("/cases/map")
    page.wait_for_selector("html[data-points]", state="attached")
    assert int(page.locator("html").get_attribute("data-points") or 0) > 0
    assert page.locator(".sign-overdue").count() > 0


@pytest.mark.parametrize("path", ["/my", "/cases", "/cases/new", "/cases/board"])
def test_a_phone_has_one_column_and_large_targets(
    open_page: Callable[..., Page], path: str
) -> None:
    page = open_page("cadre", **PHONE)
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    small = page.evaluate(
        """[...document.querySelectorAll(
            "main .btn, main button, main summary, main .form-select, main .tabs a, main .ways a")]
           .filter((each) => each.offsetParent && each.getBoundingClientRect().height < 48
                   && !each.closest(".leaflet-control"))
           .map((each) => each.outerHTML.slice(0, 80))"""
    )
    assert small == []
