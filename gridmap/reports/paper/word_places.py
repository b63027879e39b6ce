"""The paragraphs of a Word template that are replaced by what Python makes."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping

from docx.document import Document as WordDocument
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement

from geodata.messages import Message
from gridmap.errors import GridmapError

#: What a template names for them: the report, and its table of contents.
_NAMES = ("content", "toc")
_AMISS = {
    "content": Message(
        "The template must name {mark} once, in a paragraph of its own: there the report is put.",
        mark="{{ content }}",
    ),
    "toc": Message(
        "The template can name {mark} once, in a paragraph of its own: there the table of contents "
        "is put.",
        mark="{{ toc }}",
    ),
}


def new_marks() -> dict[str, str]:
    """Return for each of them a text that stands nowhere else."""
    return {name: f"{name}-{secrets.token_hex(8)}" for name in _NAMES}


def find_places(word: WordDocument, marks: Mapping[str, str]) -> dict[str, BaseOxmlElement]:
    """Return the paragraphs where the marks stand, by name; only that of the content must be there.

    Raises
    ------
    GridmapError
        If a mark stands there twice or among other text, or that of the content is missing.
    """
    found = {}
    for name in _NAMES:
        place = _place(word, name, marks[name])
        if place is not None:
            found[name] = place
    if "content" not in found:
        raise GridmapError(_AMISS["content"])
    return found


def _place(word: WordDocument, name: str, mark: str) -> BaseOxmlElement | None:
    found = [
        paragraph for paragraph in word.element.body.iter(qn("w:p")) if mark in _text(paragraph)
    ]
    said = _text(word.element.body).count(mark)
    if not said:
        return None
    if len(found) != 1 or said != 1 or _text(found[0]).strip() != mark:
        raise GridmapError(_AMISS[name])
    place: BaseOxmlElement = found[0]
    if place.getparent().tag not in (qn("w:body"), qn("w:tc")):
        raise GridmapError(_AMISS[name])
    return place


def put(place: BaseOxmlElement, content: Iterable[BaseOxmlElement]) -> None:
    """Put content where a paragraph is, which stays as its end."""
    for element in content:
        place.addprevious(element)
    # A cell and a page must end with a paragraph, and a section's settings may hang on it.
    for child in list(place):
        if child.tag != qn("w:pPr"):
            place.remove(child)


def drop(place: BaseOxmlElement) -> None:
    """Take an empty paragraph away where it is not needed."""
    if place.getparent().tag == qn("w:body") and place.find(f".//{qn('w:sectPr')}") is None:
        place.getparent().remove(place)


def _text(element: BaseOxmlElement) -> str:
    return "".join(text.text or "" for text in element.iter(qn("w:t")))
