"""What is known of a building, for its page: place, cadres, people as counts, what is near."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.incidents import near
from gridmap.incidents.cases.inbox import rows_where
from gridmap.incidents.records import Narrowing, count_records, find_records
from gridmap.incidents.statistics import Clock, Question, Rows, Span, by_month, months_before
from gridmap.workforce.responsibility import answering, held_on
from gridmap.workforce.rights import Actor

MONTHS = 24
RECENT_DAYS = 90
MOST_INCIDENTS = 10
MOST_CASES = 20


@dataclass(frozen=True)
class BuildingPage:
    """The page's figures.

    Attributes
    ----------
    building : row
        ``id``, ``name``, ``address``, ``kind``, ``storeys``, ``external_id``, ``cell_id``,
        ``community_code``, ``lon``, ``lat``; the last two in degrees, the ids None outside all.
    cells : sequence of rows
        ``id``, ``code``, ``name`` and ``kind``: the cell it is linked to, then the micro cells
        it lies in.
    answers : sequence of rows
        For each of the cells, in their order, see `gridmap.workforce.responsibility.answering`.
    held : sequence of rows
        See `gridmap.workforce.responsibility.held_on`.
    counts : sequence of rows
        ``month``, ``households``, ``residents``, ``temporary_residents``, ``rented_homes``,
        ``shops``; the last `MONTHS` that were told, the oldest first.
    cases : sequence of rows
        Open ones nearby, see `gridmap.incidents.cases.inbox.list_cases`.
    more_cases : bool
        Whether there are more than those.
    months : mapping of date to int
        Incidents nearby by month.
    incidents : sequence of rows
        The newest nearby within the months, see `gridmap.incidents.records.find_records`.
    n_recent : int
        Incidents nearby in the last `RECENT_DAYS` days of data.
    recent, span : Span
        These days, and the months.
    """

    building: Row[Any]
    cells: Rows
    answers: Rows
    held: Rows
    counts: Rows
    cases: Rows
    more_cases: bool
    months: Mapping[date, int]
    incidents: Rows
    n_recent: int
    recent: Span
    span: Span


def find_building(session: Session, actor: Actor, building_id: int) -> Row[Any]:
    """Return a building of the actor's area, see `BuildingPage`.

    Raises
    ------
    NotFoundError
        If it does not exist or lies outside the actor's area.
    """
    found = session.execute(
        text(f"""
            SELECT b.id, b.name, b.address, b.kind, b.storeys, b.external_id, b.cell_id,
                   u.code AS community_code, ST_X(b.anchor) AS lon, ST_Y(b.anchor) AS lat
            FROM building b LEFT JOIN unit u ON u.id = b.community_id
            WHERE b.id = :building AND {actor.scope.condition("b.community_id")}
        """),
        {"building": building_id, **actor.scope.params},
    ).one_or_none()
    if found is None:
        raise NotFoundError(Message("There is no building with the id {id}.", id=building_id))
    return found


def building_page(session: Session, actor: Actor, building_id: int, clock: Clock) -> BuildingPage:
    """Look at a building of the actor's area.

    Raises
    ------
    NotFoundError
        If it does not exist or lies outside the actor's area.
    """
    building = find_building(session, actor, building_id)
    cells = _cells(session, actor, building_id, clock.today)
    ids = [cell.id for cell in cells]
    newest = min(clock.newest or clock.today, clock.today)
    recent = Span(newest - timedelta(days=RECENT_DAYS - 1), newest)
    span = Span(months_before(newest, MONTHS - 1), newest)
    connection = session.connection()
    narrowing = Narrowing(building=building_id)
    question = Question(actor.scope, span, clock.zone)
    cases = _cases(session, actor, building_id)
    return BuildingPage(
        building=building,
        cells=cells,
        answers=sorted(
            answering(session, actor, clock.today, ids), key=lambda row: ids.index(row.cell_id)
        ),
        held=held_on(session, actor, clock.today, ids),
        counts=_counts(session, building_id),
        cases=cases[:MOST_CASES],
        more_cases=len(cases) > MOST_CASES,
        months=by_month(connection, question, near=building_id),
        incidents=find_records(connection, question, narrowing)[:MOST_INCIDENTS],
        n_recent=count_records(connection, Question(actor.scope, recent, clock.zone), narrowing),
        recent=recent,
        span=span,
    )


def building_shapes(session: Session, actor: Actor, building_id: int) -> str:
    """Return the outlines of a building, of its cell and of what lies around it.

    Returns
    -------
    str
        A GeoJSON FeatureCollection; each feature has a property ``what``: 'cell', 'road',
        'building', 'own', 'reach' (how far `gridmap.incidents.near` goes) or 'case', in drawing
        order.

    Raises
    ------
    NotFoundError
        If the building does not exist or lies outside the actor's area.
    """
    find_building(session, actor, building_id)
    cell, building, case = (actor.scope.condition(f"{name}.community_id") for name in "cbk")
    return str(
        session.execute(
            text(f"""
                WITH own AS (
                    SELECT *, ST_Expand(geom, 0.0015) AS around FROM building WHERE id = :building
                ), shapes AS (
                    SELECT 0 AS place, 'cell' AS what, c.id, c.code AS name, false AS late, c.geom
                    FROM cell c JOIN own ON own.cell_id = c.id WHERE {cell}
                    UNION ALL
                    SELECT 1, 'road', r.id, r.name, false, ST_Intersection(r.geom, own.around)
                    FROM road r JOIN own ON r.geom && own.around
                    UNION ALL
                    SELECT 2, 'building', b.id, coalesce(nullif(b.name, ''), b.address), false,
                           b.geom
                    FROM building b JOIN own ON b.geom && own.around
                    WHERE b.id <> own.id AND {building}
                    UNION ALL
                    SELECT 3, 'own', id, coalesce(nullif(name, ''), address), false, geom FROM own
                    UNION ALL
                    SELECT 4, 'reach', id, '', false,
                           ST_Buffer(geom::geography, {near.NEAR_M})::geometry FROM own
                    UNION ALL
                    SELECT 5, 'case', k.id, k.description, k.next_due_at < now(), k.geom
                    FROM incident_case k JOIN own ON k.geom && own.around
                    WHERE k.ended_at IS NULL AND {case}
                        AND ST_DWithin(k.geom::geography, own.geom::geography, {near.NEAR_M})
                )
                SELECT json_build_object('type', 'FeatureCollection', 'features', json_agg(
                    json_build_object('type', 'Feature', 'id', id, 'properties',
                        json_build_object('what', what, 'name', name, 'late', late),
                        'geometry', ST_AsGeoJSON(geom, 6)::json) ORDER BY place, id))::text
                FROM shapes WHERE NOT ST_IsEmpty(geom)
            """),
            {"building": building_id, **actor.scope.params},
        ).scalar_one()
    )


def _cells(session: Session, actor: Actor, building_id: int, day: date) -> Rows:
    """Return the cells a building lies in; nothing links to micro cells, which lie over others."""
    return session.execute(
        text(f"""
            SELECT c.id, c.code, c.name, c.kind FROM building b JOIN cell c
                ON c.id = b.cell_id OR c.kind = 'micro' AND ST_Covers(c.geom, b.anchor)
            WHERE b.id = :building AND (c.valid @> CAST(:day AS date)) IS TRUE
              AND {actor.scope.condition("c.community_id")}
            ORDER BY c.kind = 'micro', c.code
        """),
        {"building": building_id, "day": day, **actor.scope.params},
    ).all()


def _counts(session: Session, building_id: int) -> Rows:
    return session.execute(
        text("""
            SELECT month, households, residents, temporary_residents, rented_homes, shops
            FROM building_count WHERE building_id = :building ORDER BY month DESC LIMIT :most
        """),
        {"building": building_id, "most": MONTHS},
    ).all()[::-1]


def _cases(session: Session, actor: Actor, building_id: int) -> Rows:
    where = f"c.ended_at IS NULL AND {near.CASE} AND {actor.scope.condition('c.community_id')}"
    values = {"building": building_id, "limit": MOST_CASES + 1, **actor.scope.params}
    return rows_where(session, where, values)
