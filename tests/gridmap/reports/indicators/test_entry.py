"""Values: all of a table or none, corrected with a reason, and guarded by the database."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, ForbiddenError, GridmapError, ParameterError
from gridmap.incidents.statistics import Span
from gridmap.reports.indicators.entry import (
    CellFaultsError,
    Entered,
    OutdatedError,
    Saved,
    read_count,
    save_values,
)
from gridmap.reports.indicators.models import Indicator, IndicatorChange, IndicatorValue
from gridmap.reports.indicators.queries import corrections, entries
from gridmap.reports.indicators.service import retire_indicator
from gridmap.workforce.models import AuditEntry
from gridmap.workforce.rights import SYSTEM, Role
from tests.gridmap.reports.indicators.conftest import JUNE, MAY, County


def stored(
    county: County, indicator: Indicator, span: Span = JUNE
) -> dict[str, tuple[object, ...]]:
    names = {number: name for name, number in county.ids.items()}
    rows = entries(county.session, indicator.id, span, list(county.ids.values()))
    return {names[row.unit_id]: (row.numerator, row.denominator, row.version) for row in rows}


@pytest.mark.parametrize(
    ("typed", "count"),
    [
        ("", None),
        ("  ", None),
        ("12", "12"),
        ("1,234", "1234"),
        ("1 234.5", "1234.5"),
        ("\uff11\uff12", "12"),
        ("0", "0"),
    ],
)
def test_counts_are_read_as_people_write_them(typed: str, count: str | None) -> None:
    assert read_count(typed) == (None if count is None else Decimal(count))


@pytest.mark.parametrize(
    "typed", ["x", "-1", "1.234", "nan", "inf", "1e3", "1/2", "3,5", "1,2345", "1_000"]
)
def test_what_is_no_count_is_refused(typed: str) -> None:
    with pytest.raises(GridmapError):
        read_count(typed)


def test_values_are_stored_corrected_and_taken_away(county: County) -> None:
    homes = county.define()
    assert county.enter(homes, JUNE, a1=(1, 10), a2=(2, 10)) == Saved(2, 0, 0)
    assert stored(county, homes) == {"a1": (1, 10, 1), "a2": (2, 10, 1)}
    assert county.enter(homes, JUNE, version=1, a1=(1, 10), a2=(3, 10), reason="漏报") == Saved(
        0, 1, 0
    )
    assert stored(county, homes) == {"a1": (1, 10, 1), "a2": (3, 10, 2)}
    assert county.enter(homes, JUNE, version=1, a1=(None, None), reason="误报") == Saved(0, 0, 1)
    assert stored(county, homes) == {"a2": (3, 10, 2)}


def test_a_correction_tells_who_when_before_and_why(county: County) -> None:
    homes = county.define()
    actor = county.actor("a")
    county.enter(homes, JUNE, a1=(1, 10), b1=(5, 10))
    county.enter(homes, JUNE, actor=actor, version=1, a1=(2, 10), reason="  漏报 一户 ")
    county.enter(homes, JUNE, version=1, b1=(None, None), reason="误报")
    rows, total = corrections(county.session, SYSTEM, homes.id)
    assert total == 2
    latest, first = rows
    assert (first.numerator_before, first.denominator_before) == (1, 10)
    assert (first.numerator, first.denominator) == (2, 10)
    assert (first.reason, first.user_name, first.name) == ("漏报 一户", "a", "a1")
    assert (latest.numerator_before, latest.numerator, latest.denominator) == (5, None, None)
    # Who works in the one town does not see the corrections of the other.
    assert [row.name for row in corrections(county.session, actor, homes.id)[0]] == ["a1"]
    acts = county.session.scalars(select(AuditEntry.act).order_by(AuditEntry.id.desc()).limit(3))
    assert list(acts) == ["indicator.enter"] * 3


def test_a_correction_without_a_reason_is_refused(county: County) -> None:
    homes = county.define()
    county.enter(homes, JUNE, a1=(1, 10))
    for reason in ("", "x" * 201):
        with pytest.raises(ParameterError) as refused:
            county.enter(homes, JUNE, version=1, a1=(2, 10), reason=reason)
        assert refused.value.parameter == "reason"
    # Without a change no reason is asked for.
    assert county.enter(homes, JUNE, version=1, a1=("1.00", 10)) == Saved(0, 0, 0)


def test_faults_are_told_by_cell_and_nothing_is_stored(county: County) -> None:
    homes = county.define()
    with pytest.raises(CellFaultsError) as refused:
        county.enter(homes, JUNE, a1=(1, 10), a2=(11, 10), b1=(None, 5), b2=(0, 0))
    told = {cell: str(message) for cell, message in refused.value.faults.items()}
    assert told == {
        (county.ids["a2"], "numerator"): "11 is more than 10, of which it is a part.",
        (county.ids["b1"], "numerator"): "Enter this count too, or leave the whole row empty.",
        (county.ids["b2"], "denominator"): (
            "The denominator is more than zero. Leave the row empty where there is nothing."
        ),
    }
    assert stored(county, homes) == {}


def test_a_numerator_may_be_larger_where_it_is_no_part(county: County) -> None:
    area = county.define(code="area", within=False, per=1, unit="m²")
    county.enter(area, JUNE, a1=(240, 1))
    assert stored(county, area) == {"a1": (240, 1, 1)}


def test_a_count_has_no_denominator(county: County) -> None:
    leaflets = county.define(
        code="leaflets", form="count", per=1, within=False, denominator="", denominator_en=""
    )
    county.enter(leaflets, JUNE, a1=(40, None))
    with pytest.raises(CellFaultsError) as refused:
        county.enter(leaflets, JUNE, a2=(40, 3))
    assert list(refused.value.faults) == [(county.ids["a2"], "denominator")]


def test_who_saw_an_old_value_does_not_overwrite_the_new_one(county: County) -> None:
    homes = county.define()
    county.enter(homes, JUNE, a1=(1, 10), a2=(1, 10))
    county.enter(homes, JUNE, version=1, a1=(2, 10), reason="x")
    with pytest.raises(OutdatedError) as refused:
        county.enter(homes, JUNE, version=1, a1=(3, 10), a2=(3, 10), reason="y")
    assert refused.value.units == [county.ids["a1"]]
    # Who saw nothing does not overwrite a first value either.
    with pytest.raises(OutdatedError):
        county.enter(homes, JUNE, a2=(5, 10))
    assert stored(county, homes) == {"a1": (2, 10, 2), "a2": (1, 10, 1)}
    # Nor does who saw one that was taken away since and entered again.
    county.enter(homes, JUNE, version=1, a2=(None, None), reason="z")
    county.enter(homes, JUNE, a2=(7, 10))
    with pytest.raises(OutdatedError):
        county.enter(homes, JUNE, version=1, a2=(5, 10), reason="y")


def test_values_are_entered_in_the_own_area_alone(county: County) -> None:
    homes = county.define()
    with pytest.raises(GridmapError):
        county.enter(homes, JUNE, actor=county.actor("a"), b1=(1, 10))
    # A town is none of the units for which it is entered.
    with pytest.raises(GridmapError):
        county.enter(homes, JUNE, a=(1, 10))
    with pytest.raises(ForbiddenError):
        county.enter(homes, JUNE, actor=county.actor("a", Role.CADRE), a1=(1, 10))


@pytest.mark.parametrize(
    "span",
    [
        Span(JUNE.first, JUNE.first),
        Span(MAY.first, JUNE.last),
        Span(JUNE.last, JUNE.first),
        Span(JUNE.first.replace(year=2199), JUNE.last.replace(year=2199)),
    ],
)
def test_only_periods_of_the_indicator_are_taken(county: County, span: Span) -> None:
    homes = county.define()
    with pytest.raises(ParameterError):
        county.enter(homes, span, a1=(1, 10))


def test_periods_of_any_days_do_not_overlap(county: County) -> None:
    votes = county.define(code="votes", period_kind="any")
    day = JUNE.first
    county.enter(votes, Span(day, day), a1=(1, 10))
    county.enter(votes, MAY, a1=(1, 10))
    with pytest.raises(ConflictError, match="value already"):
        county.enter(votes, JUNE, a1=(1, 10))
    # Another unit may have other days.
    county.enter(votes, JUNE, a2=(1, 10))


def test_nothing_is_entered_for_what_is_no_longer_used(county: County) -> None:
    homes = county.define()
    retire_indicator(county.session, SYSTEM, homes.id, retired=True)
    with pytest.raises(ConflictError):
        county.enter(homes, JUNE, a1=(1, 10))
    retire_indicator(county.session, SYSTEM, homes.id, retired=False)
    assert county.enter(homes, JUNE, a1=(1, 10)).inserted == 1


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"numerator": -1}, "ck_indicator_value_numerator"),
        ({"denominator": 0}, "ck_indicator_value_denominator"),
        ({"numerator": 11}, "ck_indicator_value_within"),
        ({"denominator": None}, "ck_indicator_value_denominator_entered"),
        ({"numerator": None}, "ck_indicator_value_numerator_entered"),
        ({"last": MAY.last}, "ck_indicator_value_period|range lower bound"),
        ({"within": False}, "fk_indicator_value_indicator"),
        ({"level": "town"}, "fk_indicator_value_(indicator|unit_id_level)"),
    ],
)
def test_the_database_refuses_what_plain_sql_gets_wrong(
    county: County, changes: dict[str, object], constraint: str
) -> None:
    homes = county.define()
    row = {
        "indicator_id": homes.id, "unit_id": county.ids["a1"], "first": JUNE.first,
        "last": JUNE.last, "numerator": 1, "denominator": 10, "level": "community",
        "form": "rate", "within": True, "entered": "both", "user_name": "sql",
    }  # fmt: skip
    session = county.session
    with session.begin_nested():
        session.execute(insert(IndicatorValue).values(row))
    session.execute(IndicatorValue.__table__.delete())
    with pytest.raises(Exception, match=constraint), session.begin_nested():
        session.execute(insert(IndicatorValue).values({**row, **changes}))


def test_a_unit_has_one_value_for_a_period(county: County) -> None:
    homes = county.define()
    county.enter(homes, JUNE, a1=(1, 10))
    copy = select(
        *(
            getattr(IndicatorValue, name)
            for name in ("indicator_id", "unit_id", "first", "last", "numerator", "denominator",
                         "level", "form", "within", "entered", "user_name")
        )
    )  # fmt: skip
    with (
        pytest.raises(IntegrityError, match="ex_indicator_value_period"),
        county.session.begin_nested(),
    ):
        county.session.execute(
            insert(IndicatorValue).from_select([one.name for one in copy.selected_columns], copy)
        )


def test_one_reader_of_names_is_no_register(county: County) -> None:
    homes = county.define()
    county.enter(homes, JUNE, a1=(1, 10))
    with pytest.raises(GridmapError, match="identity"):
        county.enter(homes, JUNE, version=1, a1=(2, 10), reason="身份证110101199003070011")
    assert county.session.scalar(select(func.count(IndicatorChange.id))) == 0


def test_an_unknown_unit_is_told(session: Session, county: County) -> None:
    homes = county.define()
    with pytest.raises(GridmapError) as refused:
        save_values(session, SYSTEM, homes.id, JUNE, [Entered(1 << 40, None, None)])
    assert refused.value.message == Message("There is no unit with the id {id}.", id=1 << 40)
