"""The printed sheet of a route through real streets, with their names in Chinese."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from flask import Flask
from geoalchemy2.shape import from_shape
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.patrols.models import PatrolRoute
from gridmap.patrols.network import Mode
from gridmap.patrols.streets.tracing import Waypoint, trace_on
from tests.gridmap.patrols.test_real_streets import TOWNS, town
from tests.webui.conftest import signed_in


@pytest.mark.parametrize("name", [name for name in TOWNS if name == "tsinghua"])
def test_the_sheet_names_the_streets_of_tsinghua_in_order(app: Flask, name: str) -> None:
    _, streets, placed = town(name)
    named = np.flatnonzero((streets.name != "") & (streets.component == 0))
    middles = shapely.line_interpolate_point(streets.lines[named], 0.5, normalized=True)
    ends = [middles[choose(shapely.get_x(middles))] for choose in (np.argmin, np.argmax)]
    leg = trace_on(placed, [Waypoint(end.x, end.y) for end in ends], Mode.FOOT).legs[0]
    assert len(leg.streets) > 2
    clicks = [
        {"lon": end.x, "lat": end.y, "free": False, "end": n * (len(leg.coordinates) - 1),
         "streets": list(leg.streets) if n else []}
        for n, end in enumerate(ends)
    ]  # fmt: skip
    with Session(app.extensions["gridmap.engine"]) as session, session.begin():
        unit = session.execute(
            text("SELECT unit_id FROM user_area a JOIN app_user u ON u.id = a.user_id "
                 "WHERE u.login = 'planner' LIMIT 1")
        ).scalar_one()  # fmt: skip
        route = PatrolRoute(
            name="清华园", unit_id=unit, waypoints=clicks, length_m=leg.length_m,
            moving_s=leg.seconds, geom=from_shape(shapely.LineString(leg.coordinates), srid=4326),
        )  # fmt: skip
        session.add(route)
        session.flush()
        number = route.id
    try:
        page = signed_in(app, "planner").get(f"/patrols/{number}/print").text
    finally:
        with app.extensions["gridmap.engine"].begin() as connection:
            connection.execute(text("DELETE FROM patrol_route WHERE id = :id"), {"id": number})
    listed = [page.find(f"<li>{each}</li>") for each in leg.streets]
    assert min(listed) > 0
    assert listed[0] == min(listed)
