"""The way from a figure to the records behind it: a page, and what it is asked."""

from __future__ import annotations

from typing import Any

from gridmap.incidents.statistics import Span
from gridmap.reports.measures.registry import Group, Measure


def records_of(
    measure: Measure,
    span: Span,
    group: Group,
    member_id: int,
    unit_code: str,
    *,
    numerator: bool = False,
) -> tuple[str, dict[str, Any]] | None:
    """Return the endpoint and the arguments of the page that lists what was counted.

    Parameters
    ----------
    measure : Measure
    span : Span
    group : Group
    member_id : int
    unit_code : str
        The code of the unit in which the member lies, or of the member itself if it is one.
    numerator : bool
        Only what the numerator counts, otherwise what the denominator does.

    Returns
    -------
    tuple or None
        None if no page lists them.
    """
    if measure.endpoint is None:
        return None
    arguments = {**measure.arguments, **(measure.narrowed if numerator else {})}
    first, last = span.first.isoformat(), span.last.isoformat()
    if measure.endpoint == "cases.index":
        place = {"community": "unit", "town": "unit", "cadre": "answering"}.get(group, group)
        arguments |= {"due_since": first, "due_until": last, "sort": "oldest"}
        if group != "all":
            arguments[place] = member_id
    elif measure.endpoint == "activities.index":
        # No list tells what was done in a cadre's cells, which may have been another's before.
        if group == "cadre":
            return None
        arguments |= {"first": first, "last": last}
        if group != "all":
            arguments["cell" if group == "cell" else "unit"] = member_id
    elif measure.endpoint == "shifts.list_page":
        arguments |= {"team": member_id, "first": first, "last": last}
    elif measure.endpoint == "tracks.tracks":
        arguments |= {"team": member_id, "from": first, "to": last}
    elif measure.endpoint == "tracks.index":
        arguments |= {"unit": unit_code, "first": first[:7], "last": last[:7]}
    else:
        arguments |= {"period": "custom", "from": first, "to": last, "unit": unit_code}
        if group == "cell":
            arguments["cell"] = member_id
    return measure.endpoint, arguments
