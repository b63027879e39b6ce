"""The form for a run, and the one button that asks nothing of statistics."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, get_args

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import BaseModel
from sqlalchemy.orm import Session

from geodata.messages import N_
from gridmap.errors import GridmapError, ParameterError
from gridmap.hotspots.analyses.registry import ANALYSES
from gridmap.hotspots.models import HotspotRun
from gridmap.hotspots.queries import find_run
from gridmap.hotspots.service import MOST_DAYS, Wish, ask_run, schedule
from gridmap.incidents.cases.categories import tree
from gridmap.incidents.cases.lookups import unit_choices
from gridmap.workforce.rights import Action, Actor
from webui.access import current_actor, needs
from webui.asking import day_of, optional_id
from webui.database import writing
from webui.hotspots.blueprint import blueprint
from webui.hotspots.choices import DEFAULT_PERIOD, category_names, may_change, named, period_of
from webui.language import say
from webui.numbers import number

#: What the one button chooses: the method people of the field know best, on shapes whose size
#: follows from the number of incidents.
SIMPLE = "gi_star"
#: What the values of choices are called.
OPTIONS = MappingProxyType({
    "hexagon": N_("Hexagons"),
    "square": N_("Squares"),
    "mixed": N_("Counts, with what area and homes explain"),
    "count": N_("Counts of incidents"),
    "households": N_("Incidents per household"),
    "corrected": N_("Corrected"),
    "plain": N_("As it is"),
    "poisson": N_("Against households"),
    "permutation": N_("Against the usual times and places"),
    "month": N_("Months"),
    "week": N_("Weeks"),
    "any": N_("At any time"),
    "last": N_("Lasting to the end"),
    "year": N_("The same days a year before"),
    "before": N_("As many days before"),
    "cell": N_("Grid cells"),
    "rate": N_("Incidents per household, as they are"),
    "smoothed": N_("Incidents per household, smoothed"),
    "touching": N_("Shapes that touch"),
    "distance": N_("All within a distance"),
    "nearest": N_("The nearest ones"),
    "bernoulli": N_("Against all other categories"),
    "weekdays.mixed": N_("Mixed"),
    "categories.mixed": N_("Mixed"),
    "own": N_("Each by its own times and places"),
    "alike": N_("All alike"),
    "usual": N_("As in other years"),
    "kinds": N_("By kind and height of building"),
    "kept": N_("Kept apart"),
    "fits": N_("What fits best"),
    "scott": N_("Scott's rule"),
    "silverman": N_("Silverman's rule"),
    "proof.permutation": N_("Permutation (exact for counts)"),
    "reference.households": N_("Households"),
    "analytic": N_("Formula (fast)"),
    "categories": N_("All other categories"),
    "spread": N_("Spread over the hours between"),
    "start": N_("Taken at the first moment"),
})  # fmt: skip


@blueprint.post("/simple")
@needs(Action.ANALYSE)
def simple() -> ResponseReturnValue:
    """Where and when is it hot: choose method and parameters, and run."""
    form = request.form
    with writing() as session:
        first, last = period_of(session, form.get("period", DEFAULT_PERIOD))
        # Of longer data the newest years; the head of the result says which.
        first = max(first, last - timedelta(days=MOST_DAYS - 1))
        wish = Wish(
            analysis=SIMPLE,
            first=first,
            last=last,
            unit_id=optional_id(form.get("unit"), _("Unit")),
            categories=_categories(),
            simple=True,
        )
        run = ask_run(session, current_actor(), wish)
    return redirect(url_for("hotspots.show", run_id=run.id))


@blueprint.get("/new")
@needs(Action.ANALYSE)
def ask_new() -> ResponseReturnValue:
    """Ask what to analyse."""
    with writing() as session:
        return _form(session, current_actor())


@blueprint.post("/new")
@needs(Action.ANALYSE)
def add() -> ResponseReturnValue:
    """Put the run into the queue, or show beside the field what cannot be used."""
    actor = current_actor()
    try:
        with writing() as session:
            run = ask_run(session, actor, _wish())
            former = optional_id(request.form.get("monthly"), _("Run each month"))
            if former is not None:
                schedule(session, actor, run.id, former)
    except GridmapError as refused:
        field = refused.parameter if isinstance(refused, ParameterError) else ""
        with writing() as session:
            shown = _form(session, actor, {field: say(refused.message)})
        return shown, refused.status
    return redirect(url_for("hotspots.show", run_id=run.id))


def _wish() -> Wish:
    form = request.form
    analysis = form.get("analysis", "")
    prefix = f"{analysis}-"
    return Wish(
        analysis=analysis,
        first=_day("first"),
        last=_day("last"),
        name=form.get("name", ""),
        unit_id=optional_id(form.get("unit"), _("Unit")),
        categories=_categories(),
        parameters={
            name.removeprefix(prefix): value
            for name, value in form.items()
            if name.startswith(prefix) and value != ""
        },
    )


def _day(name: str) -> Any:
    try:
        return day_of(request.form.get(name))
    except GridmapError as refused:
        raise ParameterError(name, refused.message) from refused


def _categories() -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for code in request.form.getlist("category") if code))


def _form(session: Session, actor: Actor, faults: dict[str, str] | None = None) -> str:
    first, last = period_of(session, DEFAULT_PERIOD)
    given = request.form or request.args
    categories = tree(session)
    return render_template(
        "hotspots/new.html",
        units=unit_choices(session, actor),
        categories=categories,
        monthly=_monthly(session, actor, given.get("monthly"), category_names(categories)),
        analyses=ANALYSES,
        fields={key: fields_of(entry.parameters) for key, entry in ANALYSES.items()},
        given=given,
        chosen=given.getlist("category"),
        first=given.get("first", first.isoformat()),
        last=given.get("last", last.isoformat()),
        faults=faults or {},
    )


def _monthly(
    session: Session, actor: Actor, given: str | None, names: Mapping[str, str]
) -> dict[str, Any] | None:
    """Return the scheduled run in whose place the new one is to be made each month."""
    former = optional_id(given, _("Run each month"))
    if former is None:
        return None
    run = find_run(session, actor, former)
    return {"id": run.id, "name": named(run, names)} if may_change(actor, run) else None


def settings_of(run: HotspotRun) -> list[tuple[str, str]]:
    """Return what was chosen for a run and decided something, as the form calls it.

    What the program chose itself, for 0 or because more was needed, is told as it was.
    """
    entry, settings = ANALYSES.get(run.analysis), []
    fields = {field["name"]: field for field in (fields_of(entry.parameters) if entry else [])}
    for name, field in fields.items():
        if any(
            run.parameters.get(other, fields[other]["default"]) not in values
            for other, values in field["only"].items()
        ):
            continue
        words = dict(field["choices"])
        # What was computed with, where that is told: a figure may have the name of a choice, too.
        computed: Any = run.summary.get(name)
        known = isinstance(computed, str) and computed in words if words else bool(computed)
        value: Any = computed if known else run.parameters.get(name, field["default"])
        settings.append(
            (say(field["title"]), say(words.get(value, value)) if words else number(value))
        )
    return settings


def fields_of(parameters: type[BaseModel]) -> list[dict[str, Any]]:
    """Return the fields of an analysis as a form shows them."""
    found = []
    for name, info in parameters.model_fields.items():
        limits = {
            limit: getattr(each, limit)
            for each in info.metadata
            for limit in ("ge", "le")
            if hasattr(each, limit)
        }
        choices = [str(each) for each in get_args(info.annotation)]
        found.append({
            "name": name,
            "title": info.title or name,
            "help": info.description,
            "default": info.default,
            "choices": [
                (each, OPTIONS.get(f"{name}.{each}", OPTIONS.get(each, each))) for each in choices
            ],
            "whole": info.annotation is int,
            "least": limits.get("ge"),
            "most": limits.get("le"),
            "only": info.json_schema_extra or {},
        })  # fmt: skip
    return found
