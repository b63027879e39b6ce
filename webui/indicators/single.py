"""The page of one indicator: the answer, its map, ranking, trend, and each unit's past."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from sqlalchemy.orm import Session
from werkzeug.http import generate_etag

from geodata.classes import class_of, round_breaks
from gridmap.exchange.tiles import MAX_ZOOM
from gridmap.incidents.statistics import Span
from gridmap.reports.indicators.boards import Board, Figure, Look, Place, board
from gridmap.reports.indicators.models import Indicator
from gridmap.reports.indicators.periods import Kind, after
from gridmap.reports.indicators.queries import corrections, find_indicator, outlines
from gridmap.reports.indicators.ranking import climbed
from gridmap.reports.measures import MEASURES, Group, records_of
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.dashboard.state import link
from webui.database import reading
from webui.indicators import words
from webui.indicators.asked import Ground, ground_of, look_of
from webui.indicators.blueprint import blueprint
from webui.language import named, say
from webui.maps import base_map, map_parts, script_answer
from webui.paging import with_query

#: Units whose past is drawn; more would be a page nobody scrolls through.
MOST_SMALL = 60
#: The size of one of these drawings, in its own units.
_WIDTH, _HEIGHT = 120.0, 36.0
_LATEST = 5


@blueprint.get("/<int:indicator_id>")
@needs(Action.VIEW_DASHBOARD)
def show(indicator_id: int) -> ResponseReturnValue:
    """Show an indicator in an area and period."""
    actor = current_actor()
    with reading() as connection, Session(connection) as session:
        indicator = find_indicator(session, indicator_id)
        ground = ground_of(session, actor)
        look = look_of(session)
        found = board(session, ground.tree, indicator, look)
        corrected, total = corrections(session, actor, indicator_id, limit=_LATEST)
    parts = map_parts(base_map("map"))
    breaks = round_breaks([float(one.now.exact) for one in found.places
                           if one.now.exact is not None])  # fmt: skip
    return render_template(
        "indicators/single.html",
        indicator=indicator,
        ground=ground,
        board=found,
        answer=found.whole[-1] if found.whole else None,
        former=found.whole[-2] if len(found.whole) > 1 else None,
        legend=_legend(indicator, breaks),
        climbed=climbed,
        small=_small(found),
        left_out=max(0, len(found.places) - MOST_SMALL),
        steps=_steps(found, look),
        corrected=corrected,
        corrections=total,
        sources=_sources(indicator),
        ways=_ways(found, ground),
        may_manage=actor.may(Action.MANAGE_SETTINGS),
        may_enter=actor.may(Action.WRITE_REPORT) and indicator.entered != "nothing",
        may_export=actor.may(Action.EXPORT),
        parts=parts,
        script=url_for("indicators.script", v=generate_etag(parts.script.encode())),
        page=_page(found, ground, breaks),
    )


@blueprint.get("/folium.js")
@needs(Action.VIEW_DASHBOARD)
def script() -> Response:
    """Answer with the script that makes the map."""
    return script_answer(map_parts(base_map("map")))


@blueprint.get("/outlines.json")
@needs(Action.VIEW_DASHBOARD)
def shapes() -> Response:
    """Answer with the outlines of the units of a level in an area."""
    with reading() as connection, Session(connection) as session:
        tree = ground_of(session, current_actor()).tree
        level = request.args.get("level", "community")
        content = outlines(session, [unit.id for unit in tree.of_level(level)])
    response = Response(content, mimetype="application/geo+json")
    response.cache_control.private = True
    response.cache_control.max_age = 600
    response.add_etag()
    response.make_conditional(request)
    return response


@dataclass(frozen=True)
class Sparkline:
    """A small drawing of a unit's past: lines broken where there are no data, and its last dot."""

    lines: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]


def sparkline(series: tuple[Figure, ...], top: float) -> Sparkline:
    """Return the drawing of values from zero to the top, which all units share."""
    lines: list[list[str]] = [[]]
    dots: list[tuple[float, float]] = []
    for number, each in enumerate(series):
        if each.exact is None:
            lines.append([])
            continue
        x = round(2 + (_WIDTH - 4) * number / max(1, len(series) - 1), 1)
        y = round(_HEIGHT - 2 - (_HEIGHT - 4) * min(1.0, float(each.exact) / top), 1)
        lines[-1].append(f"{x},{y}")
        dots.append((x, y))
    # A single value is no line.
    return Sparkline(tuple(" ".join(line) for line in lines if len(line) > 1), tuple(dots))


