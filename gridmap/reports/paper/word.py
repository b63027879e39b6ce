"""Documents as Word files, from a template the town can edit."""

from __future__ import annotations

import copy
import io
import secrets
from collections.abc import Iterator, Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

import docx
from docx.document import Document as WordDocument
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Length, Mm

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.reports.paper import word_template as styles
from gridmap.reports.paper.laying import (
    Laid,
    body_rows,
    column_shares,
    column_titles,
    head_of,
    is_wide,
    lay_out,
    text_of,
)
from gridmap.reports.structure import Document, Heading, Number, Paragraph, Picture, Table
from gridmap.word_templates import filled, saved

_ROLES = {
    "text": styles.TEXT,
    "note": styles.NOTE,
    "missing": styles.MISSING,
    "remark": styles.REMARK,
}
_NO_CONTENT = Message(
    "The template must name {mark} once, in a paragraph of its own: there the report is put.",
    mark="{{ content }}",
)


def to_word(
    document: Document, pictures: Mapping[str, bytes], template: bytes | None = None
) -> bytes:
    """Return a document as a Word file.

    Parameters
    ----------
    document : Document
    pictures : mapping of str to bytes
        PNG by the key of a `Picture`.
    template : bytes, optional
        A Word file that names ``title``, ``area``, ``period``, ``state`` and ``content``; without
        it the default one in the document's language.

    Raises
    ------
    GridmapError
        If the template cannot be used; the message tells why.
    KeyError
        If a picture is missing.
    """
    given = styles.default_template(document.language) if template is None else template
    head = head_of(document)
    values = {
        "title": head.title,
        "area": head.area,
        "period": head.period,
        "state": head.state,
        # The text of a report never passes through the template's language.
        "content": f"content-{secrets.token_hex(8)}",
    }
    file = filled(given, values)
    word = file.docx
    # The template's language escapes for XML, and properties are none.
    word.core_properties.title = head.title[:255]
    place = _place(word, values["content"])
    names = _style_ids(word)
    content = _Content(word, names, document.language, pictures).elements(lay_out(document))
    _put(place, content)
    return saved(file)


def check_template(template: bytes) -> None:
    """Try a template.

    Raises
    ------
    GridmapError
        As `to_word`.
    """
    content = f"content-{secrets.token_hex(8)}"
    word = filled(template, {**styles.EXAMPLE, "content": content}).docx
    _place(word, content)
    _style_ids(word)


def _place(word: WordDocument, mark: str) -> BaseOxmlElement:
    """Return the paragraph that the content replaces."""
    found = [
        paragraph
        for paragraph in word.element.body.iter(qn("w:p"))
        if mark in "".join(text.text or "" for text in paragraph.iter(qn("w:t")))
    ]
    said = "".join(text.text or "" for text in word.element.body.iter(qn("w:t")))
    if len(found) != 1 or said.count(mark) != 1:
        raise GridmapError(_NO_CONTENT)
    own = "".join(text.text or "" for text in found[0].iter(qn("w:t"))).strip()
    if own != mark or found[0].getparent().tag not in (qn("w:body"), qn("w:tc")):
        raise GridmapError(_NO_CONTENT)
    place: BaseOxmlElement = found[0]
    return place


def _put(place: BaseOxmlElement, content: Iterator[BaseOxmlElement]) -> None:
    """Put the content where the paragraph is, which stays as its end."""
    for element in content:
        place.addprevious(element)
    # A cell and a page must end with a paragraph, and a section's settings may hang on it.
    for child in list(place):
        if child.tag != qn("w:pPr"):
            place.remove(child)


def _style_ids(word: WordDocument) -> dict[str, str]:
    """Return the ids of the styles by name; those that a template lacks are added to it."""
    names: dict[str, str] = {}
    ours: WordDocument | None = None
    for name in styles.STYLES:
        if name not in word.styles:
            ours = ours or docx.Document(io.BytesIO(styles.default_template("zh")))
            word.styles.element.append(copy.deepcopy(ours.styles[name].element))
        names[name] = word.styles[name].style_id
    return names


