"""Patterns: the list, and the form with a look at what would come of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.patrols.shifts.making import (
    PatternData,
    Preview,
    data_of,
    end_pattern,
    find_pattern,
    preview,
    save_pattern,
)
from gridmap.patrols.shifts.patterns import Days, Rule, Slot, Turn, from_json
from gridmap.patrols.shifts.queries import cadre_names, names, patterns, routes
from gridmap.patrols.shifts.service import ConflictsError
from gridmap.workforce.cadre_list import cadres_below
from gridmap.workforce.cadres import list_teams, members
from gridmap.workforce.cell_list import today
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import day_of, id_of, optional_id
from webui.database import writing
from webui.language import say
from webui.shifts.blueprint import blueprint
from webui.shifts.choices import month_after, month_end
from webui.shifts.presets import PRESETS, preset
from webui.shifts.rules import hour

#: The form has so many lines for the shifts of a day, and offers so many groups.
SLOTS, GROUPS = 4, 12
#: More colleagues of the area than these are not offered beside the team.
_MOST_OTHERS = 300


@dataclass
class _Shown:
    """What the form shows, as strings; and what came of looking at it."""

    known: Mapping[str, str]
    groups: Mapping[int, int] = field(default_factory=dict)
    fault: str | None = None
    plan: Preview | None = None
    # Whom the stored pattern has; they are called by name wherever they are from.
    stored: Collection[int] = ()


@blueprint.get("/patterns")
@needs(Action.VIEW_WORKFORCE)
def patterns_page() -> ResponseReturnValue:
    """List the patterns of the area."""
    with writing() as session:
        rows = patterns(session, current_actor())
        day = today(session)
    rules = {row.id: from_json(row.rule) for row in rows}
    return render_template("shifts/patterns.html", rows=rows, rules=rules, today=day)


@blueprint.get("/patterns/new")
@needs(Action.PLAN_PATROLS)
def new_pattern() -> ResponseReturnValue:
    """Ask for a pattern; a template of the usual ones fills the form."""
    actor = current_actor()
    with writing() as session:
        first = today(session)
        team = optional_id(request.args.get("team"), _("Team"))
        teams = list_teams(session, actor)
        chosen = next((each for each in teams if each.id == team), None)
        crew = [] if chosen is None else [row.id for row, _c in members(session, actor, chosen.id)]
    begins = month_after(first)
    known = {
        "team": str(team or ""),
        "first": begins.isoformat(),
        "from": begins.isoformat(),
        "until": month_end(begins).isoformat(),
    }
    values, groups = preset(request.args.get("preset", "duty"), crew)
    return _page(_Shown(known | values, groups), None)


@blueprint.post("/patterns/new")
@needs(Action.PLAN_PATROLS)
def add_pattern() -> ResponseReturnValue:
    """Show what the pattern would make, or make it."""
    return _save(None)


@blueprint.get("/patterns/<int:pattern_id>")
@needs(Action.PLAN_PATROLS)
def edit_pattern(pattern_id: int) -> ResponseReturnValue:
    """Show the form with the pattern as it is; it goes on after what has been made."""
    with writing() as session:
        pattern = find_pattern(session, current_actor(), pattern_id)
        day = today(session)
    made = pattern.made_until or day
    begins = max(day, made + timedelta(days=1))
    known = _known(data_of(pattern)) | {
        "from": begins.isoformat(),
        "until": month_end(begins).isoformat(),
        "version": str(pattern.version),
        "ended": "1" if pattern.ended_at is not None else "",
    }
    rule = from_json(pattern.rule)
    groups = {cadre: n for n, group in enumerate(rule.groups, start=1) for cadre in group}
    return _page(_Shown(known, groups, stored=groups), pattern_id)


@blueprint.post("/patterns/<int:pattern_id>")
@needs(Action.PLAN_PATROLS)
def change_pattern(pattern_id: int) -> ResponseReturnValue:
    """Show what the changed pattern would make, or make it."""
    return _save(pattern_id)


@blueprint.post("/patterns/<int:pattern_id>/end")
@needs(Action.PLAN_PATROLS)
def end(pattern_id: int) -> ResponseReturnValue:
    """End a pattern and take away what it has made for the time to come."""
    with writing() as session:
        gone = end_pattern(session, current_actor(), pattern_id)
    flash(_("The pattern has ended. Shifts taken away: {count}.").format(count=gone), "done")
    return redirect(url_for("shifts.patterns_page"))


def _save(pattern_id: int | None) -> ResponseReturnValue:
    form = request.form
    groups = _groups()
    leave_out, accept = form.get("leave_out") == "1", form.get("accept") == "1"
    shown = _Shown(form, groups)
    try:
        data = _read(groups)
        first, last = day_of(form.get("from")), day_of(form.get("until"))
        with writing() as session:
            if form.get("act") != "make":
                shown.plan = preview(
                    session, current_actor(), data, first, last, pattern_id=pattern_id,
                    leave_out=leave_out,
                )  # fmt: skip
                return _page(shown, pattern_id, session)
            version = optional_id(form.get("version"), _("Version"))
            pattern, plan = save_pattern(
                session, current_actor(), data, first, last, pattern_id=pattern_id,
                version=version, leave_out=leave_out, accept=accept,
            )  # fmt: skip
    except ConflictsError:
        return _conflicting(shown, pattern_id, leave_out)
    except GridmapError as error:
        if error.status == 404:
            raise
        shown.fault = say(error.message)
        return _page(shown, pattern_id), error.status
    flash(
        _("Shifts made: {added}, taken away: {removed}.").format(
            added=len(plan.added), removed=len(plan.removed)
        ),
        "done",
    )
    return redirect(url_for("shifts.index", team=pattern.team_id, on=first))


def _conflicting(shown: _Shown, pattern_id: int | None, leave_out: bool) -> ResponseReturnValue:
    """Show once more what would be made, now that something speaks against it."""
    form = request.form
    with writing() as session:
        shown.plan = preview(
            session, current_actor(), _read(shown.groups), day_of(form.get("from")),
            day_of(form.get("until")), pattern_id=pattern_id, leave_out=leave_out,
        )  # fmt: skip
        return _page(shown, pattern_id, session), 409


def _read(groups: Mapping[int, int]) -> PatternData:
    """Read the form.

    Raises
    ------
    GridmapError
        With a sentence for what cannot be read.
    """
    form = request.form
    slots = []
    for n in range(SLOTS):
        begins, hours = form.get(f"begins-{n}", ""), form.get(f"hours-{n}", "")
        if begins or hours:
            slots.append(Slot(hour(begins), _minutes(hours)))
    count = max(groups.values(), default=0)
    rule = Rule(
        first=day_of(form.get("first")),
        slots=tuple(slots),
        groups=tuple(
            tuple(cadre for cadre, group in groups.items() if group == n)
            for n in range(1, count + 1)
        ),
        days=_one_of(Days, form.get("days")),
        weekdays=frozenset(
            int(each) for each in form.getlist("weekday") if each in "0123456" and len(each) == 1
        ),
        turn=_one_of(Turn, form.get("turn")),
        cycle=_cycle(form.get("cycle", "")),
    )
    if rule.turn is not Turn.CYCLE:
        rule = Rule(**(rule.__dict__ | {"cycle": ()}))
    if rule.days is not Days.WEEKDAYS:
        rule = Rule(**(rule.__dict__ | {"weekdays": frozenset()}))
    return PatternData(
        form.get("name", ""), id_of(form.get("team"), _("Team")), rule,
        optional_id(form.get("route"), _("Route")),
    )  # fmt: skip


def _groups() -> dict[int, int]:
    """Return the group of each member who has one, counted from 1."""
    found = {}
    for name, value in request.form.items():
        cadre = name.removeprefix("group-")
        if name.startswith("group-") and cadre.isdecimal() and len(cadre) < 19:
            group = int(value) if value.isdecimal() and len(value) < 3 else 0
            if 0 < group <= GROUPS:
                found[int(cadre)] = group
    return found


def _minutes(hours: str) -> int:
    try:
        minutes = round(float(hours) * 60)
    except (ValueError, OverflowError):
        minutes = 0
    if minutes <= 0:
        raise GridmapError(Message("{value} is no number of hours.", value=hours))
    return minutes


def _one_of(kind: Any, value: str | None) -> Any:
    if value not in list(kind):
        raise GridmapError(Message("The request cannot be understood."))
    return kind(value)


def _cycle(written: str) -> tuple[int | None, ...]:
    """Read a cycle such as ``1 2 - -``: the shift of each day, or rest."""
    tokens = written.replace(",", " ").replace("，", " ").split()[:100]
    cycle: list[int | None] = []
    for token in tokens:
        if token in ("-", "–", "0", "休"):
            cycle.append(None)
        elif token.isdecimal() and len(token) < 3:
            cycle.append(int(token) - 1)
        else:
            raise GridmapError(
                Message("{value} is neither the number of a shift nor - for rest.", value=token)
            )
    return tuple(cycle)


def _known(data: PatternData) -> dict[str, str]:
    rule = data.rule
    known = {
        "name": data.name,
        "team": str(data.team_id),
        "route": str(data.route_id or ""),
        "first": rule.first.isoformat(),
        "days": rule.days.value,
        "turn": rule.turn.value,
        "cycle": " ".join("-" if slot is None else str(slot + 1) for slot in rule.cycle),
    }
    for n, slot in enumerate(rule.slots):
        known |= {f"begins-{n}": f"{slot.begins:%H:%M}", f"hours-{n}": f"{slot.minutes / 60:g}"}
    return known | {f"weekday-{number}": "1" for number in rule.weekdays}


def _page(shown: _Shown, pattern_id: int | None, session: Session | None = None) -> str:
    if session is None:
        with writing() as own:
            return _page(shown, pattern_id, own)
    actor = current_actor()
    teams = list_teams(session, actor)
    team = next((each for each in teams if str(each.id) == shown.known.get("team")), None)
    crew = [] if team is None else list(members(session, actor, team.id))
    of_team = {cadre.id for cadre, _captain in crew}
    below: Sequence[Any] = [] if team is None else cadres_below(session, actor, team.unit_id)
    others = [row for row in below if row.id not in of_team][:_MOST_OTHERS]
    conflicts = () if shown.plan is None else shown.plan.conflicts
    people, named_teams = names(session, conflicts)
    known_names = {cadre.id: cadre.name for cadre, _captain in crew}
    known_names |= {row.id: row.name for row in others}
    lent = cadre_names(session, actor, set(shown.groups) - set(known_names), shown.stored)
    known_names |= lent
    weekdays = request.form.getlist("weekday") if request.method == "POST" else []
    return render_template(
        "shifts/pattern.html",
        known=shown.known,
        groups=shown.groups,
        fault=shown.fault,
        plan=shown.plan,
        forbidden=bool(conflicts) and ConflictsError(conflicts).forbidden,
        by_day=_by_day(shown.plan),
        conflicts=conflicts,
        cadres=people,
        named_teams=named_teams,
        names=known_names,
        weekdays=weekdays,
        pattern_id=pattern_id,
        teams=teams,
        team=team,
        crew=crew,
        others=others,
        lent=lent,
        routes=routes(session, actor),
        slots=range(SLOTS),
        most_groups=GROUPS,
        presets=PRESETS,
        chosen_preset=request.args.get("preset", "duty"),
        days=list(Days),
        turns=list(Turn),
    )


def _by_day(plan: Preview | None) -> dict[date, list[Any]]:
    days: dict[date, list[Any]] = {}
    for one in () if plan is None else plan.wanted:
        days.setdefault(one.day, []).append(one)
    return days
