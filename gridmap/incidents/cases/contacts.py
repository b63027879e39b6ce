"""How to reach who reported a case: for those who need it, and each look is recorded."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ForbiddenError
from gridmap.incidents.cases.access import find_case, own_cadre, parts
from gridmap.incidents.cases.models import CaseContact
from gridmap.incidents.cases.workflow import Who
from gridmap.workforce import audit
from gridmap.workforce.rights import Actor


@dataclass(frozen=True)
class Contact:
    """A name and a telephone number; either may be empty."""

    name: str
    phone: str


def contact(session: Session, actor: Actor, case_id: int) -> Contact | None:
    """Return the reporter's contact, for who runs the case or handles it while it is open.

    Raises
    ------
    NotFoundError
        If there is no such case in the actor's area.
    ForbiddenError
        If the actor neither runs nor handles it.
    """
    case = find_case(session, actor, case_id)
    found = parts(case, actor, own_cadre(session, actor))
    if Who.DISPATCHER not in found and (Who.HANDLER not in found or case.ended_at is not None):
        raise ForbiddenError(Message("Only who runs or handles the case may see the contact."))
    stored = session.get(CaseContact, case_id)
    if stored is None:
        return None
    audit.record(session, actor, "case.contact", ("incident_case", case_id))
    return Contact(stored.name, stored.phone)
