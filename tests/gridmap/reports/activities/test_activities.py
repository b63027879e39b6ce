"""Activities are kept where they were done, by who may, and notices count themselves."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from gridmap.errors import ConflictError, ForbiddenError, GridmapError, NotFoundError
from gridmap.incidents.cases.photos import photo_path
from gridmap.reports.activities.kinds import COUNTS, KINDS, typed_counts
from gridmap.reports.activities.models import Activity
from gridmap.reports.activities.notices import give_notice, recheck, withdraw_notice
from gridmap.reports.activities.queries import Wanted, open_notices, parts, search, sums
from gridmap.reports.activities.service import (
    Draft,
    change,
    delete,
    find_photo,
    record,
    remove_photo,
)
from gridmap.territory.models import Place
from gridmap.workforce.cell_list import today
from gridmap.workforce.rights import SYSTEM
from tests.gridmap.conftest import Field, point, rectangle, wkb

DAY = date(2026, 3, 10)
NOWHERE = Path("/nonexistent")


def sweep(field: Field, **more: object) -> Draft:
    return Draft(**{"kind": "sweep", "day": DAY, "unit_id": field.community.id, **more})


def add(session: Session, draft: Draft, actor: object = SYSTEM) -> Activity:
    return record(session, actor, draft, [], NOWHERE)


def clinic(field: Field, x: float = 1, y: float = 1, name: str = "城东诊所") -> Place:
    place = Place(name=name, kind="clinic", geom=wkb(point(x, y)), source="t", external_id=name)
    field.session.add(place)
    field.session.flush()
    return place


def log_of(session: Session, activity: int) -> list[str]:
    query = "SELECT act FROM audit_log WHERE subject = 'activity' AND subject_id = :id ORDER BY id"
    return list(session.scalars(text(query), {"id": activity}))


def test_a_place_and_a_cell_tell_the_unit_and_the_cell_of_that_day(
    session: Session, field: Field
) -> None:
    old = field.cell(1, rectangle(0, 0, 4, 2), valid_to=date(2026, 1, 1))
    new = field.cell(2, rectangle(0, 0, 2, 2), valid_from=date(2026, 1, 1))
    place = clinic(field)
    inspection = Draft("inspection", DAY, place_id=place.id)
    made = add(session, inspection)
    assert (made.unit_id, made.cell_id) == (field.community.id, new.id)
    earlier = add(session, replace(inspection, day=date(2025, 12, 31)))
    assert earlier.cell_id == old.id
    assert add(session, Draft("sweep", DAY, cell_id=new.id)).unit_id == field.community.id
    with pytest.raises(GridmapError, match="was not valid"):
        add(session, Draft("sweep", DAY, cell_id=old.id))


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"kind": "picnic"}, "Choose what was done"),
        ({"day": date(2999, 1, 1)}, "has not come yet"),
        ({"day": date(1949, 1, 1)}, "too long ago"),
        ({"unit_id": None}, "Choose where"),
        ({"counts": {"leaflets": 3}}, "Leaflets: give a whole number"),
        ({"counts": {"households": -1}}, "Households visited: give a whole number"),
        ({"note": "x" * 2001}, "up to 2000 characters"),
        ({"note": "张某 11010519491231002X"}, "identity-card"),
    ],
)
def test_what_cannot_be_is_refused(
    session: Session, field: Field, more: dict[str, object], sentence: str
) -> None:
    with pytest.raises(GridmapError, match=sentence):
        add(session, sweep(field, **more))


def test_the_database_keeps_counts_to_their_kind(session: Session, field: Field) -> None:
    row = "INSERT INTO activity (kind, day, unit_id, recorded_name, {0}) VALUES (:k, :d, :u, '', 1)"
    for kind in KINDS:
        for name in COUNTS:
            values = {"k": kind, "d": DAY, "u": field.community.id}
            nested = session.begin_nested()
            if name in KINDS[kind].counts:
                session.execute(text(row.format(name)), values)
            else:
                with pytest.raises(IntegrityError, match="own_counts"):
                    session.execute(text(row.format(name)), values)
            nested.rollback()


def test_who_recorded_it_and_who_leads_the_area_may_change_it(
    session: Session, field: Field, people: dict[str, object]
) -> None:
    cadre, other, leader = people["cadre"], people["other"], people["supervisor"]
    made = add(session, sweep(field, counts={"households": 12}), cadre)
    more = sweep(field, counts={"households": 13})
    with pytest.raises(ForbiddenError):
        change(session, other, made.id, 1, more, [], NOWHERE)
    changed = change(session, cadre, made.id, 1, more, [], NOWHERE)
    assert (changed.households, changed.version) == (13, 2)
    with pytest.raises(ConflictError):
        change(session, leader, made.id, 1, more, [], NOWHERE)
    with pytest.raises(GridmapError, match="kind"):
        change(session, cadre, made.id, 2, replace(more, kind="meeting", counts={}), [], NOWHERE)
    assert delete(session, leader, made.id, 2) == []
    assert session.get(Activity, made.id) is None
    assert log_of(session, made.id) == ["activity.create", "activity.change", "activity.delete"]


def test_nobody_reaches_beyond_his_area(
    session: Session, field: Field, people: dict[str, object]
) -> None:
    far = people["far"]
    cell, place = field.cell(1, rectangle(0, 0, 4, 2)), clinic(field)
    made = add(session, sweep(field))
    for draft in (
        sweep(field),
        sweep(field, unit_id=None, cell_id=cell.id),
        Draft("inspection", DAY, place_id=place.id),
    ):
        with pytest.raises(NotFoundError):
            add(session, draft, far)
    with pytest.raises(NotFoundError):
        change(session, far, made.id, 1, sweep(field), [], NOWHERE)
    assert search(session, far, Wanted()) == []
    assert sums(session, far, Wanted()) == []


def test_a_notice_stays_open_until_a_recheck_finds_it_corrected(
    session: Session, field: Field
) -> None:
    made = add(session, Draft("inspection", DAY, place_id=clinic(field).id))
    with pytest.raises(GridmapError, match="before the inspection"):
        give_notice(session, SYSTEM, made.id, "消防通道堵塞", DAY - timedelta(days=1))
    due = DAY + timedelta(days=10)
    notice = give_notice(session, SYSTEM, made.id, "消防通道堵塞", due)
    assert open_notices(session, SYSTEM, due)[1:] == (1, 0)
    assert open_notices(session, SYSTEM, due + timedelta(days=1))[1:] == (1, 1)
    recheck(session, SYSTEM, notice.id, due, corrected=False, note="仍堆放杂物")
    rows, total, overdue = open_notices(session, SYSTEM, due + timedelta(days=1), overdue=True)
    assert [row.finding for row in rows] == ["消防通道堵塞"]
    assert (total, overdue) == (1, 1)
    recheck(session, SYSTEM, notice.id, due + timedelta(days=3), corrected=True)
    assert open_notices(session, SYSTEM, due + timedelta(days=9))[1:] == (0, 0)
    session.refresh(made)
    assert (made.notices, made.corrected) == (1, 1)
    withdraw_notice(session, SYSTEM, notice.id)
    session.refresh(made)
    assert (made.notices, made.corrected) == (0, 0)
    assert log_of(session, made.id)[1:] == [
        "activity.notice", "activity.recheck", "activity.recheck", "activity.notice_withdraw"
    ]  # fmt: skip


def test_an_inspection_moves_not_behind_its_notices(session: Session, field: Field) -> None:
    draft = Draft("inspection", DAY, unit_id=field.community.id)
    made = add(session, draft)
    notice = give_notice(session, SYSTEM, made.id, "消防通道堵塞", DAY + timedelta(days=2))
    change(session, SYSTEM, made.id, 1, replace(draft, day=notice.due), [], NOWHERE)
    late = replace(draft, day=notice.due + timedelta(days=1))
    with pytest.raises(GridmapError, match="due before the inspection"):
        change(session, SYSTEM, made.id, 2, late, [], NOWHERE)
    change(session, SYSTEM, made.id, 2, draft, [], NOWHERE)
    recheck(session, SYSTEM, notice.id, DAY + timedelta(days=1), corrected=True)
    moved = replace(draft, day=DAY + timedelta(days=2))
    with pytest.raises(GridmapError, match="re-check lies before"):
        change(session, SYSTEM, made.id, 3, moved, [], NOWHERE)


def test_only_inspections_give_notices(session: Session, field: Field) -> None:
    made = add(session, sweep(field))
    with pytest.raises(GridmapError, match="Only an inspection"):
        give_notice(session, SYSTEM, made.id, "堵塞", DAY)


def test_the_list_finds_by_kind_unit_cell_period_and_words_and_adds_up(
    session: Session, field: Field
) -> None:
    cell = field.cell(1, rectangle(0, 0, 2, 2))
    add(session, sweep(field, counts={"households": 5, "hazards": 1}, note="楼道杂物"))
    add(session, sweep(field, unit_id=None, cell_id=cell.id, counts={"households": 7}))
    late = DAY + timedelta(days=20)
    add(session, Draft("publicity", late, field.community.id, counts={"leaflets": 300}))
    add(session, Draft("inspection", DAY, place_id=clinic(field, 3, 1).id))

    def kinds(**wanted: object) -> list[str]:
        return [row.kind for row in search(session, SYSTEM, Wanted(**wanted))]

    assert kinds()[0] == "publicity"
    assert len(kinds()) == 4
    assert kinds(kind="sweep") == ["sweep", "sweep"]
    assert kinds(cell_id=cell.id) == ["sweep"]
    assert kinds(first=DAY + timedelta(days=1)) == ["publicity"]
    assert kinds(last=DAY, kind="publicity") == []
    assert kinds(words="道杂") == ["sweep"]
    assert kinds(words="诊所") == ["inspection"]
    assert len(kinds(unit_id=field.community.parent_id)) == 4
    found = {each.kind: (each.activities, each.counts) for each in sums(session, SYSTEM, Wanted())}
    assert found["sweep"] == (
        2, {"households": 12, "hazards": 1, "hazards_removed": 0, "disputes": 0}
    )  # fmt: skip
    assert found["publicity"][1]["leaflets"] == 300
    assert list(found) == ["sweep", "inspection", "publicity"]


def test_photos_are_files_that_go_with_their_activity(
    session: Session, field: Field, people: dict[str, object], tmp_path: Path
) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(picture, "JPEG")
    made = record(session, SYSTEM, sweep(field), [picture.getvalue()] * 2, tmp_path)
    photos = parts(session, made.id)[1]
    kept = find_photo(session, SYSTEM, made.id, photos[0].id)
    assert photo_path(tmp_path, kept.name).is_file()
    assert photo_path(tmp_path, kept.name, thumbnail=True).is_file()
    with pytest.raises(NotFoundError):
        find_photo(session, people["far"], made.id, photos[0].id)
    assert remove_photo(session, SYSTEM, made.id, photos[0].id) == kept.name
    assert len(delete(session, SYSTEM, made.id, 1)) == 1
    with pytest.raises(GridmapError, match="up to 9 photos"):
        record(session, SYSTEM, sweep(field), [picture.getvalue()] * 10, tmp_path)


def test_every_count_belongs_to_a_kind_and_nothing_counted_is_typed() -> None:
    assert {name for kind in KINDS.values() for name in kind.counts} == set(COUNTS)
    assert typed_counts("inspection") == ("checked", "problems")
    assert typed_counts("no such kind") == ()


def test_nothing_is_recorded_of_tomorrow(session: Session, field: Field) -> None:
    now = today(session)
    assert add(session, sweep(field, day=now)).day == now
    with pytest.raises(GridmapError, match="has not come yet"):
        add(session, sweep(field, day=now + timedelta(days=1)))
