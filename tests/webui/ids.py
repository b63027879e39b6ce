"""Ids of one community, for the names in braces of the tables of routes."""

from __future__ import annotations

import math
from typing import Any

from sqlalchemy import Connection, text

_IDS = """
    SELECT u.id AS unit, u.code AS unit_code, u.name, u.parent_id AS town, c.id AS cell,
           c.code AS cell_code,
           ST_X(c.anchor) AS lon, ST_Y(c.anchor) AS lat, c.building,
           (SELECT min(id) FROM place WHERE community_id = u.id) AS place,
           (SELECT min(id) FROM incident WHERE community_id = u.id) AS incident,
           (SELECT min(id) FROM cadre WHERE unit_id = u.id) AS cadre,
           (SELECT min(id) FROM team WHERE unit_id = u.id) AS team,
           (SELECT max(id) FROM team WHERE unit_id = u.id) AS spare_team,
           coalesce((SELECT min(a.id) FROM absence a JOIN cadre d ON d.id = a.cadre_id
                     WHERE d.unit_id = u.id), 999) AS absence,
           (SELECT min(id) FROM assignment WHERE cell_id = c.id) AS assignment,
           (SELECT min(s.id) FROM shift s JOIN team t ON t.id = s.team_id
            WHERE t.unit_id = u.id) AS shift,
           (SELECT max(s.id) FROM shift s JOIN team t ON t.id = s.team_id
            WHERE t.unit_id = u.id) AS spare_shift,
           (SELECT min(p.id) FROM shift_pattern p JOIN team t ON t.id = p.team_id
            WHERE t.unit_id = u.id) AS pattern,
           (SELECT max(p.id) FROM shift_pattern p JOIN team t ON t.id = p.team_id
            WHERE t.unit_id = u.id) AS spare_pattern,
           coalesce((SELECT min(w.id) FROM shift_swap w JOIN shift s ON s.id = w.shift_id
                     JOIN team t ON t.id = s.team_id WHERE t.unit_id = u.id), 999) AS swap,
           (SELECT min(id) FROM incident_case WHERE community_id = u.id) AS "case",
           (SELECT id FROM app_user WHERE login = 'analyst') AS user,
           (SELECT id FROM app_user WHERE login = 'spare') AS spare_user,
           (SELECT min(id) FROM agency) AS agency, (SELECT min(id) FROM api_key) AS spare_key,
           (SELECT min(id) FROM hotspot_run WHERE communities = ARRAY[u.id]) AS run,
           (SELECT max(id) FROM hotspot_run WHERE communities = ARRAY[u.id] AND name = '备用')
               AS spare_run,
           (SELECT min(id) FROM patrol_route WHERE unit_id = u.id) AS route,
           (SELECT max(id) FROM patrol_route WHERE unit_id = u.id) AS spare_route,
           (SELECT min(s.id) FROM patrol_stop s WHERE s.route_id = (
               SELECT min(id) FROM patrol_route WHERE unit_id = u.id)) AS patrol_stop,
           (SELECT min(id) FROM patrol_plan WHERE unit_id = u.id) AS plan,
           (SELECT max(id) FROM patrol_plan WHERE unit_id = u.id) AS spare_plan,
           (SELECT min(id) FROM patrol_track WHERE unit_id = u.id) AS track,
           (SELECT max(id) FROM patrol_track WHERE unit_id = u.id) AS spare_track,
           (SELECT min(id) FROM activity WHERE unit_id = u.id AND kind = 'sweep') AS activity,
           (SELECT min(a.id) FROM activity a JOIN activity_notice n ON n.activity_id = a.id
            WHERE a.unit_id = u.id) AS inspection,
           (SELECT min(n.id) FROM activity a JOIN activity_notice n ON n.activity_id = a.id
            WHERE a.unit_id = u.id) AS notice,
           (SELECT max(n.id) FROM activity a JOIN activity_notice n ON n.activity_id = a.id
            WHERE a.unit_id = u.id) AS spare_notice,
           coalesce((SELECT min(id) FROM activity_plan WHERE unit_id = u.id), 999)
               AS activity_plan,
           (SELECT min(id) FROM indicator WHERE code = 'homes.started') AS indicator,
           (SELECT max(id) FROM evaluation WHERE state = 'published') AS evaluation,
           (SELECT max(id) FROM evaluation WHERE state = 'open') AS open_evaluation,
           (SELECT min(id) FROM department) AS department,
           (SELECT min(id) FROM report WHERE unit_id = u.id) AS report,
           (SELECT min(id) FROM report WHERE unit_id = u.id AND name = '草稿') AS draft_report,
           (SELECT max(id) FROM api_key) AS key, (SELECT min(id) FROM package) AS package
    FROM unit u JOIN LATERAL (
        SELECT c.id, c.code, b.id AS building, b.anchor FROM cell c
        JOIN building b ON b.cell_id = c.id JOIN assignment a ON a.cell_id = c.id
        WHERE c.community_id = u.id AND c.valid_to IS NULL ORDER BY c.code, b.id LIMIT 1
    ) AS c ON true WHERE u.id = :unit
"""


def ids_of(connection: Connection, unit: int) -> dict[str, Any]:
    """Look for one thing of each kind in a community."""
    ids = dict(connection.execute(text(_IDS), {"unit": unit}).mappings().one())
    for z in (10, 14, 16):
        x = (ids["lon"] / 360 + 0.5) * 2**z
        y = (1 - math.asinh(math.tan(math.radians(ids["lat"]))) / math.pi) / 2 * 2**z
        ids[f"tile_{z}"] = f"{z}/{int(x)}/{int(y)}"
        ids[f"matrix_{z}"] = f"{z}/{int(y)}/{int(x)}"
    return ids
