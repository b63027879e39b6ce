"""The prose of reports says what the facts say, in both languages, and never more."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.incidents.statistics import Span
from gridmap.reports.documents.compose.comparing import change_cells, change_told, one_told
from gridmap.reports.documents.compose.disputes import where_settled
from gridmap.reports.documents.compose.ledger import Changed
from gridmap.reports.documents.compose.matter import _versus
from gridmap.reports.documents.compose.prose import (
    LANGUAGES,
    LEAST_BASE,
    Both,
    Language,
    Listing,
    Phrase,
    Signed,
    Value,
    heading,
    judge,
    number,
    plain,
    say,
    share,
    shown,
    span_shown,
    told,
    within,
)
from gridmap.reports.documents.order import Order
from gridmap.reports.structure import Fact, Number

YEAR = Both("上年", "2024")
COUNTS = st.integers(0, 10**7)


def count(key: str, value: int) -> Fact:
    return Fact(key=key, value=value, source="s")


def per_cent(key: str, value: Decimal | float) -> Fact:
    return Fact(key=key, value=float(value), unit="%", source="s")


def changed(now: int, before: int | None, *, on_record: bool = True) -> Changed:
    """Return what a ledger makes of two counts."""
    judged = judge(now, before, on_record=on_record)
    difference = percent = earlier = None
    if before is not None:
        earlier = count("before", before)
    if judged.kind in ("more", "fewer"):
        difference = count("difference", judged.difference)
    if judged.percent is not None:
        percent = per_cent("percent", judged.percent)
    return Changed(judged, count("now", now), earlier, difference, percent)


def facts_of(value: Value, language: Language) -> list[str]:
    return [
        part.fact or "" for part in told(value, language) if isinstance(part, Number) and part.fact
    ]


@pytest.mark.parametrize(
    ("now", "before", "zh", "en"),
    [
        (16, 19, "比上年减少3起，下降15.79%", "3 fewer than in 2024, down 15.79%"),
        (97, 40, "比上年增加57起，上升142.5%", "57 more than in 2024, up 142.5%"),
        (20, 10, "比上年增加10起，上升100%", "10 more than in 2024, up 100%"),
        (22, 9, "比上年的9起增加13起", "13 more than the 9 of 2024"),
        (0, 3, "比上年的3起减少3起", "3 fewer than the 3 of 2024"),
        (7, 7, "与上年持平", "as many as in 2024"),
        (0, 0, "与上年一样没有发生", "none, as in 2024"),
        (4, 0, "上年没有", "with none in 2024"),
        (4, None, "上年数据不全，不作比较", "not compared, since the data of 2024 are incomplete"),
        (1200, 1000, "比上年增加200起，上升20%", "200 more than in 2024, up 20%"),
    ],
)
def test_a_change_is_told_by_the_rules(now: int, before: int | None, zh: str, en: str) -> None:
    phrase = change_told(changed(now, before), YEAR)
    assert plain(phrase, "zh") == zh
    assert plain(phrase, "en") == en


def test_of_several_figures_only_the_whole_says_that_nothing_is_compared() -> None:
    words = Both("甲{n}起", "A: {n}")
    assert plain(one_told(words, changed(4, None), YEAR, n="4"), "zh") == "甲4起"
    assert plain(one_told(words, changed(7, 7), YEAR, n="7"), "zh") == "甲7起，与上年持平"
    assert plain(one_told(words, changed(7, 7), YEAR, n="7"), "en") == "A: 7, as many as in 2024"


def test_a_half_year_that_is_not_over_is_compared_with_the_year_before() -> None:
    order = Order("half_year", 1, date(2026, 1, 1), date(2026, 6, 25))
    found = _versus(order, Span(order.first, order.last), date(2020, 1, 1))
    assert found.span == Span(date(2025, 1, 1), date(2025, 6, 25))
    assert found.name == Both("去年同期", "1 January to 25 June 2025")
    # Of any other kind the days right before are told.
    week = Order("cell_sheet", 1, date(2026, 6, 1), date(2026, 6, 10))
    found = _versus(week, Span(week.first, week.last), date(2020, 1, 1))
    assert found.span == Span(date(2026, 5, 22), date(2026, 5, 31))


def test_what_is_on_record_for_the_first_time_is_called_so() -> None:
    phrase = change_told(changed(2, 0, on_record=False), YEAR)
    assert plain(phrase, "zh") == "为有记录以来首次"
    assert plain(phrase, "en") == "for the first time on record"
    # That nothing was on record does not matter where something was a year before.
    assert judge(2, 1, on_record=False).kind == "more"


@given(COUNTS, COUNTS)
def test_a_change_of_two_counts_is_exact_and_no_per_cent_comes_from_few(
    now: int, before: int
) -> None:
    judged = judge(now, before)
    assert (judged.kind == "more") == (now > before > 0)
    assert (judged.kind == "fewer") == (now < before)
    sign = {"more": 1, "new": 1, "fewer": -1}.get(judged.kind, 0)
    assert before + sign * judged.difference == now
    assert (judged.percent is None) == (before < LEAST_BASE or now == before)
    if judged.percent is not None:
        exact = Decimal(100 * abs(now - before)) / before
        assert judged.percent == exact.quantize(Decimal("0.01"), ROUND_HALF_UP)


@given(COUNTS, st.one_of(st.none(), COUNTS), st.booleans())
def test_both_languages_tell_the_same_facts_of_a_change(
    now: int, before: int | None, on_record: bool
) -> None:
    made = changed(now, before, on_record=on_record)
    phrase = change_told(made, YEAR)
    zh, en = (sorted(facts_of(phrase, language)) for language in LANGUAGES)
    assert zh == en
    for language in LANGUAGES:
        told_per_cent = "%" in plain(phrase, language)
        assert told_per_cent == (made.percent is not None)
        if before is not None and before < LEAST_BASE:
            assert not told_per_cent
    cells = change_cells(made)
    assert len(cells) == (0 if before is None else 3)
    if cells and made.judged.kind in ("more", "fewer", "new", "first"):
        [difference] = [cell for cell in cells[1:2] if isinstance(cell, Signed)]
        value = int(difference.fact.value or 0)
        assert (value if difference.more else -value) == now - (before or 0)


@given(COUNTS, COUNTS)
def test_a_share_is_told_of_enough_only(part: int, rest: int) -> None:
    found = share(part, part + rest)
    assert (found is None) == (part + rest < LEAST_BASE)
    if found is not None:
        assert 0 <= found <= 100
        assert abs(found - Decimal(100 * part) / (part + rest)) <= Decimal("0.005")


@given(st.one_of(COUNTS, st.floats(0, 1e6, allow_nan=False)), st.sampled_from(["", "%", "km"]))
def test_a_figure_is_printed_as_its_fact_has_it(value: int | float, unit: str) -> None:
    fact = Fact(key="f", value=value, unit=unit, source="s")
    for in_table in (False, True):
        text = shown(fact, in_table=in_table)
        assert text.endswith("%") == (unit == "%" and not in_table)
        printed = Decimal(text.rstrip("%").replace(",", ""))
        assert abs(printed - Decimal(str(value))) <= Decimal("0.005")
        assert number(fact, in_table=in_table) == Number(shown=text, fact="f")


@pytest.mark.parametrize(
    ("value", "unit", "prose", "table"),
    [
        (2530, "", "2,530", "2,530"),
        (30.0, "%", "30%", "30.00"),
        (93.72, "%", "93.72%", "93.72"),
        (12.5, "%", "12.5%", "12.50"),
        (100, "%", "100%", "100.00"),
        (1.2, "km²", "1.2", "1.20"),
        (6.0, "km", "6", "6.00"),
        (2043.0, "km²", "2,043", "2,043.00"),
        (None, "", "—", "—"),
        ("A", "", "A", "A"),
    ],
)
def test_figures_look_as_readers_expect(
    value: int | float | str | None, unit: str, prose: str, table: str
) -> None:
    fact = Fact(key="f", value=value, unit=unit, source="s")
    assert (shown(fact), shown(fact, in_table=True)) == (prose, table)


def test_gaps_are_filled_and_english_knows_one_from_several() -> None:
    text = Both("共{n}起", "{n:incident was|incidents were} reported")
    assert plain(say(text, n=count("n", 1)), "en") == "1 incident was reported"
    assert plain(say(text, n=count("n", 2)), "en") == "2 incidents were reported"
    assert plain(say(text, n=count("n", 0)), "en") == "0 incidents were reported"
    assert told(say(text, n=count("n", 5)), "zh") == ("共", Number(shown="5", fact="n"), "起")
    with pytest.raises(KeyError):
        told(say(text), "zh")


def test_listings_end_as_each_language_does() -> None:
    items = [Both("甲", "a"), Both("乙", "b"), Both("丙", "c")]
    assert plain(Listing(items), "zh") == "甲、乙、丙"
    assert plain(Listing(items), "en") == "a, b and c"
    assert plain(Listing(items, clauses=True), "zh") == "甲；乙；丙"
    assert plain(Listing(items, clauses=True), "en") == "a; b; c"
    assert plain(Listing(items[:1]), "en") == "a"
    assert plain(Listing([]), "en") == ""


@pytest.mark.parametrize(
    ("first", "last", "zh", "en", "begin"),
    [
        (date(2025, 1, 1), date(2025, 12, 31), "2025年", "2025", "In 2025"),
        (date(2026, 1, 1), date(2026, 6, 30), "2026年上半年", "the first half of 2026",
         "In the first half of 2026"),
        (date(2025, 7, 1), date(2025, 12, 31), "2025年下半年", "the second half of 2025",
         "In the second half of 2025"),
        (date(2024, 2, 1), date(2024, 2, 29), "2024年2月", "February 2024", "In February 2024"),
        (date(2026, 11, 16), date(2026, 11, 22), "2026年11月16日至22日", "16 to 22 November 2026",
         "From 16 to 22 November 2026"),
        (date(2026, 9, 28), date(2026, 10, 4), "2026年9月28日至10月4日",
         "28 September to 4 October 2026", "From 28 September to 4 October 2026"),
        (date(2025, 12, 29), date(2026, 1, 4), "2025年12月29日至2026年1月4日",
         "29 December 2025 to 4 January 2026", "From 29 December 2025 to 4 January 2026"),
    ],
)  # fmt: skip
def test_periods_have_names(first: date, last: date, zh: str, en: str, begin: str) -> None:
    assert span_shown(first, last) == Both(zh, en)
    assert within(first, last) == Both(zh, begin)
    alone = heading(span_shown(first, last)).en
    assert not alone.startswith("the ")
    assert alone[0] == alone[0].upper()


def test_days_and_moments_are_told_in_each_language() -> None:
    assert plain(date(2026, 6, 3), "zh") == "2026年6月3日"
    assert plain(date(2026, 6, 3), "en") == "3 June 2026"
    assert plain(datetime(2026, 6, 3, 9, 5), "en") == "3 June 2026 09:05"  # noqa: DTZ001


VALUES = st.recursive(
    st.one_of(
        COUNTS.map(lambda n: count(f"k{n}", n)),
        st.sampled_from([Both("甲", "a"), Both("乙", "b")]),
        st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(Listing),
        st.tuples(inner, inner).map(
            lambda two: Phrase(Both("{x}，共{y}。", "{y:thing|things} of {x}."),
                               {"x": two[0], "y": two[1]})
        ),
    ),
    max_leaves=8,
)  # fmt: skip


@given(VALUES)
def test_whatever_is_said_tells_the_same_facts_in_both_languages(value: Value) -> None:
    zh, en = (sorted(facts_of(value, language)) for language in LANGUAGES)
    assert zh == en
    for language in LANGUAGES:
        parts = told(value, language)
        # No two strings stand beside each other, and none is empty.
        assert all(part != "" for part in parts)
        assert not any(
            isinstance(one, str) and isinstance(next_, str) for one, next_ in pairwise(parts)
        )
        for part in parts:
            if isinstance(part, Number) and part.fact:
                assert re.sub(r"\D", "", part.shown) == part.fact.removeprefix("k")


@pytest.mark.parametrize(
    ("counts", "zh", "en"),
    [
        ({"cell": 3}, "其中，现场化解3件。", "Of these, 3 were settled on the spot."),
        (
            {"cell": 1, "community": 2},
            "其中，现场化解1件、社区调解室化解2件。",
            "Of these, 1 was settled on the spot and 2 in the community's mediation room.",
        ),
        (
            {"cell": 4, "community": 1, "town": 1},
            "其中，现场化解4件、社区调解室化解1件、街镇综治中心化解1件。",
            (
                "Of these, 4 were settled on the spot, 1 in the community's mediation room "
                "and 1 in the town's governance centre."
            ),
        ),
    ],
)
def test_where_disputes_were_settled_is_a_sentence(
    counts: dict[str, int], zh: str, en: str
) -> None:
    said = where_settled({level: count(level, n) for level, n in counts.items()})
    assert (plain(said, "zh"), plain(said, "en")) == (zh, en)
