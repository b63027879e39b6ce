"""The Word template of a report as it is until a town uploads its own."""

from __future__ import annotations

import io
from functools import cache

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.text.paragraph import Paragraph

#: The styles of the content: those of Word, and ours beside them.
TEXT, NOTE, MISSING, REMARK = "Report Text", "Report Note", "Report Missing", "Report Remark"
CELL, PICTURE, TABLE = "Report Cell", "Report Picture", "Report Table"
CAPTION, HEADINGS = "Caption", ("Heading 1", "Heading 2", "Heading 3")
CONTENTS_TITLE, CONTENTS = "TOC Heading", ("toc 1", "toc 2")
STYLES = (
    TEXT, NOTE, MISSING, REMARK, CELL, PICTURE, TABLE, CAPTION, *HEADINGS,
    CONTENTS_TITLE, *CONTENTS,
)  # fmt: skip
#: What a template can name, with values to try one.
EXAMPLE = {
    "title": "桃源街道网格化管理工作报告",
    "area": "桃源街道",
    "period": "2026年上半年",
    "state": "2026年7月1日08:00",
}
_SERIF, _SANS, _LATIN = "SimSun", "SimHei", "Times New Roman"
_PAGES = {"zh": ("第 ", " 页　共 ", " 页"), "en": ("Page ", " of ", "")}


@cache
def default_template(language: str) -> bytes:
    """Return the template in a language, with marks for the values and for ``content``."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin, section.right_margin = Mm(26), Mm(24)
    section.top_margin, section.bottom_margin = Mm(25), Mm(22)
    section.different_first_page_header_footer = True
    _styles(document, language)
    document.add_paragraph("{{ title }}", "Title")
    document.add_paragraph("{{ area }} · {{ period }}", "Subtitle")
    said = "数据截至 {{ state }}" if language == "zh" else "Data as of {{ state }}"
    document.add_paragraph(said, "Subtitle")
    document.add_paragraph("{{ toc }}", TEXT)
    document.add_paragraph("{{ content }}", TEXT)
    head = section.header.paragraphs[0]
    head.text = "{{ title }}"
    for footer in (section.footer, section.first_page_footer):
        _page_numbers(footer.paragraphs[0], language)
    properties = document.core_properties
    properties.title, properties.author, properties.comments = "{{ title }}", "", ""
    properties.language = "zh-CN" if language == "zh" else "en"
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _styles(document: WordDocument, language: str) -> None:
    chinese = language == "zh"
    for name in ("Header", "Footer"):
        _dressed(document, name, 8.5, sans=True)
    normal = _dressed(document, "Normal", 10.5, sans=False)
    normal.paragraph_format.line_spacing = 1.5 if chinese else 1.3
    normal.paragraph_format.space_after = Pt(4)
    # Words are checked by the dictionary of their language.
    normal.element.get_or_add_rPr().append(
        parse_xml(f'<w:lang {nsdecls("w")} w:val="en-GB" w:eastAsia="zh-CN"/>')
    )
    title = _dressed(document, "Title", 20, sans=True, bold=True)
    _without_border(title)
    subtitle = _dressed(document, "Subtitle", 10.5, sans=True)
    for style in (title, subtitle):
        style.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
        style.font.italic = False
    for name, size in zip(HEADINGS, (14, 12, 10.5), strict=True):
        heading = _dressed(document, name, size, sans=True, bold=True)
        heading.paragraph_format.space_before = Pt(size)
        heading.paragraph_format.space_after = Pt(4)
        heading.paragraph_format.keep_with_next = True
    _contents_styles(document)
    caption = _dressed(document, CAPTION, 9, sans=True, bold=True)
    caption.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    caption.paragraph_format.space_before = Pt(6)
    text = _added(document, TEXT, 10.5)
    if chinese:
        # Two characters, whatever their size: Word counts in hundredths.
        text.element.get_or_add_pPr().get_or_add_ind().set(qn("w:firstLineChars"), "200")
        text.paragraph_format.first_line_indent = Pt(21)
    _added(document, NOTE, 8.5)
    for name, line in ((MISSING, "dotted"), (REMARK, "single")):
        _bordered(_added(document, name, 10.5), line)
    cell = _added(document, CELL, 8.5, sans=True)
    cell.paragraph_format.line_spacing = 1.15
    cell.paragraph_format.space_after = Pt(0)
    picture = _added(document, PICTURE, 10.5)
    picture.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    picture.paragraph_format.line_spacing = 1.0
    picture.paragraph_format.keep_with_next = True
    _table_style(document)


def _contents_styles(document: WordDocument) -> None:
    title = _dressed(document, CONTENTS_TITLE, 14, sans=True, bold=True)
    title.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.paragraph_format.space_before = title.paragraph_format.space_after = Pt(10)
    for level, name in enumerate(CONTENTS):
        # Word has them built in, and writes them down where they are used.
        style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH, builtin=True)
        style.base_style = document.styles["Normal"]
        line = _dressed(document, name, 10.5, sans=True, bold=level == 0)
        line.paragraph_format.left_indent = Pt(21 * level)
        line.paragraph_format.space_before = Pt(4 if level == 0 else 0)
        line.paragraph_format.space_after = Pt(0)


def _added(document: WordDocument, name: str, size: float, *, sans: bool = False) -> ParagraphStyle:
    style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    style.base_style = document.styles["Normal"]
    style.quick_style = True
    return _dressed(document, name, size, sans=sans)


def _dressed(
    document: WordDocument, name: str, size: float, *, sans: bool, bold: bool | None = None
) -> ParagraphStyle:
    style = document.styles[name]
    assert isinstance(style, ParagraphStyle)  # noqa: S101 - Only such names are given.
    style.font.size, style.font.bold = Pt(size), bold
    style.font.color.rgb = RGBColor(0x11, 0x11, 0x11)
    properties = style.element.get_or_add_rPr()
    # The letters of python-docx's subtitle stand apart, which Chinese must not.
    for spacing in properties.findall(qn("w:spacing")):
        properties.remove(spacing)
    fonts = properties.get_or_add_rFonts()
    # The theme's fonts would win over those that are named.
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    for script in ("ascii", "hAnsi", "cs"):
        fonts.set(qn(f"w:{script}"), "Arial" if sans else _LATIN)
    fonts.set(qn("w:eastAsia"), _SANS if sans else _SERIF)
    return style


def _without_border(style: ParagraphStyle) -> None:
    """Take away the line below the title that python-docx's template has."""
    properties = style.element.get_or_add_pPr()
    for border in properties.findall(qn("w:pBdr")):
        properties.remove(border)


