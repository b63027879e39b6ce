"""Counts an evaluation and keeps what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import get_args

import pandas as pd
from psycopg import Connection
from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from gridmap.incidents.statistics import Span
from gridmap.reports.evaluation.models import GROUPS, Evaluation, EvaluationMember
from gridmap.reports.evaluation.scoring import due_of, scored
from gridmap.reports.evaluation.weights import current, find_weights, parts_of
from gridmap.reports.measures import Group, measured
from gridmap.territory.scope import Scope

_NAMES: dict[Group, str] = {
    "cell": "SELECT id, community_id AS unit_id, code, name, NULL AS name_en FROM cell",
    "cadre": "SELECT id, unit_id, '' AS code, name, NULL AS name_en FROM cadre",
    "team": "SELECT id, unit_id, '' AS code, name, NULL AS name_en FROM team",
    "community": "SELECT id, id AS unit_id, code, name, name_en FROM unit",
    "town": "SELECT id, id AS unit_id, code, name, name_en FROM unit",
    "department": "SELECT id, CAST(:unit AS bigint) AS unit_id, '' AS code, name, name_en "
    "FROM department",
}
_COLUMNS = (
    "evaluation_id", "grp", "member_id", "unit_id", "code", "name", "name_en", "due", "score",
    "weight", "rank", "parts",
)  # fmt: skip


def communities_of(session: Session, unit_id: int) -> tuple[int, ...]:
    """Return the ids of the communities of a unit; itself if it is one."""
    rows = session.scalars(
        text("""
            WITH RECURSIVE below AS (
                SELECT id, level FROM unit WHERE id = :unit
                UNION ALL SELECT u.id, u.level FROM unit u JOIN below b ON u.parent_id = b.id
            ) SELECT id FROM below WHERE level = 'community' ORDER BY id
        """),
        {"unit": unit_id},
    )
    return tuple(rows)


def fill(
    session: Session, evaluation: Evaluation, tell: Callable[[float], None] = lambda _: None
) -> None:
    """Count all groups of an evaluation anew, as of now, with the newest weights, and keep them.

    Parameters
    ----------
    session : Session
    evaluation : Evaluation
        Not a published one.
    tell : callable, optional
        Is told the share of the work that is done.
    """
    # Together with the scores, so that a count that fails leaves no scores under other weights.
    evaluation.weights_id = current(session).id
    session.execute(delete(EvaluationMember).where(EvaluationMember.evaluation_id == evaluation.id))
    scope = Scope(communities_of(session, evaluation.unit_id))
    for number, group in enumerate(get_args(Group)):
        if group in GROUPS:
            _store(session, evaluation, group, counted(session, evaluation, group, scope))
        tell((number + 1) / len(get_args(Group)))
    evaluation.counted_at = datetime.now(UTC)
    session.flush()


def counted(session: Session, evaluation: Evaluation, group: Group, scope: Scope) -> pd.DataFrame:
    """Return the scores of a group's members, see `scoring.scored`."""
    version = find_weights(session, evaluation.weights_id)
    parts = parts_of(version, group)
    span = Span(evaluation.first, evaluation.last)
    found = measured(session, [due_of(group), *parts], span, group, scope)
    return scored(found, parts, version.few, group)


def _store(session: Session, evaluation: Evaluation, group: Group, made: pd.DataFrame) -> None:
    rows = session.execute(
        text(f"SELECT * FROM ({_NAMES[group]}) AS named WHERE id = ANY(:ids)"),
        {"ids": made["member"].tolist(), "unit": evaluation.unit_id},
    )
    names = {row.id: row for row in rows}
    raw = session.connection().connection.driver_connection
    assert isinstance(raw, Connection)  # noqa: S101 - For the type checker.
    statement = f"COPY evaluation_member ({', '.join(_COLUMNS)}) FROM STDIN"
    columns = zip(
        *(made[name].tolist() for name in ("member", "due", "weight", "parts")),
        _texts(made["score"]), _texts(made["rank"]), strict=True,
    )  # fmt: skip
    with raw.cursor() as cursor, cursor.copy(statement) as copy:
        for member, due, weight, parts, score, rank in columns:
            named = names[member]
            copy.write_row(
                (
                    evaluation.id, group, member, named.unit_id, named.code, named.name,
                    named.name_en, due, score and _decimal(int(score)), weight, rank,
                    json.dumps(parts),
                )
            )  # fmt: skip


def _texts(numbers: pd.Series[int]) -> list[str | None]:
    return [None if missing else str(n) for n, missing in zip(numbers, numbers.isna(), strict=True)]


def _decimal(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"
