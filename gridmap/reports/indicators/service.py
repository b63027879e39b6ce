"""Definitions of indicators: made, changed and retired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from geodata.messages import N_, Message
from gridmap.errors import ConflictError, ParameterError, refuse_identity_number
from gridmap.reports.indicators.models import Indicator, IndicatorValue
from gridmap.reports.indicators.periods import KINDS
from gridmap.reports.indicators.queries import find_indicator
from gridmap.reports.indicators.trees import LEVELS
from gridmap.reports.measures import MEASURES
from gridmap.workforce import audit
from gridmap.workforce.rights import Action, Actor, require

LONGEST = 100
PER = (1, 100, 1000, 10000)
#: What values mean, by its title on the page; once there are some it stays.
FIXED = {
    "form": N_("Form"),
    "per": N_("Rate"),
    "level": N_("Entered for"),
    "period_kind": N_("Period"),
    "over_time": N_("A longer period is"),
    "numerator_measure": N_("The numerator is"),
    "denominator_measure": N_("The denominator is"),
}
_TEXTS = ("name", "name_en", "numerator", "numerator_en")


@dataclass(frozen=True)
class Wish:
    """A definition as somebody wants it; the attributes are those of `Indicator`."""

    code: str
    name: str
    name_en: str
    numerator: str
    numerator_en: str
    denominator: str = ""
    denominator_en: str = ""
    form: str = "rate"
    per: int = 100
    unit: str = "%"
    numerator_measure: str | None = None
    denominator_measure: str | None = None
    within: bool = False
    level: str = "community"
    period_kind: str = "month"
    over_time: str = "sum"
    target: Decimal | None = None
    better: str | None = "up"
    places: int = 2


def create_indicator(session: Session, actor: Actor, wish: Wish) -> Indicator:
    """Define an indicator.

    Raises
    ------
    ForbiddenError
        If the actor may not change settings.
    ParameterError
        If a value cannot be used; it names the field.
    ConflictError
        If the code is in use.
    """
    require(actor, Action.MANAGE_SETTINGS)
    _check(wish)
    if session.scalar(select(Indicator.id).where(Indicator.code == wish.code)) is not None:
        raise ConflictError(Message("There is an indicator with the code {code}.", code=wish.code))
    made = Indicator(**asdict(wish))
    session.add(made)
    session.flush()
    audit.record(
        session, actor, "indicator.create", ("indicator", made.id), None, _told(asdict(wish))
    )
    return made


def change_indicator(
    session: Session, actor: Actor, indicator_id: int, wish: Wish, version: int
) -> Indicator:
    """Change a definition; its code stays.

    Parameters
    ----------
    session : Session
    actor : Actor
    indicator_id : int
    wish : Wish
    version : int
        That which the person saw.

    Raises
    ------
    ForbiddenError, NotFoundError, ParameterError
    ConflictError
        If somebody changed it meanwhile, or there are values that would no longer mean what they
        did, or have a numerator that is larger than its denominator.
    """
    require(actor, Action.MANAGE_SETTINGS)
    found = _locked(session, indicator_id)
    if found.version != version:
        raise ConflictError(
            Message("Somebody changed this meanwhile: look at it again, then change it.")
        )
    _check(wish)
    wanted = {name: value for name, value in asdict(wish).items() if name != "code"}
    former = {name: getattr(found, name) for name in wanted}
    if has_values(session, found.id):
        _refuse_other_meaning(session, found, wish)
    session.execute(
        update(Indicator)
        .where(Indicator.id == found.id)
        .values(**wanted, version=Indicator.version + 1)
    )
    session.refresh(found)
    audit.record_difference(
        session, actor, "indicator.change", ("indicator", found.id), _told(former), _told(wanted)
    )
    return found


def retire_indicator(
    session: Session, actor: Actor, indicator_id: int, *, retired: bool
) -> Indicator:
    """Use an indicator no longer, or again; its values stay.

    Raises
    ------
    ForbiddenError, NotFoundError
    """
    require(actor, Action.MANAGE_SETTINGS)
    found = _locked(session, indicator_id)
    if (found.retired_at is not None) != retired:
        found.retired_at = datetime.now(UTC) if retired else None
        found.version += 1
        session.flush()
        act = "indicator.retire" if retired else "indicator.reuse"
        audit.record(session, actor, act, ("indicator", found.id))
    return found


def _locked(session: Session, indicator_id: int) -> Indicator:
    find_indicator(session, indicator_id)
    return session.scalars(
        select(Indicator)
        .where(Indicator.id == indicator_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def has_values(session: Session, indicator_id: int) -> bool:
    """Tell whether anything is entered for an indicator."""
    there = select(IndicatorValue.id).where(IndicatorValue.indicator_id == indicator_id)
    return session.scalar(there.limit(1)) is not None


def _refuse_other_meaning(session: Session, found: Indicator, wish: Wish) -> None:
    for name, title in FIXED.items():
        if getattr(wish, name) != getattr(found, name):
            raise ConflictError(
                Message(
                    "“{field}” stays as it is: there are values already, which would mean "
                    "something else. Define another indicator and retire this one, or take its "
                    "values away first.",
                    field=Message(title),
                )
            )
    larger = session.scalar(
        select(func.count(IndicatorValue.id)).where(
            IndicatorValue.indicator_id == found.id,
            IndicatorValue.numerator > IndicatorValue.denominator,
        )
    )
    if wish.within and larger:
        raise ConflictError(
            Message(
                "{count} values have a numerator larger than the denominator: correct them first.",
                count=larger,
            )
        )


def _entered(wish: Wish) -> str:
    """Return what the database will say is entered, see `models.Indicator`."""
    below = wish.form == "rate" and wish.denominator_measure is None
    if wish.numerator_measure is None:
        return "both" if below else "numerator"
    return "denominator" if below else "nothing"


def _check(wish: Wish) -> None:
    refuse_identity_number(" ".join(str(value) for value in asdict(wish).values() if value))
    rate = wish.form == "rate"
    for field in (*_TEXTS, *(("denominator", "denominator_en") if rate else ())):
        if not 0 < len(getattr(wish, field).strip()) <= LONGEST:
            raise ParameterError(
                field, Message("Write 1 to {count} characters here.", count=LONGEST)
            )
    if not _is_code(wish.code):
        raise ParameterError(
            "code",
            Message("A code has up to 40 small letters a to z, digits, and . _ - between them."),
        )
    if len(wish.unit) > 10:
        raise ParameterError("unit", Message("A unit has at most {count} characters.", count=10))
    choices = {
        "form": ("count", "rate"), "per": PER if rate else (1,), "level": LEVELS,
        "period_kind": KINDS, "over_time": ("last", "sum"), "better": ("up", "down", None),
        "places": range(5), "within": (False, True) if rate else (False,),
    }  # fmt: skip
    for field, allowed in choices.items():
        if getattr(wish, field) not in allowed:
            raise ParameterError(field, Message("Choose one of the values offered."))
    _check_target(wish)
    _check_measures(wish)


def _check_target(wish: Wish) -> None:
    if wish.target is None:
        return
    if wish.better is None:
        raise ParameterError(
            "better", Message("With a target, tell whether more or less is better.")
        )
    if not 0 <= wish.target < 10**11:
        raise ParameterError("target", Message("Write a number that is not negative."))


def _check_measures(wish: Wish) -> None:
    if wish.form == "count" and (wish.denominator_measure or wish.denominator):
        raise ParameterError("denominator", Message("A count has no denominator."))
    if wish.period_kind == "any" and _entered(wish) != "both" and wish.numerator_measure:
        raise ParameterError(
            "period_kind", Message("What is counted by the records needs periods of the calendar.")
        )
    for field in ("numerator_measure", "denominator_measure"):
        key = getattr(wish, field)
        if key is None:
            continue
        measure = MEASURES.get(key)
        # Hours are medians, which cannot be added up.
        if measure is None or measure.unit == "h" or wish.level not in measure.groups:
            raise ParameterError(
                field, Message("The records are not counted so for units of this level.")
            )


def _is_code(code: str) -> bool:
    allowed = set("abcdefghijklmnopqrstuvwxyz0123456789_.-")
    return 0 < len(code) <= 40 and set(code) <= allowed and code[0] not in "_.-"


def _told(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as the log can hold them."""
    return {
        name: str(value) if isinstance(value, Decimal) else value for name, value in state.items()
    }
