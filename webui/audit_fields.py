"""Words for the values of the audit log and what they are called; a code without one stays."""

from __future__ import annotations

from datetime import datetime

from geodata.messages import N_
from gridmap.hotspots.analyses.registry import ANALYSES
from gridmap.reports.activities.kinds import COUNTED, COUNTS, KINDS
from gridmap.reports.documents.order import KINDS as REPORT_KINDS
from gridmap.reports.measures import MEASURES
from gridmap.workforce.rights import ROLE_NAMES, Role
from webui import words
from webui.activities import words as activity_words
from webui.cases import words as case_words
from webui.evaluation import words as evaluation_words
from webui.language import moment, say
from webui.reports import words as report_words
from webui.shifts import words as shift_words

_FIELDS = {
    "section": N_("Section"),
    "text": N_("Text"),
    "login": N_("Sign-in name"),
    "display_name": N_("Full name"),
    "name": N_("Name"),
    "name_en": N_("English name"),
    "role": N_("Role"),
    "language": N_("Language"),
    "languages": N_("Languages"),
    "skills": N_("Skills"),
    "phone": N_("Phone"),
    "kind": N_("Kind"),
    "number": N_("Number"),
    "active": N_("Active"),
    "areas": N_("Area of work"),
    "tries": N_("Tries"),
    "unit_id": N_("Unit"),
    "community_id": N_("Community"),
    "cell_id": N_("Cell"),
    "cells": N_("Cells"),
    "cadre_id": N_("Cadre"),
    "team_id": N_("Team"),
    "mode": N_("Mode"),
    "length_m": N_("Length (m)"),
    "substitute_id": N_("Substitute"),
    "user_id": N_("User"),
    "captain": N_("Captain"),
    "members": N_("Members"),
    "starts": N_("From"),
    "ends": N_("Until before"),
    "note": N_("Note"),
    "format": N_("Format"),
    "rows": N_("Rows"),
    "n": N_("Rows"),
    "category": N_("Category"),
    "category_id": N_("Category"),
    "address": N_("Address"),
    "day": N_("Day"),
    "deadlines": N_("Deadlines"),
    "layer": N_("Layer"),
    "file": N_("File"),
    "read": N_("Rows read"),
    "inserted": N_("Added"),
    "updated": N_("Changed"),
    "unchanged": N_("As before"),
    "reversed": N_("Taken back by the file"),
    "repeated": N_("Repeated in the file"),
    "rejected": N_("Rejected"),
    "system": N_("Coordinate system"),
    "community": N_("Code begins with"),
    "first": N_("From"),
    "last": N_("To"),
    "level": N_("Level"),
    "step": N_("Step"),
    "assignee_id": N_("Handled by"),
    "step_due_at": N_("Step due"),
    "due_at": N_("Case due"),
    "version": N_("Version"),
    "photos": N_("Photos"),
    "size": N_("Bytes"),
    "bytes": N_("Bytes"),
    "steps": N_("Steps"),
    "filters": N_("Filter"),
    "query": N_("Filter"),
    "sheet": N_("Responsibility sheet"),
    "cell": N_("Cell"),
    "unit": N_("Unit"),
    "assignee": N_("Handled by"),
    "since": N_("Opened from"),
    "until": N_("Opened until"),
    "due_since": N_("Due from"),
    "due_until": N_("Due until"),
    "outcome": N_("Outcome"),
    "state": N_("State"),
    "due": N_("Next due"),
    "mine": N_("Mine"),
    "q": N_("Words or number"),
    "overlap_tolerance_m2": N_("Overlap tolerated, m²"),
    "outside_tolerance_m2": N_("Reach beyond the community tolerated, m²"),
    "time_zone": N_("Time zone"),
    "work_hours": N_("Work hours"),
    "band_low": N_("Band of households: from"),
    "band_high": N_("Band of households: to"),
    "session_idle_minutes": N_("A session ends after idle minutes"),
    "session_hours": N_("A session ends after hours"),
    "lock_after": N_("Locked after wrong tries"),
    "duplicate_metres": N_("Duplicates: metres"),
    "duplicate_hours": N_("Duplicates: hours"),
    "contact": N_("Contact"),
    "smallest_count": N_("Smallest count"),
    "prefix": N_("Begins with"),
    "layers": N_("Layers"),
    "everywhere": N_("Everything"),
    "rate_per_minute": N_("Requests per minute"),
    "first_day": N_("From"),
    "last_day": N_("To"),
    "expires_at": N_("Ends"),
    "every": N_("By itself"),
    "hour": N_("Hour"),
    "analysis": N_("Method"),
    "categories": N_("Categories"),
    "parameters": N_("Choices"),
    "shared": N_("Shared"),
    "route_id": N_("Route"),
    "rule": N_("Rule"),
    "removed": N_("Taken away"),
    "month": N_("Month"),
    "shift_id": N_("Shift"),
    "other_shift_id": N_("Shift in return"),
    "rest_hours": N_("Rest between two shifts, hours"),
    "late_minutes": N_("Late after, minutes"),
    "window_minutes": N_("Window for checking in and out, minutes"),
    "night_begins": N_("Night from"),
    "night_ends": N_("Night until"),
    "positions": N_("Positions"),
    "near_m": N_("Near is within, metres"),
    "position_days": N_("Positions are kept, days"),
    "started_at": N_("Begun"),
    "few": N_("Compared from so many cases due on"),
    "group": N_("Who is evaluated"),
    "place_id": N_("Place"),
    "photo": N_("Photo"),
    "finding": N_("To be rectified"),
    "findings": N_("Notices to rectify"),
    "rectify_by": N_("Rectify by"),
    "rechecked_on": N_("Rechecked on"),
    "corrected": N_("Is corrected"),
    "recheck_note": N_("What the re-check found"),
    "how_often": N_("How often"),
    "planned_for": N_("For"),
    "place_kind": N_("Kind of places"),
    **{name: title for name, title in COUNTS.items() if name not in COUNTED},
    "form": N_("Form"),
    "per": N_("Rate"),
    "numerator": N_("Numerator"),
    "numerator_en": N_("Numerator in English"),
    "denominator": N_("Denominator"),
    "denominator_en": N_("Denominator in English"),
    "numerator_measure": N_("The numerator is"),
    "denominator_measure": N_("The denominator is"),
    "within": N_("The numerator is part of the denominator"),
    "period_kind": N_("Period"),
    "over_time": N_("A longer period is"),
    "target": N_("Target"),
    "better": N_("Direction"),
    "places": N_("Digits after the point"),
}
#: The choices of analyses, which the log keeps by their names.
_CHOICES = {
    name: info.title
    for entry in ANALYSES.values()
    for name, info in entry.parameters.model_fields.items()
}
#: What plans of activities are kept as.
_ACTIVITY_CODES = {
    "how_often": activity_words.EVERY,
    "planned_for": activity_words.TARGETS,
    "place_kind": words.CODES,
}
_ROLES = {role.value: name for role, name in ROLE_NAMES.items()}


