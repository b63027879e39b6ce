"""A document in the making: blocks whose words are still in both languages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeVar

from gridmap.reports.documents.compose.pictures import Atlas
from gridmap.reports.documents.compose.prose import (
    Both,
    Language,
    Linked,
    Part,
    Signed,
    Value,
    linked,
    number,
    plain,
    say,
    signed,
    told,
)
from gridmap.reports.structure import (
    Block,
    Column,
    Fact,
    Heading,
    Paragraph,
    Parts,
    Picture,
    Table,
)

#: Of a longer ranking so many are listed from either end.
MOST_FIRST, MOST_LAST = 20, 5
T = TypeVar("T")
Role = Literal["text", "note", "missing", "remark"]
#: Draws a picture in a language.
Draw = Callable[[Language, Atlas], bytes]


class Col(NamedTuple):
    """A column of a table."""

    title: Both
    unit: Both = Both("", "")
    numeric: bool = True


@dataclass(frozen=True)
class _Head:
    level: Literal[1, 2, 3]
    text: Value
    section: str


@dataclass(frozen=True)
class _Prose:
    phrases: Sequence[Value]
    role: Role


@dataclass(frozen=True)
class _Rows:
    title: Value
    columns: Sequence[Col]
    rows: Sequence[Sequence[Value]]
    total: Sequence[Value] | None


@dataclass(frozen=True)
class _Shown:
    key: str
    caption: Value
    alt: Value
    width_mm: int
    draw: Draw


@dataclass
class Draft:
    """What a document says, in the order in which it does."""

    blocks: list[_Head | _Prose | _Rows | _Shown] = field(default_factory=list)
    missing: list[Value] = field(default_factory=list)

    def head(self, level: Literal[1, 2, 3], text: Value, section: str = "") -> None:
        """Begin a section."""
        self.blocks.append(_Head(level, text, section))

    def text(self, *phrases: Value, role: Role = "text") -> None:
        """Add a paragraph of sentences; without any none is added."""
        if phrases:
            self.blocks.append(_Prose(phrases, role))

    def nothing(self, section: Value, why: Value) -> None:
        """Say that a section has no data, and list it as missing."""
        self.missing.append(section)
        self.text(why, role="missing")

    def table(
        self,
        title: Value,
        columns: Sequence[Col],
        rows: Sequence[Sequence[Value]],
        total: Sequence[Value] | None = None,
    ) -> None:
        """Add a table; one without rows is left out."""
        if rows:
            self.blocks.append(_Rows(title, columns, rows, total))

    def ranking(
        self,
        title: Value,
        columns: Sequence[Col],
        rows: Sequence[Sequence[Value]],
        of: int,
        where: Value,
    ) -> None:
        """Add the ends of a ranking, and say how many are not listed and where all are.

        Parameters
        ----------
        title : Value
        columns : sequence of Col
        rows : sequence of sequences of Value
            As many as `ends` leaves.
        of : int
            How many there are.
        where : Value
            A clause.
        """
        self.table(title, columns, rows)
        if of > len(rows):
            self.text(
                say(
                    Both(
                        "表中列出{of}个中的前{first}个和后{last}个，其余{rest}个未列出；{where}。",
                        "The table lists the first {first} and the last {last} of {of}; the other "
                        "{rest} are not listed; {where}.",
                    ),
                    of=f"{of:,}", first=str(MOST_FIRST), last=str(MOST_LAST),
                    rest=f"{of - len(rows):,}", where=where,
                ),
                role="note",
            )  # fmt: skip

    def picture(
        self, key: str, caption: Value, alt: Value, draw: Draw, *, width_mm: int = 150
    ) -> None:
        """Add a picture; it is drawn later, for each language, by `picture_key`."""
        self.blocks.append(_Shown(key, caption, alt, width_mm, draw))

    def pictures(self) -> dict[str, Draw]:
        """Return what draws each picture, by its key without a language."""
        return {block.key: block.draw for block in self.blocks if isinstance(block, _Shown)}

    def without_pictures(self) -> Draft:
        """Return the same without pictures."""
        return Draft([each for each in self.blocks if not isinstance(each, _Shown)], self.missing)

    def render(self, language: Language) -> tuple[tuple[Block, ...], tuple[str, ...]]:
        """Return the blocks in a language, and the titles of what is missing."""
        return (
            tuple(_block(block, language) for block in self.blocks),
            tuple(plain(title, language) for title in self.missing),
        )


def is_long(rows: Sequence[object]) -> bool:
    """Return whether a ranking is too long to be listed whole."""
    return len(rows) > MOST_FIRST + MOST_LAST


def ends(rows: Sequence[T]) -> list[T]:
    """Return a ranking, of a long one the first and the last."""
    return [*rows[:MOST_FIRST], *rows[-MOST_LAST:]] if is_long(rows) else list(rows)


def picture_key(key: str, language: Language) -> str:
    """Return the key of a picture in a language."""
    return f"{key}_{language}"


def _block(block: _Head | _Prose | _Rows | _Shown, language: Language) -> Block:
    if isinstance(block, _Head):
        return Heading(level=block.level, text=plain(block.text, language), section=block.section)
    if isinstance(block, _Prose):
        parts: list[Part] = []
        for at, phrase in enumerate(block.phrases):
            if at and language == "en":
                parts.append(" ")
            parts += told(phrase, language)
        return Paragraph(parts=_close(parts), role=block.role)
    if isinstance(block, _Rows):
        return Table(
            title=plain(block.title, language),
            columns=tuple(
                Column(
                    title=getattr(column.title, language),
                    unit=getattr(column.unit, language),
                    numeric=column.numeric,
                )
                for column in block.columns
            ),
            rows=tuple(_row(row, language) for row in block.rows),
            total=None if block.total is None else _row(block.total, language),
        )
    return Picture(
        key=picture_key(block.key, language),
        caption=plain(block.caption, language),
        alt=plain(block.alt, language),
        width_mm=block.width_mm,
    )


def _row(row: Sequence[Value], language: Language) -> Parts:
    return tuple(_cell(value, language) for value in row)


def _cell(value: Value, language: Language) -> Part:
    if isinstance(value, Fact):
        return number(value, in_table=True)
    if isinstance(value, Signed):
        return signed(value, in_table=True)
    if isinstance(value, Linked):
        return linked(value, language)
    return plain(value, language)


def _close(parts: Sequence[Part]) -> Parts:
    """Join neighbouring strings."""
    found: list[Part] = []
    for part in parts:
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        else:
            found.append(part)
    return tuple(found)
