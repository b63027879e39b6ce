"""Words for what the audit log keeps as codes; a code without a word is shown as it is."""

from __future__ import annotations

from datetime import datetime

from geodata.messages import N_, Message
from gridmap.hotspots.analyses.registry import ANALYSES
from gridmap.reports.activities.kinds import COUNTED, COUNTS, KINDS
from gridmap.reports.documents.order import KINDS as REPORT_KINDS
from gridmap.reports.measures import MEASURES
from gridmap.workforce.audit import DATABASE, OPERATOR
from gridmap.workforce.rights import ROLE_NAMES, Role
from webui import words
from webui.activities import words as activity_words
from webui.cases import words as case_words
from webui.evaluation import words as evaluation_words
from webui.language import moment, say
from webui.reports import words as report_words
from webui.shifts import words as shift_words

_ACTS = {
    "sign_in": N_("Sign in"),
    "sign_out": N_("Sign out"),
    "sign_in.fail": N_("Failed sign-in"),
    "user.create": N_("Make a user"),
    "user.change": N_("Change a user"),
    "user.reset_password": N_("Give a new password"),
    "user.change_password": N_("Change the own password"),
    "export": N_("Export"),
    "import": N_("Import"),
    "export.sketch": N_("Draw first outlines"),
    "export.check": N_("Export findings of the check"),
    "backup": N_("Make a backup"),
    "restore": N_("Restore a backup"),
    "migrate": N_("Migrate the database"),
    "settings.territory": N_("Change the settings of the territory"),
    "cadre.import": N_("Import cadres"),
    "template.change": N_("Change the template of the sheet"),
    "template.reset": N_("Go back to the default template"),
    "cadre.create": N_("Add a cadre"),
    "cadre.change": N_("Change a cadre"),
    "team.create": N_("Make a team"),
    "team.change": N_("Change a team"),
    "team.disband": N_("Disband a team"),
    "absence.create": N_("Enter a leave"),
    "absence.delete": N_("Remove a leave"),
    "assignment.assign": N_("Assign cells"),
    "assignment.end": N_("Take cells back"),
    "assignment.hand_over": N_("Hand cells over"),
    "assignment.undo": N_("Undo an assignment"),
    "cell.redraw": N_("Redraw cells"),
    "cell.split": N_("Split a cell"),
    "cell.merge": N_("Merge cells"),
    "incident.create": N_("Add an incident"),
    "incident.change": N_("Change an incident"),
    "incident.delete": N_("Delete an incident"),
    "case.report": N_("Report an incident"),
    "case.export": N_("Export cases"),
    "case.contact": N_("Look at a reporter's contact"),
    "calendar.save": N_("Change the calendar"),
    "calendar.remove": N_("Remove a day from the calendar"),
    "category.add": N_("Add a category"),
    "category.change": N_("Change a category"),
    "settings.cases": N_("Change the settings of cases"),
    "settings.workforce": N_("Change the settings of the workforce"),
    "agency.create": N_("Add an agency"),
    "agency.change": N_("Change an agency"),
    "key.create": N_("Make a key"),
    "key.change": N_("Change a key"),
    "key.revoke": N_("Revoke a key"),
    "key.rotate": N_("Rotate a key"),
    "package.order": N_("Order a package"),
    "package.schedule": N_("Schedule packages"),
    "view.save": N_("Save a view"),
    "view.remove": N_("Remove a view"),
    "hotspots.run": N_("Analyse hotspots"),
    "hotspots.rename": N_("Rename a run"),
    "hotspots.share": N_("Share a run"),
    "hotspots.keep": N_("Keep a run"),
    "hotspots.prune": N_("Delete old runs of schedules"),
    "hotspots.schedule": N_("Schedule a run"),
    "hotspots.unschedule": N_("Schedule a run no longer"),
    "hotspots.cancel": N_("Cancel a run"),
    "hotspots.delete": N_("Delete a run"),
    "hotspots.export": N_("Export hotspots"),
    "patrols.create": N_("Draw a route"),
    "patrols.change": N_("Change a route"),
    "patrols.archive": N_("Archive a route"),
    "patrols.restore": N_("Take a route out of the archive"),
    "patrols.export": N_("Export a route"),
    "patrols.plan": N_("Plan patrols"),
    "patrols.plan_deleted": N_("Delete a plan of patrols"),
    "patrols.track_added": N_("Hand in a track"),
    "patrols.track_deleted": N_("Delete a track"),
    "settings.patrols": N_("Change settings of patrols"),
    "shift.create": N_("Plan a shift"),
    "shift.change": N_("Change a shift"),
    "shift.cancel": N_("Cancel a shift"),
    "shift.restore": N_("Bring a shift back"),
    "shift.check_in": N_("Check in to a shift"),
    "shift.check_out": N_("Check out of a shift"),
    "shift.attendance": N_("Note attendance"),
    "pattern.create": N_("Make a pattern"),
    "pattern.change": N_("Change a pattern"),
    "pattern.make": N_("Make shifts by a pattern"),
    "pattern.end": N_("End a pattern"),
    "swap.ask": N_("Ask for a swap"),
    "swap.agree": N_("Agree to a swap"),
    "swap.decline": N_("Decline a swap"),
    "swap.withdraw": N_("Withdraw a swap"),
    "swap.approve": N_("Approve a swap"),
    "swap.refuse": N_("Refuse a swap"),
    "settings.shifts": N_("Change the settings of shifts"),
    "department.create": N_("Add a department"),
    "department.change": N_("Change a department"),
    "evaluation.create": N_("Make an evaluation"),
    "evaluation.count": N_("Count an evaluation"),
    "evaluation.open": N_("Open an evaluation for comments"),
    "evaluation.publish": N_("Publish an evaluation"),
    "evaluation.delete": N_("Delete an evaluation"),
    "evaluation.weights": N_("Change the weights of evaluations"),
    "report.order": N_("Order a report"),
    "report.cancel": N_("Cancel a report"),
    "report.delete": N_("Delete a report"),
    "report.comment": N_("Comment on a report"),
    "report.remark": N_("Add to a report"),
    "report.settle": N_("Deal with the comments on a report"),
    "report.approve": N_("Approve a report"),
    "report.publish": N_("Publish a report"),
    "report.withdraw": N_("Withdraw a report"),
    "report.export": N_("Download a report"),
    "report.schedule": N_("Schedule a report"),
    "report.unschedule": N_("Schedule a report no longer"),
    "report.template": N_("Change the template of reports"),
    "report.template_reset": N_("Go back to the default template of reports"),
    "activity.create": N_("Record an activity"),
    "activity.change": N_("Change an activity"),
    "activity.delete": N_("Delete an activity"),
    "activity.photo_remove": N_("Remove a photo"),
    "activity.notice": N_("Give a notice to rectify"),
    "activity.recheck": N_("Note a re-check"),
    "activity.notice_withdraw": N_("Withdraw the notice"),
    "activity_plan.create": N_("Plan an activity"),
    "activity_plan.change": N_("Change a plan"),
    "activity_plan.delete": N_("Delete the plan"),
    "indicator.create": N_("Define an indicator"),
    "indicator.change": N_("Change an indicator"),
    "indicator.retire": N_("Use an indicator no longer"),
    "indicator.reuse": N_("Use an indicator again"),
    "indicator.enter": N_("Enter values of an indicator"),
    **{f"case.{act}": button for act, button in case_words.BUTTONS.items()},
}
_SUBJECTS = {
    "app_user": N_("User"),
    "cadre": N_("Cadre"),
    "team": N_("Team"),
    "absence": N_("Leave"),
    "assignment": N_("Assignment"),
    "incident": N_("Incident"),
    "incident_case": N_("Case"),
    "case_settings": N_("Settings of cases"),
    "workforce_settings": N_("Settings of the workforce"),
    "case_view": N_("Saved view"),
    "calendar_day": N_("Day of the calendar"),
    "agency": N_("Agency"),
    "api_key": N_("Key"),
    "category": N_("Category"),
    "cell": N_("Cell"),
    "building": N_("Building"),
    "place": N_("Place"),
    "unit": N_("Unit"),
    "road": N_("Road"),
    "ground": N_("Ground"),
    "hotspot": N_("Hotspots"),
    "building_count": N_("Monthly counts"),
    "territory_settings": N_("Settings of the territory"),
    "template": N_("Template of the sheet"),
    "hotspot_run": N_("Run of an analysis"),
    "patrol_route": N_("Patrol route"),
    "patrol_plan": N_("Patrol plan"),
    "patrol_track": N_("Track"),
    "patrol_settings": N_("Settings of patrols"),
    "shift": N_("Shift"),
    "shift_pattern": N_("Pattern of shifts"),
    "shift_swap": N_("Swap of shifts"),
    "shift_settings": N_("Settings of shifts"),
    "department": N_("Department"),
    "evaluation": N_("Evaluation"),
    "evaluation_weights": N_("Weights"),
    "report": N_("Report"),
    "activity": N_("Activity"),
    "activity_plan": N_("Plan of an activity"),
    "indicator": N_("Indicator"),
    "database": N_("Database"),
}
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


def person(name: str) -> str:
    """Return who did something, as the page says it."""
    if name.startswith(OPERATOR):
        account = name.removeprefix(OPERATOR)
        return say(Message("Account {name} of the server", name=account))
    if name.startswith(DATABASE):
        return say(Message("SQL as {name}", name=name.removeprefix(DATABASE)))
    return name


def act(code: str) -> str:
    """Return what an act is called."""
    return say(_ACTS.get(code, code))


def subject(code: str) -> str:
    """Return what a table's rows are called."""
    return say(_SUBJECTS.get(code, code))


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
