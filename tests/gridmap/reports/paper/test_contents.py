"""The table of contents: on paper with the numbers of pages, in Word as a field it can update."""

from __future__ import annotations

import io

import docx
import lxml.html
import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from docx.oxml.ns import qn

from gridmap.errors import GridmapError
from gridmap.reports.documents.compose.making import LONG
from gridmap.reports.paper.html import contents_list, to_html
from gridmap.reports.paper.laying import contents_of, lay_out
from gridmap.reports.paper.pdf import to_pdf
from gridmap.reports.paper.word import check_template, to_word
from gridmap.reports.paper.word_template import default_template
from gridmap.reports.structure import Document, Heading, Paragraph
from tests.gridmap.reports.paper.conftest import NASTY, make
from tests.gridmap.reports.paper.reading import (
    faults_of_pdf,
    pages_of_pdf,
    squeezed,
    words_of_pdf,
    words_of_word,
)
from tests.gridmap.reports.paper.test_papers import template

Pictures = dict[str, bytes]
LISTED = {
    "zh": ["一、案件办理", "（一）结案情况", "（二）其他", "二、辖区",
           "没有数据的部分", "数据来源"],
    "en": ["1 Cases", "1.1 Closing", "1.2 Other", "2 Territory", "Sections without data",
           "Sources of the figures"],
}  # fmt: skip


@pytest.fixture
def long(document: Document) -> Document:
    return document.model_copy(update={"contents": True})


def test_headings_of_two_levels_are_listed(document: Document) -> None:
    entries = contents_of(lay_out(document))
    assert [entry.title for entry in entries] == LISTED[document.language]
    assert [entry.level for entry in entries] == [1, 2, 2, 1, 1, 1]
    assert len({entry.anchor for entry in entries}) == 6


def test_only_long_kinds_have_one() -> None:
    assert {"half_year", "year"} == LONG
    assert not make("zh").contents


def test_links_of_a_page_lead_to_headings(document: Document) -> None:
    laid = lay_out(document)
    links = lxml.html.fragment_fromstring(str(contents_list(laid)))
    page = to_html(document, picture=str, link=lambda _: None, facts={})
    tree = lxml.html.fragment_fromstring(str(page), create_parent="div")
    for link in links.iter("a"):
        [heading] = tree.xpath(f".//*[@id='{link.get('href')[1:]}']")
        assert heading.tag in ("h2", "h3")
        assert heading.text_content() == link.text_content()


def test_nothing_typed_in_a_heading_is_markup() -> None:
    document = make("zh", blocks=(Heading(level=1, text=NASTY),), sources=(), missing=())
    links = lxml.html.fragment_fromstring(str(contents_list(lay_out(document))))
    assert not links.xpath(".//img")
    assert "<img src=x" in links.text_content()


def test_paper_tells_the_pages_that_headings_are_on(long: Document, pictures: Pictures) -> None:
    filler = tuple(Paragraph(parts=("长" * 400,)) for _ in range(9))
    blocks = (*long.blocks[:2], *filler, *long.blocks[2:])
    long = long.model_copy(update={"blocks": blocks})
    content = to_pdf(long, pictures)
    pages = pages_of_pdf(content)
    said = pages[0]
    for title in LISTED[long.language]:
        on = next(n for n, page in enumerate(pages[1:], start=2) if squeezed(title) in page)
        # Between the title and the number of its page stand dots.
        after = said.split(squeezed(title), 1)[1].lstrip(".")
        assert after.startswith(str(on)), title
    assert faults_of_pdf(content) == []
    pdf = pypdfium2.PdfDocument(content)
    marks = [(mark.level, mark.get_title()) for mark in pdf.get_toc() if mark.level < 2]
    page = pdf[0]
    links = 0
    for at in range(pdfium.FPDFPage_GetAnnotCount(page.raw)):
        mark = pdfium.FPDFPage_GetAnnot(page.raw, at)
        links += pdfium.FPDFAnnot_GetSubtype(mark) == pdfium.FPDF_ANNOT_LINK
        pdfium.FPDFPage_CloseAnnot(mark)
    page.close()
    pdf.close()
    assert [title for _, title in marks] == LISTED[long.language]
    assert [level for level, _ in marks] == [0, 1, 1, 0, 0, 0]
    assert links >= 6


