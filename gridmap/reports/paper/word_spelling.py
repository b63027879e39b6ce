"""Writes out in a Word file's paragraphs what Word works out itself: alignment, indents, numbers.

A reader of single paragraphs misses what stands in the styles and the lists of the file: that a
title is centred, a date is on the right, and which number a paragraph has.
"""

from __future__ import annotations

import copy
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import docx
from docx.document import Document as WordDocument
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.oxml.xmlchemy import BaseOxmlElement

from gridmap.reports.paper.laying import chinese
from gridmap.reports.paper.word_parts import run

#: Counting in Chinese, as Word calls it in its versions and languages.
_CHINESE = (
    "chineseCounting", "chineseCountingThousand", "japaneseCounting", "ideographDigital",
    "taiwaneseCounting", "taiwaneseCountingThousand",
)  # fmt: skip
_CIRCLES = ("decimalEnclosedCircle", "decimalEnclosedCircleChinese")
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
    (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
#: After these no blank is wanted before the text.
_WIDE_ENDS = "、）．。：】」"


def spelled_out(content: bytes) -> bytes:
    """Return a Word file whose paragraphs say themselves how they stand.

    Each paragraph has its own alignment and first-line indent, whichever style they come from, and
    begins with its number as text; bullets stay as they are.

    Parameters
    ----------
    content : bytes

    Raises
    ------
    zipfile.BadZipFile, lxml.etree.LxmlError, LookupError, ValueError
        If it is no Word file.
    """
    word = docx.Document(io.BytesIO(content))
    styles, lists = _Styles(word), _Lists(word)
    for paragraph in list(_paragraphs(word)):
        chain = list(styles.chain(paragraph))
        properties = paragraph.get_or_add_pPr()
        number = lists.number([properties, *chain])
        # Before a style its list tells how a paragraph is indented, if it does not so itself.
        indents = [properties] if number is not None else [properties, *chain]
        _settle(properties, _told("w:jc", [properties, *chain], "w:val"))
        _settle(properties, _told("w:ind", indents, "w:firstLine", "w:hanging"))
        if number is not None:
            _write(properties, number)
    stream = io.BytesIO()
    word.save(stream)
    return stream.getvalue()


def _told(name: str, chain: Sequence[BaseOxmlElement], *wanted: str) -> BaseOxmlElement | None:
    """Return the first element of a name that says one of the things wanted."""
    for each in chain:
        found: BaseOxmlElement | None = each.find(qn(name))
        if found is not None and any(qn(one) in found.attrib for one in wanted):
            return found
    return None


def _settle(properties: BaseOxmlElement, told: BaseOxmlElement | None) -> None:
    """Give a paragraph's own properties what was found, in place of what they say of it."""
    if told is None:
        return
    made = copy.deepcopy(told)
    for own in properties.findall(told.tag):
        properties.remove(own)
    properties.append(made)


def _write(properties: BaseOxmlElement, number: str) -> None:
    """Write the number before the text of a paragraph, which belongs to no list any more."""
    for listed in properties.findall(qn("w:numPr")):
        properties.remove(listed)
    made = parse_xml(
        f'<w:p {nsdecls("w")}><w:numPr><w:ilvl w:val="0"/><w:numId w:val="0"/></w:numPr>'
        f"{run(number)}</w:p>"
    )
    properties.append(made[0])
    for each in reversed(made):
        if each.tag == qn("w:r"):
            properties.addnext(each)


def _paragraphs(word: WordDocument) -> Iterator[BaseOxmlElement]:
    """Return all paragraphs of the text; what older versions of Word show instead is none of it."""
    for paragraph in word.element.body.iter(qn("w:p")):
        if not any(each.tag.endswith("}Fallback") for each in paragraph.iterancestors()):
            yield paragraph


class _Styles:
    """The properties of paragraphs that styles give, by their ids."""

    def __init__(self, word: WordDocument) -> None:
        element = word.styles.element
        self._styles = {each.get(qn("w:styleId")): each for each in element.iter(qn("w:style"))}
        self._default = next(
            (
                key
                for key, each in self._styles.items()
                if each.get(qn("w:type")) == "paragraph"
                and each.get(qn("w:default")) in ("1", "true")
            ),
            None,
        )
        self._base = element.find(f"{qn('w:docDefaults')}/{qn('w:pPrDefault')}/{qn('w:pPr')}")

    def chain(self, paragraph: BaseOxmlElement) -> Iterator[BaseOxmlElement]:
        """Return the properties of a paragraph's style, of those it is based on, and of all."""
        named = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
        key = self._default if named is None else named.get(qn("w:val"))
        seen = set()
        while key in self._styles and key not in seen:
            seen.add(key)
            style = self._styles[key]
            if (properties := style.find(qn("w:pPr"))) is not None:
                yield properties
            based = style.find(qn("w:basedOn"))
            key = None if based is None else based.get(qn("w:val"))
        if self._base is not None:
            yield self._base


@dataclass
class _Level:
    """A level of a list: with what it begins, how it counts and what it writes."""

    start: int = 1
    form: str = "decimal"
    text: str = ""
    follows: str = "tab"
    style: str | None = None
    # Whether the levels above are told in figures too, however they count themselves.
    figures: bool = False


@dataclass
class _List:
    """A definition that lists share, with what was counted so far by level."""

    levels: dict[int, _Level]
    counts: dict[int, int] = field(default_factory=dict)


class _Lists:
    """The lists of a file, counted paragraph by paragraph as Word does (ECMA-376, 17.9)."""

    def __init__(self, word: WordDocument) -> None:
        self._lists: dict[str, _List] = {}
        self._uses: dict[str, str] = {}
        # At which number a use of a list begins anew, until it was met.
        self._restarts: dict[str, dict[int, int]] = {}
        for relation in word.part.rels.values():
            if relation.reltype == RELATIONSHIP_TYPE.NUMBERING and not relation.is_external:
                self._read(parse_xml(relation.target_part.blob))

    def _read(self, numbering: BaseOxmlElement) -> None:
        for each in numbering.findall(qn("w:abstractNum")):
            levels = {
                int(level.get(qn("w:ilvl"), "0")): _Level(
                    int(_value(level, "start") or 1),
                    _value(level, "numFmt") or "decimal",
                    _value(level, "lvlText") or "",
                    _value(level, "suff") or "tab",
                    _value(level, "pStyle"),
                    level.find(qn("w:isLgl")) is not None,
                )
                for level in each.findall(qn("w:lvl"))
            }
            self._lists[each.get(qn("w:abstractNumId"))] = _List(levels)
        for each in numbering.findall(qn("w:num")):
            key = each.get(qn("w:numId"))
            self._uses[key] = _value(each, "abstractNumId") or ""
            self._restarts[key] = {
                int(one.get(qn("w:ilvl"), "0")): int(start)
                for one in each.findall(qn("w:lvlOverride"))
                if (start := _value(one, "startOverride")) is not None
            }

    def number(self, chain: Sequence[BaseOxmlElement]) -> str | None:
        """Count a paragraph and return its number; None if it has none, or a bullet.

        Parameters
        ----------
        chain : sequence of elements
            Its own properties, and those of its styles.
        """
        key, at = self._place(chain)
        found = self._lists.get(self._uses.get(key, ""))
        if found is None or at not in found.levels:
            return None
        restart = self._restarts[key].pop(at, None)
        if restart is not None:
            found.counts[at] = restart - 1
        found.counts[at] = found.counts.get(at, found.levels[at].start - 1) + 1
        for deeper in [each for each in found.counts if each > at]:
            del found.counts[deeper]
        return _written(found, at)

    def _place(self, chain: Sequence[BaseOxmlElement]) -> tuple[str, int]:
        """Return in which use of a list a paragraph stands, and on which level."""
        level: str | None = None
        for properties in chain:
            listed = properties.find(qn("w:numPr"))
            if listed is None:
                continue
            level = level or _value(listed, "ilvl")
            key = _value(listed, "numId")
            if key is None:
                continue
            if level is None:
                # A style may be that of a level.
                style = properties.getparent().get(qn("w:styleId"))
                levels = self._lists.get(self._uses.get(key, ""), _List({})).levels
                own = (at for at, each in levels.items() if style and each.style == style)
                return key, next(own, 0)
            return key, int(level)
        return "", 0


def _written(found: _List, at: int) -> str | None:
    """Write the number that a list has come to."""
    level = found.levels[at]
    if level.form == "bullet":
        return None

    def counted(match: re.Match[str]) -> str:
        upper = int(match[1]) - 1
        given = found.levels.get(upper, _Level())
        form = "decimal" if level.figures else given.form
        return _figure(form, found.counts.get(upper, given.start))

    words = re.sub(r"%([1-9])", counted, level.text)
    if not words or level.follows == "nothing" or words[-1] in _WIDE_ENDS:
        return words
    return f"{words} "


def _figure(form: str, n: int) -> str:
    """Write a number as a list counts (ECMA-376, 17.18.59); what is not known here in figures."""
    if form == "none":
        return ""
    if form in _CHINESE and n < 100:
        return chinese(n)
    if form in _CIRCLES and 0 < n <= 20:
        return chr(0x245F + n)
    if form.startswith("decimalFullWidth"):
        return "".join(chr(ord(digit) + 0xFEE0) for digit in str(n))
    if form in ("lowerLetter", "upperLetter") and n > 0:
        # After z come aa and bb.
        letters = chr(ord("a") + (n - 1) % 26) * ((n - 1) // 26 + 1)
        return letters.upper() if form == "upperLetter" else letters
    if form in ("lowerRoman", "upperRoman") and 0 < n < 4000:
        letters = _roman(n)
        return letters.upper() if form == "upperRoman" else letters
    return str(n)


def _roman(n: int) -> str:
    letters = ""
    for value, sign in _ROMAN:
        letters += sign * (n // value)
        n %= value
    return letters


def _value(element: BaseOxmlElement, name: str) -> str | None:
    found = element.find(qn(f"w:{name}"))
    return None if found is None else found.get(qn("w:val"))
