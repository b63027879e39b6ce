"""The demo town's indicators say what the founding reports say."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import docx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from gridmap.reports.documents.compose import compose
from gridmap.reports.documents.compose.prose import Language
from gridmap.reports.documents.order import Order
from gridmap.reports.indicators.boards import Board, Look, board
from gridmap.reports.indicators.demo import HOMES, earlier, load_indicators
from gridmap.reports.indicators.figures import IndicatorFigure, indicator_values, ranking
from gridmap.reports.indicators.models import Indicator
from gridmap.reports.indicators.queries import corrections
from gridmap.reports.indicators.trees import find_tree
from gridmap.reports.paper.pdf import to_pdf
from gridmap.reports.paper.word import to_word
from gridmap.territory.models import Unit
from gridmap.workforce.rights import SYSTEM
from tests.gridmap.reports.paper.reading import words_of_pdf, words_of_word

NOW = datetime(2025, 10, 20, 4, tzinfo=UTC)
# On this day the last half-month that is over is the first of October.
FIRST, LAST = date(2025, 10, 1), date(2025, 10, 15)


def make_county(session: Session, communities: int) -> int:
    """A county of four towns with so many communities."""
    county = Unit(code="990101000000", level="county", name="县")
    session.add(county)
    session.flush()
    towns = [
        Unit(code=f"99010100{n}000", level="town", name=f"{n}镇", parent_id=county.id)
        for n in range(1, 5)
    ]
    session.add_all(towns)
    session.flush()
    session.add_all(
        Unit(
            code=f"99010100{n % 4 + 1}{n:03d}", level="community", name=f"{n}",
            parent_id=towns[n % 4].id,
        )
        for n in range(1, communities + 1)
    )  # fmt: skip
    session.flush()
    return county.id


def figures(session: Session, county: int) -> dict[str, IndicatorFigure]:
    found = indicator_values(session, None, county, date(2024, 1, 1), date(2025, 12, 31))
    # There are no records here over which the others could be counted.
    return {each.code: each for each in found if each.value is not None}


def looked_at(session: Session, code: str, kind: str | None = None) -> Board:
    indicator = session.scalars(select(Indicator).where(Indicator.code == code)).one()
    return board(session, find_tree(session, SYSTEM), indicator, Look(NOW.date(), kind))


@pytest.mark.parametrize("communities", [16, 2])
def test_the_county_has_the_figures_of_the_reports(session: Session, communities: int) -> None:
    county = make_county(session, communities)
    assert load_indicators(session, NOW)
    found = figures(session, county)
    told = {code: (each.numerator, each.denominator, each.value) for code, each in found.items()}
    assert told == {
        # The report cut the first to 62.7 %.
        "homes.started": (1849, 2945, Decimal("62.8")),
        "homes.built": (521, 2945, Decimal("17.69")),
        "homes.occupied": (280, 521, Decimal("53.74")),
        "offices.area": (10800, 45, 240),
        "offices.standard": (33, 45, 73),
        "satisfaction": (1700, 2000, 85),
        # The report printed 75.64 %.
        "turnout": (235893, 311804, Decimal("75.65")),
        "placements": (1, 1, 100),
    }
    assert {code for code, each in found.items() if each.reached} == {
        "homes.started", "offices.area", "satisfaction", "placements",
    }  # fmt: skip
    assert {code for code, each in found.items() if each.reached is False} == {
        "homes.built", "offices.standard",
    }  # fmt: skip
    assert not load_indicators(session, NOW)


def test_fifteen_communities_are_ranked_and_the_sixteenth_has_no_data(session: Session) -> None:
    county = make_county(session, 16)
    load_indicators(session, NOW)
    rows = ranking(session, "homes.started", county, FIRST, LAST)
    assert len(rows) == 16
    assert [row.rank for row in rows] == [*range(1, 16), None]
    assert sum(row.numerator or 0 for row in rows) == 1849
    best = max(HOMES, key=lambda row: row[1] / row[0])
    assert (rows[0].numerator, rows[0].denominator) == (best[1], best[0])
    # Each has its own pace, so that some rise and some fall.
    changes = {(row.rank_before or 0) - row.rank for row in rows if row.rank}
    assert min(changes) < 0 < max(changes)


def test_the_progress_is_ranked_by_half_months_and_by_two_months(session: Session) -> None:
    make_county(session, 16)
    load_indicators(session, NOW)
    halves = looked_at(session, "homes.started")
    assert (halves.span.first, halves.span.last) == (FIRST, LAST)  # type: ignore[union-attr]
    months = looked_at(session, "homes.started", "two_months")
    assert months.span.first == date(2025, 9, 1)  # type: ignore[union-attr]
    assert months.span.last == date(2025, 10, 31)  # type: ignore[union-attr]
    for one in (halves, months):
        now = one.whole[-1]
        assert (now.counts.numerator, now.counts.denominator) == (1849, 2945)
        assert (now.counts.units, now.units) == (15, 16)
    ranks = {
        kind.kind: [(each.unit.name, each.rank_before) for each in kind.places]
        for kind in (halves, months)
    }
    assert ranks["half_month"] != ranks["two_months"]
    rising = [each.value for each in halves.whole if each.value is not None]
    assert len(rising) == 12
    assert rising == sorted(rising)


def test_offices_are_entered_for_towns(session: Session) -> None:
    make_county(session, 16)
    load_indicators(session, NOW)
    found = looked_at(session, "offices.standard")
    assert found.level == "town"
    assert [one.now.counts.units for one in found.places] == [1, 1, 1, 1]
    assert sum(one.now.counts.denominator or 0 for one in found.places) == 45


def test_a_slip_was_corrected(session: Session) -> None:
    make_county(session, 16)
    load_indicators(session, NOW)
    homes = looked_at(session, "homes.started").indicator
    (row,), total = corrections(session, SYSTEM, homes.id)
    assert total == 1
    assert row.numerator_before == row.numerator + 5
    assert row.reason == "重复上报，已核减"


@pytest.mark.parametrize("ago", range(12))
def test_what_was_reached_earlier_is_a_part_too(ago: int) -> None:
    for place, row in enumerate(HOMES):
        planned, started, built, occupied = earlier(row, place, ago)
        assert planned == row[0]
        assert planned >= started >= built >= occupied >= 0


@pytest.mark.parametrize(
    ("year", "language", "figures"),
    [
        (2025, "zh", ("新居开工率62.8%（1,849/2,945）", "新居建成率17.69%（521/2,945）")),
        (2025, "en", ("Homesstarted:62.8%(1,849of2,945)", "Homesbuilt:17.69%(521of2,945)")),
        (2024, "zh", ("73%（33/45）",)),
        (2024, "en", ("73%(33of45)",)),
    ],
)
def test_the_finished_files_tell_of_the_homes_and_the_offices(
    session: Session, year: int, language: Language, figures: tuple[str, ...]
) -> None:
    county = make_county(session, 16)
    load_indicators(session, NOW)
    order = Order("year", county, date(year, 1, 1), date(year, 12, 31))
    made = compose(session, order, lambda _, __: None, pictures=False)
    document = made.documents[language]
    content = to_word(document, {})
    for words in ("".join(words_of_word(content)), words_of_pdf(to_pdf(document, {}))):
        assert [figure for figure in figures if figure not in words] == []
    name = {"zh": "新居开工率排名", "en": "Ranking by Homes started"}[language]
    ranked = [
        [[cell.text for cell in row.cells] for row in table.rows][1:]
        for table in docx.Document(io.BytesIO(content)).tables
        if table._tblPr.xpath("w:tblCaption/@w:val") == [name]
    ]
    assert len(ranked) == (year == 2025)
    for rows in ranked:
        values = [float(row[2]) for row in rows]
        assert len(rows) == 15
        assert values == sorted(values, reverse=True)
        # The best of the fifteen is the first; equal values may share a place.
        assert int(rows[0][0]) == 1
        assert [int(row[0]) for row in rows] == sorted(int(row[0]) for row in rows)
