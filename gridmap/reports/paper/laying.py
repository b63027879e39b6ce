"""What stands in a document and in which order, with its numbers, however it is set.

Pages, Word and PDF are set from the same list, so that they say the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from geodata.messages import N_, Message
from gridmap.i18n import translate
from gridmap.reports.pictures.figures import with_unit
from gridmap.reports.structure import (
    Block,
    Column,
    Document,
    Heading,
    Name,
    Number,
    Paragraph,
    Parts,
    Picture,
    Source,
    Table,
)

#: The longest statement and values that the table of sources prints.
_LONGEST = 240
#: How many digits of a table's print a page is wide.
_PAGE_EMS = 92
_NO_ROWS = N_("No rows.")
_SOURCES = N_("Sources of the figures")
#: Control characters that XML forbids, and those that would break a line.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]+")
#: So many levels of headings stand in the table of contents.
CONTENTS_LEVELS = 2
#: What of a heading has letters only, so that no line breaks within it.
_WORD = re.compile(r"[A-Za-z]+")
_DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True)
class Laid:
    """A block in its place.

    Attributes
    ----------
    block : Heading, Paragraph, Table or Picture
        Its text holds no control characters.
    label : str
        What stands before its text: ``一、``, ``图1 ``, ``Table 3. ``.
    sources : tuple of Source
        Of the table of sources, in the order of its rows.
    anchor : str
        Of a heading: its name within the document, by which links find it.
    """

    block: Block
    label: str = ""
    sources: tuple[Source, ...] = ()
    anchor: str = ""


@dataclass(frozen=True)
class Entry:
    """A line of the table of contents: a heading with its number, and its anchor."""

    level: int
    title: str
    anchor: str


def lay_out(document: Document, *, staff: bool = False) -> list[Laid]:
    """Return the blocks with their numbers, and after them what is missing and the sources.

    Parameters
    ----------
    document : Document
    staff : bool
        Whether only staff reads it: then the table of sources stands there even beside the basis.
    """
    document = _cleaned(document)
    counters, tables, figures = [0, 0, 0], 0, 0
    laid = []
    for block in document.blocks:
        label = anchor = ""
        if isinstance(block, Heading):
            counters[block.level - 1] += 1
            counters[block.level :] = [0] * (3 - block.level)
            label = _heading_label(counters[: block.level], document.language)
            anchor = "-".join(map(str, ("heading", *counters[: block.level])))
            anchor = f"section-{block.section}" if block.section else anchor
        elif isinstance(block, Table):
            tables += 1
            label = _caption_label("table", tables, document.language)
        elif isinstance(block, Picture):
            figures += 1
            label = _caption_label("picture", figures, document.language)
        laid.append(Laid(block, label, anchor=anchor))
    laid.extend(_missing(document))
    table = document.sources and (staff or not document.basis)
    if table:
        title = translate(_SOURCES, document.language)
        laid.append(Laid(Heading(level=1, text=title), anchor="heading-sources"))
    if document.basis:
        # Two sentences are a note and no section: what is hung up has one page.
        laid.append(Laid(Paragraph(parts=(document.basis,), role="note")))
    if table:
        label = _caption_label("table", tables + 1, document.language)
        laid.append(Laid(_sources(document), label, document.sources))
    return laid


def contents_of(laid: Iterable[Laid]) -> list[Entry]:
    """Return the headings that the table of contents lists."""
    return [
        Entry(each.block.level, each.label + each.block.text, each.anchor)
        for each in laid
        if isinstance(each.block, Heading) and each.block.level <= CONTENTS_LEVELS
    ]


def contents_title(language: str) -> str:
    """Return what stands above the table of contents."""
    return translate(N_("Contents"), language)


@dataclass(frozen=True)
class Head:
    """What stands above a document: its title, its area and period, and the data's state."""

    title: str
    area: str
    period: str
    state: str


def head_of(document: Document) -> Head:
    """Return the words above a document, without control characters."""
    kept = _cleaned(document.model_copy(update={"blocks": (), "sources": ()}))
    return Head(kept.title, kept.area, kept.period, kept.state)


def area_line(head: Head) -> str:
    """Return the area and the period on one line."""
    return " · ".join(part for part in (head.area, head.period) if part)


def state_line(head: Head, language: str) -> str:
    """Say as of when the data are."""
    return translate(Message("Data as of {state}", state=head.state), language)


def text_of(part: str | Number | Name) -> str:
    """Return what is printed of a part of a paragraph, or of a cell."""
    return part if isinstance(part, str) else part.shown


def column_titles(table: Table, language: str) -> list[str]:
    """Return the headings of a table's columns with their units."""
    return [with_unit(column.title, column.unit, language) for column in table.columns]


