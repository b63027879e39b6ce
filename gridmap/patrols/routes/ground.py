"""Where a line lies: whether that is the town, and whose it is."""

from __future__ import annotations

from typing import Any

import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.patrols.routes.drafts import Points
from gridmap.workforce.rights import Actor

#: A route may lead round by a neighbour's street, and outlines are drawn by different hands.
MOST_OUTSIDE = 0.1
_OUTSIDE = """
    SELECT ST_Length(line::geography), ST_Length(ST_Difference(line, town)::geography), town IS NULL
    FROM (SELECT ST_GeomFromWKB(:line, 4326) AS line) l CROSS JOIN LATERAL (
        SELECT ST_Union(ST_MakeValid(geom)) AS town FROM unit
        WHERE level = 'community' AND geom IS NOT NULL AND geom && line) t
"""
# What of a line lies in each community, the most first; a line in none has no rows.
_SHARES = """
    SELECT u.id, u.parent_id, ST_Length(ST_Intersection(u.geom, line)::geography) AS metres
    FROM unit u, (SELECT ST_GeomFromWKB(:line, 4326) AS line) l
    WHERE u.level = 'community' AND ST_Intersects(u.geom, line) ORDER BY metres DESC, u.code
"""


def wkb(line: Points) -> bytes:
    """Return a line as the database reads it."""
    return bytes(shapely.to_wkb(shapely.LineString(line)))


def check_in_town(session: Session, line: Points) -> None:
    """Refuse a line of which more than a tenth lies outside all communities.

    A database without outlines refuses none.

    Raises
    ------
    GridmapError
        Saying how much of it does.
    """
    known = session.execute(
        text("SELECT EXISTS (SELECT FROM unit WHERE level = 'community' AND geom IS NOT NULL)")
    ).scalar_one()
    if not known:
        return
    length, outside, nowhere = session.execute(text(_OUTSIDE), {"line": wkb(line)}).one()
    if nowhere:
        raise GridmapError(
            Message(
                "The line lies outside the town. Check its coordinates, and the datum of a file."
            )
        )
    if outside > MOST_OUTSIDE * length:
        raise GridmapError(
            Message(
                "{outside} m of the line's {length} m lie outside the town. Move it, or check the "
                "datum of the file it came from.",
                outside=f"{outside:,.0f}",
                length=f"{length:,.0f}",
            )
        )


def unit_of(session: Session, actor: Actor, line: Points) -> int:
    """Choose whose route a line is: its community, or what is above all that it leads through.

    Of units that the actor does not see none is chosen: then it is the community of the actor's
    own in which the most of it lies.

    Raises
    ------
    GridmapError
        If it lies in none of the actor's.
    """
    rows: list[Any] = list(session.execute(text(_SHARES), {"line": wkb(line)}).all())
    total = sum(row.metres for row in rows)
    own = [row for row in rows if actor.sees_unit(row.id)]
    if not own:
        raise GridmapError(Message("The line lies outside your area."))
    # A corner that is cut makes no route of two communities.
    if own[0].metres >= 0.9 * total:
        return int(own[0].id)
    parents = {row.parent_id for row in rows if row.metres >= 0.1 * total}
    parent = parents.pop() if len(parents) == 1 else None
    if parent is not None and actor.sees_unit(parent):
        return int(parent)
    county = session.execute(
        text("SELECT parent_id FROM unit WHERE id = :id"), {"id": rows[0].parent_id}
    ).scalar_one_or_none()
    if parent is None and county is not None and actor.sees_unit(county):
        return int(county)
    return int(own[0].id)


def length_of(session: Session, line: Points) -> float:
    """Return the length of a line in metres, on the ellipsoid."""
    found: float = session.execute(
        text("SELECT ST_Length(ST_GeomFromWKB(:line, 4326)::geography)"), {"line": wkb(line)}
    ).scalar_one()
    return found
