"""Files from the wild: each comes in rightly or is refused with a sentence, never a traceback.

They are the collections of chrieke/geojson-invalid-geometry (MIT) and the test files of gpxpy
(Apache-2.0), which the folder `GRIDMAP_SAMPLE_DATA` holds where it is there.
"""

from __future__ import annotations

import json
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


pytestmark = pytest.mark.skipif(
    not FILES, reason="the sample data are not there, see GRIDMAP_SAMPLE_DATA"
)
KINDS = {"ground": "park", "places": "other", "roads": "path"}


@pytest.fixture(scope="module")
def mappings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Mappings that leave a file nothing to be refused for but its form and its shapes."""
    folder = tmp_path_factory.mktemp("mappings")
    paths = {layer: folder / f"{layer}.json" for layer in KINDS}
    for layer, path in paths.items():
        path.write_text(
            json.dumps({"layer": layer, "constants": {"kind": KINDS[layer], "name": "x"}})
        )
    return paths


@pytest.mark.parametrize("path", FILES, ids=[path.name for path in FILES])
def test_a_faulty_file_is_answered_with_a_sentence(
    path: Path, database: str, mappings: dict[str, Path]
) -> None:
    fits = {}
    for layer, mapping in mappings.items():
        result = call("import", layer, path, "--dry-run", "--mapping", mapping)
        told = result.output
        assert result.exit_code in {0, 1}, told
        assert result.exit_code == 0 or told.startswith("Error: ") or "error" in told
        assert "Traceback" not in told
        fits[layer] = result.exit_code == 0
    if path.name.startswith("invalid_geometry"):
        # A faulty box of a point is told and harms nothing.
        assert not any(fits.values()) or "bbox" in path.name
    if path.name.startswith("valid_geometry_"):
        expected = {"point": "places", "polygon": "ground", "linestring": "roads",
                    "multipolygon": "ground", "multilinestring": "roads"}  # fmt: skip
        fitting = expected.get(path.stem.removeprefix("valid_geometry_"))
        assert fitting is None or fits[fitting]


def test_nothing_of_them_is_left(database: str) -> None:
    engine = make_engine(database)
    with engine.connect() as connection:
        for table in ("ground", "place", "road", "import_run"):
            assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0
    engine.dispose()