def body_rows(table: Table, language: str) -> list[Parts]:
    """Return a table's rows; where it has none, one that says so in its first cell."""
    if table.rows or not table.columns:
        return list(table.rows)
    return [(translate(_NO_ROWS, language), *[""] * (len(table.columns) - 1))]


def column_shares(table: Table, language: str) -> list[float]:
    """Return how much of the width each column is given; together 1."""
    wanted = _wanted(table, language)
    return [share / sum(wanted) for share in wanted]


def is_wide(table: Table, language: str) -> bool:
    """Tell whether a table needs small print."""
    return sum(_wanted(table, language)) > _PAGE_EMS


def _wanted(table: Table, language: str) -> list[float]:
    """Return how wide each column would be, in widths of a digit.

    Figures are not broken unless there are very many columns, names are.
    """
    columns = zip(column_titles(table, language), table.columns, strict=True)
    rows = [*table.rows, *([table.total] if table.total else [])]
    wanted = []
    for number, (title, column) in enumerate(columns):
        longest = max((_ems(text_of(row[number])) for row in rows), default=0.0)
        # A heading may take two lines, but its words, which are bold, stay whole.
        word = max((1.1 * len(each) for each in _WORD.findall(title)), default=0.0)
        wide = max(longest, min(_ems(title) / 2, 12.0), min(word, 15.0), 3.0)
        most = 18.0 if column.numeric else 30.0 if wide < 100 else 60.0
        wanted.append(min(wide, most) + 1.5)
    return wanted


def readable(source: Source) -> str:
    """Return the statement of a source and what it was asked with, on a few lines."""
    statement = " ".join(source.statement.split())
    values = ", ".join(f"{name} = {_short(value)}" for name, value in source.values.items())
    room = _LONGEST - min(len(values), _LONGEST // 2)
    return "; ".join(part for part in (_cut(statement, room), _cut(values, _LONGEST // 2)) if part)


def _heading_label(counters: list[int], language: str) -> str:
    number = counters[-1]
    if language == "zh":
        return (f"{chinese(number)}、", f"（{chinese(number)}）", f"{number}. ")[len(counters) - 1]
    return ".".join(str(count) for count in counters if count) + " "


def _caption_label(kind: str, number: int, language: str) -> str:
    if language == "zh":
        return f"{'表' if kind == 'table' else '图'}{number} "
    return f"{'Table' if kind == 'table' else 'Figure'} {number}. "


def chinese(number: int) -> str:
    """Return a number below 100 in Chinese."""
    tens, ones = divmod(number, 10)
    if tens == 0:
        return _DIGITS[ones]
    return f"{'' if tens == 1 else _DIGITS[tens]}十{_DIGITS[ones] if ones else ''}"


def _missing(document: Document) -> Iterator[Laid]:
    if not document.missing:
        return
    language = document.language
    title = translate(N_("Sections without data"), language)
    yield Laid(Heading(level=1, text=title), anchor="heading-missing")
    titles = ("；" if language == "zh" else "; ").join(document.missing)
    said = translate(Message("There are no data for: {titles}.", titles=titles), language)
    yield Laid(Paragraph(parts=(said,), role="missing"))


def _sources(document: Document) -> Table:
    language = document.language
    titles = [
        translate(title, language)
        for title in (N_("No."), N_("What was counted"), N_("Records"), N_("How it was counted"))
    ]
    rows = [
        (
            str(number),
            source.title,
            "–" if source.records is None else f"{source.records:,}",
            readable(source) or "–",
        )
        for number, source in enumerate(document.sources, start=1)
    ]
    return Table(
        title=translate(_SOURCES, language),
        columns=tuple(
            Column(title=title, numeric=number == 2) for number, title in enumerate(titles)
        ),
        rows=tuple(rows),
    )


def _ems(text: str) -> float:
    """Return about how wide a text is, in widths of a digit."""
    return sum(1.8 if ord(character) > 0x2E7F else 1.0 for character in text)


def _short(value: Any) -> str:
    if isinstance(value, list | tuple) and len(value) > 5:
        return f"[{', '.join(map(str, value[:4]))}, … ({len(value)})]"
    return str(value)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _cleaned(document: Document) -> Document:
    return Document.model_validate(_clean(document.model_dump()))


def _clean(value: Any) -> Any:
    """Return a value whose texts hold no control characters; a line break becomes a blank."""
    if isinstance(value, str):
        return _CONTROL.sub(" ", value) if _CONTROL.search(value) else value
    if isinstance(value, dict):
        return {key: _clean(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(one) for one in value]
    return value