def field(code: str) -> str:
    """Return what a value is called."""
    measure = MEASURES.get(code)
    named = _FIELDS.get(code) or case_words.STEPS.get(code) or _CHOICES.get(code)
    return say(named or (measure.title if measure else code))


def value(field: str, code: str) -> str:
    """Return what a value that is a code is called."""
    if field == "role" and code in list(Role):
        return say(_ROLES[code])
    if field == "language":
        return {"zh": "中文", "en": "English"}.get(code, code)
    if field == "unit":
        return say(case_words.UNITS.get(code, code))
    if field == "outcome":
        return say(case_words.OUTCOMES.get(code, code))
    if field == "state" and code in ("draft", "published"):
        return say(evaluation_words.STATES[code])
    if field == "kind" and code in evaluation_words.KINDS:
        return say(evaluation_words.KINDS[code])
    if field == "group" and code in evaluation_words.GROUPS:
        return say(evaluation_words.GROUPS[code])
    if field == "state":
        known = case_words.STATES.get(code) or shift_words.STATES.get(code)
        return say(known or report_words.REPORT_STATES.get(code, code))
    if field == "analysis" and code in ANALYSES:
        return say(ANALYSES[code].title)
    if field == "step":
        return say(case_words.STEPS.get(code, code))
    if field == "kind" and code in KINDS:
        return say(KINDS[code].title)
    if field in _ACTIVITY_CODES:
        return say(_ACTIVITY_CODES[field].get(code, code))
    if field == "kind" and code in REPORT_KINDS:
        return say(report_words.KINDS[code])
    if field == "every":
        return say(report_words.EVERY.get(code, code))
    if field in ("kind", "level"):
        return say(words.CODES.get(code) or case_words.LEVELS.get(code, code))
    if field in ("step_due_at", "due_at") or (field in ("starts", "ends") and "T" in code):
        return moment(datetime.fromisoformat(code))
    return code
