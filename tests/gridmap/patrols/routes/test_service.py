"""Routes are saved in versions, split, joined, copied and archived; nobody's work is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from geoalchemy2.shape import to_shape
from sqlalchemy import text
from sqlalchemy.orm import Session

from geodata.messages import GeodataError
from gridmap.errors import ConflictError, ForbiddenError, GridmapError, NotFoundError
from gridmap.patrols.models import PatrolRoute
from gridmap.patrols.routes import service
from gridmap.patrols.routes.queries import Filter, find_route, list_routes, stops_of
from gridmap.patrols.routes.versions import list_versions, read_version
from gridmap.territory.models import Unit
from gridmap.territory.scope import Scope
from gridmap.workforce.models import Cadre, Team, TeamMember, User
from gridmap.workforce.rights import SYSTEM, Actor, Role
from tests.gridmap.conftest import Field, rectangle
from tests.gridmap.patrols.routes.conftest import at, draft, stop


def names(session: Session, actor: Actor, **wanted: Any) -> list[str]:
    rows, total = list_routes(session, actor, Filter(**wanted), 1)
    assert total == len(rows)
    return [row.name for row in rows]


def test_a_route_is_stored_with_length_time_and_stops(
    session: Session, planner: Actor, field: Field, team: Team
) -> None:
    drawn = draft(
        (0.5, 1), (3.5, 1), team=team.id, mode="bicycle",
        stops=[stop(1, 1, dwell_min=15, opens="20:00", closes="06:00", must=True, name="东门"),
               stop(3, 1, kind="school_gate", dwell_min=5)],
    )  # fmt: skip
    route = service.create_route(session, planner, drawn)
    # Three steps of 0.001 degrees at 28 degrees north: 98.36 m each (Vincenty on WGS 84).
    assert route.length_m == pytest.approx(295.1, abs=0.2)
    assert route.moving_s == pytest.approx(route.length_m / 3.5)
    assert route.dwell_s == 20 * 60
    assert route.unit_id == field.community.id
    assert route.community_id == field.community.id
    stops = stops_of(session, route.id)
    assert [(each.position, each.name, each.kind, each.must) for each in stops] == [
        (1, "东门", "other", True), (2, "", "school_gate", False),
    ]  # fmt: skip
    assert f"{stops[0].opens:%H:%M}" == "20:00"
    assert [(each.number, each.stops) for each in list_versions(session, route.id)] == [(1, 2)]


def test_saving_is_a_new_version_and_stops_keep_their_ids(session: Session, planner: Actor) -> None:
    first = draft(stops=[stop(1, 1, name="甲"), stop(2, 1, name="乙")])
    route = service.create_route(session, planner, first)
    one, two = (each.id for each in stops_of(session, route.id))
    # The second comes first now, the first is gone, and there is a new one.
    second = draft(
        (0.5, 1), (2, 1.5), name="新名",
        stops=[stop(2, 1, name="乙", id=two), stop(1.5, 1, name="丙"), stop(1, 1, id=two)],
    )  # fmt: skip
    service.save_route(session, planner, route.id, second, 1)
    now = stops_of(session, route.id)
    assert [each.name for each in now] == ["乙", "丙", ""]
    assert now[0].id == two
    assert one not in {each.id for each in now}
    assert route.version == 2
    assert [each.name for each in list_versions(session, route.id)] == ["新名", "东街巡线"]
    assert len(read_version(session, route.id, 1).stops) == 2


def test_who_comes_second_is_told_and_loses_nothing(session: Session, planner: Actor) -> None:
    route = service.create_route(session, planner, draft())
    service.save_route(session, planner, route.id, draft(name="先"), 1)
    with pytest.raises(ConflictError, match=r"巡防专员 has saved this route .* version 2"):
        service.save_route(session, planner, route.id, draft(name="后"), 1)
    assert session.get_one(PatrolRoute, route.id).name == "先"


def test_a_former_version_comes_back_as_the_newest(
    session: Session, planner: Actor, team: Team
) -> None:
    route = service.create_route(
        session, planner, draft(team=team.id, stops=[stop(1, 1, name="甲")])
    )
    line = to_shape(route.geom)
    service.save_route(session, planner, route.id, draft((1, 1), (1, 2)), 1)
    team.active = False
    service.bring_back(session, planner, route.id, 1, 2)
    assert route.version == 3
    assert to_shape(route.geom).equals(line)
    assert [each.name for each in stops_of(session, route.id)] == ["甲"]
    with pytest.raises(NotFoundError, match="no version 9"):
        service.bring_back(session, planner, route.id, 9, 3)


def test_split_join_and_copy(session: Session, planner: Actor) -> None:
    whole = draft((0.5, 1), (2, 1), (3.5, 1), stops=[stop(1, 1, name="西"), stop(3, 1, name="东")])
    route = service.create_route(session, planner, whole)
    ids = [each.id for each in stops_of(session, route.id)]
    west = draft((0.5, 1), (2, 1), stops=[stop(1, 1, name="西", id=ids[0])])
    east = draft((2, 1), (3.5, 1), name="后半段", stops=[stop(3, 1, name="东", id=ids[1])])
    kept, second = service.split_route(session, planner, route.id, 1, (west, east))
    assert kept.length_m == pytest.approx(second.length_m, rel=1e-6)
    assert [each.id for each in stops_of(session, kept.id)] == ids[:1]
    assert [each.name for each in stops_of(session, second.id)] == ["东"]
    joined = service.join_routes(session, planner, kept.id, whole, 2, second.id)
    assert joined.length_m == pytest.approx(295.1, abs=0.2)
    assert second.archived_at is not None
    with pytest.raises(GridmapError, match="itself"):
        service.join_routes(session, planner, kept.id, whole, 3, kept.id)
    copy = service.copy_route(session, planner, kept.id, "副本")
    assert (copy.version, copy.length_m) == (1, kept.length_m)
    assert len(stops_of(session, copy.id)) == len(stops_of(session, kept.id)) == 2


def test_the_list_is_filtered_sorted_and_searched(
    session: Session, planner: Actor, team: Team
) -> None:
    for name, length, values in (
        ("乙线", 1, {"kind": "inner"}), ("甲线", 3, {"team": team.id}), ("50%线", 2, {}),
    ):  # fmt: skip
        service.create_route(
            session, planner, draft((0.5, 1), (0.5 + length, 1), name=name, **values)
        )
    assert names(session, planner, sort="length") == ["乙线", "50%线", "甲线"]
    assert names(session, planner, sort="length", descending=True)[0] == "甲线"
    assert names(session, planner, kind="inner") == ["乙线"]
    assert names(session, planner, team_id=team.id) == ["甲线"]
    assert names(session, planner, words="一队") == ["甲线"]
    assert names(session, planner, words="50%") == ["50%线"]
    assert names(session, planner, words="%") == ["50%线"]
    rows, _ = list_routes(session, planner, Filter(), 1)
    service.archive_route(session, planner, rows[0].id)
    assert len(names(session, planner)) == 2
    assert names(session, planner, archived=True) == [rows[0].name]
    service.restore_route(session, planner, rows[0].id)
    assert len(names(session, planner)) == 3


def test_nobody_sees_or_touches_a_foreign_route(
    session: Session, planner: Actor, other_unit: Unit
) -> None:
    foreign = service.create_route(session, SYSTEM, draft((5, 1), (7, 1)))
    assert foreign.unit_id == other_unit.id
    assert names(session, planner) == []
    for act in (
        lambda: find_route(session, planner, foreign.id),
        lambda: service.save_route(session, planner, foreign.id, draft(), 1),
        lambda: service.archive_route(session, planner, foreign.id),
        lambda: service.copy_route(session, planner, foreign.id, "x"),
        lambda: service.create_route(session, planner, draft(unit=other_unit.id)),
    ):
        with pytest.raises(NotFoundError):
            act()
    with pytest.raises(GridmapError, match="outside your area"):
        service.create_route(session, planner, draft((5, 1), (7, 1)))


def test_a_route_through_two_communities_is_the_towns(
    session: Session, planner: Actor, field: Field, other_unit: Unit
) -> None:
    through = draft((2, 1), (7, 1))
    assert service.create_route(session, SYSTEM, through).unit_id == field.community.parent_id
    # Who sees one of them alone has it in that one.
    assert service.create_route(session, planner, through).unit_id == field.community.id
    # A corner that is cut changes nothing.
    assert service.create_route(session, SYSTEM, draft((0, 1), (4.1, 1))).unit_id == (
        field.community.id
    )


@pytest.mark.parametrize(
    ("spots", "sentence"),
    [
        (((50, 50), (51, 51)), "lies outside the town"),
        (((1, 1), (1, 9)), "lie outside the town"),
    ],
)
def test_a_line_outside_the_town_is_refused(
    session: Session, planner: Actor, spots: tuple[Any, ...], sentence: str
) -> None:
    with pytest.raises(GridmapError, match=sentence):
        service.create_route(session, planner, draft(*spots))


def test_a_team_that_is_unknown_foreign_or_disbanded_is_refused(
    session: Session, planner: Actor, team: Team, other_unit: Unit
) -> None:
    foreign = Team(name="二队", kind="patrol", unit_id=other_unit.id)
    session.add(foreign)
    session.flush()
    team.active = False
    for wrong in (team.id, foreign.id, 999_999):
        with pytest.raises(GeodataError, match="no such team"):
            service.create_route(session, planner, draft(team=wrong))


def test_only_planners_write(session: Session, planner: Actor) -> None:
    route = service.create_route(session, planner, draft())
    for role in (Role.ANALYST, Role.CADRE):
        with pytest.raises(ForbiddenError):
            service.save_route(session, replace(planner, role=role), route.id, draft(), 1)


def test_a_cadre_sees_the_routes_of_the_own_teams(
    session: Session, planner: Actor, field: Field, team: Team
) -> None:
    user = User(login="walker", display_name="某", role="cadre", password_hash="-")
    session.add(user)
    session.flush()
    cadre = Cadre(name="某", unit_id=field.community.id, user_id=user.id)
    session.add(cadre)
    session.flush()
    walker = Actor(user.id, "某", Role.CADRE, Scope((field.community.id,)), planner.units)
    route = service.create_route(session, planner, draft(team=team.id))
    service.create_route(session, planner, draft(name="别队"))
    assert names(session, walker) == []
    session.add(TeamMember(team_id=team.id, cadre_id=cadre.id))
    session.flush()
    assert names(session, walker) == ["东街巡线"]
    service.archive_route(session, planner, route.id)
    with pytest.raises(NotFoundError):
        find_route(session, walker, route.id)


def test_every_act_is_in_the_log(session: Session, planner: Actor) -> None:
    route = service.create_route(session, planner, draft())
    service.save_route(session, planner, route.id, draft(name="新"), 1)
    service.archive_route(session, planner, route.id)
    service.restore_route(session, planner, route.id)
    acts = session.scalars(
        text("SELECT act FROM audit_log WHERE subject = 'patrol_route' ORDER BY id")
    ).all()
    assert acts == ["patrols.create", "patrols.change", "patrols.archive", "patrols.restore"]


def test_the_link_to_the_cell_follows_a_redraw(
    session: Session, planner: Actor, field: Field
) -> None:
    west = field.cell(1, rectangle(0, 0, 2, 2))
    route = service.create_route(session, planner, draft((0.5, 1), (3, 1)))
    assert field.cell_of(route) == west.id
    # Its middle lies at 1.75; the border moves from 2 to 1.5.
    session.execute(
        text("UPDATE cell SET geom = ST_Multi(ST_GeomFromText(:shape, 4326)) WHERE id = :id"),
        {"shape": rectangle(0, 0, 1.5, 2).wkt, "id": west.id},
    )
    assert field.cell_of(route) is None
    east = field.cell(2, rectangle(1.5, 0, 4, 2))
    assert field.cell_of(route) == east.id
    session.execute(text("DELETE FROM cell WHERE id = :id"), {"id": east.id})
    assert field.cell_of(route) is None


def test_one_click_at_a_place_is_bound_to_it(
    session: Session, planner: Actor, field: Field
) -> None:
    lon, lat = at(1, 1)
    place = session.execute(
        text("""INSERT INTO place (name, kind, geom, source)
                VALUES ('警务室', 'police_room', ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), 's')
                RETURNING id"""),
        {"lon": lon, "lat": lat},
    ).scalar_one()
    drawn = draft(stops=[stop(1, 1, place_id=place), stop(2, 1, place_id=place + 99)])
    route = service.create_route(session, planner, drawn)
    assert [each.place_id for each in stops_of(session, route.id)] == [place, None]
    session.execute(text("DELETE FROM place WHERE id = :id"), {"id": place})
    session.expire_all()
    assert [each.place_id for each in stops_of(session, route.id)] == [None, None]
