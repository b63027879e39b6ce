"""What was asked of an earlier plan, as it is typed into the form."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import MultiDict

from gridmap.patrols.plans.wishes import MustWish, TeamWish, Wish

#: What is chosen as start or end in place of a place.
POINT = "point"


def typed(plan: Any) -> MultiDict[str, str]:
    """Return the fields of the form that ask for a plan once more.

    Parameters
    ----------
    plan : Row
        With its ``name``, ``unit_id``, ``day`` and ``wish``.
    """
    wish = Wish.model_validate(plan.wish)
    fields = MultiDict[str, str](
        {
            "unit": str(plan.unit_id),
            "day": str(plan.day),
            "name": plan.name,
            "run": str(wish.run_id or ""),
            "most_places": str(wish.most_places),
            "dwell_min": str(wish.dwell_min),
            "every_h": f"{wish.every_h:g}",
            "balance": "1" if wish.balance else "",
            "divide": "1" if wish.divide else "",
            "different": "1" if wish.seed is not None else "",
            "effort": wish.effort,
        }
    )
    fields.setlist("street", wish.streets)
    for team in wish.teams:
        _type_team(fields, team)
    for must in wish.musts:
        _type_must(fields, must)
    return fields


def _type_team(fields: MultiDict[str, str], team: TeamWish) -> None:
    row = {
        "team": str(team.team_id),
        "mode": team.mode,
        "begins": f"{team.begins:%H:%M}",
        "ends": f"{team.ends:%H:%M}",
        "starts_at": POINT if team.start_point else str(team.starts_at),
        "start_point": _point(team.start_point),
        "ends_at": POINT if team.end_point else str(team.ends_at or ""),
        "end_point": _point(team.end_point),
        "break_min": str(team.break_min or ""),
    }
    for name, value in row.items():
        fields.add(name, value)


def _type_must(fields: MultiDict[str, str], must: MustWish) -> None:
    place = str(must.place_id)
    fields.add("must", place)
    fields[f"dwell-{place}"] = str(must.dwell_min)
    fields[f"opens-{place}"] = f"{must.opens:%H:%M}" if must.opens else ""
    fields[f"closes-{place}"] = f"{must.closes:%H:%M}" if must.closes else ""


def _point(point: tuple[float, float] | None) -> str:
    return f"{point[0]}, {point[1]}" if point else ""
