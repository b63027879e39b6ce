"""Take the pictures of the documents from the demo town: Chinese and English, desktop and phone.

Run by `make screenshots`; `make screenshots ARGS="case my"` takes those pages alone. The town lives
in a database of its own, which the next run finds.
"""

from __future__ import annotations

import logging
import shutil
import sys
import threading
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from gridmap.db import make_engine
from gridmap.demo import load
from gridmap.embedded import Cluster
from gridmap.handlers import HANDLERS
from gridmap.hotspots.models import HotspotRun
from gridmap.hotspots.service import Wish, ask_run, delete, share
from gridmap.i18n import LANGUAGES
from gridmap.incidents.statistics import clock
from gridmap.jobs.running import do_waiting
from gridmap.migrate import migrate
from gridmap.patrols.plans.models import PatrolPlan
from gridmap.patrols.plans.service import ask_plan, delete_plan, read_wish
from gridmap.reports.documents.demo import ask_first_reports
from gridmap.reports.documents.models import Report
from gridmap.settings import Settings
from gridmap.workforce.demo import PASSWORD, USERS
from gridmap.workforce.models import Team
from gridmap.workforce.rights import SYSTEM
from gridmap.workforce.sign_in import sign_in
from webui import create_app
from webui.access import COOKIE

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "screenshots"
SIZES = {"desktop": (1366, 768), "phone": (390, 844)}
LARGEST_BYTES = 400_000
FLAGS = [
    # Root may not run Chromium's sandbox, and it opens no page but ours.
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DRAWN = "[data-ready=true]"
MAP = "html[data-map-ready]"


@dataclass(frozen=True)
class Picture:
    """A page: who looks at it, what stands there before it is taken, and whether on a phone too."""

    name: str
    address: str
    login: str | None = "supervisor"
    ready: str = "main"
    phone: bool = False


PICTURES = [
    Picture("sign-in", "/sign-in", None, phone=True),
    Picture("map", "/map?category=A", ready=f"{MAP} #count[data-count]", phone=True),
    Picture(
        "map-cell",
        "/map?z=17&lat={lat}&lon={lon}&sel=cell:{cell}",
        ready="#details table",
        phone=True,
    ),
    Picture("dashboard", "/dashboard?period=half", "admin", DRAWN, phone=True),
    Picture("dashboard-change", "/dashboard?period=half&figure=change", ready=DRAWN),
    Picture("wall", "/dashboard?period=half&wall=1", "admin", DRAWN),
    Picture("records", "/dashboard/records?period=half", phone=True),
    Picture("uncovered", "/dashboard/uncovered"),
    Picture("cell", "/cell/{cell}", ready=DRAWN, phone=True),
    Picture("building", "/building/{building}", ready=DRAWN, phone=True),
    Picture("assignments", "/assignments", ready=MAP),
    Picture("assignments-list", "/assignments/list"),
    Picture("assignments-history", "/assignments/cells/{cell}/history"),
    Picture("handover", "/assignments/handover/{cadre}"),
    Picture("assignments-sheet", "/assignments/{assignment}/sheet"),
    Picture("sheet-template", "/assignments/template", "admin"),
    Picture("staff", "/staff"),
    Picture("cadre", "/staff/{cadre}", phone=True),
    Picture("cadre-form", "/staff/{cadre}/edit"),
    Picture("teams", "/staff/teams"),
    Picture("team", "/staff/teams/{team}"),
    Picture("absences", "/staff/absences"),
    Picture("gaps", "/staff/gaps"),
    Picture("staff-import", "/staff/import"),
    Picture("users", "/users", "admin"),
    Picture("user-form", "/users/new", "admin"),
    Picture("audit", "/audit", "admin"),
    Picture("agencies", "/agencies", "admin"),
    Picture("guide-for-partners", "/ogc/guide", "admin"),
    Picture("account", "/account", "cadre", phone=True),
    Picture("password", "/account/password", "cadre", phone=True),
    Picture("cases", "/cases", phone=True),
    Picture("cases-board", "/cases/board", phone=True),
    Picture("cases-map", "/cases/map", ready="html[data-points] .big-map[data-ready]", phone=True),
    Picture("case", "/cases/{case}", phone=True),
    Picture("case-new", "/cases/new", "cadre", "#pick-map[data-ready]", phone=True),
    Picture("cases-settings", "/cases/settings", "admin"),
    Picture("cases-category", "/cases/settings/categories/B1", "admin"),
    Picture("my", "/my", "cadre", phone=True),
    Picture("hotspots", "/hotspots", "admin", phone=True),
    Picture("hotspots-new", "/hotspots/new", "admin"),
    Picture("hotspots-run", "/hotspots/{run}", "admin", MAP, phone=True),
    Picture("hotspots-compare", "/hotspots/compare?left={run}&right={run}", "admin", MAP),
    Picture("patrols", "/patrols", "planner", phone=True),
    Picture("patrols-edit", "/patrols/{route}/edit", "planner", "html[data-editor-ready]",
            phone=True),
    Picture("patrols-route", "/patrols/{route}", "planner", phone=True),
    Picture("patrols-follow", "/patrols/{route}/follow", "cadre", "html[data-follow-ready]",
            phone=True),
    Picture("plan-new", "/patrols/plans/new", "planner", "#plan-form[data-ready]", phone=True),
    Picture("plan", "/patrols/plans/{plan}", "planner", MAP, phone=True),
    Picture("shifts", "/patrols/shifts", "planner", phone=True),
    Picture("shifts-mine", "/patrols/shifts/mine", "cadre", phone=True),
    Picture("shifts-sheet", "/patrols/shifts/sheet", "planner"),
    Picture("walked", "/patrols/walked", "planner", f"{MAP} [data-streets]", phone=True),
    Picture("walked-track", "/patrols/walked/tracks/{track}", "planner", MAP, phone=True),
    Picture("streets", "/patrols/streets", "planner"),
    Picture("activities", "/activities", phone=True),
    Picture("activities-due", "/activities/due", phone=True),
    Picture("activities-new", "/activities/new", "cadre", phone=True),
    Picture("indicators", "/indicators", "admin", phone=True),
    Picture("indicator", "/indicators/{indicator}", "admin", MAP, phone=True),
    Picture("evaluation", "/evaluation/{evaluation}", "admin", DRAWN, phone=True),
    Picture("evaluation-mine", "/evaluation/mine", "cadre", phone=True),
    Picture("reports", "/reports", phone=True),
    Picture("report", "/reports/{report}", phone=True),
]  # fmt: skip

#: What the addresses name: a cell of the demo's cadre, himself, his team, and the next case that
#: the supervisor dispatches in his community.
IDS = text("""
    SELECT a.id AS assignment, a.cell_id AS cell, d.id AS cadre,
        (SELECT b.id FROM building b JOIN building_count n ON n.building_id = b.id
         WHERE b.cell_id = c.id ORDER BY n.residents DESC, b.id LIMIT 1) AS building,
        ST_Y(p) AS lat, ST_X(p) AS lon,
        (SELECT min(t.id) FROM team t WHERE t.unit_id = d.unit_id) AS team,
        (SELECT k.id FROM incident_case k JOIN unit o ON o.id = k.community_id
         WHERE o.parent_id = n.parent_id AND k.ended_at IS NULL
         ORDER BY k.step <> 'verification', k.next_due_at LIMIT 1) AS "case",
        (SELECT min(r.id) FROM patrol_route r JOIN team_member m ON m.team_id = r.team_id
         WHERE m.cadre_id = d.id AND r.archived_at IS NULL) AS route,
        (SELECT min(k.id) FROM patrol_track k) AS track, n.id AS unit,
        (SELECT min(i.id) FROM indicator i WHERE i.code = 'homes.started') AS indicator,
        (SELECT max(e.id) FROM evaluation e WHERE e.state = 'published') AS evaluation
    FROM app_user u JOIN cadre d ON d.user_id = u.id JOIN unit n ON n.id = d.unit_id
    JOIN assignment a ON a.cadre_id = d.id AND a.period @> local_date(now())
        AND a.role = 'responsible'
    JOIN cell c ON c.id = a.cell_id AND c.valid_to IS NULL
    CROSS JOIN LATERAL ST_PointOnSurface(c.geom) p
    WHERE u.login = 'cadre' ORDER BY c.kind <> 'basic', c.id LIMIT 1
""")


def take(
    browser: Browser, server: str, language: str, tokens: dict[str, str], ids: dict[str, Any]
) -> None:
    """Take the pages wanted in one language, on a desktop and on a phone."""
    wanted = [each for each in PICTURES if each.name in sys.argv[1:] or not sys.argv[1:]]
    for size, (width, height) in SIZES.items():
        phone = size == "phone"
        for login in (None, *tokens):
            context = browser.new_context(
                base_url=server,
                viewport={"width": width, "height": height},
                is_mobile=phone,
                has_touch=phone,
                # As on the machines of a town in China: fields for dates, and the time of day.
                locale="zh-CN" if language == "zh" else "en-GB",
                timezone_id="Asia/Shanghai",
            )
            context.add_cookies([{"name": "lang", "value": language, "url": server}])
            if login is not None:
                context.add_cookies([{"name": COOKIE, "value": tokens[login], "url": server}])
            for picture in wanted:
                if picture.login == login and (picture.phone or not phone):
                    path = FOLDER / f"{picture.name}-{language}-{size}.png"
                    shoot(context, picture, ids, path)
            context.close()


def shoot(context: BrowserContext, picture: Picture, ids: dict[str, Any], path: Path) -> None:
    """Take one page in one language and size."""
    page = context.new_page()
    answer = page.goto(picture.address.format(**ids))
    if answer is None or not answer.ok:
        raise SystemExit(f"{page.url} cannot be shown")
    page.wait_for_selector(picture.ready, state="attached")
    page.wait_for_timeout(500)
    # A palette takes a third of the bytes, and nobody sees the difference.
    taken = Image.open(BytesIO(page.screenshot())).convert("RGB")
    taken.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    page.close()
    if path.stat().st_size > LARGEST_BYTES:
        raise SystemExit(f"{path.name} is larger than {LARGEST_BYTES:,} bytes")
    print(f"{path.name}: {path.stat().st_size:,} bytes", flush=True)


def enter(session: Session) -> dict[str, str]:
    """Sign in as each of the demo's users that a page is taken of."""
    tokens = {}
    for login in sorted({each.login for each in PICTURES if each.login is not None} & set(USERS)):
        token = sign_in(session, login, PASSWORD).token
        if token is None:
            raise SystemExit(f"The demo's {login} cannot sign in.")
        tokens[login] = token
    return tokens


def analyse(engine: Engine) -> int:
    """Return the run that the pictures show: last year's, of the whole town."""
    with Session(engine) as session, session.begin():
        last = clock(session.connection()).today
        wish = Wish("gi_star", last - timedelta(days=364), last, simple=True)
        run_id = ask_run(session, SYSTEM, wish).id
        share(session, SYSTEM, run_id, shared=True)
        earlier = session.scalars(select(HotspotRun.id).where(HotspotRun.id != run_id)).all()
        for each in earlier:
            delete(session, SYSTEM, each)
    do_waiting(engine, HANDLERS)
    return run_id


def plan_patrols(engine: Engine, unit_id: int, run_id: int) -> int:
    """Return the plan that the pictures show: two teams on an evening, each with a break."""
    with Session(engine) as session, session.begin():
        for each in session.scalars(select(PatrolPlan.id)).all():
            delete_plan(session, SYSTEM, each)
        teams = session.scalars(select(Team.id).where(Team.unit_id == unit_id).limit(2)).all()
        room = session.execute(
            text("SELECT min(id) FROM place WHERE kind = 'police_room' AND community_id = :unit"),
            {"unit": unit_id},
        ).scalar_one()
        hours = {"begins": "18:30", "ends": "22:30", "starts_at": room, "break_min": 20}
        wish = read_wish({
            "teams": [{"team_id": each, **hours} for each in teams], "run_id": run_id, "seed": 1,
        })  # fmt: skip
        day = clock(session.connection()).today
        plan_id = ask_plan(session, SYSTEM, "", unit_id, day, wish).id
    do_waiting(engine, HANDLERS)
    return plan_id


def report(engine: Engine, unit_id: int) -> int:
    """Return the report that the pictures show: the half-year of the cadre's community."""
    ask_first_reports(engine)
    do_waiting(engine, HANDLERS)
    with Session(engine) as session:
        return session.scalars(
            select(Report.id).where(Report.unit_id == unit_id, Report.kind == "half_year")
        ).one()


def main() -> None:
    """Serve the demo town and take the pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with Cluster(Settings().data_dir / "tests", durable=False).running() as cluster:
        url = cluster.ensure_database("gridmap_screenshots")
        app = create_app(Settings(database_url=url))
        engine = make_engine(url)
        migrate(engine)
        load(engine, "town", 1)
        with Session(engine) as session, session.begin():
            tokens = enter(session)
            ids = dict(session.execute(IDS).one()._mapping)
        ids["run"] = analyse(engine)
        ids["plan"] = plan_patrols(engine, ids["unit"], ids["run"])
        ids["report"] = report(engine, ids["unit"])
        engine.dispose()
        server = make_server("127.0.0.1", 0, app, threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=FLAGS
            )
            for language in LANGUAGES:
                take(browser, f"http://127.0.0.1:{server.server_port}", language, tokens, ids)
            browser.close()
        server.shutdown()
        app.extensions["gridmap.engine"].dispose()


if __name__ == "__main__":
    main()
