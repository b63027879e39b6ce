"""Files from the wild: each comes in rightly or is refused with a sentence, never a traceback.

They are the collections of chrieke/geojson-invalid-geometry (MIT) and the test files of gpxpy
(Apache-2.0), which the folder `GRIDMAP_SAMPLE_DATA` holds where it is there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from gridmap.db import make_engine
from gridmap.embedded import Cluster
from tests.conftest import fresh_database
from tests.gridmap.small_town import call

SAMPLES = Path(
    os.environ.get("GRIDMAP_SAMPLE_DATA", Path(__file__).parents[2].parent / "shared" / "data")
)
FILES = sorted(
    path
    for folder, pattern in (("invalid_geojson", "*json"), ("odd_gpx", "*.gpx"))
    for path in (SAMPLES / folder).rglob(pattern)
)


@pytest.fixture(scope="module")
def database(cluster: Cluster) -> Iterator[str]:
    """One database for all files, since a dry run writes nothing."""
    with fresh_database(cluster) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRIDMAP_DATABASE_URL", url)
        patch.setenv("GRIDMAP_LANG", "en")
        yield url


@pytest.mark.skipif(not FILES, reason="the sample data are not there, see GRIDMAP_SAMPLE_DATA")
@pytest.mark.parametrize("path", FILES, ids=[path.name for path in FILES])
def test_a_faulty_file_is_answered_with_a_sentence(path: Path, database: str) -> None:
    for layer in ("ground", "places", "roads"):
        result = call("import", layer, path, "--dry-run", "--yes")
        told = result.output
        assert result.exit_code in {0, 1}, told
        if result.exit_code == 1:
            assert told.startswith("Error: ") or "Nothing was written" in told or "row " in told
        assert "Traceback" not in told


@pytest.mark.skipif(not FILES, reason="the sample data are not there, see GRIDMAP_SAMPLE_DATA")
def test_nothing_of_them_is_left(database: str) -> None:
    engine = make_engine(database)
    with engine.connect() as connection:
        for table in ("ground", "place", "road", "import_run"):
            assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0
    engine.dispose()
