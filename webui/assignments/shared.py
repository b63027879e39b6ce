"""What several pages of assignments say alike."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from geodata.messages import N_
from gridmap.incidents.tasks import open_cases
from gridmap.workforce.rights import Actor
from gridmap.workforce.words import ROLE_TITLES
from gridmap.workforce.workload import Band, Load, workload

ROLES = ROLE_TITLES
KINDS = {
    "full_time": N_("Full-time"),
    "part_time": N_("Part-time"),
    "volunteer": N_("Volunteer"),
}
BANDS = {
    Band.NONE: N_("no cells"),
    Band.BELOW: N_("below the band"),
    Band.WITHIN: N_("within the band"),
    Band.ABOVE: N_("above the band"),
}


def describe(row: Row[Any]) -> list[object]:
    """Return a cell as scripts know it: id, code, cadre, version."""
    return [row.id, row.code, row.cadre_id, row.version]


def loads(
    session: Session,
    actor: Actor,
    day: date,
    cadre_ids: Collection[int] | None = None,
    band: Band | None = None,
) -> Sequence[Load]:
    """Return the loads of the actor's cadres, or of some of them, with their open cases."""
    return workload(session, actor, day, open_cases(), cadre_ids=cadre_ids, band=band)
