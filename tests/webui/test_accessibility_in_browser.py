"""axe-core finds no serious fault on any main page, and its main acts are reached by the keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.webui.runs import make_reports, make_run
from webui.fetch_assets import WEBUI

SignIn = Callable[[BrowserContext, str], None]
DESKTOP: ViewportSize = {"width": 1366, "height": 768}
PHONE: ViewportSize = {"width": 390, "height": 844}
#: The rules of WCAG 2.1 AA, and what else axe holds for good practice.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
FAULTS = """
async (tags) => (await axe.run({ runOnly: tags, resultTypes: ["violations"] })).violations
    .filter((fault) => ["serious", "critical"].includes(fault.impact))
    .map((fault) => `${fault.id}: ` + fault.nodes.map((node) =>
        node.target.join(" ") + " " + node.any.map((each) => each.message).join(" ")
    ).slice(0, 6).join(" | "))
"""
#: Notes of what comes into focus which of the wanted it is, and whether it shows a ring.
LOOK_AT_FOCUS = """
(wanted) => {
    window.focused = [];
    document.activeElement.blur();
    document.addEventListener("focusin", ({ target: at }) => {
        const style = getComputedStyle(at);
        focused.push([
            wanted.filter((each) => at.matches(each)),
            // The outline of a shape on a map is its stroke; the calendar within a
            // field of a date and the clock of an hour have rings of the browser's own.
            (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) ||
                at.matches("input[type^=date], input[type=time]") ||
                (at.tagName === "path" && parseFloat(style.strokeWidth) >= 3),
            at.outerHTML.slice(0, 120),
        ]);
    }, true);
}
"""
NOBODY = ""
DRAWN = "[data-ready=true]"
MAP = "html[data-map-ready]"
MISSING = "/no-such-page"
_TOWN = """
    SELECT a.unit_id FROM user_area a JOIN app_user u ON u.id = a.user_id
    WHERE u.login = 'supervisor'
