"""The bulk import of incidents agrees with what the triggers do row by row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from geodata.files.table import RawTable
from geodata.mapping import Location, Mapping, TimeRule
from gridmap.incidents.importing import partitions, write_incidents
from gridmap.incidents.importing.layers import INCIDENTS
from gridmap.incidents.importing.linking import link
from gridmap.incidents.importing.tiles import TileIndex
from gridmap.incidents.models import Category, Incident
from gridmap.territory.importing.layer import Choices
from gridmap.territory.importing.origin import Counts, Origin
from gridmap.territory.importing.pipeline import import_table
from gridmap.territory.importing.report import Report
from gridmap.territory.models import Cell, ImportRun
from gridmap.territory.service import redraw
from tests.gridmap.conftest import SOUTH, STEP, WEST, Field, rectangle

Halves = Callable[[], tuple[Cell, Cell]]
ON = date(2025, 4, 1)
DAY = (ON - date(1970, 1, 1)).days


def located(session: Session, x: np.ndarray, y: np.ndarray, days: np.ndarray) -> np.ndarray:
    rows = session.execute(
        text("""
            SELECT coalesce(l.cell_id, 0), coalesce(l.community_id, 0)
            FROM unnest(CAST(:x AS float8[]), CAST(:y AS float8[]), CAST(:d AS int[]))
                WITH ORDINALITY AS p (x, y, d, n)
            CROSS JOIN LATERAL locate(ST_SetSRID(ST_MakePoint(p.x, p.y), 4326),
                '1970-01-01'::date + p.d) l ORDER BY p.n
        """),
        {"x": x.tolist(), "y": y.tolist(), "d": days.tolist()},
    )
    return np.array([tuple(row) for row in rows])


def test_memory_and_database_link_alike(field: Field, halves: Halves) -> None:
    west, east = halves()
    # A slanted border, which few points meet exactly; a redraw, so that the day matters; and a
    # cell of higher rank over both.
    moved = 2.3
    redraw(
        field.session,
        {
            west.id: rectangle(0, 0, 4, 2).difference(slanted(moved)),
            east.id: slanted(moved),
        },
        ON,
    )
    field.cell(9, rectangle(1.5, 0.5, 2.5, 1.5), kind="dedicated")
    rng = np.random.default_rng(0)
    along = rng.random(500) * 2
    x = np.concatenate(
        [
            rng.uniform(-0.5, 4.5, 2000),
            [0, 2, 4, 2, 1.5, 2.5, 2, 0, 4],
            np.full(200, 2.0),
            moved + along / 7,
        ]
    )
    y = np.concatenate(
        [rng.uniform(-0.5, 2.5, 2000), [0, 0, 0, 2, 0.5, 1.5, 1, 1, 2], along[:200], along]
    )
    x, y = WEST + x * STEP, SOUTH + y * STEP
    days = DAY + rng.integers(-2, 3, len(x))
    found = link(field.session, x, y, days)
    expected = located(field.session, x, y, days)
    np.testing.assert_array_equal(found.cell_id, expected[:, 0])
    np.testing.assert_array_equal(found.community_id, expected[:, 1])
    assert len(np.unique(found.cell_id)) == 6


def slanted(x: float):  # type: ignore[no-untyped-def]
    from shapely.geometry import Polygon

    corners = [(x, 0), (4, 0), (4, 2), (x + 2 / 7, 2)]
    return Polygon([(WEST + i * STEP, SOUTH + j * STEP) for i, j in corners])


def test_without_cells_the_community_alone_is_found(field: Field) -> None:
    x, y = np.array([WEST + STEP, WEST - STEP]), np.full(2, SOUTH + STEP)
    found = link(field.session, x, y, np.full(2, DAY))
    assert found.cell_id.tolist() == [0, 0]
    assert found.community_id.tolist() == [field.community.id, 0]


def test_tiles_find_every_box_around_a_point() -> None:
    rng = np.random.default_rng(3)
    corner, size = rng.random((50, 2)), rng.random((50, 2)) * 0.2
    bounds = np.hstack([corner, corner + size])
    bounds[7] = np.nan
    x, y = rng.random((2, 400)) * 1.4 - 0.1
    points, boxes = TileIndex(bounds).candidates(x, y)
    around = (
        (bounds[:, 0] <= x[:, None]) & (x[:, None] <= bounds[:, 2])
        & (bounds[:, 1] <= y[:, None]) & (y[:, None] <= bounds[:, 3])
    )  # fmt: skip
    assert sorted(zip(points.tolist(), boxes.tolist(), strict=True)) == sorted(
        map(tuple, np.argwhere(around).tolist())
    )


def frame(field: Field, count: int, year: int = 2024) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    seconds = rng.integers(0, 300 * 86_400, count).astype("timedelta64[s]")
    return pd.DataFrame(
        {
            "external_id": [f"案-{number}" for number in range(count)],
            "category_id": field.category.id,
            "occurred_at": pd.DatetimeIndex(
                np.datetime64(f"{year}-02-01", "us") + seconds, tz="UTC"
            ),
            "lon": WEST + STEP * rng.uniform(-0.5, 4.5, count),
            "lat": SOUTH + STEP * rng.uniform(-0.5, 2.5, count),
        }
    )


@pytest.mark.parametrize("count", [partitions.FEWEST - 1, partitions.FEWEST + 1])
def test_what_is_copied_is_what_was_given(field: Field, halves: Halves, count: int) -> None:
    halves()
    given = frame(field, count)
    assert write_incidents(field.session, given, Origin("register")) == Counts(inserted=count)
    stored = pd.DataFrame(
        field.session.execute(
            select(
                Incident.external_id, Incident.occurred_at, Incident.category_id,
                func.ST_X(Incident.geom).label("lon"), func.ST_Y(Incident.geom).label("lat"),
            ).where(Incident.source == "register")
        ).all()
    )  # fmt: skip
    both = given.merge(stored, on="external_id", suffixes=("", "_stored"))
    assert len(both) == count
    for name in ("category_id", "lon", "lat"):
        assert (both[name] == both[f"{name}_stored"]).all()
    assert (both["occurred_at"] == pd.to_datetime(both["occurred_at_stored"], utc=True)).all()
    wrong = field.session.scalar(
        text("""
            SELECT count(*) FROM incident i
            CROSS JOIN LATERAL locate(i.geom, local_date(i.occurred_at)) l
            WHERE (i.cell_id, i.community_id) IS DISTINCT FROM (l.cell_id, l.community_id)
        """)
    )
    assert wrong == 0
    assert field.session.scalar(
        text("SELECT to_regclass('incident_y2024') IS NOT NULL")
    ) is (count >= partitions.FEWEST)  # fmt: skip


@pytest.mark.parametrize("count", [partitions.FEWEST - 1, partitions.FEWEST + 1])
def test_spans_keep_their_ends_and_moments_have_none(field: Field, count: int) -> None:
    given = frame(field, count)
    given["ended_at"] = given["occurred_at"] + pd.Timedelta(hours=9)
    given.loc[given.index % 3 > 0, "ended_at"] = pd.NaT
    register = Origin("register")
    assert write_incidents(field.session, given, register) == Counts(inserted=count)
    spans = text("""
        SELECT count(*) FILTER (WHERE ended_at = occurred_at + interval '9 hours') AS spans,
               count(*) FILTER (WHERE ended_at IS NULL) AS moments,
               count(*) FILTER (WHERE (ended_at IS NULL) <> (substr(external_id, 3)::int % 3 > 0))
                   AS wrong
        FROM incident WHERE source = 'register'
    """)
    third = -(-count // 3)
    assert tuple(field.session.execute(spans).one()) == (third, count - third, 0)
    assert write_incidents(field.session, given, register) == Counts(unchanged=count)
    # One becomes known to the moment, another to a span.
    given.loc[0, "ended_at"] = pd.NaT
    given.loc[1, "ended_at"] = given.loc[1, "occurred_at"] + pd.Timedelta(hours=9)
    assert write_incidents(field.session, given, register) == Counts(updated=2, unchanged=count - 2)
    assert tuple(field.session.execute(spans).one()) == (third, count - third, 2)


def test_a_new_year_is_indexed_like_the_others(field: Field) -> None:
    write_incidents(field.session, frame(field, partitions.FEWEST), Origin("register"))
    missing = text("""
        SELECT count(*) FROM pg_index i WHERE i.indrelid = 'incident'::regclass AND NOT EXISTS (
            SELECT FROM pg_inherits h JOIN pg_index c ON c.indexrelid = h.inhrelid
            WHERE h.inhparent = i.indexrelid AND c.indrelid = 'incident_y2024'::regclass)
    """)
    assert field.session.scalar(missing) == 0
    keys = text("""
        SELECT count(*) FROM pg_constraint
        WHERE conrelid = CAST(:name AS regclass) AND contype = 'f'
    """)
    parent = field.session.scalar(keys, {"name": "incident"})
    assert field.session.scalar(keys, {"name": "incident_y2024"}) == parent


def test_coming_again_updates_and_never_doubles(field: Field) -> None:
    given = frame(field, 1200)
    write_incidents(field.session, given, Origin("register"))
    again = given.copy()
    again.loc[3, "lon"] += STEP / 10
    # Another year is another partition.
    again.loc[5, "occurred_at"] += pd.Timedelta(days=400)
    again.loc[1200] = again.loc[0]
    again.loc[1200, "external_id"] = "new"
    expected = Counts(inserted=1, updated=2, unchanged=1198)
    assert write_incidents(field.session, again, Origin("register"), write=False) == expected
    assert write_incidents(field.session, again, Origin("register")) == expected
    assert write_incidents(field.session, again, Origin("another")).inserted == 1201
    assert write_incidents(field.session, again, Origin("register")).unchanged == 1201
    total = field.session.scalar(select(func.count()).where(Incident.source == "register"))
    assert total == 1201


def test_the_pyramid_counts_what_was_imported(field: Field) -> None:
    write_incidents(field.session, frame(field, 1500), Origin("register"))
    again = frame(field, 1500)
    again["lon"] += STEP
    write_incidents(field.session, again, Origin("register"))
    counted = text("SELECT sum(upto[12]) FROM incident_bin WHERE category_id = 0 AND level = 8")
    assert field.session.scalar(counted) == 1500


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Chicago"])
def test_memory_and_database_count_alike(field: Field, zone: str) -> None:
    """The import's own counts are those of the triggers, and those of counting anew."""
    session = field.session
    session.execute(text("UPDATE territory_settings SET time_zone = :zone"), {"zone": zone})
    rng = np.random.default_rng(8)
    count = 4000
    # Borders of bins, the ends of the earth, and half seconds around the borders of months.
    edges = np.arange(-8, 9) * 360 / 2**17
    lon = np.concatenate([rng.uniform(-180, 180, 500), 117 + rng.random(count - 600) / 50,
                          rng.choice(edges, 96), [-180, 180, 0, 0]])  # fmt: skip
    lat = np.concatenate([
        rng.uniform(-90, 90, 500), 28 + rng.random(count - 600) / 50,
        np.degrees(np.arctan(np.sinh(np.radians(rng.choice(edges, 96))))), [0, 0, -90, 90],
    ])  # fmt: skip
    months = np.datetime64("2021-11", "M") + rng.integers(0, 40, count)
    local = months.astype("datetime64[us]") + rng.integers(-1, 2, count) * np.timedelta64(500, "ms")
    given = frame(field, count).assign(
        occurred_at=pd.DatetimeIndex(local).tz_localize(zone),
        category_id=rng.choice([field.category.id, another_category(session)], count),
        lon=lon,
        lat=lat,
    )
    half = given.iloc[::2]
    write_incidents(session, half, Origin("register"))
    # The second half finds the years counted already.
    write_incidents(session, given, Origin("register"))
    imported = bins(session)
    session.execute(text("SELECT refresh_incident_pyramid()"))
    assert bins(session) == imported
    session.execute(text("CREATE TEMPORARY TABLE kept AS SELECT * FROM incident"))
    session.execute(text("DELETE FROM incident"))
    assert bins(session) == set()
    session.execute(text("INSERT INTO incident SELECT * FROM kept"))
    session.execute(text("DROP TABLE kept"))
    assert bins(session) == imported


