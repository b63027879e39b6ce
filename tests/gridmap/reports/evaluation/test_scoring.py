from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.reports.evaluation.scoring import Part, points, scored
from gridmap.reports.evaluation.spans import KINDS, before, recent, span_of

KEYS = ("cases.closed", "cases.returned", "cases.to_close_p50")
PARTS = {
    "cases.closed": Part(3), "cases.returned": Part(1), "cases.to_close_p50": Part(2, bound=240),
}  # fmt: skip


def counted(*members: tuple[int, Decimal | None, Decimal | None, Decimal | None]) -> pd.DataFrame:
    """What was measured of some members: cases due, and the values of `KEYS`."""
    rows: list[dict[str, Any]] = []
    for member, (due, *values) in enumerate(members, start=1):
        rows.append({"member": member, "measure": "cases.due", "numerator": due, "value": due})
        rows += [
            {"member": member, "measure": key, "numerator": 1, "denominator": due, "value": value}
            for key, value in zip(KEYS, values, strict=True)
        ]
    return pd.DataFrame(rows)


def test_a_score_can_be_worked_out_by_hand() -> None:
    found = counted((972, Decimal("93.72"), Decimal("10.00"), Decimal("60.00")))
    [row] = scored(found, PARTS, 10, "community").to_dict("records")
    # 93.72, 100 - 10 = 90, and 100 x (1 - 60 / 240) = 75 points.
    assert {key: part["p"] for key, part in row["parts"].items()} == {
        "cases.closed": "93.72", "cases.returned": "90.00", "cases.to_close_p50": "75.00",
    }  # fmt: skip
    # (3 x 93.72 + 1 x 90 + 2 x 75) / 6 = 86.86
    assert (row["score"], row["weight"], row["rank"]) == (8686, 6, 1)
    assert row["parts"]["cases.closed"] == {"n": 1, "d": 972, "v": "93.72", "p": "93.72"}


def test_what_has_no_data_leaves_the_score() -> None:
    found = counted((20, Decimal("80.00"), None, None), (0, None, None, None))
    some, none = scored(found, PARTS, 10, "community").to_dict("records")
    assert (some["score"], some["weight"]) == (8000, 3)
    assert some["parts"]["cases.returned"]["p"] is None
    assert none["weight"] == 0
    assert pd.isna(none["score"])


def test_too_few_to_compare_have_no_rank_and_equals_share_one() -> None:
    high, low = Decimal("90.00"), Decimal("50.00")
    found = counted(
        (9, Decimal("100.00"), None, None), (10, high, None, None), (30, low, None, None),
        (40, high, None, None),
    )  # fmt: skip
    ranks = scored(found, PARTS, 10, "town")["rank"]
    assert [None if pd.isna(rank) else int(rank) for rank in ranks] == [None, 1, 3, 1]


@pytest.mark.parametrize("group", ["cell", "cadre"])
def test_persons_and_their_cells_have_no_rank(group: Any) -> None:
    found = counted((50, Decimal("90.00"), None, None), (50, Decimal("80.00"), None, None))
    assert scored(found, PARTS, 10, group)["rank"].isna().all()


def test_a_time_without_a_bound_is_a_fault() -> None:
    with pytest.raises(ValueError, match="no bound"):
        points("cases.to_close_p50", np.array([100]), None)


def test_a_time_past_its_bound_gives_nothing() -> None:
    assert points("cases.to_close_p50", np.array([0, 12_000, 24_000, 99_999]), 240).tolist() == [
        10_000, 5_000, 0, 0,
    ]  # fmt: skip


CENTS = st.integers(0, 10_000).map(lambda cents: Decimal(cents).scaleb(-2))


@given(CENTS, CENTS, st.integers(0, 60_000).map(lambda cents: Decimal(cents).scaleb(-2)))
def test_a_score_is_the_weighted_mean_of_its_points(
    closed: Decimal, returned: Decimal, hours: Decimal
) -> None:
    [row] = scored(counted((100, closed, returned, hours)), PARTS, 0, "town").to_dict("records")
    cent = Decimal("0.01")
    given_points = {key: Decimal(part["p"]) for key, part in row["parts"].items()}
    exact = max(100 * (1 - hours / 240), Decimal(0)).quantize(cent, ROUND_HALF_UP)
    assert given_points["cases.to_close_p50"] == exact
    mean = sum(PARTS[key].weight * value for key, value in given_points.items()) / 6
    assert Decimal(row["score"]).scaleb(-2) == mean.quantize(cent, ROUND_HALF_UP)
    assert min(given_points.values()) <= Decimal(row["score"]).scaleb(-2) + cent
    assert 0 <= row["score"] <= 10_000


@given(st.sampled_from(KINDS), st.dates(date(1990, 1, 1), date(2100, 12, 31)))
def test_periods_follow_each_other_without_a_gap(kind: Any, day: date) -> None:
    span = span_of(kind, day)
    assert span.first <= day <= span.last
    assert (span.first - before(kind, span).last).days == 1
    assert span_of(kind, span.last) == span
    assert recent(kind, day, 3)[0] == span


def test_halves_and_quarters_are_those_of_the_calendar() -> None:
    day = date(2026, 11, 27)
    assert span_of("half", day).first == date(2026, 7, 1)
    assert span_of("half", day).last == date(2026, 12, 31)
    assert span_of("quarter", day).first == date(2026, 10, 1)
    assert span_of("month", date(2024, 2, 5)).last == date(2024, 2, 29)
    assert span_of("year", day).last == date(2026, 12, 31)
