from __future__ import annotations

from datetime import date

import pytest

from gridmap.errors import NotFoundError
from gridmap.reports.documents.models import STATES
from gridmap.reports.documents.queries import (
    Wanted,
    find_report,
    latest_published,
    list_reports,
    picture_of,
)
from tests.gridmap.reports.documents.conftest import Place


def seen(place: Place, login: str, **wanted: object) -> set[int]:
    rows, total = list_reports(place.session, place.people[login], Wanted(**wanted))  # type: ignore[arg-type]
    assert len(rows) == total
    return {row.id for row in rows}


@pytest.mark.parametrize("state", STATES)
def test_who_writes_reports_sees_all_of_the_own_area_and_others_what_is_published(
    place: Place, state: str
) -> None:
    report = place.finished(state=state)
    for login in ("planner", "supervisor", "admin"):
        assert seen(place, login) == {report.id}
        assert find_report(place.session, place.people[login], report.id).state == state
    assert seen(place, "cadre") == ({report.id} if state == "published" else set())
    assert seen(place, "foreign") == set()
    with pytest.raises(NotFoundError):
        find_report(place.session, place.people["foreign"], report.id)
    if state != "published":
        with pytest.raises(NotFoundError):
            find_report(place.session, place.people["cadre"], report.id)


@pytest.mark.parametrize("login", ["cadre", "planner", "foreign"])
def test_a_published_bulletin_of_the_town_is_for_all_who_work_in_it(
    place: Place, login: str
) -> None:
    town = place.unit.parent_id
    bulletin = place.finished(kind="bulletin", unit_id=town, state="published")
    place.finished(kind="bulletin", unit_id=town, state="approved")
    place.finished(kind="month", unit_id=town, state="published")
    assert seen(place, login) == {bulletin.id}


def test_the_list_is_filtered_searched_and_sorted(place: Place) -> None:
    half = place.finished()
    year = place.finished(kind="year", first=date(2025, 1, 1), last=date(2025, 12, 31))
    other = place.finished(unit_id=place.other.id, name="100%的报告", state="approved")
    admin = place.people["admin"]
    assert seen(place, "admin", kind="year") == {year.id}
    assert seen(place, "admin", state="approved") == {other.id}
    assert seen(place, "admin", unit_id=place.other.id) == {other.id}
    assert seen(place, "admin", unit_id=place.unit.parent_id) == {half.id, year.id, other.id}
    assert seen(place, "admin", words="邻居") == {other.id}
    assert seen(place, "admin", words="990001001001") == {half.id, year.id}
    # What is typed is no pattern.
    assert seen(place, "admin", words="100%的") == {other.id}
    assert seen(place, "admin", words="1_0") == set()
    order = [
        [
            row.id
            for row in list_reports(place.session, admin, Wanted(sort="period", descending=d))[0]
        ]
        for d in (True, False)
    ]
    assert order == [[other.id, half.id, year.id], [year.id, other.id, half.id]]


def test_the_newest_published_report_is_found_for_the_dashboard(place: Place) -> None:
    older = place.finished(state="published", last=date(2026, 3, 31))
    newer = place.finished(state="published")
    place.finished(state="approved", last=date(2026, 7, 1))
    cadre = place.people["cadre"]
    assert latest_published(place.session, cadre, "half_year", place.unit.id) == newer.id
    newer.state = "withdrawn"
    place.session.flush()
    assert latest_published(place.session, cadre, "half_year", place.unit.id) == older.id
    assert latest_published(place.session, cadre, "year", place.unit.id) is None


def test_a_picture_that_is_not_there_is_not_found(place: Place) -> None:
    with pytest.raises(NotFoundError):
        picture_of(place.session, place.finished().id, "map")
