"""Cadres from an Excel file, by the way of every other layer."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata import mapping
from geodata.files.reading import read
from gridmap.errors import ForbiddenError
from gridmap.territory.importing.layer import Choices
from gridmap.territory.importing.origin import Counts
from gridmap.territory.importing.pipeline import import_table
from gridmap.territory.importing.report import Report
from gridmap.workforce.importing import CADRES, cadres_for
from gridmap.workforce.models import Cadre
from gridmap.workforce.rights import Role
from tests.gridmap.workforce.conftest import Office

ROWS = [
    {"工号": "WG01", "姓名": "孙丽", "联系电话": "10000000001", "所属社区": "990001001001",
     "特长": "调解、急救", "语言": "普通话,方言"},
    {"工号": None, "姓名": "何芳", "联系电话": "10000000002", "所属社区": "临江社区",
     "特长": None, "语言": None},
]  # fmt: skip


def run(session: Session, path: Path, rows: list[dict[str, str | None]]) -> Report:
    pd.DataFrame(rows).to_excel(path, index=False)
    raw = read(path)
    chosen = mapping.guess("cadres", [str(name) for name in raw.frame], raw.frame)
    return import_table(session, CADRES, raw, chosen, Choices(source="list"))


def test_a_list_is_read_and_read_again(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "网格员.xlsx"
    assert run(office.session, path, ROWS).counts == Counts(inserted=2)
    stored = office.session.scalars(
        select(Cadre).where(Cadre.source == "list").order_by(Cadre.phone)
    ).all()
    assert [(c.name, c.unit_id, c.skills, c.languages, c.external_id) for c in stored] == [
        ("孙丽", office.here, ["调解", "急救"], ["普通话", "方言"], "WG01"),
        ("何芳", office.there, [], [], "10000000002"),
    ]
    assert run(office.session, path, ROWS).counts == Counts(unchanged=2)
    moved = [{**ROWS[0], "所属社区": "临江社区", "特长": None}, ROWS[1]]
    assert run(office.session, path, moved).counts == Counts(updated=1, unchanged=1)
    office.session.expire_all()
    assert (stored[0].unit_id, stored[0].skills) == (office.there, ["调解", "急救"])


def test_unknown_units_and_double_numbers_keep_a_list_out(office: Office, tmp_path: Path) -> None:
    rows = [ROWS[0], {**ROWS[0], "姓名": "孙莉"}, {**ROWS[1], "所属社区": "天上社区"}]
    report = run(office.session, tmp_path / "list.xlsx", rows)
    assert not report.applied
    assert set(report.problems.counts()) >= {"unit-unknown"}
    assert office.session.scalars(select(Cadre).where(Cadre.source == "list")).all() == []


def test_a_list_does_not_reach_beyond_the_area(office: Office, tmp_path: Path) -> None:
    session, actor = office.session, office.user("boss", Role.SUPERVISOR, office.here)
    path = tmp_path / "list.xlsx"

    def run_as(rows: list[dict[str, str | None]]) -> Report:
        pd.DataFrame(rows).to_excel(path, index=False)
        raw = read(path)
        chosen = mapping.guess("cadres", [str(name) for name in raw.frame], raw.frame)
        return import_table(session, cadres_for(actor), raw, chosen, Choices())

    report = run_as(ROWS)
    assert not report.applied
    assert report.problems.counts() == {"unit-elsewhere": 1}
    assert run_as(ROWS[:1]).applied
    # A number that a cadre of elsewhere has cannot be used to take that cadre over.
    chen = session.get_one(Cadre, office.cadres["chen"])
    chen.external_id = "WG77"
    session.flush()
    report = run_as([{**ROWS[0], "工号": "WG77"}])
    assert not report.applied
    assert report.problems.counts() == {"cadre-elsewhere": 1}
    with pytest.raises(ForbiddenError):
        cadres_for(office.user("reader", Role.ANALYST, office.here))
