"""Tables for the tests of mappings, as files give them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from geodata.files.table import RawTable
from geodata.problems import Problems

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

INCIDENTS: dict[str, Any] = {
    "layer": "incidents",
    "columns": {"external_id": "编号", "category": "类别"},
    "time": {"column": "时间"},
    "location": {"x": "经度", "y": "纬度", "system": "EPSG:4326"},
}


def table(columns: dict[str, list[str | None]], **more: Any) -> RawTable:
    """A table as a CSV file gives it: text, rows from 2."""
    frame = pd.DataFrame({name: pd.Series(values, dtype="str") for name, values in columns.items()})
    return RawTable(frame, np.arange(2, len(frame) + 2), **more)


def incidents(**columns: list[str | None]) -> RawTable:
    count = len(next(iter(columns.values())))
    default: dict[str, list[str | None]] = {
        "编号": [f"i{n}" for n in range(count)],
        "类别": ["A11"] * count,
        "时间": ["2024-01-03 12:00"] * count,
        "经度": ["117.2"] * count,
        "纬度": ["28.3"] * count,
    }
    return table({**default, **columns})


def codes(problems: Problems) -> dict[str, list[int]]:
    frame = problems.to_frame()
    return {code: part["row"].tolist() for code, part in frame.groupby("code")}
