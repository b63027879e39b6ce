"""A table pasted from a sheet, and a duty done with a thumb, in Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import text

SignIn = Callable[[BrowserContext, str], None]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
PASTE = """([selector, text]) => {
    const data = new DataTransfer();
    data.setData("text/plain", text);
    const event = new ClipboardEvent("paste", {clipboardData: data, bubbles: true,
                                               cancelable: true});
    document.querySelector(selector).dispatchEvent(event);
}"""


@pytest.fixture(autouse=True)
def tidy(app: Flask) -> Iterator[None]:
    """Leave the town as it was."""
    engine = app.extensions["gridmap.engine"]
    with engine.connect() as connection:
        newest = connection.execute(text("SELECT max(id) FROM activity")).scalar_one()
    yield
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM activity WHERE id > :id"), {"id": newest})
        connection.execute(text("DELETE FROM activity_plan WHERE note = 'thumb'"))


@pytest.fixture
def open_page(
    browser: Browser, server: str, browser_session: SignIn
) -> Iterator[Callable[..., Page]]:
    """Open a page as somebody; it must not complain."""
    contexts, complaints = [], []

    def make(login: str, **options: object) -> Page:
        context = browser.new_context(base_url=server, locale="zh-CN", **options)  # type: ignore[arg-type]
        contexts.append(context)
        browser_session(context, login)
        page = context.new_page()
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert [each for each in complaints if "400" not in each] == []


def test_rows_pasted_from_a_sheet_fill_the_table_which_grows(
    open_page: Callable[..., Page],
) -> None:
    page = open_page("supervisor")
    page.goto("/activities/table?kind=sweep")
    rows = "\n".join(
        f'2026-01-{n:02d}\t幸福社区\t\t\t{20 + n}\t\t\t\t"楼道ㅤ\n""杂物"""' for n in range(1, 16)
    )
    page.evaluate(PASTE, ['[name="1-day"]', rows])
    expect(page.locator("#entry-said")).to_have_text("已粘贴 15 行。")
    expect(page.locator("tbody tr")).to_have_count(15)
    expect(page.locator('[name="15-households"]')).to_have_value("35")
    expect(page.locator('[name="15-note"]')).to_have_value('楼道ㅤ "杂物"')
    page.fill('[name="3-households"]', "x")
    page.click(".main-act")
    fault = page.locator("#fault-3-households")
    expect(fault).to_be_visible()
    expect(page.locator('[name="15-day"]')).to_have_value("2026-01-15")
    page.fill('[name="3-households"]', "23")
    page.click("#entry .main-act")
    page.wait_for_url("**/activities?kind=sweep")
    expect(page.locator(".flash-done")).to_contain_text("已记录 15 条")


def test_a_cell_is_offered_once_its_community_is_chosen(open_page: Callable[..., Page]) -> None:
    page = open_page("supervisor")
    page.goto("/activities/new")
    expect(page.locator("#cell option")).to_have_count(1)
    option = page.locator("#unit option", has_text="幸福社区")
    page.select_option("#unit", option.get_attribute("value"))
    expect(page.locator("#cell option").nth(1)).to_be_attached()
    page.select_option("#cell", index=1)
    page.select_option("#place", index=1)
    expect(page.locator("#cell")).to_have_value("")


def test_a_duty_is_recorded_with_two_taps(app: Flask, open_page: Callable[..., Page]) -> None:
    engine = app.extensions["gridmap.engine"]
    # What is due sooner stands first, and this month no other test plans or records trainings.
    with engine.begin() as connection:
        connection.execute(
            text("""
                INSERT INTO activity_plan (kind, every, unit_id, target, starts, note)
                SELECT 'training', 'month', unit_id, 'community',
                       date_trunc('month', local_date(now())), 'thumb'
                FROM user_area a JOIN app_user u ON u.id = a.user_id WHERE login = 'cadre'
            """)
        )
    page = open_page("cadre", **PHONE)
    page.goto("/my")
    page.locator(".tasks a", has_text="培训").tap()
    page.wait_for_url("**/activities/new?*")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator(".bottom .main-act").tap()
    page.wait_for_url("**/my")
    expect(page.locator(".flash-done")).to_have_text("已记录。")
    expect(page.locator(".tasks a", has_text="培训")).to_have_count(0)
