"""Published results, which the project does not carry."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

DEFAULT = Path(__file__).parents[4] / "shared" / "data"


@pytest.fixture(scope="session")
def oracles() -> Path:
    """The folder of published results; its tests are skipped where it is absent."""
    folder = Path(os.environ.get("GRIDMAP_SAMPLE_DATA", DEFAULT)) / "hotspot_oracles"
    if not folder.is_dir():
        pytest.skip(f"no published results in {folder}; set GRIDMAP_SAMPLE_DATA")
    return folder
