"""What the pages of activities say: names of codes, and where and when in words."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Row

from geodata.mapping.codes import PLACE_KINDS
from geodata.messages import N_
from gridmap.reports.activities.files import HEADINGS
from gridmap.reports.activities.kinds import COUNTS, KINDS
from webui.language import named, say
from webui.words import CODES

__all__ = ["COUNTS", "EVERY", "FIELDS", "KINDS", "PLACES", "SCRIPT", "STATES", "TARGETS"]

FIELDS = HEADINGS
EVERY = {
    "half_month": N_("Twice a month"),
    "month": N_("Every month"),
    "quarter": N_("Every quarter"),
    "year": N_("Every year"),
}
TARGETS = {
    "community": N_("Each community"),
    "cell": N_("Each cell"),
    "place": N_("Each place of a kind"),
    "unit": N_("The unit as a whole"),
}
STATES = {
    "overdue": N_("Overdue"),
    "open": N_("To be done now"),
    "done": N_("Done"),
    "past": N_("Done or overdue"),
}
PLACES = {key: CODES[key] for key in dict.fromkeys(PLACE_KINDS.values())}

#: What the scripts say.
SCRIPT = {
    "none": N_("none"),
    "failed": N_("The data could not be read. Check the connection and try again."),
    "photos": N_("{count} photos, {kilobytes} KB"),
    "too_many": N_("Only the first {count} photos are sent."),
    "pasted": N_("{rows} rows pasted."),
    "cut": N_("Only {rows} rows fit into the table. Import a file instead."),
}


def where(row: Row[Any]) -> str:
    """Say where something was done or is due: the place or the cell, and the unit."""
    spot = row.place or (row.cell_name or row.cell if row.cell_id else "")
    return f"{spot} · {named(row, 'unit')}" if spot else named(row, "unit")


def counted(row: Row[Any]) -> str:
    """Say the counts of an activity that are not nothing."""
    told = [
        f"{say(COUNTS[name])} {getattr(row, name)}"
        for name in KINDS[row.kind].counts
        if getattr(row, name)
    ]
    return " · ".join(told)


def place_kind(kind: str | None) -> str:
    """Return the name of a kind of places; an unknown one as it is."""
    return say(CODES.get(kind or "", kind or ""))


def prefilled(row: Row[Any], today: date) -> dict[str, Any]:
    """Return what the form of a duty holds at first: kind and where, and a day of its period."""
    named_by = {"cell": "cell", "place": "place"}.get(row.target, "unit")
    # A period that is over must be told its day by who knows it; its last day stands for it.
    day = row.ends if row.ends < today else None
    return {"kind": row.kind, "day": day, named_by: row.member}
