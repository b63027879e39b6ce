"""The tree of categories, and the kinds that reports tell of by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from gridmap.reports.documents.compose.matter import named
from gridmap.reports.documents.compose.prose import Both


@dataclass(frozen=True)
class Category:
    """A category with its place in the tree; ``depth`` is 0 at the top."""

    id: int
    code: str
    name: Both
    parent_id: int | None
    depth: int


@dataclass(frozen=True)
class Kind:
    """Categories that a report tells of together, wherever in the tree they are.

    A category belongs to it if its own name, or that of a category above it, says so. So the rule
    holds in every town's tree, and the report lists which categories it found.
    """

    key: str
    name: Both
    pattern: re.Pattern[str]


DISPUTES = Kind("disputes", Both("矛盾纠纷", "disputes"), re.compile(r"纠纷|\bdisputes?\b", re.I))
THEFTS = Kind(
    "thefts",
    Both("盗窃", "thefts"),
    re.compile(r"盗窃|偷窃|\bthefts?\b|\bburglar(y|ies)\b|\blarceny\b|\bstolen\b", re.I),
)


@dataclass(frozen=True)
class Tree:
    """All categories by id, parents before children, by code."""

    nodes: Mapping[int, Category]

    def below(self, category_id: int) -> list[int]:
        """Return a category and all below it."""
        return [each for each in self.nodes if category_id in self.path(each)]

    def path(self, category_id: int) -> list[int]:
        """Return a category and all above it, upwards."""
        found: list[int] = []
        at: int | None = category_id
        while at is not None:
            found.append(at)
            at = self.nodes[at].parent_id
        return found

    def children(self, category_id: int | None) -> list[Category]:
        """Return the categories right below one, or those on top."""
        return [node for node in self.nodes.values() if node.parent_id == category_id]

    def of_kind(self, kind: Kind) -> list[Category]:
        """Return the categories of a kind."""
        return [
            node
            for node in self.nodes.values()
            if any(
                kind.pattern.search(name)
                for at in self.path(node.id)
                for name in self.nodes[at].name
            )
        ]

    def summed(self, counts: Mapping[int, int]) -> dict[int, int]:
        """Add counts of categories to those above them."""
        sums: dict[int, int] = {}
        for category_id, n in counts.items():
            for at in self.path(category_id):
                sums[at] = sums.get(at, 0) + n
        return sums


def tops(categories: Sequence[Category]) -> list[Category]:
    """Return those of the categories that have none of the others above them."""
    ids = {category.id for category in categories}
    return [category for category in categories if category.parent_id not in ids]


def read_tree(connection: Connection) -> Tree:
    """Read the tree of categories."""
    rows = connection.execute(
        text("""
            WITH RECURSIVE tree AS (
                SELECT id, code, name, name_en, parent_id, 0 AS depth, ARRAY[code] AS path
                FROM category WHERE parent_id IS NULL
                UNION ALL
                SELECT k.id, k.code, k.name, k.name_en, k.parent_id, depth + 1, path || k.code
                FROM category k JOIN tree ON k.parent_id = tree.id
            ) SELECT id, code, name, name_en, parent_id, depth FROM tree ORDER BY path
        """)
    )
    return Tree(
        {row.id: Category(row.id, row.code, named(row), row.parent_id, row.depth) for row in rows}
    )
