"""Service requests of Open311 GeoReport v2: categories as services, cases as requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ForbiddenError, GridmapError, NotFoundError
from gridmap.exchange.collections import BUILDINGS, INCIDENTS, PLACES
from gridmap.exchange.grant import Grant
from gridmap.exchange.search import search
from gridmap.incidents.cases.intake import LONGEST, Hit, Report, report
from gridmap.workforce.rights import Actor, Role

#: What the standard names: so many days at most, and so many requests in an answer.
MOST_DAYS, MOST = 90, 1000
LONGEST_WORD = 200
_WORDS = ("first_name", "last_name", "phone", "email", "address_string")
STATES = {"open": "c.ended_at IS NULL", "closed": "c.ended_at IS NOT NULL"}

_SERVICES = """
    SELECT k.code AS service_code, k.name AS service_name, k.name_en,
           coalesce(parent.name, k.name) AS "group"
    FROM category k LEFT JOIN category parent ON parent.id = k.parent_id
    WHERE k.active {and_code} ORDER BY k.code COLLATE "C"
"""
_REQUESTS = """
    SELECT c.id AS service_request_id,
           CASE WHEN c.ended_at IS NULL THEN 'open' ELSE 'closed' END AS status,
           CASE WHEN :kind THEN k.name END AS service_name,
           CASE WHEN :kind THEN k.code END AS service_code,
           CASE WHEN :words THEN c.description END AS description, u.name AS agency_responsible,
           CASE WHEN :times THEN c.opened_at END AS requested_datetime,
           (SELECT max(s.at) FROM case_step s WHERE s.case_id = c.id) AS updated_datetime,
           c.due_at AS expected_datetime, CASE WHEN :words AND :exact THEN c.address END AS address,
           CASE WHEN :exact THEN ST_Y(c.geom) END AS lat,
           CASE WHEN :exact THEN ST_X(c.geom) END AS long
    FROM incident_case c JOIN category k ON k.id = c.category_id
    LEFT JOIN unit u ON u.id = coalesce(c.unit_id, c.community_id)
    WHERE {where} ORDER BY c.opened_at DESC, c.id DESC LIMIT :most OFFSET :left_out
