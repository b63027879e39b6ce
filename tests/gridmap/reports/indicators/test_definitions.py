"""Definitions: what they may say, how they change, and what the log tells."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import select

from gridmap.errors import ConflictError, ForbiddenError, NotFoundError, ParameterError
from gridmap.reports.indicators.queries import list_indicators
from gridmap.reports.indicators.service import (
    change_indicator,
    create_indicator,
    retire_indicator,
)
from gridmap.workforce.models import AuditEntry
from gridmap.workforce.rights import SYSTEM, Role
from tests.gridmap.reports.indicators.conftest import JUNE, WISH, County


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "Homes"}, "code"),
        ({"code": "x" * 41}, "code"),
        ({"code": "-x"}, "code"),
        ({"name": " "}, "name"),
        ({"name_en": ""}, "name_en"),
        ({"denominator": ""}, "denominator"),
        ({"unit": "x" * 11}, "unit"),
        ({"per": 7}, "per"),
        ({"places": 5}, "places"),
        ({"level": "cell"}, "level"),
        ({"period_kind": "week"}, "period_kind"),
        ({"better": None}, "better"),
        ({"target": Decimal(-1)}, "target"),
        ({"form": "count"}, "per"),
        ({"form": "count", "per": 1}, "within"),
        ({"form": "count", "per": 1, "within": False}, "denominator"),
        ({"numerator_measure": "no.such"}, "numerator_measure"),
        ({"numerator_measure": "cases.to_close_p50"}, "numerator_measure"),
        ({"numerator_measure": "cases.due", "level": "county"}, "numerator_measure"),
        ({"numerator_measure": "cases.due", "period_kind": "any"}, "period_kind"),
    ],
)
def test_a_definition_that_cannot_be_is_refused(
    county: County, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(ParameterError) as refused:
        county.define(**changes)
    assert refused.value.parameter == field


@pytest.mark.parametrize(
    ("changes", "entered"),
    [
        ({}, "both"),
        ({"numerator_measure": "cases.closed"}, "denominator"),
        ({"denominator_measure": "people.households"}, "numerator"),
        ({"numerator_measure": "cases.closed", "denominator_measure": "cases.due"}, "nothing"),
        (
            {"form": "count", "per": 1, "within": False, "denominator": "", "denominator_en": "",
             "numerator_measure": "incidents.count"},
            "nothing",
        ),
    ],
)  # fmt: skip
def test_what_is_entered_follows_from_what_is_counted(
    county: County, changes: dict[str, object], entered: str
) -> None:
    assert county.define(**changes).entered == entered


def test_a_code_is_used_once(county: County) -> None:
    county.define()
    with pytest.raises(ConflictError):
        county.define()


def test_only_administrators_define_what_holds_for_every_unit(county: County) -> None:
    for role in (Role.SUPERVISOR, Role.ANALYST, Role.PLANNER, Role.CADRE):
        with pytest.raises(ForbiddenError):
            create_indicator(county.session, county.actor("a", role), WISH)
    create_indicator(county.session, county.actor("a", Role.ADMINISTRATOR), WISH)


def test_a_change_is_told_to_the_log_and_guarded_by_its_version(county: County) -> None:
    homes = county.define()
    wish = replace(WISH, target=Decimal(30), name_en="Built")
    changed = change_indicator(county.session, SYSTEM, homes.id, wish, 1)
    assert (changed.target, changed.name_en, changed.version) == (30, "Built", 2)
    entry = county.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert entry.act == "indicator.change"
    assert set(entry.after or {}) == {"target", "name_en"}
    with pytest.raises(ConflictError):
        change_indicator(county.session, SYSTEM, homes.id, wish, 1)
    with pytest.raises(NotFoundError):
        change_indicator(county.session, SYSTEM, homes.id + 1, wish, 1)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"level": "town"}, "Entered for"),
        ({"period_kind": "quarter"}, "Period"),
        ({"over_time": "sum"}, "A longer period is"),
        ({"per": 1000}, "Rate"),
        ({"numerator_measure": "cases.closed"}, "The numerator is"),
        (
            {"form": "count", "per": 1, "within": False, "denominator": "", "denominator_en": ""},
            "Form",
        ),
    ],
)
def test_what_values_mean_stays(county: County, changes: dict[str, object], named: str) -> None:
    homes = county.define()
    wish = replace(WISH, **changes)
    county.enter(homes, JUNE, a1=(1, 10))
    with pytest.raises(ConflictError, match=f"“{named}” stays as it is: there are values already"):
        change_indicator(county.session, SYSTEM, homes.id, wish, 1)
    # Taken away, they mean nothing any more.
    county.enter(homes, JUNE, version=1, a1=(None, None), reason="x")
    assert change_indicator(county.session, SYSTEM, homes.id, wish, 1).version == 2


def test_a_measure_stays_where_the_other_count_is_entered(county: County) -> None:
    closed = {"numerator_measure": "cases.closed", "within": False}
    homes = county.define(**closed)
    county.enter(homes, JUNE, a1=(None, 10))
    wish = replace(WISH, **closed | {"numerator_measure": "cases.due"})
    with pytest.raises(ConflictError, match="“The numerator is” stays"):
        change_indicator(county.session, SYSTEM, homes.id, wish, 1)


def test_a_part_is_made_of_the_whole_when_all_values_are(county: County) -> None:
    homes = county.define(within=False)
    county.enter(homes, JUNE, a1=(11, 10))
    with pytest.raises(ConflictError, match="1 values"):
        change_indicator(county.session, SYSTEM, homes.id, WISH, 1)
    county.enter(homes, JUNE, version=1, a1=(9, 10), reason="x")
    assert change_indicator(county.session, SYSTEM, homes.id, WISH, 1).within


def test_retired_indicators_are_listed_when_asked_for(county: County) -> None:
    homes = county.define()
    retire_indicator(county.session, SYSTEM, homes.id, retired=True)
    assert list_indicators(county.session) == []
    assert [one.code for one in list_indicators(county.session, retired=True)] == ["homes"]
