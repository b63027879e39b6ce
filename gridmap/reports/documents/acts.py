"""From draft to published: remarks and comments, approval, publication, withdrawal.

Who ordered a report does not approve it, unless as administrator: two people have then read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, ForbiddenError, ParameterError, refuse_identity_number
from gridmap.jobs import service as jobs
from gridmap.reports.documents.models import (
    LANGUAGES,
    Report,
    ReportComment,
    ReportEvent,
    ReportRemark,
)
from gridmap.reports.documents.queries import find_report
from gridmap.reports.documents.service import KIND_FILES, OPEN, SUBJECT, may_manage
from gridmap.workforce import audit
from gridmap.workforce.rights import Action, Actor, Role, require

LONGEST_TEXT = 4000
Act = Literal["settle", "approve", "publish", "withdraw"]


@dataclass(frozen=True)
class _Way:
    """From which states an act leads where."""

    origin: tuple[str, ...]
    state: str


WAYS: dict[Act, _Way] = {
    "settle": _Way(("commented",), "draft"),
    "approve": _Way(OPEN, "approved"),
    "publish": _Way(("approved",), "published"),
    "withdraw": _Way(("approved", "published"), "withdrawn"),
}
_NOT_NOW = Message("This cannot be done in the state the report is in now. Look at it again.")


def acts_for(actor: Actor, report: Any) -> tuple[Act, ...]:
    """Return what a person may do with a report in its state, of those who may read it."""
    if report.frozen_at is None:
        return ()
    found: list[Act] = []
    for act, way in WAYS.items():
        if report.state in way.origin and _refusal(actor, report, act) is None:
            found.append(act)
    return tuple(found)


def may_edit(actor: Actor, report: Any) -> bool:
    """Tell whether a person may add remarks and comments to a report now."""
    made = report.frozen_at is not None
    # A bulletin of a unit above is read by its people, and written by those of that unit.
    own = actor.sees_unit(report.unit_id)
    return made and own and report.state in OPEN and actor.may(Action.WRITE_REPORT)


def act_on(
    session: Session, actor: Actor, report_id: int, act: Act, note: str = "",
    edition: int | None = None,
) -> None:  # fmt: skip
    """Bring a report into the next state.

    Parameters
    ----------
    session : Session
    actor : Actor
    report_id : int
    act : Act
    note : str
        Why a report is withdrawn.
    edition : int, optional
        The one that the person has read.

    Raises
    ------
    NotFoundError
        If there is none for this person.
    ForbiddenError
        If the person may not; the sentence says why.
    ConflictError
        If its state does not allow it, or somebody has added words to it meanwhile.
    ParameterError
        If a withdrawal gives no reason.
    """
    row = find_report(session, actor, report_id)
    refusal = _refusal(actor, row, act)
    if refusal is not None:
        raise ForbiddenError(refusal)
    note = _checked(note, "note", optional=act != "withdraw")
    report = _locked(session, report_id)
    way = WAYS[act]
    if report.state not in way.origin or report.frozen_at is None:
        raise ConflictError(_NOT_NOW)
    # Nobody approves words that were added after the page was opened.
    if edition is not None and edition != report.edition:
        raise ConflictError(_NOT_NOW)
    before, report.state = report.state, way.state
    _note(session, actor, report, note)
    audit.record(
        session, actor, f"report.{act}", (SUBJECT, report_id), {"state": before},
        {"state": way.state, **({"note": note} if note else {})},
    )  # fmt: skip
    if act == "approve":
        # What is handed out from now on is the same for everybody and always.
        jobs.ask(session, KIND_FILES, {"report": report_id}, actor.user_id)


def comment(
    session: Session, actor: Actor, report_id: int, words: str, section: str = ""
) -> ReportComment:
    """Say something about a draft, or about one section of it.

    Raises
    ------
    ForbiddenError, ConflictError, ParameterError
        As `act_on`.
    """
    report = _open_for(session, actor, report_id)
    made = ReportComment(
        report_id=report_id, section=_known(report, section), author_id=actor.user_id,
        author=actor.name, text=_checked(words, "text"),
    )  # fmt: skip
    session.add(made)
    if report.state == "draft":
        report.state = "commented"
        _note(session, actor, report)
    session.flush()
    audit.record(session, actor, "report.comment", (SUBJECT, report_id))
    return made


def remark(
    session: Session, actor: Actor, report_id: int, section: str, language: str, words: str,
    seen: datetime | None = None,
) -> None:  # fmt: skip
    """Add words to the end of a section, change them, or with none take them away.

    Parameters
    ----------
    session : Session
    actor : Actor
    report_id : int
    section : str
        As the document's heading calls it.
    language : {"zh", "en"}
        The document they are added to.
    words : str
    seen : datetime, optional
        When the remark was written that the person saw; None if there was none.

    Raises
    ------
    ConflictError
        If somebody else changed it meanwhile, or the report can no longer be changed.
    """
    if language not in LANGUAGES:
        raise ParameterError("language", Message("A report is in zh and en."))
    report = _open_for(session, actor, report_id)
    key = (report_id, _known(report, section, needed=True), language)
    found = session.get(ReportRemark, key)
    words = _checked(words, "text", optional=True)
    if (found.at if found else None) != seen:
        raise ConflictError(
            Message("Somebody else changed this meanwhile. Look at it again, then change it.")
        )
    before = found.text if found else ""
    if words == before:
        return
    if not words and found:
        session.delete(found)
    elif found:
        found.text, found.author_id, found.author = words, actor.user_id, actor.name
        found.at = datetime.now(UTC)
    else:
        session.add(
            ReportRemark(
                report_id=report_id, section=key[1], language=language, text=words,
                author_id=actor.user_id, author=actor.name,
            )
        )  # fmt: skip
    report.edition += 1
    session.flush()
    audit.record(
        session, actor, "report.remark", (SUBJECT, report_id),
        {"section": section, "text": before}, {"section": section, "text": words},
    )  # fmt: skip


def _refusal(actor: Actor, report: Any, act: Act) -> Message | None:
    """Say why a person may not do an act at all, whatever the state."""
    if not actor.sees_unit(report.unit_id):
        return Message("You do not have the right to do this.")
    if act == "settle":
        if may_manage(actor, report):
            return None
        return Message("This report belongs to somebody else: ask its owner or a supervisor.")
    if not actor.may(Action.MANAGE_REPORTS):
        return Message("You do not have the right to do this.")
    own = report.owner_id is not None and report.owner_id == actor.user_id
    if act == "approve" and own and actor.role is not Role.ADMINISTRATOR:
        return Message(
            "You ordered this report yourself: somebody else who manages reports approves it."
        )
    return None


def why_not_approve(actor: Actor, report: Any) -> Message | None:
    """Say to whom manages reports why this one is for somebody else to approve."""
    if report.state not in OPEN or report.frozen_at is None:
        return None
    return _refusal(actor, report, "approve") if actor.may(Action.MANAGE_REPORTS) else None


def _open_for(session: Session, actor: Actor, report_id: int) -> Report:
    row = find_report(session, actor, report_id)
    require(actor, Action.WRITE_REPORT)
    if not actor.sees_unit(row.unit_id):
        raise ForbiddenError(Message("You do not have the right to do this."))
    report = _locked(session, report_id)
    if report.state not in OPEN or report.frozen_at is None:
        raise ConflictError(
            Message("The report can no longer be changed. Order it anew if it must be.")
            if report.frozen_at
            else Message("The report is not finished yet.")
        )
    return report


def _locked(session: Session, report_id: int) -> Report:
    return session.get_one(Report, report_id, with_for_update=True, populate_existing=True)


def _note(session: Session, actor: Actor, report: Report, note: str = "") -> None:
    session.add(
        ReportEvent(
            report_id=report.id, state=report.state, note=note, user_id=actor.user_id,
            person=actor.name,
        )
    )  # fmt: skip
    session.flush()


def _known(report: Report, section: str, *, needed: bool = False) -> str:
    """Return the section if the document has it."""
    blocks = [block for each in report.documents.values() for block in each["blocks"]]
    known = {block.get("section") for block in blocks if block["kind"] == "heading"} - {"", None}
    if section not in known and (section or needed):
        raise ParameterError("section", Message("The report has no such section."))
    return section


def _checked(words: str, name: str, *, optional: bool = False) -> str:
    words = words.replace("\r\n", "\n").strip()
    if not words and not optional:
        sentence = (
            Message("Say why the report is withdrawn.")
            if name == "note"
            else Message("Write something first.")
        )
        raise ParameterError(name, sentence)
    if len(words) > LONGEST_TEXT:
        raise ParameterError(
            name, Message("A text has at most {most} characters.", most=LONGEST_TEXT)
        )
    refuse_identity_number(words)
    return words
