"""A change of settings is told once in the audit log, whoever writes and by whatever way."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from gridmap.incidents.cases.categories import change_settings
from gridmap.territory.preferences import change_setting
from gridmap.workforce import audit
from gridmap.workforce.rights import SYSTEM, Actor, Role

MEI = Actor(None, "os mei", Role.ADMINISTRATOR, address="10.0.0.7")


def entries(session: Session) -> list[tuple[Any, ...]]:
    rows = session.execute(
        text("""
            SELECT user_name, act, subject, before, after, host(address) FROM audit_log
            WHERE act LIKE 'settings.%' ORDER BY id
        """)
    )
    return [tuple(row) for row in rows]


@pytest.mark.parametrize(
    ("table", "act", "column", "value", "former"),
    [
        ("territory_settings", "settings.territory", "overlap_tolerance_m2", 2, 1),
        ("workforce_settings", "settings.workforce", "lock_after", 7, 5),
        ("case_settings", "settings.cases", "duplicate_metres", 150, 100),
    ],
)
def test_plain_sql_is_told_under_the_account_of_the_database(
    session: Session, table: str, act: str, column: str, value: int, former: int
) -> None:
    session.execute(text(f"UPDATE {table} SET {column} = {column}"))
    assert entries(session) == []
    session.execute(text(f"UPDATE {table} SET {column} = :value"), {"value": value})
    account = session.scalar(text("SELECT session_user"))
    assert entries(session) == [
        (f"sql {account}", act, table, {column: former}, {column: value}, None)
    ]
    assert audit.has_operator(session, str(account))
    found, _ = audit.page(session, SYSTEM, audit.Wanted(operator=str(account)))
    assert [entry.act for entry in found] == [act]


def test_a_service_is_told_once_and_by_name(session: Session) -> None:
    change_settings(session, MEI, duplicate_hours=24)
    change_settings(session, MEI, duplicate_hours=24)
    assert entries(session) == [
        ("os mei", "settings.cases", "case_settings", {"duplicate_hours": 72},
         {"duplicate_hours": 24}, "10.0.0.7")
    ]  # fmt: skip


def test_a_name_lasts_no_longer_than_its_transaction(own_engine: Engine) -> None:
    with Session(own_engine) as session:
        audit.say_who(session, MEI)
        change_setting(session, "outside_tolerance_m2", "3")
        session.commit()
        session.execute(text("UPDATE territory_settings SET outside_tolerance_m2 = 4"))
        session.commit()
        audit.say_who(session, MEI)
        change_setting(session, "outside_tolerance_m2", "5")
        session.rollback()
        told = entries(session)
    assert [(who.split()[0], after) for who, _, _, _, after, _ in told] == [
        ("os", {"outside_tolerance_m2": 3}),
        ("sql", {"outside_tolerance_m2": 4}),
    ]


def test_a_row_that_goes_and_comes_back_is_told_in_full(session: Session) -> None:
    session.execute(text("DELETE FROM territory_settings"))
    session.execute(text("INSERT INTO territory_settings DEFAULT VALUES"))
    whole = {"overlap_tolerance_m2": 1, "outside_tolerance_m2": 1, "time_zone": "Asia/Shanghai"}
    assert [(before, after) for _, _, _, before, after, _ in entries(session)] == [
        (whole, None),
        (None, whole),
    ]
