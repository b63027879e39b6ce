"""What patrols cover, on the dashboard and on the page of a cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from gridmap.exchange.area import Area
from gridmap.exchange.dashboard import Coverage, Patrols
from webui.dashboard import words
from webui.dashboard.parts import name_of, part_url

#: So many parts of an area are told.
MOST = 6


@dataclass(frozen=True)
class Neglected:
    """A part of an area whose incidents no patrol came near to at their hour."""

    name: str
    url: str
    coverage: Coverage


def neglected(
    area: Area, watched: Patrols, query: Mapping[str, Any], english: bool
) -> list[Neglected]:
    """Return the parts with the most incidents that no patrol came near to at their hour."""
    known = [(watched.parts[part.id], part) for part in area.parts if part.id in watched.parts]
    most = sorted(
        (one for one in known if one[0].without), key=lambda one: (-one[0].without, one[1].code)
    )
    return [
        Neglected(name_of(part, english), part_url(area, part, query), coverage)
        for coverage, part in most[:MOST]
    ]


def patrol_months(months: Mapping[date, Coverage]) -> dict[str, Any]:
    """Return the months for a chart, shares in per cent; one without an incident has none."""
    return {
        "labels": [words.month(month) for month in months],
        "walked": [_share(one.walked_in_hour, one.incidents) for one in months.values()],
        "planned": [_share(one.planned_in_hour, one.incidents) for one in months.values()],
    }


def _share(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None
