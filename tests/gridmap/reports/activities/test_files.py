"""Tables of activities: each fault names its row and field, and what is stored stays one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geodata.files.reading import read
from geodata.mapping import LAYERS
from geodata.mapping.guessing import plain
from gridmap.errors import ForbiddenError, GridmapError
from gridmap.i18n import translate
from gridmap.reports.activities.files import (
    HEADINGS,
    columns_of,
    fields_of,
    mapping_of,
    table_of,
    take_in,
    write_excel,
    write_template,
)
from gridmap.reports.activities.kinds import KINDS
from gridmap.reports.activities.queries import Wanted, export, search
from gridmap.territory.importing.layer import Choices
from gridmap.territory.importing.report import Report
from gridmap.territory.models import Place
from gridmap.workforce.rights import SYSTEM, Actor
from tests.gridmap.conftest import Field, point, rectangle, wkb

CODE = "990001001001001"


@pytest.fixture
def ground(field: Field) -> Field:
    field.cell(1, rectangle(0, 0, 2, 2), code=CODE, valid_from=date(2025, 1, 1))
    field.session.add(
        Place(name="城东诊所", kind="clinic", geom=wkb(point(3, 1)), source="t", external_id="1")
    )
    field.session.flush()
    return field


def taken(
    session: Session, path: Path, actor: Actor = SYSTEM, **choices: bool
) -> tuple[Report, list[tuple[int, str, str]]]:
    raw = read(path)
    report = take_in(session, actor, raw, mapping_of(raw), Choices(**choices))
    frame = report.problems.to_frame(lambda template: template, {})
    rows = zip(frame["row"], frame["field"], frame["code"], strict=True)
    return report, sorted((int(row), str(field), str(code)) for row, field, code in rows)


def chinese(folder: Path, *lines: str) -> Path:
    path = folder / "台账.csv"
    head = "类型,日期,社区,网格编码,场所,走访户数,发放宣传单(份),备注,整改要求,整改期限,复查日期"
    path.write_text("\n".join([f"{head},已整改", *lines]), encoding="utf-8")
    return path


def test_good_rows_come_in_once_and_a_notice_is_brought_up_to_date(
    session: Session, ground: Field, tmp_path: Path
) -> None:
    lines = [
        "排查,2026-03-02,幸福社区,,,35,,半月排查,,,,",
        f"排查,2026/3/16,,{CODE},,20,,,,,,",
        "宣传,2026年3月20日,990001001001,,,,300,,,,,",
        "检查,2026-03-05,,,城东诊所,,,季度检查,灭火器过期,2026-03-20,,",
    ]
    path = chinese(tmp_path, *lines)
    report, problems = taken(session, path)
    assert problems == []
    assert (report.applied, report.counts.inserted, report.read) == (True, 4, 4)
    rows = {row.day: row for row in search(session, SYSTEM, Wanted())}
    assert rows[date(2026, 3, 16)].cell == CODE
    assert rows[date(2026, 3, 20)].leaflets == 300
    assert (rows[date(2026, 3, 5)].place, rows[date(2026, 3, 5)].notices) == ("城东诊所", 1)
    again, _ = taken(session, path)
    assert (again.counts.inserted, again.counts.updated, again.counts.unchanged) == (0, 0, 4)
    lines[3] = lines[3].removesuffix(",,") + ",2026-03-21,是"
    later, problems = taken(session, chinese(tmp_path, *lines))
    assert problems == []
    assert (later.counts.inserted, later.counts.updated, later.counts.unchanged) == (0, 1, 3)
    inspection = search(session, SYSTEM, Wanted(kind="inspection"))[0]
    assert (inspection.notices, inspection.corrected) == (1, 1)
    acts = session.scalars(text("SELECT act FROM audit_log WHERE subject = 'activity'")).all()
    assert set(acts) == {"import"}


INSPECTION = "检查,2026-03-05,幸福社区,,,,,,灭火器过期"


def test_an_older_file_takes_no_recheck_back_and_a_notice_is_given_once(
    session: Session, ground: Field, tmp_path: Path
) -> None:
    notice = text("SELECT due, rechecked_on, corrected FROM activity_notice")
    path = chinese(tmp_path, f"{INSPECTION},2026-03-20,,", f"{INSPECTION},2026-03-20,,")
    taken(session, path)
    assert session.execute(notice).all() == [(date(2026, 3, 20), None, None)]
    taken(session, chinese(tmp_path, f"{INSPECTION},2026-03-20,2026-03-21,是"))
    corrected = (date(2026, 3, 20), date(2026, 3, 21), True)
    assert session.execute(notice).all() == [corrected]
    for older in (f"{INSPECTION},2026-03-20,,", f"{INSPECTION},2026-03-20,2026-03-18,否"):
        report, _ = taken(session, chinese(tmp_path, older))
        assert report.counts.unchanged == 1
        assert session.execute(notice).all() == [corrected]


def test_a_file_changes_no_notice_that_the_form_would_not(
    session: Session, ground: Field, people: dict[str, Actor], tmp_path: Path
) -> None:
    taken(session, chinese(tmp_path, f"{INSPECTION},2026-03-20,,"), people["cadre"])
    for line in (f"{INSPECTION},2026-04-20,,", f"{INSPECTION}等,2026-03-20,,"):
        with pytest.raises(ForbiddenError), session.begin_nested():
            taken(session, chinese(tmp_path, line), people["other"])
    # Anybody of the area may recheck, and who leads it may change the day.
    line = f"{INSPECTION},2026-03-20,2026-03-21,否"
    report, _ = taken(session, chinese(tmp_path, line), people["other"])
    assert report.counts.updated == 1
    line = f"{INSPECTION},2026-04-20,2026-03-21,否"
    report, _ = taken(session, chinese(tmp_path, line), people["supervisor"])
    assert report.counts.updated == 1


FAULTS = [
    ("野餐,2026-03-02,幸福社区,,,,,,,,,", "kind", "value-unknown"),
    ("排查,,幸福社区,,,,,,,,,", "day", "value-missing"),
    ("排查,2026-02-30,幸福社区,,,,,,,,,", "day", "date-unreadable"),
    ("排查,2199-01-01,幸福社区,,,,,,,,,", "day", "day-to-come"),
    ("排查,2026-03-02,别处社区,,,,,,,,,", "unit_code", "unit-unknown"),
    ("排查,2026-03-02,,990001001001999,,,,,,,,", "cell_code", "cell-unknown"),
    (f"排查,2024-12-31,,{CODE},,,,,,,,", "cell_code", "cell-unknown"),
    ("排查,2026-03-02,,,城西诊所,,,,,,,", "place", "place-unknown"),
    ("排查,2026-03-02,,,,,,,,,,", "unit_code", "where-missing"),
    ("排查,2026-03-02,幸福社区,,,many,,,,,,", "households", "not-a-count"),
    ("排查,2026-03-02,幸福社区,,,,300,,,,,", "leaflets", "count-of-another"),
    ("排查,2026-03-02,幸福社区,,,9999999,,,,,,", "households", "count-too-large"),
    ("排查,2026-03-02,幸福社区,,,,,,堵塞,2026-04-01,,", "finding", "notice-of-another"),
    ("检查,2026-03-02,幸福社区,,,,,,堵塞,,,", "due", "notice-incomplete"),
    ("检查,2026-03-02,幸福社区,,,,,,堵塞,2026-03-01,,", "due", "notice-early"),
    ("检查,2026-03-02,幸福社区,,,,,,堵塞,2026-04-01,,是", "rechecked_on", "recheck-undated"),
    ("检查,2026-03-02,幸福社区,,,,,,堵塞,2026-04-01,2026-03-01,否", "rechecked_on",
     "recheck-early"),
    ("检查,2026-03-02,幸福社区,,,,,,堵塞,2026-04-01,2199-01-01,是", "rechecked_on",
     "day-to-come"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "field_name", "code"), FAULTS)
def test_a_fault_names_row_and_field_and_keeps_all_out_unless_bad_rows_are_skipped(
    session: Session, ground: Field, tmp_path: Path, line: str, field_name: str, code: str
) -> None:
    path = chinese(tmp_path, "排查,2026-03-02,幸福社区,,,35,,,,,,", line)
    report, problems = taken(session, path)
    assert (3, field_name, code) in problems
    assert not report.applied
    assert search(session, SYSTEM, Wanted()) == []
    report, _ = taken(session, path, skip_bad=True)
    assert (report.applied, report.counts.inserted, report.rejected) == (True, 1, 1)


def test_no_row_reaches_beyond_the_area(
    session: Session, ground: Field, people: dict[str, Actor], tmp_path: Path
) -> None:
    path = chinese(
        tmp_path,
        "排查,2026-03-02,幸福社区,,,35,,,,,,",
        f"排查,2026-03-02,,{CODE},,35,,,,,,",
        "检查,2026-03-02,,,城东诊所,,,,,,,",
    )
    _, problems = taken(session, path, people["far"], skip_bad=True)
    assert [(row, code) for row, _, code in problems] == [
        (2, "unit-elsewhere"), (3, "cell-unknown"), (4, "place-unknown")
    ]  # fmt: skip
    assert search(session, SYSTEM, Wanted()) == []


def test_a_file_without_kind_or_day_is_told_which_columns_it_has(
    session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("日期,社区\n2026-03-02,幸福社区\n", encoding="utf-8")
    with pytest.raises(GridmapError, match=r"no column Kind\. Its headings are: 日期, 社区"):
        mapping_of(read(path))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_written_is_read_again_as_the_same(
    session: Session, ground: Field, tmp_path: Path, language: str
) -> None:
    taken(session, chinese(
        tmp_path,
        "排查,2026-03-02,幸福社区,,,35,,=1+1,,,,",
        f"排查,2026-03-16,,{CODE},,20,,,,,,",
        "检查,2026-03-05,,,城东诊所,,,,灭火器过期,2026-03-20,2026-03-21,是",
        "检查,2026-03-05,,,城东诊所,,,,通道堵塞,2026-03-20,,",
    ))  # fmt: skip
    content, count = write_excel(export(session, SYSTEM, Wanted()), language)
    assert count == 4
    path = tmp_path / "out.xlsx"
    path.write_bytes(content)
    raw = read(path)
    assert list(raw.frame)[: len(HEADINGS)] == [translate(t, language) for t in HEADINGS.values()]
    report, problems = taken(session, path)
    assert problems == []
    assert (report.read, report.counts.unchanged) == (4, 4)
    assert len(search(session, SYSTEM, Wanted())) == 3


def test_an_inspection_with_several_notices_tells_its_counts_once(
    session: Session, ground: Field, tmp_path: Path
) -> None:
    taken(session, chinese(
        tmp_path,
        "检查,2026-03-05,,,城东诊所,,,,灭火器过期,2026-03-20,2026-03-21,是",
        "检查,2026-03-05,,,城东诊所,,,,通道堵塞,2026-03-20,,",
        "检查,2026-03-06,,,城东诊所,,,,线路老化,2026-03-20,,",
    ))  # fmt: skip
    session.execute(text("UPDATE activity SET checked = 3, problems = 2"))
    content, count = write_excel(export(session, SYSTEM, Wanted(descending=False)), "zh")
    path = tmp_path / "out.xlsx"
    path.write_bytes(content)
    assert count == 3
    table = pd.read_excel(path)
    assert table[translate(HEADINGS["checked"], "zh")].sum() == 6
    assert table[translate(HEADINGS["problems"], "zh")].sum() == 4
    # Read again each notice is known to be of the inspection above.
    report, problems = taken(session, path)
    assert problems == []
    assert (report.counts.inserted, report.counts.updated, report.counts.unchanged) == (0, 0, 3)
    assert sorted(row.notices for row in search(session, SYSTEM, Wanted())) == [1, 2]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_headings_of_the_template_and_the_kinds_are_known_words(
    language: str, tmp_path: Path
) -> None:
    fields = LAYERS["activities"].fields
    assert set(HEADINGS) == set(fields)
    for name, title in HEADINGS.items():
        assert plain(translate(title, language)) in fields[name].words, name
    for kind in KINDS.values():
        word = translate(kind.title, language)
        assert fields["kind"].codes[word] == kind.key
    path = tmp_path / "template.xlsx"
    path.write_bytes(write_template(language))
    assert list(pd.read_excel(path)) == [translate(title, language) for title in HEADINGS.values()]


def test_a_table_that_was_typed_keeps_its_row_numbers(session: Session, ground: Field) -> None:
    rows = [{}, {"day": "2026-03-02", "unit_code": "幸福社区", "households": "x"}]
    raw = table_of("sweep", rows)
    report = take_in(session, SYSTEM, raw, columns_of("sweep"), Choices())
    frame = report.problems.to_frame(lambda template: template, {})
    assert list(zip(frame["row"], frame["field"], strict=True)) == [(2, "households")]
    rows[1]["households"] = "8"
    raw = table_of("sweep", rows)
    assert take_in(session, SYSTEM, raw, columns_of("sweep"), Choices()).counts.inserted == 1
    assert "finding" not in fields_of("sweep")
    assert "finding" in fields_of("inspection")
