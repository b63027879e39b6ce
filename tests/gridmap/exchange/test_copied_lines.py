from __future__ import annotations

import json

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from gridmap.exchange import export
from gridmap.exchange.export import copied_lines

AWKWARD = ['"', "\\", "\\.", "a\tb", "a\nb\r\n", "\x01\x02", "50%", "O'Brien", "人民路", "", ","]


@pytest.mark.parametrize("value", AWKWARD)
def test_a_line_is_the_json_as_it_is(session: Session, value: str) -> None:
    statement = "SELECT json_build_object('v', CAST(:value AS text), '%', ':') FROM (VALUES (1)) v"
    parts = list(copied_lines(session, statement.replace("':'", "'\\:'"), {"value": value}))
    (line,) = parts[0]
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert json.loads(line) == {"v": value, "%": ":"}


def test_many_rows_come_in_parts(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "_CHUNK", 4)
    statement = "SELECT to_json(n) FROM generate_series(1, CAST(:last AS integer)) n"
    sizes = [len(part) for part in copied_lines(session, statement, {"last": 10})]
    assert sizes == [4, 4, 2]
    assert list(copied_lines(session, statement, {"last": 0})) == []


def test_who_stops_reading_can_go_on_with_the_session(session: Session) -> None:
    lines = copied_lines(session, "SELECT to_json(n) FROM generate_series(1, 100000) n", {})
    assert len(next(lines)) == 20_000
    lines.close()
    session.rollback()
    assert session.execute(text("SELECT 1")).scalar_one() == 1


def test_a_statement_that_is_given_up_is_a_fault_the_pages_know(session: Session) -> None:
    session.execute(text("SET LOCAL statement_timeout = 50"))
    with pytest.raises(OperationalError) as given_up:
        list(copied_lines(session, "SELECT to_json(pg_sleep(5)::text)", {}))
    assert getattr(given_up.value.orig, "sqlstate", None) == "57014"
