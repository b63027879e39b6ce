"""The application over a database with the small demo town, made once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from gridmap.db import make_engine
from gridmap.demo import load
from gridmap.embedded import Cluster
from gridmap.settings import Settings
from tests.conftest import fresh_database
from webui import create_app


@pytest.fixture(scope="session")
def town_url(cluster: Cluster) -> Iterator[str]:
    with fresh_database(cluster) as url:
        engine = make_engine(url)
        load(engine, "small", 1)
        engine.dispose()
        yield url


@pytest.fixture(scope="session")
def app(town_url: str) -> Iterator[Flask]:
    with ExitStack() as stack:
        made = create_app(Settings(database_url=town_url))
        stack.callback(made.extensions["gridmap.engine"].dispose)
        yield made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def server(app: Flask) -> Iterator[str]:
    """The address of a running server."""
    running = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join()
