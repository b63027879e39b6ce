"""The responsibility sheet as it is until a town uploads its own."""

from __future__ import annotations

import io

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Pt

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
_DUTIES = (
    N_("Know the cell: keep the records of buildings, households and places up to date."),
    N_("Walk the cell regularly, and report hazards and disputes the day they are found."),
    N_("Try to settle disputes on the spot; pass on in time what cannot be settled."),
    N_("Handle the tasks that are dispatched within their deadlines, and report back."),
    N_("Protect what is learnt of people, and use it for the work alone."),
)


def default_template(language: str) -> bytes:
    """Return the template as a Word file in a language, with Jinja's marks for the values."""
    document = Document()
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Times New Roman", Pt(12)
    # Word takes the font of Chinese text from an attribute that python-docx does not know.
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "SimSun")
    title = document.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = title.add_run(translate(_TITLE, language))
    run.bold, run.font.size = True, Pt(20)
    table = document.add_table(rows=0, cols=2, style="Table Grid")
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
