"""A town's own Word file as a page and as PDF: all it says, and nothing of it runs."""

from __future__ import annotations

import io
import zipfile

import docx
import lxml.html
import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from docx.document import Document as WordDocument
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from PIL import Image

from gridmap.errors import GridmapError
from gridmap.reports.paper.from_word import html_of_word
from gridmap.reports.paper.pdf import page_to_pdf
from tests.gridmap.reports.paper.reading import faults_of_pdf, words_of_pdf


def saved(word: WordDocument) -> bytes:
    stream = io.BytesIO()
    word.save(stream)
    return stream.getvalue()


def link(word: WordDocument, address: str, said: str) -> None:
    number = word.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    spaces = nsdecls("w", "r")
    word.add_paragraph()._p.append(
        parse_xml(f'<w:hyperlink {spaces} r:id="{number}"><w:r><w:t>{said}</w:t></w:r>'
                  "</w:hyperlink>")
    )  # fmt: skip


def of_the_town() -> WordDocument:
    word = docx.Document()
    word.add_paragraph("桃源街道责任书", "Title")
    word.add_paragraph("职责", "Heading 1")
    table = word.add_table(rows=2, cols=2)
    for cell, said in zip((c for row in table.rows for c in row.cells), "甲乙丙丁", strict=True):
        cell.text = said
    merged = table.add_row().cells
    merged[0].merge(merged[1]).text = "戊 & <己>"
    picture = io.BytesIO()
    Image.new("RGB", (40, 20), (200, 0, 0)).save(picture, "PNG")
    word.add_picture(picture)
    word.add_paragraph().add_run("签字：        ").underline = True
    return word


def test_headings_tables_and_pictures_come_along() -> None:
    tree = lxml.html.fragment_fromstring(html_of_word(saved(of_the_town())), create_parent="div")
    assert [each.text for each in tree.iter("h1", "h2")] == ["桃源街道责任书", "职责"]
    assert [each.text_content() for each in tree.iter("td")] == [*"甲乙丙丁", "戊 & <己>"]
    assert [each.get("colspan") for each in tree.iter("td")] == [None] * 4 + ["2"]
    [picture] = tree.iter("img")
    assert picture.get("src", "").startswith("data:image/png;base64,")
    # Blanks to fill in keep their length and their line.
    [line] = tree.iter("u")
    assert line.text == "签字：        "


def test_the_pdf_says_the_same_with_the_picture() -> None:
    content = page_to_pdf(html_of_word(saved(of_the_town())), "责任书", "zh")
    assert words_of_pdf(content) == "桃源街道责任书职责甲乙丙丁戊&<己>签字："
    assert faults_of_pdf(content) == []
    pdf = pypdfium2.PdfDocument(content)
    assert pdf.get_metadata_value("Title") == "责任书"
    kinds = [thing.type for thing in pdf[0].get_objects()]
    pdf.close()
    assert kinds.count(pdfium.FPDF_PAGEOBJ_IMAGE) == 1


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "JaVaScript:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)",
     "vbscript:x", "data:text/html,<script>alert(1)</script>", "file:///etc/passwd", "//elsewhere",
     "/users"],
)  # fmt: skip
def test_a_link_that_could_run_something_is_text(address: str) -> None:
    word = docx.Document()
    link(word, address, "点这里")
    assert html_of_word(saved(word)) == "<p>点这里</p>"


@pytest.mark.parametrize("address", ["https://example.org/a?b=1", "mailto:office@example.org"])
def test_other_links_stay(address: str) -> None:
    word = docx.Document()
    link(word, address, "点这里")
    assert html_of_word(saved(word)) == f'<p><a href="{address}">点这里</a></p>'


def test_a_file_names_no_elements_of_its_own() -> None:
    word = docx.Document()
    word.add_paragraph("alert(1)")
    stream = io.BytesIO(saved(word))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("mammoth/style-map", "p => script:fresh")
    assert html_of_word(stream.getvalue()) == "<p>alert(1)</p>"


def test_text_that_looks_like_markup_is_text() -> None:
    word = docx.Document()
    word.add_paragraph("<script>alert(1)</script><img src=x onerror=alert(1)> &amp;")
    [paragraph] = lxml.html.fragments_fromstring(html_of_word(saved(word)))
    assert len(paragraph) == 0
    assert paragraph.text == "<script>alert(1)</script><img src=x onerror=alert(1)> &amp;"


def test_boxes_to_tick_are_signs() -> None:
    word = docx.Document()
    space = nsdecls("w")
    for ticked in ("", "<w:checked/>"):
        box = f"<w:checkBox><w:sizeAuto/><w:default w:val='0'/>{ticked}</w:checkBox>"
        word.add_paragraph()._p.extend(
            parse_xml(f"<w:r {space}>{each}</w:r>")
            for each in (
                f'<w:fldChar w:fldCharType="begin"><w:ffData>{box}</w:ffData></w:fldChar>',
                "<w:instrText> FORMCHECKBOX </w:instrText>",
                '<w:fldChar w:fldCharType="separate"/>',
                '<w:fldChar w:fldCharType="end"/>',
                "<w:t>已签收</w:t>",
            )
        )
    assert html_of_word(saved(word)) == "<p>☐已签收</p><p>☑已签收</p>"


def test_a_picture_that_lies_elsewhere_is_left_out() -> None:
    word = of_the_town()
    [blip] = word.element.xpath("//a:blip")
    number = word.part.relate_to("file:///etc/passwd", RELATIONSHIP_TYPE.IMAGE, is_external=True)
    for name in list(blip.attrib):
        del blip.attrib[name]
    blip.set("{http://schemas.openxmlformats.org/officeDocument/2006/relationships}link", number)
    html = html_of_word(saved(word))
    assert "img" not in html
    assert "passwd" not in html


def broken() -> bytes:
    stream = io.BytesIO(saved(docx.Document()))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("word/footnotes.xml", "<no")
    return stream.getvalue()


@pytest.mark.parametrize("content", [b"no file of Word", broken()])
def test_what_cannot_be_read_is_told(content: bytes) -> None:
    with pytest.raises(GridmapError, match="cannot be shown"):
        html_of_word(content)
