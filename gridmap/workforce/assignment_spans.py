"""Spans of days in which cadres hold roles in cells: cut, and placed over what is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Row, text
from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Share:
    """A task wanted in a cell for a span of days; ``ends`` is the first day after it."""

    cell_id: int
    cadre_id: int
    role: str
    starts: date
    ends: date | None


def cut(session: Session, whose: Sequence[tuple[int, int | None]], role: str, on: date) -> None:
    """End a role in cells on a day: of the cadre named, or of everybody."""
    params = {
        "cells": [cell for cell, _ in whose],
        "cadres": [cadre for _, cadre in whose],
        "role": role,
        "on": on,
    }
    match = """
        FROM unnest(CAST(:cells AS bigint[]), CAST(:cadres AS bigint[])) AS w (cell_id, cadre_id)
        WHERE a.cell_id = w.cell_id AND a.role = :role
          AND a.cadre_id = coalesce(w.cadre_id, a.cadre_id)
    """
    using = match.replace("FROM", "USING", 1)
    session.execute(text(f"DELETE FROM assignment a {using} AND a.starts >= :on"), params)  # noqa: S608
    session.execute(
        text(
            f"UPDATE assignment a SET ends = :on {match} "  # noqa: S608
            "AND a.starts < :on AND (a.ends IS NULL OR a.ends > :on)"
        ),
        params,
    )


def place(session: Session, shares: Sequence[Share]) -> None:
    """Write what is wanted, making room for it: the heart of all acts."""
    # One round for each span wanted of the same cell, role and cadre: each sees the one before.
    rounds: list[list[Share]] = []
    seen: Counter[tuple[int, str, int]] = Counter()
    for share in shares:
        key = (share.cell_id, share.role, share.cadre_id)
        if seen[key] == len(rounds):
            rounds.append([])
        rounds[seen[key]].append(share)
        seen[key] += 1
    for each in rounds:
        _place_apart(session, each)


def _place_apart(session: Session, shares: Sequence[Share]) -> None:
    """Write spans that do not touch each other.

    A row that already says it stays untouched. What stands in the way is cut at both ends.
    """
    in_the_way = _in_the_way(session, shares)
    fresh: list[Share] = []
    gone: list[int] = []
    shortened: dict[int, date] = {}
    for number, share in enumerate(shares):
        rows = in_the_way.get(number, [])
        if any(row.cadre_id == share.cadre_id and _covers(row, share) for row in rows):
            continue
        fresh.append(share)
        for row in rows:
            if share.ends is not None and (row.ends is None or row.ends > share.ends):
                fresh.append(Share(row.cell_id, row.cadre_id, row.role, share.ends, row.ends))
            if row.starts < share.starts:
                shortened[row.id] = share.starts
            else:
                gone.append(row.id)
    session.execute(text("DELETE FROM assignment WHERE id = ANY(:ids)"), {"ids": gone})
    session.execute(
        text("""
            UPDATE assignment a SET ends = s.ends
            FROM unnest(CAST(:ids AS bigint[]), CAST(:ends AS date[])) AS s (id, ends)
            WHERE a.id = s.id
        """),
        {"ids": list(shortened), "ends": list(shortened.values())},
    )
    session.execute(
        text("""
            INSERT INTO assignment (cell_id, cadre_id, role, starts, ends)
            SELECT * FROM unnest(CAST(:cells AS bigint[]), CAST(:cadres AS bigint[]),
                CAST(:roles AS text[]), CAST(:starts AS date[]), CAST(:ends AS date[]))
        """),
        _columns(fresh),
    )


def _in_the_way(
    session: Session, shares: Sequence[Share]
) -> dict[int, list[Row[tuple[int, int, int, str, date, date]]]]:
    rows = session.execute(
        text("""
            SELECT w.n - 1 AS n, a.id, a.cell_id, a.cadre_id, a.role, a.starts, a.ends
            FROM unnest(CAST(:cells AS bigint[]), CAST(:cadres AS bigint[]),
                CAST(:roles AS text[]), CAST(:starts AS date[]), CAST(:ends AS date[]))
                WITH ORDINALITY AS w (cell_id, cadre_id, role, starts, ends, n)
            JOIN assignment a ON a.cell_id = w.cell_id AND a.role = w.role
                AND a.period && daterange(w.starts, w.ends)
                AND (w.role = 'responsible' OR a.cadre_id = w.cadre_id)
        """),
        _columns(shares),
    ).all()
    found: dict[int, list[Row[tuple[int, int, int, str, date, date]]]] = {}
    for row in rows:
        found.setdefault(row.n, []).append(row)
    return found


def _covers(row: Row[tuple[int, int, int, str, date, date]], share: Share) -> bool:
    late_enough = row.ends is None or (share.ends is not None and row.ends >= share.ends)
    return bool(row.starts <= share.starts and late_enough)


def _columns(shares: Sequence[Share]) -> dict[str, list[object]]:
    return {
        "cells": [share.cell_id for share in shares],
        "cadres": [share.cadre_id for share in shares],
        "roles": [share.role for share in shares],
        "starts": [share.starts for share in shares],
        "ends": [share.ends for share in shares],
    }
