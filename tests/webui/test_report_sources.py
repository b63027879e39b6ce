"""Every figure of every kind of report leads to its records, and they are as many as it says.

The walk follows the link of each fact of composed reports of the demo town, as somebody who may
see all, and compares what the page counts with the figure: a count with the number of records, a
sum with the sum on the page, a share with its numerator, a change with the two lists it is of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from geodata.town.incidents import last_full_half
from gridmap.reports.activities.kinds import COUNTS
from gridmap.reports.documents.compose import Composed, compose
from gridmap.reports.documents.order import KINDS, Kind, Order
from gridmap.reports.structure import Document, Fact, Name, Parts, Source, Table

TODAY = datetime.now(ZoneInfo("Asia/Shanghai")).date()

#: The figures whose page shows what they are, but nothing to count.
SHOWN_OTHERWISE = {
    r"indicators\..+\.(rank|of|target)": "a place in a ranking and a definition, no count",
    r"coverage\.near_m": "a setting; the page of coverage tells it",
    r"streets\.\d+\.length_m": "the street stands with its length among those of streets.late",
    r"shifts\.\d+\.people": "the shift stands with its people among those of shifts.ahead",
    r"streets\.late\.km": "its streets are counted by streets.late, with the same link",
}


def units(app: Flask) -> dict[str, int]:
    """Return the county, the town's one community that the reports tell of, and a cell of it."""
    with Session(app.extensions["gridmap.engine"]) as session:
        rows = session.execute(
            text("SELECT level, id FROM unit WHERE level <> 'community' OR name LIKE '幸福%'")
        )
        found = {row.level: row.id for row in rows}
        found["cell"] = session.scalars(
            text("""
                SELECT c.id FROM cell c JOIN incident_case i ON i.cell_id = c.id
                WHERE c.community_id = :unit AND c.kind = 'basic'
                GROUP BY c.id ORDER BY count(*) DESC, c.id LIMIT 1
            """),
            {"unit": found["community"]},
        ).one()
    return found


def order(app: Flask, kind: Kind, level: str) -> Order:
    """Ask for a report of a kind, of a period that is over and in which something happened."""
    here = units(app)
    first, last = last_full_half(TODAY)
    if kind == "year":
        first, last = date(TODAY.year - 1, 1, 1), date(TODAY.year - 1, 12, 31)
    elif kind == "month":
        first = last.replace(day=1)
    elif kind in ("bulletin", "patrol_briefing"):
        first = last - timedelta(days=27)
    return Order(kind, here[level], first, last, here["cell"] if kind == "cell_sheet" else None)


def composed(app: Flask, kind: Kind, level: str) -> Composed:
    with Session(app.extensions["gridmap.engine"]) as session:
        return compose(session, order(app, kind, level), lambda _, __: None, pictures=False)


@pytest.fixture(scope="module")
def half(app: Flask) -> Composed:
    return composed(app, "half_year", "community")


def address(app: Flask, source: Source | Name, fact: Fact | None = None) -> str:
    asked = source.arguments | (fact.arguments if fact else {})
    with app.test_request_context():
        return url_for(source.endpoint or "", **asked, lang="en")


class Walk:
    """The pages that figures lead to, each fetched once."""

    def __init__(self, app: Flask, client: FlaskClient) -> None:
        self.app, self.client = app, client
        self._pages: dict[str, bytes] = {}

    def fetch(self, where: str) -> bytes:
        if where not in self._pages:
            answer = self.client.get(where)
            assert answer.status_code == 200, where
            self._pages[where] = answer.data
        return self._pages[where]

    def page(self, where: str) -> str:
        return self.fetch(where).decode()


Found = Callable[[Walk, str, Fact], object]


def number(shown: str) -> float:
    return float(shown.replace(",", "").replace("\u202f", ""))


def matched(pattern: str, page: str) -> str:
    found = re.search(pattern, page)
    assert found, pattern
    return found[1]


def incidents(walk: Walk, where: str, fact: Fact) -> float:
    page = walk.page(where)
    n = number(matched(r'<h1 class="list-title">\D*([\d,]+)', page))
    if ".change" not in fact.key:
        return n
    # The other list is a link away and as long as it says.
    against = matched(r'<p class="against">.*?<a href="([^"]+)"', page).replace("&amp;", "&")
    other = number(matched(r'<h1 class="list-title">\D*([\d,]+)', walk.page(against)))
    if fact.key.endswith("_percent"):
        assert other == fact.denominator
    return abs(n - other)