"""


@dataclass(frozen=True)
class Visit:
    """A page, who looks at it, what stands there when it is ready, and whether on a phone too."""

    address: str
    login: str
    ready: str = "main"
    phone: bool = False


VISITS = [
    Visit("/sign-in", NOBODY, phone=True),
    Visit("/account", "cadre", phone=True),
    Visit("/account/password", "cadre", phone=True),
    Visit("/map", "supervisor", f"{MAP} #count[data-count]", phone=True),
    Visit("/map?z=17&lat={lat}&lon={lon}&sel=cell:{cell}", "supervisor", "#details table"),
    Visit("/dashboard", "supervisor", DRAWN, phone=True),
    Visit("/dashboard?figure=change&period=half", "admin", DRAWN),
    Visit("/dashboard?wall=1", "supervisor", DRAWN),
    Visit("/dashboard/records?period=half", "supervisor", phone=True),
    Visit("/dashboard/uncovered", "admin"),
    Visit("/cell/{cell}", "supervisor", DRAWN, phone=True),
    Visit("/building/{building}", "supervisor", DRAWN, phone=True),
    Visit("/assignments", "supervisor", MAP),
    Visit("/assignments/list", "supervisor"),
    Visit("/assignments/cells/{cell}/history", "supervisor"),
    Visit("/assignments/handover/{cadre}", "supervisor"),
    Visit("/assignments/{assignment}/sheet", "supervisor", phone=True),
    Visit("/assignments/template", "admin"),
    Visit("/staff", "supervisor"),
    Visit("/staff/{cadre}", "supervisor"),
    Visit("/staff/{cadre}/edit", "supervisor"),
    Visit("/staff/new", "supervisor"),
    Visit("/staff/teams", "supervisor"),
    Visit("/staff/teams/{team}", "supervisor"),
    Visit("/staff/teams/{team}/edit", "supervisor"),
    Visit("/staff/import", "supervisor"),
    Visit("/staff/absences", "supervisor"),
    Visit("/staff/gaps", "supervisor"),
    Visit("/users", "admin"),
    Visit("/users/new", "admin"),
    Visit("/audit", "admin"),
    Visit("/agencies", "admin"),
    Visit("/agencies/new", "admin"),
    Visit("/ogc/", "admin"),
    Visit("/ogc/guide", "admin"),
    Visit("/ogc/collections/cells", "admin"),
    Visit("/ogc/collections/cells/items", "admin"),
    Visit("/cases", "supervisor", phone=True),
    Visit("/cases?state=all", "admin"),
    Visit("/cases/board", "supervisor", phone=True),
    Visit("/cases/map", "supervisor", phone=True),
    Visit("/cases/new", "cadre", phone=True),
    Visit("/cases/{case}", "supervisor", phone=True),
    Visit("/cases/settings", "admin"),
    Visit("/cases/settings/categories/B1", "admin"),
    Visit("/my", "cadre", phone=True),
    Visit("/activities", "supervisor", phone=True),
    Visit("/activities/new?kind=inspection", "cadre", phone=True),
    Visit("/activities/{inspection}", "supervisor", phone=True),
    Visit("/activities/{activity}/edit", "supervisor"),
    Visit("/activities/due", "supervisor", phone=True),
    Visit("/activities/notices", "cadre", phone=True),
    Visit("/activities/plans", "supervisor"),
    Visit("/activities/plans/new", "supervisor"),
    Visit("/activities/table?kind=inspection", "supervisor", phone=True),
    Visit("/activities/import", "supervisor"),
    Visit("/hotspots", "supervisor", phone=True),
    Visit("/hotspots/new", "supervisor"),
    Visit("/hotspots/{run}", "supervisor", MAP, phone=True),
    Visit("/hotspots/compare?left={run}&right={run}", "supervisor", MAP),
    Visit("/hotspots/{run}/delete", "admin"),
    Visit("/patrols/shifts", "supervisor", phone=True),
    Visit("/patrols/shifts?view=week&team={team}", "planner", phone=True),
    Visit("/patrols/shifts/list", "supervisor", phone=True),
    Visit("/patrols/shifts/conflicts", "supervisor"),
    Visit("/patrols/shifts/{shift}", "planner", phone=True),
    Visit("/patrols/shifts/{shift}/edit", "planner"),
    Visit("/patrols/shifts/new?team={team}", "planner", phone=True),
    Visit("/patrols/shifts/patterns", "planner"),
    Visit("/patrols/shifts/patterns/new?team={team}", "planner", phone=True),
    Visit("/patrols/shifts/swaps", "supervisor", phone=True),
    Visit("/patrols/shifts/mine", "cadre", phone=True),
    Visit("/patrols/shifts/{shift}", "cadre", phone=True),
    Visit("/patrols/shifts/sheet?team={team}", "supervisor", phone=True),
    Visit("/patrols/shifts/settings", "admin"),
    Visit("/patrols", "planner", phone=True),
    Visit("/patrols/new", "planner", f"{MAP}[data-editor-ready]"),
    Visit("/patrols/{route}/edit", "planner", f"{MAP}[data-editor-ready]", phone=True),
    Visit("/patrols/{route}", "planner", MAP, phone=True),
    Visit("/patrols/{route}/versions/1", "planner", MAP),
    Visit("/patrols/{route}/print", "planner", MAP),
    Visit("/patrols/{route}/follow", "cadre", f"{MAP}[data-follow-ready]", phone=True),
    Visit("/patrols/import", "planner"),
    Visit("/patrols/streets", "planner", MAP, phone=True),
    Visit("/indicators", "supervisor", phone=True),
    Visit("/indicators/{indicator}", "supervisor", MAP, phone=True),
    Visit("/indicators/{indicator}/entry", "supervisor", phone=True),
    Visit("/indicators/{indicator}/history", "admin"),
    Visit("/indicators/{indicator}/edit", "admin"),
    Visit("/evaluation", "supervisor", phone=True),
    Visit("/evaluation/{evaluation}", "supervisor", DRAWN, phone=True),
    Visit("/evaluation/{evaluation}/community/{community}", "supervisor", phone=True),
    Visit("/evaluation/{evaluation}?group=team", "supervisor"),
    Visit("/evaluation/{evaluation}/team/{team}", "supervisor", phone=True),
    Visit("/evaluation/weights", "supervisor"),
    Visit("/evaluation/departments/new", "admin"),
    Visit("/evaluation/mine", "cadre", phone=True),
    Visit("/reports", "planner", phone=True),
    Visit("/reports", "cadre", phone=True),
    Visit("/reports/new", "planner", phone=True),
    Visit("/reports/{report}", "supervisor", phone=True),
    Visit("/reports/{report}/changes", "planner", phone=True),
    Visit("/reports/{report}/delete", "admin"),
    Visit("/reports/schedules", "planner", phone=True),
    Visit("/reports/template", "admin"),
    Visit(MISSING, "cadre", phone=True),
]


@pytest.fixture(scope="module")
def ids(app: Flask) -> dict[str, Any]:
    """A cell, a case, a cadre, a team and a run of the town that the demo's supervisor has."""
    with Session(app.extensions["gridmap.engine"]) as session:
        row = session.execute(
            text("""
                SELECT a.id AS assignment, a.cell_id AS cell, d.id AS cadre, d.unit_id AS community,
                    (SELECT min(b.id) FROM building b WHERE b.cell_id = c.id) AS building,
                    ST_Y(p) AS lat, ST_X(p) AS lon,
                    (SELECT min(t.id) FROM team t WHERE t.unit_id = d.unit_id) AS team,
                    (SELECT min(m.shift_id) FROM shift_member m WHERE m.cadre_id = d.id
                       AND m.starts > now()) AS shift,
                    (SELECT min(r.id) FROM patrol_route r WHERE r.unit_id = d.unit_id) AS route,
                    (SELECT min(v.id) FROM activity v
                     WHERE v.unit_id = d.unit_id AND v.kind = 'sweep') AS activity,
                    (SELECT min(v.id) FROM activity v JOIN activity_notice o
                         ON o.activity_id = v.id JOIN unit w ON w.id = v.unit_id
                     WHERE n.parent_id IN (w.id, w.parent_id)) AS inspection,
                    (SELECT min(id) FROM indicator WHERE code = 'homes.started') AS indicator,
                    (SELECT min(id) FROM evaluation WHERE state = 'open') AS evaluation,
                    (SELECT k.id FROM incident_case k JOIN unit o ON o.id = k.community_id
                     WHERE o.parent_id = n.parent_id AND k.ended_at IS NULL
                     ORDER BY array_position(ARRAY['filing', 'dispatch', 'verification'], k.step),
                         k.id LIMIT 1) AS "case"
                FROM app_user u JOIN cadre d ON d.user_id = u.id JOIN unit n ON n.id = d.unit_id
                JOIN assignment a ON a.cadre_id = d.id AND a.period @> local_date(now())
                JOIN cell c ON c.id = a.cell_id AND c.valid_to IS NULL
                CROSS JOIN LATERAL ST_PointOnSurface(c.geom) p
                WHERE u.login = 'cadre' ORDER BY c.id LIMIT 1
            """)
        ).one()
        unit = session.execute(text(_TOWN)).scalar_one()
    engine = app.extensions["gridmap.engine"]
    (report,) = make_reports(engine, row.community)
    return {**row._mapping, "run": make_run(engine, unit), "report": report}


