"""Who may be given the incidents of some days alone is told of no hotspots of others."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text

from gridmap.errors import NotFoundError
from gridmap.exchange.changes import read_changes
from gridmap.exchange.collection_tiles import make_collection_tile
from gridmap.exchange.collections import COLLECTIONS, HOTSPOTS
from gridmap.exchange.features import Query, find_feature, find_page
from gridmap.exchange.grant import Grant, LayerGrant
from gridmap.exchange.packages.content import statement
from tests.gridmap.conftest import Field, point, rectangle
from tests.gridmap.exchange.copying import SEAL
from tests.gridmap.exchange.test_collection_tiles import tile_at
from tests.gridmap.hotspots.test_shared import add_run

WHOLE = Grant("town", {key: LayerGrant() for key in COLLECTIONS})


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        (None, None, True),
        (date(2026, 3, 1), date(2026, 3, 31), True),
        (date(2026, 3, 1), None, True),
        (None, date(2026, 3, 31), True),
        (date(2026, 3, 2), None, False),
        (None, date(2026, 3, 30), False),
        (date(2025, 1, 1), date(2025, 12, 31), False),
    ],
)
def test_all_days_of_the_analysis_must_be_granted(
    field: Field, first: date | None, last: date | None, told: bool
) -> None:
    """The analysis speaks of March 2026 and has two hotspots."""
    field.cell(1, rectangle(0, 0, 2, 2))
    add_run(field.session, shared=True, finished=True)
    connection = field.session.connection()
    grant = replace(WHOLE, first=first, last=last)
    number = connection.execute(text("SELECT min(id) FROM hotspot")).scalar_one()

    assert find_page(connection, HOTSPOTS, grant, Query()).count == (2 if told else 0)
    copy = json.loads(b"[" + read_changes(connection, HOTSPOTS, grant, SEAL).features + b"]")
    assert len(copy) == (2 if told else 0)
    package = statement(HOTSPOTS, grant)
    counted = connection.execute(text(package.count), package.values).scalar()
    assert counted == (2 if told else 0)
    middle = point(0.5, 0.5)
    tile = tile_at(14, middle.x, middle.y)
    assert bool(make_collection_tile(connection, HOTSPOTS, tile, grant)) is told
    if told:
        assert find_feature(connection, HOTSPOTS, grant, number, Query())
    else:
        with pytest.raises(NotFoundError):
            find_feature(connection, HOTSPOTS, grant, number, Query())
