"""A filled Word file as HTML, for its page and its PDF: what a town's template says, there too.

Headings, tables, lists with their numbers, bold and underlined text, text in the middle and on the
right, first-line indents, pictures and links come along; sizes, colours, headers and footers do
not. A template comes from outside: what is not named here is left out.
"""

from __future__ import annotations

import io
import re
from typing import Any
from xml.parsers.expat import ExpatError
from zipfile import BadZipFile

import lxml.html
import mammoth
from lxml.etree import LxmlError
from lxml.html import HtmlElement
from markupsafe import Markup

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.reports.paper.word_spelling import spelled_out

#: Word's titles are the heading of the page, and its headings stand below.
_ELEMENTS = {
    "Title": "h1",
    **{f"{word} {n}": f"h{n + 1}" for n in (1, 2, 3) for word in ("heading", "Heading")},
}
#: What is said of a paragraph behind the name of its style, and the class it gets.
_STANDS = {"center": "word-center", "right": "word-right", "indent": "word-indent"}
_STYLE_MAP = "\n".join(
    (
        *(f"p[style-name='{name}'] => {element}:fresh" for name, element in _ELEMENTS.items()),
        *(
            f"p[style-name='{name}|{stands}'] => {element}.{css}:fresh"
            for stands, css in _STANDS.items()
            for name, element in (*_ELEMENTS.items(), ("", "p"))
        ),
        "u => u",
        "comment-reference =>",
    )
)
_ALLOWED: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        ("ul", "ol", "li", "table", "thead", "tbody", "tr", "strong", "em", "u", "s", "sub", "sup",
         "br", "dl", "dt", "dd"),
        frozenset[str](),
    ),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6", "p"), frozenset({"class"})),
    **dict.fromkeys(("th", "td"), frozenset({"colspan", "rowspan"})),
    "a": frozenset({"href"}),
    "img": frozenset({"src", "alt"}),
}  # fmt: skip
#: A reader looks for ``javascript:`` in lower case and without blanks; so only what begins as
#: these do is a link.
_LINK = re.compile(r"(https?://|mailto:)", re.IGNORECASE)
#: What browsers and the PDF both show; a drawing in SVG could bring in others.
_PICTURE = re.compile(r"data:image/(png|jpeg|gif);base64,")


def html_of_word(content: bytes) -> Markup:
    """Return a Word file as HTML.

    Parameters
    ----------
    content : bytes

    Returns
    -------
    Markup
        Elements of a page's content without styles, scripts or identifiers; its links lead to
        ``http``, ``https`` and ``mailto``, and its pictures are data addresses. Text of the style
        Title is an ``h1``.

    Raises
    ------
    GridmapError
        If the file cannot be read.
    """
    try:
        # The file may bring a style map of its own, which could name any element.
        html = mammoth.convert_to_html(
            io.BytesIO(spelled_out(content)),
            style_map=_STYLE_MAP,
            transform_document=mammoth.transforms.paragraph(_placed),
            include_embedded_style_map=False,
            external_file_access=False,
            ignore_empty_paragraphs=False,
        ).value
    except (
        BadZipFile, ExpatError, LxmlError, LookupError, ValueError, AttributeError, TypeError,
    ) as error:  # fmt: skip
        raise GridmapError(Message("The Word file cannot be shown as a page.")) from error
    tree = lxml.html.fragment_fromstring(html, create_parent="div")
    for element in list(tree.iterdescendants()):
        _clean(element)
    inner = (lxml.html.tostring(child, encoding="unicode") for child in tree)
    return Markup("").join(map(Markup, inner))


def _placed(paragraph: Any) -> Any:
    """Tell behind the name of a paragraph's style how it stands on the page."""
    # Bullets stand as a list does.
    if paragraph.numbering is not None:
        return paragraph
    stands = {"center": "center", "right": "right", "end": "right"}.get(paragraph.alignment)
    if stands is None and _is_more(paragraph.indent.first_line):
        stands = "indent"
    if stands is None:
        return paragraph
    name = paragraph.style_name if paragraph.style_name in _ELEMENTS else ""
    return paragraph.copy(style_name=f"{name}|{stands}")


def _is_more(length: str | None) -> bool:
    try:
        return float(length or 0) > 0
    except ValueError:
        return False


def _clean(element: HtmlElement) -> None:
    """Take away what the page does not allow."""
    if element.tag == "input":
        element.tail = ("☑" if "checked" in element.attrib else "☐") + (element.tail or "")
        element.drop_tag()
        return
    allowed = _ALLOWED.get(element.tag) if isinstance(element.tag, str) else None
    if allowed is None:
        element.drop_tag()
        return
    for name in set(element.attrib) - allowed:
        del element.attrib[name]
    if element.tag == "img":
        if not _PICTURE.match(element.get("src", "")):
            element.drop_tree()
        # A picture without words about it is passed over by readers of the screen.
        elif "alt" not in element.attrib:
            element.set("alt", "")
    elif element.tag == "a" and not _LINK.match(element.get("href", "")):
        element.drop_tag()
