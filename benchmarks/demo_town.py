"""A database with the demo town, kept from one measurement to the next."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.grid import benchmark_cluster
from geodata.town.plan import Size
from gridmap.db import make_engine, make_sessions
from gridmap.demo import load
from gridmap.exchange.agencies.service import (
    MOST_PER_MINUTE,
    AgencyWish,
    KeyWish,
    create_agency,
    create_key,
)
from gridmap.exchange.collections import COLLECTIONS
from gridmap.exchange.grant import LayerGrant
from gridmap.migrate import migrate
from gridmap.workforce.demo import PASSWORD
from gridmap.workforce.rights import SYSTEM
from gridmap.workforce.sign_in import sign_in


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


def session_token(url: str) -> str:
    """Sign in as the demo's administrator and return the token of the session."""
    engine = make_engine(url)
    with make_sessions(engine).begin() as session:
        token = sign_in(session, "admin", PASSWORD).token
    engine.dispose()
    if token is None:
        raise SystemExit("the database lacks the users of the demo town")
    return token


def partner_key(url: str) -> str:
    """Make a key that may read everything, as a partner sends it; return its token."""
    engine = make_engine(url)
    with make_sessions(engine).begin() as session:
        agency = create_agency(session, SYSTEM, AgencyWish(f"benchmark {secrets.token_hex(4)}"))
        wish = KeyWish(
            "benchmark",
            {key: LayerGrant() for key in COLLECTIONS},
            units=None,
            rate_per_minute=MOST_PER_MINUTE,
        )
        _, token = create_key(session, SYSTEM, agency.id, wish)
    engine.dispose()
    return token.secret