def another_category(session: Session) -> int:
    category = Category(code="Z", name="Z")
    session.add(category)
    session.flush()
    return category.id


def bins(session: Session) -> set[tuple[object, ...]]:
    """All stored counts: by bin, by cell and by day."""
    rows = session.execute(
        text("SELECT level, category_id, x, y, year, upto FROM incident_bin WHERE upto[12] <> 0")
    )
    cells = session.execute(
        text("SELECT community_id, cell_id, year, upto FROM incident_cell_year WHERE upto[12] <> 0")
    )
    days = session.execute(text("SELECT day, hours FROM incident_day WHERE 0 <> ANY(hours)"))
    return (
        {(*row[:5], tuple(row[5])) for row in rows}
        | {(*row[:3], tuple(row[3])) for row in cells}
        | {(row[0], tuple(row[1])) for row in days}
    )


MAPPING = Mapping(
    layer="incidents",
    columns={"external_id": "编号", "category": "类别"},
    time=TimeRule(column="时间"),
    location=Location(x="经度", y="纬度", system="EPSG:4326"),
)
ROWS = [
    ("1", "B1", "2025-03-01 10:00", WEST + STEP, SOUTH + STEP),
    ("2", "B1", "2025-03-02 10:00", WEST + STEP, SOUTH + STEP),
    ("2", "B1", "2025-03-03 10:00", WEST + STEP, SOUTH + STEP),
    ("3", "Z9", "2025-03-01 10:00", WEST + STEP, SOUTH + STEP),
    ("4", "B1", "yesterday", WEST + STEP, SOUTH + STEP),
    ("5", "B1", "2025-03-01 10:00", 0, 0),
    ("6", "B1", "2025-03-01 10:00", WEST + 1, SOUTH),
    ("7", "B1", "2025-03-01 10:00", WEST - STEP / 10, SOUTH + STEP),
]


