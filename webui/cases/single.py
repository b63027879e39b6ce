"""One case: its facts, its history, and the acts its reader may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError, NotFoundError
from gridmap.incidents.cases.contacts import Contact, contact
from gridmap.incidents.cases.deadlines import Allowance, Unit
from gridmap.incidents.cases.effects import Doing
from gridmap.incidents.cases.inbox import CaseFile, case_file
from gridmap.incidents.cases.lookups import receivers
from gridmap.incidents.cases.steps import allowed_acts, perform
from gridmap.incidents.cases.workflow import NEEDS_NOTE, Act
from gridmap.workforce.rights import Action
from webui.access import current_actor, may_open, needs
from webui.asking import id_of, optional_id
from webui.cases import words
from webui.cases.blueprint import blueprint
from webui.cases.clock import Clock, town_clock
from webui.cases.photos import folder, sent_photos
from webui.cases.smallmap import map_page
from webui.database import writing
from webui.language import say

_GIVING = {Act.DISPATCH, Act.REASSIGN}
_WITH_PHOTOS = {Act.SUBMIT, Act.FINISH, Act.FEED_BACK, Act.VERIFY, Act.RETURN}


@dataclass(frozen=True)
class Refusal:
    """Why an act was not done, and which it was."""

    sentence: str
    act: str
    status: int


@blueprint.get("/cases/<int:case>")
@needs(Action.VIEW_MAP)
def show(case: int) -> ResponseReturnValue:
    """Show a case of the reader's area."""
    return _page(case)


@blueprint.post("/cases/<int:case>")
@needs(Action.REPORT_INCIDENT)
def act(case: int) -> ResponseReturnValue:
    """Do one act to a case, unless somebody did another one meanwhile."""
    form = request.form
    try:
        wanted = Act(form.get("act", ""))
    except ValueError:
        raise GridmapError(Message("The request cannot be understood.")) from None
    try:
        doing = Doing(
            wanted,
            form.get("note", "")[:4000],
            assignee_id=optional_id(form.get("assignee"), gettext("Cadre")),
            extension=_extension() if wanted is Act.REQUEST_EXTENSION else None,
            photos=sent_photos(),
        )
        with writing() as session:
            version = id_of(form.get("version"), gettext("Version"))
            perform(session, current_actor(), _id(case), version, doing, folder=folder())
    except NotFoundError:
        raise
    except GridmapError as refused:
        return _page(case, Refusal(say(refused.message), wanted, refused.status)), refused.status
    flash(say(Message("Case {id}: {act}.", id=case, act=Message(words.ACTS[wanted]))), "done")
    return redirect(url_for("cases.show", case=case))


@blueprint.post("/cases/<int:case>/contact")
@needs(Action.HANDLE_CASE)
def reach(case: int) -> ResponseReturnValue:
    """Show how to reach who reported; the look is recorded."""
    with writing() as session:
        found = contact(session, current_actor(), _id(case))
    return _page(case, contact=found or Contact("", ""))


def _page(case: int, refusal: Refusal | None = None, contact: Contact | None = None) -> str:
    actor = current_actor()
    with writing() as session:
        found = case_file(session, actor, _id(case))
        acts = allowed_acts(session, actor, found.case)
        clock = town_clock(session)
        cadres = _receivers(session, found) if _GIVING & set(acts) else []
    point = [found.row.lat, found.row.lon]
    return render_template(
        "cases/case.html",
        file=found,
        case=found.row,
        cell_url=url_for("cell_page.show", cell_id=found.row.cell_id)
        if found.row.cell_id and may_open("cell_page.show")
        else None,
        clock=clock,
        steps=_timeline(found, clock),
        acts=sorted(acts, key=_rank),
        cadres=cadres,
        refusal=refusal,
        contact=contact,
        asked=next((row for row in found.extensions if row.granted is None), None),
        needs_note=NEEDS_NOTE,
        giving=_GIVING,
        with_photos=_WITH_PHOTOS,
        form=request.form,
        page=map_page(point=point, zoom=17),
    )


def _receivers(session: Session, found: CaseFile) -> Any:
    community = found.case.community_id
    return [] if community is None else receivers(session, current_actor(), [community])


def _timeline(found: CaseFile, clock: Clock) -> list[dict[str, Any]]:
    """Return the steps, the last first, each with its photos."""
    photos: dict[int, list[Any]] = {}
    for photo in found.photos:
        photos.setdefault(photo.step_id, []).append(photo)
    return [
        {"row": row, "photos": photos.get(row.id, []), "at": clock.moment(row.at)}
        for row in reversed(found.steps)
    ]


def _rank(act: Act) -> int:
    """Return an act's place: the way forward comes first."""
    order = [*words.FORWARD, *(other for other in Act if other not in words.FORWARD)]
    return order.index(act)


def _extension() -> Allowance:
    unit = request.form.get("unit", "")
    try:
        amount = int(request.form.get("amount", ""))
    except ValueError:
        amount = 0
    return Allowance(amount, cast(Unit, unit))


def _id(case: int) -> int:
    if case >= 1 << 63:
        raise NotFoundError(Message("There is no case with the number {id}.", id=case))
    return case
