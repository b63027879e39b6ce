"""A report as Word and PDF: set when asked for, and for good once it is approved."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Literal

from sqlalchemy import Engine, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.reports.documents.models import FORMS, LANGUAGES, Report, ReportFile
from gridmap.reports.documents.queries import pictures_of, remarks_of
from gridmap.reports.documents.template_files import read_template
from gridmap.reports.structure import Block, Document, Fact, Heading, Paragraph

Form = Literal["docx", "pdf"]
Language = Literal["zh", "en"]
#: The sections that people alone write, see `compose.written`: what they write is what was missing.
WRITTEN = frozenset({"problems", "next"})


def document_of(session: Session, report_id: int, language: str) -> Document:
    """Return a report's document with what people added, each at the end of its section.

    A remark that was written in the other language alone stands there in that language.

    Raises
    ------
    NotFoundError
        If the report is not finished, or has no such language.
    """
    documents = session.scalar(select(Report.documents).where(Report.id == report_id)) or {}
    if language not in documents:
        raise NotFoundError(Message("There is no such report."))
    document = Document.model_validate(documents[language])
    said: dict[str, str] = {}
    for each in remarks_of(session, report_id):
        if each.language == language or each.section not in said:
            said[each.section] = each.text
    return with_remarks(document, said)


def with_remarks(document: Document, said: dict[str, str]) -> Document:
    """Put texts at the end of their sections: before the next heading of no lower level."""
    blocks: list[Block] = []
    open_: list[Heading] = []

    def close(level: int) -> None:
        while open_ and open_[-1].level >= level:
            text = said.get(open_.pop().section, "")
            lines = [line for line in text.split("\n") if line.strip()]
            blocks.extend(Paragraph(parts=(line,), role="remark") for line in lines)

    written = {section for section in WRITTEN if said.get(section)}
    for block in document.blocks:
        if isinstance(block, Heading):
            close(block.level)
            open_.append(block)
        empty = isinstance(block, Paragraph) and block.role == "missing"
        if not (empty and open_ and open_[-1].section in written):
            blocks.append(block)
    close(1)
    titles = {block.text for block in blocks
              if isinstance(block, Heading) and block.section in written}  # fmt: skip
    missing = tuple(title for title in document.missing if title not in titles)
    return document.model_copy(update={"blocks": tuple(blocks), "missing": missing})


def facts_of(session: Session, report_id: int) -> dict[str, Fact]:
    """Return a report's facts by key."""
    facts = session.scalar(select(Report.facts).where(Report.id == report_id)) or {}
    return {key: Fact.model_validate(fact) for key, fact in facts.items()}


def file_of(
    engine: Engine, data_dir: Path, report_id: int, language: Language, form: Form
) -> bytes:
    """Return a report as Word or PDF; the first who asks after a change waits until it is set.

    The caller has seen the report. No transaction is open while it is set.

    Raises
    ------
    NotFoundError
        As `document_of`.
    GridmapError
        If the town's template can no longer be filled.
    """
    key = {"report_id": report_id, "language": language, "form": form}
    with Session(engine) as session:
        edition = session.scalar(select(Report.edition).where(Report.id == report_id))
        kept = session.scalar(
            select(ReportFile.content).filter_by(**key).where(ReportFile.edition == edition)
        )
        if kept is not None:
            return kept
        document = document_of(session, report_id, language)
        pictures = pictures_of(session, report_id)
    content = _set(document, pictures, form, data_dir)
    with Session(engine) as session, session.begin():
        values = {"edition": edition, "content": content}
        new = insert(ReportFile).values(**key, **values)
        # Who set it at the same time may have been the first; all get the same.
        session.execute(
            new.on_conflict_do_update(
                index_elements=list(key), set_=values, where=ReportFile.edition < edition
            )
        )
        return session.scalars(select(ReportFile.content).filter_by(**key)).one()


def freeze_files(
    engine: Engine, data_dir: Path, report_id: int, tick: Callable[[float], None]
) -> None:
    """Set all files of a report that are not there yet."""
    wanted = list(product(LANGUAGES, FORMS))
    for number, (language, form) in enumerate(wanted):
        tick(number / len(wanted))
        file_of(engine, data_dir, report_id, language, form)  # type: ignore[arg-type]


def _set(document: Document, pictures: dict[str, bytes], form: Form, data_dir: Path) -> bytes:
    # What sets PDF takes a second to load, and the pages need it seldom.
    from gridmap.reports.paper.pdf import to_pdf
    from gridmap.reports.paper.word import to_word

    if form == "pdf":
        return to_pdf(document, pictures)
    return to_word(document, pictures, read_template(data_dir, document.language))
