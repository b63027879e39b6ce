"""Incidents, areas and homes are read as the database has them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import shapely
from sqlalchemy import Engine, text

from gridmap.hotspots.reading import Choice, read_area, read_events, read_households
from gridmap.incidents.statistics import Span, clock
from tests.gridmap.hotspots.runs import ALL


def test_incidents_are_read_as_the_database_has_them(town: Engine) -> None:
    with town.connect() as connection:
        zone = clock(connection).zone
        area = read_area(connection, None)
        span = Span(date(2026, 2, 1), date(2026, 2, 28))
        choice = Choice(None, ("A", "C4"), zone)
        events = read_events(connection, area, choice, span)
        known = read_events(connection, area, replace(choice, with_category=True), span)
        rows = connection.execute(
            text("""
                SELECT ST_X(p) AS x, ST_Y(p) AS y, t.category_id,
                    t.occurred_at AT TIME ZONE :zone AS local
                FROM incident t JOIN category k ON k.id = t.category_id
                CROSS JOIN LATERAL ST_Transform(t.geom, :srid) p
                WHERE (k.code LIKE 'A%' OR k.code = 'C4') AND t.community_id IS NOT NULL
                  AND (t.occurred_at AT TIME ZONE :zone)::date
                      BETWEEN '2026-02-01' AND '2026-02-28'
                ORDER BY t.id
            """),
            {"zone": zone.key, "srid": area.crs.to_epsg()},
        ).all()
    assert len(events) == len(rows) > 10
    assert np.abs(events.x - [row.x for row in rows]).max() < 0.001
    assert np.abs(events.y - [row.y for row in rows]).max() < 0.001
    assert events.time.tolist() == [row.local.replace(microsecond=0) for row in rows]
    assert events.category is None
    assert known.category is not None
    assert known.category.tolist() == [row.category_id for row in rows]


def test_only_the_communities_asked_for_are_read(town: Engine) -> None:
    with town.connect() as connection:
        zone = clock(connection).zone
        (one,) = connection.execute(
            text("SELECT id FROM unit WHERE level = 'community' ORDER BY code LIMIT 1")
        ).one()
        area = read_area(connection, (one,))
        span = Span(ALL.first, ALL.last)
        events = read_events(connection, area, Choice((one,), (), zone), span)
        homes = read_households(connection, area, (one,))
        households = connection.execute(
            text("""
                SELECT sum(n.households) FROM building b CROSS JOIN LATERAL (
                    SELECT households FROM building_count c WHERE c.building_id = b.id
                    ORDER BY month DESC LIMIT 1) n WHERE b.community_id = :one
            """),
            {"one": one},
        ).scalar_one()
        everywhere = read_households(connection, area, None)
        kinds = connection.execute(
            text("""
                SELECT count(DISTINCT (kind, CASE WHEN storeys < 4 THEN 'low'
                                                  WHEN storeys > 6 THEN 'high' END))
                FROM building b WHERE EXISTS (
                    SELECT FROM building_count c WHERE c.building_id = b.id AND households > 0)
            """)
        ).scalar_one()
    assert len(events) > 100
    assert shapely.contains_xy(area.shape.buffer(1), events.x, events.y).all()
    assert homes.amount.sum() == households > 0
    assert len(np.unique(everywhere.kind)) == kinds > 1


def test_the_newest_count_of_each_building_is_read_whenever_it_was(town: Engine) -> None:
    with town.connect() as connection:
        area = read_area(connection, None)
        former = read_households(connection, area, None).amount.sum()
        ids = connection.execute(
            text("SELECT array_agg(id ORDER BY id) FROM building WHERE id IN ("
                 "SELECT building_id FROM building_count WHERE households > 0)")
        ).scalar_one()  # fmt: skip
        # One building beyond the first hundred has a newer month than all others, one an old alone.
        newer, older = ids[-1], ids[-2]
        lost = connection.execute(
            text("""
                SELECT sum(households) FROM (
                    SELECT DISTINCT ON (building_id) households FROM building_count
                    WHERE building_id IN (:newer, :older) ORDER BY building_id, month DESC) n
            """),
            {"newer": newer, "older": older},
        ).scalar_one()
        month = connection.execute(text("SELECT max(month) FROM building_count")).scalar_one()
        connection.execute(
            text("DELETE FROM building_count WHERE building_id = :id"), {"id": older}
        )
        connection.execute(
            text("""
                INSERT INTO building_count (building_id, month, households) VALUES
                    (:newer, CAST(:month AS date) + interval '1 month', 700),
                    (:older, CAST(:month AS date) - interval '90 months', 50)
            """),
            {"newer": newer, "older": older, "month": month},
        )
        homes = read_households(connection, area, None)
        connection.rollback()
    assert len(ids) > 102
    assert homes.amount.sum() == former - lost + 750
    assert homes.amount[-2:].tolist() == [50, 700]
