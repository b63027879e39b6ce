"""Indicators: what each says of the area, against its target, and the ranking below it."""

from __future__ import annotations

from decimal import Decimal

from gridmap.reports.documents.compose.draft import Col, Draft, ends
from gridmap.reports.documents.compose.ledger import Asked
from gridmap.reports.documents.compose.matter import Matter
from gridmap.reports.documents.compose.prose import Both, Linked, Phrase, Value, say
from gridmap.reports.indicators.figures import (
    IndicatorFigure,
    RankedUnit,
    indicator_values,
    ranking,
)
from gridmap.reports.structure import Fact

TITLE = Both("指标完成情况", "Indicators")
#: So many indicators are ranked.
MOST_RANKED = 6
_ALL = Both(
    "全部见“指标”页面，可导出Excel", "all are on the page “Indicators” and in its Excel file"
)


def write(matter: Matter, draft: Draft) -> None:
    """Tell what the indicators say of the area in the period."""
    draft.head(1, TITLE, "indicators")
    span = matter.span
    with matter.ledger.asking(
        "indicators", Both("指标数据", "Values of indicators"), "indicators.show",
        {"unit": matter.area.code, "on": span.last},
    ) as source:  # fmt: skip
        found = indicator_values(matter.session, None, matter.area.id, span.first, span.last)
        found = [each for each in found if each.value is not None]
        source.records = len(found)
    if not found:
        draft.nothing(TITLE, Both("本期没有指标数据。", "No indicator has values in this period."))
        return
    draft.text(*(_told(matter, each) for each in found))
    if matter.area.level == "community":
        return
    for each in found[:MOST_RANKED]:
        _ranking(matter, draft, each)


def _told(matter: Matter, found: IndicatorFigure) -> Phrase:
    """Tell one indicator; a rate stands beside its two counts."""
    assert found.value is not None  # noqa: S101 - Those without are left out.
    parts: dict[str, Value] = {
        "name": Both(found.name, found.name_en),
        "value": _fact(matter, found, "", found.value, found.unit),
        "unit": _unit(found.unit),
    }
    text = Both("{name}{value}{unit}", "{name}: {value}{unit}")
    if found.denominator is not None and found.numerator is not None:
        parts["part"] = _fact(matter, found, "part", found.numerator)
        parts["whole"] = _fact(matter, found, "whole", found.denominator)
        text = Both(text.zh + "（{part}/{whole}）", text.en + " ({part} of {whole})")
    if found.target is not None and found.reached is not None:
        parts["target"] = _fact(matter, found, "target", found.target, found.unit)
        zh, en = ("达到", "reaches") if found.reached else ("未达到", "misses")
        if not found.reached and found.value == found.target:
            # Rounded they are the same; the counts decide.
            zh, en = "略低于", "falls just short of"
        text = Both(
            text.zh + f"，{zh}目标{{target}}{{unit}}",
            text.en + f", {en} the target of {{target}}{{unit}}",
        )
    if found.rank is not None and found.of > 1:
        parts["rank"] = _fact(matter, found, "rank", Decimal(found.rank))
        parts["of"] = _fact(matter, found, "of", Decimal(found.of))
        text = Both(text.zh + "，在{of}个同级单位中列第{rank}位", text.en + ", rank {rank} of {of}")
    return say(Both(text.zh + "。", text.en + "."), **parts)


def _fact(
    matter: Matter, found: IndicatorFigure, name: str, value: Decimal, unit: str = ""
) -> Fact:
    """Enter a figure of an indicator, which has a page with its counts by unit."""
    key = f"indicators.{found.code}" + (f".{name}" if name else "")
    return matter.ledger.count(
        key, _plain(value), "indicators", unit=unit, arguments=_asked(matter, found)
    )


def _asked(matter: Matter, found: IndicatorFigure) -> dict[str, object]:
    asked: dict[str, object] = {"indicator_id": found.indicator_id}
    if found.kind is None:
        # Of a period that is not over, what comes after the report's days is none of its figures.
        return asked | {"from": matter.span.first, "to": matter.span.last}
    return asked | {"period": found.kind}


def _unit(unit: str) -> Both:
    # The sign of per cent belongs to the figure.
    return Both("", "") if unit in ("", "%") else Both(unit, f" {unit}")


def _ranking(matter: Matter, draft: Draft, found: IndicatorFigure) -> None:
    key = f"indicators.{found.code}"
    name = Both(found.name, found.name_en)
    title = say(Both("{name}排名", "Ranking by {name}"), name=name)
    asked = {"unit": matter.area.code, "on": matter.span.last, **_asked(matter, found)}
    with matter.ledger.asking(f"{key}.ranking", title, "indicators.show", asked) as source:
        rows = ranking(
            matter.session, found.code, matter.area.id, matter.span.first, matter.span.last
        )
        rows = [row for row in rows if row.value is not None]
        source.records = len(rows)
    if len(rows) < 2:
        return
    columns = [
        Col(Both("名次", "Rank")),
        Col(Both("单位", "Unit"), numeric=False),
        Col(Both("数值", "Value"), Both(found.unit, found.unit)),
        Col(Both("名次变化", "Change of rank"), numeric=False),
    ]
    # Below each other all have as many digits after the point.
    whole = all(row.value == row.value.to_integral_value() for row in rows if row.value is not None)
    listed = [_row(matter, found, row, source, whole=whole) for row in ends(rows)]
    draft.ranking(title, columns, listed, len(rows), _ALL)


def _row(
    matter: Matter, found: IndicatorFigure, row: RankedUnit, source: Asked, *, whole: bool
) -> list[Value]:
    assert row.value is not None  # noqa: S101 - Those without are left out.
    figure = matter.ledger.count(
        f"indicators.{found.code}.{row.code}",
        int(row.value) if whole else float(row.value),
        source,
        unit=found.unit,
    )
    to = "indicators.show", source.arguments
    moved = _moved(row.rank, row.rank_before)
    return [
        Linked(str(row.rank), *to),
        Both(row.name, row.name_en or row.name),
        figure,
        "—" if moved is None else Linked(moved, *to),
    ]


def _moved(rank: int | None, before: int | None) -> Both | None:
    if rank is None or before is None:
        return None
    if rank == before:
        return Both("不变", "none")
    n = abs(rank - before)
    return Both(f"升{n}位", f"up {n}") if rank < before else Both(f"降{n}位", f"down {n}")


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
