"""Signing in: what is counted, what ends, and what a guesser learns."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select

from gridmap.db import make_sessions
from gridmap.errors import ConflictError, ForbiddenError, GridmapError, NotFoundError
from gridmap.workforce import accounts, audit, passwords
from gridmap.workforce.accounts import (
    change_password,
    change_user,
    create_user,
    get_user,
    reset_password,
)
from gridmap.workforce.areas import actor_for
from gridmap.workforce.assignments import assign
from gridmap.workforce.models import AuditEntry, SignInFailure, UserSession
from gridmap.workforce.passwords import check_password
from gridmap.workforce.rights import RIGHTS, SYSTEM, Action, Role, require
from gridmap.workforce.sign_in import resume, sign_in, sign_out
from tests.gridmap.workforce.conftest import DAY, PASSWORD, Office, open_office

NOW = datetime(2025, 4, 1, 1, tzinfo=UTC)


def minutes(count: float) -> datetime:
    return NOW + timedelta(minutes=count)


def test_a_session_lives_until_idle_or_old(office: Office) -> None:
    made = sign_in(office.session, " SUN ", PASSWORD, address="10.0.0.7", now=NOW)
    assert made.token is not None
    assert made.expires_at == NOW + timedelta(hours=12)
    actor = resume(office.session, made.token, now=minutes(119))
    assert actor is not None
    assert (actor.login, actor.role) == ("sun", Role.SUPERVISOR)
    assert resume(office.session, made.token, now=minutes(238)) is not None
    assert resume(office.session, made.token, now=minutes(359)) is None
    assert resume(office.session, made.token, now=minutes(239)) is None, "it ended for good"

    made = sign_in(office.session, "sun", PASSWORD, now=NOW)
    assert made.token is not None
    for hour in range(1, 12):
        assert resume(office.session, made.token, now=minutes(hour * 60)) is not None
    assert resume(office.session, made.token, now=minutes(720)) is None


def test_only_a_hash_of_the_token_is_stored(office: Office) -> None:
    made = sign_in(office.session, "sun", PASSWORD)
    assert made.token is not None
    stored = office.session.scalars(select(UserSession.token_hash)).one()
    assert made.token.encode() not in stored
    sign_out(office.session, made.token, address="10.0.0.9")
    sign_out(office.session, made.token)
    [told] = audit.page(office.session, SYSTEM, audit.Wanted(act="sign_out"))[0]
    assert told.user_name == "Sun"
    assert str(told.address) == "10.0.0.9"
    assert resume(office.session, made.token) is None
    assert resume(office.session, "x" * 43) is None


@pytest.mark.parametrize("name", ["sun", "nobody"])
def test_names_are_locked_alike_longer_each_time(office: Office, name: str) -> None:
    def tried(moment: datetime, password: str = "wrong") -> str:  # noqa: S107
        return str(sign_in(office.session, name, password, now=moment).refusal)

    for _ in range(5):
        assert tried(NOW) == "The name or the password is wrong."
    assert tried(minutes(0.5), PASSWORD) == "Too many wrong tries. Try again in 1 minutes."
    assert tried(minutes(1)) == "The name or the password is wrong."
    assert tried(minutes(1.5)) == "Too many wrong tries. Try again in 2 minutes."
    for moment in (3, 7, 15, 30, 45):
        assert tried(minutes(moment)) == "The name or the password is wrong."
    assert tried(minutes(46)) == "Too many wrong tries. Try again in 14 minutes."
    came = sign_in(office.session, name, PASSWORD, now=minutes(60))
    assert (came.token is not None) == (name == "sun")


def test_a_success_forgets_the_failures_and_so_does_a_day(office: Office) -> None:
    for _ in range(4):
        sign_in(office.session, "sun", "wrong", now=NOW)
        sign_in(office.session, "nobody", "wrong", now=NOW)
    assert sign_in(office.session, "sun", PASSWORD, now=NOW).token
    assert office.session.scalar(select(func.count()).select_from(SignInFailure)) == 1
    assert sign_in(office.session, "sun", PASSWORD, now=NOW + timedelta(hours=25)).token
    assert office.session.scalar(select(func.count()).select_from(SignInFailure)) == 0


def test_an_unknown_name_takes_the_same_work(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    class Counting:
        def __init__(self, real: object) -> None:
            self.real = real

        def __getattr__(self, name: str) -> object:
            if name == "verify":
                checked.append(name)
            return getattr(self.real, name)

    monkeypatch.setattr(passwords, "_hasher", Counting(passwords._hasher))
    sign_in(office.session, "nobody", "wrong")
    sign_in(office.session, "sun", "wrong")
    change_user(office.session, SYSTEM, office.supervisor.user_id or 0, active=False)
    sign_in(office.session, "sun", PASSWORD)
    assert len(checked) == 3


def test_tries_at_once_are_all_counted(own_engine: Engine) -> None:
    sessions = make_sessions(own_engine)
    with sessions.begin() as session:
        open_office(session)
    refusals: list[str] = []

    def guess() -> None:
        with sessions.begin() as session:
            refusals.append(str(sign_in(session, "sun", "wrong").refusal))

    threads = [threading.Thread(target=guess) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refusals.count("The name or the password is wrong.") == 5
    with sessions.begin() as session:
        assert session.scalars(select(SignInFailure.tries)).one() == 5


def test_a_new_password_ends_other_sessions(office: Office) -> None:
    one, other = (sign_in(office.session, "sun", PASSWORD) for _ in range(2))
    assert one.token is not None
    assert other.token is not None
    new = "eight-quiet-bridges"
    with pytest.raises(ForbiddenError, match="present password is wrong"):
        change_password(office.session, office.supervisor, "guess", new)
    with pytest.raises(GridmapError, match="is the present one"):
        change_password(office.session, office.supervisor, PASSWORD, PASSWORD)
    change_password(office.session, office.supervisor, PASSWORD, new, token=one.token)
    assert resume(office.session, one.token) is not None
    assert resume(office.session, other.token) is None
    assert sign_in(office.session, "sun", PASSWORD).token is None
    assert sign_in(office.session, "sun", new).token is not None


def test_a_one_time_password_allows_nothing_but_its_change(office: Office) -> None:
    for _ in range(6):
        sign_in(office.session, "sun", "wrong")
    before = sign_in(office.session, "sun", PASSWORD)
    assert before.token is None
    one_time = reset_password(office.session, SYSTEM, office.supervisor.user_id or 0)
    made = sign_in(office.session, "sun", one_time)
    assert made.actor is not None
    assert made.actor.must_change_password
    with pytest.raises(ForbiddenError):
        assign(office.session, made.actor, office.ids("a"), office.cadres["li"], "responsible", DAY)
    change_password(office.session, made.actor, one_time, "nine-quiet-bridges")
    again = sign_in(office.session, "sun", "nine-quiet-bridges")
    assert again.actor is not None
    assert again.actor.may(Action.ASSIGN)


def test_who_is_deactivated_is_out_at_once(office: Office) -> None:
    made = sign_in(office.session, "sun", PASSWORD)
    assert made.token is not None
    change_user(office.session, SYSTEM, office.supervisor.user_id or 0, active=False)
    assert resume(office.session, made.token) is None
    assert sign_in(office.session, "sun", PASSWORD).token is None


def test_no_password_gets_into_the_log(office: Office) -> None:
    one_time = reset_password(office.session, SYSTEM, office.supervisor.user_id or 0)
    sign_in(office.session, "sun", "wrong-password-typed")
    change_password(office.session, office.supervisor, one_time, "nine-quiet-bridges")
    told = str([(e.before, e.after) for e in office.session.scalars(select(AuditEntry)).all()])
    stored = office.stored_user(office.supervisor).password_hash
    for secret in (one_time, PASSWORD, "wrong-password-typed", "nine-quiet-bridges", stored):
        assert secret not in told


@pytest.mark.parametrize(
    ("password", "login", "reason"),
    [
        ("short", "sun", "too short"),
        ("x" * 201, "sun", "too long"),
        ("wanglihua-2025", "wanglihua", "must not contain the sign-in name"),
        ("WangLiHua2025!", "wanglihua", "must not contain the sign-in name"),
        ("aaaaaaaaaaaa", "sun", "first that are tried"),
        ("1234567890", "sun", "first that are tried"),
        ("0987654321", "sun", "first that are tried"),
        ("Password123!", "sun", "first that are tried"),
        ("qwertyuiop", "sun", "first that are tried"),
        ("woaini1314520", "sun", "first that are tried"),
        ("13812345678", "sun", "first that are tried"),
        ("abc12abc12", "sun", "first that are tried"),
        ("wanggeyuan2026", "sun", "first that are tried"),
    ],
)
def test_passwords_that_would_be_guessed(password: str, login: str, reason: str) -> None:
    with pytest.raises(GridmapError, match=reason):
        check_password(password, login)


@pytest.mark.parametrize(
    "password", ["seven-quiet-bridges", "临江路上的老槐树真好看", "tR7#kq02Lmv", "7302918465x2"]
)
def test_passwords_a_person_can_live_with(password: str) -> None:
    check_password(password, "sun")


def test_a_password_may_be_typed_on_any_keyboard(office: Office) -> None:
    user, _ = create_user(
        office.session, SYSTEM, "ｌｉｕ", "刘", Role.ANALYST, areas=[office.here],
        password="cafe\u0301-am-grünen-Fluss",
    )  # fmt: skip
    assert user.login == "liu"
    assert sign_in(office.session, "LIU", "caf\u00e9-am-grünen-Fluss").token


def test_users_are_managed_by_administrators_only(office: Office) -> None:
    with pytest.raises(ForbiddenError):
        create_user(office.session, office.supervisor, "new", "新", Role.ADMINISTRATOR)
    with pytest.raises(ForbiddenError):
        change_user(office.session, office.supervisor, office.supervisor.user_id or 0, role=None)
    with pytest.raises(ForbiddenError):
        reset_password(office.session, office.supervisor, office.supervisor.user_id or 0)
    with pytest.raises(ForbiddenError):
        get_user(office.session, office.supervisor, office.supervisor.user_id or 0)


def test_users_that_cannot_be(office: Office) -> None:
    def make(login: str, role: Role = Role.ANALYST, *areas: int) -> None:
        create_user(office.session, SYSTEM, login, "新", role, areas=areas, password=PASSWORD)

    with pytest.raises(ConflictError, match="sun is taken"):
        make("Sun", Role.ANALYST, office.here)
    with pytest.raises(GridmapError, match="no spaces"):
        make("two words", Role.ANALYST, office.here)
    with pytest.raises(GridmapError, match="one unit or more"):
        make("new")
    with pytest.raises(NotFoundError):
        make("new", Role.ANALYST, 0)


def test_the_last_administrator_stays(office: Office) -> None:
    one, other = office.user("one", Role.ADMINISTRATOR), office.user("two", Role.ADMINISTRATOR)
    change_user(office.session, one, other.user_id or 0, active=False)
    with pytest.raises(ConflictError, match="last administrator"):
        change_user(office.session, one, one.user_id or 0, role=Role.ANALYST, areas=[office.here])


def test_changes_of_users_are_told_before_and_after(office: Office) -> None:
    user_id = office.supervisor.user_id or 0
    change_user(office.session, SYSTEM, user_id, areas=[office.here, office.there])
    change_user(office.session, SYSTEM, user_id, display_name="Sun")
    entries = office.session.scalars(
        select(AuditEntry).where(AuditEntry.act == "user.change", AuditEntry.subject_id == user_id)
    ).all()
    assert [(entry.before, entry.after) for entry in entries] == [
        ({"areas": [office.here]}, {"areas": [office.here, office.there]})
    ]
    assert accounts.areas_of(office.session, user_id) == [office.here, office.there]


def test_an_area_holds_all_units_below_it(office: Office) -> None:
    town = office.user("town", Role.ANALYST, office.town)
    assert town.scope.communities == tuple(sorted([office.here, office.there]))
    assert town.units == {office.town, office.here, office.there}
    assert office.supervisor.scope.communities == (office.here,)
    assert office.user("chief", Role.ADMINISTRATOR).scope.communities is None
    nobody = office.user("none", Role.ANALYST, office.here)
    office.session.connection().exec_driver_sql(
        "DELETE FROM user_area WHERE user_id = %s", (nobody.user_id,)
    )
    assert actor_for(office.session, office.stored_user(nobody)).scope.communities == ()


def test_the_rights_of_the_roles() -> None:
    assert RIGHTS[Role.ADMINISTRATOR] == set(Action)
    assert {role for role in Role if Action.VIEW_AUDIT in RIGHTS[role]} == {Role.ADMINISTRATOR}
    assert {role for role in Role if Action.ASSIGN in RIGHTS[role]} == {
        Role.ADMINISTRATOR, Role.SUPERVISOR,
    }  # fmt: skip
    assert all(Action.VIEW_MAP in RIGHTS[role] for role in Role)
    require(SYSTEM, Action.MANAGE_USERS)
