"""The units as a tree to choose from, see ``units.html``."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gridmap.workforce.user_list import UnitNode


def below(nodes: Sequence[UnitNode]) -> dict[int, list[UnitNode]]:
    """Return the units under each unit; those at the top are under 0."""
    found: dict[int, list[UnitNode]] = {}
    for node in nodes:
        found.setdefault(node.parent_id or 0, []).append(node)
    return found


def opened(nodes: Sequence[UnitNode], chosen: Collection[int]) -> set[int]:
    """Return the units whose lower ones are shown: the top, and those above the chosen."""
    parents = {node.id: node.parent_id for node in nodes}
    found = {node.id for node in nodes if node.depth == 0}
    for unit in chosen:
        above = parents.get(unit)
        while above is not None:
            found.add(above)
            above = parents[above]
    return found
