"""Third-party data, which the project does not carry."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

DEFAULT = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def sample_data() -> Path:
    """The folder of third-party data; its tests are skipped where it is absent."""
    folder = Path(os.environ.get("GRIDMAP_SAMPLE_DATA", DEFAULT))
    if not folder.is_dir():
        pytest.skip(f"no third-party data in {folder}; set GRIDMAP_SAMPLE_DATA")
    return folder