def _small(found: Board) -> list[tuple[Place, Sparkline]]:
    """Return the drawings of units, the best first, all from zero to the greatest value."""
    values = [
        float(each.exact) for one in found.places for each in one.series if each.exact is not None
    ]
    if not values:
        return []
    top = max(values) or 1.0
    return [(one, sparkline(one.series, top)) for one in found.places[:MOST_SMALL]]


def _legend(indicator: Indicator, breaks: list[float]) -> list[tuple[str, str]]:
    """Return the class and the words of each line of the legend."""
    marks = [f"{words.count_of(one)}{'%' if indicator.unit == '%' else ''}" for one in breaks]
    if not marks:
        return [("c2", say(words.ONE_CLASS)), ("none", say(words.SCRIPT["noData"]))]
    lines = [("c0", say(words.UP_TO).format(value=marks[0]))]
    lines += [
        (f"c{number}", say(words.BETWEEN).format(low=marks[number - 1], high=marks[number]))
        for number in range(1, len(marks))
    ]
    lines.append((f"c{len(marks)}", say(words.ABOVE).format(value=marks[-1])))
    return [*lines, ("none", say(words.SCRIPT["noData"]))]


def _steps(found: Board, look: Look) -> dict[str, str | None]:
    """Return the addresses of the periods before and after; of told days there are none."""
    span = found.span
    if span is None or look.days is not None:
        return {"earlier": None, "later": None}
    if found.kind == "any":
        earlier = found.spans[-2].first if len(found.spans) > 1 else None
        return {"earlier": with_query(on=earlier) if earlier else None, "later": None}
    following = after(found.kind, span).first
    return {
        "earlier": with_query(on=span.first - timedelta(days=1)),
        "later": with_query(on=following) if following <= look.today else None,
    }


def _sources(indicator: Indicator) -> dict[str, str]:
    """Return how the counts come about that are not entered."""
    keys = {
        "numerator": indicator.numerator_measure,
        "denominator": indicator.denominator_measure,
    }
    return {
        field: say(MEASURES[key].numerator)
        for field, key in keys.items()
        if key is not None and key in MEASURES
    }


def _ways(found: Board, ground: Ground) -> dict[tuple[int, str], str]:
    """Return the ways to the records of counts that are not entered, by unit and which count."""
    keys = {
        "numerator": found.indicator.numerator_measure,
        "denominator": found.indicator.denominator_measure,
    }
    units = [one.unit for one in found.places]
    if ground.unit is not None:
        units.append(ground.unit)
    ways = {}
    for which, key in keys.items():
        if key is None or key not in MEASURES or found.span is None:
            continue
        span = Span(found.span.first, found.span.last)
        for unit in units:
            # A count of a measure is what its rate has above the line.
            group: Group = "community" if unit.level == "community" else "town"
            at = records_of(MEASURES[key], span, group, unit.id, unit.code, numerator=True)
            way = None if at is None else link(at[0], **at[1])
            if way is not None:
                ways[unit.id, which] = way
    return ways


def _page(found: Board, ground: Ground, breaks: list[float]) -> dict[str, Any]:
    """Return what the page's script must know, as values for JSON."""
    indicator = found.indicator
    kind: Kind = found.kind
    return {
        "map": "map",
        "language": str(get_locale()),
        "bounds": None,
        "maxTileZoom": MAX_ZOOM,
        "pointZoom": MAX_ZOOM,
        "categories": [],
        "tiles": "/tiles/ground/{z}/{x}/{y}.mvt",
        "layers": ["ground"],
        # Names of the ground would stand between those of the units.
        "nameless": True,
        "outlines": url_for(
            "indicators.shapes", unit=ground.unit.code if ground.unit else None, level=found.level
        ),
        "places": [
            {
                "id": one.unit.id,
                "code": one.unit.code,
                "name": named(one.unit),
                "text": words.with_unit(indicator, one.now.value)
                if one.now.value is not None
                else say(words.SCRIPT["noData"]),
                "class": "none" if one.now.exact is None
                else f"c{class_of(float(one.now.exact), breaks)}" if breaks else "c2",
            }
            for one in found.places
        ],
        "trend": {
            "labels": [words.tick(kind, span) for span in found.spans],
            "names": [words.period(kind, span) for span in found.spans],
            "values": [None if one.value is None else float(one.value) for one in found.whole],
            "counts": [
                f"{words.count(one.counts.numerator)} / {words.count(one.counts.denominator)}"
                if one.counts.denominator is not None else ""
                for one in found.whole
            ],
        },
        "target": None if indicator.target is None else float(indicator.target),
        "name": named(indicator),
        "unit": indicator.unit,
        "places_shown": indicator.places,
        "words": {key: say(word) for key, word in words.SCRIPT.items()},
    }  # fmt: skip