def cases(walk: Walk, where: str, fact: Fact) -> float:
    lines = walk.page(where.replace("/cases?", "/cases.csv?")).strip().splitlines()
    page = walk.page(where)
    if ".change" not in fact.key:
        return len(lines) - 1
    others = matched(r'<p class="against">.*?<a href="([^"]+)"', page).replace("&amp;", "&")
    other = cases(walk, others, fact.model_copy(update={"key": "others"}))
    if fact.key.endswith("_percent"):
        assert other == fact.denominator
    return abs(len(lines) - 1 - other)


def listed(walk: Walk, where: str, fact: Fact) -> float:
    page = walk.page(where)
    name = fact.key.rpartition(".")[2].replace("area_km2", "km2")
    sums = dict(re.findall(r'data-sum="(\w+)">([\d.,]+)', page))
    if name in sums:
        return number(sums[name])
    return number(matched(r'data-total="(\d+)"', page))


def activities(walk: Walk, where: str, fact: Fact) -> float:
    # Of a kind or of one inspection; without the name of a count, how many there were.
    name = COUNTS.get(fact.key.rpartition(".")[2])
    page = walk.page(where)
    (sums,) = re.findall(r'<div class="sum">.*?</div>', page, re.S) or [""]
    pattern = rf">{name} ([\d,]+)<" if name else r"<b>([\d,]+)</b>"
    found = re.search(pattern, sums)
    return number(found[1]) if found else 0


def paged(walk: Walk, where: str, fact: Fact) -> float:
    page = walk.page(where)
    found = re.search(r'class="pager".*?/ ([\d,]+)<', page, re.S)
    return number(found[1]) if found else 0


def coverage(walk: Walk, where: str, fact: Fact) -> float:
    said = matched(r"(of [\d,]+ incidents, [\d,]+ \(.*?hour of the day)", walk.page(where))
    counts = re.findall(r"(?:of|incidents,|month,) ([\d,]+) (?=incidents|\()", said)
    at = {"incidents": 0, "walked": 1, "rate": 1, "in_hour": 2, "hour_rate": 2}
    return number(counts[at[fact.key.partition(".")[2]]])


def indicator(walk: Walk, where: str, fact: Fact) -> float:
    """Find the figure among those of the page: the value, its two counts, or a unit's value."""
    page = walk.page(where)
    shown = {number(each) for each in re.findall(r"(?<![\w.])\d[\d,]*(?:\.\d+)?", text_of(page))}
    assert isinstance(fact.value, int | float)
    return fact.value if fact.value in shown else -1


def text_of(page: str) -> str:
    return re.sub(r"<[^>]+>", " ", page[page.index("<main") :])


def hotspot(walk: Walk, where: str, fact: Fact) -> float:
    rank = fact.key.partition(".")[2]
    rows = re.findall(r"<tr.*?</tr>", walk.page(where), re.S)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in rows]
    (row,) = (row for row in cells if row and text_cell(row[0]) == rank)
    return fact.value if str(fact.value) in map(text_cell, row) else -1  # type: ignore[return-value]


def text_cell(cell: str) -> str:
    return re.sub(r"<[^>]+>", "", cell).strip()


#: How the records behind a figure are counted on the page that its source leads to.
COUNTERS: Mapping[str, Found] = {
    "dashboard.records": incidents,
    "cases.index": cases,
    "reports.of_area": listed,
    "reports.of_work": listed,
    "activities.index": activities,
    "activities.due": paged,
    "tracks.index": coverage,
    "tracks.streets": paged,
    "indicators.show": indicator,
    "evaluation.show": indicator,
    "hotspots.show": hotspot,
}


def one_of(patterns: Mapping[str, str], key: str) -> bool:
    return any(re.fullmatch(pattern, key) for pattern in patterns)


