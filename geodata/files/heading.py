"""Where the names of the columns stand: below a title, in the first row, or nowhere."""

from __future__ import annotations

import re
from collections.abc import Sequence

from geodata.messages import N_
from geodata.problems import Problems

# So many rows are looked at.
SAMPLE = 50
_MOST_TITLE_ROWS = 5
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
# A year or an hour can name a column; a longer number or one with a fraction is a value.
_LONG_NUMBER = re.compile(r"[+-]?(?:\d{5,}|\d+\.\d+)")
_DATE = re.compile(r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}.*")

Record = Sequence[str | None]


def skip_title(records: Sequence[Record], problems: Problems) -> int:
    """Return how many rows stand above the names of the columns.

    A title or a note fills less than half of the cells that the fullest row fills. It is only
    taken for one where the row below it, which then holds the names, has no numbers.

    Parameters
    ----------
    records : sequence of sequence of str or None
        The first rows of the file.
    problems : Problems
        Told of a title that is left out.
    """
    filled = [sum(1 for cell in record if cell and cell.strip()) for record in records[:SAMPLE]]
    widest = max(filled, default=0)
    first = next((row for row, count in enumerate(filled) if 2 * count >= widest), 0)
    names = [cell.strip() for cell in records[first] if cell] if records else []
    if first > _MOST_TITLE_ROWS or widest < 3 or any(_NUMBER.fullmatch(name) for name in names):
        first = 0
    # Empty rows above the names are no title, and nothing is lost with them.
    blank = next((row for row, count in enumerate(filled) if count), 0)
    if first > blank:
        problems.add(
            "title-skipped",
            N_("the names of the columns are in row {below}; what stands above is not read"),
            severity="warning",
            below=first + 1,
        )
    return max(first, blank)


def has_names(records: Sequence[Record]) -> bool:
    """Return whether the first row names the columns.

    It does not where it holds a date or a long number, and all below it in its column are dates
    or numbers too.

    Parameters
    ----------
    records : sequence of sequence of str or None
        The first rows of the file, without a title.
    """
    first, below = records[0], [record for record in records[1:SAMPLE] if any(record)]
    for column, cell in enumerate(first):
        for value, alike in ((_LONG_NUMBER, _NUMBER), (_DATE, _DATE)):
            if not cell or not value.fullmatch(cell.strip()):
                continue
            others = [record[column] for record in below if column < len(record)]
            if all(alike.fullmatch(other.strip()) for other in others if other):
                return False
    return True


def tell_no_names(problems: Problems) -> None:
    """Tell that the columns go by their numbers."""
    problems.add(
        "no-column-names",
        N_("no row names the columns; they are called column 1, column 2 ..."),
        severity="warning",
    )
