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
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Pt
from PIL import Image

from gridmap.errors import GridmapError
from gridmap.reports.paper.from_word import html_of_word
from gridmap.reports.paper.pdf import page_to_pdf
from gridmap.reports.paper.word_spelling import _figure
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


def broken(part: str) -> bytes:
    """A file of Word, of which one part is none."""
    whole = zipfile.ZipFile(io.BytesIO(saved(docx.Document())))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in whole.namelist():
            archive.writestr(name, "<no" if name == part else whole.read(name))
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [b"no file of Word", broken("word/document.xml"), broken("word/numbering.xml"),
     broken("[Content_Types].xml")],
)  # fmt: skip
def test_what_cannot_be_read_is_told(content: bytes) -> None:
    with pytest.raises(GridmapError, match="cannot be shown"):
        html_of_word(content)


def numbered(word: WordDocument, *levels: tuple[str, str], key: int = 90) -> None:
    """Add a list whose levels count and write so, and a use of it with the same number."""
    made = "".join(
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>'
        f'{"<w:isLgl/>" if said == "%1.%2" else ""}<w:lvlText w:val="{said}"/></w:lvl>'
        for at, (form, said) in enumerate(levels)
    )
    lists = word.part.numbering_part.element
    # Definitions stand before their uses.
    lists.insert(0, parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="{key}">{made}'
                              "</w:abstractNum>"))  # fmt: skip
    lists.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="{key}">'
                           f'<w:abstractNumId w:val="{key}"/></w:num>'))  # fmt: skip


def listed(word: WordDocument, said: str, level: int = 0, style: str | None = None) -> None:
    properties = word.add_paragraph(said, style)._p.get_or_add_pPr()
    properties.append(parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{level}"/>'
                                '<w:numId w:val="90"/></w:numPr>'))  # fmt: skip


def test_a_centred_title_and_a_date_on_the_right_stand_there() -> None:
    word = docx.Document()
    word.styles["Title"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    closing = word.styles.add_style("落款", WD_STYLE_TYPE.PARAGRAPH)
    closing.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    word.styles["Body Text"].paragraph_format.first_line_indent = Pt(24)
    word.add_paragraph("责任书", "Title")
    word.add_paragraph("职责", "Heading 1").alignment = WD_ALIGN_PARAGRAPH.CENTER
    word.add_paragraph("本人负责本网格。", "Body Text")
    word.add_paragraph("顶格。", "Body Text").paragraph_format.first_line_indent = Pt(0)
    word.add_paragraph("2026年7月1日", "落款")
    # What the paragraph says itself goes before its style.
    word.add_paragraph("桃源街道", "落款").alignment = WD_ALIGN_PARAGRAPH.LEFT
    assert html_of_word(saved(word)) == (
        '<h1 class="word-center">责任书</h1><h2 class="word-center">职责</h2>'
        '<p class="word-indent">本人负责本网格。</p><p>顶格。</p>'
        '<p class="word-right">2026年7月1日</p><p>桃源街道</p>'
    )
    pdf = pypdfium2.PdfDocument(page_to_pdf(html_of_word(saved(word)), "责任书", "zh"))
    page = pdf[0].get_textpage()
    title, date, town = (
        page.get_charbox(page.get_text_range().index(said)) for said in ("责任书", "2026", "桃源")
    )
    page.close()
    pdf.close()
    # The text is 160 mm wide and begins 26 mm from the edge: one in the middle, one at the end.
    assert title[0] > 200
    assert date[0] > 400
    assert town[0] == pytest.approx(26 / 25.4 * 72, abs=3)


def test_numbers_of_lists_are_those_that_word_shows() -> None:
    word = docx.Document()
    numbered(word, ("chineseCounting", "%1、"), ("decimal", "%1.%2"), ("lowerLetter", "(%3)"))
    listed(word, "职责", style="Heading 1")
    listed(word, "巡查", 1)
    listed(word, "每日一次", 2)
    word.add_paragraph("说明")
    # After other paragraphs a list goes on, and a higher level begins the lower ones anew.
    listed(word, "报告", 1)
    # Figures alone stand for the levels above where the list says so.
    listed(word, "要求", style="Heading 1")
    listed(word, "及时", 1)
    word.add_paragraph("其他", "List Bullet")
    assert html_of_word(saved(word)) == (
        "<h2>一、职责</h2><p>1.1 巡查</p><p>(a) 每日一次</p><p>说明</p><p>1.2 报告</p>"
        "<h2>二、要求</h2><p>2.1 及时</p><ul><li>其他</li></ul>"
    )


def test_a_list_begins_anew_where_word_is_told_so() -> None:
    word = docx.Document()
    numbered(word, ("decimal", "%1."))
    word.part.numbering_part.element.append(
        parse_xml(f'<w:num {nsdecls("w")} w:numId="91"><w:abstractNumId w:val="90"/>'
                  '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride></w:num>')
    )  # fmt: skip
    for said in "甲乙":
        listed(word, said)
    for said in "丙丁":
        listed(word, said)
        word.paragraphs[-1]._p.pPr.numPr.numId.val = 91
    assert [each.text for each in lxml.html.fragments_fromstring(html_of_word(saved(word)))] == [
        "1. 甲", "2. 乙", "5. 丙", "6. 丁",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("form", "number", "said"),
    [("japaneseCounting", 12, "十二"), ("decimalEnclosedCircleChinese", 3, "③"),
     ("decimalFullWidth", 10, "１０"), ("upperLetter", 28, "BB"), ("lowerRoman", 44, "xliv"),
     ("upperRoman", 1999, "MCMXCIX"), ("decimal", 7, "7"), ("none", 7, ""),
     ("whatever", 7, "7"), ("chineseCounting", 100, "100")],
)  # fmt: skip
def test_ways_to_count(form: str, number: int, said: str) -> None:
    assert _figure(form, number) == said
