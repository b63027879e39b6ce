"""No text of a CSV file begins as a formula does, and what is no text stays as it is."""

from __future__ import annotations

from decimal import Decimal

import pytest

from geodata.files.formulas import harmless


@pytest.mark.parametrize("text", ["=1+1", "+86 571", "-2", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_text_that_begins_like_a_formula_gets_an_apostrophe(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("value", ["", "幸福社区", "3-2", Decimal(-2), -2, None])
def test_all_else_stays(value: object) -> None:
    assert harmless(value) is value
