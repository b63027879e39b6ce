"""Words of the pages of reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import format_decimal

from geodata.messages import N_
from gridmap.reports.documents.acts import Act
from gridmap.reports.documents.order import Kind
from webui.hotspots.words import fault
from webui.language import named
from webui.waiting import STATES

__all__ = ["STATES", "fault", "named"]

KINDS: Mapping[Kind, str] = {
    "half_year": N_("Half-year report"),
    "year": N_("Annual report"),
    "month": N_("Monthly briefing"),
    "bulletin": N_("Incident bulletin"),
    "patrol_briefing": N_("Briefing for a patrol meeting"),
    "cell_sheet": N_("Cell sheet"),
}
#: What a person gets, beside the name of the kind.
ABOUT: Mapping[Kind, str] = {
    "half_year": N_("All work of a half-year in prose, tables, charts and maps."),
    "year": N_("All work of a year, beside the year before."),
    "month": N_("The month on a few pages."),
    "bulletin": N_("For the notice board: no exact addresses and no small counts."),
    "patrol_briefing": N_("Where and when it was hot, and what was walked."),
    "cell_sheet": N_("One cell: its buildings, people, cadres and incidents."),
}
REPORT_STATES = {
    "draft": N_("Draft"),
    "commented": N_("Commented"),
    "approved": N_("Approved"),
    "published": N_("Published"),
    "withdrawn": N_("Withdrawn"),
}
EVERY = {
    "week": N_("each week"),
    "month": N_("each month"),
    "quarter": N_("each quarter"),
    "half": N_("each half-year"),
    "year": N_("each year"),
}
BUTTONS: Mapping[Act, str] = {
    "settle": N_("The comments are dealt with"),
    "approve": N_("Approve"),
    "publish": N_("Publish"),
    "withdraw": N_("Withdraw"),
}
DONE: Mapping[Act, str] = {
    "settle": N_("The report is a draft again."),
    "approve": N_("The report is approved and can no longer be changed."),
    "publish": N_("Everybody of the area can read the report now."),
    "withdraw": N_("The report is withdrawn: only those who write reports see it now."),
}
#: What a list of records is narrowed to, beside the words of codes.
RECORD_KINDS = {
    "held": N_("with a responsible cadre"),
    "ahead": N_("not over yet"),
}
#: How a record changed after a report had counted it.
HOW = {
    "deleted": N_("deleted"),
    "left": N_("moved out of the area or period"),
    "came": N_("moved into the area or period"),
    "closed": N_("closed"),
    "reopened": N_("opened again"),
    "withdrawn": N_("case withdrawn"),
    "category": N_("put into this category"),
    "counts": N_("its figures were changed"),
    "moved": N_("moved within the area or period"),
}
SCRIPT = {"waiting": N_("waits")}


def step(message: str | None, state: str | None) -> str:
    """Return the template of what a job is at."""
    return message or STATES.get(state or "", "")


def figure(value: Any, unit: str) -> str:
    """Write a figure as pages show it; what is not known is a dash."""
    if value is None:
        return "–"
    if isinstance(value, (int, float)):
        shown = str(format_decimal(value))
        return f"{shown}%" if unit == "%" else shown
    return str(value)