def run(session: Session, rows: list[tuple[object, ...]], **choices: bool) -> Report:
    table = pd.DataFrame(rows, columns=["编号", "类别", "时间", "经度", "纬度"]).astype("str")
    raw = RawTable(table, np.arange(2, len(rows) + 2))
    return import_table(session, INCIDENTS, raw, MAPPING, Choices(source="s", **choices))


def test_the_numbers_of_a_report_add_up(field: Field) -> None:
    report = run(field.session, ROWS, skip_bad=True)
    told = report.as_dict()
    parts = ["inserted", "updated", "unchanged", "reversed", "repeated", "rejected"]
    assert [told[name] for name in parts] == [3, 0, 0, 0, 1, 4]
    assert sum(told[name] for name in parts) == told["read"] == len(ROWS)
    assert set(told["problems"]) == {
        "value-unknown", "time-unreadable", "at-zero", "outside-territory", "outside-nearby",
        "replaced-by-later-row", "no-cell",
    }  # fmt: skip
    assert field.session.scalars(select(ImportRun.report)).one() == told
    assert run(field.session, ROWS, skip_bad=True).counts == Counts(unchanged=3)


def test_one_bad_row_refuses_the_whole_file(field: Field) -> None:
    report = run(field.session, ROWS)
    assert (report.applied, report.rejected, report.counts.inserted) == (False, 4, 3)
    assert field.session.scalar(select(func.count()).select_from(Incident)) == 0
    assert field.session.scalar(select(func.count()).select_from(ImportRun)) == 0


def test_a_dry_run_writes_nothing(field: Field) -> None:
    report = run(field.session, ROWS[:2], dry_run=True)
    assert (report.applied, report.counts.inserted) == (False, 2)
    assert field.session.scalar(select(func.count()).select_from(Incident)) == 0


def test_unknown_categories_are_added_on_request(field: Field) -> None:
    report = run(field.session, [ROWS[3]], new_categories=True)
    assert (report.counts.inserted, report.problems.counts()["category-new"]) == (1, 1)
