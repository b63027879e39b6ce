"""Finished files read again: their words in order, and where on the page they stand."""

from __future__ import annotations

import io
from collections.abc import Iterator

import docx
import lxml.html
import pypdfium2
import pypdfium2.raw as pdfium
from docx.table import Table
from docx.text.paragraph import Paragraph

#: The page's margins in points: above and below them stand the running head and the page number.
TOP, BOTTOM, LEFT, RIGHT = 25 / 25.4 * 72, 22 / 25.4 * 72, 26 / 25.4 * 72, 24 / 25.4 * 72


def squeezed(text: str) -> str:
    """Return a text without blanks, where lines are broken at another place in each format."""
    return "".join(text.split())


def words_of_html(html: str) -> list[str]:
    """The texts of headings, paragraphs, captions and cells, in the order of the page."""
    tree = lxml.html.fragment_fromstring(html, create_parent="div")
    found = tree.xpath(".//*[self::h2 or self::h3 or self::h4 or self::p or self::caption or "
                       "self::figcaption or self::th or self::td]")  # fmt: skip
    return [squeezed(each.text_content()) for each in found]


def words_of_word(content: bytes) -> list[str]:
    """The texts of paragraphs and cells, in the order of the document, those without any left out.

    Only cells are told though they are empty.
    """
    return list(_words(docx.Document(io.BytesIO(content))))


def _words(document: docx.document.Document) -> Iterator[str]:
    for block in document.iter_inner_content():
        if isinstance(block, Paragraph):
            if text := squeezed(block.text):
                yield text
        elif isinstance(block, Table):
            for row in block.rows:
                yield from (squeezed(cell.text) for cell in row.cells)


def words_of_pdf(content: bytes) -> str:
    """All words of a PDF between head and foot, without blanks."""
    pdf = pypdfium2.PdfDocument(content)
    try:
        said = []
        for page in pdf:
            text = page.get_textpage()
            said.append(text.get_text_bounded(0, BOTTOM, page.get_width(), page.get_height() - TOP))
            text.close()
            page.close()
        return squeezed("".join(said))
    finally:
        pdf.close()


def faults_of_pdf(content: bytes) -> list[str]:
    """Name what stands out of the margins, and fonts that are not embedded."""
    pdf = pypdfium2.PdfDocument(content)
    found = []
    try:
        for number, page in enumerate(pdf, start=1):
            wide = page.get_width()
            for thing in page.get_objects():
                left, _, right, _ = thing.get_bounds()
                # Half a border lies outside.
                if left < LEFT - 1.5 or right > wide - RIGHT + 1.5:
                    found.append(f"page {number}: {thing.type} from {left:.0f} to {right:.0f}")
                if thing.type == pdfium.FPDF_PAGEOBJ_TEXT:
                    font = pdfium.FPDFTextObj_GetFont(thing.raw)
                    if not pdfium.FPDFFont_GetIsEmbedded(font):
                        found.append(f"page {number}: a font is not embedded")
            page.close()
    finally:
        pdf.close()
    return found


def pages_of_pdf(content: bytes) -> list[str]:
    """The words of each page with its head and foot, without blanks."""
    pdf = pypdfium2.PdfDocument(content)
    try:
        return [squeezed(page.get_textpage().get_text_range()) for page in pdf]
    finally:
        pdf.close()
