"""Documents as Word files, from a template the town can edit."""

from __future__ import annotations

import copy
import io
from collections.abc import Iterator, Mapping, Sequence
from xml.sax.saxutils import quoteattr

import docx
from docx.document import Document as WordDocument
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Length, Mm

from gridmap.reports.paper import word_template as styles
from gridmap.reports.paper.laying import (
    Entry,
    Laid,
    body_rows,
    column_shares,
    column_titles,
    contents_of,
    contents_title,
    head_of,
    is_wide,
    lay_out,
    text_of,
)
from gridmap.reports.paper.word_contents import bookmarked, contents_field, new_bookmarks
from gridmap.reports.paper.word_parts import field, run
from gridmap.reports.paper.word_places import drop, find_places, new_marks, put
from gridmap.reports.structure import Document, Heading, Paragraph, Parts, Picture, Table
from gridmap.word_templates import filled, saved

_ROLES = {
    "text": styles.TEXT,
    "note": styles.NOTE,
    "missing": styles.MISSING,
    "remark": styles.REMARK,
}
#: Half points.
_SMALL = '<w:rPr><w:sz w:val="13"/></w:rPr>'
_RIGHT = '<w:jc w:val="right"/>'
#: What is hung up is set closer, so that it has one page.
_CLOSE = '<w:spacing w:after="60" w:line="240" w:lineRule="auto"/>'


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
        A Word file that names ``title``, ``area``, ``period``, ``state``, ``toc`` and ``content``;
        without it the default one in the document's language. One that names no ``toc`` gives
        files without a table of contents.

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
        **new_marks(),
    }
    file = filled(given, values)
    word = file.docx
    # The template's language escapes for XML, and properties are none.
    word.core_properties.title = head.title[:255]
    places = find_places(word, values)
    laid = lay_out(document)
    entries = contents_of(laid) if document.contents and "toc" in places else []
    content = _Content(word, _style_ids(word), document.language, pictures, entries)
    content.close = _CLOSE if document.notice else ""
    if "toc" in places:
        put(places["toc"], content.contents(entries))
        drop(places["toc"])
    put(places["content"], content.elements(laid))
    return saved(file)


def check_template(template: bytes) -> None:
    """Try a template.

    Raises
    ------
    GridmapError
        As `to_word`.
    """
    marks = new_marks()
    word = filled(template, {**styles.EXAMPLE, **marks}).docx
    find_places(word, marks)
    _style_ids(word)


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
        entries: Sequence[Entry],
    ) -> None:
        self.word = word
        self.names = names
        self.language = language
        self.pictures = pictures
        self.close = ""
        # Of the headings that the table of contents lists, by their anchors.
        self.bookmarks = new_bookmarks(word, entries)
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
                yield self._heading(block, each, first=each is laid[0])
            elif isinstance(block, Paragraph):
                words = run("".join(map(text_of, block.parts)))
                yield parse_xml(self._paragraph(_ROLES[block.role], words))
            elif isinstance(block, Table):
                yield self._caption(each.label, block.title, above=True)
                yield self._table(block)
                # Two tables that touch are one.
                yield parse_xml(self._paragraph(styles.CELL, ""))
            else:
                yield self._picture(block)
                yield self._caption(each.label, block.caption, above=False)

    def contents(self, entries: Sequence[Entry]) -> Iterator[BaseOxmlElement]:
        """Return the table of contents, if anything stands in it."""
        if entries:
            title = contents_title(self.language)
            yield contents_field(title, entries, self.bookmarks, self.names, self.width)

    def _heading(self, heading: Heading, laid: Laid, *, first: bool) -> BaseOxmlElement:
        runs = run(laid.label + heading.text)
        if laid.anchor in self.bookmarks:
            runs = bookmarked(runs, self.bookmarks[laid.anchor])
        # After the table of contents the text begins on a new page.
        more = "<w:pageBreakBefore/>" if first and self.bookmarks else ""
        return parse_xml(self._paragraph(styles.HEADINGS[heading.level - 1], runs, more=more))

    def _paragraph(self, name: str, runs: str, *, more: str = "") -> str:
        return (
            f"<w:p {nsdecls('w')}><w:pPr><w:pStyle w:val={quoteattr(self.names[name])}/>{more}"
            f"{self.close}</w:pPr>{runs}</w:p>"
        )

    def _caption(self, label: str, title: str, *, above: bool) -> BaseOxmlElement:
        """Return a caption whose number is a field, from which Word makes its lists."""
        word, number, rest = _parted(label)
        runs = run(word) + field(f"SEQ {word.strip()} \\* ARABIC", number) + run(rest + title)
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
        titles = column_titles(table, self.language)
        rows = [self._row(tuple(titles), numeric, widths, size, head=True, keep=True)]
        body = [*body_rows(table, self.language), *([table.total] if table.total else [])]
        # No row stands alone below the head or on top of a page.
        kept = {0, len(body) - 2} - {len(body) - 1}
        rows += [
            self._row(row, numeric, widths, size, keep=at in kept) for at, row in enumerate(body)
        ]
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
        cells: Parts,
        numeric: list[bool],
        widths: list[int],
        size: str,
        *,
        head: bool = False,
        keep: bool = False,
    ) -> str:
        style = f"<w:pStyle w:val={quoteattr(self.names[styles.CELL])}/>"
        style += "<w:keepNext/>" if keep else ""
        made = "".join(
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr><w:p><w:pPr>{style}'
            f"{_RIGHT if right else ''}</w:pPr>{run(text_of(cell), size)}</w:p></w:tc>"
            for cell, right, width in zip(cells, numeric, widths, strict=True)
        )
        repeated = "<w:tblHeader/>" if head else ""
        return f"<w:tr><w:trPr><w:cantSplit/>{repeated}</w:trPr>{made}</w:tr>"


def _parted(label: str) -> tuple[str, str, str]:
    """Return what stands before the number of a label, the number, and what stands after it."""
    number = "".join(character for character in label if character.isdigit())
    before, _, after = label.partition(number)
    return before, number, after
