"""What tests of shifts look at: the days, the log, and the faults of a refusal."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.patrols.shifts.conflicts import Fault
from gridmap.patrols.shifts.service import ConflictsError

#: A Monday long after any test is run, and the last day of its month.
DAY = date(2040, 3, 5)
LAST = date(2040, 3, 31)


def log(session: Session) -> list[str]:
    acts = text("SELECT act FROM audit_log WHERE act ~ '^(shift|swap|pattern)' ORDER BY id")
    return list(session.scalars(acts))


def faults(error: pytest.ExceptionInfo[ConflictsError]) -> set[Fault]:
    return {each.fault for each in error.value.conflicts}
