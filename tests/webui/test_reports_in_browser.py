"""The main job with a report: ask, wait, read, comment, approve, publish, download."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from io import BytesIO

import docx
import pypdfium2
import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from gridmap.handlers import HANDLERS
from gridmap.jobs.running import work

SignIn = Callable[[BrowserContext, str], None]


@pytest.fixture
def busy(app: Flask) -> Iterator[None]:
    """Somebody who does the jobs while the page waits."""
    end = threading.Event()
    thread = threading.Thread(target=work, args=(app.extensions["gridmap.engine"], HANDLERS, end))
    thread.start()
    yield
    end.set()
    thread.join()


@pytest.fixture
def opened(
    browser: Browser, server: str, browser_session: SignIn
) -> Iterator[Callable[[str], Page]]:
    """Open a page for somebody, in Chinese; scripts must say nothing ill."""
    contexts: list[BrowserContext] = []
    said: list[str] = []

    def open_(login: str) -> Page:
        context = browser.new_context(base_url=server, locale="zh-CN")
        contexts.append(context)
        browser_session(context, login)
        page = context.new_page()
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda told: said.append(told.text) if told.type == "error" else None)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert said == []


def test_a_phone_shows_in_the_menu_where_one_is(opened: Callable[[str], Page]) -> None:
    page = opened("admin")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/reports/template")
    here = page.locator(".menu [aria-current]").bounding_box()
    assert here is not None
    assert here["x"] >= 0
    assert here["x"] + here["width"] <= 390
    # The table of what a template can name scrolls, and not the page.
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_from_the_order_to_word_and_pdf(busy: None, opened: Callable[[str], Page]) -> None:
    planner, supervisor, cadre = opened("planner"), opened("supervisor"), opened("cadre")
    planner.goto("/reports")
    planner.click("text=生成报告 >> nth=0")
    # The period follows the kind as long as nobody typed another.
    half = planner.input_value("[name=first]"), planner.input_value("[name=last]")
    planner.check("[value=year]")
    year = planner.input_value("[name=first]"), planner.input_value("[name=last]")
    assert half != year
    assert (year[0][4:], year[1][4:]) == ("-01-01", "-12-31")
    expect(planner.locator(".of-cell")).to_be_hidden()
    planner.check("[value=cell_sheet]")
    expect(planner.locator(".of-cell")).to_be_visible()
    expect(planner.locator(".of-unit")).to_be_hidden()
    planner.check("[value=half_year]")
    planner.select_option("[name=unit]", label="—— 幸福社区")
    planner.click("text=开始生成")
    sheet = planner.locator(".report-sheet")
    expect(sheet).to_be_visible(timeout=240_000)
    title = sheet.locator("h1").inner_text()
    assert "幸福社区" in title
    address = planner.url
    # Read: the contents lead to the sections, and numbers to their records.
    planner.click(".report-contents a >> nth=0")
    assert "#section-" in planner.url
    number = sheet.locator("a.paper-number >> nth=0")
    number.click()
    expect(planner.locator("main, #map_1").first).to_be_visible()
    planner.goto(address)
    planner.click("#additions summary >> nth=0")
    planner.fill("#additions details[open] textarea", "部分路灯不亮。")
    planner.click("#additions details[open] button")
    expect(planner.locator("p.paper-remark")).to_have_text("部分路灯不亮。")
    supervisor.goto(address)
    supervisor.fill("#comments textarea", "哪条路？")
    supervisor.click("#comments button")
    expect(supervisor.locator("#comments blockquote")).to_contain_text("哪条路？")
    expect(supervisor.locator(".report-state").first).to_have_text("有意见")
    supervisor.click("button:text-is('批准')")
    expect(supervisor.locator(".report-state").first).to_have_text("已批准")
    expect(supervisor.locator("#additions")).to_have_count(0)
    cadre.goto("/reports")
    expect(cadre.locator("main")).not_to_contain_text("部分路灯")
    supervisor.click("button:text-is('发布')")
    expect(supervisor.locator(".report-state").first).to_have_text("已发布")
    cadre.goto("/reports")
    cadre.click("td a >> nth=0")
    expect(cadre.locator("p.paper-remark")).to_have_text("部分路灯不亮。")
    with supervisor.expect_download() as word:
        supervisor.click(".files:first-child a:text-is('Word')")
    assert word.value.suggested_filename == f"{title}.docx"
    said = [each.text for each in docx.Document(word.value.path()).paragraphs]
    assert "部分路灯不亮。" in said
    with supervisor.expect_download() as paper:
        supervisor.click(".files:first-child a:text-is('PDF')")
    assert paper.value.suggested_filename == f"{title}.pdf"
    document = pypdfium2.PdfDocument(BytesIO(paper.value.path().read_bytes()))
    text = "".join(page.get_textpage().get_text_range() for page in document)
    assert "部分路灯不亮" in text.replace("\n", "").replace("\r", "")
    document.close()
