"""The finished Word and PDF files of the demo's two communities contain what their reports said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import BytesIO
from itertools import product

import docx
import lxml.html
import pypdfium2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from gridmap.handlers import HANDLERS
from gridmap.jobs.running import do_waiting
from gridmap.reports.documents.demo import ask_first_reports
from gridmap.reports.documents.models import Report
from gridmap.territory.models import Unit
from tests.webui.conftest import signed_in

#: By community, kind and language: each must stand in the text.
SAID: Mapping[tuple[str, str], Mapping[str, tuple[str, ...]]] = {
    ("幸福", "half_year"): {
        "zh": ("居民楼48栋", "企业12家", "2,530户、7,425人", "流动人口662人",
               "志愿服务队10支、130人",
               "开展排查27次", "接待来访3次，3批、14人", "共受理矛盾纠纷4件",
               "化解4件，化解率100%", "发出整改通知5份、已整改2份"),
        "en": ("48 residential buildings", "12 enterprises",
               "2,530 households with 7,425 residents", "662 temporary residents",
               "10 volunteer teams with 130 members",
               "27 sweeps:", "3 groups and 14 visitors",
               "4 disputes were received", "4 were settled, 100%",
               "5 notices to rectify and 2 corrected"),
    },
    ("幸福", "year"): {
        "zh": ("居民楼48栋", "2,530户、7,425人", "流动人口662人", "出宣传8期、发放传单1,000份",
               "解答咨询320人次、展出宣传板35块、悬挂横幅20条"),
        "en": ("48 residential buildings", "2,530 households with 7,425 residents",
               "662 temporary residents", "8 issues, 1,000 leaflets",
               "320 questions answered, 35 boards and 20 banners"),
    },
    ("临江", "half_year"): {
        "zh": ("居民楼67栋", "4,200人", "流动人口1,125人", "出租房220套"),
        "en": ("67 residential buildings", "4,200 residents", "1,125 temporary residents",
               "220 rented homes"),
    },
    ("临江", "year"): {
        "zh": ("居民楼67栋", "4,200人", "流动人口1,125人", "出租房220套",
               "刑事案件16起，比上年减少", "治安案件32起，比上年减少",
               "电动自行车盗窃6起，占30%", "入室盗窃5起，占25%",
               "共受理矛盾纠纷36件", "化解36件"),
        "en": ("67 residential buildings", "4,200 residents", "1,125 temporary residents",
               "220 rented homes", "Criminal case: 16, 3 fewer than in 2024",
               "Public order case: 32, 6 fewer than in 2024", "E-bike theft 6 (30%)",
               "Burglary 5 (25%)", "36 disputes were received", "36 were settled"),
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def reports(app: Flask) -> dict[tuple[str, str], int]:
    """The first reports of the demo, made as its start asks for them."""
    engine = app.extensions["gridmap.engine"]
    with engine.begin() as connection:
        # Other modules may have made some; the demo asks only where there are none.
        connection.execute(text("DELETE FROM report"))
        connection.execute(text("UPDATE job SET state = 'cancelled' WHERE state = 'waiting'"))
    assert ask_first_reports(engine) == 4
    assert ask_first_reports(engine) == 0
    do_waiting(engine, HANDLERS)
    with Session(engine) as session:
        rows = session.execute(
            select(Report.id, Report.kind, Unit.name).join(Unit, Unit.id == Report.unit_id)
        )
        return {(row.name[:2], row.kind): row.id for row in rows}


@pytest.fixture
def reader(app: Flask) -> FlaskClient:
    return signed_in(app, "admin")


def word_text(content: bytes) -> str:
    document = docx.Document(BytesIO(content))
    parts = [paragraph.text for paragraph in document.paragraphs]
    for table in document.tables:
        parts += [cell.text for row in table.rows for cell in row.cells]
    return "\n".join(parts)


def paper_text(content: bytes) -> str:
    document = pypdfium2.PdfDocument(BytesIO(content))
    parts = [page.get_textpage().get_text_range() for page in document]
    document.close()
    return "\n".join(parts)


def test_the_page_shows_the_whole_statements_that_are_kept(
    app: Flask, reports: dict[tuple[str, str], int], reader: FlaskClient
) -> None:
    report = reports["幸福", "half_year"]
    with Session(app.extensions["gridmap.engine"]) as session:
        documents = session.scalars(select(Report.documents).where(Report.id == report)).one()
    page = lxml.html.fromstring(reader.get(f"/reports/{report}?lang=zh").text)
    shown = [each.text_content() for each in page.xpath("//section//details/pre")]
    sources = documents["zh"]["sources"]
    assert len(shown) == len(sources) > 10
    for source, told in zip(sources, shown, strict=True):
        assert told.startswith(source["statement"])
        assert all(f"\n{name} = " in told for name in source["values"])


@pytest.mark.parametrize(("which", "language"), list(product(SAID, ("zh", "en"))))
@pytest.mark.parametrize("form", ["docx", "pdf"])
def test_the_finished_files_contain_the_figures_of_the_founding_reports(
    reports: dict[tuple[str, str], int], reader: FlaskClient, which: tuple[str, str],
    language: str, form: str,
) -> None:  # fmt: skip
    content = reader.get(f"/reports/{reports[which]}/{language}.{form}").data
    read = word_text(content) if form == "docx" else paper_text(content)
    # Lines break within words of Chinese, and before units.
    joined = re.sub(r"\s+", "" if language == "zh" else " ", read)
    for figure in SAID[which][language]:
        assert figure in joined, figure
    # Every figure of a lost glyph would be one of these.
    assert not re.search("[\ufffd\u25a1\ufffe\uffff]", read)
