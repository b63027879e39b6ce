"""What of a run is a layer for everybody: the hotspots listed of a shared one, and no others."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.gridmap.conftest import Field, rectangle


def add_run(session: Session, *, shared: bool, finished: bool) -> int:
    number: int = session.execute(
        text("""
            INSERT INTO hotspot_run (name, analysis, first, last, shared)
            VALUES ('三月', 'gi_star', '2026-03-01', '2026-03-31', :shared) RETURNING id"""),
        {"shared": shared},
    ).scalar_one()
    session.execute(
        text("""
            INSERT INTO hotspot_feature (run_id, rank, kind, count, p, place, cell_id, geom)
            SELECT :run, rank, 'hot99', 7, 0.001, '中山路', (SELECT min(id) FROM cell),
                   ST_GeomFromText(:outline, 4326)
            FROM unnest(ARRAY[1, 2, NULL]) AS rank"""),
        {"run": number, "outline": rectangle(0, 0, 1, 1).wkt},
    )
    if finished:
        session.execute(
            text("UPDATE hotspot_run SET finished_at = now() WHERE id = :run"), {"run": number}
        )
    return number


def told(session: Session) -> list[Any]:
    return list(session.scalars(text("SELECT rank FROM hotspot ORDER BY rank")))


def changes(session: Session) -> int:
    return session.scalar(text("SELECT count(*) FROM layer_change WHERE layer = 'hotspots'")) or 0


def test_sharing_publishes_what_is_listed(field: Field) -> None:
    field.cell(1, rectangle(0, 0, 2, 2))
    run = add_run(field.session, shared=False, finished=True)
    assert told(field.session) == []
    field.session.execute(text("UPDATE hotspot_run SET shared = true WHERE id = :r"), {"r": run})
    assert told(field.session) == [1, 2]
    community = field.session.scalar(text("SELECT DISTINCT community_id FROM hotspot"))
    assert community == field.community.id
    assert changes(field.session) == 1
    field.session.execute(text("UPDATE hotspot_run SET shared = false WHERE id = :r"), {"r": run})
    assert told(field.session) == []
    assert changes(field.session) == 2


def test_a_shared_run_is_published_when_it_ends(field: Field) -> None:
    add_run(field.session, shared=True, finished=False)
    assert told(field.session) == []
    field.session.execute(text("UPDATE hotspot_run SET finished_at = now()"))
    assert told(field.session) == [1, 2]


def test_deleting_a_run_takes_its_hotspots_back(field: Field) -> None:
    run = add_run(field.session, shared=True, finished=True)
    assert told(field.session) == [1, 2]
    field.session.execute(text("DELETE FROM hotspot_run WHERE id = :r"), {"r": run})
    assert told(field.session) == []
