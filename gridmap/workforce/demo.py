"""Staff for the demo town: made-up cadres, teams, assignments, and a user for each role."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from gridmap.workforce.accounts import create_user
from gridmap.workforce.models import Absence, Assignment, AssignmentAct, Cadre, Team, TeamMember
from gridmap.workforce.rights import SYSTEM, Role

SOURCE = "demo"
#: Every demo user's password. No code but the demo's makes these users.
PASSWORD = "walk-the-grid"  # noqa: S105
USERS = {
    "admin": Role.ADMINISTRATOR,
    "supervisor": Role.SUPERVISOR,
    "planner": Role.PLANNER,
    "analyst": Role.ANALYST,
    "cadre": Role.CADRE,
}
_NAMES = {
    "admin": "系统管理员", "supervisor": "综治中心主任", "planner": "巡防专员",
    "analyst": "数据分析员",
}  # fmt: skip

_SURNAMES = list("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕")
_GIVEN = list("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉萍红鹏辉建国志文晓春兰梅云海燕宁")
_SKILLS = ["调解", "急救", "消防", "电动车管理", "出租房管理", "反诈宣传", "信息录入", "应急"]
_LANGUAGES = ["普通话", "方言", "English", "手语"]
_BEGIN, _CHANGE = date(2024, 1, 1), date(2025, 7, 1)
_TEAM_SIZE, _VOLUNTEERS, _VOLUNTEER_TEAMS = 8, 130, 10
# One cell in so many has nobody, as in real towns.
_WITHOUT = 17

_CELLS = """
    SELECT c.id, c.community_id, c.valid_from, coalesce(sum(n.households), 0)::bigint AS households
    FROM cell c LEFT JOIN people_count n ON n.cell_id = c.id
    WHERE c.valid_to IS NULL AND c.kind <> 'micro' GROUP BY c.id ORDER BY c.code
