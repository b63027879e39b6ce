"""Measures of patrol teams: their shifts, who came to them, and what of their routes was walked."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd
from sqlalchemy.orm import Session

from gridmap.incidents.statistics import Span
from gridmap.patrols.shifts.queries import CAME, DONE, NOTED, OVER
from gridmap.reports.activities.figures import units_in
from gridmap.reports.measures.members import TEAMS_IN, read
from gridmap.reports.measures.registry import Group
from gridmap.territory.scope import Scope

_SHIFTS = f"""
    SELECT s.team_id AS member, count(*) AS due, count(*) FILTER (WHERE {DONE}) AS done,
           coalesce(sum(m.came), 0)::bigint AS came, coalesce(sum(m.noted), 0)::bigint AS noted
    FROM shift s JOIN team t ON t.id = s.team_id
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE {CAME}) AS came, count(*) FILTER (WHERE {NOTED}) AS noted
        FROM shift_member WHERE shift_id = s.id) m
    WHERE {OVER} AND s.day BETWEEN :first AND :last AND {TEAMS_IN} GROUP BY 1
"""
# So long before a shift and after it, what is on record of its route still belongs to it.
_NEAR = "interval '30 minutes'"
# The whole months of a span, as moments, by which tracks and check-ins are found.
_ZONE = "AT TIME ZONE (SELECT time_zone FROM territory_settings)"
_MONTHS = f"""{{0}} >= date_trunc('month', CAST(:first AS timestamp)) {_ZONE}
    AND {{0}} < (date_trunc('month', CAST(:last AS timestamp)) + interval '1 month') {_ZONE}"""
# Communities are told by their town.
_TOWN = "CASE u.level WHEN 'community' THEN u.parent_id ELSE u.id END"
# What a route was when the shift began; one that is known only since then, what it was first.
# A track belongs to the nearest shift of its team on its route. A check-in at a stop that was
# taken off the route since is not known to be of another stop than the next one, and left out.
_WALKS = f"""
    WITH duty AS (
        SELECT s.id, s.team_id, s.route_id, s.starts, s.ends, {_TOWN} AS town,
               date_trunc('month', s.day)::date AS month
        FROM shift s JOIN team t ON t.id = s.team_id JOIN unit u ON u.id = t.unit_id
        WHERE {OVER} AND s.day BETWEEN :first AND :last AND s.route_id IS NOT NULL AND {TEAMS_IN}
    ), recorded AS (
        SELECT {_TOWN} AS town, date_trunc('month', local_date(t.started_at))::date AS month
        FROM patrol_track t JOIN unit u ON u.id = t.unit_id
        WHERE t.matched_at IS NOT NULL AND {_MONTHS.format("t.started_at")}
        UNION
        SELECT {_TOWN}, date_trunc('month', local_date(c.at))::date
        FROM patrol_check_in c JOIN patrol_route r ON r.id = c.route_id
        JOIN unit u ON u.id = r.unit_id
        WHERE {_MONTHS.format("c.at")}
    ), version AS MATERIALIZED (
        SELECT v.route_id, v.number, v.at, (v.state ->> 'length_m')::float8 AS length_m,
               jsonb_array_length(v.state -> 'stops') AS stops
        FROM patrol_route_version v WHERE v.route_id IN (SELECT route_id FROM duty)
    ), planned AS (
        SELECT d.*, v.length_m, v.stops FROM duty d JOIN recorded USING (town, month)
        CROSS JOIN LATERAL (
            SELECT length_m, stops FROM version v WHERE v.route_id = d.route_id
            ORDER BY v.at <= d.starts DESC, CASE WHEN v.at <= d.starts THEN -v.number
                     ELSE v.number END LIMIT 1) v
    ), walked AS (
        SELECT DISTINCT ON (t.id) t.id AS track_id, p.id AS shift_id, t.route_share
        FROM planned p JOIN patrol_track t ON t.route_id = p.route_id AND t.team_id = p.team_id
            AND t.started_at >= p.starts - {_NEAR} AND t.started_at < p.ends + {_NEAR}
        WHERE t.matched_at IS NOT NULL
        ORDER BY t.id, abs(extract(epoch FROM t.started_at - p.starts)), p.id
    ), visited AS (
        SELECT w.shift_id, coalesce(v.stop_id, -v.position) AS stop
        FROM walked w JOIN patrol_visit v USING (track_id) WHERE v.verdict = 'visited'
        UNION
        SELECT p.id, c.stop_id
        FROM planned p JOIN patrol_check_in c ON c.route_id = p.route_id
            AND c.at >= p.starts - {_NEAR} AND c.at < p.ends + {_NEAR}
        JOIN cadre d ON d.user_id = c.user_id
        JOIN shift_member m ON m.shift_id = p.id AND m.cadre_id = d.id
        WHERE c.stop_id IS NOT NULL
    )
    SELECT p.team_id AS member, sum(p.stops)::bigint AS stops,
           sum(least(coalesce(v.n, 0), p.stops))::bigint AS visited,
           round(sum(p.length_m))::bigint AS metres,
           round(sum(coalesce(w.share, 0) * p.length_m))::bigint AS walked
    FROM planned p
    LEFT JOIN (SELECT shift_id, count(*) AS n FROM visited GROUP BY 1) v ON v.shift_id = p.id
    LEFT JOIN (SELECT shift_id, max(route_share) AS share FROM walked GROUP BY 1) w
        ON w.shift_id = p.id
    GROUP BY 1
"""
# Measure, and the columns of its numerator and denominator.
_OF_SHIFTS = (
    ("shifts.due", "due", None), ("shifts.done", "done", "due"),
    ("shifts.attended", "came", "noted"),
)  # fmt: skip
_OF_WALKS = (("stops.visited", "visited", "stops"), ("routes.walked", "walked", "metres"))


def count_shifts(
    session: Session, keys: Collection[str], span: Span, group: Group, scope: Scope
) -> pd.DataFrame:
    """Count the shifts that are over and were not cancelled; see `counting.measured`.

    A shift is done where somebody came to it, as was checked in or noted; one of which nothing
    is noted is due and not done. Of the attendance what nobody noted is left out.
    """
    return _counted(session, keys, span, scope, _SHIFTS, _OF_SHIFTS)


def count_walks(
    session: Session, keys: Collection[str], span: Span, group: Group, scope: Scope
) -> pd.DataFrame:
    """Count what of the routes of such shifts is on record as walked; see `counting.measured`.

    A stop is visited where a track of the shift kept it, or somebody on the shift checked in at
    it. Of several tracks the longest tells how much of the route was walked. Months of which the
    whole town has neither track nor check-in do not count: patrols that nobody recorded are no
    patrols that were not walked.
    """
    return _counted(session, keys, span, scope, _WALKS, _OF_WALKS)


def _counted(
    session: Session,
    keys: Collection[str],
    span: Span,
    scope: Scope,
    statement: str,
    columns: tuple[tuple[str, str, str | None], ...],
) -> pd.DataFrame:
    values = {"first": span.first, "last": span.last, "units": units_in(session, scope)}
    found = read(session, statement, values)
    parts = [
        found[["member"]].assign(
            measure=key,
            numerator=found[above],
            denominator=0 if below is None else found[below],
        )
        for key, above, below in columns
        if key in keys
    ]
    return pd.concat(parts)
