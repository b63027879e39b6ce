"""The pages of the application, in the order of the menu."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Flask, g, request, url_for

from geodata.messages import N_
from gridmap.workforce.rights import Action
from webui.access import may_open
from webui.language import say


@dataclass(frozen=True)
class Entry:
    """A page of the menu: its endpoint, its name, and the right one needs for it.

    ``also`` are other blueprints whose pages belong to it.
    """

    endpoint: str
    title: str
    action: Action
    also: tuple[str, ...] = ()

    @property
    def blueprints(self) -> tuple[str, ...]:
        """Return the blueprints of its pages."""
        return (self.endpoint.partition(".")[0], *self.also)


ENTRIES = [
    Entry("dashboard.show", N_("Dashboard"), Action.VIEW_DASHBOARD),
    Entry("my.show", N_("My tasks"), Action.HANDLE_CASE),
    Entry("map_page.show", N_("Map"), Action.VIEW_MAP),
    Entry("cases.index", N_("Cases"), Action.VIEW_MAP),
    Entry("hotspots.index", N_("Hotspots"), Action.ANALYSE),
    Entry(
        "patrols.index", N_("Patrols"), Action.VIEW_MAP, ("plans", "shifts", "tracks", "streets")
    ),
    Entry("activities.index", N_("Activities"), Action.RECORD_ACTIVITY),
    Entry("reports.index", N_("Reports"), Action.VIEW_MAP, ("indicators", "evaluation")),
    Entry("assignments.show", N_("Assignments"), Action.VIEW_WORKFORCE),
    Entry("staff.index", N_("Staff"), Action.VIEW_WORKFORCE),
    Entry("ogc.landing", N_("Open interfaces"), Action.EXPORT),
    Entry("agencies.show", N_("Agencies"), Action.MANAGE_AGENCIES),
    Entry("users.show", N_("Users"), Action.MANAGE_USERS),
    Entry("audit.show", N_("Audit log"), Action.VIEW_AUDIT),
]


def install(app: Flask) -> None:
    """Give templates the entries that the present person may use."""
    app.context_processor(lambda: {"navigation": _entries(app)})


def first_page(app: Flask) -> str:
    """Return the address where the present person's work begins."""
    entries = _entries(app)
    return str(entries[0]["url"]) if entries else url_for("account.show")


def tabs(pages: Iterable[tuple[str, str]]) -> list[dict[str, object]]:
    """Return those of some endpoints and titles that the present person may open, as tabs."""
    if g.get("actor") is None:
        return []
    return [
        {
            "url": url_for(endpoint),
            "title": say(title),
            "current": request.blueprint == endpoint.partition(".")[0],
        }
        for endpoint, title in pages
        if may_open(endpoint)
    ]


def _entries(app: Flask) -> list[dict[str, object]]:
    actor = g.get("actor")
    if actor is None:
        return []
    return [
        {
            "url": url_for(entry.endpoint),
            "title": say(entry.title),
            "current": request.blueprint in entry.blueprints,
        }
        for entry in ENTRIES
        if actor.may(entry.action) and entry.endpoint in app.view_functions
    ]
