"""The demo town reaches the figures of the founding reports."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from gridmap.incidents.statistics import Span
from gridmap.reports.activities.demo import load_activities
from gridmap.reports.activities.figures import done_of_due, totals
from gridmap.territory.scope import EVERYTHING, Scope
from tests.conftest import AUTUMN

HALF = Span(date(2026, 1, 1), date(2026, 6, 30))


def test_the_first_community_has_the_figures_of_its_reports(autumn_town: Engine) -> None:
    with Session(autumn_town) as session:
        home = session.execute(
            text("SELECT id, code FROM unit WHERE level = 'community' AND name LIKE '幸福%'")
        ).one()
        own = Scope((home.id,))
        earlier = Span(date(2025, 7, 1), date(2025, 12, 31))
        for half, corrected in ((HALF, 2), (earlier, 5)):
            found = {each.kind: each for each in totals(session, half, own)}
            assert found["sweep"].activities == 27
            assert found["sweep"].counts["disputes"] == 4
            visits = found["visit"].counts
            assert (visits["visitor_groups"], visits["visitors"]) == (3, 14)
            inspections = found["inspection"].counts
            assert (inspections["notices"], inspections["corrected"]) == (5, corrected)
        year = {
            each.kind: each
            for each in totals(session, Span(date(2025, 1, 1), date(2025, 12, 31)), own)
        }
        assert year["publicity"].counts == {
            "issues": 8, "leaflets": 1000, "questions": 320, "boards": 35, "banners": 20
        }  # fmt: skip
        done = {each.kind: each for each in done_of_due(session, HALF, own, "community")}
        assert (done["sweep"].due, done["sweep"].done) == (12, 12)
        of_clinics = session.scalar(
            text("""
                SELECT bool_and(p.kind = 'clinic') FROM activity_notice n
                JOIN activity a ON a.id = n.activity_id JOIN place p ON p.id = a.place_id
                WHERE n.corrected AND a.unit_id = :home AND a.day >= '2026-01-01'
            """),
            {"home": home.id},
        )
        assert of_clinics is True
        others = {each.kind: each for each in done_of_due(session, HALF, EVERYTHING, "all")}
        assert 0.8 < others["sweep"].done / others["sweep"].due <= 1
        assert others["patrol"].due > 0
        newest = session.scalar(text("SELECT max(day) FROM activity"))
        assert newest <= AUTUMN.date()
        assert load_activities(session, 1, home.code, AUTUMN) == 0