def test_short_documents_have_none(document: Document, pictures: Pictures) -> None:
    title = {"zh": "目录", "en": "Contents"}[document.language]
    assert title not in words_of_pdf(to_pdf(document, pictures))
    word = docx.Document(io.BytesIO(to_word(document, pictures)))
    assert not list(word.element.body.iter(qn("w:sdt")))
    assert not list(word.element.body.iter(qn("w:bookmarkStart")))
    # The mark leaves no empty line behind.
    assert word.paragraphs[3].style.name == "Heading 1"


def test_words_field_is_filled_and_points_to_the_headings(
    long: Document, pictures: Pictures
) -> None:
    word = docx.Document(io.BytesIO(to_word(long, pictures)))
    [field] = word.element.body.iter(qn("w:sdt"))
    title, *lines, last = field.iter(qn("w:p"))
    text = ["".join(t.text for t in line.iter(qn("w:t"))) for line in (title, *lines)]
    assert text == [{"zh": "目录", "en": "Contents"}[long.language], *LISTED[long.language]]
    asked = [each.text.strip() for each in field.iter(qn("w:instrText"))]
    assert asked[0] == r'TOC \o "1-2" \h \z'
    marks = {each.get(qn("w:name")): each for each in word.element.iter(qn("w:bookmarkStart"))}
    links = [each.get(qn("w:anchor")) for each in field.iter(qn("w:hyperlink"))]
    assert asked[1:] == [rf"PAGEREF {name} \h" for name in links]
    for name, said in zip(links, text[1:], strict=True):
        heading = marks[name].getparent()
        assert "".join(t.text for t in heading.iter(qn("w:t"))) == said
    # Each field that begins ends, the outer one in the last line.
    kinds = [each.get(qn("w:fldCharType")) for each in field.iter(qn("w:fldChar"))]
    assert kinds == ["begin", "separate", *["begin", "separate", "end"] * 6, "end"]
    assert last.find(f".//{qn('w:fldChar')}").get(qn("w:fldCharType")) == "end"
    # Nobody is asked whether to update fields when the file is opened.
    assert word.settings.element.find(qn("w:updateFields")) is None
    assert all(each.get(qn("w:dirty")) is None for each in field.iter(qn("w:fldChar")))


def test_a_template_places_it_or_does_without(long: Document, pictures: Pictures) -> None:
    old = template("{{ title }}", "{{ content }}")
    check_template(old)
    word = docx.Document(io.BytesIO(to_word(long, pictures, old)))
    assert not list(word.element.body.iter(qn("w:sdt")))
    assert word.paragraphs[1].text == LISTED[long.language][0]
    own = template("{{ title }}", "前言", "{{ toc }}", "正文", "{{ content }}")
    check_template(own)
    word = docx.Document(io.BytesIO(to_word(long, pictures, own)))
    body = [each.tag for each in word.element.body]
    assert body.index(qn("w:sdt")) == 2
    assert {"toc 1", "toc 2", "TOC Heading"} <= {style.name for style in word.styles}


@pytest.mark.parametrize(
    "amiss",
    [
        template("{{ toc }}", "{{ toc }}", "{{ content }}"),
        template("see {{ toc }}", "{{ content }}"),
    ],
)
def test_a_template_names_it_once_in_its_own_paragraph(amiss: bytes) -> None:
    with pytest.raises(GridmapError, match="table of contents"):
        check_template(amiss)


def test_the_default_template_places_it() -> None:
    for language in ("zh", "en"):
        assert words_of_word(default_template(language)).count("{{toc}}") == 1