"""


def load_staff(session: Session, seed: int, community: str, today: date) -> bool:
    """Give the demo town its staff, unless it has some.

    Every community gets as many cadres as its households ask for, and a patrol team of a captain
    and seven members. The community named also gets ten teams of 130 volunteers.

    Parameters
    ----------
    session : Session
        Of a database with the demo town in it.
    seed : int
        Another number gives other names.
    community : str
        The code of the community with volunteers; the demo users work in its town.
    today : date
        One cadre is away on this day.

    Returns
    -------
    bool
        Whether there was none.
    """
    if session.scalar(select(Cadre.id).limit(1)) is not None:
        return False
    rng = np.random.default_rng([seed, 2026])
    cells = pd.DataFrame(session.execute(text(_CELLS)).mappings().all())
    target = cells["community_id"].map(
        {unit: rng.integers(330, 560) for unit in cells["community_id"].unique()}
    )
    # Neighbours by number go to one cadre until he has enough households.
    before = cells.groupby("community_id")["households"].cumsum() - cells["households"]
    cells["bucket"] = (before // target).astype(int)
    cells["bucket"] = cells.groupby("community_id")["bucket"].rank(method="dense").astype(int) - 1
    counts = cells.groupby("community_id")["bucket"].max() + 1
    home = _unit_id(session, community)
    staff = _add_cadres(session, rng, counts, home)
    _add_teams(session, staff, home)
    _add_assignments(session, cells, staff)
    regular = staff[staff["kind"] == "full_time"]
    at_home = regular.loc[regular["unit_id"] == home, "id"].tolist()
    # The demo's cadre has tasks of his own, and stands in for another.
    for substitute, absent in pairwise(at_home[:2]):
        session.add(
            Absence(
                cadre_id=absent, substitute_id=substitute, starts=today,
                ends=today + timedelta(days=7), note="年休假",
            )
        )  # fmt: skip
    _add_users(session, community, int(at_home[0]))
    session.flush()
    return True


def _add_cadres(
    session: Session, rng: np.random.Generator, counts: pd.Series[int], home: int
) -> pd.DataFrame:
    """Store the cadres and volunteers; returns ``id``, ``unit_id``, ``kind``, ``nth``."""
    parts = []
    for unit, count in counts.items():
        parts.append(pd.DataFrame({"unit_id": unit, "kind": "full_time", "nth": range(count)}))
        parts.append(
            pd.DataFrame({"unit_id": unit, "kind": "part_time", "nth": range(_TEAM_SIZE - 1)})
        )
    parts.append(pd.DataFrame({"unit_id": home, "kind": "volunteer", "nth": range(_VOLUNTEERS)}))
    staff = pd.concat(parts, ignore_index=True)
    n = len(staff)
    surnames, given = rng.choice(_SURNAMES, n), rng.choice(_GIVEN, (n, 2))
    short = rng.random(n) < 0.25
    skills = rng.random((n, len(_SKILLS))) < 0.25
    languages = rng.random((n, len(_LANGUAGES))) < [1, 0.4, 0.06, 0.02]
    rows = [
        {
            "name": surnames[i] + given[i, 0] + ("" if short[i] else given[i, 1]),
            # No number in China begins with 100.
            "phone": f"100{i:08d}",
            "kind": kind,
            "unit_id": unit,
            "skills": [skill for skill, has in zip(_SKILLS, skills[i], strict=True) if has],
            "languages": [word for word, has in zip(_LANGUAGES, languages[i], strict=True) if has],
            "source": SOURCE,
            "external_id": f"WG{i + 1:05d}",
        }
        for i, (unit, kind) in enumerate(
            zip(staff["unit_id"].tolist(), staff["kind"].tolist(), strict=True)
        )
    ]
    added = session.scalars(insert(Cadre).returning(Cadre.id, sort_by_parameter_order=True), rows)
    return staff.assign(id=list(added))


def _add_teams(session: Session, staff: pd.DataFrame, home: int) -> None:
    names: dict[int, str] = {
        row.id: row.name for row in session.execute(text("SELECT id, name FROM unit"))
    }
    teams: list[tuple[dict[str, object], list[int]]] = []
    for unit, people in staff[staff["kind"] != "volunteer"].groupby("unit_id"):
        captain = people.loc[people["kind"] == "full_time", "id"].iloc[:1].tolist()
        members = people.loc[people["kind"] == "part_time", "id"].tolist()
        name = f"{names[int(str(unit))]}巡防队"
        teams.append(({"name": name, "kind": "patrol", "unit_id": unit}, captain + members))
    volunteers = staff.loc[staff["kind"] == "volunteer", "id"].to_numpy()
    for number, part in enumerate(np.array_split(volunteers, _VOLUNTEER_TEAMS), start=1):
        name = f"{names[home]}志愿服务{number}队"
        teams.append(({"name": name, "kind": "volunteer", "unit_id": home}, part.tolist()))
    ids = session.scalars(
        insert(Team).returning(Team.id, sort_by_parameter_order=True), [team for team, _ in teams]
    )
    session.execute(
        insert(TeamMember),
        [
            {"team_id": team, "cadre_id": cadre, "captain": number == 0}
            for team, (_, members) in zip(ids, teams, strict=True)
            for number, cadre in enumerate(members)
        ],
    )


def _add_assignments(session: Session, cells: pd.DataFrame, staff: pd.DataFrame) -> None:
    """Give most cells a responsible cadre and a deputy, some of them another one before."""
    regular = staff[staff["kind"] == "full_time"].set_index(["unit_id", "nth"])["id"]
    count = regular.groupby("unit_id").size()
    unit, bucket = cells["community_id"], cells["bucket"]
    number = np.arange(len(cells))
    following = (bucket + 1) % unit.map(count)
    now = regular.loc[list(zip(unit, bucket, strict=True))].to_numpy()
    second = regular.loc[list(zip(unit, following, strict=True))].to_numpy()
    rows: list[dict[str, object]] = []
    for i in np.flatnonzero(number % _WITHOUT != _WITHOUT - 1):
        cell, start = int(cells["id"].iloc[i]), cells["valid_from"].iloc[i]
        starts = start if isinstance(start, date) else _BEGIN
        if second[i] != now[i]:
            rows.append(_row(cell, second[i], "deputy", starts, None))
            if i % 5 == 0 and starts < _CHANGE:
                rows.append(_row(cell, second[i], "responsible", starts, _CHANGE))
                starts = _CHANGE
        rows.append(_row(cell, now[i], "responsible", starts, None))
    act = AssignmentAct(user_name=SYSTEM.name, kind="direct")
    session.add(act)
    session.flush()
    setting = text("SELECT set_config('gridmap.assignment_act', :act, true)")
    session.execute(setting, {"act": str(act.id)})
    session.execute(insert(Assignment), rows)
    session.execute(setting, {"act": ""})


def _row(cell: int, cadre: int, role: str, starts: date, ends: date | None) -> dict[str, object]:
    return {
        "cell_id": cell, "cadre_id": int(cadre), "role": role, "starts": starts, "ends": ends
    }  # fmt: skip


def _add_users(session: Session, community: str, cadre_id: int) -> None:
    unit = _unit_id(session, community)
    town = session.scalar(text("SELECT parent_id FROM unit WHERE id = :id"), {"id": unit})
    cadre = session.get_one(Cadre, cadre_id)
    areas = {Role.ADMINISTRATOR: [], Role.CADRE: [unit]}
    for login, role in USERS.items():
        user, _ = create_user(
            session, SYSTEM, login, _NAMES.get(login, cadre.name), role,
            areas=areas.get(role, [town]), password=PASSWORD,
        )  # fmt: skip
        if role is Role.CADRE:
            cadre.user_id = user.id


def _unit_id(session: Session, code: str) -> int:
    return int(session.execute(text("SELECT id FROM unit WHERE code = :code"), {"code": code})
               .scalar_one())  # fmt: skip
