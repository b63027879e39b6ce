"""All that is known of one cell, for its page: place, people as counts, incidents, history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.incidents.cases.filters import Wanted
from gridmap.incidents.cases.inbox import list_cases
from gridmap.incidents.categories import by_category
from gridmap.incidents.statistics import (
    Clock,
    Question,
    Rows,
    Span,
    by_month,
    months_before,
)
from gridmap.patrols.tracks.overview import CellPatrols, of_cell
from gridmap.territory.queries import lineage
from gridmap.workforce.responsibility import answering, cell_history
from gridmap.workforce.rights import Actor

MONTHS = 24
#: Days whose incidents are told by category, against as many before.
RECENT_DAYS = 90
MOST_BUILDINGS = 500


@dataclass(frozen=True)
class CellPage:
    """The page's figures.

    Attributes
    ----------
    cell : row
        ``id``, ``code``, ``name``, ``kind``, ``valid_from``, ``valid_to``, ``community_id``,
        ``community``, ``community_code``, ``area_m2``, ``lon``, ``lat``.
    answers : row or None
        See `gridmap.workforce.responsibility.answering`; None for a former cell.
    held : sequence of rows
        See `gridmap.workforce.responsibility.cell_history`.
    buildings : sequence of rows
        ``id``, ``name``, ``address``, ``kind``, ``storeys``, ``households``, ``residents``,
        ``temporary_residents``, ``rented_homes``, ``shops``, ``lon``, ``lat``.
    counts : sequence of rows
        ``month``, ``households``, ``residents``, ``temporary_residents``, ``rented_homes``,
        ``shops`` of all buildings, by month.
    cases : sequence of rows
        Open ones, see `gridmap.incidents.cases.inbox.list_cases`.
    more_cases : bool
        Whether there are more than those.
    months : dict of date to int
        Incidents by month, also in the cells it came from.
    categories : sequence of rows
        Of the last `RECENT_DAYS` days of data.
    recent, recent_before : Span
    kin : sequence of rows
        What it came from and what became of it, see `gridmap.territory.queries.lineage`.
    patrols : CellPatrols
    """

    cell: Row[Any]
    answers: Row[Any] | None
    held: Rows
    buildings: Rows
    counts: Rows
    cases: Rows
    more_cases: bool
    months: dict[date, int]
    categories: Rows
    recent: Span
    kin: Sequence[Row[Any]]
    patrols: CellPatrols


def cell_page(session: Session, actor: Actor, cell_id: int, clock: Clock) -> CellPage:
    """Look at a cell of the actor's area.

    Raises
    ------
    NotFoundError
        If it does not exist or lies outside the actor's area.
    """
    connection = session.connection()
    cell = _cell(session, actor, cell_id)
    kin = lineage(session, cell_id)
    # Incidents keep the cell of their day, so the trend must follow the cell back in time.
    ancestors = tuple(row.id for row in kin if row.generation < 0)
    newest = min(clock.newest or clock.today, clock.today)
    recent = Span(newest - timedelta(days=RECENT_DAYS - 1), newest)
    before = Span(recent.first - timedelta(days=RECENT_DAYS), recent.first - timedelta(days=1))
    question = Question(actor.scope, recent, clock.zone, (cell_id, *ancestors))
    months = Span(months_before(newest, MONTHS - 1), newest)
    cases = list_cases(session, actor, Wanted(cell=cell_id, state="open"), limit=20)
    return CellPage(
        cell=cell,
        answers=next(iter(answering(session, actor, clock.today, [cell_id])), None),
        held=cell_history(session, actor, cell_id),
        buildings=_buildings(session, cell_id),
        counts=_counts(session, cell_id),
        cases=cases.rows,
        more_cases=cases.end is not None,
        months=by_month(connection, replace(question, span=months)),
        categories=by_category(connection, question, before),
        recent=recent,
        kin=kin,
        patrols=of_cell(connection, cell_id),
    )


def cell_shapes(session: Session, actor: Actor, cell_id: int) -> str:
    """Return the outlines of a cell, its buildings, streets, neighbours, forebears and open cases.

    Returns
    -------
    str
        A GeoJSON FeatureCollection; each feature has a property ``what``: 'near', 'building',
        'street', 'former', 'own' or 'case', in drawing order. A street has ``days``, since it was
        last walked, -1 for never.

    Raises
    ------
    NotFoundError
        If the cell does not exist or lies outside the actor's area.
    """
    _cell(session, actor, cell_id)
    near, case = (actor.scope.condition(f"{column}.community_id") for column in ("c", "k"))
    return str(
        session.execute(
            text(f"""
                WITH own AS (SELECT * FROM cell WHERE id = :cell), shapes AS (
                    SELECT 0 AS place, 'near' AS what, c.id, c.code AS name, false AS late,
                           NULL::int AS days, c.geom
                    FROM cell c, own WHERE c.geom && ST_Expand(own.geom, 0.002) AND c.id <> own.id
                      AND c.kind = 'basic' AND (c.valid @> local_date(now())) IS TRUE AND {near}
                    UNION ALL
                    SELECT 1, 'building', id, coalesce(nullif(name, ''), address), false, NULL, geom
                    FROM building WHERE cell_id = :cell
                    UNION ALL
                    SELECT 2, 'street', s.id, s.name, false,
                           coalesce(extract(day FROM now() - w.newest)::int, -1), s.geom
                    FROM own JOIN street_segment s ON ST_Intersects(s.geom, own.geom)
                    LEFT JOIN LATERAL (
                        SELECT max(left_at) AS newest FROM patrol_walk WHERE segment_id = s.id
                    ) w ON true
                    WHERE s.forward & 1 = 1
                    UNION ALL
                    SELECT 3, 'former', c.id, c.code, false, NULL, c.geom
                    FROM cell_lineage l JOIN cell c ON c.id = l.parent_id WHERE l.child_id = :cell
                    UNION ALL
                    SELECT 4, 'own', id, code, false, NULL, geom FROM own
                    UNION ALL
                    SELECT 5, 'case', k.id, k.description, k.next_due_at < now(), NULL, k.geom
                    FROM incident_case k
                    WHERE k.cell_id = :cell AND k.ended_at IS NULL AND {case}
                )
                SELECT json_build_object('type', 'FeatureCollection', 'features', json_agg(
                    json_build_object('type', 'Feature', 'id', id, 'properties',
                        json_build_object('what', what, 'name', name, 'late', late, 'days', days),
                        'geometry', ST_AsGeoJSON(geom, 6)::json) ORDER BY place, id))::text
                FROM shapes
            """),
            {"cell": cell_id, **actor.scope.params},
        ).scalar_one()
    )


def _cell(session: Session, actor: Actor, cell_id: int) -> Row[Any]:
    found = session.execute(
        text(f"""
            SELECT c.id, c.code, c.name, c.kind, c.valid_from, c.valid_to, c.community_id,
                   u.name AS community, u.name_en AS community_en, u.code AS community_code,
                   c.area_m2,
                   ST_X(ST_PointOnSurface(c.geom)) AS lon, ST_Y(ST_PointOnSurface(c.geom)) AS lat
            FROM cell c JOIN unit u ON u.id = c.community_id
            WHERE c.id = :cell AND {actor.scope.condition("c.community_id")}
        """),
        {"cell": cell_id, **actor.scope.params},
    ).one_or_none()
    if found is None:
        raise NotFoundError(Message("There is no cell with the id {id}.", id=cell_id))
    return found


def _buildings(session: Session, cell_id: int) -> Rows:
    return session.execute(
        text(f"""
            SELECT b.id, b.name, b.address, b.kind, b.storeys, n.households, n.residents,
                   n.temporary_residents, n.rented_homes, n.shops,
                   ST_X(b.anchor) AS lon, ST_Y(b.anchor) AS lat
            FROM building b LEFT JOIN LATERAL (
                SELECT * FROM building_count WHERE building_id = b.id ORDER BY month DESC LIMIT 1
            ) n ON true
            WHERE b.cell_id = :cell ORDER BY b.name, b.address, b.id LIMIT {MOST_BUILDINGS}
        """),
        {"cell": cell_id},
    ).all()


def _counts(session: Session, cell_id: int) -> Rows:
    return session.execute(
        text("""
            SELECT n.month, sum(n.households)::integer AS households,
                   sum(n.residents)::integer AS residents,
                   sum(n.temporary_residents)::integer AS temporary_residents,
                   sum(n.rented_homes)::integer AS rented_homes, sum(n.shops)::integer AS shops
            FROM building b JOIN building_count n ON n.building_id = b.id
            WHERE b.cell_id = :cell GROUP BY n.month ORDER BY n.month DESC LIMIT 12
        """),
        {"cell": cell_id},
    ).all()[::-1]
