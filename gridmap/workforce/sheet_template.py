"""The responsibility sheet as it is until a town uploads its own."""

from __future__ import annotations

import io
from functools import cache

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle

from geodata.messages import N_
from gridmap.i18n import translate

_TITLE = N_("Responsibility sheet of a grid cell")
_ROWS = (
    (N_("Cell"), "{{ cell_code }} {{ cell_name }}"),
    (N_("Community"), "{{ town }} {{ community }}"),
    (N_("Full name"), "{{ cadre_name }}"),
    (N_("Phone"), "{{ cadre_phone }}"),
    (N_("Role"), "{{ role }}"),
    (N_("Term"), "{{ starts }} – {{ ends }}"),
    (
        N_("Buildings, households, residents"),
        "{{ buildings }} / {{ households }} / {{ residents }}",
    ),
    (N_("Area (km²)"), "{{ area_km2 }}"),
)
_TABLE = "Table Grid"
_DUTIES = (
    N_("Know the cell: keep the records of buildings, households and places up to date."),
    N_("Walk the cell regularly, and report hazards and disputes the day they are found."),
    N_("Try to settle disputes on the spot; pass on in time what cannot be settled."),
    N_("Handle the tasks that are dispatched within their deadlines, and report back."),
    N_("Protect what is learnt of people, and use it for the work alone."),
)


@cache
def default_template(language: str) -> bytes:
    """Return the template as a Word file in a language, with Jinja's marks for the values."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    _leave_out_styles(document)
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Times New Roman", Pt(12)
    # Word takes the font of Chinese text from an attribute that python-docx does not know.
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "SimSun")
    _dress_title(document.styles["Title"])
    document.add_paragraph(translate(_TITLE, language), "Title")
    table = document.add_table(rows=0, cols=2, style=_TABLE)
    for label, value in _ROWS:
        cells = table.add_row().cells
        cells[0].text, cells[1].text = translate(label, language), value
    document.add_paragraph()
    document.add_paragraph(translate(N_("The person named above undertakes to:"), language))
    for number, duty in enumerate(_DUTIES, start=1):
        document.add_paragraph(f"{number}. {translate(duty, language)}")
    document.add_paragraph()
    document.add_paragraph(f"{translate(N_('Signature of the cadre:'), language)} ____________")
    document.add_paragraph(f"{translate(N_('Stamp of the community:'), language)} ____________")
    document.add_paragraph(f"{translate(N_('Date:'), language)} {{{{ today }}}}")
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _dress_title(style: ParagraphStyle) -> None:
    """Make the style of titles, by which the page knows its heading, black and centred."""
    style.font.name, style.font.size, style.font.bold = "Times New Roman", Pt(20), True
    style.font.color.rgb = RGBColor(0, 0, 0)
    style.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    # The fonts of the theme would go before those named.
    for name in [each for each in fonts.attrib if each.endswith("Theme")]:
        del fonts.attrib[name]
    fonts.set(qn("w:eastAsia"), "SimSun")
    properties = style.element.get_or_add_pPr()
    for border in properties.findall(qn("w:pBdr")):
        properties.remove(border)


def _leave_out_styles(document: WordDocument) -> None:
    """Take away the styles of tables that python-docx brings: the page reads them for 0.3 s."""
    for style in list(document.styles):
        if style.type == WD_STYLE_TYPE.TABLE and style.name not in (_TABLE, "Normal Table"):
            style.delete()
