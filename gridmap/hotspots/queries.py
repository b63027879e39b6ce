"""Reads of runs and of what they found, for people within whose area they lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    case,
    cast,
    func,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import BigInteger

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.hotspots.models import HotspotRun, HotspotSurface
from gridmap.incidents.models import Category
from gridmap.jobs.models import Job
from gridmap.territory.models import Unit
from gridmap.workforce.models import User
from gridmap.workforce.rights import Actor, Role

PAGE = 30
_GEOJSON = """
    SELECT '{"type":"FeatureCollection","features":[' || coalesce(string_agg(
        '{"type":"Feature","geometry":' || ST_AsGeoJSON(geom, 6)
        || ',"properties":{"kind":' || to_json(kind) || ',"count":' || count
        || coalesce(',"expected":' || round(expected::numeric, 1), '')
        || ',"rank":' || rank || ',"p":' || coalesce(round(p::numeric, 6)::text, 'null')
        || ',"place":' || coalesce(to_json(place)::text, 'null')
        || '}}', ',' ORDER BY rank), '') || ']}'
    FROM hotspot_feature WHERE run_id = :run AND rank IS NOT NULL
"""
# Shapes of a grid keep their few corners; only outlines with many are simplified, to half a pixel.
# Of what is hardly a pixel wide nobody asks the count, and 100,000 such shapes are a third smaller.
_TILE = text("""
    SELECT coalesce(ST_AsMVT(f, 'found', 4096, 'shape', 'id'), '') FROM (
        SELECT id, kind,
            CASE WHEN seen THEN count END AS count,
            CASE WHEN seen THEN round(expected::numeric, 1)::float8 END AS expected, ST_AsMVTGeom(
            ST_Transform(CASE WHEN ST_NPoints(geom) < 16 THEN geom
                              ELSE ST_Simplify(geom, :tolerance, true) END, 3857),
            ST_TileEnvelope(:z, :x, :y), 4096, 64) AS shape
        FROM hotspot_feature CROSS JOIN LATERAL (
            SELECT ST_XMax(geom) - ST_XMin(geom) > 4 * :tolerance
                OR ST_YMax(geom) - ST_YMin(geom) > 4 * :tolerance AS seen) size
        WHERE run_id = :run AND rank IS NULL AND geom && ST_Transform(
            ST_TileEnvelope(:z, :x, :y, margin => 0.0156), 4326)
    ) f
""")


@dataclass(frozen=True)
class Filter:
    """Which runs a list shows.

    Attributes
    ----------
    words : str
        Each of them stands in the name, or is a part of what the run is called without one.
    titles : mapping
        What each analysis is called in the reader's language.
    everything : str
        What a run about no category in particular is called.
    analysis : str or None
    mine : bool
        Only the reader's own.
    on_map : bool
        Only those that are finished and have a map.
    """

    words: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)
    everything: str = ""
    analysis: str | None = None
    mine: bool = False
    on_map: bool = False


def visible(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that a person may see a run: it is shared or own, within the area."""
    shared = or_(HotspotRun.shared, HotspotRun.owner_id == actor.user_id)
    if actor.role is Role.ADMINISTRATOR:
        shared = true()
    return and_(shared, within(actor))


