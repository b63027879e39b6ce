from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from gridmap.errors import GridmapError, NotFoundError
from gridmap.incidents.cases.deadlines import Allowance
from gridmap.incidents.cases.filters import Wanted, from_json, to_json
from gridmap.incidents.cases.inbox import Sort, board, counts, list_cases
from gridmap.incidents.cases.models import STEPS, Case
from gridmap.incidents.cases.rates import rates
from gridmap.incidents.cases.views import list_views, remove_view, save_view
from gridmap.incidents.cases.workflow import Act
from gridmap.incidents.tasks import open_cases
from gridmap.workforce.rights import Actor
from gridmap.workforce.workload import workload
from tests.gridmap.incidents.conftest import MONDAY, Desk, at


def ids(desk: Desk, actor: Actor | None = None, **given: object) -> list[int]:
    now = given.pop("now", MONDAY)
    sort: Sort = given.pop("sort", "oldest")  # type: ignore[assignment]
    wanted = Wanted(**given)  # type: ignore[arg-type]
    page = list_cases(desk.session, actor or desk.supervisor, wanted, sort=sort, now=now)  # type: ignore[arg-type]
    return [row.id for row in page.rows]


@pytest.fixture
def cases(desk: Desk) -> dict[str, Case]:
    """A filed, a handled, an escalated and a closed one here, and one elsewhere."""
    hour = timedelta(minutes=1)
    filed = desk.take(0.5, description="楼道堆放杂物 50% 堵塞", address="滨江路18号")
    handled = desk.handled(MONDAY + hour, x=1.5, category="D1", description="垃圾未清运")
    escalated = desk.handled(MONDAY + 2 * hour, x=2.5, category="B2")
    desk.do(escalated, desk.cadre, Act.ESCALATE, "不同意", MONDAY + 2 * hour)
    closed = desk.handled(MONDAY + 3 * hour)
    for act, actor in [
        (Act.FINISH, desk.cadre), (Act.FEED_BACK, desk.cadre), (Act.VERIFY, desk.supervisor),
        (Act.CLOSE, desk.supervisor),
    ]:  # fmt: skip
        desk.do(closed, actor, act, now=MONDAY + 3 * hour)
    there = desk.take(5, actor=desk.stranger, now=MONDAY + 4 * hour)
    return {
        "filed": filed, "handled": handled, "escalated": escalated, "closed": closed,
        "there": there,
    }  # fmt: skip


def test_a_list_stays_within_the_area(desk: Desk, cases: dict[str, Case]) -> None:
    numbers = [case.id for case in cases.values()]
    assert ids(desk) == numbers[:4]
    assert ids(desk, desk.stranger) == numbers[4:]
    assert ids(desk, desk.town) == ids(desk, desk.admin) == numbers
    assert ids(desk, desk.stranger, unit=desk.office.here) == []
    assert ids(desk, desk.stranger, words=str(numbers[0])) == []
    assert [row.total for row in board(desk.session, desk.stranger, now=MONDAY)] == [1]
    assert counts(desk.session, desk.stranger, now=MONDAY).open == 1


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ({"steps": ("handling",)}, ["handled", "escalated"]),
        ({"state": "open"}, ["filed", "handled", "escalated"]),
        ({"state": "ended"}, ["closed"]),
        ({"categories": ("B",)}, ["filed", "escalated", "closed"]),
        ({"categories": ("B2",)}, ["escalated"]),
        ({"categories": ("B2", "D1", "B")}, ["filed", "handled", "escalated", "closed"]),
        ({"categories": ("none",)}, []),
        ({"outcome": "valid"}, ["filed", "handled", "escalated", "closed"]),
        ({"level": "community"}, ["escalated"]),
        ({"since": date(2025, 3, 31), "until": date(2025, 3, 31)},
         ["filed", "handled", "escalated", "closed"]),
        ({"until": date(2025, 3, 30)}, []),
        ({"since": date(2025, 4, 1)}, []),
        ({"words": "杂物 滨江路"}, ["filed"]),
        ({"words": "杂物 垃圾"}, []),
        ({"words": "50%"}, ["filed"]),
        ({"words": "5_%"}, []),
        ({"words": "18"}, ["filed"]),
        ({"mine": True}, ["filed", "escalated"]),
        ({"due": "today"}, ["filed"]),
        ({"due": "overdue"}, []),
        ({"returned": True}, []),
    ],
)  # fmt: skip
def test_filters(
    desk: Desk, cases: dict[str, Case], choice: dict[str, object], names: list[str]
) -> None:
    assert ids(desk, **choice) == [cases[name].id for name in names]


def test_units_cells_cadres_and_numbers(desk: Desk, cases: dict[str, Case]) -> None:
    assert ids(desk, desk.town, unit=desk.office.there) == [cases["there"].id]
    assert len(ids(desk, desk.town, unit=desk.office.town)) == 5
    assert ids(desk, cell=desk.office.cells["b"]) == [cases["handled"].id]
    assert ids(desk, assignee=desk.office.cadres["wang"]) == [
        cases["handled"].id, cases["closed"].id,
    ]  # fmt: skip
    assert cases["handled"].id in ids(desk, words=str(cases["handled"].id))


