"""Where in a document a figure is told, so that a person knows which one is meant."""

from __future__ import annotations

from collections.abc import Iterator

from gridmap.reports.paper.laying import text_of
from gridmap.reports.structure import Document, Heading, Number, Paragraph, Table

#: Of a long sentence the part around the figure.
_AROUND = 24


def places_of(document: Document) -> dict[str, str]:
    """Return for each fact the place where it is told first: section and sentence, or table."""
    found: dict[str, str] = {}
    section = ""
    for block in document.blocks:
        if isinstance(block, Heading):
            section = block.text
        elif isinstance(block, Paragraph):
            for fact, place in _in_prose(block):
                found.setdefault(fact, f"{section}: {place}" if section else place)
        elif isinstance(block, Table):
            for fact, place in _in_table(block):
                found.setdefault(fact, place)
    return found


def _in_prose(block: Paragraph) -> Iterator[tuple[str, str]]:
    parts = [text_of(part) for part in block.parts]
    for number, part in enumerate(block.parts):
        if isinstance(part, Number) and part.fact:
            before, after = "".join(parts[:number]), "".join(parts[number + 1 :])
            start = "…" if len(before) > _AROUND else ""
            end = "…" if len(after) > _AROUND else ""
            yield part.fact, f"{start}{before[-_AROUND:]}{part.shown}{after[:_AROUND]}{end}"


def _in_table(table: Table) -> Iterator[tuple[str, str]]:
    for row in [*table.rows, *([table.total] if table.total else [])]:
        head = text_of(row[0])
        for column, value in zip(table.columns, row, strict=False):
            if isinstance(value, Number) and value.fact:
                yield value.fact, f"{table.title}: {head} · {column.title}"
