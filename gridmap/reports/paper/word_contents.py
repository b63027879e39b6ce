"""The table of contents of a Word file: a field that is filled already, and that Word updates.

Only Word knows on which pages the headings come to stand. Of the ways to have it count them as soon
as a file is opened (``w:updateFields``, ``w:dirty``) each asks the reader a question about "fields
that may refer to other files". So the headings stand there with their links, and the numbers of the
pages come when Word updates its fields: before it prints, or when somebody asks it to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import quoteattr

from docx.document import Document as WordDocument
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Length

from gridmap.reports.paper import word_template as styles
from gridmap.reports.paper.laying import CONTENTS_LEVELS, Entry
from gridmap.reports.paper.word_parts import FIELD_END, field, field_begin, run


def new_bookmarks(word: WordDocument, entries: Sequence[Entry]) -> dict[str, int]:
    """Return numbers for the bookmarks of headings, by their anchors; the template has others."""
    used = (start.get(qn("w:id"), "") for start in word.element.iter(qn("w:bookmarkStart")))
    first = 1 + max((int(each) for each in used if each.isdigit()), default=0)
    return {entry.anchor: number for number, entry in enumerate(entries, start=first)}


def bookmarked(runs: str, number: int) -> str:
    """Return runs with a bookmark around them."""
    return (
        f'<w:bookmarkStart w:id="{number}" w:name="{_name(number)}"/>{runs}'
        f'<w:bookmarkEnd w:id="{number}"/>'
    )


def contents_field(
    title: str,
    entries: Sequence[Entry],
    bookmarks: Mapping[str, int],
    names: Mapping[str, str],
    width: Length,
) -> BaseOxmlElement:
    """Return the table of contents as Word itself would insert it.

    Parameters
    ----------
    title : str
        What stands above it.
    entries : sequence of Entry
        At least one.
    bookmarks : mapping of str to int
        As of `new_bookmarks`.
    names : mapping of str to str
        The ids of the styles.
    width : Length
        Of the text, at whose right edge the numbers of the pages stand.
    """
    begin = field_begin(rf'TOC \o "1-{CONTENTS_LEVELS}" \h \z')
    tabs = f'<w:tabs><w:tab w:val="right" w:pos="{width.twips}"/></w:tabs>'
    lines = []
    for at, entry in enumerate(entries):
        name = _name(bookmarks[entry.anchor])
        page = field(rf"PAGEREF {name} \h", "")
        link = (
            f'<w:hyperlink w:anchor="{name}" w:history="1">{run(entry.title)}'
            f"<w:r><w:tab/></w:r>{page}</w:hyperlink>"
        )
        style = names[styles.CONTENTS[entry.level - 1]]
        lines.append(_paragraph(style, (begin if at == 0 else "") + link, tabs))
    return parse_xml(
        f"<w:sdt {nsdecls('w')}><w:sdtPr><w:docPartObj>"
        '<w:docPartGallery w:val="Table of Contents"/><w:docPartUnique/></w:docPartObj></w:sdtPr>'
        f"<w:sdtContent>{_paragraph(names[styles.CONTENTS_TITLE], run(title))}{''.join(lines)}"
        f"<w:p>{FIELD_END}</w:p></w:sdtContent></w:sdt>"
    )


def _paragraph(style: str, runs: str, properties: str = "") -> str:
    return f"<w:p><w:pPr><w:pStyle w:val={quoteattr(style)}/>{properties}</w:pPr>{runs}</w:p>"


def _name(number: int) -> str:
    return f"_Toc{number:09d}"