@pytest.mark.parametrize(
    ("kind", "level"),
    [(kind, level) for kind in KINDS for level in ("county", "community")
     if (kind, level) != ("cell_sheet", "county")],
)  # fmt: skip
def test_every_figure_leads_to_exactly_its_records(
    app: Flask, client: FlaskClient, kind: Kind, level: str
) -> None:
    made, walk = composed(app, kind, level), Walk(app, client)
    sources = {source.key: source for source in made.documents["en"].sources}
    wrong, unlinked, compared = [], [], 0
    for fact in made.facts.values():
        source = sources[fact.source]
        if source.endpoint is None:
            unlinked.append(fact.key)
            continue
        where = address(app, source, fact)
        assert walk.page(where)
        if one_of(SHOWN_OTHERWISE, fact.key):
            continue
        expected = fact.value if fact.numerator is None else fact.numerator
        counted = COUNTERS[source.endpoint](walk, where, fact)
        compared += 1
        if counted != expected:
            wrong.append((fact.key, expected, counted, where))
    assert wrong == []
    assert unlinked == []
    # No number stands in a table that leads nowhere.
    cells = [cell for row in rows_of(made.documents["en"]) for cell in row]
    assert [
        each for each in cells if isinstance(each, str) and re.fullmatch(r"[\d.,]+", each)
    ] == []
    for each in cells:
        if isinstance(each, Name):
            assert walk.page(address(app, each))
    assert compared >= {"bulletin": 3, "cell_sheet": 10}.get(kind, 25)


def rows_of(document: Document) -> Iterator[Parts]:
    for block in document.blocks:
        if isinstance(block, Table):
            yield from block.rows
            yield block.total or ()


@pytest.mark.parametrize(
    ("kind", "leading"),
    [
        ("cell_sheet", {"cases.show": "Case {}", "activities.show": "{}", "staff.show": "{}"}),
        ("patrol_briefing", {"cell_page.show": "{}", "map_page.show": "", "shifts.show": "",
                             "staff.team": "{}"}),
    ],
)  # fmt: skip
def test_records_that_are_named_lead_to_their_pages(
    app: Flask, client: FlaskClient, kind: Kind, leading: Mapping[str, str]
) -> None:
    document, walk = composed(app, kind, "community").documents["zh"], Walk(app, client)
    names = [
        cell for row in rows_of(document) for cell in row
        if isinstance(cell, Name)
    ]  # fmt: skip
    for endpoint, words in leading.items():
        here = [each for each in names if each.endpoint == endpoint]
        assert here, endpoint
        for each in here:
            assert words.format(each.shown) in walk.page(address(app, each))


def test_every_source_leads_to_a_page(app: Flask, client: FlaskClient, half: Composed) -> None:
    for source in half.documents["en"].sources:
        # The page of an indicator is found by the figure.
        if source.endpoint and source.endpoint != "indicators.show":
            assert client.get(address(app, source)).status_code == 200, source


def test_the_county_is_told_by_figures_that_need_several_values(app: Flask) -> None:
    """The walk has met what it is for: sums of categories, hours, and what is left out."""
    asked = [fact.arguments for fact in composed(app, "half_year", "county").facts.values()]
    several = [each for each in asked if isinstance(each.get("category"), list)]
    assert any(len(each["category"]) > 1 for each in several)
    assert any(len(each.get("hour", ())) == 3 for each in asked)
    assert any("against_from" in each for each in asked)


def test_indicators_of_an_unfinished_year_lead_to_the_days_of_the_report(
    app: Flask, client: FlaskClient
) -> None:
    """Cases that are due later in the year are none of its figures, nor of the list behind them."""
    first, walk = date(TODAY.year, 1, 1), Walk(app, client)
    asked = Order("year", units(app)["community"], first, date(TODAY.year, 12, 31))
    with Session(app.extensions["gridmap.engine"]) as session:
        made = compose(session, asked, lambda _, __: None, pictures=False)
    sources = {source.key: source for source in made.documents["en"].sources}
    for name, outcome in (("part", "closed"), ("whole", None)):
        fact = made.facts[f"indicators.cases.closing.{name}"]
        page = walk.page(address(app, sources[fact.source], fact))
        assert f"{first} – {TODAY}" in page
        lists = [each.replace("&amp;", "&") for each in re.findall(r'href="(/cases\?[^"]+)"', page)]
        assert lists
        narrowed = {each for each in lists if (outcome is None) == ("outcome=" not in each)}
        counted = [cases(walk, each, fact) for each in narrowed if f"due_until={TODAY}" in each]
        assert counted
        assert set(counted) == {fact.value}
