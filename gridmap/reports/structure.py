"""A document as plain data: what it says, before it is set as a page, in Word or as PDF.

It is kept as JSON with the report, so that it says the same when it is opened years later. A
`Number` names the `Fact` it tells, and the fact names its `Source`: the statement that counted
it, and the page on which its records are listed. A `Name` leads to the page of a single record.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Part):
    """Where figures come from.

    Attributes
    ----------
    key : str
        Within the document.
    title : str
        In the language of the document.
    statement, values : str, dict
        The SQL, and what it was asked with.
    records : int or None
        How many records were counted.
    endpoint, arguments : str or None, dict
        The page that lists these records; None if there is none.
    """

    key: str
    title: str
    statement: str
    values: dict[str, Any] = {}
    records: int | None = None
    endpoint: str | None = None
    arguments: dict[str, Any] = {}


class Fact(_Part):
    """A figure as it was counted.

    Attributes
    ----------
    key : str
        Within the report, such as ``cases.closed``.
    value : number, str or None
        None where there are no data.
    numerator, denominator : number or None
        Of a rate.
    unit : str
        ``""`` for counts, ``%``, ``m2``, ``h``.
    source : str
        The key of a `Source`.
    arguments : dict
        What the page of the source is asked besides, so that it lists the records of this figure.
    """

    key: str
    value: int | float | str | None
    numerator: int | float | None = None
    denominator: int | float | None = None
    unit: str = ""
    source: str
    arguments: dict[str, Any] = {}


class Number(_Part):
    """A figure in a text or table, as it is printed: ``93.72%``."""

    shown: str
    fact: str | None = None


class Name(_Part):
    """What a record is called, such as the number of a case, and the page on which it is seen."""

    shown: str
    endpoint: str
    arguments: dict[str, Any] = {}


Parts: TypeAlias = tuple[str | Number | Name, ...]


class Heading(_Part):
    """A heading; who sets it numbers it: 一、, (一), 1. in Chinese, 1, 1.1, 1.1.1 in English."""

    kind: Literal["heading"] = "heading"
    level: Literal[1, 2, 3]
    text: str
    # By which a remark of the editor names its section.
    section: str = ""


class Paragraph(_Part):
    """Prose.

    ``role`` tells it from a note in small print, from the sentence that data are missing, and from
    what a person added.
    """

    kind: Literal["paragraph"] = "paragraph"
    parts: Parts
    role: Literal["text", "note", "missing", "remark"] = "text"


class Column(_Part):
    """A column of a table, with its unit beside the heading."""

    title: str
    unit: str = ""
    numeric: bool = False


class Table(_Part):
    """A table; ``total`` is its last row, set apart."""

    kind: Literal["table"] = "table"
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Parts, ...]
    total: Parts | None = None


class Picture(_Part):
    """A chart or map, whose PNG is kept under its key; ``alt`` says in words what it shows."""

    kind: Literal["picture"] = "picture"
    key: str
    caption: str
    alt: str
    width_mm: int = 150


Block = Annotated[Heading | Paragraph | Table | Picture, Field(discriminator="kind")]


class Document(_Part):
    """A whole document in one language.

    Attributes
    ----------
    language : {"zh", "en"}
    title, area, period : str
        As printed on top.
    state : str
        As of when the data are.
    blocks : tuple of Block
    sources : tuple of Source
        For the table at the end.
    missing : tuple of str
        The titles of the sections without data.
    contents : bool
        Whether it is long enough for a table of contents.
    notice : bool
        Whether it is to be hung up, where nobody turns a page: it is set close.
    basis : str
        Where the figures come from, in words, for readers to whom statements say nothing: what is
        handed out has these words instead of the table of sources.
    """

    language: Literal["zh", "en"]
    title: str
    area: str
    period: str
    state: str
    blocks: tuple[Block, ...]
    sources: tuple[Source, ...] = ()
    missing: tuple[str, ...] = ()
    contents: bool = False
    notice: bool = False
    basis: str = ""
