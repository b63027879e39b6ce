"""A database with the demo town, kept from one measurement to the next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.grid import benchmark_cluster
from geodata.town.plan import Size
from gridmap.db import make_engine
from gridmap.demo import load
from gridmap.migrate import migrate


@contextmanager
def town_url(size: Size) -> Iterator[str]:
    """Yield the URL of a database with the demo town of a size.

    Parameters
    ----------
    size : {"small", "town", "city"}
        How large a town; ``city`` takes some minutes the first time.
    """
    with benchmark_cluster() as cluster:
        url = cluster.ensure_database(f"gridmap_bench_{size}")
        engine = make_engine(url)
        migrate(engine)
        load(engine, size, 1)
        engine.dispose()
        yield url