@pytest.fixture(scope="module")
def pages(
    browser: Browser, server: str, browser_session: SignIn
) -> Iterator[Callable[[str, bool], Page]]:
    """Give each person and size one page, in which the next address replaces the one before."""
    made: dict[tuple[str, bool], Page] = {}

    def give(login: str, phone: bool) -> Page:
        if (login, phone) not in made:
            context = browser.new_context(
                base_url=server,
                viewport=PHONE if phone else DESKTOP,
                is_mobile=phone,
                has_touch=phone,
            )
            if login != NOBODY:
                browser_session(context, login)
            made[login, phone] = page = context.new_page()
            # The debugger puts it in, since the page's own policy lets in no script.
            page.add_init_script(path=WEBUI / "vendor-of-tests" / "axe.min.js")
        return made[login, phone]

    yield give
    for page in made.values():
        page.context.close()


@pytest.fixture
def open_page(pages: Callable[[str, bool], Page], ids: dict[str, Any]) -> Callable[..., Page]:
    def make(visit: Visit, *, phone: bool = False) -> Page:
        page = pages(visit.login, phone)
        answer = page.goto(visit.address.format(**ids))
        assert answer is not None
        assert answer.status == (404 if visit.address == MISSING else 200)
        page.wait_for_selector(visit.ready, state="attached")
        return page

    return make


@pytest.mark.parametrize(
    ("visit", "phone"),
    [
        pytest.param(visit, phone, id=f"{visit.address} as {visit.login or 'nobody'} on {name}")
        for visit in VISITS
        for phone, name in ((False, "a desktop"), (True, "a phone"))
        if visit.phone or not phone
    ],
)
def test_axe_finds_no_serious_fault(
    open_page: Callable[..., Page], visit: Visit, phone: bool
) -> None:
    page = open_page(visit, phone=phone)
    assert page.evaluate(FAULTS, RULES) == []


