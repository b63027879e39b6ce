"""Incidents added, changed and deleted by agencies (OGC API Features Part 4).

An agency writes in its own name: what others have reported it may read, but not change.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ForbiddenError, GridmapError, NotFoundError, guarded
from gridmap.exchange.collections import INCIDENTS
from gridmap.exchange.grant import Grant
from gridmap.exchange.periods import read_end
from gridmap.exchange.visible import visible
from gridmap.workforce.audit import record
from gridmap.workforce.rights import Actor

#: What the database fills in itself; a feature that was read may be sent back with them.
READ_ONLY = {column.name for column in INCIDENTS.columns} - {
    "external_id", "category", "occurred_at", "ended_at",
}  # fmt: skip
_LONGEST_ID = 200
#: Clocks differ a little.
_AHEAD = timedelta(minutes=5)


@dataclass(frozen=True)
class Entry:
    """What an agency tells of an incident.

    Attributes
    ----------
    category : str
        The code of an active category.
    occurred_at : datetime
        With its time zone.
    lon, lat : float
        WGS 84, degrees.
    external_id : str or None
        The agency's own number; one is made where there is none.
    ended_at : datetime or None
        The end of the span, where only a span is known, of which `occurred_at` is the beginning.
    """

    category: str
    occurred_at: datetime
    lon: float
    lat: float
    external_id: str | None = None
    ended_at: datetime | None = None


def read_entry(properties: Mapping[str, Any], lon: float, lat: float) -> Entry:
    """Read the properties of a feature.

    Raises
    ------
    GridmapError
        Naming the property that is missing, unknown or wrong.
    """
    for name in properties:
        if name not in INCIDENTS.by_name:
            raise GridmapError(
                Message(
                    "properties: there is no property {name}. There are: {names}.",
                    name=str(name)[:60],
                    names=", ".join(set(INCIDENTS.by_name) - READ_ONLY),
                )
            )
    for name in ("category", "occurred_at"):
        if not isinstance(properties.get(name), str) or not properties[name]:
            raise GridmapError(Message("properties: {name} is missing.", name=name))
    occurred_at = _moment(properties["occurred_at"], "occurred_at")
    ended_at = None
    if properties.get("ended_at") is not None:
        ended_at = _moment(properties["ended_at"], "ended_at")
        if ended_at < occurred_at:
            raise GridmapError(
                Message("properties: {name} lies before occurred_at.", name="ended_at")
            )
        # An end that is the beginning says nothing more.
        ended_at = ended_at if ended_at > occurred_at else None
    number = properties.get("external_id")
    if number is not None and (
        not isinstance(number, str) or not 0 < len(number) <= _LONGEST_ID or "\0" in number
    ):
        raise GridmapError(
            Message("properties: {name} is no text of 1 to {most} characters.",
                    name="external_id", most=_LONGEST_ID)
        )  # fmt: skip
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise GridmapError(Message("geometry: the point lies nowhere on earth."))
    return Entry(properties["category"], occurred_at, lon, lat, number, ended_at)


def _moment(value: Any, name: str) -> datetime:
    moment = read_end(value, name) if isinstance(value, str) and value else None
    if not isinstance(moment, datetime):
        raise GridmapError(Message("properties: {name} has no time of day.", name=name))
    if moment > datetime.now(UTC) + _AHEAD:
        raise GridmapError(Message("properties: {name} lies in the future.", name=name))
    return moment


def add_incident(session: Session, actor: Actor, grant: Grant, entry: Entry) -> int:
    """Add an incident; return its id.

    Parameters
    ----------
    session : Session
        Nothing is committed.
    actor : Actor
        Whom the audit log names.
    grant : Grant
        With the right to write incidents.
    entry : Entry

    Raises
    ------
    ForbiddenError
        If it lies outside the area or the period of the grant.
    ConflictError
        If the agency has sent its number before.
    """
    grant.require_write(INCIDENTS)
    number = entry.external_id or secrets.token_hex(12)
    params = _params(session, entry) | {"source": grant.source, "external_id": number}
    with guarded():
        incident_id = session.execute(
            text(
                "INSERT INTO incident "
                "(category_id, occurred_at, ended_at, geom, source, external_id) VALUES "
                "(:category_id, :occurred_at, :ended_at, "
                "ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), :source, :external_id) RETURNING id"
            ),
            params,
        ).scalar_one()
    _require_inside(session, grant, incident_id)
    record(session, actor, "incident.create", ("incident", incident_id), after=_told(entry))
    return int(incident_id)


def change_incident(
    session: Session, actor: Actor, grant: Grant, incident_id: int, entry: Entry
) -> None:
    """Change an incident that the agency has sent.

    Raises
    ------
    NotFoundError, ForbiddenError
        If it does not exist for the agency, or is not its own, or would lie outside.
    ConflictError
        If the agency has sent the number with another incident.
    """
    grant.require_write(INCIDENTS)
    before = own_incident(session, grant, incident_id)
    number = entry.external_id or before.external_id
    with guarded():
        session.execute(
            text(
                "UPDATE incident SET category_id = :category_id, occurred_at = :occurred_at, "
                "ended_at = :ended_at, geom = ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), "
                "external_id = :external_id WHERE id = :id"
            ),
            _params(session, entry) | {"id": incident_id, "external_id": number},
        )
    _require_inside(session, grant, incident_id)
    record(
        session, actor, "incident.change", ("incident", incident_id),
        before=_told(before),
        after=_told(entry),
    )  # fmt: skip


def delete_incident(session: Session, actor: Actor, grant: Grant, incident_id: int) -> None:
    """Delete an incident that the agency has sent.

    Raises
    ------
    NotFoundError, ForbiddenError
        If it does not exist for the agency, or is not its own.
    ConflictError
        If there is a case of it.
    """
    grant.require_write(INCIDENTS)
    before = own_incident(session, grant, incident_id)
    with guarded():
        session.execute(text("DELETE FROM incident WHERE id = :id"), {"id": incident_id})
    record(
        session, actor, "incident.delete", ("incident", incident_id),
        before=_told(before),
    )  # fmt: skip


def own_incident(session: Session, grant: Grant, incident_id: int) -> Row[Any]:
    """Return an incident of the agency's own, which nobody else changes meanwhile.

    Raises
    ------
    NotFoundError
        If it does not exist for the agency.
    ForbiddenError
        If another source has sent it.
    """
    conditions, params = visible(INCIDENTS, grant)
    where = " AND ".join(["t.id = :id", *conditions])
    found = session.execute(
        text(
            "SELECT t.source, t.external_id, t.occurred_at, t.ended_at, ST_X(t.geom) AS lon, "
            "ST_Y(t.geom) AS lat, "
            "(SELECT k.code FROM category k WHERE k.id = t.category_id) AS category "
            f"FROM incident t WHERE {where} FOR UPDATE"
        ),
        params | {"id": incident_id},
    ).one_or_none()
    if found is None:
        raise NotFoundError(
            Message(
                "There is no feature {id} in {collection}.",
                id=str(incident_id),
                collection=INCIDENTS.key,
            )
        )
    if found.source != grant.source:
        raise ForbiddenError(Message("Others have reported this incident; you may only read it."))
    return found


def _params(session: Session, entry: Entry) -> dict[str, Any]:
    category = session.execute(
        text("SELECT id FROM category WHERE code = :code AND active"), {"code": entry.category}
    ).scalar()
    if category is None:
        raise GridmapError(
            Message("properties: there is no category {code}.", code=entry.category[:60])
        )
    return {
        "category_id": category,
        "occurred_at": entry.occurred_at,
        "ended_at": entry.ended_at,
        "lon": entry.lon,
        "lat": entry.lat,
    }


def _require_inside(session: Session, grant: Grant, incident_id: int) -> None:
    conditions, params = visible(INCIDENTS, grant)
    where = " AND ".join(["t.id = :id", *conditions])
    found = session.execute(
        text(f"SELECT FROM incident t WHERE {where}"), params | {"id": incident_id}
    ).one_or_none()
    if found is None:
        raise ForbiddenError(
            Message("The incident lies outside the area or the period of this key.")
        )


def _told(entry: Entry | Row[Any]) -> dict[str, Any]:
    """Return what the audit log keeps of an incident."""
    ended = {} if entry.ended_at is None else {"ended_at": entry.ended_at.isoformat()}
    return {
        "category": entry.category,
        "occurred_at": entry.occurred_at.isoformat(),
        **ended,
        "lon": entry.lon,
        "lat": entry.lat,
    }
