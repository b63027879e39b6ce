"""Work that the first visitor would wait for, done when a server's process starts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from flask import Flask
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from gridmap.exchange.filters import IncidentFilter
from gridmap.exchange.layers import LAYERS
from gridmap.exchange.tiles import Tile, make_tile
from gridmap.i18n import LANGUAGES
from gridmap.patrols.streets.routing import warm as warm_routes
from webui.map_page import prepare


def warm(app: Flask) -> None:
    """Make the map's script, connections that know tables, templates, and the search for ways.

    What more visitors begin with comes first.
    """
    with app.test_request_context():
        for language in LANGUAGES:
            prepare(language)
    engine: Engine = app.extensions["gridmap.engine"]
    connections = []
    # A database that is not there yet is the first visitor's to hear of.
    with suppress(OperationalError):
        # All are held until the last is open, for a free one would be given out again.
        connections = [engine.connect() for _ in range(engine.pool.size())]  # type: ignore[attr-defined]
        with ThreadPoolExecutor(len(connections)) as threads:
            list(threads.map(_draw, connections))
    for connection in connections:
        connection.close()
    for name in app.jinja_env.list_templates():
        app.jinja_env.get_template(name)
    warm_routes()


def _draw(connection: Connection) -> None:
    # An empty corner of the world: planning reads the catalogue all the same.
    make_tile(connection, LAYERS, Tile(14, 0, 0), IncidentFilter())