class _Content:
    """Makes the elements of Word of a document's blocks."""

    def __init__(
        self,
        word: WordDocument,
        names: Mapping[str, str],
        language: str,
        pictures: Mapping[str, bytes],
    ) -> None:
        self.word = word
        self.names = names
        self.language = language
        self.pictures = pictures
        page = word.sections[-1]
        width, height = page.page_width or Mm(210), page.page_height or Mm(297)
        across = (page.left_margin or 0) + (page.right_margin or 0)
        along = (page.top_margin or 0) + (page.bottom_margin or 0)
        # Whatever margins a template has, something is to be seen.
        self.width = Length(max(width - across, Mm(40)))
        # A picture leaves room for its caption.
        self.tallest = Length(max(height - along - Mm(25), Mm(40)))
        self.next_id = 1 + max(
            (int(each) for each in word.element.xpath("//wp:docPr/@id") if each.isdigit()),
            default=0,
        )

    def elements(self, laid: list[Laid]) -> Iterator[BaseOxmlElement]:
        """Return the elements one after the other."""
        for each in laid:
            block = each.block
            if isinstance(block, Heading):
                name = styles.HEADINGS[block.level - 1]
                yield parse_xml(self._paragraph(name, _run(each.label + block.text)))
            elif isinstance(block, Paragraph):
                words = _run("".join(map(text_of, block.parts)))
                yield parse_xml(self._paragraph(_ROLES[block.role], words))
            elif isinstance(block, Table):
                yield self._caption(each.label, block.title, above=True)
                yield self._table(block)
                # Two tables that touch are one.
                yield parse_xml(self._paragraph(styles.CELL, ""))
            else:
                yield self._picture(block)
                yield self._caption(each.label, block.caption, above=False)

    def _paragraph(self, name: str, runs: str, *, more: str = "") -> str:
        return (
            f"<w:p {nsdecls('w')}><w:pPr><w:pStyle w:val={quoteattr(self.names[name])}/>{more}"
            f"</w:pPr>{runs}</w:p>"
        )

    def _caption(self, label: str, title: str, *, above: bool) -> BaseOxmlElement:
        """Return a caption whose number is a field, from which Word makes its lists."""
        word, number, rest = _parted(label)
        runs = _run(word) + _field(f"SEQ {word.strip()} \\* ARABIC", number) + _run(rest + title)
        keep = "<w:keepNext/>" if above else ""
        return parse_xml(self._paragraph(styles.CAPTION, runs, more=keep))

    def _picture(self, picture: Picture) -> BaseOxmlElement:
        paragraph = parse_xml(self._paragraph(styles.PICTURE, "<w:r/>"))
        content = io.BytesIO(self.pictures[picture.key])
        inline = self.word.part.new_pic_inline(
            content, width=Length(min(Mm(picture.width_mm), self.width))
        )
        if inline.extent.cy > self.tallest:
            inline = self.word.part.new_pic_inline(content, height=self.tallest)
        shown = inline.docPr
        shown.set("id", str(self.next_id))
        self.next_id += 1
        shown.set("descr", picture.alt)
        paragraph.find(qn("w:r")).append(parse_xml(f"<w:drawing {nsdecls('w')}/>"))
        paragraph.find(qn("w:r"))[0].append(inline)
        return paragraph

    def _table(self, table: Table) -> BaseOxmlElement:
        shares = column_shares(table, self.language)
        widths = [round(share * self.width.twips) for share in shares]
        numeric = [column.numeric for column in table.columns]
        size = _SMALL if is_wide(table, self.language) else ""
        rows = [self._row(column_titles(table, self.language), numeric, widths, size, head=True)]
        rows += [self._row(row, numeric, widths, size) for row in body_rows(table, self.language)]
        if table.total:
            rows.append(self._row(table.total, numeric, widths, size))
        grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
        return parse_xml(
            f"<w:tbl {nsdecls('w')}><w:tblPr>"
            f"<w:tblStyle w:val={quoteattr(self.names[styles.TABLE])}/>"
            f'<w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblLayout w:type="fixed"/>'
            f'<w:tblLook w:val="{"0660" if table.total else "0620"}" w:firstRow="1" '
            f'w:lastRow="{int(bool(table.total))}" w:firstColumn="0" w:lastColumn="0" '
            f'w:noHBand="1" w:noVBand="1"/><w:tblCaption w:val={quoteattr(table.title)}/>'
            f"</w:tblPr><w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"
        )

    def _row(
        self,
        cells: Sequence[str | Number],
        numeric: list[bool],
        widths: list[int],
        size: str,
        *,
        head: bool = False,
    ) -> str:
        style = f"<w:pStyle w:val={quoteattr(self.names[styles.CELL])}/>"
        made = "".join(
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr><w:p><w:pPr>{style}'
            f"{_RIGHT if right else ''}</w:pPr>{_run(text_of(cell), size)}</w:p></w:tc>"
            for cell, right, width in zip(cells, numeric, widths, strict=True)
        )
        repeated = "<w:tblHeader/>" if head else ""
        return f"<w:tr><w:trPr><w:cantSplit/>{repeated}</w:trPr>{made}</w:tr>"


#: Half points.
_SMALL = '<w:rPr><w:sz w:val="13"/></w:rPr>'
_RIGHT = '<w:jc w:val="right"/>'


def _run(text: str, properties: str = "") -> str:
    if not text:
        return ""
    return f'<w:r>{properties}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def _field(instruction: str, shown: str) -> str:
    return (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        f'<w:r><w:instrText xml:space="preserve"> {escape(instruction)} </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        f'{_run(shown)}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def _parted(label: str) -> tuple[str, str, str]:
    """Return what stands before the number of a label, the number, and what stands after it."""
    number = "".join(character for character in label if character.isdigit())
    before, _, after = label.partition(number)
    return before, number, after
