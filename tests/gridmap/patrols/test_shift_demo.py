"""The demo town's rota: 24-hour duty in turns without a gap, thirty volunteer patrols a week."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from gridmap.patrols.shifts.checking import stored_conflicts
from gridmap.patrols.shifts.demo import load_shifts
from gridmap.workforce.rights import SYSTEM
from tests.conftest import AUTUMN


def test_a_month_without_a_conflict(autumn_town: Engine) -> None:
    with Session(autumn_town) as session, session.begin():
        first, last = date(2026, 11, 1), date(2026, 11, 30)
        assert stored_conflicts(session, SYSTEM, first, last) == []
        duties = session.execute(
            text("""
                SELECT s.team_id, array_agg(s.day ORDER BY s.day) AS days,
                       bool_and(s.ends - s.starts = interval '24 hours') AS whole
                FROM shift s JOIN team t ON t.id = s.team_id AND t.kind = 'patrol'
                WHERE s.day BETWEEN :first AND :last GROUP BY s.team_id
            """),
            {"first": first, "last": last},
        ).all()
        teams = session.scalar(text("SELECT count(*) FROM team WHERE kind = 'patrol'"))
        assert len(duties) == teams
        month = [first + timedelta(days=n) for n in range(30)]
        assert all(row.days == month and row.whole for row in duties)
        crews = session.execute(
            text("""
                SELECT s.team_id, count(DISTINCT m.cadre_id) AS people,
                       bool_or(tm.captain) AS captain
                FROM shift s JOIN team t ON t.id = s.team_id AND t.kind = 'patrol'
                JOIN shift_member m ON m.shift_id = s.id
                JOIN team_member tm ON tm.team_id = t.id AND tm.cadre_id = m.cadre_id
                GROUP BY s.team_id
            """)
        ).all()
        assert {(row.people, row.captain) for row in crews} == {(8, True)}
        patrols = session.scalar(
            text("""
                SELECT count(*) FROM shift s JOIN team t ON t.id = s.team_id
                WHERE t.kind = 'volunteer' AND s.day BETWEEN '2026-11-02' AND '2026-11-08'
            """)
        )
        assert patrols == 30
        missing = session.scalar(
            text("""
                SELECT count(*) FROM shift_member
                WHERE (state IS NULL) <> (ends >= CAST(:now AS timestamptz))
            """),
            {"now": AUTUMN},
        )
        assert missing == 0
        assert session.scalar(text("SELECT count(*) FROM shift_swap WHERE state = 'asked'")) == 1
        assert load_shifts(session, 1, AUTUMN) == 0


def test_every_team_of_volunteers_has_walks_of_its_shifts(autumn_town: Engine) -> None:
    with Session(autumn_town) as session:
        walks = session.execute(
            text("""
                SELECT t.id, count(k.id) AS n, bool_and(k.id IS NULL OR EXISTS (
                           SELECT FROM shift s WHERE s.team_id = t.id AND s.route_id = k.route_id
                             AND k.started_at BETWEEN s.starts AND s.ends)) AS own
                FROM team t LEFT JOIN patrol_track k ON k.team_id = t.id
                WHERE t.kind = 'volunteer' GROUP BY t.id
            """)
        ).all()
    assert len(walks) == 10
    assert all(row.n >= 2 and row.own for row in walks)