def _bordered(style: ParagraphStyle, line: str) -> None:
    """Draw a line on the left, which tells such a paragraph from prose."""
    border = parse_xml(
        f'<w:pBdr {nsdecls("w")}><w:left w:val="{line}" w:sz="12" w:space="8" w:color="777777"/>'
        "</w:pBdr>"
    )
    style.element.get_or_add_pPr().insert(0, border)


def _table_style(document: WordDocument) -> None:
    """Add the style of tables: thin lines, a grey head that is repeated, room in the cells."""
    line = 'w:val="single" w:sz="4" w:space="0" w:color="999999"'
    edge = 'w:val="single" w:sz="8" w:space="0" w:color="222222"'
    document.styles.element.append(
        parse_xml(f"""
            <w:style {nsdecls("w")} w:type="table" w:customStyle="1" w:styleId="ReportTable">
              <w:name w:val="{TABLE}"/><w:basedOn w:val="TableNormal"/><w:uiPriority w:val="59"/>
              <w:qFormat/>
              <w:tblPr><w:tblBorders><w:top {edge}/><w:bottom {edge}/><w:insideH {line}/>
                </w:tblBorders><w:tblCellMar><w:top w:w="30" w:type="dxa"/>
                <w:left w:w="70" w:type="dxa"/><w:bottom w:w="30" w:type="dxa"/>
                <w:right w:w="70" w:type="dxa"/></w:tblCellMar></w:tblPr>
              <w:tblStylePr w:type="firstRow"><w:rPr><w:b/></w:rPr><w:tcPr>
                <w:shd w:val="clear" w:color="auto" w:fill="E9E9E9"/></w:tcPr></w:tblStylePr>
              <w:tblStylePr w:type="lastRow"><w:rPr><w:b/></w:rPr><w:tcPr><w:tcBorders>
                <w:top {edge}/></w:tcBorders></w:tcPr></w:tblStylePr>
            </w:style>
        """)
    )


def _page_numbers(paragraph: Paragraph, language: str) -> None:
    before, between, after = _PAGES[language]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.add_run(before)
    _field(paragraph, "PAGE")
    paragraph.add_run(between)
    _field(paragraph, "NUMPAGES")
    paragraph.add_run(after)


def _field(paragraph: Paragraph, name: str) -> None:
    paragraph._p.append(
        parse_xml(
            f'<w:fldSimple {nsdecls("w")} w:instr="{name}"><w:r><w:t>1</w:t></w:r></w:fldSimple>'
        )
    )
