"""What everybody may read tells of no small count, not even by subtraction."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gridmap.reports.documents.compose.bulletin import parts_of
from gridmap.reports.documents.compose.incidents import Counted
from gridmap.reports.documents.compose.kinds import Category, Tree
from gridmap.reports.documents.compose.prose import Both
from gridmap.reports.documents.compose.shield import SMALLEST, Shielded, shielded


def test_small_counts_are_told_together() -> None:
    assert shielded({"a": 12, "b": 4, "c": 3, "d": 0}) == Shielded((("a", 12),), 7)


def test_a_single_small_count_takes_the_next_greater_with_it() -> None:
    assert shielded({"a": 12, "b": 9, "c": 2}) == Shielded((("a", 12),), 11)
    assert shielded({"a": 12, "c": 2}) == Shielded((), 14)


def test_of_a_small_whole_nothing_is_told() -> None:
    assert shielded({"a": 2, "b": 1}) == Shielded((), hidden=True)
    assert shielded({}) == Shielded(())
    assert shielded({"a": 0}) == Shielded(())


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 30), max_size=8))
def test_nothing_small_can_be_told_from_what_is_shown(counts: dict[str, int]) -> None:
    found = shielded(counts)
    total = sum(counts.values())
    assert found.hidden == (0 < total < SMALLEST)
    if found.hidden:
        assert (found.shown, found.rest) == ((), 0)
        return
    assert all(n >= SMALLEST and counts[key] == n for key, n in found.shown)
    assert sum(n for _, n in found.shown) + found.rest == total
    merged = [n for key, n in counts.items() if n and key not in dict(found.shown)]
    # The rest is of several counts and not small, so that none of them is known.
    assert found.rest == 0 or (found.rest >= SMALLEST and len(merged) > 1)


def test_what_is_of_no_kind_below_is_not_told_by_subtraction() -> None:
    names = ((1, "thefts", None), (2, "e-bikes", 1), (3, "burglaries", 1))
    nodes = {n: Category(n, name, Both(name, name), above, 0) for n, name, above in names}

    def told(whole: int, bikes: int, burglaries: int) -> tuple[list[str], int]:
        counted = Counted(Tree(nodes), {1: whole, 2: bikes, 3: burglaries}, {}, frozenset())
        shown, rest = parts_of(counted, nodes[1])
        return [each.code for each in shown], rest

    assert told(13, 7, 6) == (["e-bikes", "burglaries"], 0)
    # One more is recorded as a theft without saying of what.
    assert told(14, 7, 6) == (["e-bikes"], 7)
    assert told(20, 7, 6) == (["e-bikes", "burglaries"], 7)
