"""What happened near a building; nothing links incidents to buildings, so the distance does."""

from __future__ import annotations

#: Metres from the outline of a building within which something lies near it.
NEAR_M = 50
#: The building ``:building`` as ``near``. The box is made around the building and not around what
#: is stored, so that the index serves; the distance of the few in it is that on the ellipsoid.
BUILDING = f"""(
    SELECT geom::geography AS place, ST_Expand(
        geom, {NEAR_M} / (111000 * greatest(cos(radians(ST_Y(anchor))), 0.01)), {NEAR_M} / 110000.0
    ) AS box FROM building WHERE id = :building) AS near"""  # noqa: S608 - Of constants.
#: Incidents ``t`` near it; they are few, and the fence keeps the planner to the index on place.
INCIDENTS = f"""{BUILDING} CROSS JOIN LATERAL (
    SELECT * FROM incident i WHERE i.geom && near.box
      AND ST_DWithin(i.geom::geography, near.place, {NEAR_M}) OFFSET 0) AS t"""  # noqa: S608
#: The condition that a case ``c`` lies near it.
CASE = f"""EXISTS (SELECT FROM {BUILDING} WHERE c.geom && near.box
    AND ST_DWithin(c.geom::geography, near.place, {NEAR_M}))"""
