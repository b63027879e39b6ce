"""A report from its order: sections count and write, one after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from geodata.messages import N_
from gridmap.reports.documents.compose import (
    activities,
    briefing,
    bulletin,
    cases,
    cell_sheet,
    disputes,
    evaluation,
    incidents,
    indicators,
    land,
    patrols,
    places,
    written,
)
from gridmap.reports.documents.compose.composed import Composed, Progress
from gridmap.reports.documents.compose.draft import Draft, picture_key
from gridmap.reports.documents.compose.matter import Matter, find_matter
from gridmap.reports.documents.compose.pictures import Atlas
from gridmap.reports.documents.compose.prose import (
    LANGUAGES,
    Both,
    Language,
    Value,
    heading,
    plain,
    say,
)
from gridmap.reports.documents.order import Kind, Order
from gridmap.reports.structure import Document

#: What the work is at.
COUNTING, DRAWING = N_("Counting figures"), N_("Drawing maps and charts")
#: The part of the work that counting is.
_COUNTED = 0.5
#: The kinds that are long enough for a table of contents.
LONG: frozenset[Kind] = frozenset({"half_year", "year"})
#: The kinds that are hung up.
NOTICES: frozenset[Kind] = frozenset({"bulletin"})
#: What is hung up tells in words where its figures come from, and no statements.
BASES: Mapping[Kind, Callable[[Matter], Value]] = {"bulletin": bulletin.basis}
#: Counts, and writes what it has to say into the draft.
Section = Callable[[Matter, Draft], None]

_REPORT: tuple[Section, ...] = (
    land.write,
    incidents.write,
    places.write,
    disputes.write,
    cases.write,
    patrols.write,
    activities.write,
    indicators.write,
    evaluation.write,
    written.write,
)
#: What a report of each kind says, in order.
SECTIONS: Mapping[Kind, tuple[Section, ...]] = {
    "half_year": _REPORT,
    "year": _REPORT,
    "month": (
        incidents.write,
        places.write,
        disputes.write,
        cases.write,
        patrols.write,
        activities.write,
    ),
    "bulletin": (bulletin.write,),
    "patrol_briefing": (briefing.recent, briefing.hot, briefing.streets, briefing.ahead),
    "cell_sheet": (
        cell_sheet.place,
        incidents.write,
        cases.write,
        cell_sheet.open_cases,
        cell_sheet.inspections,
    ),
}

TITLES: Mapping[Kind, Both] = {
    "half_year": Both("{area}{period}平安建设工作报告", "{area}: report on {period}"),
    "year": Both("{area}{period}平安建设工作报告", "{area}: annual report {period}"),
    "month": Both("{area}{period}工作简报", "{area}: briefing for {period}"),
    "bulletin": Both("{area}警情通报", "{area}: incident bulletin"),
    "patrol_briefing": Both("{area}巡防例会简报", "{area}: briefing for the patrol meeting"),
    "cell_sheet": Both("{area}情况表", "{area}: cell sheet"),
}


def compose(
    session: Session, order: Order, progress: Progress, *, pictures: bool = True
) -> Composed:
    """Count the figures of a report once, and write it in both languages.

    Parameters
    ----------
    session : Session
        Only read; with one snapshot, so that the figures agree with each other.
    order : Order
    progress : callable
        Told the part that is done, from 0 to 1, and what is at hand.
    pictures : bool
        Whether pictures are drawn; without them the documents have none.

    Returns
    -------
    Composed

    Raises
    ------
    NotFoundError
        If the unit or the cell does not exist.
    UnavailableError
        If pictures are wanted and the system has no Chinese font.
    """
    progress(0, COUNTING)
    matter = find_matter(session, order)
    sections, draft = SECTIONS[order.kind], Draft()
    for done, section in enumerate(sections):
        progress(_COUNTED * done / len(sections), COUNTING)
        section(matter, draft)
    state = _state(matter)
    if not pictures:
        draft = draft.without_pictures()
    return Composed(
        facts=matter.ledger.facts,
        documents={language: _document(matter, draft, language) for language in LANGUAGES},
        pictures=_drawn(matter, draft, progress),
        state=state,
    )


def _drawn(matter: Matter, draft: Draft, progress: Progress) -> dict[str, bytes]:
    atlas, drawn = Atlas(matter), dict[str, bytes]()
    wanted = draft.pictures()
    for key, draw in wanted.items():
        for language in LANGUAGES:
            share = len(drawn) / (len(wanted) * len(LANGUAGES))
            progress(_COUNTED + (1 - _COUNTED) * share, DRAWING)
            drawn[picture_key(key, language)] = draw(language, atlas)
    progress(1, DRAWING)
    return drawn


def _document(matter: Matter, draft: Draft, language: Language) -> Document:
    blocks, missing = draft.render(language)
    title = say(TITLES[matter.kind], area=matter.name, period=matter.period)
    state = matter.state
    return Document(
        language=language,
        title=plain(title, language),
        area=plain(matter.name, language),
        period=plain(heading(matter.period), language),
        state=plain(state, language),
        blocks=blocks,
        sources=matter.ledger.sources(language),
        missing=missing,
        contents=matter.kind in LONG,
        notice=matter.kind in NOTICES,
        basis=plain(BASES[matter.kind](matter), language) if matter.kind in BASES else "",
    )


def _state(matter: Matter) -> dict[str, Any]:
    row = matter.session.execute(
        text("""
            SELECT pg_current_snapshot()::text AS snapshot,
                   (SELECT max(occurred_at) FROM incident WHERE occurred_at <= now()) AS newest,
                   (SELECT max(id) FROM incident) AS incident_id,
                   (SELECT max(id) FROM incident_case) AS case_id,
                   (SELECT max(id) FROM case_step) AS case_step_id
        """)
    ).one()
    return {
        "moment": matter.now.isoformat(),
        **row._mapping,
        "newest": None if row.newest is None else row.newest.isoformat(),
        "program": version("gridmap"),
    }
