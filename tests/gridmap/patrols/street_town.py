"""A town of three streets drawn by hand, with its network and a route.

The field is 4 by 2 squares of about 100 m. East Street runs along y = 1 from x = 0 to 4, in four
segments; North Lane goes up from its middle. The route is East Street from end to end, with stops
at its ends and its middle.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time

import geopandas as gpd
from geoalchemy2.shape import from_shape
from shapely.geometry import LineString
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from gridmap.patrols.models import PatrolRoute, PatrolStop, StreetSegment
from gridmap.territory.models import Cell
from tests.gridmap.conftest import add_units, point, rectangle, wkb


@dataclass
class Town:
    engine: Engine
    route_id: int
    unit_id: int
    cells: tuple[int, int]


def street(x0: float, y0: float, x1: float, y1: float) -> LineString:
    return LineString([point(x0, y0), point(x1, y1)])


def make_town(engine: Engine) -> Town:
    """Fill an empty database with the town."""
    with Session(engine) as session, session.begin():
        community = add_units(session, rectangle(0, 0, 4, 2))
        cells = []
        for number, outline in enumerate((rectangle(0, 0, 2, 2), rectangle(2, 0, 4, 2)), 1):
            cell = Cell(
                community_id=community.id, kind="basic", code=f"990001001001{number:03d}",
                geom=wkb(outline), valid_from=date(2024, 1, 1),
            )  # fmt: skip
            session.add(cell)
            session.flush()
            cells.append(cell.id)
        lines = [(x, street(x, 1, x + 1, 1), "东街", x, x + 1) for x in range(4)]
        lines.append((9, street(2, 1, 2, 2), "北巷", 2, 5))
        for key, line, name, start, end in lines:
            session.add(StreetSegment(
                key=str(key), name=name, kind="residential", start_node=start, end_node=end,
                length_m=metres(line), forward=7, backward=7, component=0,
                community_id=community.id, geom=from_shape(line, srid=4326),
            ))  # fmt: skip
        session.execute(text("UPDATE street_network SET version = 1, built_at = now()"))
        whole = street(0, 1, 4, 1)
        route = PatrolRoute(
            name="东街巡逻", unit_id=community.id, length_m=metres(whole), moving_s=300,
            geom=from_shape(whole, srid=4326),
        )  # fmt: skip
        session.add(route)
        session.flush()
        for position, x in ((1, 0.0), (2, 2.0), (3, 4.0)):
            session.add(PatrolStop(
                route_id=route.id, position=position, name=f"点{position}", dwell_min=0,
                opens=time(19), closes=time(22), geom=from_shape(point(x, 1), srid=4326),
            ))  # fmt: skip
        return Town(engine, route.id, community.id, (cells[0], cells[1]))


def metres(line: LineString) -> float:
    return float(gpd.GeoSeries([line], crs=4326).to_crs(4508).length.iloc[0])
