"""The reports of the demo town: the founding reports' figures, and what holds of every document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.errors import NotFoundError
from gridmap.incidents.statistics import Span
from gridmap.reports.documents.compose import Composed
from gridmap.reports.documents.compose.prose import shown
from gridmap.reports.documents.order import Kind
from gridmap.reports.measures import measured
from gridmap.reports.paper.laying import text_of
from gridmap.reports.paper.pdf import to_pdf
from gridmap.reports.structure import Document, Name, Number, Paragraph, Picture, Table
from gridmap.territory.scope import EVERYTHING
from tests.gridmap.reports.compose.conftest import HALF, YEAR, Make
from tests.gridmap.reports.paper.reading import pages_of_pdf

WEEK = (date(2026, 11, 16), date(2026, 11, 22))
MONTH = (date(2026, 10, 1), date(2026, 10, 31))
NOVEMBER = (date(2026, 11, 1), date(2026, 11, 27))
CELL = "幸福社区第一网格"
#: Of every kind one: the area and the period.
ALL: tuple[tuple[Kind, str, tuple[date, date], str], ...] = (
    ("half_year", "幸福", HALF, ""),
    ("year", "临江", YEAR, ""),
    ("year", "安澜县", YEAR, ""),
    ("month", "幸福", MONTH, ""),
    ("bulletin", "安澜县", WEEK, ""),
    ("patrol_briefing", "幸福", NOVEMBER, ""),
    ("cell_sheet", "幸福", HALF, CELL),
)


def prose(document: Document) -> str:
    return "\n".join(
        "".join(map(text_of, block.parts))
        for block in document.blocks
        if isinstance(block, Paragraph)
    )


def numbers(document: Document) -> Iterator[Number]:
    for block in document.blocks:
        if isinstance(block, Paragraph):
            parts: list[str | Number | Name] = list(block.parts)
        elif isinstance(block, Table):
            parts = [cell for row in [*block.rows, block.total or ()] for cell in row]
        else:
            continue
        yield from (part for part in parts if isinstance(part, Number))


def test_the_half_year_of_community_a_has_its_figures(make: Make) -> None:
    made = make("half_year", "幸福", HALF)
    value = {key: fact.value for key, fact in made.facts.items()}
    assert value["land.residential"] == 48
    assert value["land.enterprises"] == 12
    assert value["land.area_km2"] == 1.2
    assert value["land.basic"] == 4
    assert value["people.households"] == 2530
    assert value["people.residents"] == 7425
    assert value["people.temporary_residents"] == 662
    assert (value["teams.volunteer"], value["teams.volunteer.members"]) == (10, 130)
    assert (value["disputes.received"], value["disputes.settled"]) == (4, 4)
    assert value["disputes.settled_rate"] == 100
    zh, en = prose(made.documents["zh"]), prose(made.documents["en"])
    assert "居民楼48栋" in zh
    assert "现有居民2,530户、7,425人，流动人口662人" in zh
    assert "受理矛盾纠纷4件，比去年同期的6件减少2件；化解4件，化解率100%" in zh
    assert "48 residential buildings" in en
    assert "2,530 households with 7,425 residents, 662 temporary residents" in en
    assert "4 disputes were received, 2 fewer than the 6 of the first half of 2025" in en
    assert "其中，现场化解4件。" in zh


def test_the_year_of_community_b_has_its_figures(make: Make) -> None:
    made = make("year", "临江", YEAR)
    fact = made.facts
    assert fact["incidents.category.A1"].value == 16
    assert fact["incidents.category.A2"].value == 32
    e_bike = fact["incidents.category.A11.share_of_thefts"]
    assert (e_bike.value, e_bike.numerator, e_bike.denominator) == (30, 6, 20)
    burglary = fact["incidents.category.A12.share_of_thefts"]
    assert (burglary.value, burglary.numerator, burglary.denominator) == (25, 5, 20)
    assert (fact["disputes.received"].value, fact["disputes.settled"].value) == (36, 36)
    assert fact["people.temporary_residents"].value == 1125
    assert fact["people.rented_homes"].value == 220
    zh, en = prose(made.documents["zh"]), prose(made.documents["en"])
    assert "刑事案件16起，比上年减少3起，下降15.79%；治安案件32起，比上年减少6起" in zh
    # What the shares are of is said.
    assert "属于盗窃的共20起" in zh
    assert "（占盗窃总数的比例）" in zh
    assert "电动自行车盗窃6起，占30%" in zh
    assert "入室盗窃5起，占25%" in zh
    assert "受理矛盾纠纷36件" in zh
    assert "流动人口1,125人，出租房220套" in zh
    assert "E-bike theft 6 (30%); Burglary 5 (25%)" in en


@pytest.mark.parametrize(("kind", "name", "span", "cell"), ALL)
def test_every_figure_of_every_document_is_its_fact(
    make: Make, kind: Kind, name: str, span: tuple[date, date], cell: str
) -> None:
    made = make(kind, name, span, cell=cell)
    told: dict[str, list[str]] = {}
    for language, document in made.documents.items():
        sources = {source.key for source in document.sources}
        assert document.language == language
        assert {source.statement != "" for source in document.sources} == {True}
        found = [number for number in numbers(document) if number.fact]
        for number in found:
            fact = made.facts[number.fact or ""]
            assert fact.source in sources
            assert number.shown.lstrip("+−") in (shown(fact), shown(fact, in_table=True))
        told[language] = sorted(f"{number.shown} {number.fact}" for number in found)
        assert not [block for block in document.blocks if isinstance(block, Picture)]
    assert told["zh"] == told["en"] != []
    zh, en = (made.documents[language] for language in ("zh", "en"))
    assert [block.kind for block in zh.blocks] == [block.kind for block in en.blocks]
    assert len(zh.missing) == len(en.missing)
    # Chinese names of places and people may stand in English, sentences may not.
    assert not re.search(r"[，。；]", prose(en))


@pytest.mark.parametrize(("kind", "name", "span", "cell"), ALL)
def test_every_statement_can_be_asked_again(
    town: Session, make: Make, kind: Kind, name: str, span: tuple[date, date], cell: str
) -> None:
    made = make(kind, name, span, cell=cell)
    asked = 0
    for source in made.documents["zh"].sources:
        # Where one name had two values both are kept, and the statement alone is not enough.
        if any("(" in key for key in source.values):
            continue
        for statement in source.statement.split(";\n"):
            town.connection().exec_driver_sql(statement, source.values).all()
            asked += 1
    assert asked >= 3


def test_the_counts_of_a_statement_are_those_of_its_facts(town: Session, make: Make) -> None:
    made = make("half_year", "幸福", HALF)
    source = next(each for each in made.documents["zh"].sources if each.key == "disputes")
    row = town.connection().exec_driver_sql(source.statement, source.values).one()
    assert (row.received, row.settled) == (
        made.facts["disputes.received"].value,
        made.facts["disputes.settled"].value,
    )
    assert source.records == 4


def test_per_cents_of_changes_come_from_no_tiny_base(make: Make) -> None:
    for kind, name, span, cell in ALL:
        for key, fact in make(kind, name, span, cell=cell).facts.items():
            if key.endswith(".change_percent"):
                assert (fact.denominator or 0) >= 10
            if fact.unit == "%" and fact.denominator is not None and fact.value is not None:
                exact = 100 * (fact.numerator or 0) / fact.denominator
                assert float(fact.value) == pytest.approx(exact, abs=0.00501)


def test_what_people_write_is_left_to_them_and_listed(make: Make) -> None:
    document = make("half_year", "幸福", HALF).documents["zh"]
    assert {"存在的问题", "下一步工作"} <= set(document.missing)
    roles = [block.role for block in document.blocks if isinstance(block, Paragraph)]
    assert roles.count("missing") >= 2
    sections = {getattr(block, "section", "") for block in document.blocks}
    assert {"land", "incidents", "places", "disputes", "cases", "problems", "next"} <= sections


def test_a_shared_analysis_of_the_period_tells_the_hot_places(town: Session, make: Make) -> None:
    assert "热点" in make("half_year", "幸福", HALF).documents["zh"].missing
    community = town.execute(text("SELECT id FROM unit WHERE name LIKE '幸福%'")).scalar_one()
    run = town.execute(
        text("""
            INSERT INTO hotspot_run (name, analysis, first, last, shared, finished_at, summary)
            VALUES ('', 'gi_star', '2026-01-01', '2026-06-30', false, now(), '{"hotspots": 1}')
            RETURNING id
        """)
    ).scalar_one()
    town.execute(
        text("""
            INSERT INTO hotspot_feature (run_id, rank, geom, kind, count, place, cell_id)
            SELECT :run, 1, c.geom, 'hot99', 25, '幸福路', c.id FROM cell c
            WHERE c.community_id = :community AND c.kind = 'basic' ORDER BY c.code LIMIT 1
        """),
        {"run": run, "community": community},
    )
    town.execute(text("UPDATE hotspot_run SET shared = true WHERE id = :run"), {"run": run})
    made = make("half_year", "幸福", HALF)
    assert "幸福路（25起）" in prose(made.documents["zh"])
    assert "幸福路 (25)" in prose(made.documents["en"])
    source = next(each for each in made.documents["zh"].sources if each.key == "hot")
    assert (source.endpoint, source.arguments) == ("hotspots.show", {"run_id": run})
    pictured = make("half_year", "幸福", HALF, pictures=True)
    assert {"hot_zh", "hot_en"} <= set(pictured.pictures)


def test_pictures_belong_to_their_language_and_say_what_they_show(make: Make) -> None:
    made = make("half_year", "幸福", HALF, pictures=True)
    for language, document in made.documents.items():
        shown_here = [block for block in document.blocks if isinstance(block, Picture)]
        assert {block.key for block in shown_here} == {
            f"{key}_{language}" for key in ("categories", "months", "map", "week")
        }
        assert all(len(block.alt) > 10 and block.caption for block in shown_here)
    assert all(png.startswith(b"\x89PNG") for png in made.pictures.values())
    assert made.pictures["map_zh"] != made.pictures["map_en"]


def test_the_bulletin_names_no_address_and_no_small_count(town: Session, make: Make) -> None:
    made = make("bulletin", "幸福", WEEK)
    for fact in made.facts.values():
        assert isinstance(fact.value, (int, float))
        assert not 0 < fact.value < 5 or fact.unit == "%"
    zh = made.documents["zh"]
    addresses = set(town.scalars(text("SELECT address FROM building WHERE address <> ''")))
    words = prose(zh) + zh.model_dump_json()
    assert addresses
    assert not [address for address in addresses if address in words]
    assert "少于5起的合并计入“其他”" in prose(zh)
    # It hangs where neighbours read it, and says in words where its figures come from.
    assert "幸福社区2026年11月16日至22日内发生的警情记录统计，数据截至" in zh.basis
    assert "incidents of 16 to 22 November 2026 in " in made.documents["en"].basis
    month = make("month", "幸福", MONTH).documents["zh"]
    assert (month.basis, month.notice, zh.notice) == ("", False, True)
    # Nobody turns a page there.
    for document in make("bulletin", "安澜县", WEEK).documents.values():
        assert len(pages_of_pdf(to_pdf(document, {}))) == 1


def test_a_sheet_says_that_nobody_answers_for_a_cell(make: Make) -> None:
    made = make("cell_sheet", "幸福", HALF, cell="幸福小区微网格")
    for language, said, title in (("zh", "无人负责。", "责任人"),
                                  ("en", "Nobody answers for it.", "Who answers")):  # fmt: skip
        document = made.documents[language]
        assert title in document.missing
        assert any(isinstance(each, Paragraph) and said in each.parts for each in document.blocks)
    # A cell without an English name is called by its serial there, as on maps.
    english = prose(made.documents["en"])
    assert re.search(r"(?m)^Cell (\d{3}) \(code \d{12}\1\) is a micro cell of ", english)


def column(document: Document, title: str, number: int) -> list[str]:
    (table,) = [each for each in document.blocks if isinstance(each, Table) and each.title == title]
    return [text_of(row[number]) for row in table.rows]


def test_cells_are_called_by_name_and_in_english_as_on_maps(make: Make) -> None:
    month = make("month", "幸福", MONTH).documents
    assert all(re.match("幸福|其余", name) for name in column(month["zh"], "各地事件", 0))
    *cells, _ = column(month["en"], "Incidents by area", 0)
    assert all(re.fullmatch(r"Cell \d{3}", name) for name in cells)
    briefing = make("patrol_briefing", "安澜县", NOVEMBER).documents["en"]
    title = "The newest crimes and public order cases (at most 20)"
    # Of several communities each is named.
    assert all(re.fullmatch(r"\w+ \w+, Cell \d{3}|—", name) for name in column(briefing, title, 2))
    sheet = make("cell_sheet", "幸福", HALF, cell=CELL).documents["en"]
    assert re.fullmatch(r"Xingfu Community, Cell \d{3}: cell sheet", sheet.title)


def test_shares_of_a_kind_are_said_only_where_they_are_told(make: Make) -> None:
    year = make("year", "临江", YEAR).documents
    assert "among them, as shares of all thefts, " in prose(year["en"])
    few = make("month", "临江", (date(2025, 1, 1), date(2025, 4, 30)))
    assert 2 <= int(few.facts["incidents.thefts"].value or 0) < 10
    assert "占盗窃总数的比例" not in prose(few.documents["zh"])
    assert "as shares of all" not in prose(few.documents["en"])


def test_coverage_says_that_it_is_of_communities_with_patrols(town: Session, make: Make) -> None:
    town.execute(
        text("""
            INSERT INTO patrol_coverage
                (cell_id, month, community_id, incidents, walked, walked_in_hour, planned,
                 planned_in_hour, street_m, walked_m)
            SELECT id, '2026-10-01', community_id, 20, 5, 2, 5, 2, 1000, 300 FROM cell
            WHERE name = :cell
        """),
        {"cell": CELL},
    )
    said = "有巡逻的社区所涉各月网格内事件20起"
    assert said in prose(make("month", "安澜县", MONTH).documents["zh"])
    assert said[6:] in prose(make("month", "幸福", MONTH).documents["zh"])


def test_the_sheet_of_a_cell_is_of_this_cell(make: Make) -> None:
    made: Composed = make("cell_sheet", "幸福", HALF, cell=CELL)
    assert made.documents["zh"].title == f"{CELL}情况表"
    for source in made.documents["zh"].sources:
        assert {"cell", "cell_id", "cells"} & set(source.values | source.arguments)
    total = made.facts["incidents.total"].value
    whole = make("half_year", "幸福", HALF)
    cells = [fact for key, fact in whole.facts.items() if key.startswith("places.")]
    assert total in [fact.value for fact in cells]
    with pytest.raises(NotFoundError):
        make("cell_sheet", "临江", HALF, cell=CELL)


def test_the_inspections_of_a_sheet_lead_to_their_records(town: Session, make: Make) -> None:
    town.execute(
        text("""
            INSERT INTO activity (kind, day, unit_id, cell_id, checked, problems, recorded_name)
            SELECT 'inspection', CAST(:day AS date) + n, community_id, id, 1, n, '甲'
            FROM cell CROSS JOIN generate_series(0, 1) AS n WHERE name = :cell
        """),
        {"cell": CELL, "day": "2026-05-04"},
    )
    made = make("cell_sheet", "幸福", HALF, cell=CELL)
    assert made.facts["inspections.total"].value == 2
    assert "2 inspections were made in the period." in prose(made.documents["en"])
    found = {
        key.rsplit(".", 1)[1]: fact.arguments
        for key, fact in made.facts.items()
        if key.startswith("inspections.") and fact.value == 1
    }
    day = date(2026, 5, 5)
    assert found == {"problems": {"first": str(day), "last": str(day)}}


def test_months_stand_beside_whole_months_alone(make: Make) -> None:
    # The 92 days before the third quarter begin on the last day of March.
    quarter = date(2026, 7, 1), date(2026, 9, 30)
    made = make("cell_sheet", "幸福", quarter, cell=CELL, pictures=True)
    months = {key for key in made.facts if key.startswith("incidents.month.")}
    assert months == {f"incidents.month.2026-0{month}" for month in (7, 8, 9)}
    assert "incidents.total.before" in made.facts
    assert {"months_zh", "months_en"} <= set(made.pictures)


def test_a_route_that_nobody_walked_is_no_patrol(make: Make) -> None:
    document = make("month", "幸福", (date(2025, 3, 1), date(2025, 3, 31))).documents["zh"]
    assert "现有巡逻路线" in prose(document)
    assert "本期没有巡逻记录。" in prose(document)
    assert "巡逻防范" in document.missing


def test_the_shifts_ahead_are_those_of_seven_days(town: Session, make: Make) -> None:
    # The town's day may have turned since the town was made.
    today = town.execute(text("SELECT local_date(now())")).scalar_one()
    made = make("patrol_briefing", "幸福", NOVEMBER)
    (source,) = [each for each in made.documents["zh"].sources if each.key == "shifts.ahead"]
    days = [str(today + timedelta(days=n)) for n in (0, 6)]
    assert [source.values["first"], source.values["last"]] == days


def test_the_state_says_as_of_when_the_data_are(make: Make) -> None:
    made = make("month", "幸福", MONTH)
    assert set(made.state) == {
        "moment", "snapshot", "newest", "incident_id", "case_id", "case_step_id", "program",
    }  # fmt: skip
    assert made.state["newest"].startswith("2026-11-2")
    assert all(made.state.values())


@pytest.mark.parametrize(("kind", "name", "span"), [each[:3] for each in ALL[:4]])
def test_no_figure_of_a_table_stands_without_its_fact(
    make: Make, kind: Kind, name: str, span: tuple[date, date]
) -> None:
    """A difference of 0 too leads to what was compared; only ranks are no counts."""
    document = make(kind, name, span).documents["en"]
    tables = [block for block in document.blocks if isinstance(block, Table)]
    assert tables
    for table in tables:
        for row in [*table.rows, *([table.total] if table.total else [])]:
            for column, cell in zip(table.columns, row, strict=True):
                plain = isinstance(cell, str) and column.numeric and column.title != "Rank"
                assert not (plain and re.search(r"\d", str(cell))), (table.title, row)


def test_attendance_is_that_of_the_evaluation_without_those_on_leave(
    town: Session, make: Make
) -> None:
    first, last = MONTH
    made = make("month", "安澜县", MONTH)
    states = dict(
        town.execute(
            text("""
                SELECT m.state, count(*) FROM shift_member m JOIN shift s ON s.id = m.shift_id
                WHERE s.cancelled_at IS NULL AND s.day BETWEEN :first AND :last
                  AND s.starts <= now() AND m.state IS NOT NULL GROUP BY 1
            """),
            {"first": first, "last": last},
        ).all()
    )  # fmt: skip
    assert states["leave"] > 0
    came, known = states["present"] + states["late"], sum(states.values()) - states["leave"]
    assert (made.facts["shifts.came"].value, made.facts["shifts.known"].value) == (came, known)
    counted = measured(town, ["shifts.attended"], Span(first, last), "team", EVERYTHING)
    assert (counted["numerator"].sum(), counted["denominator"].sum()) == (came, known)
