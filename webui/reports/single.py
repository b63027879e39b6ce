"""The page of one report: how far it is, then what it says, each number leading to its records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from sqlalchemy.orm import Session
from werkzeug.routing import BuildError

from gridmap.reports.documents import acts, service
from gridmap.reports.documents.files import document_of, facts_of
from gridmap.reports.documents.queries import (
    comments_of,
    events_of,
    find_report,
    picture_of,
    remarks_of,
)
from gridmap.reports.paper.html import Link, contents_list, to_html
from gridmap.reports.paper.laying import area_line, head_of, lay_out, state_line
from gridmap.reports.structure import Document, Fact, Heading, Name, Source
from gridmap.workforce.rights import Action
from webui.access import current_actor, may_open, needs
from webui.database import reading
from webui.language import say
from webui.reports import words
from webui.reports.blueprint import blueprint
from webui.waiting import is_served, state_answer


@blueprint.get("/<int:report_id>")
@needs(Action.VIEW_MAP)
def show(report_id: int) -> ResponseReturnValue:
    """Show a report, or how far it is, or why there is none."""
    return page(report_id, None)


def page(report_id: int, fault: str | None, typed: dict[str, str] | None = None) -> str:
    """Return the page of a report, with what was typed where something could not be taken."""
    actor = current_actor()
    with reading() as connection, Session(connection) as session:
        row = find_report(session, actor, report_id)
        shown = {
            "report": row,
            "may_manage": service.may_manage(actor, row),
            "may_write": actor.may(Action.WRITE_REPORT) and actor.sees_unit(row.unit_id),
            "fault": fault,
            "typed": typed or {},
        }
        if row.frozen_at is None:
            served = is_served(connection, row.job_state)
            asked = {"state": url_for("reports.state", report_id=report_id), "words": _words()}
            return render_template("reports/waiting.html", page=asked, served=served, **shown)
        language = str(get_locale())
        document = document_of(session, report_id, language)
        facts = facts_of(session, report_id)
        comments, events = comments_of(session, report_id), events_of(session, report_id)
        remarks = {each.section: each for each in remarks_of(session, report_id)
                   if each.language == language}  # fmt: skip
    return render_template(
        "reports/report.html",
        document=document,
        head=head_lines(document),
        content=to_html(
            document,
            picture=_picture_of(row),
            # A bulletin of a unit above is read by more people than its records.
            link=link_of(document.sources) if actor.sees_unit(row.unit_id) else lambda of: None,
            staff=True,
            facts=facts,
        ),
        sections=sections_of(document),
        contents=contents_list(lay_out(document)),
        comments=comments,
        events=events,
        remarks=remarks,
        acts=acts.acts_for(actor, row),
        not_mine=acts.why_not_approve(actor, row),
        may_edit=acts.may_edit(actor, row),
        **shown,
    )


@blueprint.get("/<int:report_id>/state.json")
@needs(Action.VIEW_MAP)
def state(report_id: int) -> Response:
    """Tell a waiting page how far a report is."""
    with reading() as connection, Session(connection) as session:
        row = find_report(session, current_actor(), report_id)
        return state_answer(
            connection,
            finished=row.frozen_at is not None,
            state=row.job_state,
            progress=row.progress,
            message=words.step(row.message, row.job_state),
        )


@blueprint.get("/<int:report_id>/pictures/<key>.png")
@needs(Action.VIEW_MAP)
def picture(report_id: int, key: str) -> Response:
    """Answer with a chart or map of a report."""
    with reading() as connection, Session(connection) as session:
        find_report(session, current_actor(), report_id)
        content = picture_of(session, report_id, key)
    response = Response(content, mimetype="image/png")
    response.add_etag()
    response.make_conditional(request)
    return response


def link_of(sources: Sequence[Source]) -> Link:
    """Return what leads from a figure or a name to records that the present reader may see."""
    by_key = {source.key: source for source in sources}

    def link(of: Fact | Source | Name) -> str | None:
        to = by_key.get(of.source) if isinstance(of, Fact) else of
        if to is None or to.endpoint is None or not may_open(to.endpoint):
            return None
        arguments = {**to.arguments, **(of.arguments if isinstance(of, Fact) else {})}
        try:
            return url_for(to.endpoint, **arguments)
        # A later version of the program may have moved the page of an old report.
        except BuildError:
            return None

    return link


def head_lines(document: Document) -> list[str]:
    """Return what stands below the title: area, period, and as of when the data are."""
    head = head_of(document)
    return [line for line in (area_line(head), state_line(head, document.language)) if line]


def sections_of(document: Document) -> list[tuple[str, str, int]]:
    """Return key, title and level of the sections that people can add to or speak of."""
    return [
        (block.section, block.text, block.level)
        for block in document.blocks
        if isinstance(block, Heading) and block.section
    ]


def _picture_of(row: Any) -> Callable[[str], str]:
    # The version is the moment of the data: made anew, its pictures have other addresses.
    version = int(row.frozen_at.timestamp())
    return lambda key: url_for("reports.picture", report_id=row.id, key=key, v=version)


def _words() -> dict[str, str]:
    return {key: say(word) for key, word in words.SCRIPT.items()}
