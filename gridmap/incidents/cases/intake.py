"""Intake: an incident and its case from what a person reports, or a case for one stored already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite
from pathlib import Path
from typing import Literal

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, GridmapError, NotFoundError, refuse_identity_number
from gridmap.incidents.cases.calendar import work_time
from gridmap.incidents.cases.categories import WHOLE, find_category, rules_for
from gridmap.incidents.cases.deadlines import due
from gridmap.incidents.cases.models import REPORTERS, Case, CaseContact, CaseStep
from gridmap.incidents.cases.photos import keep, prepare_all
from gridmap.incidents.cases.workflow import Act, Step
from gridmap.incidents.models import Category
from gridmap.workforce import audit
from gridmap.workforce.rights import Action, Actor, require

SOURCE = "gridmap"
Reporter = Literal["cadre", "citizen", "hotline", "patrol"]
LONGEST = 4000
#: An incident of an earlier year is a slip of the hand.
OLDEST = 1950


@dataclass(frozen=True)
class Hit:
    """What an address search found."""

    layer: Literal["building", "place"]
    id: int


@dataclass(frozen=True)
class Report:
    """What somebody reports.

    Attributes
    ----------
    category : str
        A code.
    description : str
    reporter : {"cadre", "citizen", "hotline", "patrol"}
    place : tuple of float or Hit
        WGS 84 longitude and latitude, or what an address search found.
    address : str
        In words; that of the hit if left out.
    occurred_at : datetime or None
        Now if left out.
    contact_name, contact_phone : str
        How to reach the reporter, if he wishes it.
    photos : sequence of bytes
    """

    category: str
    description: str
    reporter: Reporter
    place: tuple[float, float] | Hit
    address: str = ""
    occurred_at: datetime | None = None
    contact_name: str = ""
    contact_phone: str = ""
    photos: Sequence[bytes] = ()


def report(
    session: Session, actor: Actor, data: Report, folder: Path, *, now: datetime | None = None
) -> Case:
    """Take in a report: the incident, its case at the step of filing, photos and contact.

    Parameters
    ----------
    session : Session
    actor : Actor
    data : Report
    folder : Path
        Where photos lie, see `photos.photo_folder`.
    now : datetime, optional

    Raises
    ------
    ForbiddenError
        If the actor may not report.
    NotFoundError
        If the category, or what the search found, does not exist (in the actor's area).
    GridmapError
        If the place lies outside the actor's area, or something is missing or unreadable.
    """
    require(actor, Action.REPORT_INCIDENT)
    pictures = prepare_all(data.photos)
    now = now or datetime.now(UTC)
    happened = data.occurred_at or now
    if happened.year < OLDEST:
        raise GridmapError(Message("The time of the incident lies too far back."))
    if happened.tzinfo is None or happened > now + timedelta(minutes=5):
        raise GridmapError(Message("The time of the incident lies in the future."))
    category = find_category(session, data.category)
    lon, lat, address = _locate(session, actor, data)
    row = session.execute(
        text("""
            INSERT INTO incident (occurred_at, category_id, geom, source)
            VALUES (:at, :category, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), :source)
            RETURNING id, community_id
        """),
        {"at": happened, "category": category.id, "lon": lon, "lat": lat, "source": SOURCE},
    ).one()
    seen = actor.scope.communities
    if seen is not None and row.community_id not in seen:
        raise GridmapError(Message("This place lies outside your area."))
    case, step = _open(session, actor, row.id, happened, category, data, address, now)
    if data.contact_name.strip() or data.contact_phone.strip():
        session.execute(
            insert(CaseContact).values(
                case_id=case.id, name=data.contact_name.strip(), phone=data.contact_phone.strip()
            )
        )
    keep(session, folder, case.id, step.id, pictures)
    return case


def open_case(
    session: Session,
    actor: Actor,
    incident_id: int,
    description: str,
    *,
    reporter: Reporter = "cadre",
    now: datetime | None = None,
) -> Case:
    """Open a case for an incident that is stored already, as one that was imported.

    Raises
    ------
    ForbiddenError
        If the actor may not run cases.
    NotFoundError
        If the incident does not lie in the actor's area.
    ConflictError
        If it has a case.
    """
    require(actor, Action.DISPATCH_CASE)
    row = session.execute(
        text(f"""
            SELECT i.id, i.occurred_at, k.code FROM incident i JOIN category k
                ON k.id = i.category_id
            WHERE i.id = :id AND {actor.scope.condition("i.community_id")}
        """),
        {"id": incident_id, **actor.scope.params},
    ).one_or_none()
    if row is None:
        raise NotFoundError(Message("There is no incident with the number {id}.", id=incident_id))
    # Two people who open it at once come one after the other.
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtext('gridmap.case'), CAST(:id AS integer))"),
        {"id": incident_id % 2**31},
    )
    known = session.scalar(select(Case.id).where(Case.incident_id == incident_id))
    if known is not None:
        raise ConflictError(Message("The incident already has case {id}.", id=known))
    data = Report(row.code, description, reporter, (0.0, 0.0))
    category = find_category(session, row.code)
    moment = now or datetime.now(UTC)
    return _open(session, actor, row.id, row.occurred_at, category, data, "", moment)[0]


def _open(
    session: Session,
    actor: Actor,
    incident_id: int,
    happened: datetime,
    category: Category,
    data: Report,
    address: str,
    now: datetime,
) -> tuple[Case, CaseStep]:
    description = data.description.strip()
    if not description or len(description) > LONGEST:
        raise GridmapError(
            Message("Describe what happened, in up to {count} characters.", count=LONGEST)
        )
    refuse_identity_number(description)
    if data.reporter not in REPORTERS:
        raise GridmapError(Message("Say who reported it."))
    if not category.active:
        raise ConflictError(
            Message("Category {code} is no longer used: choose another.", code=category.code)
        )
    rules = rules_for(session, category.id)
    work = work_time(session)
    case = Case(
        incident_id=incident_id,
        occurred_at=happened,
        category_version_id=rules.version_id,
        rules_id=rules.rules_id,
        description=description,
        address=address,
        reporter=data.reporter,
        reported_by=actor.user_id,
        step=Step.FILING,
        opened_at=now,
        step_entered_at=now,
        step_due_at=due(work, now, rules.deadlines[Step.FILING]),
        due_at=due(work, now, rules.deadlines[WHOLE]),
    )
    session.add(case)
    session.flush()
    session.refresh(case)
    step = CaseStep(
        case_id=case.id,
        at=now,
        user_id=actor.user_id,
        user_name=actor.name,
        act=Act.REPORT,
        from_step=None,
        to_step=Step.FILING,
        level=case.level,
        due_at=case.step_due_at,
    )
    session.add(step)
    session.flush()
    after = {"incident_id": incident_id, "category": category.code, "reporter": data.reporter}
    audit.record(session, actor, "case.report", ("incident_case", case.id), None, after)
    return case, step


def _locate(session: Session, actor: Actor, data: Report) -> tuple[float, float, str]:
    """Return where it happened, and the address in words."""
    address = data.address.strip()
    if not isinstance(data.place, Hit):
        lon, lat = data.place
        if not (isfinite(lon) and isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
            raise GridmapError(Message("The place is no longitude and latitude."))
        return lon, lat, address
    table, anchor = {"building": ("building", "anchor"), "place": ("place", "geom")}[
        data.place.layer
    ]
    row = session.execute(
        text(f"""
            SELECT ST_X({anchor}) AS lon, ST_Y({anchor}) AS lat,
                   coalesce(nullif(address, ''), name) AS address
            FROM {table} WHERE id = :id AND {actor.scope.condition("community_id")}
        """),
        {"id": data.place.id, **actor.scope.params},
    ).one_or_none()
    if row is None:
        raise NotFoundError(Message("The address is no longer on the map: search again."))
    return row.lon, row.lat, address or row.address
