"""The demo town's staff, and users made on the command line."""

from __future__ import annotations

from datetime import date

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, func, select

from gridmap.cli import cli
from gridmap.db import make_sessions
from gridmap.demo import load
from gridmap.workforce.demo import PASSWORD, USERS
from gridmap.workforce.models import Assignment, Cadre, Team, TeamMember, User
from gridmap.workforce.responsibility import uncovered
from gridmap.workforce.rights import SYSTEM, Role
from gridmap.workforce.sign_in import sign_in
from gridmap.workforce.workload import Band, workload

TODAY = date(2026, 3, 1)


def test_the_demo_town_has_its_staff(demo_town: Engine) -> None:
    with make_sessions(demo_town).begin() as session:
        volunteers = select(func.count()).where(Cadre.kind == "volunteer")
        assert session.scalar(volunteers) == 130
        teams = dict(session.execute(select(Team.kind, func.count()).group_by(Team.kind)).all())
        assert teams == {"patrol": 2, "volunteer": 10}
        sizes = session.execute(
            select(func.count(), func.count().filter(TeamMember.captain), Team.kind)
            .join(Team, Team.id == TeamMember.team_id)
            .group_by(Team.id, Team.kind)
        ).all()
        assert {tuple(row) for row in sizes} == {(8, 1, "patrol"), (13, 1, "volunteer")}
        loads = workload(session, SYSTEM, TODAY)
        assert {load.band for load in loads if load.cells} >= {Band.WITHIN}
        held = sum(load.cells for load in loads)
        free = len(uncovered(session, SYSTEM, TODAY))
        assert held > 10 * free
        for login, role in USERS.items():
            actor = sign_in(session, login, PASSWORD).actor
            assert actor is not None
            assert actor.role is role
            assert (actor.units is None) == (role is Role.ADMINISTRATOR)
            assert actor.scope.communities != ()
        answers = (
            select(func.count(Assignment.id))
            .join(Cadre, Cadre.id == Assignment.cadre_id)
            .join(User, User.id == Cadre.user_id)
            .where(User.login == "cadre", Assignment.role == "responsible")
        )
        assert (session.scalar(answers) or 0) > 0


def test_a_town_from_before_gets_its_staff_once(
    own_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = make_sessions(own_engine)

    def count() -> int | None:
        with sessions.begin() as session:
            return session.scalar(select(func.count()).select_from(Cadre))

    with monkeypatch.context() as before:
        before.setattr("gridmap.demo.load_staff", lambda *arguments: False)
        assert load(own_engine, "small", 7)
    assert count() == 0
    assert not load(own_engine, "small", 7)
    first = count()
    assert first
    assert not load(own_engine, "small", 7)
    assert count() == first


@pytest.fixture
def run(own_database_url: str, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.setenv("GRIDMAP_DATABASE_URL", own_database_url)
    monkeypatch.setenv("GRIDMAP_LANG", "en")

    def call(*arguments: str, typed: str = "") -> Result:
        return CliRunner().invoke(cli, arguments, input=typed)

    return call


def test_the_first_administrator_is_made_on_the_command_line(run, own_engine: Engine) -> None:  # type: ignore[no-untyped-def]
    weak = run("user", "add", "boss", typed="1234567890\n")
    assert weak.exit_code == 1
    assert "first that are tried" in weak.output
    made = run("user", "add", "Boss", "--name", "老板", typed="seven-quiet-bridges\n")
    assert made.output == "Made the user boss.\n"
    assert run("user", "add", "boss", typed="seven-quiet-bridges\n").exit_code == 1
    with make_sessions(own_engine).begin() as session:
        actor = sign_in(session, "boss", "seven-quiet-bridges").actor
        assert actor is not None
        assert (actor.role, actor.name) == (Role.ADMINISTRATOR, "老板")
    told = run("user", "reset", "boss", "--one-time").output
    one_time = told.rsplit(" ", 1)[1].strip()
    with make_sessions(own_engine).begin() as session:
        assert sign_in(session, "boss", "seven-quiet-bridges").actor is None
        actor = sign_in(session, "boss", one_time).actor
        assert actor is not None
        assert actor.must_change_password
    unknown = run("user", "reset", "nobody", typed="seven-quiet-bridges\n")
    assert "There is no user nobody." in unknown.output
    wrong = run("user", "add", "x1", "--role", "analyst", "--area", "1", "--one-time")
    assert "There is no unit with the code 1." in wrong.output
