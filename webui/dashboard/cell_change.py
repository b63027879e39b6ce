"""The page that redraws, splits and merges cells: a form, what would come of it, and the act."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import shapely
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from shapely.geometry import shape as shape_of
from sqlalchemy import Row
from sqlalchemy.orm import Session

from geodata.messages import N_, Message
from gridmap.errors import GridmapError
from gridmap.exchange.cell_page import cell_page
from gridmap.incidents.statistics import clock
from gridmap.workforce.outlines import (
    Merge,
    Redraw,
    Split,
    change_outline,
    neighbours,
    outcome,
)
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import day_of, id_of
from webui.dashboard.cell import cells
from webui.database import writing
from webui.language import say
from webui.numbers import number

ACTS = {
    "redraw": N_("Take over an area"),
    "split": N_("Split the cell"),
    "merge": N_("Merge with neighbours"),
}
_SCRIPT = {
    "failed": N_("The data could not be read. Check the connection and try again."),
    "points": N_("{count} points drawn"),
}
#: Points that a drawing may have.
_MOST_POINTS = 20_000
#: What reading JSON of any shape as geometry may end in.
_UNREADABLE = (
    ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError,
    shapely.GEOSException,
)  # fmt: skip


@dataclass(frozen=True)
class _Shown:
    """What a page shows besides the form: the outcome to be confirmed, or what is wrong."""

    rows: tuple[Row[Any], ...] = ()
    error: str | None = None


@cells.get("/<int:cell_id>/change")
@needs(Action.EDIT_CELLS)
def ask_change(cell_id: int) -> ResponseReturnValue:
    """Ask how the cell is to change."""
    with writing() as session:
        return _page(session, cell_id, _Shown())


@cells.post("/<int:cell_id>/change")
@needs(Action.EDIT_CELLS)
def change(cell_id: int) -> ResponseReturnValue:
    """Show what would come of the change, or make it once that was seen."""
    actor, form = current_actor(), request.form
    try:
        with writing() as session:
            if form.get("again"):
                return _page(session, cell_id, _Shown())
            on, wanted = day_of(form.get("on")), _wanted()
            apart = session.begin_nested()
            opened = change_outline(session, actor, cell_id, wanted, on)
            ids = [cell.id for cell in opened]
            if form.get("sure") != "1":
                rows = tuple(outcome(session, ids, clock(session.connection()).today))
                apart.rollback()
                session.expire_all()
                return _page(session, cell_id, _Shown(rows))
    except GridmapError as refused:
        with writing() as session:
            shown = _Shown(error=say(refused.message))
            return _page(session, cell_id, shown), refused.status
    flash(gettext("The cells are changed. What happened before keeps its old cell."), "done")
    return redirect(url_for("cell_page.show", cell_id=ids[0]))


def _page(session: Session, cell_id: int, shown: _Shown) -> str:
    actor, form = current_actor(), request.form
    now = clock(session.connection())
    cell = cell_page(session, actor, cell_id, now).cell
    act = request.values.get("act", "redraw")
    drawn = [
        {"type": "Feature", "properties": {"name": row.code}, "geometry": json.loads(row.geojson)}
        for row in shown.rows
    ]
    return render_template(
        "dashboard/cell_change.html",
        cell=cell,
        act=act if act in ACTS else "redraw",
        acts=ACTS,
        form=form,
        chosen=form.getlist("other"),
        others=neighbours(session, actor, cell_id),
        shown=shown,
        shape=_sent_text(),
        today=now.today,
        num=number,
        say=say,
        page={
            "shapes": url_for("cell_page.shapes", cell_id=cell_id),
            "result": {"type": "FeatureCollection", "features": drawn} if drawn else None,
            "words": {key: say(word) for key, word in _SCRIPT.items()},
        },
    )


def _wanted() -> Redraw | Split | Merge:
    form = request.form
    act = form.get("act")
    if act == "merge":
        others = [id_of(each, gettext("Cell")) for each in form.getlist("other")]
        return Merge(others, form.get("name", "")[:100])
    if act == "split":
        names = [name[:100] for name in form.getlist("part")]
        return Split(_drawn("LineString", "MultiLineString"), names)
    if act == "redraw":
        return Redraw(_drawn("Polygon", "MultiPolygon"), form.get("whole") == "1")
    raise GridmapError(Message("The request cannot be understood."))


def _sent_text() -> str:
    """Return the GeoJSON that was drawn or sent as a file; a file comes before a drawing."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return request.form.get("shape", "")
    content: bytes = sent.read()
    sent.seek(0)
    return content.decode("utf-8-sig", errors="replace")


def _drawn(*kinds: str) -> shapely.Geometry:
    """Read what was drawn, in WGS 84.

    Raises
    ------
    GridmapError
        If there is nothing, or something else.
    """
    text = _sent_text().strip()
    if not text:
        raise GridmapError(Message("Nothing is drawn yet: draw on the map or choose a file."))
    try:
        content = json.loads(text)
        features = content["features"] if content.get("type") == "FeatureCollection" else [content]
        shapes = [shape_of(each.get("geometry", each)) for each in features]
        whole = shapely.force_2d(shapely.union_all(shapes))
    except _UNREADABLE:
        raise GridmapError(Message("The drawing is no GeoJSON that can be read.")) from None
    if whole.is_empty:
        raise GridmapError(Message("Nothing is drawn yet: draw on the map or choose a file."))
    west, south, east, north = whole.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise GridmapError(Message("Give longitudes and latitudes in WGS 84."))
    if whole.geom_type not in kinds or shapely.get_num_coordinates(whole) > _MOST_POINTS:
        what = N_("an area") if "Polygon" in kinds else N_("a line")
        raise GridmapError(Message("The drawing must be {what}.", what=Message(what)))
    if not whole.is_valid:
        raise GridmapError(Message("The outline crosses itself: draw it again."))
    return whole
