"""Incidents counted by category, see `gridmap.incidents.statistics`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from gridmap.incidents.models import COARSEST_BINS
from gridmap.incidents.statistics import MONTHS, TWO, Question, Rows, Span, Spans


def by_leaf(connection: Connection, question: Question, before: Span) -> Rows:
    """Count for each category without those below it, in a span and one that lies before it.

    Returns
    -------
    sequence of rows
        ``category_id``, ``n`` and ``before``.
    """
    counted, values = _counted(question, before)
    statement = f"""
        SELECT category_id, sum(n)::integer AS n, sum(before)::integer AS before
        FROM ({counted}) c GROUP BY category_id
        HAVING sum(n) > 0 OR sum(before) > 0 ORDER BY category_id
    """  # noqa: S608
    return connection.execute(text(statement), values).all()


def by_category(connection: Connection, question: Question, before: Span) -> Rows:
    """Count for each top category with all below it, as `by_cell`.

    Returns
    -------
    sequence of rows
        ``code``, ``name``, ``name_en``, ``n`` and ``before``; the most frequent first.
    """
    counted, values = _counted(question, before)
    statement = f"""
        WITH RECURSIVE tree AS (
            SELECT id, id AS top FROM category WHERE parent_id IS NULL
            UNION ALL SELECT k.id, tree.top FROM category k JOIN tree ON k.parent_id = tree.id
        )
        SELECT k.code, k.name, k.name_en, sum(c.n)::integer AS n, sum(c.before)::integer AS before
        FROM ({counted}) c JOIN tree ON tree.id = c.category_id JOIN category k ON k.id = tree.top
        GROUP BY k.id HAVING sum(c.n) > 0 OR sum(c.before) > 0 ORDER BY n DESC, k.code
    """  # noqa: S608
    return connection.execute(text(statement), values).all()


def _counted(question: Question, before: Span) -> tuple[str, dict[str, Any]]:
    """Return the statement that counts by category, in parts to be added up, and its values."""
    if question.scope.communities is None and question.cells is None:
        of = Spans.of(question, before)
        months = f"""
            SELECT t.category_id, {of.months} FROM incident_bin t JOIN {MONTHS} USING (year)
            WHERE t.level = {COARSEST_BINS} AND t.category_id <> 0 GROUP BY t.category_id"""  # noqa: S608
        edges = [f"SELECT t.category_id, {edge} GROUP BY t.category_id" for edge in of.edges]
        return " UNION ALL ".join([months, *edges]), of.values
    counted = f"SELECT t.category_id, {TWO} AND {question.condition()} GROUP BY t.category_id"
    return counted, question.values(before)
