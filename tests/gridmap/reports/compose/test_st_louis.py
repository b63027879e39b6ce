"""An annual report on real input, whose counts plain pandas over the file confirms."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import docx
import geopandas as gpd
import pandas as pd
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.db import make_engine
from gridmap.embedded import Cluster
from gridmap.reports.documents.compose import Composed, compose
from gridmap.reports.documents.order import Order
from gridmap.reports.paper.laying import text_of
from gridmap.reports.paper.pdf import to_pdf
from gridmap.reports.paper.word import to_word
from gridmap.reports.structure import Paragraph
from tests.conftest import fresh_database
from tests.geodata.conftest import DEFAULT
from tests.gridmap.reports.paper.reading import words_of_pdf
from tests.gridmap.small_town import call

KEY = ["Complaint", "Crime", "DateOccur", "XCoord", "YCoord"]
ROW = [*KEY, "Count", "Description"]
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
    """The file's rows of 2017 and 2018 as they stand there, with ``year`` and ``inside``."""
    file = pd.read_csv(stlouis / "property_crime_2008_2019.csv.gz", dtype=str)
    year = pd.to_datetime(file["DateOccur"], format="mixed").dt.year
    chosen = file.assign(year=year)[year.isin([2017, 2018])]
    x, y = chosen["XCoord"].astype(float), chosen["YCoord"].astype(float)
    city = gpd.read_file(stlouis / "stl_neighborhoods_88.geojson").to_crs("ESRI:102696")
    west, south, east, north = city.total_bounds
    # Not at 0, 0, and not the two rows that lie outside the city's box.
    return chosen.assign(inside=x.between(west, east) & y.between(south, north))


@pytest.fixture(scope="module")
def report(
    cluster: Cluster, rows: pd.DataFrame, stlouis: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Composed]:
    """The annual report of 2018 on these rows, imported as the guide says."""
    file = tmp_path_factory.mktemp("st-louis") / "crime.csv"
    rows[ROW].to_csv(file, index=False)
    with pytest.MonkeyPatch.context() as patch, fresh_database(cluster) as url:
        patch.setenv("GRIDMAP_DATABASE_URL", url)
        patch.chdir(file.parent)
        for arguments in (
            ["setting", "time_zone", "America/Chicago"],
            ["import", "units", MAPPINGS / "st-louis-units.csv", "--yes"],
            ["import", "units", stlouis / "stl_neighborhoods_88.geojson", "--mapping",
             MAPPINGS / "st-louis-neighbourhoods.json", "--code-prefix", "295100001"],
            ["import", "incidents", file, "--mapping", MAPPINGS / "st-louis-incidents.json",
             "--new-categories", "--skip-bad"],
        ):  # fmt: skip
            result = call(*arguments)
            assert result.exit_code == 0, result.output
        engine = make_engine(url)
        with Session(engine) as session:
            county = session.scalar(text("SELECT id FROM unit WHERE level = 'county'"))
            order = Order("year", int(county or 0), date(2018, 1, 1), date(2018, 12, 31))
            made = compose(session, order, lambda share, message: None, pictures=False)
        engine.dispose()
        yield made


def confirmed(rows: pd.DataFrame) -> pd.DataFrame:
    """Count by year and description what lies in the city and was not taken back."""
    standing: dict[tuple[str, ...], list[int]] = {}
    for at, count, *of_row in rows.loc[rows["inside"], ["Count", *KEY]].itertuples():
        # A reversal takes back the last row before it that still stands.
        before = standing.setdefault(tuple(of_row), [])
        if count != "-1":
            before.append(at)
        elif before:
            before.pop()
    kept = rows.loc[[at for each in standing.values() for at in each]]
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


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_finished_files_of_st_louis_have_the_counts(
    report: Composed, rows: pd.DataFrame, language: str
) -> None:
    counts, document = confirmed(rows), report.documents[language]
    content = to_word(document, {})
    (table,) = (
        [[cell.text for cell in row.cells] for row in each.rows]
        for each in docx.Document(io.BytesIO(content)).tables
        if each.rows[-1].cells[1].text == f"{counts[2018].sum():,}" and len(each.rows) > 20
    )
    told = {row[0]: (row[1], row[2], row[3], row[4]) for row in table[1:-1]}
    pdf = words_of_pdf(to_pdf(document, {}))
    assert len(told) > 20
    for kind, (now, share, before, change) in told.items():
        expected = [int(counts[year].get(kind, 0)) for year in (2018, 2017)]
        assert [int(each.replace(",", "")) for each in (now, before)] == expected, kind
        difference = expected[0] - expected[1]
        assert int(change.replace(",", "").replace("−", "-").replace("+", "")) == difference
        assert "".join(f"{kind}{now}{share}{before}{change}".split()) in pdf, kind
    for year in (2018, 2017):
        assert f"{counts[year].sum():,}" in pdf


def test_the_report_of_st_louis_says_what_it_has_no_data_of(
    report: Composed, rows: pd.DataFrame
) -> None:
    counts = confirmed(rows)
    english = report.documents["en"]
    assert english.title == "City of St. Louis: annual report 2018"
    assert {"People", "Disputes", "Cases", "Patrols", "Hot places"} <= set(english.missing)
    words = [
        "".join(map(text_of, block.parts))
        for block in english.blocks
        if isinstance(block, Paragraph)
    ]
    n, before = int(counts[2018].sum()), int(counts[2017].sum())
    assert before > n
    sentence = f"In 2018, {n:,} incidents were reported, {before - n:,} fewer than in 2017, down"
    assert any(line.startswith(sentence) for line in words)
