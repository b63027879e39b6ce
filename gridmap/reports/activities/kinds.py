"""The kinds of activities and what is counted of each.

A count is a column of the table `activity`; a further one takes a migration, the column in
`models`, and one entry here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from geodata.messages import N_


@dataclass(frozen=True)
class Kind:
    """A kind of activity.

    Attributes
    ----------
    key, title : str
    counts : tuple of str
        Keys of `COUNTS`, in the order of forms and tables.
    """

    key: str
    title: str
    counts: tuple[str, ...]


#: What is counted, by the name of the column. Nobody is named: people are counts.
COUNTS: Mapping[str, str] = {
    "households": N_("Households visited"),
    "hazards": N_("Hazards found"),
    "hazards_removed": N_("Hazards removed"),
    "disputes": N_("Disputes found"),
    "checked": N_("Places checked"),
    "problems": N_("Problems found"),
    "notices": N_("Notices given"),
    "corrected": N_("Notices corrected"),
    "participants": N_("Participants"),
    "hours": N_("Hours of training"),
    "issues": N_("Issues of publicity"),
    "leaflets": N_("Leaflets"),
    "questions": N_("Questions answered"),
    "boards": N_("Boards"),
    "banners": N_("Banners"),
    "visitor_groups": N_("Groups of visitors"),
    "visitors": N_("Visitors"),
    "rounds": N_("Rounds walked"),
}
#: A trigger counts these from the notices themselves; nobody types them.
COUNTED = frozenset({"notices", "corrected"})

KINDS: Mapping[str, Kind] = {
    kind.key: kind
    for kind in (
        Kind("sweep", N_("Sweep"), ("households", "hazards", "hazards_removed", "disputes")),
        Kind("inspection", N_("Inspection"), ("checked", "problems", "notices", "corrected")),
        Kind("meeting", N_("Meeting"), ("participants",)),
        Kind("publicity", N_("Publicity"),
             ("issues", "leaflets", "questions", "boards", "banners")),
        Kind("training", N_("Training"), ("participants", "hours")),
        Kind("visit", N_("Visits received"), ("visitor_groups", "visitors")),
        Kind("patrol", N_("Volunteers' patrol"), ("participants", "rounds")),
    )
}  # fmt: skip


def typed_counts(kind: str) -> tuple[str, ...]:
    """Return the counts of a kind that people enter; none of an unknown kind."""
    found = KINDS.get(kind)
    return () if found is None else tuple(key for key in found.counts if key not in COUNTED)
