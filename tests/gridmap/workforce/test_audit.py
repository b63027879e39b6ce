"""The audit log stays as it was written, and is read page by page."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from gridmap.errors import ForbiddenError
from gridmap.workforce import audit
from gridmap.workforce.models import AuditEntry
from gridmap.workforce.rights import SYSTEM, Actor, Role
from tests.gridmap.workforce.conftest import Office


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_log SET act = 'nothing'", "DELETE FROM audit_log", "TRUNCATE audit_log"],
)
def test_nobody_changes_the_log(office: Office, statement: str) -> None:
    with (
        pytest.raises(DBAPIError, match="audit_log is append-only"),
        office.session.begin_nested(),
    ):
        office.session.execute(text(statement))
    assert office.session.scalar(select(AuditEntry.id).limit(1)) is not None


def test_the_owner_is_refused_too(office: Office) -> None:
    owner = office.session.scalar(
        text("SELECT tableowner = current_user FROM pg_tables WHERE tablename = 'audit_log'")
    )
    assert owner


def test_pages_follow_each_other_without_gap(office: Office) -> None:
    for number in range(7):
        audit.record(office.session, SYSTEM, "export", ("incident", None), after={"n": number})
    wanted = audit.Wanted(act="export")
    seen: list[int] = []
    end: audit.Place | None = None
    while True:
        entries, end = audit.page(office.session, SYSTEM, wanted, after=end, limit=3)
        seen += [entry.after["n"] for entry in entries if entry.after]
        if end is None:
            break
    assert seen == [6, 5, 4, 3, 2, 1, 0]


def test_entries_are_found_by_person_subject_and_period(office: Office) -> None:
    session = office.session
    boss = office.user("boss", Role.ADMINISTRATOR)
    boss = Actor(boss.user_id, "Boss", boss.role, address="10.1.2.3")
    audit.record(session, boss, "cell.redraw", ("cell", 7), {"area": 1}, {"day": date(2025, 1, 2)})
    audit.record(session, SYSTEM, "cell.redraw", ("cell", 8))

    def found(**wanted: object) -> list[tuple[str, int | None]]:
        entries, _ = audit.page(session, SYSTEM, audit.Wanted(**wanted))  # type: ignore[arg-type]
        return [(entry.user_name, entry.subject_id) for entry in entries]

    assert found(user_id=boss.user_id) == [("Boss", 7)]
    assert found(subject="cell") == [("gridmap", 8), ("Boss", 7)]
    assert found(subject="cell", subject_id=7) == [("Boss", 7)]
    [entry] = audit.page(session, SYSTEM, audit.Wanted(subject="cell", subject_id=7))[0]
    assert (entry.before, entry.after) == ({"area": 1}, {"day": "2025-01-02"})
    assert entry.address == "10.1.2.3" or str(entry.address) == "10.1.2.3"


def test_a_day_is_the_towns_day(office: Office) -> None:
    session = office.session
    session.add_all(
        # Half past midnight and half past eleven at night in Shanghai on the second of May.
        AuditEntry(user_name="t", act="time", subject="x", subject_id=n, at=at)
        for n, at in enumerate(
            [
                datetime(2025, 5, 1, 15, 59, tzinfo=UTC),
                datetime(2025, 5, 1, 16, 30, tzinfo=UTC),
                datetime(2025, 5, 2, 15, 30, tzinfo=UTC),
                datetime(2025, 5, 2, 16, 0, tzinfo=UTC),
            ]
        )
    )
    session.flush()
    day = date(2025, 5, 2)
    entries, _ = audit.page(session, SYSTEM, audit.Wanted(act="time", since=day, until=day))
    assert [entry.subject_id for entry in entries] == [2, 1]


def test_only_administrators_read_it(office: Office) -> None:
    with pytest.raises(ForbiddenError):
        audit.page(office.session, office.supervisor)
