"""An annual report on real input, whose counts plain pandas over the file confirms."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.db import make_engine
from gridmap.reports.documents.compose import Composed, compose
from gridmap.reports.documents.order import Order
from gridmap.reports.structure import Paragraph
from tests.geodata.conftest import DEFAULT
from tests.gridmap.small_town import call

MAPPINGS = Path(__file__).parents[4] / "docs" / "mappings"


@pytest.fixture(scope="module")
def stlouis() -> Path:
    """The folder of St. Louis; its tests are skipped where it is absent."""
    folder = Path(os.environ.get("GRIDMAP_SAMPLE_DATA", DEFAULT)) / "stlouis"
    if not folder.is_dir():
        pytest.skip(f"no third-party data in {folder}; set GRIDMAP_SAMPLE_DATA")
    return folder


@pytest.fixture(scope="module")
def rows(stlouis: Path) -> pd.DataFrame:
    """The file's rows of 2017 and 2018 as they stand there, with the ``year``."""
    file = pd.read_csv(stlouis / "property_crime_2008_2019.csv.gz", dtype=str)
    year = pd.to_datetime(file["DateOccur"], format="mixed").dt.year
    return file.assign(year=year)[year.isin([2017, 2018])]


@pytest.fixture
def report(
    rows: pd.DataFrame, stlouis: Path, own_database_url: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Composed:  # fmt: skip
    """The annual report of 2018 on these rows, imported as the guide says."""
    monkeypatch.setenv("GRIDMAP_DATABASE_URL", own_database_url)
    monkeypatch.chdir(tmp_path)
    rows.drop(columns="year").to_csv("crime.csv", index=False)
    for arguments in (
        ["setting", "time_zone", "America/Chicago"],
        ["import", "units", MAPPINGS / "st-louis-units.csv", "--yes"],
        ["import", "units", stlouis / "stl_neighborhoods_88.geojson", "--mapping",
         MAPPINGS / "st-louis-neighbourhoods.json", "--code-prefix", "295100001"],
        ["import", "incidents", "crime.csv", "--mapping", MAPPINGS / "st-louis-incidents.json",
         "--new-categories", "--skip-bad"],
    ):  # fmt: skip
        result = call(*arguments)
        assert result.exit_code == 0, result.output
    engine = make_engine(own_database_url)
    with Session(engine) as session:
        county = session.scalar(text("SELECT id FROM unit WHERE level = 'county'"))
        order = Order("year", int(county or 0), date(2018, 1, 1), date(2018, 12, 31))
        made = compose(session, order, lambda share, message: None, pictures=False)
    engine.dispose()
    return made


def confirmed(rows: pd.DataFrame) -> pd.DataFrame:
    """Count by year and description: without positions at 0, 0, and what was taken back."""
    placed = rows[(rows["XCoord"].astype(float) != 0) & (rows["YCoord"].astype(float) != 0)]
    standing: dict[tuple[str, ...], list[int]] = {}
    key = ["Complaint", "Crime", "DateOccur", "XCoord", "YCoord"]
    for at, count, *of_row in placed[["Count", *key]].itertuples():
        # A reversal takes back the last row before it that still stands.
        before = standing.setdefault(tuple(of_row), [])
        if count != "-1":
            before.append(at)
        elif before:
            before.pop()
    kept = placed.loc[[at for each in standing.values() for at in each]]
    return pd.crosstab(kept["Description"], kept["year"])


def test_the_counts_of_st_louis_are_those_of_plain_pandas(
    report: Composed, rows: pd.DataFrame
) -> None:
    counts = confirmed(rows)
    value = {key: fact.value for key, fact in report.facts.items()}
    assert value["incidents.total"] == counts[2018].sum()
    assert value["incidents.total.before"] == counts[2017].sum()
    told = {
        key.removeprefix("incidents.category.").removesuffix(".before")
        for key in value
        if key.startswith("incidents.category.") and key.endswith(".before")
    }
    assert len(told) > 20
    for code in told:
        assert value[f"incidents.category.{code}"] == counts[2018].get(code, 0), code
        assert value[f"incidents.category.{code}.before"] == counts[2017].get(code, 0), code
    by_month = sum(
        int(fact.value or 0)
        for key, fact in report.facts.items()
        if key.startswith("incidents.month.2018") and not key.endswith(".before")
    )
    assert by_month == counts[2018].sum()
    thefts = counts.index.str.contains(r"theft|burglary|larceny|stolen", case=False)
    assert value["incidents.thefts"] == counts.loc[thefts, 2018].sum()


def test_the_report_of_st_louis_says_what_it_has_no_data_of(
    report: Composed, rows: pd.DataFrame
) -> None:
    counts = confirmed(rows)
    english = report.documents["en"]
    assert english.title == "City of St. Louis: annual report 2018"
    assert {"People", "Disputes", "Cases", "Patrols", "Hot places"} <= set(english.missing)
    words = [
        "".join(part if isinstance(part, str) else part.shown for part in block.parts)
        for block in english.blocks
        if isinstance(block, Paragraph)
    ]
    n, before = int(counts[2018].sum()), int(counts[2017].sum())
    assert before > n
    sentence = f"In 2018, {n:,} incidents were reported, {before - n:,} fewer than in 2017, down"
    assert any(line.startswith(sentence) for line in words)
