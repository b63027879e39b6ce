"""How many queries each page may ask, with little data and with more, so that none asks per row.

The addresses are those of the tests of the routes; a route without a budget fails. Between the
two walks rows are added wherever the small town has few.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from gridmap import spare
from gridmap.embedded import Cluster
from gridmap.exchange.agencies.service import AgencyWish, KeyWish, create_agency, create_key
from gridmap.exchange.grant import LayerGrant
from gridmap.settings import Settings
from gridmap.workforce.rights import SYSTEM
from tests.conftest import small_town
from tests.webui.conftest import signed_in
from tests.webui.ids import ids_of
from tests.webui.routes import ROUTES
from tests.webui.runs import make_patrols, make_reports, make_runs, make_work
from tests.webui.test_dashboard import counted
from webui import create_app

#: The most queries of each GET route, those that find out who asks included.
BUDGETS: Mapping[str, int] = {
    "home": 2, "health.health": 1, "account.show_sign_in": 2, "account.show": 4,
    "account.ask_password": 2, "map_page.show": 6, "map_page.script": 2, "map_data.search_names": 3,
    "map_data.identify_point": 8, "map_data.feature": 4, "map_data.count": 5, "tiles.tile": 4,
    "users.show": 3, "users.ask_new": 2, "users.ask_change": 4, "audit.show": 11,
    "dashboard.show": 21, "dashboard.shapes": 6, "dashboard.records": 8,
    "dashboard.cells_without_cadre": 6, "cell_page.show": 19, "cell_page.shapes": 4,
    "building_page.show": 16, "building_page.shapes": 4,
    "assignments.show": 5, "assignments.script": 2, "assignments.cells": 4, "assignments.cadres": 4,
    "assignments.list_page": 9, "assignments.export": 6, "assignments.cell_history": 6,
    "assignments.handover_form": 8, "assignments.sheet": 5, "assignments.sheet_file": 5,
    "assignments.template_page": 2,
    "assignments.template": 2, "staff.index": 6, "staff.show": 9, "staff.gaps": 7, "staff.new": 3,
    "staff.edit": 4, "staff.absences": 5, "staff.teams": 3, "staff.team": 6, "staff.new_team": 4,
    "staff.edit_team": 9, "staff.import_form": 2, "staff.import_example": 2, "cases.index": 8,
    "cases.export": 5, "cases.show_board": 8, "cases.show_map": 7, "cases.points": 4,
    "cases.show": 10, "cases.photo": 4, "cases.new": 5, "cases.similar": 6, "cases.rules": 6,
    "cases.category": 7, "my.show": 12, "cell_page.ask_change": 17, "agencies.show": 3,
    "agencies.ask_new": 2, "agencies.look": 4, "agencies.ask_change": 3, "agencies.ask_new_key": 4,
    "agencies.look_key": 13, "agencies.ask_change_key": 8, "agencies.log_of_key": 6,
    "agencies.progress": 3, "agencies.download": 3, "packages.look": 3, "packages.fetch": 3,
    "packages.fetch_latest": 3, "packages.public_key": 1, "ogc.landing": 2, "ogc.conformance": 2,
    "ogc.api": 3, "ogc.guide": 2, "ogc.collections": 4, "ogc.collection": 4, "ogc.queryables": 2,
    "ogc.schema": 2, "ogc.features": 4, "ogc.feature": 4, "changes.show": 4,
    "ogc_tiles.matrix_sets": 1, "ogc_tiles.matrix_set": 1, "ogc_tiles.tilesets": 4,
    "ogc_tiles.tileset": 4, "ogc_tiles.tile_json": 4, "ogc_tiles.tile": 4, "open311.discovery": 1,
    "open311.services": 1, "open311.definition": 1, "open311.listed": 4, "open311.single": 4,
    "open311.token": 4, "hotspots.index": 8, "hotspots.ask_new": 6, "hotspots.show": 8,
    "hotspots.state": 4, "hotspots.features": 5, "hotspots.shapes": 5,
    "hotspots.surface": 5, "hotspots.script": 2, "hotspots.compare": 14,
    "hotspots.export": 8, "hotspots.ask_delete": 5, "shifts.index": 18, "shifts.list_page": 9,
    "shifts.conflicts": 14, "shifts.new": 8, "shifts.edit": 10, "shifts.show": 17,
    "shifts.patterns_page": 5, "shifts.new_pattern": 12, "shifts.edit_pattern": 10,
    "shifts.swaps_page": 6, "shifts.mine": 9, "shifts.sheet": 14, "shifts.sheet_file": 14,
    "shifts.settings": 4,
    "streets.index": 4, "streets.state": 3,
    "streets.tile": 3, "streets.script": 2,
    "plans.index": 5, "plans.ask_new": 11, "plans.show": 5, "plans.state": 4, "plans.shapes": 5,
    "tracks.index": 16, "tracks.streets": 7, "tracks.script": 2, "tracks.tile": 3,
    "tracks.tracks": 7, "tracks.settings": 4, "tracks.ask_new": 6, "tracks.show": 5,
    "tracks.state": 4,
    "tracks.shapes": 5, "patrols.index": 8, "patrols.script": 2,
    "patrols.ask_new": 8, "patrols.edit": 9, "patrols.place": 3, "patrols.found": 4,
    "patrols.state": 5, "patrols.show": 16, "patrols.version": 10, "patrols.paper": 9,
    "activities.index": 8, "activities.export_file": 6, "activities.new": 7,
    "activities.where": 5, "activities.show": 7, "activities.edit": 9, "activities.photo": 4,
    "activities.notices_page": 7, "activities.due": 12, "activities.plans_page": 6,
    "activities.new_plan": 4, "activities.edit_plan": 5, "activities.table": 3,
    "activities.import_form": 2, "activities.template": 2,
    "patrols.follow": 7, "patrols.export": 6, "patrols.ask_file": 4,
    "indicators.index": 14, "indicators.show": 12, "indicators.history": 6,
    "indicators.script": 2, "indicators.shapes": 5, "indicators.export": 9,
    "indicators.ask_values": 8, "indicators.template": 7, "indicators.ask_new": 3,
    "indicators.edit": 5,
    "evaluation.index": 8, "evaluation.show": 15, "evaluation.shapes": 10, "evaluation.state": 6,
    "evaluation.export": 10, "evaluation.sheet": 14, "evaluation.weights": 6,
    "evaluation.departments": 4, "evaluation.new_department": 3, "evaluation.edit_department": 5,
    "evaluation.mine": 5,
    "reports.index": 6, "reports.ask_new": 5, "reports.show": 10, "reports.state": 4,
    "reports.picture": 4, "reports.download": 9, "reports.ask_delete": 3, "reports.changes": 17,
    "reports.changes_state": 4, "reports.schedules": 5, "reports.template_page": 2,
    "reports.template": 2, "reports.of_area": 7, "reports.of_work": 7,
}  # fmt: skip
#: By how many queries a page may grow: the log looks up names in more tables, and a photo that was
#: missing is there. With the first shift, conflict or schedule a list asks for the time zone and
#: for names.
GROWTH = {
    "audit.show": 3, "cases.photo": 1, "shifts.list_page": 1, "shifts.conflicts": 2,
    "reports.schedules": 1,
}  # fmt: skip
PEOPLE = ("admin", "supervisor")
ADDRESSES = [
    (endpoint, route.asked)
    for (endpoint, method), routes in ROUTES.items()
    if method == "GET"
    for route in routes
]

_OWN = "(SELECT unit_id FROM user_area a JOIN app_user u ON u.id = a.user_id WHERE login = 'cadre')"
MORE_ROWS = f"""
    INSERT INTO app_user (login, display_name, password_hash, role)
    SELECT 'more' || n, '某', '-', 'cadre' FROM generate_series(1, 60) n;
    INSERT INTO user_area (user_id, unit_id)
    SELECT id, {_OWN} FROM app_user WHERE login LIKE 'more%';
    INSERT INTO cadre (name, unit_id, user_id)
    SELECT '某' || id, {_OWN}, id FROM app_user WHERE login LIKE 'more%';
    INSERT INTO absence (cadre_id, starts, ends, note)
    SELECT id, local_date(now()), local_date(now()) + 3, '' FROM cadre WHERE name LIKE '某%';
    INSERT INTO team (name, kind, unit_id)
    SELECT '某队' || n, 'grid', {_OWN} FROM generate_series(1, 40) n;
    INSERT INTO team_member (team_id, cadre_id)
    SELECT t.id, d.id FROM team t, cadre d WHERE t.unit_id = {_OWN} AND d.name LIKE '某%';
    INSERT INTO assignment (cell_id, cadre_id, role, starts, ends)
    SELECT c.id, d.id, 'compound_guard', '2025-01-01', '2025-06-01'
    FROM cadre d, cell c WHERE d.name LIKE '某%' AND c.community_id = {_OWN};
    INSERT INTO audit_log (user_id, user_name, act, subject, subject_id, after)
    SELECT u.id, u.login, k.act, k.subject, u.id,
           jsonb_build_object('cell_id', u.id, 'cadre_id', u.id, 'areas', jsonb_build_array(1, 2))
    FROM app_user u, (VALUES ('cadre.change', 'cadre'), ('team.change', 'team'),
        ('assignment.assign', 'assignment'), ('user.change', 'app_user')) AS k (act, subject);
    INSERT INTO case_step (case_id, at, user_name, act, from_step, to_step, level)
    SELECT c.id, now(), 'x', 'report', NULL, c.step, 'cell'
    FROM incident_case c, generate_series(1, 15) WHERE c.community_id = {_OWN};
    INSERT INTO case_extension (case_id, amount, unit, reason, requested_at, requested_by,
        decided_at, decided_by, granted)
    SELECT id, 1, 'days', 'x', now(), 'x', now(), 'x', true
    FROM incident_case c, generate_series(1, 5) WHERE c.community_id = {_OWN};
    INSERT INTO case_photo (case_id, step_id, name, width, height, size)
    SELECT s.case_id, s.id, 'p' || s.id, 10, 10, 10 FROM case_step s WHERE s.user_name = 'x';
    INSERT INTO api_key (agency_id, name, prefix, token_hash, everywhere)
    SELECT a.id, '钥' || n, 'gm_', sha256(n::text::bytea), true
    FROM agency a, generate_series(1, 30) n;
    INSERT INTO key_layer (key_id, collection) SELECT id, 'roads' FROM api_key WHERE prefix = 'gm_';
    INSERT INTO calendar_day (day, working)
    SELECT day, false FROM generate_series(date '2026-03-01', date '2026-04-01', '1 day') AS day;
    INSERT INTO category (code, parent_id, name)
    SELECT 'B1x' || n, (SELECT id FROM category WHERE code = 'B1'), 'x'
    FROM generate_series(1, 30) n;
    INSERT INTO hotspot_run (name, analysis, communities, first, last, owner_id, shared)
    SELECT 'x' || n, 'gi_star', ARRAY[{_OWN}], '2026-01-01', '2026-02-01', u.id, true
    FROM generate_series(1, 25) n, app_user u WHERE u.login = 'analyst';
    INSERT INTO shift (team_id, starts, ends)
    SELECT t.id, now() + n * interval '1 day', now() + n * interval '1 day' + interval '2 hours'
    FROM team t, generate_series(-5, 25) n WHERE t.unit_id = {_OWN};
    INSERT INTO shift_member (shift_id, cadre_id)
    SELECT s.id, d.id FROM (SELECT id, row_number() OVER (PARTITION BY day ORDER BY id) AS n
        FROM shift WHERE pattern_id IS NULL) s
    JOIN (SELECT id, row_number() OVER (ORDER BY id) AS n FROM cadre WHERE name LIKE '某%') d
        ON d.n = s.n;
    INSERT INTO shift_member (shift_id, cadre_id)
    SELECT min(s.id), d.id FROM shift s, cadre d
    WHERE s.starts < now() - interval '6 days' AND d.name LIKE '某%' GROUP BY d.id;
    INSERT INTO shift_swap (shift_id, cadre_id, other_id, state)
    SELECT m.shift_id, m.cadre_id, d.id, 'declined'
    FROM shift_member m, cadre d WHERE m.starts > now() AND d.name = '某1';
    INSERT INTO shift_pattern (name, team_id, rule)
    SELECT 'x', p.team_id, p.rule FROM shift_pattern p, generate_series(1, 9);
    INSERT INTO patrol_route (name, unit_id, length_m, moving_s, geom)
    SELECT 'x' || n, {_OWN}, 100, 80, (SELECT geom FROM patrol_route LIMIT 1)
    FROM generate_series(1, 40) n;
    INSERT INTO report (kind, unit_id, first, last, name, frozen_at)
    SELECT 'month', {_OWN}, '2026-01-01', '2026-01-31', 'x' || n, now()
    FROM generate_series(1, 40) n;
    INSERT INTO report_comment (report_id, text, author)
    SELECT r.id, 'x', 'x' FROM report r, generate_series(1, 9) WHERE r.name IN ('', '草稿');
    INSERT INTO job_schedule (kind, parameters, next_at)
    SELECT 'report_again', jsonb_build_object('kind', 'month', 'unit', {_OWN}, 'cell', NULL), now()
    FROM generate_series(1, 9);
    INSERT INTO patrol_stop (route_id, position, geom)
    SELECT r.id, 90 + n, ST_StartPoint(r.geom) FROM patrol_route r, generate_series(1, 20) n
    WHERE r.unit_id = {_OWN};
    INSERT INTO patrol_route_version (route_id, number, user_name, state)
    SELECT v.route_id, 100 + n, 'x', v.state
    FROM patrol_route_version v, generate_series(1, 20) n WHERE v.number = 1;
    INSERT INTO patrol_check_in (route_id, stop_id, user_name, at)
    SELECT s.route_id, s.id, 'x', now() FROM patrol_stop s;
    INSERT INTO patrol_track (unit_id, mode, source, started_at, ended_at, positions, matched_at)
    SELECT {_OWN}, 'foot', 'gpx', now(), now(), 2, now() FROM generate_series(1, 40);
    INSERT INTO patrol_walk (track_id, number, entered_at, left_at, from_m, to_m, segment_id, geom)
    SELECT t.id, 0, now(), now(), 0, 1, s.id, s.geom FROM patrol_track t, street_segment s
    WHERE t.positions = 2 AND s.id < 5 AND t.id % 5 = s.id;
    INSERT INTO patrol_visit (track_id, position, name, dwell_s, stayed_s, verdict)
    SELECT t.id, 100 + n, 'x', 60, 0, 'missed' FROM patrol_track t, generate_series(1, 20) n;
    INSERT INTO patrol_plan (name, unit_id, day, wish)
    SELECT 'x', {_OWN}, '2026-06-01', wish FROM patrol_plan, generate_series(1, 20);
    INSERT INTO activity (kind, day, unit_id, note, recorded_name)
    SELECT 'meeting', local_date(now()), {_OWN}, 'x', 'x' FROM generate_series(1, 60);
    INSERT INTO activity_notice (activity_id, finding, due)
    SELECT id, 'x', day FROM activity, generate_series(1, 3) WHERE kind = 'inspection';
    INSERT INTO activity_photo (activity_id, name, width, height, size)
    SELECT id, 'a' || id, 10, 10, 10 FROM activity WHERE kind = 'inspection';
    INSERT INTO activity_plan (kind, every, unit_id, target, starts)
    SELECT k, 'month', {_OWN}, 'cell', '2026-01-01' FROM unnest(ARRAY['visit', 'training']) k;
    INSERT INTO indicator (code, name, name_en, form, per, numerator, numerator_en, denominator,
                           denominator_en, level, period_kind, over_time)
    SELECT 'more' || n, 'x', 'x', 'rate', 100, 'x', 'x', 'x', 'x', 'community', 'month', 'sum'
    FROM generate_series(1, 30) n;
    INSERT INTO indicator_value (indicator_id, unit_id, first, last, numerator, denominator, level,
                                 form, within, entered, user_name)
    SELECT i.id, u.id, '2025-01-01', '2025-01-31', 1, 2, i.level, i.form, i.within, i.entered, 'x'
    FROM indicator i JOIN unit u ON u.level = i.level WHERE i.code LIKE 'more%';
    INSERT INTO indicator_change (indicator_id, unit_id, first, last, numerator_before,
                                  denominator_before, reason, user_name)
    SELECT i.id, {_OWN}, '2025-01-01', '2025-01-15', 1, 2, 'x', 'x'
    FROM indicator i, generate_series(1, 60);
    INSERT INTO patrol_coverage (cell_id, month, community_id, incidents, walked, walked_in_hour,
                                 planned, planned_in_hour, street_m, walked_m)
    SELECT id, '2025-01-01', community_id, 5, 3, 1, 2, 1, 100, 50 FROM cell
    WHERE community_id = {_OWN} ON CONFLICT DO NOTHING;
