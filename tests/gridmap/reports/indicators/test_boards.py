"""What pages and documents are told: rolled up along the tree, by period, ranked, in an area."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text

from gridmap.errors import NotFoundError
from gridmap.incidents.statistics import Span
from gridmap.reports.indicators.boards import Board, Look, board, latest
from gridmap.reports.indicators.figures import indicator_values, ranking
from gridmap.reports.indicators.models import Indicator
from gridmap.reports.indicators.trees import find_tree
from gridmap.workforce.rights import SYSTEM
from tests.gridmap.reports.indicators.conftest import JUNE, MAY, County

TODAY = date(2025, 7, 10)
HALF = Span(date(2025, 1, 1), date(2025, 6, 30))


def shown(county: County, indicator: Indicator, area: str | None = None, **look: object) -> Board:
    tree = find_tree(county.session, SYSTEM, None if area is None else county.ids[area])
    return board(county.session, tree, indicator, Look(TODAY, **look))  # type: ignore[arg-type]


def table(found: Board) -> list[tuple[object, ...]]:
    return [(one.unit.name, one.now.value, one.rank, one.rank_before) for one in found.places]


@pytest.fixture
def homes(county: County) -> Indicator:
    """Two months in which a1 rises, a2 stays, b1 is entered late and b2 never."""
    indicator = county.define()
    county.enter(indicator, MAY, a1=(1, 10), a2=(3, 10))
    county.enter(indicator, JUNE, a1=(5, 10), a2=(3, 10), b1=(6, 20))
    return indicator


def test_counts_are_rolled_up_and_the_missing_unit_is_told(
    county: County, homes: Indicator
) -> None:
    whole = shown(county, homes).whole[-1]
    assert (whole.counts.numerator, whole.counts.denominator) == (14, 40)
    # The mean of the three rates would be 36.67.
    assert whole.value == Decimal("35.00")
    assert (whole.counts.units, whole.units) == (3, 4)


def test_units_are_ranked_against_the_period_before(county: County, homes: Indicator) -> None:
    found = shown(county, homes)
    assert found.span == JUNE
    assert table(found) == [
        ("a1", Decimal("50.00"), 1, 2),
        ("a2", Decimal("30.00"), 2, 1),
        ("b1", Decimal("30.00"), 2, None),
        ("b2", None, None, None),
    ]
    assert [one.reached for one in found.places] == [True, True, True, None]
    assert found.reached is True


def test_towns_are_ranked_by_the_counts_of_their_communities(
    county: County, homes: Indicator
) -> None:
    found = shown(county, homes, level="town")
    assert found.levels == ("community", "town")
    assert table(found) == [
        ("a", Decimal("40.00"), 1, 1),
        ("b", Decimal("30.00"), 2, None),
    ]
    assert [(one.now.counts.units, one.now.units) for one in found.places] == [(2, 2), (1, 2)]
    # The whole is the same whichever level is looked at.
    assert found.whole == shown(county, homes).whole


def test_an_area_is_ranked_by_itself(county: County, homes: Indicator) -> None:
    found = shown(county, homes, "b")
    assert table(found) == [("b1", Decimal("30.00"), 1, None), ("b2", None, None, None)]
    alone = shown(county, homes, "b2")
    assert alone.spans == ()
    assert alone.places == ()


def test_an_earlier_period_can_be_looked_at(county: County, homes: Indicator) -> None:
    found = shown(county, homes, day=date(2025, 5, 20))
    assert found.span == MAY
    assert [name for name, *_ in table(found)] == ["a2", "a1", "b1", "b2"]


def test_a_longer_period_is_as_its_last_part(county: County, homes: Indicator) -> None:
    found = shown(county, homes, kind="half_year")
    assert found.span == HALF
    assert found.whole[-1].value == Decimal("35.00")
    assert found.whole[-1].days == JUNE


def test_a_longer_period_is_the_sum_of_its_parts(county: County) -> None:
    leaflets = county.define(
        code="leaflets", form="count", per=1, within=False, denominator="", denominator_en="",
        over_time="sum", places=0,
    )  # fmt: skip
    county.enter(leaflets, MAY, a1=(100, None), a2=(50, None))
    county.enter(leaflets, JUNE, a1=(20, None))
    found = shown(county, leaflets, kind="half_year")
    whole = found.whole[-1]
    assert whole.value == 170
    assert (whole.counts.units, whole.units) == (2, 4)
    # Of six months and four communities.
    assert (whole.counts.entries, whole.due) == (3, 24)
    assert [(name, value) for name, value, *_ in table(found)[:2]] == [("a1", 120), ("a2", 50)]


def test_no_data_are_no_zero(county: County) -> None:
    homes = county.define()
    county.enter(homes, JUNE, a1=(0, 10))
    values = {one.unit.name: one.now.value for one in shown(county, homes).places}
    assert values == {"a1": 0, "a2": None, "b1": None, "b2": None}


def test_the_list_has_the_latest_figure_and_the_one_before(
    county: County, homes: Indicator
) -> None:
    empty = county.define(code="empty")
    tree = find_tree(county.session, SYSTEM)
    first, second = latest(county.session, tree, [homes, empty], TODAY)
    assert (first.indicator.code, first.span, first.now.value) == ("empty", None, None)
    assert (second.now.value, second.former.value) == (Decimal("35.00"), Decimal("20.00"))
    assert second.reached is True
    assert second.span == JUNE


def test_who_works_in_one_town_sees_its_figures_alone(county: County, homes: Indicator) -> None:
    actor = county.actor("a")
    tree = find_tree(county.session, actor)
    found = board(county.session, tree, homes, Look(TODAY))
    assert [one.unit.name for one in found.places] == ["a1", "a2"]
    assert found.whole[-1].value == Decimal("40.00")
    assert find_tree(county.session, actor, county.ids["b"]).units == []


def test_an_indicator_of_towns_says_nothing_of_a_community(county: County) -> None:
    offices = county.define(code="offices", level="town")
    county.enter(offices, JUNE, a=(33, 45))
    tree = find_tree(county.session, SYSTEM, county.ids["a1"])
    (only,) = latest(county.session, tree, [offices], TODAY)
    assert (only.span, only.now.value) == (None, None)
    assert board(county.session, tree, offices, Look(TODAY)).spans == ()


def test_days_of_any_length_are_listed_as_they_were_entered(county: County) -> None:
    votes = county.define(code="votes", period_kind="any")
    day = Span(date(2024, 9, 20), date(2024, 9, 20))
    county.enter(votes, day, a1=(7, 10), a2=(5, 10))
    county.enter(votes, MAY, a1=(8, 10))
    found = shown(county, votes)
    assert found.spans == (day, MAY)
    assert shown(county, votes, day=date(2024, 12, 1)).span == day
    # A report over both takes the newest of each unit.
    (figure,) = indicator_values(
        county.session, ["votes"], county.ids["a"], date(2024, 1, 1), date(2025, 12, 31)
    )
    assert (figure.numerator, figure.denominator) == (13, 20)


def test_documents_get_a_figure_with_its_rank_beside(county: County, homes: Indicator) -> None:
    (town,) = indicator_values(county.session, None, county.ids["a"], HALF.first, HALF.last)
    assert (town.code, town.numerator, town.denominator) == ("homes", 8, 20)
    assert (town.value, town.target, town.reached) == (Decimal("40.00"), 20, True)
    assert (town.counted, town.units, town.rank, town.of) == (2, 2, 1, 2)
    assert (town.first, town.last) == (JUNE.first, JUNE.last)
    (none,) = indicator_values(county.session, ["homes"], county.ids["b2"], HALF.first, HALF.last)
    assert (none.value, none.rank, none.counted, none.units) == (None, None, 0, 1)
    (whole,) = indicator_values(county.session, None, county.ids["county"], HALF.first, HALF.last)
    assert (whole.value, whole.counted, whole.units, whole.of) == (Decimal("35.00"), 3, 4, 1)


def test_a_unit_that_is_late_keeps_its_own_days_and_is_not_ranked_with_others(
    county: County,
) -> None:
    homes = county.define()
    county.enter(homes, MAY, a1=(1, 10), a2=(9, 10))
    county.enter(homes, JUNE, a2=(10, 10))
    (late,) = indicator_values(county.session, None, county.ids["a1"], HALF.first, HALF.last)
    assert (late.value, late.last, late.rank, late.of) == (Decimal("10.00"), MAY.last, 1, 1)


def test_indicators_of_larger_units_are_left_out(county: County) -> None:
    offices = county.define(code="offices", level="town")
    county.enter(offices, JUNE, a=(33, 45), b=(1, 2))
    session = county.session
    assert indicator_values(session, None, county.ids["a1"], HALF.first, HALF.last) == []
    (town,) = indicator_values(session, None, county.ids["a"], HALF.first, HALF.last)
    assert (town.value, town.rank, town.of) == (Decimal("73.33"), 1, 2)


def test_documents_get_the_ranking_with_the_period_before(county: County, homes: Indicator) -> None:
    rows = ranking(county.session, "homes", county.ids["county"], JUNE.first, JUNE.last)
    assert [(row.rank, row.rank_before, row.name, row.value, row.value_before) for row in rows] == [
        (1, 2, "a1", Decimal("50.00"), Decimal("10.00")),
        (2, 1, "a2", Decimal("30.00"), Decimal("30.00")),
        (2, None, "b1", Decimal("30.00"), None),
        (None, None, "b2", None, None),
    ]
    # Days of no calendar are compared with as many before.
    odd = ranking(county.session, "homes", county.ids["a"], JUNE.first, date(2025, 7, 1))
    assert [(row.name, row.rank_before) for row in odd] == [("a1", 2), ("a2", 1)]
    with pytest.raises(NotFoundError):
        ranking(county.session, "none", county.ids["a"], JUNE.first, JUNE.last)


def test_a_part_of_a_period_is_not_divided_by_records_of_all_of_it(county: County) -> None:
    county.session.execute(
        text("""
            INSERT INTO people_count (cell_id, community_id, buildings, households, residents,
                temporary_residents, rented_homes, shops)
            VALUES (0, :a1, 1, 50, 0, 0, 0, 0), (0, :a2, 1, 50, 0, 0, 0, 0)
        """),
        county.ids,
    )  # fmt: skip
    visits = county.define(
        code="visits", denominator_measure="people.households", over_time="sum", within=False
    )
    april = Span(date(2025, 4, 1), date(2025, 4, 30))
    for span in (april, MAY, JUNE):
        county.enter(visits, span, a1=(10, None))
    county.enter(visits, JUNE, a2=(20, None))
    quarter = shown(county, visits, kind="quarter", day=JUNE.first)
    assert [row[:2] for row in table(quarter)][:2] == [("a1", Decimal("60.00")), ("a2", None)]
    assert (quarter.places[0].now.counts.entries, quarter.places[0].now.due) == (3, 3)
    assert table(shown(county, visits))[0][:2] == ("a2", Decimal("40.00"))


def test_days_of_a_report_are_looked_at_and_no_others(county: County, homes: Indicator) -> None:
    """To the middle of June nothing of June counts, and before May nothing was entered."""
    days = Span(MAY.first, date(2025, 6, 15))
    found = shown(county, homes, days=days)
    assert (found.kind, found.spans) == ("any", (Span(date(2025, 3, 16), date(2025, 4, 30)), days))
    assert found.whole[-1].days == MAY
    assert table(found) == table(shown(county, homes, day=MAY.first))