"""

_OWN = """EXISTS (SELECT FROM case_step s WHERE s.case_id = c.id AND s.from_step IS NULL
                        AND s.user_id IS NULL AND s.user_name = :own)"""

Rows = Sequence[Row[Any]]


@dataclass(frozen=True)
class Asked:
    """Which requests are wanted.

    Attributes
    ----------
    ids : tuple of int
        Where there are any, nothing else counts.
    services : tuple of str
        Codes; none for all.
    states : tuple of str
        ``open`` or ``closed``; none for both.
    since, until : datetime or None
        When they were handed in; `MOST_DAYS` at most.
    page, size : int
        The first page is 1.
    """

    ids: tuple[int, ...] = ()
    services: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    page: int = 1
    size: int = MOST


def services(connection: Connection) -> Rows:
    """List the active categories, by their codes."""
    return connection.execute(text(_SERVICES.format(and_code=""))).all()


def find_service(connection: Connection, code: str) -> Row[Any]:
    """Return an active category.

    Raises
    ------
    NotFoundError
        If there is none of this code.
    """
    statement = text(_SERVICES.format(and_code="AND k.code = :code"))
    found = connection.execute(statement, {"code": code}).one_or_none()
    if found is None:
        raise NotFoundError(Message("There is no service with the code {code}.", code=code))
    return found


def requests(connection: Connection, grant: Grant, asked: Asked) -> Rows:
    """List the requests in the reader's area and period, the newest first.

    Who was not granted the description of incidents is told neither it nor the address, and who
    is given inexact points neither the place nor the address. Who was granted no step of cases
    follows only what it has handed in.

    Raises
    ------
    NotFoundError
        If incidents were not granted.
    ForbiddenError
        If neither the step of cases nor writing was, or what is chosen by was not.
    GridmapError
        If the days are more than `MOST_DAYS`.
    """
    granted = grant.of(INCIDENTS)
    fields = {column.name for column in granted.columns(INCIDENTS)}
    asks_more = (asked.services and "category" not in fields) or (
        (asked.since or asked.until) and "occurred_at" not in fields
    )
    if asks_more or not (granted.write or "step" in fields):
        raise ForbiddenError(Message("This key may not follow requests."))
    conditions, values = _chosen(asked)
    if "step" not in fields:
        # Who was not granted the steps of all cases follows those it has handed in.
        conditions.append(_OWN)
        values["own"] = grant.name
    conditions.append(grant.scope.condition("c.community_id"))
    for day, sign in ((grant.first, ">="), (grant.last, "<=")):
        if day is not None:
            conditions.append(f"local_date(c.occurred_at) {sign} '{day.isoformat()}'")
    return connection.execute(
        text(_REQUESTS.format(where=" AND ".join(conditions))),
        {
            **values,
            **grant.scope.params,
            "words": "description" in fields,
            "kind": "category" in fields,
            "times": "occurred_at" in fields,
            "exact": granted.snap == "exact",
            "most": asked.size,
            "left_out": (asked.page - 1) * asked.size,
        },
    ).all()


def take_in(session: Session, grant: Grant, form: Mapping[str, str], folder: Path) -> int:
    """Open a case from what a citizen's program sends; return its number.

    Parameters
    ----------
    session : Session
    grant : Grant
        It must hold writing of incidents.
    form : mapping
        The arguments of the standard; how to reach the reporter is kept apart from the case.
    folder : Path
        Where photos of cases lie.

    Raises
    ------
    ForbiddenError
        If the key may only read.
    NotFoundError
        If the service does not exist.
    GridmapError
        If something is missing, cannot be read, or lies outside the key's area.
    """
    grant.require_write(INCIDENTS)
    today = session.scalar(text("SELECT local_date(now())"))
    if (grant.first and today < grant.first) or (grant.last and today > grant.last):
        raise ForbiddenError(
            Message("The incident lies outside the area or the period of this key.")
        )
    code = form.get("service_code", "").strip()
    if not code:
        raise GridmapError(Message("The argument {name} is missing.", name="service_code"))
    service = find_service(session.connection(), code)
    description = form.get("description", "").strip() or service.service_name
    _check_lengths({**form, "description": description})
    data = Report(
        code,
        description,
        "citizen",
        _place(session, grant, form),
        address=form.get("address_string", ""),
        contact_name=f"{form.get('last_name', '')} {form.get('first_name', '')}".strip(),
        contact_phone=form.get("phone", "").strip() or form.get("email", ""),
    )
    # The key stands for no user; this role may do nothing but report.
    actor = Actor(None, grant.name, Role.CADRE, grant.scope, grant.units)
    return report(session, actor, data, folder).id


def _check_lengths(form: Mapping[str, str]) -> None:
    most = {**dict.fromkeys(_WORDS, LONGEST_WORD), "description": LONGEST}
    for name, count in most.items():
        if len(form.get(name, "")) > count:
            raise GridmapError(
                Message("{name} is longer than {count} characters.", name=name, count=count)
            )


def _place(session: Session, grant: Grant, form: Mapping[str, str]) -> tuple[float, float] | Hit:
    """Return where it is: as told, or the one building or place of that address."""
    given = form.get("lat", "").strip(), form.get("long", "").strip()
    address = form.get("address_string", "").strip()
    if any(given):
        try:
            return float(given[1]), float(given[0])
        except ValueError:
            raise GridmapError(Message("The place is no longitude and latitude.")) from None
    if not address:
        raise GridmapError(
            Message("The argument {name} is missing.", name="lat, long / address_string")
        )
    hits, more = search(
        session.connection(), address, scope=grant.scope, layers=_with_addresses(grant)
    )
    exact = [hit for hit in hits if address in (hit.name, hit.subtitle)]
    chosen = exact if len(exact) == 1 else hits
    if len(chosen) != 1 or (more and not exact):
        raise GridmapError(
            Message("The address is not found, or is not the only one. Send lat and long.")
        )
    return Hit("building" if chosen[0].layer == "building" else "place", chosen[0].id)


def _with_addresses(grant: Grant) -> frozenset[str]:
    """Return the layers whose addresses the reader may be told, and where exactly these are.

    What is found by is all told too, for an answer says whether something was.
    """
    found = set()
    for collection in (BUILDINGS, PLACES):
        granted = grant.layers.get(collection.key)
        if granted is None or granted.snap != "exact":
            continue
        told = {column.sql for column in granted.columns(collection)}
        if told >= set(collection.layer.search):
            found.add(collection.layer.key)
    return frozenset(found)


def _chosen(asked: Asked) -> tuple[list[str], dict[str, Any]]:
    if asked.ids:
        return ["c.id = ANY(:ids)"], {"ids": list(asked.ids)}
    since, until = _days(asked)
    conditions = ["c.opened_at >= :since AND c.opened_at <= :until"]
    values: dict[str, Any] = {"since": since, "until": until}
    if asked.services:
        conditions.append("k.code = ANY(:services)")
        values["services"] = list(asked.services)
    if asked.states:
        conditions.append("(" + " OR ".join(STATES[state] for state in asked.states) + ")")
    return conditions, values


def _days(asked: Asked) -> tuple[datetime, datetime]:
    """Return from when until when: the newest days, or those beside the one moment given."""
    span = timedelta(days=MOST_DAYS)
    since, until = asked.since, asked.until
    if since is not None and until is None:
        until = since + span
    until = until or datetime.now(UTC)
    since = since or until - span
    if until - since > span:
        raise GridmapError(
            Message("Ask for {count} days at most, from start_date to end_date.", count=MOST_DAYS)
        )
    return since, until
