"""The names behind the numbers in the audit log, so that people can read it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.workforce.models import AuditEntry

#: A table and an id in it.
Key = tuple[str, int]

#: What the log calls the rows of a layer.
TABLES = {
    "units": "unit", "cells": "cell", "buildings": "building", "building_counts": "building_count",
    "places": "place", "roads": "road", "ground": "ground", "categories": "category",
    "incidents": "incident", "hotspots": "hotspot", "cadres": "cadre",
}  # fmt: skip
_NAMES = {
    "app_user": "SELECT id, login AS name FROM app_user",
    "cadre": "SELECT id, name FROM cadre",
    "team": "SELECT id, name FROM team",
    "unit": (
        "SELECT id, CASE WHEN :english THEN coalesce(name_en, name) ELSE name END AS name FROM unit"
    ),
    "cell": "SELECT id, code AS name FROM cell",
    "place": "SELECT id, name FROM place",
    "category": (
        "SELECT id, CASE WHEN :english THEN coalesce(name_en, name) ELSE name END AS name "
        "FROM category"
    ),
    "incident_case": (
        "SELECT k.id, k.id || ' ' || CASE WHEN :english THEN coalesce(c.name_en, c.name) "
        "ELSE c.name END AS name FROM incident_case k "
        "JOIN category c ON c.id = k.category_id"
    ),
    "shift": (
        "SELECT s.id, t.name || ' ' || s.day AS name FROM shift s JOIN team t ON t.id = s.team_id"
    ),
    "shift_pattern": "SELECT id, name FROM shift_pattern",
    "patrol_route": "SELECT id, name FROM patrol_route",
    "patrol_plan": "SELECT id, coalesce(nullif(name, ''), day::text) AS name FROM patrol_plan",
    "patrol_track": (
        "SELECT t.id, coalesce(r.name || ' ', '') || local_date(t.started_at) AS name "
        "FROM patrol_track t LEFT JOIN patrol_route r ON r.id = t.route_id"
    ),
    "activity": "SELECT id, id || ' ' || day AS name FROM activity",
    "activity_plan": (
        "SELECT p.id, p.id || ' ' || CASE WHEN :english THEN coalesce(u.name_en, u.name) "
        "ELSE u.name END AS name FROM activity_plan p JOIN unit u ON u.id = p.unit_id"
    ),
    "indicator": (
        "SELECT id, CASE WHEN :english THEN name_en ELSE name END AS name FROM indicator"
    ),
    "department": (
        "SELECT id, CASE WHEN :english THEN coalesce(name_en, name) ELSE name END AS name "
        "FROM department"
    ),
    "evaluation": (
        "SELECT e.id, CASE WHEN :english THEN coalesce(u.name_en, u.name) ELSE u.name END "
        "|| ' ' || e.first || '/' || e.last AS name FROM evaluation e "
        "JOIN unit u ON u.id = e.unit_id"
    ),
    "report": (
        "SELECT r.id, r.id || ' ' || CASE WHEN :english THEN coalesce(u.name_en, u.name) "
        "ELSE u.name END || ' ' || r.last AS name FROM report r JOIN unit u ON u.id = r.unit_id"
    ),
    "agency": "SELECT id, name FROM agency",
    "api_key": "SELECT id, name FROM api_key",
    "assignment": (
        "SELECT a.id, c.code || ' ' || d.name AS name FROM assignment a "
        "JOIN cell c ON c.id = a.cell_id JOIN cadre d ON d.id = a.cadre_id"
    ),
}
#: Values of entries that are ids, and of which table.
REFERENCES = {
    "areas": "unit",
    "unit_id": "unit",
    "community_id": "unit",
    "cell_id": "cell",
    "cadre_id": "cadre",
    "substitute_id": "cadre",
    "assignee_id": "cadre",
    "captain": "cadre",
    "members": "cadre",
    "user_id": "app_user",
    "category_id": "category",
    "team_id": "team",
    "route_id": "patrol_route",
    "shift_id": "shift",
    "other_shift_id": "shift",
    "place_id": "place",
    # Of the filter of an export.
    "cell": "cell",
    "unit": "unit",
    "assignee": "cadre",
}


def names_in(
    session: Session, entries: Sequence[AuditEntry], *, english: bool = False
) -> dict[Key, str]:
    """Return what is known by name of all that entries mention, one query for each table.

    Parameters
    ----------
    session : Session
    entries : sequence of AuditEntry
        Of one page.
    english : bool
        Whether names are wanted in English where there are such.
    """
    wanted: dict[str, set[int]] = defaultdict(set)
    for entry in entries:
        if entry.subject_id is not None:
            wanted[entry.subject].add(entry.subject_id)
        for state in (entry.before, entry.after):
            for table, number in _references(state or {}):
                wanted[table].add(number)
    names: dict[Key, str] = {}
    for table, ids in wanted.items():
        if table in _NAMES:
            statement = text(f"SELECT * FROM ({_NAMES[table]}) AS t WHERE id = ANY(:ids)")  # noqa: S608
            for row in session.execute(statement, {"ids": sorted(ids), "english": english}):
                names[table, row.id] = row.name
    return names


def _references(state: Mapping[str, object]) -> Iterable[Key]:
    for field, value in state.items():
        if isinstance(value, dict):
            yield from _references(value)
        table = REFERENCES.get(field)
        if table is not None:
            for number in value if isinstance(value, list) else [value]:
                if isinstance(number, int) and not isinstance(number, bool):
                    yield table, number
