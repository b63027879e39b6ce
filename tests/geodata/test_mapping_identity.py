"""A file with identity-card numbers is refused as a whole, and nothing of it is printed."""

from __future__ import annotations

import numpy as np
import pytest

from geodata.mapping import (
    Mapping,
    apply,
)
from geodata.mapping.identity import has_check_character
from geodata.messages import GeodataError
from tests.geodata.mapping_tables import table


def identity_number(serial: int = 7) -> str:
    """A number with a right check character that belongs to nobody: its area does not exist."""
    body = f"11990019900307{serial:03d}"
    return body + next(
        end for end in "0123456789X" if has_check_character(np.array([body + end], object))[0]
    )


@pytest.mark.parametrize(
    "text", [identity_number(), f"姓名 {identity_number(12)},男", "119900900307001"]
)
def test_identity_numbers_refuse_the_whole_file_unprinted(text: str) -> None:
    raw = table({"备注": ["好", text, None]})
    with pytest.raises(GeodataError, match=r"备注.*rows 3;") as caught:
        apply(raw, Mapping(layer="incidents"))
    assert text not in str(caught.value)
    assert "1199" not in str(caught.value)


def test_a_column_called_identity_card_is_refused_even_masked() -> None:
    with pytest.raises(GeodataError, match="身份证号"):
        apply(table({"身份证号": ["1101**********0013"]}), Mapping(layer="incidents"))


def test_numbers_of_cells_and_cases_are_none() -> None:
    cells = [f"3606810010{n:02d}001" for n in range(1, 13)]
    cases = [f"36068120230115{n:04d}" for n in range(200)]
    other = ["4111111111111111", "13800138000", "20240301123456789"]
    for name, values in (("网格编码", cells), ("编号", cells), ("案件编号", cases), ("x", other)):
        with pytest.raises(GeodataError, match="where occurred_at stands"):
            apply(table({name: list(values)}), Mapping(layer="incidents"))