"""


@pytest.fixture(scope="module")
def walks(cluster: Cluster) -> Iterator[list[dict[tuple[str, str], int]]]:
    """The queries of each person and address: as the small town is, and with more rows."""
    with small_town(cluster) as url, pytest.MonkeyPatch.context() as patch:
        # Two connections would each ask for a half of a long page.
        patch.setattr(spare, "_processor_idle", lambda: False)
        app = create_app(Settings(database_url=url))
        engine: Engine = app.extensions["gridmap.engine"]
        with Session(engine) as session, session.begin():
            agency = create_agency(session, SYSTEM, AgencyWish("消防")).id
            for name in ("一", "二"):
                create_key(session, SYSTEM, agency, KeyWish(name, {"cells": LayerGrant()}, None))
        with engine.connect() as connection:
            unit = connection.execute(text(f"SELECT {_OWN}")).scalar_one()
        make_runs(engine, unit)
        make_patrols(engine, unit)
        make_work(engine, unit)
        make_reports(engine, unit)
        with engine.connect() as connection:
            ids = ids_of(connection, unit)
        first = walk(app, ids)
        with engine.begin() as connection:
            connection.execute(text(MORE_ROWS))
        yield [first, walk(app, ids)]
        engine.dispose()


def walk(app: Flask, ids: Mapping[str, Any]) -> dict[tuple[str, str], int]:
    queries: dict[tuple[str, str], int] = {}
    for login in PEOPLE:
        client = signed_in(app, login)
        for _, asked in ADDRESSES:
            app.extensions.pop("gridmap.dashboard", None)
            with counted(app) as said:
                client.get(asked.format_map(ids))
            # Once a minute whichever page is asked for notes that its reader was seen.
            queries[login, asked] = sum("SET seen_at" not in each for each in said)
    return queries


def test_every_route_has_a_budget() -> None:
    assert {endpoint for endpoint, _ in ADDRESSES} == set(BUDGETS)


@pytest.mark.parametrize("login", PEOPLE)
@pytest.mark.parametrize(("endpoint", "asked"), ADDRESSES)
def test_a_page_keeps_to_its_budget(
    walks: list[dict[tuple[str, str], int]], login: str, endpoint: str, asked: str
) -> None:
    few, many = (queries[login, asked] for queries in walks)
    assert many <= BUDGETS[endpoint]
    assert many <= few + GROWTH.get(endpoint, 0)
