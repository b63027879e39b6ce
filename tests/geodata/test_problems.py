"""Problems held by column."""

from __future__ import annotations

import numpy as np

from geodata.messages import Message
from geodata.problems import Problems


def test_many_problems_are_counted_rendered_and_translated() -> None:
    problems = Problems()
    rows = np.arange(2, 100_002)
    problems.add_many(
        "late",
        "row {row}: {value} in {field} is after {limit}",
        rows,
        field="time",
        values=rows * 2,
        limit=7,
    )
    problems.add_many("none", "never", [])
    problems.add("file", "the file is odd", severity="warning")
    assert len(problems) == 100_001
    assert problems.counts() == {"late": 100_000, "file": 1}
    assert problems.severities() == {"error": 100_000, "warning": 1, "repaired": 0, "dropped": 0}
    assert problems.bad_rows().tolist() == rows.tolist()
    assert [str(problem.message) for problem in problems.of_file()] == ["the file is odd"]
    frame = problems.to_frame(
        lambda text: {
            "row {row}: {value} in {field} is after {limit}": "第{row}行:{field} {value} 晚 {limit}"
        }.get(text, text)
    )
    assert frame["message"][1] == "第2行:time 4 晚 7"
    first = next(iter(problems))
    assert (first.row, first.code) == (2, "late")
    assert str(first.message) == "row 2: 4 in time is after 7"


def test_a_row_with_an_error_and_a_warning_is_bad_once() -> None:
    problems = Problems()
    problems.add_many("a", "row {row}", [5, 3])
    problems.add_many("b", "row {row} too", [3])
    problems.add_many("c", "row {row} left out", [9], severity="dropped")
    assert problems.bad_rows().tolist() == [3, 5]
    assert problems.dropped_rows().tolist() == [9]
    assert problems.reasons().to_dict() == {3: "row 3; row 3 too", 5: "row 5"}


def test_an_empty_collection_gives_an_empty_frame() -> None:
    assert Problems().to_frame().empty
    assert Problems().bad_rows().size == 0
    assert Problems().reasons().empty


def test_values_that_are_sentences_are_translated_with_theirs() -> None:
    problems = Problems()
    fault = Message("crosses itself at {x}", x=3)
    problems.add_many("a", "row {row}: {value}", [2], values=np.array([fault], dtype=object))
    words = {"row {row}: {value}": "第 {row} 行：{value}", "crosses itself at {x}": "在 {x} 处自交"}
    assert problems.reasons(words.__getitem__)[2] == "第 2 行：在 3 处自交"
    assert problems.reasons()[2] == "row 2: crosses itself at 3"