def test_mine_is_what_waits_for_me(desk: Desk, cases: dict[str, Case]) -> None:
    assert ids(desk, desk.cadre, mine=True) == [cases["handled"].id]
    desk.do(
        cases["handled"], desk.cadre, Act.REQUEST_EXTENSION, "x", extension=Allowance(1, "days")
    )
    assert cases["handled"].id in ids(desk, mine=True)
    assert ids(desk, asked=True) == [cases["handled"].id]
    desk.do(cases["escalated"], desk.supervisor, Act.ESCALATE, "x")
    assert cases["escalated"].id not in ids(desk, mine=True)
    assert cases["escalated"].id in ids(desk, desk.town, mine=True)
    assert ids(desk, desk.analyst, mine=True) == []
    back = desk.take(actor=desk.analyst)
    desk.do(back, desk.supervisor, Act.RETURN, "?")
    assert ids(desk, desk.analyst, mine=True) == [back.id]
    assert ids(desk, returned=True) == [back.id]


def test_counts_agree_with_lists(desk: Desk, cases: dict[str, Case]) -> None:
    for now in (MONDAY, at("2025-03-31 12:30"), at("2025-04-03 09:00"), at("2025-05-20 09:00")):
        for actor in (desk.supervisor, desk.cadre, desk.town, desk.analyst):
            found = counts(desk.session, actor, now=now)
            expected = {
                "mine": {"mine": True}, "mine_today": {"mine": True, "due": "today"},
                "mine_overdue": {"mine": True, "due": "overdue"}, "open": {"state": "open"},
                "today": {"due": "today"}, "overdue": {"due": "overdue"}, "asked": {"asked": True},
            }  # fmt: skip
            for name, choice in expected.items():
                assert getattr(found, name) == len(ids(desk, actor, now=now, **choice)), name
    rows = {
        row.step: row for row in board(desk.session, desk.supervisor, now=at("2025-04-03 09:00"))
    }
    assert {step: (row.total, row.today, row.overdue) for step, row in rows.items()} == {
        "filing": (1, 0, 1), "handling": (2, 2, 0),
    }  # fmt: skip


@pytest.mark.parametrize("sort", ["due", "newest", "oldest", "entered"])
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_show_every_case_once_and_in_order(
    desk: Desk, cases: dict[str, Case], sort: Sort, limit: int
) -> None:
    # Two rows of equal time must not be lost between pages.
    desk.take(0.5, now=MONDAY)
    whole = list_cases(desk.session, desk.town, sort=sort, now=MONDAY)
    assert whole.end is None
    seen, after = [], None
    while True:
        page = list_cases(desk.session, desk.town, sort=sort, after=after, limit=limit, now=MONDAY)
        seen += [row.id for row in page.rows]
        after = page.end
        if after is None:
            break
    assert seen == [row.id for row in whole.rows]
    assert len(seen) == 6


def test_rows_tell_what_a_page_needs(desk: Desk, cases: dict[str, Case]) -> None:
    later = at("2025-04-04 09:00")
    page = list_cases(desk.session, desk.cadre, Wanted(mine=True), now=later)
    [row] = page.rows
    assert (row.category_name, row.cell, row.community, row.assignee) == (
        "垃圾堆放", "990001001001002", "幸福社区", "Wang",
    )  # fmt: skip
    assert row.overdue
    assert not row.asked
    assert not hasattr(row, "phone")
    assert row.lon == pytest.approx(116.0015)


def test_open_cases_count_as_the_load_of_their_cells(desk: Desk, cases: dict[str, Case]) -> None:
    loads = workload(desk.session, desk.supervisor, date(2025, 3, 31), open_cases())
    assert {load.name: load.tasks for load in loads if load.tasks} == {"Wang": 3}


def test_saved_views_are_ones_own(desk: Desk, cases: dict[str, Case]) -> None:
    wanted = Wanted(steps=("handling",), categories=("B",), since=date(2025, 3, 1))
    save_view(desk.session, desk.supervisor, "调解中", Wanted())
    number = save_view(desk.session, desk.supervisor, " 调解中 ", wanted)
    [view] = list_views(desk.session, desk.supervisor)
    assert (view.id, view.name, from_json(view.wanted)) == (number, "调解中", wanted)
    assert list_views(desk.session, desk.cadre) == []
    with pytest.raises(NotFoundError):
        remove_view(desk.session, desk.cadre, number)
    remove_view(desk.session, desk.supervisor, number)
    assert list_views(desk.session, desk.supervisor) == []
    with pytest.raises(GridmapError, match="name"):
        save_view(desk.session, desk.supervisor, "", wanted)
    with pytest.raises(GridmapError, match="filters"):
        save_view(desk.session, desk.supervisor, "x", Wanted(steps=("nap",)))


@given(
    st.builds(
        Wanted,
        steps=st.lists(st.sampled_from(STEPS)).map(tuple),
        since=st.none() | st.dates(),
        words=st.text(),
        unit=st.none() | st.integers(),
        mine=st.booleans(),
    )
)
def test_a_view_is_read_as_it_was_stored(wanted: Wanted) -> None:
    assert from_json({**to_json(wanted), "dropped": 1}) == wanted


def test_each_list_is_one_query(desk: Desk, cases: dict[str, Case]) -> None:
    asked: list[str] = []

    def note(connection: object, cursor: object, statement: str, *others: object) -> None:
        asked.append(statement)

    connection = desk.session.connection()
    event.listen(connection, "before_cursor_execute", note)
    for ask in (
        lambda: list_cases(desk.session, desk.cadre, Wanted(mine=True, due="overdue"), now=MONDAY),
        lambda: list_cases(
            desk.session, desk.town, Wanted(categories=("B",), words="杂物"), now=MONDAY
        ),
        lambda: counts(desk.session, desk.supervisor, now=MONDAY),
        lambda: board(desk.session, desk.supervisor, now=MONDAY),
        lambda: rates(desk.session, desk.supervisor, date(2025, 4, 1), date(2025, 4, 30)),
    ):
        asked.clear()
        ask()
        assert len(asked) == 1
