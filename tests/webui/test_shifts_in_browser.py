"""A planner makes a pattern, sees a conflict, two swap, and one checks in on the phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.webui.crews import add_now, make_crew

SignIn = Callable[[BrowserContext, str], None]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 1366, "height": 768}}
AT = "/patrols/shifts"


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
        page.on("request", lambda r: None if r.url.startswith(server) else complaints.append(r.url))
        return page

    yield make
    for context in contexts:
        context.close()
    # A refusal comes as a page, which Chromium mentions.
    assert [each for each in complaints if "409" not in each] == []


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_from_a_pattern_to_the_check_in(app: Flask, open_page: Callable[..., Page]) -> None:
    crew = make_crew(app)
    planner = open_page("planner", **DESK)

    # A pattern of 24-hour duty in turns is looked at, then made.
    planner.goto(f"{AT}/patterns/new")
    planner.select_option("[name=team]", label=crew.name)
    planner.select_option("[name=preset]", "duty")
    planner.click(".preset-form button")
    planner.fill("#name", "24小时轮值")
    for number, cadre in enumerate(crew.ids.values(), start=1):
        planner.select_option(f"[name=group-{cadre}]", str(number))
    for name, day in (("first", "2042-03-01"), ("from", "2042-03-01"), ("until", "2042-03-31")):
        planner.fill(f"[name={name}]", day)
    planner.click("button[value=preview]")
    expect(planner.locator(".tallies")).to_contain_text("31")
    expect(planner.locator(".preview-table tbody tr")).to_have_count(31)
    planner.click("button[value=make]")
    expect(planner.locator(".calendar .chip")).to_have_count(31)
    assert fits(planner)

    # A shift at the same time as a duty of the pattern cannot be saved.
    planner.goto(f"{AT}/new?team={crew.team}&day=2042-03-01")
    planner.check(f"[name=member][value='{crew.ids['甲一']}']")
    planner.click(".form-acts .main-act")
    expect(planner.locator(".speaks")).to_contain_text("甲一")
    expect(planner.locator(".speaks .forbids")).to_have_count(1)
    expect(planner.locator(".speaks button")).to_have_count(0)

    # The second of the crew asks the third for a swap, who agrees on the phone.
    planner.goto(f"{AT}/list?first=2042-03-02&last=2042-03-02&team={crew.team}")
    address = planner.locator("tbody td a").first.get_attribute("href")
    assert address is not None
    asker = open_page(crew.logins["乙二"], **PHONE)
    asker.goto(address)
    value = asker.locator("#partner option", has_text="丙三: 03-03").get_attribute("value")
    asker.select_option("#partner", value)
    asker.fill("#reason", "家里有事")
    asker.tap("form[action$='/swap'] button")
    expect(asker.locator(".tag-asked")).to_be_visible()
    assert fits(asker)
    other = open_page(crew.logins["丙三"], **PHONE)
    other.goto(f"{AT}/mine")
    other.tap(".swap .main-act")
    expect(other.locator(".tag-agreed")).to_be_visible()

    # The planner approves, and the shifts are changed.
    planner.goto(f"{AT}/swaps?state=open")
    swap = planner.locator(".swap", has_text=crew.name)
    swap.locator(".main-act").click()
    expect(planner.locator(".swap", has_text=crew.name).locator(".tag-approved")).to_be_visible()
    planner.goto(address)
    expect(planner.locator(".attendance")).to_contain_text("丙三")
    expect(planner.locator(".attendance")).not_to_contain_text("乙二")

    # One whose shift has begun checks in on the phone, and the planner sees him there.
    shift = add_now(app, crew, "乙二")
    asker.goto("/my")
    asker.locator(f"a[href='{AT}/mine']").tap()
    asker.tap("#check-in")
    expect(asker.locator(".next-shift .state-present")).to_be_visible()
    expect(asker.locator("#check-out")).to_be_visible()
    assert fits(asker)
    planner.goto(f"{AT}/{shift}")
    expect(planner.locator(f"[name=state-{crew.ids['乙二']}]")).to_have_value("present")
