"""Cadres and teams."""

from __future__ import annotations

from datetime import date

import pytest

from gridmap.errors import ConflictError, ForbiddenError, GridmapError, NotFoundError
from gridmap.workforce import audit
from gridmap.workforce.cadres import (
    CadreData,
    TeamData,
    add_absence,
    add_cadre,
    change_cadre,
    list_absences,
    list_cadres,
    list_teams,
    members,
    remove_absence,
    save_team,
)
from gridmap.workforce.rights import SYSTEM, Role
from tests.gridmap.workforce.conftest import Office


def test_a_cadre_is_added_and_changed(office: Office) -> None:
    data = CadreData("孙丽", office.here, "100", number="WG1", skills=["调解"])
    cadre = add_cadre(office.session, office.supervisor, data)
    changed = CadreData("孙丽", office.here, "101", number="WG1", skills=["调解", "急救"])
    change_cadre(office.session, office.supervisor, cadre.id, changed)
    [entry, _] = audit.page(
        office.session, SYSTEM, audit.Wanted(subject="cadre", subject_id=cadre.id)
    )[0]
    assert entry.before == {"phone": "100", "skills": ["调解"]}
    assert entry.after == {"phone": "101", "skills": ["调解", "急救"]}
    names = [each.name for each in list_cadres(office.session, office.supervisor)]
    assert sorted(names) == sorted(["Li", "Wang", "Zhao", "孙丽"])


def test_cadres_outside_the_area(office: Office) -> None:
    with pytest.raises(NotFoundError):
        add_cadre(office.session, office.supervisor, CadreData("孙丽", office.there))
    with pytest.raises(NotFoundError):
        change_cadre(
            office.session, office.supervisor, office.cadres["chen"],
            CadreData("Chen", office.here),
        )  # fmt: skip
    analyst = office.user("ana", Role.ANALYST, office.here)
    with pytest.raises(ForbiddenError):
        add_cadre(office.session, analyst, CadreData("孙丽", office.here))


def test_only_administrators_link_accounts(office: Office) -> None:
    user = office.user("cadre", Role.CADRE, office.here)
    data = CadreData("Wang", office.here, user_id=user.user_id)
    wang = office.cadres["wang"]
    with pytest.raises(ForbiddenError):
        change_cadre(office.session, office.supervisor, wang, data)
    change_cadre(office.session, SYSTEM, wang, data)
    changed = CadreData("Wang Wei", office.here, user_id=user.user_id)
    assert change_cadre(office.session, office.supervisor, wang, changed).name == "Wang Wei"
    with pytest.raises(ConflictError, match="has this user account"):
        change_cadre(office.session, SYSTEM, office.cadres["li"], data)


def test_a_number_is_used_once(office: Office) -> None:
    add_cadre(office.session, office.supervisor, CadreData("孙丽", office.here, number="WG1"))
    with pytest.raises(ConflictError, match="has this number"):
        add_cadre(office.session, office.supervisor, CadreData("何芳", office.here, number="WG1"))


def test_a_team_has_its_captain_among_its_members(office: Office) -> None:
    wang, li, chen = (office.cadres[name] for name in ("wang", "li", "chen"))
    with pytest.raises(GridmapError, match="captain must be a member"):
        save_team(
            office.session, office.supervisor, TeamData("一队", "patrol", office.here, [wang], li)
        )
    with pytest.raises(NotFoundError):
        save_team(
            office.session, office.supervisor, TeamData("一队", "patrol", office.here, [chen])
        )
    data = TeamData("一队", "patrol", office.here, [wang, li], li)
    team = save_team(office.session, office.supervisor, data)
    rows = members(office.session, office.supervisor, team.id)
    assert [(cadre.name, captain) for cadre, captain in rows] == [("Li", True), ("Wang", False)]
    save_team(
        office.session, office.supervisor, TeamData("一队", "patrol", office.here, [wang], wang),
        team.id,
    )  # fmt: skip
    assert len(members(office.session, office.supervisor, team.id)) == 1
    assert [each.id for each in list_teams(office.session, office.supervisor)] == [team.id]
    other = office.user("hu", Role.SUPERVISOR, office.there)
    assert list_teams(office.session, other) == []
    with pytest.raises(NotFoundError):
        members(office.session, other, team.id)
    with pytest.raises(ConflictError, match="of this name already"):
        save_team(office.session, office.supervisor, TeamData("一队", "patrol", office.here))


def test_absences(office: Office) -> None:
    may, june = date(2025, 5, 1), date(2025, 6, 1)
    wang, chen = office.cadres["wang"], office.cadres["chen"]
    with pytest.raises(GridmapError, match="for himself"):
        add_absence(office.session, office.supervisor, wang, may, june, substitute_id=wang)
    with pytest.raises(NotFoundError):
        add_absence(office.session, office.supervisor, wang, may, june, substitute_id=chen)
    absence = add_absence(office.session, office.supervisor, wang, may, june)
    assert list_absences(office.session, office.supervisor, june) == []
    assert list_absences(office.session, office.supervisor, may, june) == [absence]
    other = office.user("hu", Role.SUPERVISOR, office.there)
    with pytest.raises(NotFoundError):
        remove_absence(office.session, other, absence.id)
    remove_absence(office.session, office.supervisor, absence.id)
    assert list_absences(office.session, office.supervisor, may) == []
