"""What a wish refers to, read from the database within the actor's area."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.hotspots.queries import find_run
from gridmap.patrols.plans.making import Ground, HotPlace, Place
from gridmap.patrols.plans.wishes import Wish
from gridmap.patrols.streets.reading import read_network
from gridmap.workforce.areas import unit_condition, unit_params
from gridmap.workforce.rights import Actor

_PLACES = """
    SELECT p.id, p.name, ST_X(p.geom), ST_Y(p.geom) FROM place p
    WHERE p.id = ANY(:ids) AND {scope}
"""
_TEAMS = "SELECT t.id, t.name FROM team t WHERE t.id = ANY(:ids) AND {units}"
_HOT = """
    SELECT f.id, coalesce(f.place, c.code, '') AS name, ST_X(at) AS lon, ST_Y(at) AS lat, f.count,
           (f.values #>> '{busiest,from}')::int, (f.values #>> '{busiest,to}')::int,
           coalesce((f.values #>> '{busiest,share}')::float8, 0)
    FROM hotspot_feature f LEFT JOIN cell c ON c.id = f.cell_id
    CROSS JOIN LATERAL ST_PointOnSurface(f.geom) AS at
    WHERE f.run_id = :run AND f.rank IS NOT NULL AND f.kind NOT LIKE 'cold%' AND f.count > 0
    ORDER BY f.count DESC, f.rank LIMIT :most
"""


def read_ground(session: Session, actor: Actor, wish: Wish) -> Ground:
    """Return what a wish refers to.

    Raises
    ------
    NotFoundError
        If a team, a place or the run does not exist or lies outside the actor's area.
    UnavailableError
        If there is no street network.
    """
    teams = _teams(session, actor, {team.team_id for team in wish.teams})
    wanted = {must.place_id for must in wish.musts}
    for team in wish.teams:
        wanted |= {each for each in (team.starts_at, team.ends_at) if each is not None}
    places = _places(session, actor, wanted)
    hot: list[HotPlace] = []
    if wish.run_id is not None:
        find_run(session, actor, wish.run_id)
        rows = session.execute(text(_HOT), {"run": wish.run_id, "most": wish.most_places})
        hot = [HotPlace(Place(*row[:4]), *row[4:]) for row in rows]
    return Ground(teams, places, hot, read_network(session))


def _teams(session: Session, actor: Actor, ids: Iterable[int]) -> dict[int, str]:
    wanted = set(ids)
    rows = session.execute(
        text(_TEAMS.format(units=unit_condition(actor, "t.unit_id"))),
        {"ids": sorted(wanted), **unit_params(actor)},
    ).all()
    found = {row.id: row.name for row in rows}
    for missing in sorted(wanted - found.keys()):
        raise NotFoundError(Message("There is no team with the id {id}.", id=missing))
    return found


def _places(session: Session, actor: Actor, ids: Iterable[int]) -> dict[int, Place]:
    wanted = set(ids)
    rows = session.execute(
        text(_PLACES.format(scope=actor.scope.condition("p.community_id"))),
        {"ids": sorted(wanted), **actor.scope.params},
    ).all()
    found = {row.id: Place(*row) for row in rows}
    for missing in sorted(wanted - found.keys()):
        raise NotFoundError(Message("There is no place with the id {id}.", id=missing))
    return found