@pytest.mark.parametrize(
    ("visit", "wanted"),
    [
        (Visit("/sign-in", NOBODY), ["#login", "#password", ".btn-primary"]),
        (Visit("/dashboard", "supervisor", DRAWN), ["#total", "#wall", ".heat a", ".parts a"]),
        (Visit("/cell/{cell}", "supervisor", DRAWN), ["#recent", "#print", ".parts a"]),
        (Visit("/building/{building}", "supervisor", DRAWN), ["#recent", ".crumbs a", "#all-near"]),
        (Visit("/assignments", "supervisor", MAP), ["#box", "#cadre", "#undo-last", "#map_1"]),
        (Visit("/assignments/list", "supervisor"), ["[name=cell]", "#cadre", "#role"]),
        (Visit("/assignments/{assignment}/sheet", "supervisor"), [".word-tools a", "#print"]),
        (Visit("/staff", "supervisor"), [".listing td a", ".main-act"]),
        (Visit("/cases", "supervisor"), [".what a", ".tabs a"]),
        (Visit("/cases/{case}", "supervisor"), [".act-first summary", ".act-first .btn-primary"]),
        (Visit("/cases/new", "cadre"), ["#locate", "#category", "#description", "#save"]),
        (Visit("/my", "cadre"), [".my-cells a", ".bottom-act a"]),
        (
            Visit("/activities/new", "cadre"),
            [".kind-tabs a", "#day", "#unit", "#cell", "#households", "#photos", ".bottom button"],
        ),
        (Visit("/activities/due", "supervisor"), [".tallies a", ".grid-table a", "[name=state]"]),
        (
            Visit("/activities/table", "supervisor"),
            ["[name='1-day']", "[name='12-note']", ".main-act", "#more-rows"],
        ),
        (Visit("/hotspots", "supervisor"), [".hot-act", ".grid-table a"]),
        (Visit("/patrols/shifts", "supervisor"), [".main-act", ".chip", ".plus", ".more"]),
        (
            Visit("/patrols/shifts/patterns/new?team={team}", "planner"),
            ["[name=turn]", "[name^=group-]", "[value=preview]"],
        ),
        (Visit("/patrols/shifts/mine", "cadre"), [".next-shift a", ".shift-list a"]),
        (Visit("/hotspots/{run}", "supervisor", MAP), [".to-map", "#month", ".hot-acts a"]),
        (
            Visit("/patrols/{route}/edit", "planner", f"{MAP}[data-editor-ready]"),
            ["#draw", "#stop", "#free", "#middle", ".route-point", "#metres", "#save"],
        ),
        (Visit("/patrols", "planner"), [".main-act", ".patrol-table td a"]),
        (Visit("/patrols/{route}/follow", "cadre", f"{MAP}[data-follow-ready]"), ["#me", "#check"]),
        (
            Visit("/indicators/{indicator}", "admin", MAP),
            ["[name=unit]", "[name=on]", "#print", ".hot-acts .main-act", ".note button"],
        ),
        (
            Visit("/indicators/{indicator}/entry", "supervisor"),
            ["[name=file]", "[name^=numerator]", "[name^=denominator]", "#reason", ".main-act"],
        ),
        (
            Visit("/evaluation/{evaluation}", "supervisor", DRAWN),
            [".eval-acts .main-act", "[name=figure]", ".eval-files a", ".eval-table a"],
        ),
        (Visit("/patrols/streets", "planner", MAP), ["[name=mode]", ".push button", "#map_1"]),
    ],
    ids=lambda each: each.address if isinstance(each, Visit) else "",
)
def test_the_keys_reach_what_is_done_and_show_where_they_are(
    open_page: Callable[..., Page], visit: Visit, wanted: list[str]
) -> None:
    page = open_page(visit)
    page.evaluate(LOOK_AT_FOCUS, wanted)
    left, ringless = set(wanted), []
    for _ in range(30):
        for _ in range(10):
            page.keyboard.press("Tab")
        for met, ringed, name in page.evaluate("focused.splice(0)"):
            left -= set(met)
            if not ringed:
                ringless.append(name)
        if not left:
            break
    assert left == set()
    assert ringless == []