def within(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that all a run looked at lies within a person's area."""
    if actor.scope.communities is None:
        return true()
    mine = cast(list(actor.scope.communities), ARRAY(BigInteger))
    inside: ColumnElement[bool] = HotspotRun.communities.op("<@")(mine)
    return inside


def find_run(session: Session, actor: Actor, run_id: int) -> HotspotRun:
    """Return a run.

    Raises
    ------
    NotFoundError
        If there is none, or it is not for this person.
    """
    run = session.scalars(
        select(HotspotRun).where(HotspotRun.id == run_id, visible(actor))
    ).one_or_none()
    if run is None:
        raise NotFoundError(Message("There is no such run."))
    return run


def list_runs(
    session: Session, actor: Actor, wanted: Filter, page: int
) -> tuple[Sequence[Row[Any]], int]:
    """List a page of runs, the newest first, and count all.

    Returns
    -------
    rows : sequence of rows
        ``run``, ``state``, ``progress``, ``owner`` and ``unit``.
    total : int
    """
    chosen = _filtered(select(HotspotRun.id), actor, wanted)
    total = session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
    rows = session.execute(
        _with_state()
        .where(HotspotRun.id.in_(chosen))
        .order_by(HotspotRun.id.desc())
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    ).all()
    return rows, total


def with_state(session: Session, actor: Actor, run_id: int) -> Row[Any]:
    """Return a run with the state of its job, as in the list.

    Raises
    ------
    NotFoundError
        If there is none, or it is not for this person.
    """
    row = session.execute(
        _with_state().where(HotspotRun.id == run_id, visible(actor))
    ).one_or_none()
    if row is None:
        raise NotFoundError(Message("There is no such run."))
    return row


def features_json(connection: Connection, run_id: int) -> bytes:
    """Return what a run lists as GeoJSON, made by PostGIS; the caller has seen the run."""
    found = connection.execute(text(_GEOJSON), {"run": run_id}).scalar_one()
    return str(found).encode()


def drawn_tile(connection: Connection, run_id: int, z: int, x: int, y: int) -> bytes:
    """Return what a run draws and does not list as a vector tile with the layer ``found``.

    Parameters
    ----------
    connection : Connection
    run_id : int
        Of a run that the caller has seen.
    z, x, y : int
        A tile of the web map's grid, drawn 512 pixels wide.
    """
    values = {"run": run_id, "z": z, "x": x, "y": y, "tolerance": 360 / (1 << z) / 1024}
    return bytes(connection.execute(_TILE, values).scalar_one())


def find_surface(session: Session, run_id: int) -> HotspotSurface:
    """Return the surface of a run that the caller has seen.

    Raises
    ------
    NotFoundError
        If its method has none.
    """
    found = session.get(HotspotSurface, run_id)
    if found is None:
        raise NotFoundError(Message("This run has no surface."))
    return found


def listed(connection: Connection, run_id: int, today: date) -> Sequence[Row[Any]]:
    """Return the table of hotspots with the cells and the cadres that answer for them today.

    Of cells outside the communities that the run looked at, neither is told.
    """
    return connection.execute(
        text("""
            SELECT f.id, f.rank, f.kind, f.count AS n, f.expected, f.p, f.score, f.place,
                   f.values, c.id AS cell_id, c.code AS cell, c.name AS cell_name,
                   u.name AS community, u.name_en AS community_en, who.cadre_id, who.cadre,
                   ST_X(at) AS lon, ST_Y(at) AS lat,
                   ST_XMin(f.geom) AS west, ST_YMin(f.geom) AS south, ST_XMax(f.geom) AS east,
                   ST_YMax(f.geom) AS north
            FROM hotspot_feature f CROSS JOIN LATERAL ST_PointOnSurface(f.geom) AS at
            JOIN hotspot_run run ON run.id = f.run_id
            LEFT JOIN cell c ON c.id = f.cell_id
                AND (run.communities IS NULL OR c.community_id = ANY(run.communities))
            LEFT JOIN unit u ON u.id = c.community_id
            LEFT JOIN LATERAL (
                SELECT d.id AS cadre_id, d.name AS cadre
                FROM assignment a JOIN cadre d ON d.id = a.cadre_id
                WHERE a.cell_id = c.id AND a.role = 'responsible' AND a.period @> :today
                ORDER BY a.id LIMIT 1
            ) who ON true
            WHERE f.run_id = :run AND f.rank IS NOT NULL ORDER BY f.rank
        """),
        {"run": run_id, "today": today},
    ).all()


def bounds(connection: Connection, run: HotspotRun) -> tuple[float, float, float, float] | None:
    """Return west, south, east and north of what a run looked at."""
    where = "true" if run.communities is None else "id = ANY(:communities)"
    row = connection.execute(
        text(f"""
            SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e)
            FROM (SELECT ST_Extent(geom) AS e FROM unit WHERE level = 'community' AND {where}) s
        """),
        {} if run.communities is None else {"communities": run.communities},
    ).one()
    return None if row[0] is None else (row[0], row[1], row[2], row[3])


def _with_state() -> Select[Any]:
    return (
        select(
            HotspotRun,
            Job.state,
            Job.progress,
            Job.message,
            Job.error,
            Job.cancel_asked,
            User.display_name.label("owner"),
            Unit.name.label("unit"),
            Unit.name_en.label("unit_en"),
        )
        .outerjoin(Unit, Unit.id == HotspotRun.unit_id)
        .outerjoin(Job, Job.id == HotspotRun.job_id)
        .outerjoin(User, User.id == HotspotRun.owner_id)
    )


def _filtered(statement: Select[Any], actor: Actor, wanted: Filter) -> Select[Any]:
    statement = statement.where(visible(actor))
    for word in wanted.words.replace("·", " ").split():
        statement = statement.where(_called(wanted).icontains(word, autoescape=True))
    if wanted.on_map:
        with_map = ~HotspotRun.summary.has_key("peaks")
        statement = statement.where(HotspotRun.finished_at.is_not(None), with_map)
    if wanted.analysis:
        statement = statement.where(HotspotRun.analysis == wanted.analysis)
    if wanted.mine:
        statement = statement.where(HotspotRun.owner_id == actor.user_id)
    return statement


def _called(wanted: Filter) -> ColumnElement[str]:
    """Return all that a list calls a run: its name, its analysis, and its categories."""
    title = case(dict(wanted.titles), value=HotspotRun.analysis, else_=HotspotRun.analysis)
    categories = (
        select(func.string_agg(Category.name + " " + func.coalesce(Category.name_en, ""), " "))
        .where(Category.code == func.any(HotspotRun.categories))
        .scalar_subquery()
    )
    about = func.coalesce(categories, wanted.everything)
    return func.concat_ws(" ", HotspotRun.name, title, about)


def found_rows(connection: Connection, run_id: int) -> Sequence[Row[Any]]:
    """Return all that a run found as a file holds it, the listed first.

    Returns
    -------
    sequence of rows
        ``rank``, ``kind``, ``count``, ``expected``, ``p``, ``score``, ``place``,
        ``cell`` (its code) and ``shape`` (WKB in EPSG:4326).
    """
    return connection.execute(
        text("""
            SELECT f.rank, f.kind, f.count, f.expected, f.p, f.score, f.place,
                   c.code AS cell, ST_AsBinary(f.geom) AS shape
            FROM hotspot_feature f JOIN hotspot_run run ON run.id = f.run_id
            LEFT JOIN cell c ON c.id = f.cell_id
                AND (run.communities IS NULL OR c.community_id = ANY(run.communities))
            WHERE f.run_id = :run ORDER BY f.rank NULLS LAST, f.id
        """),
        {"run": run_id},
    ).all()


def outlines(connection: Connection, run: HotspotRun) -> Sequence[bytes]:
    """Return the outlines of the communities that a run looked at, as WKB in EPSG:4326."""
    where = "true" if run.communities is None else "id = ANY(:communities)"
    rows = connection.execute(
        text(f"SELECT ST_AsBinary(geom) FROM unit WHERE level = 'community' AND {where}"),
        {} if run.communities is None else {"communities": run.communities},
    ).scalars()
    return [bytes(row) for row in rows if row is not None]
